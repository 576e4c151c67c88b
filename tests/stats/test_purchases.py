from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.stats.purchases import cells_of, histories

_bought = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30)), max_size=40)


@given(bought=_bought, until=st.integers(0, 30))
def test_histories_are_what_their_definition_says(bought, until):
    pairs = np.array(bought, np.int64).reshape(-1, 2)
    found = histories(pairs[:, 0], pairs[:, 1], until)
    expected = []
    for customer in sorted({c for c, day in bought if day <= until}):
        days = sorted({day for c, day in bought if c == customer and day <= until})
        expected.append((customer, len(days) - 1, days[-1] - days[0], until - days[0]))
    assert list(zip(*(one.tolist() for one in found), strict=True)) == expected


@pytest.mark.parametrize("stretch", [1, 10**8])
@given(bought=_bought, until=st.integers(0, 30))
def test_cells_hold_every_customer_once(stretch, bought, until):
    pairs = np.array(bought, np.int64).reshape(-1, 2)
    _, x, recency, age = histories(pairs[:, 0], pairs[:, 1] * stretch, until * stretch)
    cells, at = cells_of(x, recency, age)
    assert (cells.x[at] == x).all()
    assert (cells.recency[at] == recency).all()
    assert (cells.age[at] == age).all()
    assert cells.weight.tolist() == np.bincount(at, minlength=len(cells.x)).tolist()
    assert cells.customers == len(x)
    assert (cells.xs[cells.at] == cells.x).all()
    assert len({*zip(cells.x, cells.recency, cells.age, strict=True)}) == len(cells.x)


@pytest.mark.parametrize("history", [(1, 0, 5), (0, 1, 5), (1, 6, 5), (-1, 0, 5)])
def test_histories_that_cannot_be_are_refused(history):
    with pytest.raises(ValueError, match="recency"):
        cells_of(*(np.array([one]) for one in history))
