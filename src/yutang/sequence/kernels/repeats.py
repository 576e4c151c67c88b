# mypy: disable-error-code="no-untyped-def"
"""All attempts of one customer, for the funnel that counts times instead of people.

The rule, for it has no single "best": go through the events by time, within an instant by the
first step they can serve, then the last, then as stored. Each event serves one attempt only: it
takes the deepest attempt it can carry on (of equally deep ones the latest started), else it starts
a new attempt if it can be step 1, else it does nothing. Strict: an event that does not carry on the
attempt that is open ends it. Any order: an event carries on the deepest attempt that still lacks a
step it can serve (it takes the first such step), else it starts a new one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.funnel import deadline_of

ORDERED, STRICT, ANY = 0, 1, 2


@njit(nogil=True, cache=True)
def in_step_order(time, mask, count, of_steps):
    """Positions of the events by time, first step, last step, stored order."""
    order = np.arange(count)
    for i in range(1, count):
        e = order[i]
        low = mask[e] & of_steps & -(mask[e] & of_steps)
        high = mask[e] & of_steps
        j = i
        while j > 0:
            o = order[j - 1]
            other = mask[o] & of_steps
            if time[o] != time[e]:
                break
            if (other & -other) < low or ((other & -other) == low and _top(other) <= _top(high)):
                break
            order[j] = o
            j -= 1
        order[j] = e
    return order


@njit(nogil=True, cache=True)
def _top(bits):
    top = -1
    while bits:
        bits >>= 1
        top += 1
    return top


@njit(nogil=True, cache=True)
def _next_step(order, mask, depth, done, steps):
    """The step an event could serve in an attempt; -1: none."""
    if order != ANY:
        return depth if depth < steps and mask >> depth & 1 else -1
    for step in range(steps):
        if mask >> step & 1 and not done >> step & 1:
            return step
    return -1


@njit(nogil=True, cache=True)
def all_attempts(
    time, mask, count, steps, order, gaps, lo, hi, last, window, edges, depths, times, events
):
    """Write depth, times and events of every attempt (room for `count`); returns how many.

    Arguments as `best_attempt`; depths: int64 [n], times, events: int64 [n, steps].
    """
    of_steps = (1 << steps) - 1
    closed = np.zeros(count, np.bool_)
    done = np.zeros(count, np.int64)
    deadline = np.zeros(count, np.int64)
    sequence = in_step_order(time, mask, count, of_steps)
    made, oldest, barred = 0, 0, 0
    for i in range(count):
        event = sequence[i]
        at, bits = time[event], mask[event] & of_steps
        if at > last:
            break
        barred |= mask[event] >> steps
        if bits and at >= lo:
            while oldest < made and (closed[oldest] or deadline[oldest] < at):
                oldest += 1
            taken, step = -1, -1
            for a in range(made - 1, oldest - 1, -1):
                if not closed[a] and deadline[a] >= at and (taken < 0 or depths[a] > depths[taken]):
                    possible = _next_step(order, bits, depths[a], done[a], steps)
                    if possible >= 0:
                        taken, step = a, possible
            if order == STRICT:
                for a in range(oldest, made):
                    closed[a] = closed[a] or a != taken
            if taken < 0 and at <= hi and (order == ANY or bits & 1):
                taken, step = made, _next_step(order, bits, 0, 0, steps)
                depths[made], deadline[made] = 0, deadline_of(at, window, edges)
                made += 1
            if taken >= 0:
                times[taken, depths[taken]], events[taken, depths[taken]] = at, event
                depths[taken] += 1
                done[taken] |= 1 << step
                closed[taken] = depths[taken] == steps
        if barred and (i + 1 == count or time[sequence[i + 1]] != at):
            _close_barred(barred, gaps, at, oldest, made, closed, depths, times)
            barred = 0
    return made


@njit(nogil=True, cache=True)
def _close_barred(barred, gaps, at, oldest, made, closed, depths, times):
    """Close the attempts an exclusion has met between two of their steps."""
    for a in range(oldest, made):
        for g in range(gaps.shape[0]):
            if (
                barred >> g & 1
                and gaps[g, 0] <= depths[a] < gaps[g, 1]
                and times[a, gaps[g, 0] - 1] < at
            ):
                closed[a] = True
