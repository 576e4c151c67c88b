"""Fitting and scoring, on the CDNOW sample's published numbers and on made histories."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.stats.cdnow import day, needs_cdnow, purchases
from yutang.errors import BadInput
from yutang.predictions import fitted, hold_out
from yutang.predictions.fitting import HORIZONS
from yutang.predictions.purchases import summed


def cdnow(until: str = "1998-06-30"):
    customer, days, value = purchases()
    return summed(customer, days, value, day(until))


def made(rng, people=400, until=400):
    """Customers who buy at their own rates; nobody leaves."""
    customer, days = [], []
    for who, rate in enumerate(rng.gamma(2.0, 0.02, people), start=1):
        at = rng.integers(0, 100)
        while at <= until:
            customer.append(who)
            days.append(int(at))
            at += 1 + rng.exponential(1 / rate)
    value = rng.gamma(5.0, 10.0, len(days))
    return summed(np.array(customer), np.array(days), value, until)


@needs_cdnow
def test_the_published_parameters_come_out():
    found = fitted(cdnow("1997-09-30"))
    told = found.to_json()
    assert list(told["params"].values()) == pytest.approx(
        [0.2425945, 4.4136021, 0.7929219, 2.4259065], rel=1e-4
    )
    assert told["log_likelihood"] == pytest.approx(-9582.429207, abs=1e-3)
    assert (told["customers"], told["cells"], told["until"]) == (2357, 1016, "1997-09-30")
    assert told["gamma_gamma"] == pytest.approx(
        {"p": 6.2496, "q": 3.7442, "v": 15.4435, "log_likelihood": -4055.917695}, rel=1e-4
    )
    other = fitted(cdnow("1997-09-30"), "pnbd").to_json()
    assert list(other["params"].values()) == pytest.approx(
        [0.55328, 10.57769, 0.60624, 11.66855], rel=1e-3
    )


@needs_cdnow
def test_the_published_holdout_comes_out():
    found = hold_out(cdnow(), calibrated_until=day("1997-09-30"))
    assert found.actual.sum() == 1882
    assert found.expected.sum() == pytest.approx(1653.4, abs=0.1)
    assert found.ratio == pytest.approx(0.879, abs=1e-3)
    groups = found.by_frequency()
    assert [one["people"] for one in groups] == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert [one["expected"] for one in groups] == pytest.approx(
        [0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570], abs=2e-4
    )
    curve = {int(d): i for i, d in enumerate(found.weeks)}
    start = day("1997-01-01")
    for week, expected, actual in (
        (39, 2501.5, 2457), (52, 3134.1, 3183), (65, 3680.6, 3844), (78, 4165.7, 4339),
    ):  # fmt: skip
        at = curve[start + 7 * week - 1]
        # Published for the end of a week of seven full days after the first one: a day later.
        assert found.expected_curve[at] == pytest.approx(expected, rel=0.004)
        assert found.actual_curve[at] == pytest.approx(actual, rel=0.002)


def test_scores_add_up():
    found = fitted(made(np.random.default_rng(1)))
    plain = found.scores()
    for short, long in pairwise(HORIZONS):
        assert (plain.orders[short] <= plain.orders[long] + 1e-12).all()
    assert plain.value[90] == pytest.approx(plain.orders[90] * found.spend())
    later = found.scores(margin=0.5, discount=0.1)
    assert (later.value[365] < 0.5 * plain.value[365]).all()
    assert (later.value[365] > 0.5 * plain.value[365] / 1.1).all()
    assert later.orders[365] == pytest.approx(plain.orders[365])
    assert ((plain.alive >= 0) & (plain.alive <= 1)).all()
    assert ((plain.churn >= 1 - plain.alive - 1e-12) & (plain.churn <= 1)).all()
    assert (plain.next_on > found.until).all()
    assert abs(found.correlation) < 0.3


@pytest.mark.parametrize("model", ["bgnbd", "pnbd"])
def test_what_is_expected_comes_true_where_the_story_is_the_models(model):
    found = hold_out(made(np.random.default_rng(2), people=1500), model)
    assert found.ratio == pytest.approx(1.0, abs=0.05)
    deciles = found.by_decile()
    assert sum(one["people"] for one in deciles) == len(found.actual)
    assert deciles[-1]["capture"] == deciles[-1]["best_capture"] == 1.0
    captures = [one["capture"] for one in deciles]
    assert captures == sorted(captures)
    assert deciles[0]["capture"] > 0.15  # a random order would have 0.1
    assert all(one["capture"] <= one["best_capture"] + 1e-12 for one in deciles)
    assert found.expected_curve[-1] == pytest.approx(found.actual_curve[-1], rel=0.05)
    assert found.to_json()["ratio"] == found.ratio


def test_too_little_to_learn_from():
    few = made(np.random.default_rng(3), people=5)
    with pytest.raises(BadInput, match="more than one day"):
        fitted(few)
    short = made(np.random.default_rng(4), until=40)
    with pytest.raises(BadInput, match="too little time"):
        hold_out(short)
    nobody = summed(*(np.empty(0, np.int64) for _ in range(2)), np.empty(0), 10)
    with pytest.raises(BadInput):
        fitted(nobody)
    with pytest.raises(BadInput):
        hold_out(nobody)
