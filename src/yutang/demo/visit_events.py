"""Visits of the mini-program: before every private order, and many that lead to none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yutang.demo.assortment import (
    CATEGORIES,
    CATEGORY_OF,
    FIRST_USUAL,
    ITEM_IDS,
    PER_CATEGORY,
    PRICES_FEN,
)
from yutang.demo.clock import DAY, END, NEVER
from yutang.demo.event_rows import WECHAT, EventRows, Values, Words, always
from yutang.demo.purchases import PRIVATE
from yutang.demo.streams import stream
from yutang.demo.world import World

_VISITS_A_YEAR = 4.5
"""Visits without an order, per member and year."""
_LOOKS, _CARTS = 0.75, 0.22
"""Of those visits, the share that opens a product, and that fills the cart."""
_PAGES = ("pages/home/index", "pages/activity/index", "pages/category/index", "pages/member/index")
_PAGE_SHARES = (0.6, 0.15, 0.15, 0.1)


def add_visits(world: World, rows: EventRows) -> None:
    """Page, product and cart events of both kinds of visit."""
    draw = stream(world.seed, "visits")
    person, at, item = _visits_with_order(world)
    _add_steps(draw, rows, person, at - draw.integers(240, 1500, len(at)), item, buys=True)
    person, at = _visits_without(world, draw)
    usual = draw.integers(FIRST_USUAL * PER_CATEGORY, len(ITEM_IDS), len(person))
    _add_steps(draw, rows, person, at, usual, buys=False)


def _visits_with_order(
    world: World,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Person, time of payment and first item of each private order."""
    orders, shapes = world.orders, world.shapes
    mine = np.flatnonzero(orders.shop == PRIVATE)
    shape = orders.shape[mine]
    usual = shapes.item[np.where(shape >= 0, shapes.start[shape], 0)]
    item = np.where(orders.staple[mine] >= 0, orders.staple[mine], usual)
    return orders.person[mine], orders.at[mine], item


def _visits_without(
    world: World, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pool = world.pool
    members = np.flatnonzero(pool.joined != NEVER)
    begin = pool.joined[members] + 600
    span = np.maximum(np.minimum(pool.left[members], END - 3600) - begin, 0)
    eager = np.exp(0.4 * world.people.loyalty[members])
    count = draw.poisson(_VISITS_A_YEAR * span / (365 * DAY) * eager)
    who = np.repeat(np.arange(len(members)), count)
    at = begin[who] + (draw.random(len(who)) * span[who]).astype(np.int64)
    return members[who], at


def _add_steps(
    draw: np.random.Generator,
    rows: EventRows,
    person: NDArray[np.int64],
    at: NDArray[np.int64],
    item: NDArray[np.int64],
    *,
    buys: bool,
) -> None:
    """Page, then product, then cart, each some seconds after the one before."""
    n = len(person)
    page = draw.choice(len(_PAGES), n, p=_PAGE_SHARES)
    rows.add("page_viewed", person, at, WECHAT, {"page": Words(page, _PAGES)})
    fate = draw.random(n)
    looks, carts = (np.ones(n, np.bool_),) * 2 if buys else (fate < _LOOKS, fate < _CARTS)
    pause = draw.integers(5, 90, n)
    for name, does, later in (
        ("product_viewed", looks, at + pause),
        ("cart_added", carts, at + pause + draw.integers(5, 140, n)),
    ):
        values: dict[str, Values] = {
            "item_id": Words(item[does], ITEM_IDS),
            "category": Words(CATEGORY_OF[item[does]], CATEGORIES),
            "price": PRICES_FEN[item[does]] / 100,
        }
        if name == "product_viewed":
            values["page"] = always("pages/product/index", int(does.sum()))
        rows.add(name, person[does], later[does], WECHAT, values)
