"""Values carried by cell: joined from views, small where they fit, summed without loss."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from yutang.analysis.cell_values import CellValues
from yutang.analysis.order_statistics import percentiles

_FAR = 2**40


def of(*cells):
    cuts = np.cumsum([0, *(len(cell) for cell in cells)])
    return CellValues(np.array([x for cell in cells for x in cell], np.int64), cuts)


def test_values_of_several_views_stand_side_by_side_by_cell():
    parts = [(of([1, 2], [3]), np.array([2, 0])), (of([], [4]), np.array([0, 2]))]
    joined = CellValues.join(parts, 3, np.int32)
    assert joined.values.tolist() == [3, 1, 2, 4]
    assert joined.cuts.tolist() == [0, 1, 1, 4]
    assert joined.percentiles(2, 3, (50,)) == [2.0]
    assert joined.percentiles(0, 3, (0, 100)) == [1.0, 4.0]
    assert joined.percentiles(1, 2, (50,)) == [None]


def test_nothing_joined_is_nothing():
    joined = CellValues.join([], 2, np.float64)
    assert joined.percentiles(0, 2, (50,)) == [None]
    assert joined.sums().mean(0, 2) is None


@pytest.mark.parametrize("value", [5, 2**31 - 1, 2**31, _FAR])
def test_whole_numbers_keep_their_value_however_great(value):
    parts = [(of([value]).small(), np.array([0])), (of([1]).small(), np.array([0]))]
    assert CellValues.join(parts, 1, np.int32).percentiles(0, 1, (0, 100)) == [1.0, float(value)]


def test_means_lose_nothing_over_cells():
    chance = random.Random(1)
    values = [chance.uniform(-1, 1) * 10 ** chance.randint(-9, 9) for _ in range(9_000)]
    cell = np.array([chance.randint(0, 4) for _ in values])
    held = CellValues.of(cell, np.array(values), 5).sums()
    assert held.mean(0, 5) == math.fsum(values) / len(values)
    own = [x for x, c in zip(values, cell, strict=True) if c == 3]
    assert held.mean(3, 4) == math.fsum(own) / len(own)


def test_zeros_that_are_only_counted_are_values_like_others():
    chance = np.random.default_rng(2)
    for _ in range(500):
        values = chance.integers(0, 9, chance.integers(0, 8))
        zeros = int(chance.integers(0, 8))
        asked = tuple(chance.integers(0, 101, 2).tolist())
        whole = np.concatenate([np.zeros(zeros, np.int64), values])
        assert percentiles(values, asked, zeros) == percentiles(whole, asked)
