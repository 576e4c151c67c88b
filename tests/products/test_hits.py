"""What sells, held against counting by hand."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.products.market import Line, Market, Order, markets
from yutang.products import SECOND_DAYS, Scope, goods_of, hit_row, hits_of


def naive(market: Market, first: int, last: int, domain: str, today: int) -> dict:
    """thing → its figures."""
    places: dict = defaultdict(int)
    nth, nexts = {}, {}
    previous: dict = {}
    for order in market.orders:
        if not order.paid or not order.customer:
            continue
        nth[id(order)] = places[order.customer]
        places[order.customer] += 1
        if order.customer in previous:
            nexts[id(previous[order.customer])] = order
        previous[order.customer] = order
    found: dict = {}
    for order in market.orders:
        # An order never paid that gives something back is a cancellation invoice.
        if order.day < first or order.day > last or domain not in ("", order.domain):
            continue
        for line in () if order.paid else order.lines:
            if line.refund:
                found.setdefault(line.item, _nothing())["refund_fen"] += line.refund
    for order in market.orders:
        if not order.paid or not first <= order.day <= last or domain not in ("", order.domain):
            continue
        priced = any(line.paid > 0 for line in order.lines)
        for line in order.lines:
            if priced and line.paid == 0 and not line.refund:
                continue
            one = found.setdefault(line.item, _nothing())
            one["refund_fen"] += line.refund
            if not priced or line.paid > 0:
                one["sales_fen"] += line.paid
                one["pieces"] += line.pieces
                one["orders"][id(order)] = order
                if order.customer:
                    one["days"].add((order.customer, order.day))
    for one in found.values():
        orders = one.pop("orders")
        days = one.pop("days")
        one["orders"] = len(orders)
        one["buyers"] = len({c for c, _ in days})
        one["repeat"] = len({c for c, d in days if any(e == c and f != d for e, f in days)})
        mine = [order for key, order in orders.items() if nth.get(key) == 0]
        one["first_orders"] = len(mine)
        one["second_orders"] = sum(nth.get(key) == 1 for key in orders)
        closed = [order for order in mine if order.day + SECOND_DAYS <= today]
        came = [
            order for order in closed
            if id(order) in nexts and nexts[id(order)].day - order.day <= SECOND_DAYS
        ]  # fmt: skip
        one["second_rate"] = len(came) / len(closed) if closed else None
    return found


def _nothing() -> dict:
    return {"sales_fen": 0, "refund_fen": 0, "pieces": 0.0, "orders": {}, "days": set()}


@given(markets, st.sampled_from(["", "public"]), st.sampled_from([40, 120]))
def test_the_list_is_what_counting_finds(market: Market, domain: str, today: int) -> None:
    goods = goods_of(market.book)
    found = hits_of(goods, Scope(5, 35, domain), (1, 4), today)
    rows = {r["name"]: r for r in (hit_row(found, goods, n) for n in range(len(found)))}
    expected = naive(market, 5, 35, domain, today)
    assert set(rows) == set(expected)
    for name, one in expected.items():
        for figure, value in one.items():
            assert rows[name][figure] == pytest.approx(value), (name, figure)
    before = naive(market, 1, 4, domain, today)
    for name, row in rows.items():
        assert row["orders_before"] == before.get(name, {"orders": 0})["orders"]
    sales = [found.sales_fen.tolist()[n] for n in range(len(found))]
    assert sales == sorted(sales, reverse=True)


def weekly(counts: dict[str, tuple[int, int]]) -> Market:
    """Orders by thing, of days 1 to 28 and 29 to 56, spread evenly."""
    made, who = [], 0
    for item, parts in counts.items():
        for part, count in enumerate(parts):
            for n in range(count):
                who += 1
                made.append(Order(who, 1 + 28 * part + n * 28 // max(count, 1), (Line(item),)))
    return Market(made)


def test_growth_needs_more_than_noise() -> None:
    goods = goods_of(weekly({"a": (100, 200), "b": (4, 8), "c": (100, 50), "d": (100, 101)}).book)
    found = hits_of(goods, Scope(29, 56), (1, 28), 56)
    rows = {r["name"]: r for r in (hit_row(found, goods, n) for n in range(len(found)))}
    assert {name: row["trend"] for name, row in rows.items()} == {
        "a": "rising", "b": "steady", "c": "falling", "d": "steady",
    }  # fmt: skip
    assert rows["a"]["growth"] == 2.0
    assert rows["a"]["growth_low"] > 1.5
    assert rows["b"]["growth"] == 2.0
    assert rows["b"]["growth_low"] < 1
    # By sales: a 200, d 101, c 50, b 8; before a, c, d had 100 each, b 4.
    assert [rows[name]["rank"] for name in "adcb"] == [1, 2, 3, 4]
    assert rows["b"]["rank_before"] == 4
    assert sum(rows["a"]["weeks"][-4:]) == 200


def test_a_season_lifts_nothing_where_growth_is_beside_all_orders() -> None:
    counts = dict.fromkeys("abc", (100, 200)) | {"d": (100, 90)}
    goods = goods_of(weekly(counts).book)
    told = {}
    for relative in (False, True):
        found = hits_of(goods, Scope(29, 56), (1, 28), 56, relative=relative)
        rows = [hit_row(found, goods, n) for n in range(len(found))]
        told[relative] = {row["name"]: row["trend"] for row in rows}
    assert told[False] == {"a": "rising", "b": "rising", "c": "rising", "d": "steady"}
    assert told[True] == {"a": "steady", "b": "steady", "c": "steady", "d": "falling"}


def test_what_was_never_sold_before_is_new() -> None:
    market = Market(
        [Order(n, 1 + n % 60, (Line("a"),)) for n in range(1, 121)]
        + [Order(500 + n, 40 + n % 20, (Line("b"),)) for n in range(30)]
    )
    goods = goods_of(market.book)
    found = hits_of(goods, Scope(31, 60), (1, 30), 60)
    rows = {r["name"]: r for r in (hit_row(found, goods, n) for n in range(len(found)))}
    assert rows["a"]["trend"] == "steady"
    assert (rows["b"]["trend"], rows["b"]["rank_before"], rows["b"]["growth"]) == ("new", 0, None)
    # A brand whose own history begins with the days asked about has no new products.
    begun = hits_of(goods, Scope(1, 60), (-59, 0), 60)
    assert "new" not in {hit_row(begun, goods, n)["trend"] for n in range(len(begun))}


def test_private_and_public_are_compared_by_pieces() -> None:
    orders = [Order(n, 3, (Line("a", 3, 300),)) for n in (1, 2)]
    orders += [Order(n, 3, (Line("a", 2, 200), Line("b")), "public") for n in (3, 4)]
    goods = goods_of(Market(orders).book)
    found = hits_of(goods, Scope(0, 9), None, 9)
    row = hit_row(found, goods, 0)
    assert (row["name"], row["items_ratio"], row["private_share"]) == ("a", 1.5, 0.6)
    assert (row["trend"], row["growth"]) == ("unknown", None)
    assert hit_row(found, goods, 1)["items_ratio"] is None
    assert (found.all_orders, found.all_sales_fen) == (4, 1_200)
