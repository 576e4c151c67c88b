# mypy: disable-error-code="no-untyped-def"
"""The funnel's fast kernel: ordered steps, no event in two steps, one result per customer.

For each depth d it keeps the chain of d steps that started latest: a later start leaves more of
the window, so it can do everything an earlier one can. Events of one instant are collected as a
set of steps and applied in step order. Everything else a funnel can ask is in `attempts.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

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
def _apply(pending, at, steps, start, deadline, chain, lo, hi, window, edges):
    """Apply the steps in `pending`, all of instant `at`; returns the depth reached (0: none)."""
    reached = 0
    for step in range(steps):
        if not pending >> step & 1:
            continue
        if step == 0:
            if at < lo or at > hi:
                continue
            start[0] = at
            deadline[0] = deadline_of(at, window, edges)
            reached = 1
        else:
            before = start[step - 1]
            if before == _NEVER or at > deadline[step - 1]:
                continue
            reached = step + 1
            if before <= start[step]:
                continue  # same start: the chain that was there first is the earlier one
            start[step] = before
            deadline[step] = deadline[step - 1]
            for i in range(1, step):
                chain[step, i] = chain[step - 1, i]
        chain[step, 0] = start[step]
        chain[step, step] = at
    return reached


@njit(nogil=True, cache=True)
def ordered_funnel(keys, step_of, time, offsets, keep, steps, lo, hi, last, window, edges):
    """Depth and step times of each customer's best attempt.

    keys: uint16 by row; step_of: uint8 by key (`NO_STEP`: none); time: int64 by row; offsets:
    int64, rows of the customers; keep: bool by customer or empty; starts lie in [lo, hi], no
    event after `last` counts; window, edges: see `deadline_of`.
    Returns of those who entered: int64 customer positions, int64 depths, int64 times [n, steps]
    (undefined past the depth).
    """
    customers = offsets.size - 1
    who = np.empty(customers, np.int64)
    depths = np.empty(customers, np.int64)
    times = np.empty((customers, steps), np.int64)
    start = np.empty(steps, np.int64)
    deadline = np.empty(steps, np.int64)
    chain = np.empty((steps, steps), np.int64)
    found = 0
    for customer in range(customers):
        if keep.size and not keep[customer]:
            continue
        start[:] = _NEVER
        depth, pending, instant = 0, 0, _NEVER
        end = offsets[customer + 1]
        for row in range(offsets[customer], end + 1):
            step, at = NO_STEP, _NEVER
            if row < end:
                step = step_of[keys[row]]
                if step == NO_STEP:
                    continue
                at = time[row]
                if at < lo:
                    continue
                if at == instant:
                    pending |= 1 << step
                    continue
            if pending:
                reached = _apply(
                    pending, instant, steps, start, deadline, chain, lo, hi, window, edges
                )
                if reached > depth:
                    depth = reached
                    times[found, :depth] = chain[depth - 1, :depth]
                    if depth == steps:
                        break
            if row == end or at > last:
                break
            pending, instant = 1 << step, at
        if depth:
            who[found] = customer
            depths[found] = depth
            found += 1
    return who[:found].copy(), depths[:found].copy(), times[:found].copy()
