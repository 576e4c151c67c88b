# mypy: disable-error-code="no-untyped-def"
"""Single places of the sorted order of many numbers, without sorting or copying them all.

Numbers are put into buckets that rise with them; only the buckets that hold the places asked for
are looked into. Which bucket a number is in is the same in both passes, so the answer is exact
however the numbers are spread.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BUCKETS = 4_096


@njit(nogil=True, cache=True)
def count_buckets(values, low, scale):
    """int64 by bucket: how many values lie in it. low: the least value; scale: buckets per unit."""
    counts = np.zeros(BUCKETS, np.int64)
    for i in range(values.size):
        counts[min(int((values[i] - low) * scale), BUCKETS - 1)] += 1
    return counts


@njit(nogil=True, cache=True)
def take_buckets(values, low, scale, wanted, count):
    """The `count` values that lie in buckets `wanted` (bool by bucket)."""
    out = np.empty(count + 1, values.dtype)
    found = 0
    for i in range(values.size):
        out[found] = values[i]
        found += wanted[min(int((values[i] - low) * scale), BUCKETS - 1)]
        if found == count:
            break
    return out[:count].copy()
