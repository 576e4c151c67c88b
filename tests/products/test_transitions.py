"""Steps from one purchase day to the next, and guesses of the next one."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.products.market import CATEGORY, Line, Market, Order, markets
from yutang.errors import BadInput
from yutang.products import Scope, StepsQuestion, goods_of, step_row, transitions, transitions_of
from yutang.products.next_thing import (
    PRIOR_STEPS,
    Hits,
    best_of,
    fitted_next,
    hold_out_next,
    suggest,
)
from yutang.products.visits import visits_of


def visits(market: Market, last: int, domain: str = "", level: str = "product") -> dict:
    """customer → {day: things}."""
    found: dict = defaultdict(lambda: defaultdict(set))
    for order, line in market.sold(0, last, domain):
        thing = line.item if level == "product" else CATEGORY[line.item]
        if order.customer and thing:
            found[order.customer][order.day].add(thing)
    return {c: dict(sorted(days.items())) for c, days in found.items()}


@given(markets, st.booleans(), st.sampled_from(["", "private"]),
       st.sampled_from(["product", "category"]))  # fmt: skip
def test_steps_are_what_walking_through_the_days_finds(
    market: Market, first_only: bool, domain: str, level
) -> None:
    goods = goods_of(market.book)
    scope = Scope(5, 35, domain, level=level)
    found = transitions_of(goods, StepsQuestion(scope, first_only, least=1))
    both: dict = defaultdict(list)
    of_a: dict = defaultdict(int)
    of_b: dict = defaultdict(int)
    seen: dict = defaultdict(int)
    steps = 0
    for days in visits(market, 35, domain, level).values():
        dates = list(days)
        for n, day in enumerate(dates):
            if day < 5 or (first_only and n):
                continue
            for a in days[day]:
                seen[a] += 1
            if n + 1 == len(dates):
                continue
            steps += 1
            for a in days[day]:
                of_a[a] += 1
            for b in days[dates[n + 1]]:
                of_b[b] += 1
                for a in days[day]:
                    both[a, b].append(dates[n + 1] - day)
    rows = [step_row(found, place) for place in range(len(found))]
    assert found.steps == steps
    assert {(r["a_name"], r["b_name"]): r["both"] for r in rows} == {
        pair: len(gaps) for pair, gaps in both.items()
    }
    for r in rows:
        a, b = r["a_name"], r["b_name"]
        assert (r["of_a"], r["of_b"]) == (of_a[a], of_b[b])
        assert r["days"] == median(both[a, b])
        assert r["share"] == pytest.approx(len(both[a, b]) / of_a[a])
        assert r["base"] == pytest.approx(of_b[b] / steps)
    for place, thing in enumerate(found.visits.things.tolist()):
        name = found.visits.units.names[thing]
        assert found.seen[place] == seen[name]
        expected = of_a[name] / seen[name] if seen[name] else 0
        assert found.returned[place] == pytest.approx(expected)


@given(markets)
def test_the_people_of_a_step(market: Market) -> None:
    goods = goods_of(market.book)
    units = goods.units["product"]
    if not {"a", "b"} <= set(units.names):
        return
    a, b = (units.keys[units.names.index(name)] for name in "ab")
    asked = StepsQuestion(Scope(0, 100))
    went, stand = set(), set()
    for customer, days in visits(market, 100).items():
        held = list(days.values())
        if any("a" in one and "b" in other for one, other in pairwise(held)):
            went.add(customer)
        if "a" in held[-1]:
            stand.add(customer)
    assert set(transitions.did(goods, asked, a, b).tolist()) == went
    assert set(transitions.waiting(goods, asked, a).tolist()) == stand


def two_habits(people: int = 200) -> Market:
    """Half buy a on every day; of the others, who bought b takes c next, and b after c."""
    made = []
    for who in range(1, people + 1):
        for n in range(6):
            thing = "a" if who % 2 else "bc"[n % 2]
            made.append(Order(who, 10 + 15 * n + who % 7, (Line(thing),)))
    return Market(made)


def test_guesses_come_true_where_there_are_habits_and_are_tested_on_later_days() -> None:
    goods = goods_of(two_habits().book)
    seen = visits_of(goods, Scope(0, 91), until=91)
    tested = hold_out_next(seen, 20)
    rates = {one.method: one.rate(1) for one in tested.by_method}
    assert rates["transitions"] == 1.0
    assert rates["model"] == 1.0
    assert rates["same_again"] == 0.5  # right for those who always buy a
    assert rates["popular"] == 0.5
    assert {one.tested for one in tested.by_method} == {200}
    assert tested.cutoff == 71


def test_a_guess_gives_its_chance_and_reason() -> None:
    goods = goods_of(two_habits().book)
    model = fitted_next(visits_of(goods, Scope(0, 91), until=91), 5.0)
    first = suggest(model, 2)[0]  # b c b c b c: next is b
    # T = (steps c → b + 20 · base) / (steps c + 20); 200 steps from c, all to b, of 1,000 steps
    base = 200 / 1000
    follows = (200 + PRIOR_STEPS * base) / (200 + PRIOR_STEPS)
    assert (first["name"], first["reason"], first["after_name"]) == ("b", "follows", "c")
    assert first["share"] == pytest.approx(follows)
    assert first["chance"] == pytest.approx((3 + 5 * follows) / (6 + 5))
    again = suggest(model, 1)[0]
    assert (again["name"], again["reason"], again["days_with"]) == ("a", "again", 6)
    assert suggest(model, 999) == []


def test_too_few_are_not_tested() -> None:
    few = visits_of(goods_of(two_habits(10).book), Scope(0, 91), until=91)
    with pytest.raises(BadInput, match="Only 10 customers"):
        hold_out_next(few, 20)
    nobody = visits_of(goods_of(Market([Order(1, 3, (Line("a"),))]).book), Scope(0, 9), until=9)
    with pytest.raises(BadInput, match="second day"):
        fitted_next(nobody, 5.0)


@given(st.lists(st.lists(st.integers(0, 5), min_size=30, max_size=30), min_size=1, max_size=5),
       st.integers(1, 3))  # fmt: skip
def test_the_best_are_the_highest_and_of_equal_ones_high(rows, k: int) -> None:
    scores = np.array(rows, float)
    found = best_of(scores, k)
    for row, places in zip(rows, found.tolist(), strict=True):
        assert [row[p] for p in places] == sorted(row, reverse=True)[:k]
        assert len(set(places)) == k


def test_a_rate_has_its_interval() -> None:
    one = Hits("model", 100, (50, 60, 70))
    assert one.rate(3) == 0.7
    low, high = one.interval(1)
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
