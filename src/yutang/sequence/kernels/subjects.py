# mypy: disable-error-code="no-untyped-def"
"""The general funnel kernel: gathers each customer's events and hands them to the right rules."""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.any_order import best_any
from yutang.sequence.kernels.attempts import best_attempt, make_room
from yutang.sequence.kernels.repeats import ANY, STRICT, all_attempts

# What one result stands for.
PEOPLE, TIMES, VALUES = 0, 1, 2


@njit(nogil=True, cache=True)
def _room(keys, table, offsets, count):
    """Most results, and most events of one customer."""
    total, most = 0, 0
    for customer in range(offsets.size - 1):
        events = 0
        for row in range(offsets[customer], offsets[customer + 1]):
            events += table[keys[row]] != 0
        total += events
        most = max(most, events)
    return (offsets.size - 1 if count == PEOPLE else total), most


@njit(nogil=True, cache=True)
def gather(keys, table, rows_from, rows_to, time, hold, ev_time, ev_mask, ev_row, ev_hold):
    """Copy a customer's events; with `hold`, grouped by its value, absent ones left out."""
    n = 0
    for row in range(rows_from, rows_to):
        bits = np.int64(table[keys[row]])
        if bits and (hold.size == 0 or hold[row] >= 0):
            ev_time[n], ev_mask[n], ev_row[n] = time[row], bits, row
            ev_hold[n] = 0 if hold.size == 0 else hold[row]
            n += 1
    if hold.size and n > 1:
        order = np.argsort(ev_hold[:n], kind="mergesort")
        ev_time[:n] = ev_time[:n][order]
        ev_mask[:n] = ev_mask[:n][order]
        ev_row[:n] = ev_row[:n][order]
        ev_hold[:n] = ev_hold[:n][order]
    return n


@njit(nogil=True, cache=True)
def _is_better(depth, t, rows, best, best_t, best_rows):
    """Deeper, completed earlier, started later, steps earlier, events stored earlier."""
    if depth != best:
        return depth > best
    if t[depth - 1] != best_t[depth - 1]:
        return t[depth - 1] < best_t[depth - 1]
    if t[0] != best_t[0]:
        return t[0] > best_t[0]
    for i in range(depth):
        if t[i] != best_t[i]:
            return t[i] < best_t[i]
    for i in range(depth):
        if rows[i] != best_rows[i]:
            return rows[i] < best_rows[i]
    return False


@njit(nogil=True, cache=True)
def funnel(
    keys, table, time, offsets, keep, hold, steps, order, count, gaps, lo, hi, last, window, edges
):
    """Attempts of every customer, by the complete rules.

    As `ordered_funnel`, and: table: uint32 bits by key, steps then exclusions; hold: int32 by row,
    what must be equal across an attempt's steps (-1: serves none), or empty; order: ORDERED,
    STRICT, ANY; count: PEOPLE one result a customer, TIMES one an attempt, VALUES one a customer
    and value of `hold`; gaps: int64 [exclusions, 2].
    Returns int64 customer positions, depths, times [n, steps], rows [n, steps].
    """
    room, most = _room(keys, table, offsets, count)
    who = np.empty(room, np.int64)
    depths = np.empty(room, np.int64)
    times = np.empty((room, steps), np.int64)
    rows = np.empty((room, steps), np.int64)
    ev_time = np.empty(most, np.int64)
    ev_mask = np.empty(most, np.int64)
    ev_row = np.empty(most, np.int64)
    ev_hold = np.empty(most, np.int64)
    t = np.empty(steps, np.int64)
    e = np.empty(steps, np.int64)
    scratch = make_room(steps, most)
    made = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        n = gather(
            keys, table, offsets[customer], offsets[customer + 1], time, hold,
            ev_time, ev_mask, ev_row, ev_hold,
        )  # fmt: skip
        first, begin = made, 0
        while begin < n:
            end = begin + 1
            while end < n and ev_hold[end] == ev_hold[begin]:
                end += 1
            part_t, part_m = ev_time[begin:end], ev_mask[begin:end]
            size = end - begin
            if count == TIMES:
                got = all_attempts(
                    part_t, part_m, size, steps, order, gaps, lo, hi, last, window, edges,
                    depths[made:], times[made:], rows[made:],
                )  # fmt: skip
                for a in range(made, made + got):
                    who[a] = customer
                    for i in range(depths[a]):
                        rows[a, i] = ev_row[begin + rows[a, i]]
                made += got
            else:
                if order == ANY:
                    depth = best_any(part_t, part_m, size, steps, lo, hi, last, window, edges, t, e)
                else:
                    depth = best_attempt(
                        part_t, part_m, size, steps, order == STRICT, gaps, lo, hi, last, window,
                        edges, scratch, t, e,
                    )  # fmt: skip
                for i in range(depth):
                    e[i] = ev_row[begin + e[i]]
                if depth and (count == VALUES or made == first):
                    who[made], depths[made] = customer, depth
                    times[made], rows[made] = t, e
                    made += 1
                elif depth and _is_better(depth, t, e, depths[first], times[first], rows[first]):
                    depths[first] = depth
                    times[first], rows[first] = t, e
            begin = end
    return who[:made], depths[:made], times[:made], rows[:made]
