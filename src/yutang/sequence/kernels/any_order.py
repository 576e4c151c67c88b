# mypy: disable-error-code="no-untyped-def"
"""One customer's best attempt at a funnel in any order.

Depth k = k distinct steps done, each by an event of its own, within the window of the first of
them. The sets of events that can serve distinct steps form a transversal matroid, so greedy
choices are exact: taken from the latest event backwards they give the latest start; taken forwards
from that start, the earliest times.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.funnel import deadline_of

_NOBODY = -1
_NEVER = np.iinfo(np.int64).min


@njit(nogil=True, cache=True)
def _join(event, mask, steps, holder, seen):
    """Let `event` serve a step as well, moving those chosen before; False where it cannot."""
    for step in range(steps):
        if mask[event] >> step & 1 and not seen[step]:
            seen[step] = True
            if holder[step] == _NOBODY or _join(holder[step], mask, steps, holder, seen):
                holder[step] = event
                return True
    return False


@njit(nogil=True, cache=True)
def _backward(time, mask, end, steps, lo, forced, window, edges, holder, seen):
    """How many steps the events up to `end` (exclusive) can serve, and the earliest one used.

    `forced`: an event that is chosen first; -1: none. Only starts whose window holds the last
    event count.
    """
    holder[:] = _NOBODY
    chosen, earliest = 0, end
    at = time[end - 1]
    if forced >= 0:
        seen[:] = False
        _join(forced, mask, steps, holder, seen)
        chosen, earliest = 1, forced
    for i in range(end - 1, -1, -1):
        if time[i] < lo or deadline_of(time[i], window, edges) < at or chosen == steps:
            break
        if mask[i] and i != forced:
            seen[:] = False
            if _join(i, mask, steps, holder, seen):
                chosen += 1
                earliest = min(earliest, i)
    return chosen, earliest


@njit(nogil=True, cache=True)
def _forward(time, mask, end, steps, begin, holder, seen, out_t, out_e):
    """Choose from the first event at or after moment `begin` on; returns how many."""
    holder[:] = _NOBODY
    chosen = 0
    for i in range(end):
        if time[i] >= begin and mask[i]:
            seen[:] = False
            if _join(i, mask, steps, holder, seen):
                out_t[chosen], out_e[chosen] = time[i], i
                chosen += 1
    return chosen


@njit(nogil=True, cache=True)
def _latest_start(time, mask, end, lo, hi, window, edges):
    """The latest event that may start an attempt which ends at event `end` - 1; -1: none."""
    at = time[end - 1]
    for i in range(end - 1, -1, -1):
        if time[i] < lo or deadline_of(time[i], window, edges) < at:
            return -1
        if time[i] <= hi and mask[i]:
            return i
    return -1


@njit(nogil=True, cache=True)
def best_any(time, mask, count, steps, lo, hi, last, window, edges, out_t, out_e):
    """The widest, first completed, latest started attempt; as `best_attempt`."""
    holder = np.empty(steps, np.int64)
    seen = np.empty(steps, np.bool_)
    latest = np.full(steps, _NEVER, np.int64)  # last moment an event could serve the step
    depth, i = 0, 0
    while i < count and depth < steps and time[i] <= last:
        at = time[i]
        while i < count and time[i] == at:
            for step in range(steps):
                if mask[i] >> step & 1 and at >= lo:
                    latest[step] = at
            i += 1
        possible = 0
        for step in range(steps):
            if latest[step] != _NEVER and deadline_of(latest[step], window, edges) >= at:
                possible += 1
        if possible <= depth:
            continue
        chosen, earliest = _backward(time, mask, i, steps, lo, -1, window, edges, holder, seen)
        if chosen > depth and time[earliest] > hi:
            forced = _latest_start(time, mask, i, lo, hi, window, edges)
            if forced < 0:
                continue
            chosen, earliest = _backward(
                time, mask, i, steps, lo, forced, window, edges, holder, seen
            )
        if chosen > depth:
            depth = _forward(time, mask, i, steps, time[earliest], holder, seen, out_t, out_e)
    return depth
