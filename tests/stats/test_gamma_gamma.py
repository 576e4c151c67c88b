"""Gamma-Gamma against the published numbers of CDNOW."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stats.cdnow import calibration, needs_cdnow, repeat_value
from yutang.stats.gamma_gamma import (
    expected_value,
    fit_gamma_gamma,
    log_likelihood,
    population_mean,
)


@needs_cdnow
def test_the_parameters_of_the_sample():
    x, mean = calibration()[1], repeat_value()
    fitted = (x > 0) & (mean > 0)
    assert fitted.sum() == 946
    found = fit_gamma_gamma(x[fitted], mean[fitted])
    assert list(found.params.values()) == pytest.approx([6.2496, 3.7442, 15.4435], rel=1e-4)
    assert found.log_likelihood == pytest.approx(-4055.917695, abs=1e-3)
    params = np.array(list(found.params.values()))
    assert population_mean(params) == pytest.approx(35.17, abs=0.01)
    first = expected_value(np.array([6.25, 3.74, 15.44]), x[:10], mean[:10])
    assert first == pytest.approx(
        [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17], abs=0.05
    )


@settings(max_examples=40, deadline=None)
@given(
    params=st.tuples(*[st.floats(0.2, 20)] * 3).map(np.array),
    bought=st.lists(st.tuples(st.integers(1, 20), st.floats(0.5, 900)), min_size=1, max_size=6),
)
def test_the_gradient_is_that_of_the_likelihood(params, bought):
    x, mean = np.array([b[0] for b in bought]), np.array([b[1] for b in bought])
    _, gradient = log_likelihood(params, x, mean)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-6 * params[i]
        up, down = (log_likelihood(params + s, x, mean)[0] for s in (step, -step))
        assert gradient[i] == pytest.approx((up - down) / (2 * step[i]), rel=1e-3, abs=1e-2)


def test_parameters_of_simulated_customers_are_found_again():
    rng, (p, q, v) = np.random.default_rng(2), (6.0, 4.0, 15.0)
    n = 20_000
    x, rate = rng.integers(1, 8, n), rng.gamma(q, 1 / v, n)
    mean = rng.gamma(p * x, 1 / rate) / x
    found = fit_gamma_gamma(x, mean)
    assert list(found.params.values()) == pytest.approx([p, q, v], rel=0.05)
    assert population_mean(np.array([p, q, v])) == pytest.approx(mean.mean(), rel=0.02)


def test_who_never_bought_again_has_the_mean_of_all():
    params = np.array([6.0, 4.0, 15.0])
    assert expected_value(params, np.array([0]), np.array([np.nan]))[0] == population_mean(params)
    assert np.isnan(population_mean(np.array([6.0, 0.9, 15.0])))
    assert np.isnan(expected_value(np.array([6.0, 0.9, 15.0]), np.array([0]), np.array([0.0]))[0])


def test_nobody_is_refused():
    with pytest.raises(ValueError, match="bought again"):
        fit_gamma_gamma(np.empty(0, np.int64), np.empty(0))
