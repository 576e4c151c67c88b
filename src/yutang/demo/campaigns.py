"""Plants `truths.COUPON` and `truths.SEEDING`: who is in which arm, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yutang.demo.baskets import Shapes
from yutang.demo.clock import DAY, HOUR, NEVER, midnight
from yutang.demo.people import Origin, People
from yutang.demo.pool import Pool
from yutang.demo.purchases import PRIVATE, TMALL, Orders, usual_orders
from yutang.demo.streams import stream
from yutang.demo.truths import COUPON, SEEDING, CouponCampaign, SeedingCampaign, scaled

_BUYS_PRIVATE = {Origin.TMALL: 0.22, Origin.STORE: 0.25, Origin.PRIVATE: 1.0, Origin.REFERRED: 1.0}
"""Share of a member's orders that go to the private shop, by where he came from."""


@dataclass(frozen=True)
class Trial:
    """`person` in random order, `treated` by person, `assigned_at` one moment for all."""

    person: NDArray[np.int64]
    treated: NDArray[np.bool_]
    assigned_at: int


@dataclass(frozen=True)
class Readers:
    """Who of the treated read the seeding content, and when first."""

    person: NDArray[np.int64]
    at: NDArray[np.int64]


def choose_shops(
    seed: int,
    people: People,
    orders: Orders,
    joined: NDArray[np.int64],
    private_from: NDArray[np.int64],
) -> Orders:
    """Give each order without a shop its shop: the member's own way once he may buy privately."""
    draw = stream(seed, "shops")
    origin = people.origin[orders.person]
    home = np.where(origin == Origin.STORE, 2 + people.store[orders.person], TMALL)
    home[origin >= Origin.PRIVATE] = PRIVATE
    rate = np.zeros(len(Origin))
    for where, share in _BUYS_PRIVATE.items():
        rate[where] = share
    # The coin is drawn for every order, so that one person's history never moves another's.
    private = draw.random(len(orders)) < rate[origin]
    open_ = (orders.at > private_from[orders.person]) & (joined[orders.person] != NEVER)
    shop = np.where(private & open_, PRIVATE, home)
    return replace(orders, shop=np.where(orders.shop >= 0, orders.shop, shop))


def recruit(
    seed: int, customers: int, truth: CouponCampaign | SeedingCampaign, people: People, pool: Pool
) -> Trial:
    """Draw the campaign's people from the pool and hold a random part of them out."""
    draw = stream(seed, truth.experiment)
    at = midnight(truth.assigned_on) + 9 * HOUR
    able = (pool.joined < at) & (pool.left > at) & (people.origin != Origin.LEAVING)
    candidates = draw.permutation(np.flatnonzero(able))
    person = candidates[: scaled(truth.people, customers)]
    treated = np.ones(len(person), np.bool_)
    treated[: round(len(person) * truth.holdout_share)] = False
    return Trial(person, treated, at)


def read_seeding(seed: int, people: People, trial: Trial) -> Readers:
    """The treated who read: eager buyers more often than others."""
    draw = stream(seed, "seeding readers")
    treated = trial.person[trial.treated]
    eager = people.loyalty[treated] + draw.gumbel(size=len(treated))
    chosen = treated[np.argsort(-eager)[: round(len(treated) * SEEDING.read_rate)]]
    delay = np.minimum(draw.exponential(2 * DAY, len(chosen)), 12 * DAY).astype(np.int64)
    return Readers(chosen, trial.assigned_at + 3 * HOUR + delay)


def seed_orders(
    seed: int, trial: Trial, readers: Readers, orders: Orders, shapes: Shapes
) -> Orders:
    """Orders plus the extra ones that reading caused: exactly the truth's share of what the
    treated buy anyway in the window, each at the shop of an order it resembles."""
    draw = stream(seed, "seeding orders")
    known = np.zeros(int(max(orders.person.max(), trial.person.max())) + 1, np.int64)
    known[trial.person[trial.treated]] = 1
    read_at = np.full(len(known), NEVER)
    read_at[readers.person] = readers.at
    closes = trial.assigned_at + SEEDING.window_days * DAY
    inside = (orders.at > trial.assigned_at) & (orders.at <= closes)
    treated_rows = np.flatnonzero(inside & (known[orders.person] == 1))
    reader_rows = treated_rows[read_at[orders.person[treated_rows]] != NEVER]
    extra = round(len(treated_rows) * SEEDING.order_lift)
    if extra > len(reader_rows):
        raise ValueError("too few orders of readers to carry the planted lift")
    like = draw.permutation(reader_rows)[:extra]
    person = orders.person[like]
    opens = read_at[person] + 600
    at = opens + (draw.random(extra) * (closes - opens)).astype(np.int64)
    added = usual_orders(draw, shapes, person, at)
    return orders.plus(replace(added, shop=orders.shop[like]))


@dataclass(frozen=True)
class Redemptions:
    """Rows of `orders` on which the coupon was used, one for a person at most."""

    row: NDArray[np.int64]


def redeem_coupons(seed: int, trial: Trial, orders: Orders) -> Redemptions:
    """Coupons are used on orders that were coming anyway; what is paid stays as it was, because
    baskets are filled up to the threshold: the discount is the brand's cost alone."""
    draw = stream(seed, "coupon redemptions")
    granted = np.zeros(int(max(orders.person.max(), trial.person.max())) + 1, np.bool_)
    granted[trial.person[trial.treated]] = True
    opens, closes = trial.assigned_at, trial.assigned_at + COUPON.window_days * DAY
    rows = np.flatnonzero((orders.at > opens) & (orders.at <= closes) & granted[orders.person])
    rows = rows[np.argsort(orders.at[rows], kind="stable")]
    _, first = np.unique(orders.person[rows], return_index=True)
    chosen = rows[np.sort(first)]
    return Redemptions(chosen[draw.random(len(chosen)) < COUPON.redemption_rate])
