"""Who needs it again, and when? 补货: rhythms (rhythms.py) applied to everybody, and tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.errors import BadInput
from yutang.products.goods import Codes, Goods, Ints, Level
from yutang.products.rhythms import Bought, Rhythms, gaps_of, medians, rhythms_of, shrunk
from yutang.products.scope import Scope, category_of, lines_in, units_of

_MOST_PIECES = 50.0
MOST_SPREAD = 5.0  # latest wait ÷ shortest; that of purchases at random is 22
STATES = ("long", "due", "soon", "later")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """By customer and thing with two purchase days or more: customer, thing int64, times (purchase
    days), last (day), pieces (of the last one), gap (his own middle one, days), weight (B, how much
    of the guess is his own), low, day, high (days since 1970, float64)."""

    customer: Ints
    thing: Ints
    times: Ints
    last: Ints
    pieces: Floats
    gap: Floats
    weight: Floats
    low: Floats
    day: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.day)

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Is the interval narrow enough to act on?"""
        shortest = np.maximum(self.low - self.last, 0.5)
        return np.asarray(self.high - self.last <= MOST_SPREAD * shortest)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Expected:
        return Expected(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class RestockHoldout:
    """Rhythms as they were known at the end of day `cutoff`; foretold is, for everybody who bought
    a thing again after it, when he buys it next, on the day of that purchase. tested: those whose
    interval has closed by `until`; came: bought by then; inside: on a day of the interval; of
    those who came: mae_days, mae_category (of last + the thing's median gap), bias_days (expected
    − real)."""

    cutoff: int
    until: int
    tested: int
    came: int
    inside: int
    mae_days: float
    mae_category: float
    bias_days: float

    @property
    def coverage(self) -> float | None:
        """Of those who bought again, the share inside the interval; 0.8 is meant."""
        return self.inside / self.came if self.came else None


def bought_of(goods: Goods, scope: Scope) -> Bought:
    """Purchase days up to the scope's last day, in its domain and category."""
    everything = Scope(0, scope.last, scope.domain, scope.category, scope.level)
    rows, units = lines_in(goods, everything), units_of(goods, scope)
    order = goods.order[rows]
    who = goods.customer[order].astype(np.int64)
    thing = units.of_line[rows].astype(np.int64)
    known = who > 0
    if scope.category:
        known &= units.category[thing] == category_of(goods, scope)
    who, thing, rows = who[known], thing[known], rows[known]
    day = goods.day[order[known]].astype(np.int64)
    span = int(day.max(initial=0)) + 1
    key = (who * max(len(units), 1) + thing) * span + day
    by = np.argsort(key, kind="stable")
    key = key[by]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    count = goods.pieces[rows][by]
    total = np.add.reduceat(count, first) if len(first) else count
    by = by[first]
    return Bought(who[by], thing[by], day[by], np.clip(total, 1.0, _MOST_PIECES))


def expected_of(bought: Bought, rhythms: Rhythms, *, least_times: int = 2) -> Expected:
    """The next purchase of everybody who bought a thing on two days or more."""
    gaps, first, sizes = gaps_of(bought)
    z = gaps.y - rhythms.slope[rhythms.of[gaps.thing]] * gaps.x
    pairs, centre, n = medians(gaps.pair, z)
    often = sizes[pairs] >= least_times
    pairs, centre, n = pairs[often], centre[often], n[often]
    rows = first[pairs] + sizes[pairs] - 1
    thing, group = bought.thing[rows], rhythms.of[bought.thing[rows]]
    theta, spread, weight = shrunk(rhythms, group, centre, n)
    more = rhythms.slope[group] * np.log(bought.pieces[rows])
    low, day, high = (
        bought.day[rows] + np.exp(theta + more + rhythms.errors[group, i] * spread)
        for i in range(3)
    )
    return Expected(
        bought.customer[rows], thing, sizes[pairs], bought.day[rows], bought.pieces[rows],
        np.exp(centre), weight, low, day, high,
    )  # fmt: skip


def states_of(expected: Expected, today: int, due_days: int) -> Codes:
    """Place in STATES: long overdue (past the interval), due (expected by today), soon (within
    `due_days`), later."""
    return np.select(
        [expected.high < today, expected.day <= today, expected.day <= today + due_days],
        [0, 1, 2],
        3,
    ).astype(np.int32)


def hold_out_restocks(
    bought: Bought, category: Codes, *, until: int, days: int, clear: bool = False
) -> RestockHoldout:
    """Rhythms of `days` before the end, tested on what was bought since; clear: only those whose
    interval is narrow enough. Raises BadInput."""
    cutoff = until - days
    rhythms = rhythms_of(bought.up_to(cutoff), category)
    width = len(category) + 1
    seen, pairs, following = _first_after(bought, cutoff, width)
    told = expected_of(seen, rhythms)
    told = told.take(told.last > cutoff)
    real = following[np.searchsorted(pairs, told.customer * width + told.thing)]
    closed = (told.high <= until) & (told.clear | (not clear))
    told, real = told.take(closed), real[closed]
    came = (real > 0) & (real <= until)
    inside = came & (real >= np.floor(told.low)) & (real <= np.ceil(told.high))
    plain = told.last + rhythms.middle[rhythms.of[told.thing]]
    error = (told.day - real)[came]
    return RestockHoldout(
        cutoff, until, len(told), int(came.sum()), int(inside.sum()),
        mae_days=_mean(np.abs(error)), mae_category=_mean(np.abs(plain - real)[came]),
        bias_days=_mean(error),
    )  # fmt: skip


def _first_after(bought: Bought, cutoff: int, width: int) -> tuple[Bought, Ints, Ints]:
    """What was known on the day of each pair's first purchase after the cutoff; the pairs (customer
    × width + thing, rising) and the day of the purchase that followed (0 = none)."""
    key = bought.customer * width + bought.thing
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    sizes = np.diff(np.r_[first, len(key)])
    early = np.add.reduceat((bought.day <= cutoff).astype(np.int64), first) if len(first) else sizes
    origin = first + early
    end = first + sizes
    seen = np.arange(len(key)) <= np.repeat(origin, sizes)
    there = origin + 1 < end
    following = np.zeros(len(first), np.int64)
    following[there] = bought.day[(origin + 1)[there]]
    known = Bought(*(getattr(bought, n)[seen] for n in ("customer", "thing", "day", "pieces")))
    return known, key[first], following


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def level_of(name: str) -> Level:
    """product or category: a spec alone has too few gaps. Raises BadInput."""
    if name not in ("product", "category"):
        raise BadInput("Restock days are told by product or by category.")
    return name  # type: ignore[return-value]
