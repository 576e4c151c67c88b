"""Lays simulated orders out as order files of preset `yutang`: a file a shop, a row a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yutang.demo.assortment import BRAND, CATEGORIES, CATEGORY_OF, ITEM_IDS, PRICES_FEN, TITLES
from yutang.demo.clock import DAY, END, HOUR, START
from yutang.demo.people import CITIES, GUIDES, STORES
from yutang.demo.purchases import FIRST_STORE, PRIVATE, TMALL, Orders
from yutang.demo.streams import stream
from yutang.demo.truths import COUPON
from yutang.demo.world import World

_REFUND_RATE = 0.03
_UNPAID_RATE = 0.012
"""Share of Tmall orders beside which an order was opened and never paid."""


@dataclass(frozen=True)
class Shop:
    """One shop of the brand: its file's slug, its name, its platform and whose sale it makes."""

    slug: str
    name: str
    platform: str
    domain: str


SHOPS: tuple[Shop, ...] = (
    Shop("tmall", f"{BRAND}天猫旗舰店", "tmall", "public"),
    Shop("mini-program", f"{BRAND}会员商城", "mini_program", "private"),
    *(Shop("stores", f"{BRAND}{name}", "pos", "store") for name in STORES),
)
"""In the order of the positions in purchases.py."""
_PROVINCES, _PROVINCE_OF = np.unique([province for province, _ in CITIES], return_inverse=True)
_PREFIXES = np.array(["", "E", *("S" for _ in STORES)], object)


def order_ids(orders: Orders) -> pa.Array:
    """19 digits that grow with time, like the platforms' own; our shops' have a letter first."""
    number = 10**18 + orders.at * 10**8 + np.arange(len(orders))
    prefix = pa.array(_PREFIXES[orders.shop], pa.string())
    return pc.binary_join_element_wise(prefix, pa.array(number).cast(pa.string()), "")


@dataclass(frozen=True)
class _Lines:
    """By line: `order` (row of the orders), `ordinal` in it from 1, `item`, `quantity`, `paid`."""

    order: NDArray[np.int64]
    ordinal: NDArray[np.int64]
    item: NDArray[np.int64]
    quantity: NDArray[np.int64]
    paid_fen: NDArray[np.int64]


def _lines(world: World, orders: Orders) -> _Lines:
    """The staple first, then the lines of the real basket behind the order."""
    shapes = world.shapes
    usual = np.where(orders.shape >= 0, shapes.size[orders.shape], 0)
    staple = (orders.staple >= 0).astype(np.int64)
    count = usual + staple
    order = np.repeat(np.arange(len(orders)), count)
    ordinal = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    of_staple = ordinal < staple[order]
    place = np.where(of_staple, 0, shapes.start[orders.shape[order]] + ordinal - staple[order])
    item = np.where(of_staple, orders.staple[order], shapes.item[place])
    quantity = np.where(of_staple, 1, shapes.quantity[place])
    paid = PRICES_FEN[item] * quantity * orders.percent[order] // 100
    return _Lines(order, ordinal + 1, item, quantity, paid)


def order_table(world: World, shop: int) -> pa.Table:
    """The rows of one shop's file, orders by time of payment."""
    mine = np.flatnonzero(world.orders.shop == shop)
    orders = world.orders.take(mine)
    lines = _lines(world, orders)
    by_order = {
        **_who(world, orders, shop),
        **_when(world, orders, shop),
        "order_id": order_ids(world.orders).take(pa.array(mine)),
        "paid_fen": pa.array(orders.paid_fen(world.shapes)),
        "shop_discount_fen": pa.array(_discounts(world, mine)),
    }
    row = pa.array(lines.order)
    columns = {name: column.take(row) for name, column in by_order.items()}
    columns |= _items(lines, columns["order_id"])
    columns |= {
        "platform": _same(SHOPS[shop].platform, len(row)),
        "shop": _same(SHOPS[shop].name, len(row)),
    }
    table = pa.table({name: columns[name] for name in _COLUMNS if name in columns})
    return pa.concat_tables([table, _unpaid(world, table)]) if shop == TMALL else table


_COLUMNS = (
    "platform", "shop", "order_id", "line_id", "status", "created_at", "paid_at", "shipped_at",
    "finished_at", "refunded_at", "paid_fen", "refund_fen", "shop_discount_fen", "buyer",
    "buyer_kind", "member_no", "store", "guide", "province", "city", "item_id", "title",
    "category", "brand", "quantity", "unit_price_fen", "item_paid_fen",
)  # fmt: skip


def _same(word: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [word])


def _words(codes: NDArray[np.int64], words: object) -> pa.Array:
    """Text by position; a negative position is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _moments(at: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(at * 1000, pa.timestamp("ms", tz="UTC"), mask=missing)


def _who(world: World, orders: Orders, shop: int) -> dict[str, pa.Array]:
    """What the shop can see of the buyer: Tmall its own opaque id, our shop the WeChat id and the
    membership, a store the membership alone, and of a walk-in nothing."""
    person = orders.person
    ids, people = world.ids, world.people
    if shop == TMALL:
        city = people.city[person]
        return {
            "buyer": _words(person, ids.tmall_buyer),
            "buyer_kind": _same("tmall_buyer", len(person)),
            "province": _words(_PROVINCE_OF[city], _PROVINCES),
            "city": _words(city, [name for _, name in CITIES]),
        }
    columns = {"member_no": _words(person, ids.member_no)}
    if shop == PRIVATE:
        city = people.city[person]
        columns |= {
            "buyer": _words(person, ids.unionid),
            "buyer_kind": _same("unionid", len(person)),
            "guide": _words(people.guide[person], GUIDES),
            "province": _words(_PROVINCE_OF[city], _PROVINCES),
            "city": _words(city, [name for _, name in CITIES]),
        }
    else:
        columns["store"] = _same(STORES[shop - FIRST_STORE], len(person))
    return columns


def _when(world: World, orders: Orders, shop: int) -> dict[str, pa.Array]:
    """Times, status and refunds as they stand at the end of the simulated span."""
    draw = stream(world.seed, f"fulfilment {shop}")
    n = len(orders)
    by_parcel = shop in (TMALL, PRIVATE)
    wait = draw.uniform(4, 30, n) * HOUR if by_parcel else np.zeros(n)
    transit = draw.uniform(1.5, 6, n) * DAY if by_parcel else np.zeros(n)
    shipped = orders.at + wait.astype(np.int64)
    finished = shipped + transit.astype(np.int64)
    refunded = finished + draw.uniform(0, 6 * DAY, n).astype(np.int64)
    whole = draw.random(n) < 0.7
    is_refunded = (draw.random(n) < _REFUND_RATE) & (refunded < END)
    paid = orders.paid_fen(world.shapes)
    refund = np.where(whole, paid, paid // 2)
    status = np.where(finished < END, 2, np.where(shipped < END, 1, 0))
    before = orders.at - (draw.uniform(10, 300, n) if by_parcel else np.zeros(n)).astype(np.int64)
    return {
        "status": _words(status, ["paid", "shipped", "finished"]),
        "created_at": _moments(before),
        "paid_at": _moments(orders.at),
        "shipped_at": _moments(shipped, shipped >= END),
        "finished_at": _moments(finished, finished >= END),
        "refunded_at": _moments(refunded, ~is_refunded),
        "refund_fen": pa.array(refund, mask=~is_refunded),
    }


def _discounts(world: World, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The shop's discount on each of these rows of the orders: the coupon, where one was used."""
    discount = np.zeros(len(world.orders), np.int64)
    discount[world.redemptions.row] = COUPON.coupon_fen
    return discount[rows]


def _items(lines: _Lines, order_id: pa.Array) -> dict[str, pa.Array]:
    ordinal = pa.array(lines.ordinal).cast(pa.string())
    return {
        "line_id": pc.binary_join_element_wise(order_id, ordinal, "-"),
        "item_id": _words(lines.item, ITEM_IDS),
        "title": _words(lines.item, TITLES),
        "category": _words(CATEGORY_OF[lines.item], CATEGORIES),
        "brand": _same(BRAND, len(lines.item)),
        "quantity": pa.array(lines.quantity),
        "unit_price_fen": pa.array(PRICES_FEN[lines.item]),
        "item_paid_fen": pa.array(lines.paid_fen),
    }


def _unpaid(world: World, table: pa.Table) -> pa.Table:
    """Orders opened and never paid: copies of some rows, hours earlier, without payment."""
    draw = stream(world.seed, "unpaid")
    single = np.flatnonzero(pc.ends_with(table["line_id"], "-1").to_numpy(zero_copy_only=False))
    rows = single[draw.random(len(single)) < _UNPAID_RATE]
    copy = table.take(pa.array(rows))
    n = len(rows)
    earlier = (draw.uniform(1, 40, n) * HOUR * 1000).astype(np.int64)
    created = np.maximum(copy["paid_at"].cast(pa.int64()).to_numpy() - earlier, START * 1000)
    nothing = pa.array(np.zeros(n, np.int64))
    empty = pa.nulls(n, pa.timestamp("ms", tz="UTC"))
    order_id = pc.utf8_replace_slice(copy["order_id"], 0, 1, "2")
    changed = {
        "order_id": order_id,
        "line_id": pc.binary_join_element_wise(order_id, "1", "-"),
        "status": _same("closed", n),
        "created_at": pa.array(created, pa.timestamp("ms", tz="UTC")),
        **dict.fromkeys(("paid_at", "shipped_at", "finished_at", "refunded_at"), empty),
        **dict.fromkeys(("paid_fen", "shop_discount_fen", "item_paid_fen"), nothing),
        "refund_fen": pa.nulls(n, pa.int64()),
    }
    return pa.table({name: changed.get(name, copy[name]) for name in table.column_names})
