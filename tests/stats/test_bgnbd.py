"""BG/NBD against the published numbers of CDNOW, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_of
from scipy.stats import gamma as gamma_of

from tests.stats.cdnow import calibration, needs_cdnow, repeat_days
from yutang.stats.bgnbd import (
    alive,
    expected,
    expected_of_new,
    fit_bgnbd,
    log_likelihood,
    log_likelihoods,
    median_wait,
    no_purchase,
)
from yutang.stats.purchases import cells_of

CDNOW = np.array([0.2425945, 4.4136021, 0.7929219, 2.4259065])
_params = st.tuples(*[st.floats(0.05, 8)] * 4).map(np.array)
_history = st.tuples(st.integers(0, 12), st.integers(1, 300), st.integers(0, 200)).map(
    lambda h: (h[0], h[1] if h[0] else 0, h[1] + h[2])
)


def cells(*histories):
    """Cells of histories (x, recency, age) in days, in their order."""
    made, at = cells_of(*np.array(histories, np.int64).T)
    return made, at


def weekly(x, recency, age):
    """One history in weeks; days are whole, so weeks are given in sevenths."""
    return cells((x, round(recency * 7), round(age * 7)))[0]


@needs_cdnow
def test_the_parameters_of_the_sample():
    found = fit_bgnbd(calibration()[4])
    assert list(found.params.values()) == pytest.approx(CDNOW, rel=1e-4)
    assert found.log_likelihood == pytest.approx(-9582.429207, abs=1e-3)
    assert found.at_bound == ()
    assert calibration()[4].customers == 2_357
    assert len(calibration()[4].x) == 1_016


@needs_cdnow
def test_the_holdout_of_the_sample():
    _, x, _, _, made, at = calibration()
    found = expected(CDNOW, made, 39)[at]
    actual = repeat_days("1997-10-01", "1998-06-30")
    group = np.minimum(x, 7)
    counts = np.bincount(group)
    assert counts.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert np.bincount(group, found) / counts == pytest.approx(
        [0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570], abs=2e-4
    )
    assert np.bincount(group, actual) / counts == pytest.approx(
        [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594], abs=1e-4
    )
    assert found.sum() == pytest.approx(1653.4, abs=0.1)


def test_published_single_likelihoods():
    params = np.array([0.25, 4, 0.8, 2.5])
    assert log_likelihoods(params, weekly(0, 0, 40))[0] == pytest.approx(-0.59947382)
    assert log_likelihoods(params, weekly(200, 38, 40))[0] == pytest.approx(100.7957, abs=1e-4)


def test_published_expectations():
    weeks = np.array([1 / 7, 1, 3, 31 + 6 / 7, 32, 78])
    assert expected_of_new(CDNOW, weeks) == pytest.approx(
        [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=4e-4
    )
    assert expected_of_new(CDNOW, np.array([52.0]))[0] == pytest.approx(1.44401, abs=1e-5)
    often = weekly(26, 30 + 6 / 7, 31)
    assert expected(CDNOW, often, 52)[0] == pytest.approx(25.757, abs=1e-3)
    assert alive(CDNOW, often)[0] == pytest.approx(0.96885, abs=1e-5)
    some = weekly(2, 30 + 3 / 7, 38 + 6 / 7)
    assert expected(CDNOW, some, 39)[0] == pytest.approx(1.2259, abs=2e-4)
    assert alive(CDNOW, some)[0] == pytest.approx(0.7266, abs=1e-4)
    paradox = [expected(CDNOW, weekly(x, 20, 39), 52)[0] for x in (10, 15, 20, 25)]
    assert paradox == pytest.approx([0.34746, 0.04283, 0.00416, 0.000358], rel=2e-3)


@settings(max_examples=50, deadline=None)
@given(params=_params, histories=st.lists(_history, min_size=1, max_size=6))
def test_the_gradient_is_that_of_the_likelihood(params, histories):
    made, _ = cells(*histories)
    value, gradient = log_likelihood(params, made)
    assert value == pytest.approx(float(made.weight @ log_likelihoods(params, made)), rel=1e-9)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-6 * params[i]
        up, down = (log_likelihood(params + s, made)[0] for s in (step, -step))
        assert gradient[i] == pytest.approx((up - down) / (2 * step[i]), rel=1e-3, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(params=_params, history=_history, weeks=st.floats(0.5, 60))
def test_what_is_expected_adds_up(params, history, weeks):
    made, _ = cells(history)
    quiet = no_purchase(params, made, weeks)[0]
    assert 0 <= quiet <= 1
    assert expected(params, made, weeks)[0] >= 1 - quiet - 1e-9  # at least one, where any
    assert no_purchase(params, made, weeks + 1)[0] <= quiet + 1e-12
    half = median_wait(params, made)[0]
    of_alive = (1 - no_purchase(params, made, half)[0]) / alive(params, made)[0]
    assert of_alive == pytest.approx(0.5)


def test_expectations_are_those_of_simulated_customers():
    """Ten thousand customers by the model's own story."""
    rng, (r, alpha, a, b) = np.random.default_rng(1), CDNOW
    n, weeks = 40_000, 30.0
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    bought, at, here = np.zeros(n), np.zeros(n), np.ones(n, bool)
    while here.any():
        at[here] += rng.exponential(1 / rate[here])
        here &= at <= weeks
        bought += here
        here &= rng.random(n) >= leave
    mean, error = bought.mean(), bought.std() / np.sqrt(n)
    assert expected_of_new(CDNOW, np.array([weeks]))[0] == pytest.approx(mean, abs=4 * error)


def test_the_pole_at_one_is_no_hole():
    near = [expected(np.array([0.5, 5, a, 2]), weekly(2, 10, 20), 26)[0] for a in (1, 1.0001)]
    assert near[0] == pytest.approx(near[1], rel=1e-3)
    assert np.isfinite(expected_of_new(np.array([0.5, 5, 1, 2]), np.array([26.0]))).all()


def test_nobody_is_refused():
    empty, _ = cells_of(*(np.empty(0, np.int64) for _ in range(3)))
    with pytest.raises(ValueError, match="no purchase"):
        fit_bgnbd(empty)


@pytest.mark.slow
def test_the_expected_count_is_the_sum_of_its_chances():
    """E[X(t)] of a new customer = the integral over his rate and chance of leaving."""
    r, alpha, a, b = 0.9, 3.0, 0.7, 2.0

    def given_both(rate, leave, t):
        return (1 - np.exp(-rate * leave * t)) / leave

    def inner(rate):
        weight = gamma_of.pdf(rate, r, scale=1 / alpha)
        return weight * quad(lambda p: given_both(rate, p, 20) * beta_of.pdf(p, a, b), 0, 1)[0]

    assert expected_of_new(np.array([r, alpha, a, b]), np.array([20.0]))[0] == pytest.approx(
        quad(inner, 0, np.inf, limit=200)[0], rel=1e-4
    )
