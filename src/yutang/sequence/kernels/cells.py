# mypy: disable-error-code="no-untyped-def"
"""Values kept by cell, side by side: those of cell i are values[cuts[i] : cuts[i + 1]]."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def starts_of(counts):
    """int64 [cells + 1], where each cell begins; counts: int64 by cell."""
    cuts = np.zeros(counts.size + 1, np.int64)
    for cell in range(counts.size):
        cuts[cell + 1] = cuts[cell] + counts[cell]
    return cuts


@njit(nogil=True, cache=True)
def sort_by_cell(cell, value, cells):
    """(values by cell, in their order within it; int64 cuts [cells + 1]).

    cell: int64 by entry; value: of any type by entry.
    """
    counts = np.zeros(cells, np.int64)
    for i in range(cell.size):
        counts[cell[i]] += 1
    cuts = starts_of(counts)
    at = cuts.copy()
    out = np.empty_like(value)
    for i in range(cell.size):
        c = cell[i]
        out[at[c]] = value[i]
        at[c] += 1
    return out, cuts


@njit(nogil=True, cache=True)
def add_cells(values, cuts, place, out, at):
    """Copy the values of cell i to at[place[i]] of `out`, and move `at` behind them.

    values, out: of one type; cuts: int64 [cells + 1]; place: int64 by cell; at: int64.
    """
    for cell in range(place.size):
        first, end, to = cuts[cell], cuts[cell + 1], place[cell]
        out[at[to] : at[to] + end - first] = values[first:end]
        at[to] += end - first


@njit(nogil=True, cache=True)
def sum_sorted(values, cuts):
    """Two float64 by cell: its sum, and what rounding lost of it (compensated after Neumaier).

    values: float64; cuts: int64 [cells + 1].
    """
    total, lost = np.zeros(cuts.size - 1), np.zeros(cuts.size - 1)
    for cell in range(cuts.size - 1):
        high, low = 0.0, 0.0
        for i in range(cuts[cell], cuts[cell + 1]):
            x = values[i]
            t = high + x
            # What was lost (Knuth): without a branch, whichever of the two is greater.
            back = t - high
            low += (high - (t - back)) + (x - back)
            high = t
        total[cell], lost[cell] = high, low
    return total, lost
