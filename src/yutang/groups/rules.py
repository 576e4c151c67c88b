"""Pure rules of groups: who was a member when, who spoke, which question was answered when.

Everything is an array operation over all groups at once. Groups are codes from 0, days are days
since 1970 in the brand's zone, times UTC ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.kit import clock

Ints = NDArray[np.integer]
STILL = np.int32(2**31 - 1)  # the day of leaving of somebody who is there
HOUR_MS = 3_600_000


def work_clock(at: NDArray[np.int64], zone: str, opens: int, closes: int) -> NDArray[np.int64]:
    """Working ms passed since 1970 at each moment, where every day works from hour `opens` to
    `closes` of the zone's clock: differences of it are waiting times nobody slept through."""
    local = clock.local_ms(at, zone)
    day, rest = np.divmod(local, clock.DAY_MS)
    length = (closes - opens) * HOUR_MS
    return np.asarray(day * length + np.clip(rest - opens * HOUR_MS, 0, length), np.int64)


def answers(
    group: Ints, time: NDArray[np.int64], ours: NDArray[np.bool_], asks: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For each asking row the time of the next row of ours in the same group, 0 where there is
    none. Rows are sorted by group, then time; of equal times the later row counts as later."""
    rows, staff = np.flatnonzero(asks), np.flatnonzero(ours)
    if not len(staff):
        return np.zeros(len(rows), np.int64)
    place = np.searchsorted(staff, rows, side="right")
    found = staff[np.minimum(place, len(staff) - 1)]
    hit = (place < len(staff)) & (group[found] == group[rows])
    return np.where(hit, time[found], 0)


def runs(*keys: Ints) -> NDArray[np.int64]:
    """Starts of the runs of equal keys, of arrays sorted by them."""
    n = len(keys[0])
    fresh = np.zeros(n, bool)
    if n:
        fresh[0] = True
    for key in keys:
        fresh[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(fresh)


@dataclass(frozen=True)
class Bins:
    """Stretches of a period: `starts` (int64, first days, ascending), `last` day of the period."""

    starts: NDArray[np.int64]
    last: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def first(self) -> int:
        return int(self.starts[0])

    def of(self, day: Ints) -> NDArray[np.int64]:
        """The bin of each day; days outside lie in the first or last."""
        found = np.searchsorted(self.starts, day, side="right") - 1
        return np.clip(found, 0, len(self) - 1)

    def inside(self, day: Ints) -> NDArray[np.bool_]:
        return np.asarray((day >= self.first) & (day <= self.last))


def whole(first: int, last: int) -> Bins:
    return Bins(np.array([first], np.int64), last)


def days(first: int, last: int) -> Bins:
    return Bins(np.arange(first, last + 1, dtype=np.int64), last)


def weeks(first: int, last: int) -> Bins:
    """Weeks from Monday; the first and last are cut at the period."""
    all_days = np.arange(first, last + 1, dtype=np.int64)
    monday = (all_days + 3) % 7 == 0
    monday[0] = True
    return Bins(all_days[monday], last)


def present(
    group: Ints, customer: Ints, joined: Ints, left: Ints, bins: Bins, groups: int
) -> NDArray[np.int64]:
    """Distinct members of each group in each bin (groups × bins): whoever was there at any moment
    of it. Stays are sorted by group, customer and day of joining, and do not overlap."""
    met = (joined <= bins.last) & (left >= bins.first)
    group, customer = group[met], customer[met]
    begin, end = bins.of(joined[met]), bins.of(np.minimum(left[met], bins.last))
    if len(group):
        same = (group[1:] == group[:-1]) & (customer[1:] == customer[:-1])
        # Somebody who left and came back within a bin is in it once.
        begin[1:] = np.where(same, np.maximum(begin[1:], end[:-1] + 1), begin[1:])
    counted = begin <= end
    width = len(bins) + 1
    size = groups * width
    cell = group[counted].astype(np.int64) * width
    steps = np.bincount(cell + begin[counted], minlength=size)
    steps = steps - np.bincount(cell + end[counted] + 1, minlength=size)
    found: NDArray[np.int64] = np.cumsum(steps.reshape(groups, width), axis=1)[:, :-1]
    return found


def speakers(group: Ints, customer: Ints, day: Ints, bins: Bins, groups: int) -> NDArray[np.int64]:
    """Distinct customers who spoke, by group and bin. Rows are sorted by group, customer, day."""
    inside = bins.inside(day)
    group, customer, place = group[inside], customer[inside], bins.of(day[inside])
    first = runs(group, customer, place)
    cell = group[first].astype(np.int64) * len(bins) + place[first]
    return np.bincount(cell, minlength=groups * len(bins)).reshape(groups, len(bins))


def sums(group: Ints, values: NDArray[np.generic], groups: int) -> NDArray[np.float64]:
    """Sum of the values by group."""
    return np.bincount(group, values.astype(np.float64), minlength=groups).astype(np.float64)


def quantiles(
    group: Ints, values: NDArray[np.int64], share: float, groups: int
) -> NDArray[np.float64]:
    """The smallest value that `share` of a group's values do not exceed (nearest rank), by group;
    NaN for a group without values."""
    out = np.full(groups, np.nan)
    if len(group):
        order = np.lexsort((values, group))
        group, values = group[order], values[order]
        first = runs(group)
        size = np.diff(np.r_[first, len(group)])
        rank = np.maximum(np.ceil(share * size - 1e-9).astype(np.int64), 1)
        out[group[first]] = values[first + rank - 1]
    return out


def was_member(
    stay_group: Ints, stay_customer: Ints, joined: Ints, left: Ints,
    group: Ints, customer: Ints, day: Ints,
) -> NDArray[np.bool_]:  # fmt: skip
    """Was the customer of each row in the group at any moment of that day? Stays are sorted by
    group, customer and day of joining, and do not overlap."""
    if not len(stay_group):
        return np.zeros(len(group), bool)
    pairs = _pair(stay_group, stay_customer)
    asked = _pair(group, customer)
    known, place = np.unique(pairs, return_inverse=True)
    at = np.searchsorted(known, asked)
    at[at == len(known)] = 0
    exists = known[at] == asked
    # Days fit into 20 bits (2**20 days are 2,800 years), pairs by their place.
    keys = (place.astype(np.int64) << 20) + joined
    last = np.searchsorted(keys, (at.astype(np.int64) << 20) + day, side="right") - 1
    last_ok = np.maximum(last, 0)
    same = (last >= 0) & (place[last_ok] == at)
    return np.asarray(exists & same & (left[last_ok] >= day))


def _pair(group: Ints, customer: Ints) -> NDArray[np.int64]:
    return (group.astype(np.int64) << 32) + customer.astype(np.int64)


def stayed(joined: Ints, left: Ints, after: int, today: int) -> tuple[int, int]:
    """Of joins at least `after` days before today: (still in the group so many days after the day
    of joining, all of them). Leaving on that very day counts as still there."""
    old = joined + after <= today
    return int((left[old] >= joined[old] + after).sum()), int(old.sum())


def rate(part: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """part / of, NaN where `of` is 0 or unknown."""
    out = np.full(len(of), np.nan)
    some = of > 0
    out[some] = part[some] / of[some]
    return out
