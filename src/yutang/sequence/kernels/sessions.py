# mypy: disable-error-code="no-untyped-def"
"""Sessions: a customer's events, cut where he paused, where a day begins, at start and end events.

Sessions are cut over the whole history and belong to the moment they begin at.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Bits of the rows: part of a session, begins one, ends one.
PART, BEGINS, ENDS = 1, 2, 4
# What `count_sessions` counts by cell.
SESSIONS, PEOPLE, EVENTS, BOUNCES, LENGTH = 0, 1, 2, 3, 4
_ALWAYS = np.iinfo(np.int64).max


@njit(nogil=True, cache=True)
def cut_sessions(keys, table, time, offsets, keep, idle, days, first_moment, last_moment):
    """The sessions that begin within [first_moment, last_moment], by customer and time.

    keys: uint16 by row, table: uint32 bits by key (`PART` …; a row with any bit takes part);
    time: int64 by row; offsets: int64, rows of the customers; keep: bool by customer, or empty;
    idle: ms, a longer pause cuts; days: int64 starts of business days that cut, or empty.
    Returns int32 by session: first row, last row, events, customer's position.
    """
    rows = offsets[-1]
    first, last = np.empty(rows, np.int32), np.empty(rows, np.int32)
    depth, who = np.empty(rows, np.int32), np.empty(rows, np.int32)
    n = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        cuts, counted, previous, until = True, False, 0, _ALWAYS
        for row in range(offsets[customer], offsets[customer + 1]):
            bits = table[keys[row]]
            if not bits:
                continue
            at = time[row]
            if cuts or at - previous > idle or at >= until or bits & BEGINS:
                if at > last_moment:
                    break
                counted = at >= first_moment
                if days.size:
                    until = days[np.searchsorted(days, at, side="right")]
                if counted:
                    first[n], who[n], depth[n] = row, customer, 0
                    n += 1
            if counted:
                last[n - 1] = row
                depth[n - 1] += 1
            previous = at
            cuts = (bits & ENDS) != 0
    return first[:n], last[:n], depth[:n], who[:n]


@njit(nogil=True, cache=True)
def _bucket(edges, value):
    """How many of the rising `edges` are not above the value."""
    found = 0
    while found < edges.size and value >= edges[found]:
        found += 1
    return found


@njit(nogil=True, cache=True)
def count_sessions(
    first, last, depth, who, time, edges, group_at, group_of, groups, single, depths, lengths, fresh
):
    """Sessions, people, events, bounces and ms per period and group, with totals; histograms.

    first … who: as `cut_sessions` gives; time: int64 by row; edges: int64, one more than periods,
    all sessions begin within; group_at, group_of: int64 and int32, the groups of each session, or
    empty: one group; single: a customer counts only in the group of his first session (of the
    period, and of the range in totals); depths, lengths: int64 rising edges of the histograms;
    fresh: a session whose last event is not before this moment may still go on.
    Returns int64 [periods + 1, groups + 1, 5] (last row and column totals), two int64 histograms,
    one longer than their edges, int64 ms of the sessions that lasted, how many may still go on.
    """
    periods = edges.size - 1
    cells = np.zeros((periods + 1, groups + 1, 5), np.int64)
    seen = np.full((periods + 1, groups + 1), -1, np.int32)
    of_depth = np.zeros(depths.size + 1, np.int64)
    of_length = np.zeros(lengths.size + 1, np.int64)
    lasted = np.empty(np.sum(depth > 1), np.int64)
    found, still, customer, period = 0, 0, -1, 0
    rate = periods / (edges[periods] - edges[0])
    for i in range(first.size):
        at, events, length = time[first[i]], depth[i], 0
        # A customer's sessions stand in order, so he is new in a period when he comes to it.
        new = who[i] != customer
        cells[periods, groups, PEOPLE] += new
        customer = who[i]
        before, period = period, _period(edges, at, rate)
        new |= period != before
        if events == 1:  # most of them, in most brands: no need to look for the bucket
            of_depth[0] += 1
            of_length[0] += 1
        else:
            length = time[last[i]] - at
            of_depth[_bucket(depths, events)] += 1
            of_length[_bucket(lengths, length)] += 1
            if length:
                lasted[found] = length
                found += 1
        still += at + length >= fresh
        if group_at.size:
            for j in range(group_at[i], group_at[i + 1]):
                group = group_of[j]
                _add(cells, period, group, events, length)
                if not single or seen[period, groups] != customer:
                    cells[period, group, PEOPLE] += seen[period, group] != customer
                    seen[period, group] = customer
                if not single or seen[periods, groups] != customer:
                    cells[periods, group, PEOPLE] += seen[periods, group] != customer
                    seen[periods, group] = customer
            seen[period, groups] = customer
            seen[periods, groups] = customer
        _add(cells, period, groups, events, length)
        cells[period, groups, PEOPLE] += new
    if group_at.size == 0:
        cells[:, 0] = cells[:, groups]
    _sum_periods(cells)
    return cells, of_depth, of_length, lasted[:found].copy(), still


@njit(nogil=True, cache=True)
def _period(edges, at, rate):
    """The period of a moment. Guessed as if all were equally long, which costs less than a search
    or a walk: sessions of one customer lie far apart."""
    period = min(int((at - edges[0]) * rate), edges.size - 2)
    while at < edges[period]:
        period -= 1
    while at >= edges[period + 1]:
        period += 1
    return period


@njit(nogil=True, cache=True)
def _add(cells, period, group, events, length):
    cells[period, group, SESSIONS] += 1
    cells[period, group, EVENTS] += events
    cells[period, group, BOUNCES] += events == 1
    cells[period, group, LENGTH] += length


@njit(nogil=True, cache=True)
def _sum_periods(cells):
    """Whatever lies in one period only adds up over the periods; people do not."""
    for group in range(cells.shape[1]):
        for period in range(cells.shape[0] - 1):
            for what in (SESSIONS, EVENTS, BOUNCES, LENGTH):
                cells[-1, group, what] += cells[period, group, what]


@njit(nogil=True, cache=True)
def count_ends(place_of, rows, who, depth, places):
    """int64 [places, 3]: sessions, people and bounces of each entry or exit.

    place_of: uint16 event code by row, or int64 place by session; rows: int32, the row of each
    session's end, empty where place_of is by session; who, depth: as `cut_sessions` gives.
    """
    counts = np.zeros((places, 3), np.int64)
    seen = np.full(places, -1, np.int32)
    for i in range(who.size):
        at = np.int64(place_of[rows[i]] if rows.size else place_of[i])
        counts[at, 0] += 1
        counts[at, 1] += seen[at] != who[i]
        counts[at, 2] += depth[i] == 1
        seen[at] = who[i]
    return counts


@njit(nogil=True, cache=True)
def count_places(place, who, places):
    """How many entries and how many customers each place has: two int64 arrays.

    place: int64 by entry, below 0: none; who: int32 by entry, each customer's side by side.
    """
    times, people = np.zeros(places, np.int64), np.zeros(places, np.int64)
    seen = np.full(places, -1, np.int32)
    for i in range(place.size):
        at = place[i]
        if at >= 0:
            times[at] += 1
            people[at] += seen[at] != who[i]
            seen[at] = who[i]
    return times, people
