# mypy: disable-error-code="no-untyped-def"
"""One customer's best attempt at a funnel, ordered or strict: the complete rules.

Several steps may accept the same event, exclusions may lie between steps, ties may be of any
size. As in `funnel.py` the latest start is kept per depth; each instant is worked through at once.

Bits of an event's mask: the steps it can serve, then the exclusions it meets. Exclusion (i, j),
steps counted from 1, bars an attempt when its event lies strictly between the times of step i and
of step j, or of the deepest step where j was not reached.

Strict: sorted by time and, within an instant, by step, the attempt's events are neighbours among
the funnel's events. So at each instant the events that do not serve must be able to stand before
the attempt (it begins here, they can be step 1) or after it (it ends here, they can serve its last
step or a later one).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.assignment import assign, fits
from yutang.sequence.kernels.funnel import deadline_of


@njit(nogil=True, cache=True)
def _barred(barred, gaps, before, depth):
    """Whether one of the exclusions in `barred` lies inside a chain that had `before` steps."""
    for g in range(gaps.shape[0]):
        if barred >> g & 1 and gaps[g, 0] <= before and depth < gaps[g, 1]:
            return True
    return False


@njit(nogil=True, cache=True)
def _mark_needed(masks, count, strict, before, depth, ends_here, needed):
    """Strict: which events of the instant cannot stand aside of an attempt."""
    for e in range(count):
        needed[e] = False
        if strict:
            first = before == 0 and masks[e] & 1 != 0
            after = ends_here and masks[e] >> (depth - 1) != 0
            needed[e] = not (first or after)


@njit(nogil=True, cache=True)
def _source(
    depth, at, masks, count, strict, ends_here, barred, gaps, lo, hi, alive, start, deadline, work
):
    """From which depth a chain of `depth` steps can be completed now; -1: from none.

    The latest start wins; of equal starts the one whose steps were done earlier.
    """
    used, needed, owner, seen, holder, seen_steps = work
    best, best_start = -1, np.int64(0)
    used[:count] = False
    for before in range(depth - 1, max(depth - count, 0) - 1, -1):
        begin = at
        if before == 0:
            if at < lo or at > hi:
                continue
        else:
            if not alive[before] or deadline[before] < at:
                continue
            if barred and _barred(barred, gaps, before, depth):
                continue
            begin = start[before]
        if best >= 0 and begin <= best_start:
            continue
        _mark_needed(masks, count, strict, before, depth, ends_here, needed)
        if fits(before, depth, masks, count, used, needed, owner, seen, holder, seen_steps):
            best, best_start = before, begin
        elif not strict:
            break  # fewer steps done before need even more events now
    return best


@njit(nogil=True, cache=True)
def _write(source, depth, at, masks, count, strict, ends_here, group, chain_t, chain_e, work, t, e):
    """Write times and events of the chain that goes from `source` to `depth` now into t, e."""
    used, needed, owner, seen, holder, seen_steps = work
    picks = np.empty(depth, np.int64)
    _mark_needed(masks, count, strict, source, depth, ends_here, needed)
    assign(source, depth, masks, count, used, needed, owner, seen, holder, seen_steps, picks)
    for i in range(source):
        t[i], e[i] = chain_t[source, i], chain_e[source, i]
    for i in range(source, depth):
        t[i], e[i] = at, group[picks[i]]


@njit(nogil=True, cache=True)
def _apply_one(
    at, bits, event, found, steps, strict, barred, gaps, lo, hi, window, edges, state, out_t, out_e
):
    """An instant with one event: it can only add one step to the chain before."""
    alive, start, deadline, chain_t, chain_e = state
    for d in range(steps, 0, -1):  # from deep to shallow: sources are still those before
        kept = alive[d] and not strict and not (barred and _barred(barred, gaps, d, d))
        can = bits >> (d - 1) & 1 != 0
        if d == 1:
            can = can and lo <= at <= hi
            begin = at
        else:
            can = can and alive[d - 1] and deadline[d - 1] >= at
            begin = start[d - 1]
        alive[d] = kept
        if not can:
            continue
        if d > found:
            found = d
            for i in range(d - 1):
                out_t[i], out_e[i] = chain_t[d - 1, i], chain_e[d - 1, i]
            out_t[d - 1], out_e[d - 1] = at, event
        if barred and d > 1 and _barred(barred, gaps, d - 1, d):
            continue
        if not kept or begin > start[d]:
            alive[d], start[d] = True, begin
            deadline[d] = deadline_of(at, window, edges) if d == 1 else deadline[d - 1]
            for i in range(d - 1):
                chain_t[d, i], chain_e[d, i] = chain_t[d - 1, i], chain_e[d - 1, i]
            chain_t[d, d - 1], chain_e[d, d - 1] = at, event
    return found


@njit(nogil=True, cache=True)
def _apply_instant(
    at, masks, group, size, union, found, steps, strict, barred, gaps, lo, hi, window, edges,
    state, work, out_t, out_e,
):  # fmt: skip
    """An instant with several events, or with none of the steps but an exclusion."""
    alive, start, deadline, chain_t, chain_e = state
    for d in range(steps, 0, -1):  # from deep to shallow: sources are still those before
        kept = alive[d] and not (strict and size) and not _barred(barred, gaps, d, d)
        if not union >> (d - 1) & 1:
            alive[d] = kept
            continue
        if d > found:
            source = _source(
                d, at, masks, size, strict, True, 0, gaps, lo, hi, alive, start, deadline, work
            )
            if source >= 0:
                found = d
                _write(
                    source, d, at, masks, size, strict, True, group, chain_t, chain_e, work,
                    out_t, out_e,
                )  # fmt: skip
        source = _source(
            d, at, masks, size, strict, False, barred, gaps, lo, hi, alive, start, deadline, work
        )
        alive[d] = kept
        if source >= 0:
            begin = at if source == 0 else start[source]
            if not kept or begin > start[d]:
                _write(
                    source, d, at, masks, size, strict, False, group, chain_t, chain_e, work,
                    chain_t[d], chain_e[d],
                )  # fmt: skip
                alive[d], start[d] = True, begin
                deadline[d] = deadline_of(begin, window, edges)
    return found


@njit(nogil=True, cache=True)
def make_room(steps, most):
    """Scratch arrays for `best_attempt`, for customers of at most `most` events."""
    state = (
        np.zeros(steps + 1, np.bool_),
        np.zeros(steps + 1, np.int64),
        np.zeros(steps + 1, np.int64),
        np.zeros((steps + 1, steps), np.int64),
        np.zeros((steps + 1, steps), np.int64),
    )
    work = (
        np.zeros(most, np.bool_),
        np.zeros(most, np.bool_),
        np.zeros(most, np.int64),
        np.zeros(most, np.bool_),
        np.zeros(steps, np.int64),
        np.zeros(steps, np.bool_),
    )
    return state, work, np.empty(most, np.int64), np.empty(most, np.int64)


@njit(nogil=True, cache=True)
def best_attempt(
    time, mask, count, steps, strict, gaps, lo, hi, last, window, edges, room, out_t, out_e
):
    """The deepest, first completed, latest started attempt in a customer's events.

    time, mask: int64, `count` of them, in order; gaps: int64 [exclusions, 2]; room: scratch of
    `make_room`. Writes times and event positions of its steps to out_t, out_e (at least `steps`
    long) and returns its depth.
    """
    state, work, masks, group = room
    alive = state[0]
    for d in range(steps + 1):
        alive[d] = False
    of_steps = (1 << steps) - 1
    depth, i = 0, 0
    while i < count and depth < steps and time[i] <= last:
        at, size, barred, union = time[i], 0, 0, 0
        while i < count and time[i] == at:
            if mask[i] & of_steps:
                masks[size], group[size] = mask[i] & of_steps, i
                union |= masks[size]
                size += 1
            barred |= mask[i] >> steps
            i += 1
        if size == 1:
            depth = _apply_one(
                at, union, group[0], depth, steps, strict, barred, gaps, lo, hi, window, edges,
                state, out_t, out_e,
            )  # fmt: skip
        else:
            depth = _apply_instant(
                at, masks, group, size, union, depth, steps, strict, barred, gaps, lo, hi, window,
                edges, state, work, out_t, out_e,
            )  # fmt: skip
    return depth
