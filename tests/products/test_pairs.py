"""Pairs held against counting by hand."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.products.market import Line, Market, Order, markets
from yutang.errors import BadInput, NotFound
from yutang.products import PairsQuestion, Scope, goods_of, pair_row, pairs, pairs_of
from yutang.products.cooccurrence import stretches, together

ALL = Scope(0, 10**6)


def stretch_starts(days: set[int], length: int) -> dict[int, int]:
    """Day → the day that opened its stretch, one after the other."""
    found, begin = {}, None
    for day in sorted(days):
        if begin is None or day > begin + length:
            begin = day
        found[day] = begin
    return found


def naive(market: Market, by: str, days: int, domain: str) -> tuple[dict, dict, int]:
    """(pair → baskets, thing → baskets, baskets)."""
    sold = market.sold(5, 35, domain)
    baskets: dict = defaultdict(set)
    mine: dict = defaultdict(set)
    for order, _ in sold:
        mine[order.customer].add(order.day)
    for order, line in sold:
        if by == "order":
            baskets[id(order)].add(line.item)
        elif order.customer:
            begin = stretch_starts(mine[order.customer], days)[order.day]
            baskets[order.customer, begin].add(line.item)
    both: dict = defaultdict(int)
    of: dict = defaultdict(int)
    for things in baskets.values():
        for one in things:
            of[one] += 1
        for pair in combinations(sorted(things), 2):
            both[pair] += 1
    return both, of, len(baskets)


@given(markets, st.sampled_from(["order", "customer"]), st.sampled_from([0, 3, 30]),
       st.sampled_from(["", "private"]))  # fmt: skip
def test_pairs_are_what_counting_finds(market: Market, by, days: int, domain: str) -> None:
    goods = goods_of(market.book)
    found = pairs_of(goods, PairsQuestion(Scope(5, 35, domain), by, days, least=2))
    both, of, n = naive(market, by, days, domain)
    rows = [pair_row(found, goods, place) for place in range(len(found))]
    assert found.baskets == n
    told = {tuple(sorted((row["a_name"], row["b_name"]))): row for row in rows}
    assert {pair: row["both"] for pair, row in told.items()} == {
        pair: count for pair, count in both.items() if count >= 2
    }
    for row in rows:
        assert (row["of_a"], row["of_b"]) == (of[row["a_name"]], of[row["b_name"]])
        assert row["support"] == pytest.approx(row["both"] / n)
        assert row["confidence_ab"] == pytest.approx(row["both"] / row["of_a"])
        assert row["lift"] == pytest.approx(row["both"] * n / row["of_a"] / row["of_b"])
        assert row["lift_low"] <= row["lift"] <= row["lift_high"]
    extra = [row["extra"] for row in rows]
    assert extra == sorted(extra, reverse=True)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=60), st.integers(1, 4),
       st.integers(2, 6))  # fmt: skip
def test_large_baskets_are_left_out_and_told(rows, least: int, most: int) -> None:
    held: dict = defaultdict(set)
    for basket, thing in rows:
        held[basket].add(thing)
    small = [things for things in held.values() if len(things) <= most]
    pairs_ = np.array(rows, np.int64).reshape(-1, 2)
    found = together(pairs_[:, 0], pairs_[:, 1], 6, least=least, most=most)
    assert (found.baskets, found.left_out) == (len(small), len(held) - len(small))
    assert found.of.tolist() == [sum(thing in one for one in small) for thing in range(6)]
    counted = {
        pair: count for pair in combinations(range(6), 2)
        if (count := sum(set(pair) <= one for one in small)) >= least
    }  # fmt: skip
    assert dict(zip(zip(found.a.tolist(), found.b.tolist(), strict=True), found.both.tolist(),
                    strict=True)) == counted  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50)), max_size=40), st.integers(0, 20))
def test_a_stretch_is_opened_by_a_purchase(rows, days: int) -> None:
    table = np.array(rows, np.int64).reshape(-1, 2)
    number = stretches(table[:, 0], table[:, 1], days).tolist()
    mine: dict = defaultdict(set)
    for customer, day in rows:
        mine[customer].add(day)
    expected = [(c, stretch_starts(mine[c], days)[d]) for c, d in rows]
    same = [[a == b for b in expected] for a in expected]
    assert [[a == b for b in number] for a in number] == same


def shop() -> Market:
    """100 orders: bread 40, milk 30, both 20; soap 10, with bread 2; customers 1 to 100."""
    held = ["ab"] * 20 + ["a"] * 18 + ["b"] * 10 + ["ac"] * 2 + ["c"] * 8 + ["d"] * 42
    return Market(
        [Order(n, 10 + n % 5, tuple(Line(one) for one in things)) for n, things in
         enumerate(held, start=1)]
    )  # fmt: skip


def test_a_golden_example() -> None:
    goods = goods_of(shop().book)
    found = pairs_of(goods, PairsQuestion(ALL, least=2))
    first, second = (pair_row(found, goods, place) for place in range(2))
    assert {first["a_name"], first["b_name"]} == {"a", "b"}
    assert (first["both"], first["of_a"], first["of_b"]) == (20, 40, 30)
    assert first["support"] == 0.2
    assert first["confidence_ab"] == 0.5
    assert first["confidence_ba"] == pytest.approx(2 / 3)
    assert first["lift"] == pytest.approx(5 / 3)
    # exp(-1.96 · sqrt(1/20 − 1/40 − 1/30 − 1/100 + 40/1200)) = exp(-1.96 · sqrt(0.015))
    assert first["lift_low"] == pytest.approx(5 / 3 * np.exp(-1.959964 * np.sqrt(0.015)), rel=1e-6)
    assert first["sure"]
    assert second["lift"] == 0.5
    assert not second["sure"]


def test_the_people_of_a_pair() -> None:
    goods, units = (made := goods_of(shop().book)), made.units["product"]
    key = dict(zip(units.names, units.keys, strict=True))
    asked = PairsQuestion(ALL)
    assert pairs.both_of(goods, asked, key["a"], key["b"]).tolist() == list(range(1, 21))
    only = pairs.only_of(goods, asked, key["a"], key["b"]).tolist()
    assert only == [*range(21, 39), *range(49, 51)]
    with pytest.raises(NotFound):
        pairs.both_of(goods, asked, key["a"], "nothing")


@given(markets, st.sampled_from(["order", "customer"]), st.sampled_from([0, 3, 30]))
def test_the_people_of_a_pair_are_those_of_its_baskets(market: Market, by, days: int) -> None:
    goods = goods_of(market.book)
    units = goods.units["product"]
    asked = PairsQuestion(ALL, by, days)
    if {"a", "b"} <= set(units.names):
        keys = [units.keys[units.names.index(name)] for name in "ab"]
        sold = market.sold()
        mine: dict = defaultdict(set)
        held: dict = defaultdict(set)
        for order, _ in sold:
            mine[order.customer].add(order.day)
        for order, line in sold:
            begin = stretch_starts(mine[order.customer], days)[order.day]
            place = id(order) if by == "order" else begin
            held[order.customer, place].add(line.item)
        expected = {c for (c, _), things in held.items() if c and {"a", "b"} <= things}
        assert set(pairs.both_of(goods, asked, *keys).tolist()) == expected
        bought = {name: {o.customer for o, line in sold if line.item == name} for name in "ab"}
        assert set(pairs.only_of(goods, asked, *keys).tolist()) == (bought["a"] - bought["b"]) - {0}


def test_a_category_and_a_thing_filter_the_list_only() -> None:
    goods = goods_of(shop().book)
    kinds = goods.units["category"]
    care = kinds.keys[kinds.names.index("care")]
    found = pairs_of(goods, PairsQuestion(Scope(0, 10**6, category=care), least=2))
    assert [pair_row(found, goods, 0)[name] for name in ("both", "of_a")] == [2, 40]
    assert found.baskets == 100
    units = goods.units["product"]
    of_b = pairs_of(goods, PairsQuestion(ALL, least=2, thing=units.keys[units.names.index("b")]))
    assert len(of_b) == 1


@pytest.mark.parametrize(
    "wrong", [{"by": "moon"}, {"days": -1}, {"days": 999}, {"least": 1}],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(BadInput):
        PairsQuestion(ALL, **wrong)
    with pytest.raises(BadInput):
        Scope(0, 1, domain="moon")
    with pytest.raises(BadInput):
        Scope(0, 1, level="moon")  # type: ignore[arg-type]
