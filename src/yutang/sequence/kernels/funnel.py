# mypy: disable-error-code="no-untyped-def"
"""The funnel's fast kernel: ordered steps, no event in two steps, one result per customer.

For each depth d it keeps the chain of d steps that started latest: a later start leaves more of
the window, so it can do everything an earlier one can. Events of one instant are collected as a
set of steps and applied in step order. Everything else a funnel can ask is in `attempts.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.picking import longest

NO_STEP = 255
_NEVER = np.iinfo(np.int64).min


@njit(nogil=True, cache=True)
def deadline_of(start, window, edges):
    """The last moment at which an attempt that started at `start` may go on.

    window: ms; edges: starts of business days for "same calendar day", else empty.
    """
    if edges.size == 0:
        return start + window
    return edges[np.searchsorted(edges, start, side="right")] - 1


@njit(nogil=True, cache=True)
def _apply(step, at, start, deadline, chain, lo, hi, window, edges):
    """Let an event at `at` serve `step`; returns the depth reached by it (0: none)."""
    if step == 0:
        if at < lo or at > hi:
            return 0
        start[0] = at
        deadline[0] = deadline_of(at, window, edges)
        chain[0, 0] = at
        return 1
    before = start[step - 1]
    if before == _NEVER or at > deadline[step - 1]:
        return 0
    # With the same start, the chain that was there first is the earlier one.
    if before > start[step]:
        start[step] = before
        deadline[step] = deadline[step - 1]
        for i in range(step):
            chain[step, i] = chain[step - 1, i]
        chain[step, step] = at
    return step + 1


@njit(nogil=True, cache=True)
def _apply_instant(i, count, served, moment, start, deadline, chain, lo, hi, window, edges):
    """Apply all events of the instant of event `i` in step order; returns depth, next event."""
    at, pending = moment[i], 0
    while i < count and moment[i] == at:
        pending |= 1 << served[i]
        i += 1
    reached = 0
    for step in range(start.size):
        if pending >> step & 1:
            depth = _apply(step, at, start, deadline, chain, lo, hi, window, edges)
            reached = max(reached, depth)
    return reached, i


@njit(nogil=True, cache=True)
def ordered_funnel(keys, step_of, time, offsets, keep, steps, lo, hi, last, window, edges):
    """Depth and step times of each customer's best attempt.

    keys: uint16 by row; step_of: uint8 by key (`NO_STEP`: none); time: int64 by row; offsets:
    int64, rows of the customers; keep: bool by customer or empty; starts lie in [lo, hi], no
    event after `last` counts; window, edges: see `deadline_of`.
    Returns of those who entered: int64 customer positions, int8 depths, int64 times [n, steps]
    (undefined past the depth).
    """
    who = np.empty(offsets.size - 1, np.int64)
    depths = np.empty(offsets.size - 1, np.int8)
    times = np.empty((offsets.size - 1, steps), np.int64)
    start, deadline = np.empty(steps, np.int64), np.empty(steps, np.int64)
    chain = np.empty((steps, steps), np.int64)
    room = longest(offsets) + 1
    served, moment = np.empty(room, np.uint8), np.empty(room, np.int64)
    found = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        # Gather without a branch: whether an event is asked about cannot be guessed, and a wrong
        # guess costs the processor more than writing each of them.
        count = 0
        for row in range(offsets[customer], offsets[customer + 1]):
            step = step_of[keys[row]]
            served[count] = step
            moment[count] = time[row]
            count += step != NO_STEP
        for step in range(steps):
            start[step] = _NEVER
        depth, i = 0, 0
        while i < count and depth < steps and moment[i] <= last:
            at, step, reached = moment[i], served[i], 0
            if i + 1 < count and moment[i + 1] == at:
                reached, i = _apply_instant(
                    i, count, served, moment, start, deadline, chain, lo, hi, window, edges
                )
            else:
                i += 1
                # This is `_apply` written out: the call would cost more than twice the work.
                if step == 0:
                    if lo <= at <= hi:
                        start[0] = chain[0, 0] = at
                        deadline[0] = deadline_of(at, window, edges)
                        reached = 1
                elif start[step - 1] != _NEVER and at <= deadline[step - 1]:
                    reached = step + 1
                    if start[step - 1] > start[step]:
                        start[step] = start[step - 1]
                        deadline[step] = deadline[step - 1]
                        for k in range(step):
                            chain[step, k] = chain[step - 1, k]
                        chain[step, step] = at
            if reached > depth:
                depth = reached
                for k in range(depth):
                    times[found, k] = chain[depth - 1, k]
        if depth:
            who[found], depths[found] = customer, depth
            found += 1
    return who[:found], depths[:found], times[:found]
