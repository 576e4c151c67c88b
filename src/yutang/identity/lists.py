"""Lists of identifiers that people paste or upload: one a line, or the first cell of a CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from pyroaring import BitMap

from yutang.catalog.identity_kinds import BY_CODE
from yutang.errors import BadInput

MOST_LINES = 100_000
MOST_BYTES = 8_000_000
MOST_TOLD = 200  # line numbers that are kept of what was not found
# What a list may hold; "" = whatever fits. Devices are left out: they name nobody for sure.
KINDS = ("", *(code for code, kind in BY_CODE.items() if kind.strength != "device"), "customer")
_NUMBER = re.compile(r"#?(\d{1,10})")
Find = Callable[[list[str], str], dict[str, set[int]]]


@dataclass(frozen=True)
class Matched:
    """What became of a list. given: lines that say something; unknown, several: numbers of the
    lines (from 1) that nobody has, and that fit more than one customer. No identifier is kept."""

    people: BitMap
    given: int
    unknown: tuple[int, ...]
    several: tuple[int, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "kind": "list",
            "given": self.given,
            "unknown": len(self.unknown),
            "several": len(self.several),
            "unknown_lines": list(self.unknown[:MOST_TOLD]),
            "several_lines": list(self.several[:MOST_TOLD]),
        }


def read_lines(text: str) -> list[tuple[int, str]]:
    """(number of the line, its first cell), empty lines left out. Raises BadInput.

    >>> read_lines("138 0000 0000,Li\\n\\n M1\\n")
    [(1, '138 0000 0000'), (3, 'M1')]
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadInput("A list has at most %(n)s MB.", n=MOST_BYTES // 1_000_000)
    text = text.removeprefix("\ufeff").replace("，", ",").replace("；", ";")
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        cell = _first(line)
        if cell:
            found.append((number, cell))
        if len(found) > MOST_LINES:
            raise BadInput(
                "A list has at most %(n)s lines.",
                hint="Cut it into several lists.",
                n=f"{MOST_LINES:,}",
            )
    if not found:
        raise BadInput("The list is empty.", hint="Write one identifier a line.")
    return found


def _first(line: str) -> str:
    for cut in ("\t", ";"):
        if cut in line:
            line = line.split(cut, 1)[0]
    row = next(csv.reader(io.StringIO(line)), [""])
    return (row[0] if row else "").strip()[:200]


def read_file(raw: bytes) -> str:
    """A file's text: UTF-8, else the code page that spreadsheets write in China."""
    if len(raw) > MOST_BYTES:
        raise BadInput("A list has at most %(n)s MB.", n=MOST_BYTES // 1_000_000)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadInput(
        "This file is no text.", hint="Save the list as CSV or as plain text, and try again."
    )


def match(
    lines: list[tuple[int, str]], kind: str, find: Find, known: Callable[[BitMap], BitMap]
) -> Matched:
    """Look the identifiers up. kind: one of KINDS; known: those of customer numbers that exist.

    Raises BadInput for another kind, and where nobody was found.
    """
    if kind not in KINDS:
        raise BadInput("There is no kind of identifier “%(kind)s”.", kind=kind[:40])
    if kind == "customer":
        numbers = {cell: _NUMBER.fullmatch(cell) for _, cell in lines}
        ids = {cell: int(found[1]) for cell, found in numbers.items() if found}
        here = known(BitMap([one for one in ids.values() if 0 < one < 1 << 32]))
        customers = {cell: {one} for cell, one in ids.items() if one in here}
    else:
        customers = find([cell for _, cell in lines], kind)
    people = BitMap()
    unknown: list[int] = []
    several: list[int] = []
    for number, cell in lines:
        fits = customers.get(cell, set())
        if len(fits) == 1:
            people.update(fits)
        else:
            (several if fits else unknown).append(number)
    if not people:
        raise BadInput(
            "None of the %(n)s lines belongs to a customer.",
            hint="Check that the right kind of identifier is chosen.",
            n=len(lines),
        )
    return Matched(people, len(lines), tuple(unknown), tuple(several))
