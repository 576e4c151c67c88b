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

_SHIFT = 32
# So many different nodes that no page and no person could make anything of them.
_MOST_NODES = 1_000_000
JOINT = " · "


@dataclass(frozen=True)
class Nodes:
    """keys: int64, sorted: event code, or that with the code of a value; empty: the codes."""

    names: list[str]
    value: Dimension | None
    keys: np.ndarray

    @property
    def count(self) -> int:
        return self.keys.size if self.value else len(self.names)

    @property
    def width(self) -> int:
        """The size of an array by node; where there are no nodes the kernels still want one."""
        return max(self.count, 1)

    def of_rows(self, view: View) -> np.ndarray:
        """int32 by row: the node; only rows that take part have a meaningful one."""
        if self.value is None:
            return frozen(view.code.astype(np.int32))
        found = np.searchsorted(self.keys, _keys(view, self.value, None))
        return frozen(found.astype(np.int32))

    def label(self, node: int) -> str:
        """What a person reads for a node."""
        if self.value is None:
            return self.names[node]
        key = int(self.keys[node])
        name, value = self.names[key >> _SHIFT], key & ((1 << _SHIFT) - 1)
        return name if value == 0 else f"{name}{JOINT}{self.value.label(value - 1)}"

    def event(self, node: int) -> tuple[str, Any]:
        """(event, value of the property or None)."""
        if self.value is None:
            return self.names[node], None
        key = int(self.keys[node])
        value = key & ((1 << _SHIFT) - 1)
        return self.names[key >> _SHIFT], self.value.label(value - 1) if value else None


def _keys(view: View, value: Dimension, rows: np.ndarray | None) -> np.ndarray:
    rows = np.arange(view.rows) if rows is None else rows
    found = value.keys(view, rows, np.empty(0, np.int64))[1]
    code = view.code[rows].astype(np.int64) << _SHIFT
    return code | np.where(found == ABSENT_KEY, 0, found + 1)


def find_nodes(context: Context, bits: Bits, name: str | None) -> Nodes:
    """The nodes of all rows that take part. Raises BadInput where the property does not fit."""
    shards = context.shards
    if name is None:
        return Nodes(shards.event_names, None, np.empty(0, np.int64))
    column = shards.columns.get(name)
    if column is None or column.type not in ("string", "bool"):
        raise BadInput(
            "property: %(name)s is no event property of type text or yes/no.", name=repr(name)
        )
    by = GroupBy.model_validate({"property": name})
    value = dimensions(context, [by], "single", lambda _: np.empty(0))[0]

    def of_view(view: View) -> np.ndarray:
        keys, table = bits.of(view)
        return np.unique(_keys(view, value, np.flatnonzero(table[keys])))

    found = np.unique(np.concatenate([np.empty(0, np.int64), *context.each(of_view)]))
    if found.size > _MOST_NODES:
        raise BadInput(
            "property: %(name)s has more than %(most)d different values.",
            hint="Group pages by name or path before they are sent, or filter.",
            name=repr(name),
            most=_MOST_NODES,
        )
    return Nodes(shards.event_names, value, frozen(found))
