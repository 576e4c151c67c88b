"""Purchase days of every customer, and what was known of them at any past moment.

Sorted once, asked for many moments: a moment costs one pass over the purchase days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.customers import rules
from yutang.customers.intervals import (
    Clocks,
    Intervals,
    clocks,
    find_intervals,
    observations,
)
from yutang.customers.lifecycle_rule import LifecycleRule

OWN_RHYTHM_DAYS = 3  # purchase days from which somebody has a rhythm of his own


@dataclass(frozen=True)
class Days:
    """Distinct purchase days (with a paid order), sorted by customer, then day: customer uint32,
    day int32 (business day), at int64 (ms of the day's last order), category int32 (the one most
    was paid for that day; -1 not known)."""

    customer: NDArray[np.uint32]
    day: NDArray[np.int32]
    at: NDArray[np.int64]
    category: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Buyers:
    """Who had bought by a moment: customer uint32 (ascending), days int32 (purchase days), last_at
    int64 (ms), category int32 (of the last one), own float64 (median gap, nan below
    OWN_RHYTHM_DAYS)."""

    customer: NDArray[np.uint32]
    days: NDArray[np.int32]
    last_at: NDArray[np.int64]
    category: NDArray[np.int32]
    own: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.customer)


class Buying:
    """The purchase days, ready to be asked."""

    def __init__(self, days: Days) -> None:
        self.days = days
        fresh = np.ones(len(days), bool)
        fresh[1:] = days.customer[1:] != days.customer[:-1]
        self._first = np.flatnonzero(fresh)
        place = np.cumsum(fresh) - 1
        later = np.flatnonzero(~fresh)
        gap = days.day[later] - days.day[later - 1]
        order = np.lexsort((gap, place[later]))
        self._place = place[later][order].astype(np.int64)
        self._gap = gap[order]
        self._ended = days.day[later][order]

    def until(self, last_day: int | None = None) -> Buyers:
        """Who had bought by the end of a business day; None: all that is known."""
        days, first = self.days, self._first
        if last_day is None:
            count = np.diff(np.append(first, len(days)))
            gaps = slice(None)
        else:
            held = (days.day <= last_day).astype(np.int64)
            count = np.add.reduceat(held, first) if len(first) else np.empty(0, np.int64)
            gaps = self._ended <= last_day  # type: ignore[assignment]
        own = _medians(self._place[gaps], self._gap[gaps], len(first))
        some = np.flatnonzero(count > 0)
        last = first[some] + count[some] - 1
        return Buyers(
            days.customer[first[some]],
            count[some].astype(np.int32),
            days.at[last],
            days.category[last],
            own[some],
        )

    def intervals(self, rule: LifecycleRule, today: int, words: list[str]) -> Intervals:
        """After how long people come back, by category; today: the business day of now."""
        return find_intervals(
            self.days.category, *observations(self.days.customer, self.days.day, today), rule, words
        )


def _medians(place: NDArray[np.int64], gap: NDArray[np.int32], size: int) -> NDArray[np.float64]:
    """Median gap by place where there are two or more; rows are sorted by place, then gap."""
    out = np.full(size, np.nan)
    if not len(place):
        return out
    first = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
    count = np.diff(np.append(first, len(place)))
    rows = count >= OWN_RHYTHM_DAYS - 1
    first, count = first[rows], count[rows]
    out[place[first]] = (gap[first + (count - 1) // 2] + gap[first + count // 2]) / 2
    return out


def clocks_of(buyers: Buyers, found: Intervals, rule: LifecycleRule, categories: int) -> Clocks:
    """The buyers' clocks; `found` are the intervals known today."""
    return clocks(buyers.own, buyers.category, found, rule, categories)


def stages_of(buyers: Buyers, clock: Clocks, moment: int) -> NDArray[np.uint8]:
    """Stage of each buyer at a moment (ms)."""
    return rules.stages(buyers.days, buyers.last_at, moment, clock.dormant_after, clock.lost_after)
