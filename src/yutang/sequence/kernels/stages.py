# mypy: disable-error-code="no-untyped-def"
"""Whether, and when, something followed a moment of the same customer."""

from __future__ import annotations

import numpy as np
from numba import njit

NEVER = -1


@njit(nogil=True, cache=True)
def first_after(who, time, code, row_who, row_time, row_code, window):
    """int64 ms until the first fitting row at or after each moment, within `window`; `NEVER`.

    who int32, time int64, code int64 by moment, row_… by row; both by customer, rows then by time.
    A row fits where its code is that of the moment, or below 0.
    """
    out = np.full(who.size, NEVER, np.int64)
    begin = 0
    for i in range(who.size):
        while begin < row_who.size and row_who[begin] < who[i]:
            begin += 1
        row = begin
        while row < row_who.size and row_who[row] == who[i]:
            wait = row_time[row] - time[i]
            if wait > window:
                break
            if wait >= 0 and (row_code[row] < 0 or row_code[row] == code[i]):
                out[i] = wait
                break
            row += 1
    return out
