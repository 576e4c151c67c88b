# mypy: disable-error-code="no-untyped-def"
"""Which event of one instant serves which step, when an event could serve several.

Bipartite matching (Kuhn) on a handful of events; one event serves one step only. Among the ways
that work, the one that gives the earliest stored events to the earliest steps is taken, so that
results do not depend on chance.
"""

from __future__ import annotations

from numba import njit

FREE = -1
_USED = -2


@njit(nogil=True, cache=True)
def _give_event(step, masks, count, owner, seen):
    """Find an event for `step`, moving other steps to other events where needed."""
    for e in range(count):
        if masks[e] >> step & 1 and not seen[e] and owner[e] != _USED:
            seen[e] = True
            if owner[e] == FREE or _give_event(owner[e], masks, count, owner, seen):
                owner[e] = step
                return True
    return False


@njit(nogil=True, cache=True)
def _steps_fit(first, end, masks, count, used, owner, seen):
    """Whether all steps [first, end) get an event of their own among the unused ones."""
    for e in range(count):
        owner[e] = _USED if used[e] else FREE
    for step in range(first, end):
        seen[:count] = False
        if not _give_event(step, masks, count, owner, seen):
            return False
    return True


@njit(nogil=True, cache=True)
def _give_step(event, first, end, masks, holder, seen):
    """Find a step in [first, end) for `event`, moving other events where needed."""
    for step in range(first, end):
        if masks[event] >> step & 1 and not seen[step]:
            seen[step] = True
            other = holder[step]
            if other == FREE or _give_step(other, first, end, masks, holder, seen):
                holder[step] = event
                return True
    return False


@njit(nogil=True, cache=True)
def _needed_fit(first, end, masks, count, used, needed, holder, seen):
    """Whether every event in `needed` that is not used gets a step of its own in [first, end)."""
    holder[:] = FREE
    for e in range(count):
        if needed[e] and not used[e]:
            seen[:] = False
            if not _give_step(e, first, end, masks, holder, seen):
                return False
    return True


@njit(nogil=True, cache=True)
def fits(first, end, masks, count, used, needed, owner, seen, holder, seen_steps):
    """Whether steps [first, end) can be served, by a choice that uses every `needed` event.

    Both halves being possible apart makes them possible together (Mendelsohn and Dulmage 1958).
    """
    return _steps_fit(first, end, masks, count, used, owner, seen) and _needed_fit(
        first, end, masks, count, used, needed, holder, seen_steps
    )


@njit(nogil=True, cache=True)
def assign(first, end, masks, count, used, needed, owner, seen, holder, seen_steps, picks):
    """Write the event of each step in [first, end) to `picks`; they must fit."""
    used[:count] = False
    for step in range(first, end):
        for e in range(count):
            if used[e] or not masks[e] >> step & 1:
                continue
            used[e] = True
            if fits(step + 1, end, masks, count, used, needed, owner, seen, holder, seen_steps):
                picks[step] = e
                break
            used[e] = False
