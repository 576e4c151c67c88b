# mypy: disable-error-code="no-untyped-def"
"""The period a moment lies in."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def per_ms(edges):
    """Periods per millisecond: what `period_at` guesses with."""
    return (edges.size - 1) / max(float(edges[-1]) - float(edges[0]), 1.0)


@njit(nogil=True, cache=True)
def period_at(at, edges, speed):
    """The period of moment `at`, which lies in [edges[0], edges[-1]).

    A guess from the average length, then a step or two: periods are about equally long, and this
    is several times faster than a search.
    """
    period = min(int((at - edges[0]) * speed), edges.size - 2)
    while at < edges[period]:
        period -= 1
    while at >= edges[period + 1]:
        period += 1
    return period
