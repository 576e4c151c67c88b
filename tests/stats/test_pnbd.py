"""Pareto/NBD against the published numbers of CDNOW, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln

from tests.stats.cdnow import calibration, needs_cdnow
from tests.stats.test_bgnbd import cells, weekly
from yutang.stats.pnbd import (
    alive,
    expected,
    expected_of_new,
    fit_pnbd,
    log_likelihood,
    log_likelihoods,
    median_wait,
    no_purchase,
)
from yutang.stats.purchases import cells_of

CDNOW = np.array([0.55328, 10.57769, 0.60624, 11.66855])
_params = st.tuples(st.floats(0.1, 4), st.floats(1, 30), st.floats(0.1, 4), st.floats(1, 30)).map(
    np.array
)
_history = st.tuples(st.integers(0, 8), st.integers(1, 200), st.integers(1, 200)).map(
    lambda h: (h[0], h[1] if h[0] else 0, h[1] + h[2])
)


@needs_cdnow
def test_the_parameters_of_the_sample():
    found = fit_pnbd(calibration()[4])
    assert list(found.params.values()) == pytest.approx(CDNOW, rel=1e-4)
    assert found.log_likelihood == pytest.approx(-9594.976179, abs=1e-3)
    assert found.at_bound == ()


@needs_cdnow
def test_the_holdout_of_the_sample():
    _, x, _, _, made, at = calibration()
    found = expected(CDNOW, made, 39)[at]
    group = np.minimum(x, 7)
    assert np.bincount(group, found) / np.bincount(group) == pytest.approx(
        [0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403], abs=1e-3
    )
    assert found.sum() == pytest.approx(1665.5, abs=0.3)


def test_published_expectations():
    assert expected_of_new(CDNOW, np.array([52.0]))[0] == pytest.approx(1.47343, abs=1e-4)
    often = weekly(26, 30 + 6 / 7, 31)
    assert expected(CDNOW, often, 52)[0] == pytest.approx(25.455, abs=2e-3)
    assert alive(CDNOW, often)[0] == pytest.approx(0.99787, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(params=_params, history=_history)
def test_the_likelihood_is_the_integral_over_when_he_left(params, history):
    """For each rate of buying and of leaving: still alive, or gone after the last purchase."""
    r, alpha, s, beta = params
    x, recency, age = history[0], history[1] / 7, history[2] / 7

    def rates(extra):  # E[rate^x e^(-rate extra)] over gamma(r, alpha)
        return np.exp(
            gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + extra)
        )

    stays = rates(age) * (beta / (beta + age)) ** s
    leaves = quad(lambda y: rates(y) * s * beta**s / (beta + y) ** (s + 1), recency, age)[0]
    made, _ = cells(history)
    assert log_likelihoods(params, made)[0] == pytest.approx(np.log(stays + leaves), rel=1e-6)
    assert alive(params, made)[0] == pytest.approx(stays / (stays + leaves), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(params=_params, histories=st.lists(_history, min_size=1, max_size=6))
def test_the_gradient_is_that_of_the_likelihood(params, histories):
    made, _ = cells(*histories)
    value, gradient = log_likelihood(params, made)
    assert value == pytest.approx(float(made.weight @ log_likelihoods(params, made)), rel=1e-10)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * params[i]
        up, down = (log_likelihood(params + s, made)[0] for s in (step, -step))
        assert gradient[i] == pytest.approx((up - down) / (2 * step[i]), rel=1e-4, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(params=_params, history=_history, weeks=st.floats(0.5, 60))
def test_no_purchase_is_the_integral_over_the_first_one(params, history, weeks):
    r, alpha, s, beta = params
    x, age = history[0], history[2] / 7
    made, _ = cells(history)

    def density(y):
        buys = (r + x) / (alpha + age) * ((alpha + age) / (alpha + age + y)) ** (r + x + 1)
        return buys * ((beta + age) / (beta + age + y)) ** s

    some = quad(density, 0, weeks)[0] * alive(params, made)[0]
    quiet = no_purchase(params, made, weeks)[0]
    assert quiet == pytest.approx(1 - some, abs=1e-8)
    assert expected(params, made, weeks)[0] >= 1 - quiet - 1e-9
    assert median_wait(params, made)[0] > 0


def test_equal_scales_and_the_pole_at_one():
    for params in ((0.5, 10, 1, 10), (0.5, 10, 1, 12)):
        found = expected(np.array(params, float), weekly(2, 10, 20), 26)[0]
        beside = expected(np.array(params) + np.array([0, 0, 1e-4, 0]), weekly(2, 10, 20), 26)[0]
        assert found == pytest.approx(beside, rel=1e-3)


def test_nobody_is_refused():
    with pytest.raises(ValueError, match="no purchase"):
        fit_pnbd(cells_of(*(np.empty(0, np.int64) for _ in range(3)))[0])
