"""Nodes of paths: an event, or an event with the value of a property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.analysis.contract import Context
from yutang.analysis.groups import ABSENT_KEY, Dimension, GroupBy, dimensions
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.matching import Bits
from yutang.sequence.view import View

# So many different nodes that no page and no person could make anything of them.
_MOST_NODES = 1_000_000
# Up to so many possible pairs of event and value a table answers, above it a search.
_MOST_PAIRS = 8_000_000
JOINT = " · "


@dataclass(frozen=True)
class Nodes:
    """A pair of event and value is code * width of values + value + 1 (0: no value).

    pairs: int64, sorted, those that occur; empty where nodes are events. place_of: int32 by pair,
    or empty: search.
    """

    names: list[str]
    value: Dimension | None
    values: int
    pairs: np.ndarray
    place_of: np.ndarray

    @property
    def count(self) -> int:
        return self.pairs.size if self.value else len(self.names)

    @property
    def width(self) -> int:
        """The size of an array by node; where there are no nodes the kernels still want one."""
        return max(self.count, 1)

    def of_rows(self, view: View) -> np.ndarray:
        """int32 by row: the node; only rows that take part have a meaningful one."""
        if self.value is None:
            return frozen(view.code.astype(np.int32))
        pairs = _pairs(view, self.value, self.values, np.arange(view.rows))
        if self.place_of.size:
            return frozen(self.place_of[pairs])
        return frozen(np.searchsorted(self.pairs, pairs).astype(np.int32))

    def label(self, node: int) -> str:
        """What a person reads for a node."""
        name, value = self.event(node)
        return name if value is None else f"{name}{JOINT}{value}"

    def event(self, node: int) -> tuple[str, Any]:
        """(event, value of the property or None)."""
        if self.value is None:
            return self.names[node], None
        code, value = divmod(int(self.pairs[node]), self.values)
        return self.names[code], self.value.label(value - 1) if value else None


def _pairs(view: View, value: Dimension, values: int, rows: np.ndarray) -> np.ndarray:
    found = value.keys(view, rows, np.empty(0, np.int64))[1]
    found = np.where(found == ABSENT_KEY, 0, found + 1)
    pairs: np.ndarray = view.code[rows].astype(np.int64) * values + found
    return pairs


def find_nodes(context: Context, bits: Bits, name: str | None) -> Nodes:
    """The nodes of all rows that take part. Raises BadInput where the property does not fit."""
    shards = context.shards
    if name is None:
        return Nodes(shards.event_names, None, 0, np.empty(0, np.int64), np.empty(0, np.int32))
    column = shards.columns.get(name)
    if column is None or column.type not in ("string", "bool"):
        raise BadInput(
            "property: %(name)s is no event property of type text or yes/no.", name=repr(name)
        )
    by = GroupBy.model_validate({"property": name})
    value = dimensions(context, [by], "single")[0]

    values = (len(value.words) if column.type == "string" else 2) + 1
    possible = len(shards.event_names) * values

    def of_view(view: View) -> np.ndarray:
        keys, table = bits.of(view)
        pairs = _pairs(view, value, values, np.flatnonzero(table[keys]))
        if possible > _MOST_PAIRS:
            return np.unique(pairs)
        there = np.zeros(possible, np.bool_)  # a mark each is ten times faster than sorting
        there[pairs] = True
        return np.flatnonzero(there)

    found = np.unique(np.concatenate([np.empty(0, np.int64), *context.each(of_view)]))
    if found.size > _MOST_NODES:
        raise BadInput(
            "property: %(name)s has more than %(most)d different values.",
            hint="Group pages by name or path before they are sent, or filter.",
            name=repr(name),
            most=_MOST_NODES,
        )
    place_of = np.empty(0, np.int32)
    if possible <= _MOST_PAIRS:
        place_of = np.zeros(possible, np.int32)
        place_of[found] = np.arange(found.size)
    return Nodes(shards.event_names, value, values, found, place_of)
