"""Intervals of return and clocks against naive ones."""

from __future__ import annotations

import itertools
import math
from statistics import median

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yutang.customers.buying import Buying, Days, clocks_of, stages_of
from yutang.customers.intervals import (
    LEAST_AT_RISK,
    TRADE_INTERVAL_DAYS,
    Source,
    return_curve,
)
from yutang.customers.lifecycle_rule import LifecycleRule
from yutang.customers.rules import Stage
from yutang.kit.clock import DAY_MS

SEEN = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=120)
# (customer, day) → category of that purchase day
BOUGHT = st.dictionaries(
    st.tuples(st.integers(1, 9), st.integers(0, 400)), st.integers(-1, 2), max_size=60
)
WORDS = ["cake", "tea", "pan"]


def days_of(bought: dict[tuple[int, int], int]) -> Days:
    rows = sorted(bought)
    return Days(
        np.array([who for who, _ in rows], np.uint32),
        np.array([day for _, day in rows], np.int32),
        np.array([day * DAY_MS + 7 for _, day in rows], np.int64),
        np.array([bought[row] for row in rows], np.int32),
    )


def naive_curve(seen: list[tuple[int, bool]]) -> dict[int, float]:
    """Share that came back by day, by the textbook: at each return, one minus those who returned
    over those still watched."""
    stayed, found = 1.0, {}
    for t in sorted({days for days, back in seen if back}):
        at_risk = sum(days >= t for days, _ in seen)
        if at_risk < LEAST_AT_RISK:
            continue
        stayed *= 1 - sum(back and days == t for days, back in seen) / at_risk
        found[t] = 1 - stayed
    return found


@given(SEEN, st.sampled_from([0.5, 0.8, 0.9]))
def test_returns_are_estimated_with_those_who_are_still_out(
    seen: list[tuple[int, bool]], q: float
) -> None:
    duration = np.array([days for days, _ in seen], np.int32)
    curve = return_curve(duration, np.array([back for _, back in seen]))
    expected = naive_curve(seen)
    assert curve.days.tolist() == list(expected)
    assert np.allclose(curve.returned, list(expected.values()))
    assert (curve.gaps, curve.open) == (
        sum(back for _, back in seen), sum(not back for _, back in seen)
    )  # fmt: skip
    if expected:
        top = max(expected.values())
        by = next(t for t, share in expected.items() if share >= q * top - 1e-12)
        assert curve.quantile(q) == by
    else:
        assert math.isnan(curve.quantile(q))


def test_a_short_history_does_not_shorten_the_interval() -> None:
    """Returns after 10 to 200 days, all equally likely, watched for a year or for 120 days only:
    the gaps that ended look shorter, the estimate up to the horizon does not."""
    draw = np.random.default_rng(5)
    gap = draw.integers(10, 201, 20_000)
    start = draw.integers(0, 120, 20_000)
    watched = 120 - start
    back = gap <= watched
    curve = return_curve(np.minimum(gap, watched).astype(np.int32), back)
    share_by_60 = float(curve.returned[np.searchsorted(curve.days, 60)])
    assert abs(share_by_60 - 51 / 191) < 0.02  # as it truly is
    assert np.mean(gap[back] <= 60) > 0.55  # what the gaps that ended would say of all returns
    assert curve.horizon <= 120 <= 2 * curve.quantile(0.9)  # and the table says: not long enough


def naive_until(bought: dict[tuple[int, int], int], last_day: int) -> dict[int, list[int]]:
    by: dict[int, list[int]] = {}
    for who, day in sorted(bought):
        if day <= last_day:
            by.setdefault(who, []).append(day)
    return by


@given(BOUGHT, st.integers(-1, 410))
def test_what_was_known_at_a_moment(bought: dict[tuple[int, int], int], last_day: int) -> None:
    found = Buying(days_of(bought)).until(last_day)
    expected = naive_until(bought, last_day)
    assert found.customer.tolist() == list(expected)
    assert found.days.tolist() == [len(days) for days in expected.values()]
    assert found.last_at.tolist() == [days[-1] * DAY_MS + 7 for days in expected.values()]
    assert found.category.tolist() == [bought[who, days[-1]] for who, days in expected.items()]
    own = [
        median(b - a for a, b in itertools.pairwise(days)) if len(days) > 2 else math.nan
        for days in expected.values()
    ]
    assert np.array_equal(found.own, own, equal_nan=True)


def naive_limits(
    days: list[int], category: int, bought: dict[tuple[int, int], int], rule: LifecycleRule
) -> tuple[int, int, Source]:
    """The documentation's rule, customer by customer."""
    if category >= 0 and WORDS[category] in rule.categories:
        by_hand = rule.categories[WORDS[category]]
        return by_hand, max(by_hand + 1, round(by_hand * rule.lost_times)), Source.HAND
    if rule.mode == "fixed":
        return rule.dormant_days, rule.lost_days, Source.FIXED

    def curve(kind: int | None) -> dict[int, float] | None:
        seen = []
        for who, day in sorted(bought):
            later = [d for w, d in bought if w == who and d > day]
            if kind is None or bought[who, day] == kind:
                seen.append((min(later) - day, True) if later else (TODAY - day, False))
        gaps = sum(back for _, back in seen)
        found = naive_curve(seen)
        return found if gaps >= rule.least_gaps and found else None

    def after(found: dict[int, float], q: float) -> int:
        top = max(found.values())
        return next(t for t, share in found.items() if share >= q * top - 1e-12)

    own = [b - a for a, b in itertools.pairwise(days)]
    found, source = (curve(category) if category >= 0 else None), Source.CATEGORY
    if found is None:
        found, source = curve(None), Source.BRAND
    if rule.own and len(days) >= 3:
        stretch = after(found, rule.quantile) / after(found, 0.5) if found else 2.0
        raw, source = median(own) * stretch, Source.OWN
    elif found is None:
        return rule.dormant_days, rule.lost_days, Source.TRADE
    else:
        raw = after(found, rule.quantile)
    dormant = round(min(max(raw, rule.shortest_days), rule.longest_days))
    return dormant, max(dormant + 1, round(dormant * rule.lost_times)), source


TODAY = 420
RULES = st.builds(
    LifecycleRule,
    mode=st.sampled_from(["data", "data", "fixed"]),
    quantile=st.sampled_from([0.5, 0.8, 0.9]),
    lost_times=st.sampled_from([1.01, 2.0, 3.0]),
    least_gaps=st.sampled_from([1, 3, 100]),
    shortest_days=st.sampled_from([1, 30]),
    own=st.booleans(),
    categories=st.dictionaries(st.sampled_from(WORDS), st.integers(1, 300), max_size=2),
)
# Enough purchase days of one category that its curve is watched by LEAST_AT_RISK.
MANY = st.dictionaries(
    st.tuples(st.integers(1, 40), st.integers(0, 400)), st.integers(-1, 1), min_size=40,
    max_size=160,
)  # fmt: skip


@given(MANY, RULES, st.sampled_from([100, 300, 420]))
def test_stages_and_their_limits_follow_the_rule(
    bought: dict[tuple[int, int], int], rule: LifecycleRule, last_day: int
) -> None:
    buying = Buying(days_of(bought))
    intervals = buying.intervals(rule, TODAY, WORDS)
    buyers = buying.until(last_day)
    held = clocks_of(buyers, intervals, rule, len(WORDS))
    moment = (last_day + 1) * DAY_MS - 1
    stage = stages_of(buyers, held, moment)
    for place, (_who, days) in enumerate(naive_until(bought, last_day).items()):
        dormant, lost, source = naive_limits(days, int(buyers.category[place]), bought, rule)
        assert (held.dormant_after[place], held.lost_after[place]) == (dormant, lost)
        assert held.limit[place] == source
        since = moment - (days[-1] * DAY_MS + 7)
        if since > lost * DAY_MS:
            expected = Stage.LOST
        elif since > dormant * DAY_MS:
            expected = Stage.DORMANT
        else:
            expected = Stage.REPEAT if len(days) > 1 else Stage.FIRST
        assert stage[place] == expected


def test_fixed_days_are_the_trade_s_half_year_and_year() -> None:
    """Mode fixed tells exactly the stages of 180 and 365 days, whoever buys in whatever rhythm."""
    bought = {(who, who * 10): who % 3 for who in range(1, 41)}
    buying, rule = Buying(days_of(bought)), LifecycleRule(mode="fixed")
    buyers = buying.until()
    held = clocks_of(buyers, buying.intervals(rule, TODAY, WORDS), rule, len(WORDS))
    for today in (180, 181, 190, 365, 366, 500, 700):
        got = stages_of(buyers, held, today * DAY_MS + 7)
        ages = [today - who * 10 for who in range(1, 41)]
        expected = [
            Stage.LOST if age > 365 else Stage.DORMANT if age > 180 else Stage.FIRST for age in ages
        ]
        assert got.tolist() == expected


def test_too_few_returns_fall_back_and_say_so() -> None:
    rule = LifecycleRule()
    buying = Buying(days_of({(1, 1): 0, (1, 9): 0, (2, 5): 1}))
    buyers = buying.until()
    found = buying.intervals(rule, TODAY, WORDS)
    held = clocks_of(buyers, found, rule, len(WORDS))
    assert set(found.source.tolist()) == {Source.TRADE}
    assert held.limit.tolist() == held.source.tolist() == [Source.TRADE, Source.TRADE]
    assert held.dormant_after.tolist() == [180, 180]
    assert held.lost_after.tolist() == [365, 365]
    assert held.interval.tolist() == [TRADE_INTERVAL_DAYS] * 2


def test_half_and_slow_returns_of_a_known_distribution() -> None:
    """Every customer returns once, after 1 to 100 days, each as likely: half by 50, 90 % by 90."""
    bought = {(who, 0): 0 for who in range(1, 1_001)}
    bought |= {(who, 1 + who % 100): 1 for who in range(1, 1_001)}
    found = Buying(days_of(bought)).intervals(LifecycleRule(), 2_000, WORDS)
    row = found.category.tolist().index(0)
    # The last 30 at risk end the curve at day 98, a share of 0.98.
    assert (found.median[row], found.slow[row]) == (49, 89)
    assert found.returning[row] > 0.97
    assert (found.dormant_after[row], found.lost_after[row]) == (89, 178)
    assert found.long_enough()[row] == (found.watched[row] >= 178)
