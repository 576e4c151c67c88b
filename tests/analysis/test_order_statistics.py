"""Order statistics of many numbers, against sorting them all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.analysis import order_statistics
from yutang.analysis.order_statistics import percentiles, sorted_at

_wide = st.integers(-(2**62), 2**62)
_numbers = st.one_of(
    st.lists(st.integers(0, 9), min_size=1).map(lambda x: np.array(x, np.int32)),
    st.lists(_wide, min_size=1).map(lambda x: np.array(x, np.int64)),
    st.lists(st.floats(-1e100, 1e100), min_size=1).map(np.array),
    st.lists(st.floats(0, 1e-290), min_size=1).map(np.array),
)


@pytest.fixture(autouse=True)
def always_in_two_passes(monkeypatch):
    monkeypatch.setattr(order_statistics, "_MANY", 0)


@given(values=_numbers, data=st.data())
def test_what_stands_at_a_place(values, data):
    places = data.draw(st.sets(st.integers(0, values.size - 1)).map(sorted))
    assert sorted_at(values, places) == np.sort(values)[places].tolist()


@given(values=_numbers, data=st.data())
def test_few_and_many_have_the_same_percentiles(values, data):
    percents = data.draw(st.sampled_from([(50,), (0, 100), (10, 25, 50, 75, 90)]))
    zeros = 0 if values.min() < 0 else data.draw(st.integers(0, 3))
    found = percentiles(values, percents, zeros)
    ranked = np.sort(np.concatenate([np.zeros(zeros, values.dtype), values])).tolist()
    for percent, one in zip(percents, found, strict=True):
        rank, share = divmod((len(ranked) - 1) * percent, 100)
        low, high = ranked[rank], ranked[min(rank + 1, len(ranked) - 1)]
        assert one == float((low * 100 + (high - low) * share) / 100)


def test_the_median_of_many_numbers_that_crowd_in_one_bucket():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.exponential(1.0, 30_000), [1e12]])
    assert sorted_at(values, [15_000]) == [np.sort(values)[15_000]]
