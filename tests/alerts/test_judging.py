"""Rules against numbers: limits, changes, and the band against numpy and scipy."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from yutang.alerts import judging, rule, speaking, words
from yutang.alerts.judging import band, judge
from yutang.alerts.rule import Rule, read_rule
from yutang.errors import BadInput

DAY = {"column": "A", "unit": "day"}


def made(**more: object) -> Rule:
    return read_rule({"watch": DAY, **more})


@pytest.mark.parametrize("module", [judging, rule, speaking, words])
def test_the_examples_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("side", "low", "high", "value", "state"),
    [
        ("above", None, 10, 10, "calm"),
        ("above", None, 10, 10.1, "firing"),
        ("below", 10, None, 10, "calm"),
        ("below", 10, None, 9, "firing"),
        ("between", 5, 10, 5, "firing"),
        ("between", 5, 10, 11, "calm"),
        ("outside", 5, 10, 4, "firing"),
        ("outside", 5, 10, 10, "calm"),
    ],
)
def test_a_limit_is_passed_or_not(side, low, high, value, state):
    found = judge(made(kind="threshold", side=side, low=low, high=high), value, [])
    assert found.state == state


@pytest.mark.parametrize(
    ("before", "value", "way", "state"),
    [
        (100, 120, "both", "firing"),
        (100, 119, "both", "calm"),
        (100, 80, "up", "calm"),
        (100, 80, "down", "firing"),
        (1, 3, "both", "calm"),  # 200 % of almost nothing
        (0, 500, "both", "firing"),
        (500, 0, "up", "calm"),
        (500, 0, "both", "firing"),
        (0, 0, "both", "calm"),
    ],
)
def test_a_change_must_be_large_and_of_something(before, value, way, state):
    found = judge(made(kind="change", least=20, base=30, way=way), value, [before])
    assert found.state == state
    assert found.change is None or math.isfinite(found.change)


def test_an_absolute_change_has_no_base():
    rule = made(kind="change", measure="absolute", least=2, base=30)
    assert judge(rule, 3, [1]).state == "firing"
    assert judge(rule, 2, [1]).state == "calm"


def test_a_change_without_a_before_cannot_be_judged():
    assert judge(made(kind="change"), 3, [None]).state == "empty"


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=26), st.floats(1, 20), st.floats(-1e6, 1e6)
)
def test_the_band_is_that_of_scipy(earlier, score, value):
    """Oracle: |x - median| / MAD of scipy at scale 1/1.4826, where no floor is in the way."""
    mad = stats.median_abs_deviation(earlier, scale=1 / 1.4826)
    middle = float(np.median(earlier))
    scale = max(mad, 0.05 * abs(middle))
    low, high = band(earlier, score, "number")
    assert low == pytest.approx(middle - score * scale, abs=1e-6)
    assert high == pytest.approx(middle + score * scale, abs=1e-6)
    fires = judge(made(score=score), value, earlier, "number").state == "firing"
    if abs(abs(value - middle) - score * scale) > 1e-3:
        assert fires == (abs(value - middle) > score * scale)


def test_equal_numbers_have_the_swing_of_counts():
    """Golden: eight times 100, MAD 0, Poisson 10: 100 ± 3.5 · 10."""
    assert band([100] * 8, 3.5, "count") == (65, 135)
    assert judge(made(), 60, [100] * 8).state == "firing"
    assert judge(made(), 70, [100] * 8).state == "calm"
    assert judge(made(way="up"), 60, [100] * 8).state == "calm"


def test_zeros_do_not_make_the_first_event_an_alarm():
    assert judge(made(), 3, [0] * 8).state == "calm"
    assert judge(made(), 4, [0] * 8).state == "firing"


def test_a_rate_stays_between_0_and_1():
    low, high = band([0.99, 0.98, 0.97, 0.99, 0.98, 0.99], 3.5, "rate")
    assert high == 1.0
    assert 0.9 < low < 0.96


def test_five_weeks_say_nothing_yet():
    assert judge(made(), 9, [10.0] * 5 + [None] * 3).state == "empty"
    assert judge(made(), 9, [10.0] * 6).state == "calm"


def test_the_same_weekday_is_reached():
    assert made().reaches(1) == tuple(7 * n for n in range(1, 9))
    hour = read_rule({"watch": {"column": "A", "unit": "hour"}, "weeks": 6})
    assert hour.reaches(1)[0] == 168
    assert read_rule({"watch": {"column": "A", "unit": "month"}, "weeks": 6}).reaches(1)[-1] == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "threshold", "side": "above"},
        {"kind": "threshold", "side": "between", "low": 5, "high": 5},
        {"kind": "threshold", "side": "above", "high": float("nan")},
        {"least": 0},
        {"weeks": 5},
        {"weeks": "x"},
        {"kind": "sideways"},
        {"more": 1},
        {"kind": "change", "against": "last_week", "watch": {"column": "A", "unit": "month"}},
    ],
)
def test_a_rule_that_means_nothing_is_refused(wrong):
    with pytest.raises(BadInput):
        read_rule({"watch": DAY, **wrong})
