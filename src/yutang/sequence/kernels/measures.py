# mypy: disable-error-code="no-untyped-def"
"""How often customers did something, from lists by event alone: no row's time is read."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def count_rows(who, day, base, lo, hi, out):
    """Add to out (int32 by customer position) the rows of days [lo, hi).

    who: uint32 customer positions, counted from `base`; day: uint16.
    """
    for i in range(who.size):
        if lo <= day[i] < hi:
            out[who[i] - base] += 1


@njit(nogil=True, cache=True)
def count_days(who, day, base, lo, hi, out):
    """Add the number of distinct days; rows of a customer stand together, in order of time."""
    last_who, last_day = -1, -1
    for i in range(who.size):
        if lo <= day[i] < hi and (who[i] != last_who or day[i] != last_day):
            out[who[i] - base] += 1
            last_who, last_day = who[i], day[i]
