# mypy: disable-error-code="no-untyped-def"
"""What customers bring in from a moment on, business day by business day."""

from __future__ import annotations

import numpy as np
from numba import njit

# Bit of the table: the event somebody starts with; the bits above it are revenue.
START = 1


@njit(nogil=True, cache=True)
def starters(keys, table, time, offsets, keep, lo, hi):
    """Rows of each customer's first event of bit `START` in [lo, hi], int64; -1: none."""
    rows = np.full(offsets.size - 1, -1, np.int64)
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        for row in range(offsets[customer], offsets[customer + 1]):
            if table[keys[row]] & START and lo <= time[row] <= hi:
                rows[customer] = row
                break
    return rows


@njit(nogil=True, cache=True)
def revenue(keys, table, time, offsets, began, days, most):
    """Every event of a revenue bit, from its customer's start on, within `most` days.

    began: int64 ms by customer, negative infinity (the least int64) for those who did not start;
    days: int64 starts of all business days. Day 0 is the day of the start.
    Returns int64 customer positions, int32 days since the start, int64 rows.
    """
    size = offsets[-1]
    who, since = np.empty(size, np.int64), np.empty(size, np.int32)
    rows = np.empty(size, np.int64)
    never = np.iinfo(np.int64).min
    made = 0
    for customer in range(offsets.size - 1):
        at = began[customer]
        if at == never:
            continue
        first = np.searchsorted(days, at, side="right") - 1
        day = first
        for row in range(offsets[customer], offsets[customer + 1]):
            if time[row] < at or table[keys[row]] <= START:
                continue
            while day + 1 < days.size and time[row] >= days[day + 1]:
                day += 1
            if day - first >= most:
                break
            who[made], since[made], rows[made] = customer, day - first, row
            made += 1
    return who[:made], since[:made], rows[:made]
