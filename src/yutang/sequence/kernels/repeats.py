# mypy: disable-error-code="no-untyped-def"
"""All attempts of one customer, for the funnel that counts times instead of people.

The rule, for it has no single "best": go through the events by time, within an instant by the
first step they can serve, then the last, then as stored. Each event serves one attempt only.
Ordered: it takes the deepest attempt it can carry on (of equally deep ones the latest started),
else it starts a new attempt if it can be step 1, else it does nothing. Strict: there is one
attempt at a time, which an event that does not carry it on ends. Any order: there is one attempt
at a time, until it is complete or its window has ended; an event takes the first step it can
serve that is still lacking, else it does nothing.
"""

from __future__ import annotations

import heapq

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
def _carry_on(order, bits, at, steps, waiting, last_made, done, depths, deadline, closed):
    """(attempt, step) the event serves; attempt -1: none of those there are."""
    if order == ORDERED:
        for depth in range(steps - 1, 0, -1):
            if bits >> depth & 1:
                # Numbers grow with the start, so the smallest negative one started last.
                heap = waiting[depth]
                while heap and closed[-heap[0]]:
                    heapq.heappop(heap)
                if heap and deadline[-heap[0]] < at:
                    heap.clear()
                if heap:
                    return -heapq.heappop(heap), depth
        return -1, 0
    if last_made < 0 or closed[last_made] or deadline[last_made] < at:
        return -1, 0
    if order == STRICT:
        depth = depths[last_made]
        return (last_made, depth) if bits >> depth & 1 else (-1, 0)
    for step in range(steps):
        if bits >> step & 1 and not done[last_made] >> step & 1:
            return last_made, step
    return -2, 0  # any order: the attempt that is open wants nothing of it


@njit(nogil=True, cache=True)
def _first_step(order, bits, steps):
    """The step an event serves in an attempt it starts; -1: it cannot start one."""
    if order != ANY:
        return 0 if bits & 1 else -1
    for step in range(steps):
        if bits >> step & 1:
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
    waiting = [[np.int64(0) for _ in range(0)] for _ in range(steps)]
    sequence = in_step_order(time, mask, count, of_steps)
    made, barred = 0, 0
    for i in range(count):
        event = sequence[i]
        at, bits = time[event], mask[event] & of_steps
        if at > last:
            break
        barred |= mask[event] >> steps
        if bits and at >= lo:
            taken, step = _carry_on(
                order, bits, at, steps, waiting, made - 1, done, depths, deadline, closed
            )
            if order == STRICT and taken < 0 and made:
                closed[made - 1] = True
            if taken == -1 and at <= hi:
                step = _first_step(order, bits, steps)
                if step >= 0:
                    taken = made
                    depths[made], deadline[made] = 0, deadline_of(at, window, edges)
                    made += 1
            if taken >= 0:
                depth = depths[taken]
                times[taken, depth], events[taken, depth] = at, event
                depths[taken] = depth + 1
                done[taken] |= 1 << step
                closed[taken] = depth + 1 == steps
                if order == ORDERED and not closed[taken]:
                    heapq.heappush(waiting[depth + 1], -taken)
        if barred and (i + 1 == count or time[sequence[i + 1]] != at):
            _close_barred(barred, gaps, at, made, closed, deadline, depths, times)
            barred = 0
    return made


@njit(nogil=True, cache=True)
def _close_barred(barred, gaps, at, made, closed, deadline, depths, times):
    """Close the attempts an exclusion has met between two of their steps."""
    for a in range(made - 1, -1, -1):
        if deadline[a] < at:
            break  # those that started earlier have ended, too
        for g in range(gaps.shape[0]):
            if (
                barred >> g & 1
                and gaps[g, 0] <= depths[a] < gaps[g, 1]
                and times[a, gaps[g, 0] - 1] < at
            ):
                closed[a] = True
