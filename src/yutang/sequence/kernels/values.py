# mypy: disable-error-code="no-untyped-def"
"""What customers bring in from a moment on, business day by business day."""

from __future__ import annotations

import numpy as np
from numba import njit

# Bit of the table: the event somebody starts with; the bits above it are revenue.
START = 1


@njit(nogil=True, cache=True)
def starters(picked, keys, table, time, offsets, lo, hi):
    """Rows of each customer's first event of bit `START` in [lo, hi], int64; -1: none.

    picked: int64, ascending, the rows that have a bit; keys: uint16 by row; table: uint32 bits by
    key; time: int64 by row; offsets: int64, rows of the customers.
    """
    rows = np.full(offsets.size - 1, -1, np.int64)
    customer = 0
    for row in picked:
        while row >= offsets[customer + 1]:
            customer += 1
        if rows[customer] < 0 and table[keys[row]] & START and lo <= time[row] <= hi:
            rows[customer] = row
    return rows


@njit(nogil=True, cache=True)
def revenue(picked, keys, table, time, offsets, began, days, most):
    """Every event of a revenue bit, from its customer's start on, within `most` days.

    began: int64 ms by customer, the least int64 for those who did not start; days: int64 starts of
    all business days; the rest as `starters`. Day 0 is the day of the start.
    Returns int64 customer positions, int32 days since the start, int64 rows.
    """
    who, since = np.empty(picked.size, np.int64), np.empty(picked.size, np.int32)
    rows = np.empty(picked.size, np.int64)
    never = np.iinfo(np.int64).min
    made, customer, known, first, day = 0, 0, -1, 0, 0
    for row in picked:
        while row >= offsets[customer + 1]:
            customer += 1
        at = began[customer]
        if at == never or time[row] < at or table[keys[row]] <= START:
            continue
        if customer != known:
            first = np.searchsorted(days, at, side="right") - 1
            known, day = customer, first
        while day + 1 < days.size and time[row] >= days[day + 1]:
            day += 1
        if day - first < most:
            who[made], since[made], rows[made] = customer, day - first, row
            made += 1
    return who[:made], since[:made], rows[:made]
