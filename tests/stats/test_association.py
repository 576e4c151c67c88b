"""Bounds of shares and of lift, held against scipy and against counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency, false_discovery_control

from yutang.stats import association


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_is_that_of_scipy(hits: int, n: int) -> None:
    hits = min(hits, n)
    low, high = association.wilson(hits, n)
    expected = binomtest(hits, n).proportion_ci(0.95, "wilson")
    assert float(low) == pytest.approx(expected.low, abs=1e-9)
    assert float(high) == pytest.approx(expected.high, abs=1e-9)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert association.wilson(0, 0) == (0.0, 1.0)


_tables = st.tuples(*[st.integers(1, 300)] * 3, st.integers(1, 3000))


@given(_tables)
def test_g_is_the_likelihood_ratio_of_a_table(table: tuple[int, int, int, int]) -> None:
    both, only_a, only_b, none = table
    a, b, n = both + only_a, both + only_b, sum(table)
    found = chi2_contingency([[both, only_a], [only_b, none]], False, "log-likelihood")
    half = found.pvalue / 2
    expected = half if both * n > a * b else 1 - half
    assert float(association.g_test(both, a, b, n)) == pytest.approx(expected, abs=1e-9)


def test_g_of_a_table_with_an_empty_cell() -> None:
    assert float(association.g_test(5, 5, 5, 1000)) < 1e-12
    assert float(association.g_test(0, 10, 10, 20)) > 0.99


def test_lift_of_a_table_counted_by_hand() -> None:
    # 1,000 baskets; bread 200, milk 100, both 60: 0.06 / (0.2 × 0.1) = 3
    assert float(association.lift(60, 200, 100, 1000)) == 3.0
    spread = math.sqrt(1 / 60 - 1 / 200 - 1 / 100 - 1 / 1000 + 2 * 60 / (200 * 100))
    low, high = association.lift_interval(60, 200, 100, 1000)
    assert float(low) == pytest.approx(3 * math.exp(-1.959964 * spread), rel=1e-6)
    assert float(high) == pytest.approx(3 * math.exp(1.959964 * spread), rel=1e-6)
    assert association.lift_interval(0, 200, 100, 1000) == (0.0, np.inf)


def test_the_interval_of_lift_holds_the_truth_as_often_as_it_says() -> None:
    """4,000 draws of 2,000 baskets whose lift is 2."""
    rng = np.random.default_rng(5)
    p = np.array([0.04, 0.16, 0.06, 0.74])  # a 0.2, b 0.1, both 0.04
    draws = rng.multinomial(2000, p, 4000)
    both, a, b = draws[:, 0], draws[:, 0] + draws[:, 1], draws[:, 0] + draws[:, 2]
    low, high = association.lift_interval(both, a, b, 2000)
    assert 0.94 < np.mean((low <= 2) & (high >= 2)) < 0.96


@given(st.lists(st.floats(0, 1), max_size=30))
def test_q_is_benjamini_and_hochbergs(values: list[float]) -> None:
    p = np.array(values)
    found = association.benjamini_hochberg(p)
    if len(p):
        assert found == pytest.approx(false_discovery_control(p), abs=1e-12)
    for i, one in enumerate(values):  # by its definition
        least = min(
            other * len(values) / sum(third <= other for third in values)
            for other in values
            if other >= one
        )
        assert found[i] == pytest.approx(min(least, 1.0), abs=1e-12)
