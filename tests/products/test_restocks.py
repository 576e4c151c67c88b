"""Rhythms, what they foretell, and how that is tested."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

import numpy as np
import pytest
from hypothesis import given

from tests.products.market import Line, Market, Order, markets
from yutang.errors import BadInput
from yutang.products import STATES, Scope, goods_of
from yutang.products.restocks import (
    Expected,
    bought_of,
    expected_of,
    hold_out_restocks,
    states_of,
)
from yutang.products.rhythms import Bought, gaps_of, rhythms_of, shrunk


@given(markets)
def test_purchase_days_are_what_was_bought(market: Market) -> None:
    goods = goods_of(market.book)
    found = bought_of(goods, Scope(0, 35, "private"))
    expected: dict = defaultdict(float)
    for order, line in market.sold(0, 35, "private"):
        if order.customer:
            expected[order.customer, line.item, order.day] += line.pieces
    names = goods.units["product"].names
    told = {
        (c, names[t], d): p
        for c, t, d, p in zip(found.customer.tolist(), found.thing.tolist(), found.day.tolist(),
                              found.pieces.tolist(), strict=True)
    }  # fmt: skip
    assert told == expected
    keys = list(zip(found.customer.tolist(), found.thing.tolist(), found.day.tolist(), strict=True))
    assert keys == sorted(keys)


def made(
    people: int = 400, *, spread: float = 0.2, between: float = 0.4, days: int = 30, times: int = 8,
    pieces: bool = False, seed: int = 3,
) -> Bought:  # fmt: skip
    """Customers with a rhythm of their own around `days`; pieces: a double pack lasts double."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(1, people + 1):
        own = np.log(days) + rng.normal(0, between)
        at = int(rng.integers(0, 30))
        for _ in range(times):
            pack = int(rng.integers(1, 4)) if pieces else 1
            rows.append((who, 0, at, float(pack)))
            at += max(1, round(float(np.exp(own + rng.normal(0, spread)) * pack)))
    table = np.array(rows)
    return Bought(*(table[:, i].astype(np.int64) for i in range(3)), table[:, 3])


def test_spread_inside_and_between_customers_is_found_again() -> None:
    found = rhythms_of(made(2_000), np.zeros(1, np.int32))
    assert np.exp(found.mu[0]) == pytest.approx(30, rel=0.03)
    assert np.sqrt(found.within[0]) == pytest.approx(0.2, abs=0.02)
    assert np.sqrt(found.between[0]) == pytest.approx(0.4, abs=0.03)
    assert found.gaps[0] == 14_000
    assert found.middle[0] == pytest.approx(30, rel=0.05)


def test_the_shrinkage_is_the_formula_of_the_page() -> None:
    found = rhythms_of(made(300), np.zeros(1, np.int32))
    bought = made(1, times=4, seed=9)
    told = expected_of(bought, found)
    gaps = np.diff(bought.day)
    centre, within, between = np.log(np.median(gaps)), found.within[0], found.between[0]
    weight = 3 * between / (3 * between + within)
    theta = weight * centre + (1 - weight) * found.mu[0]
    spread = np.sqrt(within + (1 - weight) * between)
    assert told.weight[0] == pytest.approx(weight)
    assert told.gap[0] == pytest.approx(float(np.exp(np.median(np.log(gaps)))))
    last = int(bought.day[-1])
    for name, error in zip(("low", "day", "high"), found.errors[0], strict=True):
        expected = last + np.exp(theta + error * spread)
        assert getattr(told, name)[0] == pytest.approx(expected)
    same, _, all_own = shrunk(found, np.array([0]), np.array([1.0]), np.array([1e9]))
    assert (same[0], all_own[0]) == (pytest.approx(1.0, abs=1e-6), pytest.approx(1.0, abs=1e-6))


def test_the_interval_holds_what_it_says_also_of_odd_laws() -> None:
    """Gaps with a long tail to one side: fitted on some customers, tested on others."""
    rng = np.random.default_rng(2)
    rows = []
    for who in range(1, 3_001):
        at, own = 0, 20 * rng.gamma(4, 1 / 4)
        for _ in range(7):
            rows.append((who, 0, at, 1.0))
            at += max(1, round(own * float(rng.exponential() + 0.5)))
    table = np.array(rows)
    every = Bought(*(table[:, i].astype(np.int64) for i in range(3)), table[:, 3])

    def part(rows_: np.ndarray) -> Bought:
        return Bought(*(getattr(every, n)[rows_] for n in ("customer", "thing", "day", "pieces")))

    found = rhythms_of(part(every.customer <= 2_000), np.zeros(1, np.int32))
    others = part(every.customer > 2_000)
    final = np.r_[others.customer[1:] != others.customer[:-1], True]
    known = Bought(*(getattr(others, n)[~final] for n in ("customer", "thing", "day", "pieces")))
    told, real = expected_of(known, found), others.day[final]
    assert 0.77 < np.mean((told.low <= real) & (real <= told.high)) < 0.83
    assert 0.45 < np.mean(real <= told.day) < 0.55


def test_pieces_count_where_they_matter_and_only_there() -> None:
    category = np.zeros(1, np.int32)
    packs = made(pieces=True)
    found = rhythms_of(packs, category)
    assert found.slope[0] == pytest.approx(1.0, abs=0.05)
    rng = np.random.default_rng(1)
    noise = Bought(packs.customer, packs.thing, made().day, rng.integers(1, 4, len(packs)) * 1.0)
    assert rhythms_of(noise, category).slope[0] == 0
    one = Bought(np.ones(3, np.int64), np.zeros(3, np.int64), np.array([0, 30, 60]),
                 np.array([1.0, 1.0, 3.0]))  # fmt: skip
    single = Bought(one.customer, one.thing, one.day, np.ones(3))
    waits = [expected_of(b, found).day[0] - 60 for b in (one, single)]
    assert waits[0] / waits[1] == pytest.approx(3 ** found.slope[0], rel=1e-6)


def test_a_thing_with_few_gaps_takes_the_rhythm_of_its_category() -> None:
    known = made(60, days=30)
    rare = Bought(np.array([900, 900]), np.array([1, 1]), np.array([0, 31]), np.ones(2))
    other = Bought(np.array([901, 901]), np.array([2, 2]), np.array([0, 5]), np.ones(2))
    joined = Bought(*(
        np.concatenate([getattr(b, n) for b in (known, rare, other)])
        for n in ("customer", "thing", "day", "pieces")
    ))  # fmt: skip
    found = rhythms_of(joined, np.array([0, 0, -1], np.int32))
    assert found.of.tolist() == [0, 3, 4]  # of its own, of its category, of everything
    assert found.gaps[[3, 4]].tolist() == [421, 422]
    gaps, _, _ = gaps_of(joined)
    assert found.middle[4] == pytest.approx(median(np.exp(gaps.y)))
    with pytest.raises(BadInput, match="Only 1 repeat"):
        rhythms_of(rare, np.array([0, 0], np.int32))


def test_states_by_the_day() -> None:
    days = np.array([80.0, 100.0, 104.0, 120.0])
    one = np.ones(4, np.int64)
    told = Expected(one, one, one, one, days, days, days, days - 5, days, days + 10)
    assert [STATES[s] for s in states_of(told, 100, 7)] == ["long", "due", "soon", "later"]
    assert [STATES[s] for s in states_of(told, 100, 20)] == ["long", "due", "soon", "soon"]


def test_the_test_foretells_with_what_was_known_only() -> None:
    """Of 400 customers, all rhythms were known; the interval of 80 % holds 80 %."""
    bought = made(400, times=12)
    until = 300
    bought = bought.up_to(until)
    found = hold_out_restocks(bought, np.zeros(1, np.int32), until=until, days=150)
    assert found.tested > 250
    assert found.coverage is not None
    assert 0.74 < found.coverage < 0.9
    assert found.mae_days < 0.75 * found.mae_category
    # Naively, one after the other: the first purchase after the cutoff, and the one that followed.
    rhythms = rhythms_of(bought.up_to(150), np.zeros(1, np.int32))
    tested = came = inside = 0
    for who in range(1, 401):
        days = bought.day[bought.customer == who].tolist()
        later = [day for day in days if day > 150]
        known = [day for day in days if day <= 150] + later[:1]
        if not later or len(known) < 2:
            continue
        size = len(known)
        own = Bought(np.full(size, who), np.zeros(size, np.int64), np.array(known), np.ones(size))
        told = expected_of(own, rhythms)
        if told.high[0] > until:
            continue
        tested += 1
        if len(later) > 1:
            came += 1
            inside += np.floor(told.low[0]) <= later[1] <= np.ceil(told.high[0])
    assert (found.tested, found.came, found.inside) == (tested, came, inside)


def test_restocks_of_a_category_and_a_domain() -> None:
    orders = [Order(1, d, (Line("a"), Line("c")), "public") for d in (5, 15)]
    orders += [Order(1, 10, (Line("a"),))]
    goods = goods_of(Market(orders).book)
    kinds = goods.units["category"]
    food = kinds.keys[kinds.names.index("food")]
    assert bought_of(goods, Scope(0, 99, "public", food)).day.tolist() == [5, 15]
    assert bought_of(goods, Scope(0, 99, "", food)).day.tolist() == [5, 10, 15]
    assert len(bought_of(goods, Scope(0, 12))) == 3
