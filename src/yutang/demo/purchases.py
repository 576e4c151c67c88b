"""Orders before any campaign touches them: when each person buys, and the shape of the basket."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yutang.demo.assortment import FAST, PER_CATEGORY, PRICES_FEN
from yutang.demo.baskets import Shapes
from yutang.demo.clock import DAY, END, START, day_start, midnight, weekday
from yutang.demo.people import STORES, Origin, People
from yutang.demo.streams import stream
from yutang.demo.truths import CUSTOMERS, ENDS_ON, INTERVALS

TMALL, PRIVATE, FIRST_STORE = 0, 1, 2
"""Positions of shops; the stores follow in the order of people.STORES."""

_MAX_ORDERS = 60
_WALK_INS = 15_000
_DISCOUNTS, _DISCOUNT_SHARES = (100, 90, 80), (0.4, 0.35, 0.25)
_STAPLE_SPREAD = 0.25
_STAPLE_STAYS = {INTERVALS.slow_category: 0.85, INTERVALS.fast_category: 0.94}
_WITH_STAPLE = 0.35
"""Share of staple orders that carry another basket as well."""
_SALES_DAYS = ((6, 18), (11, 11))
_PULLED = 0.30
"""Share of Tmall orders near a sales day that wait for it or are brought forward to it."""


@dataclass(frozen=True)
class Orders:
    """Arrays by order: `person` (-1 unknown), `at` seconds, `shape` (basket template or -1),
    `staple` (item or -1), `percent` paid of the full price, `shop`."""

    person: NDArray[np.int64]
    at: NDArray[np.int64]
    shape: NDArray[np.int64]
    staple: NDArray[np.int64]
    percent: NDArray[np.int64]
    shop: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Orders:
        """These orders only, in this order."""
        return Orders(*(column[rows] for column in self.columns()))

    def columns(self) -> tuple[NDArray[np.int64], ...]:
        return (self.person, self.at, self.shape, self.staple, self.percent, self.shop)

    def plus(self, other: Orders) -> Orders:
        """These orders, then the other ones."""
        pairs = zip(self.columns(), other.columns(), strict=True)
        return Orders(*(np.concatenate(pair) for pair in pairs))

    def paid_fen(self, shapes: Shapes) -> NDArray[np.int64]:
        """What is paid for each order."""
        usual = np.where(self.shape >= 0, shapes.value_fen[self.shape], 0)
        staple = np.where(self.staple >= 0, PRICES_FEN[self.staple], 0)
        return (usual + staple) * self.percent // 100


def usual_orders(
    draw: np.random.Generator, shapes: Shapes, person: NDArray[np.int64], at: NDArray[np.int64]
) -> Orders:
    """Ordinary baskets for these people at these moments; the shop is still to be decided."""
    n = len(person)
    return Orders(
        person=person,
        at=at,
        shape=draw.integers(0, len(shapes), n),
        staple=np.full(n, -1, np.int64),
        percent=draw.choice(np.array(_DISCOUNTS), n, p=_DISCOUNT_SHARES),
        shop=np.full(n, -1, np.int64),
    )


def base_orders(seed: int, people: People, shapes: Shapes) -> Orders:
    """All that people would buy if nobody did anything, as usual and staple orders."""
    draw = stream(seed, "purchases")
    buyer = people.origin <= Origin.REFERRED
    # Half of those whom friends bring never buy; the others of the pool take a while to.
    buyer &= (people.origin != Origin.REFERRED) | (draw.random(len(people)) < 0.5)
    later = people.origin >= Origin.PRIVATE
    first = people.arrives + np.where(later, draw.exponential(12 * DAY, len(people)), 0).astype(int)
    who = np.flatnonzero(buyer)
    count = np.minimum(draw.geometric(1 - people.stays[who]), _MAX_ORDERS)
    gap = shapes.gaps[draw.integers(0, len(shapes.gaps), count.sum())]
    person, at = _renewals(who, count, first[who], gap * np.repeat(people.mean_gap[who], count))
    usual = usual_orders(draw, shapes, person, at)
    usual = _on_real_clock(usual, shapes, usual.shape, keep_weekday=True)
    staple = _staple_orders(draw, people, shapes, first)
    orders = usual.plus(staple)
    pulled = _pull_to_sales_days(draw, people, orders)
    orders = replace(orders, at=pulled)
    return orders.take((orders.at >= START) & (orders.at < END))


def _renewals(
    who: NDArray[np.int64],
    count: NDArray[np.int64],
    first: NDArray[np.int64],
    gap: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Person and time of each of `count` orders: `first`, then one more after every gap."""
    begins = np.cumsum(count) - count
    passed = np.cumsum(gap)
    since = passed - np.repeat(passed[begins], count)
    at = np.repeat(first, count) + since.astype(np.int64)
    keep = at < END
    return np.repeat(who, count)[keep], at[keep]


def _on_real_clock(
    orders: Orders, shapes: Shapes, clock_of: NDArray[np.int64], *, keep_weekday: bool
) -> Orders:
    """Move each order to its real basket's time of day and, if asked, to its weekday within the
    same week (unless that falls outside the simulated span)."""
    day = day_start(orders.at)
    if keep_weekday:
        moved = day + (shapes.weekday[clock_of] - weekday(orders.at)) * DAY
        day = np.where((moved >= START) & (moved < END), moved, day)
    return replace(orders, at=day + shapes.clock[clock_of])


def _staple_orders(
    draw: np.random.Generator, people: People, shapes: Shapes, first: NDArray[np.int64]
) -> Orders:
    """Restocking: gaps around the category's own interval, with no regard to anything else."""
    who = np.flatnonzero(people.staple >= 0)
    fast = people.staple[who] // PER_CATEGORY == FAST
    days = np.where(fast, INTERVALS.fast_days, INTERVALS.slow_days)
    stays = np.where(
        fast, _STAPLE_STAYS[INTERVALS.fast_category], _STAPLE_STAYS[INTERVALS.slow_category]
    )
    count = draw.geometric(1 - stays)
    begin = first[who] + (draw.random(len(who)) * 60 * DAY).astype(np.int64)
    gap = np.repeat(days * DAY, count) * draw.lognormal(0, _STAPLE_SPREAD, count.sum())
    person, at = _renewals(who, count, begin, gap)
    orders = usual_orders(draw, shapes, person, at)
    clock_of = orders.shape
    shape = np.where(draw.random(len(orders)) < _WITH_STAPLE, orders.shape, -1)
    orders = replace(orders, shape=shape, staple=people.staple[person])
    return _on_real_clock(orders, shapes, clock_of, keep_weekday=False)


def _pull_to_sales_days(
    draw: np.random.Generator, people: People, orders: Orders
) -> NDArray[np.int64]:
    """Times of orders after 618 and Double 11 have drawn their share of the usual ones."""
    at = orders.at.copy()
    movable = (orders.staple < 0) & (people.origin[orders.person] == Origin.TMALL)
    # A first order does not wait: it is what made the person a customer.
    movable &= at > people.arrives[orders.person] + 7 * DAY
    pulled = draw.random(len(at)) < _PULLED
    for year in (ENDS_ON.year - 1, ENDS_ON.year):
        for month, day in _SALES_DAYS:
            sale = midnight(ENDS_ON.replace(year=year, month=month, day=day))
            near = movable & pulled & (at >= sale - 18 * DAY) & (at < sale + 15 * DAY)
            at[near] = sale + (at[near] - day_start(at[near]))
    return at


def walk_ins(seed: int, customers: int, shapes: Shapes) -> Orders:
    """Store orders of people who show no membership: nobody's, and kept all the same."""
    draw = stream(seed, "walk-ins")
    n = round(_WALK_INS * customers / CUSTOMERS)
    at = START + (draw.random(n) * (END - START)).astype(np.int64)
    orders = usual_orders(draw, shapes, np.full(n, -1, np.int64), at)
    orders = _on_real_clock(orders, shapes, orders.shape, keep_weekday=True)
    return replace(orders, shop=FIRST_STORE + draw.integers(0, len(STORES), n))
