"""What retention measures beside people: the worth of the members' events in each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yutang.sequence.kernels.events import select_rows, sum_cells
from yutang.sequence.matching import kept_customers
from yutang.sequence.view import View

if TYPE_CHECKING:
    from yutang.analysis.retention import Plan

_MEASURED = 2  # the bit of the measure's events

# Customer positions, start rows, cohorts, as `find_starts` gives.
Members = tuple[np.ndarray, np.ndarray, np.ndarray]


def worth_of(
    view: View, plan: Plan, members: Members, at: np.ndarray, groups: np.ndarray, count: int
) -> np.ndarray:
    """float64 [groups, cohorts, cells]: the measure of the members' events."""
    measure = plan.params.measure
    assert measure is not None
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    first, end = int(plan.edges[0]), int(plan.edges[-1])
    rows, owner = select_rows(keys, table, _MEASURED, view.time, view.offsets, keep, first, end)
    worth = view.values(measure.property)[rows] if measure.property else np.ones(rows.size)
    present = ~np.isnan(worth)
    rows, owner, worth = rows[present], owner[present], worth[present]
    who, starts, cohorts = members
    # Every event against every member its customer is.
    a, b = np.searchsorted(owner, who, side="left"), np.searchsorted(owner, who, side="right")
    member = np.repeat(np.arange(who.size), b - a)
    event = np.arange(member.size) - np.repeat(np.cumsum(b - a) - (b - a), b - a) + a[member]
    after = view.time[rows[event]] >= view.time[starts[member]]
    member, event = member[after], event[after]
    period = np.searchsorted(plan.edges, view.time[rows[event]], side="right") - 1
    gap = period - cohorts[member]
    entries, cells = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for k, (low, high) in enumerate(zip(plan.lows, plan.highs, strict=True)):
        inside = np.flatnonzero((gap >= low) & (gap <= high))
        entries.append(inside)
        cells.append(np.full(inside.size, k))
    chosen, cell = np.concatenate(entries), np.concatenate(cells)
    return _by_group(
        (count, len(plan.cohorts), plan.lows.size), member[chosen], cohorts, cell,
        worth[event[chosen]], at, groups,
    )  # fmt: skip


def _by_group(
    shape: tuple[int, int, int], member: np.ndarray, cohorts: np.ndarray, cell: np.ndarray,
    worth: np.ndarray, at: np.ndarray, groups: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Sums by group, cohort and cell; at, groups: by member and group of it, rising members."""
    a, b = np.searchsorted(at, member, side="left"), np.searchsorted(at, member, side="right")
    entry = np.repeat(np.arange(member.size), b - a)
    place = np.arange(entry.size) - np.repeat(np.cumsum(b - a) - (b - a), b - a) + a[entry]
    _, wide, cells = shape
    index = (groups[place] * wide + cohorts[member[entry]]) * cells + cell[entry]
    total: np.ndarray = sum_cells(index, worth[entry], int(np.prod(shape)))[0]
    return total.reshape(shape)
