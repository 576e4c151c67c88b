"""The groups a result keeps, and which of them each event, session or path counts in.

Groups past the largest `top` are one group OTHER, the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from yutang.analysis import grouped
from yutang.analysis.contract import Caveat, Column, Context
from yutang.analysis.grouped import (
    NO_GROUP_AT,
    NO_GROUP_OF,
    Select,
    group_caveats,
    group_of,
)
from yutang.analysis.groups import (
    Dimension,
    GroupBy,
    Values,
    dimensions,
    group_cells,
    group_columns,
    labels,
)
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.view import View


@dataclass(frozen=True)
class Groups:
    """Dimensions and the keys that are kept; `folded`: how many groups OTHER holds."""

    dims: list[Dimension]
    keys: list[tuple[int, ...]]
    folded: int = 0

    @property
    def count(self) -> int:
        """How many groups, one where nothing is grouped."""
        return max(len(self.keys), 1) if self.dims else 1

    @property
    def columns(self) -> list[Column]:
        return group_columns(self.dims)

    @property
    def labels(self) -> list[tuple[Any, ...]]:
        """The labels of each group; one empty where nothing is grouped."""
        return [labels(self.dims, key) for key in self.keys] if self.dims else [()]

    def cells(self, label: tuple[Any, ...]) -> dict[str, Any]:
        """The group columns of a row."""
        return group_cells(label)

    def places(self, view: View, rows: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, ...]:
        """(positions in `rows`, place of the group), each pair once, by position."""
        whole = rows.astype(np.int64), who.astype(np.int64)
        return group_of(view, self.dims, self.keys, *whole)

    def of_items(self, view: View, rows: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, ...]:
        """(group_at, group_of) by position in `rows` as the kernels read it; empty: one group."""
        if not self.dims:
            return NO_GROUP_AT, NO_GROUP_OF
        at, found = self.places(view, rows, who)
        group_at = np.zeros(rows.size + 1, np.int64)
        np.cumsum(np.bincount(at, minlength=rows.size), out=group_at[1:])
        order = np.argsort(at, kind="stable")
        return frozen(group_at), frozen(found[order].astype(np.int32))

    def inside(self, view: View, rows: np.ndarray, who: np.ndarray, wanted: int) -> np.ndarray:
        """bool by position in `rows`: whether it counts in the group at place `wanted`."""
        at, groups = self.places(view, rows, who)
        found = np.zeros(rows.size, np.bool_)
        found[at[groups == wanted]] = True
        return found

    def index(self, label: Sequence[Any]) -> int:
        """The place of the group with these labels. Raises BadInput."""
        if tuple(label) not in self.labels:
            raise BadInput("There is no such group: %(group)s.", group=list(label))
        return self.labels.index(tuple(label))

    def caveats(self, values: Values) -> list[Caveat]:
        """What is folded, and what counts several times."""
        return group_caveats(self.dims, values, self.folded)


def find_groups(
    context: Context,
    group: Sequence[GroupBy],
    values: Values,
    top: int,
    items: Select,
    *,
    of: Literal["people", "items"] = "items",
) -> Groups:
    """The largest groups by how many items, or people, they hold.

    items: (rows, customers' places) of a view. Raises BadInput where a property is unknown.
    """
    dims = dimensions(context, group, values)
    return Groups(dims, *grouped.find_groups(context, dims, items, top, of=of))
