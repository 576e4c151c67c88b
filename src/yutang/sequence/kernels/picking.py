# mypy: disable-error-code="no-untyped-def"
"""The rows of one customer that meet a matcher, found without a branch by row.

Which rows match is a coin toss to the processor: a loop that asks "if" of every row waits for wrong
guesses longer than it works. So the matching rows are written down first, and then walked.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.periods import per_ms, period_at


@njit(nogil=True, cache=True)
def longest(offsets):
    """The most rows of one customer."""
    most = 0
    for customer in range(offsets.size - 1):
        most = max(most, offsets[customer + 1] - offsets[customer])
    return most


@njit(nogil=True, cache=True)
def room_for(offsets):
    """int32 room for the rows of any one customer; offsets: int64, rows of the customers."""
    return np.empty(longest(offsets) + 1, np.int32)


@njit(nogil=True, cache=True)
def pick(keys, table, mask, first, end, picked):
    """Write the rows in [first, end) that have any bit of `mask` into picked; returns how many.

    keys: uint16 by row; table: uint32 bits by key; mask: uint32.
    """
    found = 0
    for row in range(first, end):
        picked[found] = row
        found += (table[keys[row]] & mask) != 0
    return found


@njit(nogil=True, cache=True)
def rows_with(keys, table, mask):
    """All such rows, ascending, int64."""
    out = np.empty(keys.size + 1, np.int64)
    found = 0
    for row in range(keys.size):
        out[found] = row
        found += (table[keys[row]] & mask) != 0
    return out[:found].copy()


@njit(nogil=True, cache=True)
def merge_rows(a, b):
    """Two ascending lists of rows (uint32) as one."""
    out = np.empty(a.size + b.size, np.uint32)
    i, j = 0, 0
    while i < a.size and j < b.size:
        x, y = a[i], b[j]
        smaller = x < y
        out[i + j] = x if smaller else y
        i += smaller
        j += not smaller
    out[i + j : i + b.size] = b[j:]
    out[i + b.size :] = a[i:]
    return out


@njit(nogil=True, cache=True)
def bits_of(keys, table):
    """The mask of every row, of the table's type: numpy would first widen all keys to 64 bits."""
    out = np.empty(keys.size, table.dtype)
    for row in range(keys.size):
        out[row] = table[keys[row]]
    return out


@njit(nogil=True, cache=True)
def place_rows(rows, time, offsets, days):
    """Customers (uint32) and business days (uint16) of ascending rows.

    rows: uint32; time: int64 by row; offsets: int64, rows of the customers; days: int64 starts of
    the days, and of the one after.
    """
    who, day = np.empty(rows.size, np.uint32), np.empty(rows.size, np.uint16)
    speed, customer = per_ms(days), 0
    for i in range(rows.size):
        while rows[i] >= offsets[customer + 1]:
            customer += 1
        who[i], day[i] = customer, period_at(time[rows[i]], days, speed)
    return who, day


@njit(nogil=True, cache=True)
def find_rows(index, rows, at):
    """Where each of ascending rows (int64) stands in an ascending index (uint32), from place `at`
    of it on; int64, -1: not there."""
    out = np.empty(rows.size, np.int64)
    for i in range(rows.size):
        while at < index.size and index[at] < rows[i]:
            at += 1
        out[i] = at if at < index.size and index[at] == rows[i] else -1
    return out
