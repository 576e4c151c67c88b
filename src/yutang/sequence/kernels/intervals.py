# mypy: disable-error-code="no-untyped-def"
"""From each event to the next: read backwards, so that the next one is always at hand."""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.funnel import deadline_of
from yutang.sequence.kernels.picking import longest
from yutang.sequence.kernels.subjects import gather

# Bits of the table: the event an interval begins with, and the one that ends it.
FIRST, NEXT = 1, 2
_NONE = np.iinfo(np.int64).max


@njit(nogil=True, cache=True)
def gather_all(keys, table, rows_from, rows_to, time, ev_time, ev_mask, ev_row):
    """Copy a customer's events without a branch: a wrong guess costs more than writing them all."""
    n = 0
    for row in range(rows_from, rows_to):
        bits = np.int64(table[keys[row]])
        ev_time[n], ev_mask[n], ev_row[n] = time[row], bits, row
        n += bits != 0
    return n


@njit(nogil=True, cache=True)
def _pair(
    begin, end, ev_time, ev_mask, ev_row, lo, hi, last, window, edges, nearest, as_of,
    made, rows, waits, counts,
):  # fmt: skip
    """Pairs of the events [begin, end); returns how many there are now.

    Of one instant, events that only begin come first, then those that can do both as stored, then
    those that only end; so backwards it is the other way round.
    """
    following, j = _NONE, end
    while j > begin:
        i = j - 1
        at = ev_time[i]
        while i > begin and ev_time[i - 1] == at:
            i -= 1
        alone = j - i == 1
        for turn in (NEXT, FIRST | NEXT, FIRST):
            kind = ev_mask[i] if alone else turn
            for k in range(j - 1, i - 1, -1):
                if ev_mask[k] != kind:
                    continue
                if kind & FIRST:
                    until = deadline_of(at, window, edges)
                    inside = lo <= at <= hi
                    counts[0] += inside
                    if following <= until and following <= last:
                        if inside:
                            rows[made], waits[made] = ev_row[k], following - at
                            made += 1
                    elif inside and until > as_of:
                        counts[1] += 1
                    if nearest:
                        following = _NONE
                if kind & NEXT:
                    following = at
            if alone:
                break
        j = i
    return made


@njit(nogil=True, cache=True)
def intervals(keys, table, time, offsets, keep, hold, lo, hi, last, window, edges, nearest, as_of):
    """The wait of each event of bit `FIRST` in [lo, hi] until the next of bit `NEXT`.

    Arguments as `subjects.funnel`; last: no event after it ends an interval; window, edges: as
    `deadline_of`; nearest: an event ends only the interval that began last; as_of: windows that
    end later are open. Returns int32 customer positions and rows of the beginnings, int64 waits in
    ms, and int64 [beginnings, those whose window is open].
    """
    room, most = offsets[-1], longest(offsets) + 1
    who, rows = np.empty(room, np.int32), np.empty(room, np.int32)
    waits, counts = np.empty(room, np.int64), np.zeros(2, np.int64)
    ev_time, ev_mask = np.empty(most, np.int64), np.empty(most, np.int64)
    ev_row, ev_hold = np.empty(most, np.int64), np.empty(most, np.int64)
    made = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        rows_from, rows_to = offsets[customer], offsets[customer + 1]
        if hold.size:
            n = gather(
                keys, table, rows_from, rows_to, time, hold, ev_time, ev_mask, ev_row, ev_hold
            )
        else:
            n = gather_all(keys, table, rows_from, rows_to, time, ev_time, ev_mask, ev_row)
        first, begin = made, 0
        while begin < n:
            end = begin + 1 if hold.size else n
            while end < n and ev_hold[end] == ev_hold[begin]:
                end += 1
            made = _pair(
                begin, end, ev_time, ev_mask, ev_row, lo, hi, last, window, edges, nearest, as_of,
                made, rows, waits, counts,
            )  # fmt: skip
            begin = end
        who[first:made] = customer
    return who[:made].copy(), rows[:made].copy(), waits[:made].copy(), counts
