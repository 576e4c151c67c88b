"""Rows in their groups: the largest groups are found first, then rows and people counted in them.

Shared by the models that count people by group. `place` of a group is its position among the
groups kept; all others are OTHER, the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from yutang.analysis.contract import Caveat, Context, folded_groups, several_values
from yutang.analysis.groups import (
    OTHER_KEY,
    Dimension,
    GroupBy,
    Values,
    factorize,
    group_keys,
    labels,
    largest,
)
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.view import View

# More cells than this are no table any more, and no page could show them.
MOST_CELLS = 200_000
NO_GROUP_AT = frozen(np.empty(0, np.int64))
NO_GROUP_OF = frozen(np.empty(0, np.int32))

Key = tuple[int, ...]
# view -> rows to be counted, and the customer of each
Select = Callable[[View], tuple[np.ndarray, np.ndarray]]


def check_no_steps(group: Sequence[GroupBy]) -> None:
    """Raises ValueError where a group names a step."""
    if any(one.step is not None for one in group):
        raise ValueError("only a funnel groups by a step")


def check_cells(cells: int) -> None:
    """Raises BadInput where a result would be too large to be read."""
    if cells > MOST_CELLS:
        raise BadInput(
            "The result would have more than %(most)d cells.",
            hint="Choose a longer unit, a shorter range or fewer groups.",
            most=MOST_CELLS,
        )


def find_groups(
    context: Context,
    dims: Sequence[Dimension],
    select: Select,
    top: int,
    *,
    of: Literal["people", "items"] = "people",
) -> tuple[list[Key], int]:
    """The groups with the most people, or with the most of what `select` gives; OTHER last if there
    are more, and how many are in OTHER."""
    if not dims:
        return [], 0

    def sizes_of(view: View) -> dict[Key, int]:
        rows, who = select(view)
        at, found = group_keys(dims, view, [rows] * len(dims), who)
        distinct, place = factorize(found)
        if not place.size:
            return {}
        if of == "people":
            place = factorize(np.column_stack([place, who[at]]))[0][:, 0]
        counts = np.bincount(place, minlength=len(distinct)).tolist()
        return {tuple(key): n for key, n in zip(distinct.tolist(), counts, strict=True)}

    sizes: dict[Key, float] = {}
    for found in context.each(sizes_of):
        for key, size in found.items():
            sizes[key] = sizes.get(key, 0) + size
    return keep_largest(sizes, dims, top)


def keep_largest(
    sizes: dict[Key, float], dims: Sequence[Dimension], top: int
) -> tuple[list[Key], int]:
    """The largest groups, OTHER last if there are more; how many are in OTHER."""
    kept = largest(sizes, dims, top)
    folded = len(sizes) - len(kept)
    return ([*kept, (OTHER_KEY,) * len(dims)] if folded else kept), folded


def group_of(
    view: View,
    dims: Sequence[Dimension],
    groups: Sequence[Key],
    rows: np.ndarray,
    who: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(positions in `rows`, place of the group), each pair once, by position."""
    place = {key: i for i, key in enumerate(groups)}
    at, keys = group_keys(dims, view, [rows] * len(dims), who)
    distinct, code = factorize(keys)
    other = len(groups) - 1
    known = np.array([place.get(tuple(key), other) for key in distinct.tolist()], np.int64)
    found = known[code] if code.size else code
    if at.size > rows.size:  # two values that both fell into OTHER are one
        pairs = factorize(np.column_stack([at, found]))[0]
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        return pairs[:, 0], pairs[:, 1]
    return at, found


def by_row(total: int, rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups as kernels read them: one per row of `total`, or several cut by offsets.

    rows, groups: one entry per row and group of it.
    """
    counts = np.bincount(rows, minlength=total)
    if rows.size == 0 or counts.max() == 1:
        one = np.full(total, -1, np.int32)
        one[rows] = groups
        return NO_GROUP_AT, frozen(one)
    group_at = np.zeros(total + 1, np.int64)
    np.cumsum(counts, out=group_at[1:])
    order = np.argsort(rows, kind="stable")
    return frozen(group_at), frozen(groups[order].astype(np.int32))


def find_group(dims: Sequence[Dimension], groups: Sequence[Key], wanted: Any) -> int:
    """The place of the group with these labels. Raises BadInput."""
    names = [labels(dims, key) for key in groups]
    if not isinstance(wanted, (list, tuple)) or tuple(wanted) not in names:
        raise BadInput("There is no such group: %(group)s.", group=wanted)
    return names.index(tuple(wanted))


def group_caveats(dims: Sequence[Dimension], values: Values, folded: int) -> list[Caveat]:
    """What the reader of groups must know."""
    caveats = []
    if folded:
        caveats.append(folded_groups(folded))
    if values == "multi" and any(dim.type == "list" for dim in dims):
        caveats.append(several_values())
    return caveats
