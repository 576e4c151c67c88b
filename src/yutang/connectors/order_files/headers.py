"""Header names and header rows: one way to write a name, one way to find the row.

Everything here looks at a handful of cells, never at the body of a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from yutang.connectors.order_files.names import KNOWN_KEYS

# Blanks that trim() must know besides ASCII: full-width, no-break, BOM, zero width.
BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b\u200c\u200d\u2060"
_INNER_BLANKS = re.compile(f"[{BLANKS}]+")
_BRACKETS = str.maketrans("（）【】：＊", "()[]:*")
_NUMBER = re.compile(r"^[\s'=\"￥¥]*[-+]?[\d,.]+(e[+-]?\d+)?%?[\s元\"]*$", re.I)
_DATE = re.compile(r"^\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2})?")
# How many rows above the data may be titles, filters chosen, or blank.
HEADER_SEARCH_ROWS = 30


def normalise(name: object) -> str:
    """A header as people mean it: blanks trimmed and joined, （） as (), no leading `*` mark.

    >>> normalise("　订单付款时间 ")
    '订单付款时间'
    >>> normalise("*商品总价（元）")
    '商品总价(元)'
    """
    text = "" if name is None else str(name)
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    text = _INNER_BLANKS.sub(" ", text).strip(" '\"").translate(_BRACKETS)
    return text.removeprefix("*").strip(" ")


def key_of(name: str) -> str:
    """What two spellings of one header share: case, blanks, `_` and `-` do not count."""
    return re.sub(r"[\s_\-]+", "", normalise(name).casefold())


def unique_names(cells: Sequence[object]) -> list[str]:
    """Normalised names for a header row; blank ones become column_N, repeats get .2, .3 …"""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = normalise(cell) or f"column_{place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def find_header(rows: Sequence[Sequence[object]]) -> int | None:
    """Index of the header row among the first rows of a file; None if nothing looks like one.

    The row with most known order-file headers wins when it has two or more; otherwise the first
    row that is nearly as wide as the table and holds neither numbers nor dates.
    """
    head = [[normalise(cell) for cell in row] for row in rows[:HEADER_SEARCH_ROWS]]
    known = [len({key_of(cell) for cell in row if cell} & KNOWN_KEYS) for row in head]
    if known and max(known) >= 2:
        return known.index(max(known))
    widths = [sum(1 for cell in row if cell) for row in head]
    usual = max(widths, default=0)
    for index, row in enumerate(head):
        names = [cell for cell in row if cell]
        wide = len(names) >= max(1, round(usual * 0.6))
        if wide and not any(_NUMBER.match(cell) or _DATE.match(cell) for cell in names):
            return index
    return None
