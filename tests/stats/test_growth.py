"""Growth of counts: exact intervals held against scipy, and against draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from yutang.stats import growth

_counts = st.integers(0, 300)


@given(_counts, _counts, st.sampled_from([0.5, 1.0, 3.0]))
def test_the_ratio_of_rates_is_exact(now: int, before: int, exposure: float) -> None:
    ratio, low, high = (float(v) for v in growth.rate_ratio(now, before, exposure))
    if not now + before:
        assert np.isnan(ratio)
        assert (low, high) == (0.0, np.inf)
        return
    known = binomtest(now, now + before).proportion_ci(0.95, "exact")
    assert low == pytest.approx(known.low / (1 - known.low) / exposure, rel=1e-6)
    if before:
        assert ratio == pytest.approx(now / before / exposure)
        assert high == pytest.approx(known.high / (1 - known.high) / exposure, rel=1e-6)
    else:
        assert high == np.inf


@given(_counts, _counts, st.sampled_from([0.5, 1.0, 3.0]))
def test_p_is_twice_the_smaller_tail(now: int, before: int, exposure: float) -> None:
    found = float(growth.rate_ratio_p(now, before, exposure))
    if not now + before:
        assert found == 1.0
        return
    share = exposure / (1 + exposure)
    tails = [binomtest(now, now + before, share, side).pvalue for side in ("less", "greater")]
    assert found == pytest.approx(min(1.0, 2 * min(tails)), abs=1e-9)


def test_a_spread_of_four_halves_what_is_known() -> None:
    _, low, high = growth.rate_ratio(400, 400, spread=4.0)
    _, low_of_less, high_of_less = growth.rate_ratio(100, 100)
    assert (float(low), float(high)) == (float(low_of_less), float(high_of_less))


def test_overdispersion_is_one_of_poisson_counts_and_not_of_others() -> None:
    rng = np.random.default_rng(3)
    season = np.array([1.0, 1.0, 4.0, 1.0, 0.5, 1.0])
    mean = rng.uniform(5, 50, (300, 1)) * season
    plain = rng.poisson(mean).astype(float)
    assert growth.overdispersion(plain) == pytest.approx(1.0, abs=0.08)
    wild = rng.poisson(mean * rng.gamma(5, 1 / 5, mean.shape)).astype(float)
    assert growth.overdispersion(wild) > 3
    assert growth.overdispersion(plain[:1]) == 1.0
    assert growth.overdispersion(np.zeros((0, 6))) == 1.0
