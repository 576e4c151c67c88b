"""One simulated world: everything that happened, as arrays, before any file is written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.demo.baskets import Shapes
from yutang.demo.campaigns import (
    Readers,
    Redemptions,
    Trial,
    choose_shops,
    read_seeding,
    recruit,
    redeem_coupons,
    seed_orders,
)
from yutang.demo.clock import END, NEVER
from yutang.demo.package_card import WINDOW, CardTrial, divert, run_card_trial
from yutang.demo.people import Ids, Origin, People, issue_ids, populate
from yutang.demo.pool import Messages, Pool, join_pool, leave_pool
from yutang.demo.purchases import Orders, base_orders, walk_ins
from yutang.demo.referral import Cascade, cast_seeds, grow_cascade
from yutang.demo.truths import COUPON, SEEDING


@dataclass(frozen=True)
class World:
    """`members`: the person behind each number of the cascade. `orders` are sorted by time."""

    seed: int
    shapes: Shapes
    people: People
    ids: Ids
    orders: Orders
    pool: Pool
    messages: Messages
    card: CardTrial
    seeding: Trial
    readers: Readers
    coupon: Trial
    redemptions: Redemptions
    cascade: Cascade
    members: NDArray[np.int64]


def create_world(seed: int, customers: int, shapes: Shapes) -> World:
    """Let the 18 months happen. Same arguments, same world, to the last second and fen.

    Order matters for causes only: the card trial ends before the seeding campaign begins, and
    that one before the coupons, so no truth disturbs another.
    """
    cascade = grow_cascade(seed, customers)
    people = populate(seed, customers, cascade)
    base = base_orders(seed, people, shapes)
    card = run_card_trial(seed, customers, people, base)
    pool, messages = leave_pool(seed, people, join_pool(seed, people, base, card))
    # A joiner's own habit of buying privately starts when the trial's window has closed: within
    # it, the truth alone decides.
    private_from = pool.joined.copy()
    joiner = card.joined_at < END
    private_from[card.person[joiner]] = (card.sent_at + WINDOW)[joiner]
    orders = choose_shops(seed, people, base, pool.joined, private_from)
    orders = divert(seed, card, orders, shapes)
    seeding = recruit(seed, customers, SEEDING, people, pool)
    readers = read_seeding(seed, people, seeding)
    orders = seed_orders(seed, seeding, readers, orders, shapes)
    orders = orders.plus(walk_ins(seed, customers, shapes))
    orders = orders.take(orders.at < END)
    orders = orders.take(np.lexsort((orders.person, orders.at)))
    coupon = recruit(seed, customers, COUPON, people, pool)
    able = (people.origin <= Origin.PRIVATE) & (pool.left == NEVER)
    seeds = cast_seeds(seed, pool.joined, able, cascade.seeds)
    return World(
        seed=seed,
        shapes=shapes,
        people=people,
        ids=issue_ids(seed, customers),
        orders=orders,
        pool=pool,
        messages=messages,
        card=card,
        seeding=seeding,
        readers=readers,
        coupon=coupon,
        redemptions=redeem_coupons(seed, coupon, orders),
        cascade=cascade,
        members=np.concatenate([seeds, people.of(Origin.REFERRED)]),
    )
