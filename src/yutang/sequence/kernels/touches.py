# mypy: disable-error-code="no-untyped-def"
"""The touches before each conversion: stretches of a customer's list of touches."""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.intervals import gather_all
from yutang.sequence.kernels.picking import longest
from yutang.sequence.kernels.subjects import gather

# Bit of the table: the conversion; all other bits are touches.
TARGET = 1


@njit(nogil=True, cache=True)
def _opening(at, window, edges):
    """The first moment that is looked back to."""
    if edges.size == 0:
        return at - window
    return edges[np.searchsorted(edges, at, side="right") - 1]


@njit(nogil=True, cache=True)
def _first_touch(bits):
    """The place of the first touch among the bits, from 0."""
    place = 0
    bits >>= 1
    while not bits & 1:
        bits >>= 1
        place += 1
    return place


@njit(nogil=True, cache=True)
def paths(keys, table, time, offsets, keep, hold, lo, hi, window, edges, reuse):
    """All touches, and of each conversion in [lo, hi] which of them led to it.

    Arguments as `subjects.funnel`; window, edges: look-back in ms, or day starts; reuse: touches
    before an earlier conversion count again. A history is a customer's, or with `hold` that of one
    value. Of one instant, what is only a touch comes first, then conversions as stored; a
    conversion that is a touch, too, is one after itself.
    Returns of touches: int32 rows, int32 customer positions, int8 the first touch each one meets
    (from 0), bool whether it lies in [lo, hi], int32 histories (rising), bool
    whether a conversion of their history followed within the look-back; of conversions: int64
    rows, customer positions, and the first touch and the end of its stretch.
    """
    size, most = offsets[-1], longest(offsets) + 1
    row_of, who = np.empty(size, np.int32), np.empty(size, np.int32)
    touch, inside = np.empty(size, np.int8), np.empty(size, np.bool_)
    history, followed = np.empty(size, np.int32), np.empty(size, np.bool_)
    path_row, path_who = np.empty(size, np.int64), np.empty(size, np.int64)
    path_first, path_end = np.empty(size, np.int64), np.empty(size, np.int64)
    ev_time, ev_mask = np.empty(most, np.int64), np.empty(most, np.int64)
    ev_row, ev_hold = np.empty(most, np.int64), np.empty(most, np.int64)
    touches, made, histories = 0, 0, 0
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
        i = 0
        begin = touches
        since = touches
        while i < n:
            if hold.size and i and ev_hold[i] != ev_hold[i - 1]:
                begin = touches
                since = touches
                histories += 1
            at, j = ev_time[i], i
            while j < n and ev_time[j] == at and (hold.size == 0 or ev_hold[j] == ev_hold[i]):
                if not ev_mask[j] & TARGET:
                    row_of[touches], who[touches] = ev_row[j], customer
                    touch[touches], inside[touches] = _first_touch(ev_mask[j]), lo <= at <= hi
                    history[touches], followed[touches] = histories, False
                    touches += 1
                j += 1
            for k in range(i, j):
                if not ev_mask[k] & TARGET:
                    continue
                opening = _opening(at, window, edges)
                first = touches
                least = begin if reuse else since
                while first > least and time[row_of[first - 1]] >= opening:
                    first -= 1
                    followed[first] = True
                if lo <= at <= hi:
                    path_row[made], path_who[made] = ev_row[k], customer
                    path_first[made], path_end[made] = first, touches
                    made += 1
                since = touches
                if ev_mask[k] != TARGET:
                    row_of[touches], who[touches] = ev_row[k], customer
                    touch[touches], inside[touches] = _first_touch(ev_mask[k]), lo <= at <= hi
                    history[touches], followed[touches] = histories, False
                    touches += 1
            i = j
        histories += 1
    # Not copied: memory that was never written was never taken.
    return (
        row_of[:touches], who[:touches], touch[:touches], inside[:touches], history[:touches],
        followed[:touches], path_row[:made], path_who[:made], path_first[:made], path_end[:made],
    )  # fmt: skip


@njit(nogil=True, cache=True)
def count_channels(channel, who, chosen, channels):
    """int64 times and people by channel of the `chosen` (bool) touches; `who` is rising."""
    times, people = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    seen = np.full(channels, -1, np.int64)
    for i in range(channel.size):
        if chosen[i]:
            c = channel[i]
            times[c] += 1
            people[c] += seen[c] != who[i]
            seen[c] = who[i]
    return times, people
