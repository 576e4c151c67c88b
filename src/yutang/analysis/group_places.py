"""The groups a result keeps, and which of them each event, session or path counts in.

Groups past the largest `top` are one group OTHER, the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Context
from yutang.analysis.groups import (
    OTHER_KEY,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    factorize,
    group_keys,
    labels,
    largest,
)
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.view import View

NO_GROUP_AT = frozen(np.empty(0, np.int64))
NO_GROUP_OF = frozen(np.empty(0, np.int32))


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
        return [Column(f"group_{i}", d.name, d.name, "group") for i, d in enumerate(self.dims, 1)]

    @property
    def labels(self) -> list[tuple[Any, ...]]:
        """The labels of each group; one empty where nothing is grouped."""
        return [labels(self.dims, key) for key in self.keys] if self.dims else [()]

    def cells(self, label: tuple[Any, ...]) -> dict[str, Any]:
        """The group columns of a row."""
        return {f"group_{i}": value for i, value in enumerate(label, 1)}

    def places(self, view: View, rows: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, ...]:
        """(positions in `rows`, place of the group), each pair once, by position."""
        return places(view, self.dims, self.keys, self.folded, rows, who)

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
        found = []
        if self.folded:
            found.append(
                Caveat(
                    "folded_groups",
                    f"较小的 {self.folded} 组合并为“其他”。",
                    f"The {self.folded} smaller groups are summed as other.",
                )
            )
        if values == "multi" and any(dim.type == "list" for dim in self.dims):
            found.append(
                Caveat(
                    "several_values",
                    "有多个取值的在每个取值里各算一次，各组相加会多于总数。",
                    "What has several values counts in each; the groups add up to more than the"
                    " total.",
                )
            )
        return found


def places(
    view: View,
    dims: list[Dimension],
    keys: list[tuple[int, ...]],
    folded: int,
    rows: np.ndarray,
    who: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(positions in `rows`, place among `keys`, OTHER the last), each pair once."""
    place = {key: i for i, key in enumerate(keys)}
    at, found = group_keys(dims, view, [rows] * len(dims), who)
    distinct, code = factorize(found)
    other = len(keys) - 1
    known = np.array([place.get(tuple(key), other) for key in distinct.tolist()], np.int64)
    groups = known[code] if code.size else code
    if at.size > rows.size and folded:  # two values that both fell into OTHER are one
        pairs = factorize(np.column_stack([at, groups]))[0]
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        return pairs[:, 0], pairs[:, 1]
    return at, groups


def find_groups(
    context: Context,
    group: Sequence[GroupBy],
    values: Values,
    top: int,
    items: Callable[[View], tuple[np.ndarray, np.ndarray]],
) -> Groups:
    """The largest groups by how many items they hold. items: (rows, customers' places) of a view.

    Raises BadInput where a property is unknown.
    """

    dims = dimensions(context, group, values)
    if not dims:
        return Groups([], [])

    def sizes_of(view: View) -> dict[tuple[int, ...], float]:
        rows, who = items(view)
        found = group_keys(dims, view, [rows] * len(dims), who)[1]
        distinct, place = factorize(found)
        counts = np.bincount(place, minlength=len(distinct)).tolist()
        return {tuple(k): float(n) for k, n in zip(distinct.tolist(), counts, strict=True)}

    sizes: dict[tuple[int, ...], float] = {}
    for found in context.each(sizes_of):
        for key, size in found.items():
            sizes[key] = sizes.get(key, 0) + size
    kept = largest(sizes, dims, top)
    folded = len(sizes) - len(kept)
    return Groups(dims, [*kept, (OTHER_KEY,) * len(dims)] if folded else kept, folded)
