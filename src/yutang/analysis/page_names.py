"""Addresses as pages: a mini-program path or URL without its query, or the group a rule names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from yutang.analysis.contract import Context, Strict
from yutang.analysis.groups import ABSENT_LABEL, OTHER_LABEL
from yutang.errors import BadInput
from yutang.sequence.conditions import Test
from yutang.sequence.files import frozen
from yutang.sequence.view import View

_SITE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_QUERY = re.compile(r"[?#].*$", re.DOTALL)


class Rule(Strict):
    """Pages that are one group; the first rule that holds counts."""

    name: str = Field(min_length=1, title="名称 Name")
    op: Literal["=", "contains", "starts", "ends", "matches"] = Field("starts", title="条件 Op")
    value: str = Field(min_length=1, title="值 Value")


@dataclass(frozen=True)
class Items:
    """What rows are named by. labels: sorted; of_code: int64, place in them by code + 1 (0:
    absent); kept: places shown; rank: int64 by place, its rank, OTHER the last."""

    name: str
    labels: list[str]
    of_code: np.ndarray
    kept: list[int]
    rank: np.ndarray

    @property
    def count(self) -> int:
        """How many are shown, OTHER with them."""
        return len(self.kept) + 1

    @property
    def names(self) -> list[str]:
        return [*(self.labels[place] for place in self.kept), OTHER_LABEL]

    def order(self, counts: np.ndarray) -> list[int]:
        """Ranks as tables show them: by count, then label; OTHER last."""
        names, last = self.names, self.count - 1
        return sorted(range(self.count), key=lambda i: (i == last, -counts[i], names[i]))

    def of_rows(self, view: View, rows: np.ndarray) -> np.ndarray:
        """int64 place in `labels` of each row."""
        found: np.ndarray = self.of_code[view.values(self.name)[rows].astype(np.int64) + 1]
        return found

    def largest(self, counts: np.ndarray, most: int) -> Items:
        """With those kept that have the greatest counts, then label; an OTHER of only one is shown
        as itself."""
        found = np.flatnonzero(counts).tolist()
        kept = sorted(found, key=lambda place: (-counts[place], self.labels[place]))
        return self._keeping(kept if len(kept) <= most + 1 else kept[:most])

    def all_within(self, most: int) -> Items | None:
        """With every label kept, where `largest` would not fold any whatever the counts."""
        few = len(self.labels) <= most + 1
        return self._keeping(list(range(len(self.labels)))) if few else None

    def _keeping(self, kept: list[int]) -> Items:
        rank = np.full(len(self.labels), len(kept), np.int64)
        rank[kept] = np.arange(len(kept))
        return Items(self.name, self.labels, self.of_code, kept, frozen(rank))


def without_query(address: str) -> str:
    """The path of an address: no scheme, site, query or fragment.

    >>> without_query("https://a.cn/p/7?x=1#top"), without_query("pages/home?id=3")
    ('/p/7', 'pages/home')
    >>> without_query("https://a.cn")
    '/'
    """
    rest = _QUERY.sub("", _SITE.sub("", address))
    return rest or "/"


def items(
    context: Context, name: str, place: str, rules: list[Rule] | None, *, paths: bool
) -> Items:
    """All values of a text property, named. paths: addresses lose their query. Raises BadInput."""
    column = context.shards.columns.get(name)
    if column is None or column.type != "string":
        raise BadInput(
            "%(place)s: %(name)s is no event property of type text.",
            hint="The event dictionary in the settings lists them.",
            place=place,
            name=repr(name),
        )
    words = context.shards.dictionary(name)
    texts: list[Any] = [without_query(w) if paths else w for w in words.to_pylist()]
    named = pa.chunked_array([pa.array(texts, pa.large_string())])
    for i, rule in reversed(list(enumerate(rules or []))):
        zone, today = context.shards.zone, context.today
        test = Test("string", rule.op, rule.value, f"rules[{i}]", zone, today)
        # A rule looks at the whole address; with `paths`, at the path.
        for code in np.flatnonzero(test.table(named)[:-1]).tolist():
            texts[code] = rule.name
    labels, of_code = np.unique(np.array([ABSENT_LABEL, *texts], object), return_inverse=True)
    rank = np.zeros(labels.size, np.int64)
    return Items(name, labels.tolist(), frozen(of_code.astype(np.int64)), [], frozen(rank))
