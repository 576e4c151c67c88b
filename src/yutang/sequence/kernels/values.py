# mypy: disable-error-code="no-untyped-def"
"""What customers bring in from a moment on, business day by business day."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def first_of(who, day, opens, customers):
    """Place in a list of rows of each customer's first one on a day that counts; -1: none.

    who: uint32 customers of the rows, ascending, below `customers`; day: uint16; opens: bool by
    day. Returns int64 by customer.
    """
    out = np.full(customers + 1, -1, np.int64)
    for i in range(who.size - 1, -1, -1):  # what is written last is the first row
        out[who[i] if opens[day[i]] else customers] = i
    return out[:customers].copy()


@njit(nogil=True, cache=True)
def since_start(rows, who, day, time, began, begun_on, most):
    """The rows from their customer's start on, within `most` days.

    rows, who: uint32, ascending, day: uint16, of the list; time: int64 by row; began: int64 ms by
    customer, the greatest int64 for those who did not start; begun_on: int64 day of the start by
    customer, counted as `day`. Day 0 is the day of the start.
    Returns int64 customers, int32 days since the start, int64 rows.
    """
    owner, since = np.empty(rows.size + 1, np.int64), np.empty(rows.size + 1, np.int32)
    kept = np.empty(rows.size + 1, np.int64)
    made = 0
    for i in range(rows.size):  # without a branch: who started is a coin toss
        row, customer = rows[i], who[i]
        after = np.int64(day[i]) - begun_on[customer]
        owner[made], since[made], kept[made] = customer, after, row
        made += (time[row] >= began[customer]) & (after < most)
    return owner[:made].copy(), since[:made].copy(), kept[:made].copy()
