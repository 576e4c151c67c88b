"""After how long people come back, by category, with those who have not come back yet.

Each purchase day is an observation: it is followed by the customer's next purchase day after so
many days, or (his last one) it has not been followed in the days since, which is censored. Looking
only at gaps that ended would find them too short, and the shorter the history the more so. The
Kaplan-Meier estimate (1958) counts every purchase day among those at risk for as long as it was
watched. Some never come back: the quantiles are those of the returns up to the horizon, the longest
gap at which `LEAST_AT_RISK` purchase days are still watched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from yutang.customers.lifecycle_rule import LifecycleRule

LEAST_AT_RISK = 30
TRADE_INTERVAL_DAYS = 90.0  # where data say nothing: half of the trade's 180 days until dormant
WHOLE_BRAND = -1


class Source(IntEnum):
    """Where an interval or a limit comes from."""

    NONE = 0  # never bought
    OWN = 1  # his own median gap
    CATEGORY = 2
    BRAND = 3
    TRADE = 4  # the rule's fixed days, because there are too few returns
    HAND = 5  # set by hand for his category
    FIXED = 6  # the rule's fixed days for all


SOURCES: dict[str, tuple[Source, str, str]] = {
    "none": (Source.NONE, "未购", "never bought"),
    "own": (Source.OWN, "本人节奏", "own rhythm"),
    "category": (Source.CATEGORY, "品类", "category"),
    "brand": (Source.BRAND, "全品牌", "whole brand"),
    "trade": (Source.TRADE, "行业惯例", "usual in the trade"),
    "hand": (Source.HAND, "手工设定", "set by hand"),
    "fixed": (Source.FIXED, "固定天数", "fixed days"),
}


@dataclass(frozen=True)
class ReturnCurve:
    """Share of purchase days followed by another one within `days` (int64, rising): `returned`
    (float64, 0-1). gaps: returns that were seen; open: purchase days not followed yet; horizon:
    days up to which the curve is known; watched: longest gap with LEAST_AT_RISK still watched."""

    days: NDArray[np.int64]
    returned: NDArray[np.float64]
    gaps: int
    open: int
    horizon: int
    watched: int

    @property
    def share(self) -> float:
        """How many ever come back, as far as was watched."""
        return float(self.returned[-1]) if len(self.returned) else 0.0

    def quantile(self, q: float) -> float:
        """The gap by which share `q` of those who come back have come back; nan without any."""
        if not len(self.days):
            return float("nan")
        at = int(np.searchsorted(self.returned, q * self.share - 1e-12))
        return float(self.days[min(at, len(self.days) - 1)])


def return_curve(duration: NDArray[np.integer], came_back: NDArray[np.bool_]) -> ReturnCurve:
    """Kaplan-Meier of days (int, n) until the next purchase day, or of being watched (censored)."""
    gaps = int(np.count_nonzero(came_back))
    if not len(duration):
        nothing = np.empty(0, np.int64)
        return ReturnCurve(nothing, nothing.astype(np.float64), 0, 0, 0, 0)
    size = int(duration.max()) + 1
    returns = np.bincount(duration[came_back], minlength=size)
    at_risk = np.cumsum(np.bincount(duration, minlength=size)[::-1])[::-1]
    enough = at_risk >= LEAST_AT_RISK
    days = np.flatnonzero((returns > 0) & enough)
    stayed_away = np.cumprod(1 - returns[days] / at_risk[days])
    watched = int(np.flatnonzero(enough)[-1]) if enough.any() else 0
    return ReturnCurve(
        days.astype(np.int64),
        np.asarray(1 - stayed_away, np.float64),
        gaps,
        len(duration) - gaps,
        int(days[-1]) if len(days) else 0,
        watched,
    )


def observations(
    customer: NDArray[np.uint32], day: NDArray[np.int32], today: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Of purchase days sorted by customer and day: days until the next one (or until `today`), and
    whether there was a next one. A day after today was watched for no time."""
    followed = np.zeros(len(day), bool)
    followed[:-1] = customer[1:] == customer[:-1]
    until = np.append(day[1:], np.int32(today)).astype(np.int32)
    until[~followed] = today
    return np.maximum(until - day, 0).astype(np.int32), followed


@dataclass(frozen=True)
class Intervals:
    """What was found by category; the first row is the whole brand (category -1).

    category int32 (words["category"]); gaps, open int64; returning float64 (share that ever comes
    back); median, slow float64 (days by which half, and the rule's share, of the returns have come;
    nan where there are none); horizon, watched int32 (days); dormant_after, lost_after int32
    (the limits that hold); source uint8 (Source: where the limits come from).
    """

    category: NDArray[np.int32]
    gaps: NDArray[np.int64]
    open: NDArray[np.int64]
    returning: NDArray[np.float64]
    median: NDArray[np.float64]
    slow: NDArray[np.float64]
    horizon: NDArray[np.int32]
    watched: NDArray[np.int32]
    dormant_after: NDArray[np.int32]
    lost_after: NDArray[np.int32]
    source: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.category)

    def long_enough(self) -> NDArray[np.bool_]:
        """Was each watched for twice the slow gap? Where not, late returns are still to come, and
        the true gaps are longer."""
        return np.asarray(self.watched >= 2 * self.slow, bool)


def find_intervals(
    category: NDArray[np.int32],
    duration: NDArray[np.int32],
    came_back: NDArray[np.bool_],
    rule: LifecycleRule,
    words: Sequence[str],
) -> Intervals:
    """The table of intervals from observations; category (int32, n; -1 unknown) is that of the
    purchase day which the gap follows."""
    groups: list[tuple[int, ReturnCurve]] = [(WHOLE_BRAND, return_curve(duration, came_back))]
    order = np.argsort(category, kind="stable")
    kinds, first = np.unique(category[order], return_index=True)
    ends = np.append(first, len(order))
    for kind, start, end in zip(kinds.tolist(), ends[:-1], ends[1:], strict=True):
        rows = order[start:end]
        if kind >= 0:
            groups.append((kind, return_curve(duration[rows], came_back[rows])))
    return judged(groups, rule, words)


def judged(
    groups: Sequence[tuple[int, ReturnCurve]], rule: LifecycleRule, words: Sequence[str]
) -> Intervals:
    """The limits of each group by the rule."""
    slow = [curve.quantile(rule.quantile) for _, curve in groups]
    whole = _limits(groups[0][1], slow[0], rule)
    rows = []
    for (kind, curve), days in zip(groups, slow, strict=True):
        by_hand = rule.categories.get(words[kind]) if kind >= 0 else None
        if by_hand is not None:
            limits = (by_hand, _lost(by_hand, rule), Source.HAND)
        elif rule.mode == "fixed":
            limits = (rule.dormant_days, rule.lost_days, Source.FIXED)
        else:
            limits = _limits(curve, days, rule) or whole or _trade(rule)
            if whole and (kind == WHOLE_BRAND or limits is whole):
                limits = (*whole[:2], Source.BRAND)
        rows.append((kind, curve, days, limits))
    return Intervals(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1].gaps for row in rows], np.int64),
        np.array([row[1].open for row in rows], np.int64),
        np.array([row[1].share for row in rows], np.float64),
        np.array([row[1].quantile(0.5) for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[1].horizon for row in rows], np.int32),
        np.array([row[1].watched for row in rows], np.int32),
        np.array([row[3][0] for row in rows], np.int32),
        np.array([row[3][1] for row in rows], np.int32),
        np.array([row[3][2] for row in rows], np.uint8),
    )


Limits = tuple[int, int, Source]


def _limits(curve: ReturnCurve, slow: float, rule: LifecycleRule) -> Limits | None:
    if curve.gaps < rule.least_gaps or not len(curve.days):
        return None
    dormant = round(min(max(slow, rule.shortest_days), rule.longest_days))
    return dormant, _lost(dormant, rule), Source.CATEGORY


def _trade(rule: LifecycleRule) -> Limits:
    return rule.dormant_days, rule.lost_days, Source.TRADE


def _lost(dormant: int, rule: LifecycleRule) -> int:
    return max(dormant + 1, round(dormant * rule.lost_times))


@dataclass(frozen=True)
class Clocks:
    """Of n buyers: interval float32 (usual days between purchases), source uint8 (Source of the
    interval), dormant_after, lost_after int32 (days), limit uint8 (Source of the limits)."""

    interval: NDArray[np.float32]
    source: NDArray[np.uint8]
    dormant_after: NDArray[np.int32]
    lost_after: NDArray[np.int32]
    limit: NDArray[np.uint8]


def clocks(
    own: NDArray[np.float64],
    category: NDArray[np.int32],
    found: Intervals,
    rule: LifecycleRule,
    categories: int,
) -> Clocks:
    """Each buyer's clock: own (float64, n) is his own median gap (nan without), category (int32, n)
    that of his last purchase day; categories: how many there are.

    An own rhythm is stretched as far as the category's slow returns lie beyond its median, so that
    who buys every week is dormant sooner than who buys each season.
    """
    if not len(found):  # before the first refresh
        nothing = np.empty(0, np.int32)
        none = nothing.astype(np.uint8)
        return Clocks(nothing.astype(np.float32), none, nothing, nothing, none)
    row = np.zeros(categories + 1, np.int64)  # the last place: -1, not known
    row[found.category[1:]] = np.arange(1, len(found))
    seen = (found.gaps >= rule.least_gaps) & np.isfinite(found.median)
    at = row[category]
    at = np.where(seen[at], at, 0)
    brand = np.where(seen[0], np.uint8(Source.BRAND), np.uint8(Source.TRADE))
    known = np.where(at > 0, np.uint8(Source.CATEGORY), brand)
    median = np.where(seen, found.median, TRADE_INTERVAL_DAYS)[at]
    mine = np.isfinite(own) if rule.own else np.zeros(len(own), bool)
    # Limits set by hand hold for the category even where it has too few returns of its own.
    by_hand = (found.source == Source.HAND)[row[category]]
    place = np.where(by_hand, row[category], at)
    dormant, lost = found.dormant_after[place].copy(), found.lost_after[place].copy()
    limit = found.source[place].copy()
    if rule.mode == "data":
        stretch = np.where(seen, found.slow / np.maximum(found.median, 1), 2.0)[at]
        scaled = mine & ~by_hand
        days = np.clip(own[scaled] * stretch[scaled], rule.shortest_days, rule.longest_days)
        dormant[scaled] = np.rint(days)
        lost[scaled] = np.maximum(dormant[scaled] + 1, np.rint(dormant[scaled] * rule.lost_times))
        limit[scaled] = Source.OWN
    return Clocks(
        np.where(mine, own, median).astype(np.float32),
        np.where(mine, np.uint8(Source.OWN), known).astype(np.uint8),
        dormant,
        lost,
        limit,
    )
