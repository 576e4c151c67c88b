# mypy: disable-error-code="no-untyped-def"
"""Views of pages inside sessions that only pauses cut, and their counts.

Any row with a bit takes part in a session, as in `sessions`; a row with the bit `view` is a view.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.cells import starts_of
from yutang.sequence.kernels.picking import pick, room_for

# What is counted by group and page.
VIEWS, PEOPLE, ENTRIES, EXITS, BOUNCES = 0, 1, 2, 3, 4


@njit(nogil=True, cache=True)
def _begin_after(keys, table, time, first, end, idle, moment):
    """The first row in [first, end) of a session that begins at the moment or later; end: none."""
    low = first + np.searchsorted(time[first:end], moment)
    if low == first:
        return first
    before = low - 1
    while before >= first and not table[keys[before]]:
        before -= 1
    if before < first:
        return low
    at = time[before]
    for row in range(low, end):
        if table[keys[row]]:
            if time[row] - at > idle:
                return row
            at = time[row]
    return end


@njit(nogil=True, cache=True)
def _span(keys, table, time, first, end, idle, first_moment, last_moment):
    """(first, end) of a customer's rows that lie in sessions that begin in the range: since only
    pauses cut, all views between the first such session and the next one after the range count."""
    if first < end and time[end - 1] > last_moment:
        end = _begin_after(keys, table, time, first, end, idle, last_moment + 1)
    if first < end and time[first] < first_moment:
        first = _begin_after(keys, table, time, first, end, idle, first_moment)
    return first, end


@njit(nogil=True, cache=True)
def count_pages(
    keys, table, view, time, offsets, keep, idle, first_moment, last_moment, value, values
):
    """int64 by value + 1: views in sessions that begin within [first_moment, last_moment].

    keys: uint16 by row; table: uint32 bits by key; view: the bit of views; time: int64 by row;
    offsets: int64, rows of the customers; keep: bool by customer, or empty; idle: ms, a longer
    pause cuts; value: int32 by row, of `values` with that of no value.
    """
    counts = np.zeros(values, np.int64)
    picked = room_for(offsets)
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        first, end = offsets[customer], offsets[customer + 1]
        if first < end and (time[first] < first_moment or time[end - 1] > last_moment):
            first, end = _span(keys, table, time, first, end, idle, first_moment, last_moment)
        for i in range(pick(keys, table, np.uint32(1) << np.uint32(view), first, end, picked)):
            counts[value[picked[i]] + 1] += 1
    return counts


@njit(nogil=True, cache=True)
def find_views(
    keys, table, view, time, offsets, keep, idle, first_moment, last_moment, value, place_of
):
    """The views `count_pages` counts, by customer and time. Arguments as there; place_of: int32 by
    value + 1, the page.

    Returns by view: int32 row, customer's position, page, page of the next view of the session
    (-1: left), bool whether it is the first one, float64 seconds to the next view or the last
    event of the session (NaN: nothing follows).
    """
    picked = np.empty(offsets[-1] + 1, np.int32)
    rows = picked[: pick(keys, table, np.uint32(1) << np.uint32(view), 0, offsets[-1], picked)]
    row_of, who = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    page, following = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    entry, seconds = np.empty(rows.size, np.bool_), np.empty(rows.size)
    made, i = 0, 0
    for customer in range(offsets.size - 1):
        begin, after = i, offsets[customer + 1]
        while i < rows.size and rows[i] < after:
            i += 1
        if i == begin or (keep.size and not keep[customer]):
            continue
        first, end = offsets[customer], after
        if time[first] < first_moment or time[end - 1] > last_moment:
            first, end = _span(keys, table, time, first, end, idle, first_moment, last_moment)
        fresh = True
        for j in range(begin, i):
            row = rows[j]
            if row < first or row >= end:
                continue
            until = rows[j + 1] if j + 1 < i and rows[j + 1] < end else end
            # Walk to the next view, or to the last event before a pause. (A call costs more.)
            last, at = row, time[row]
            previous, walk, stop = at, row + 1, min(until + 1, end)
            while walk < stop:
                now = time[walk]
                if table[keys[walk]]:
                    if now - previous > idle:
                        break
                    last, previous = walk, now
                walk += 1
            stays = until < end and last == until
            row_of[made], who[made] = row, customer
            page[made] = place_of[value[row] + 1]
            following[made] = place_of[value[until] + 1] if stays else -1
            entry[made] = fresh
            seconds[made] = (previous - at) / 1000 if last != row else np.nan
            made += 1
            fresh = not stays
    return row_of[:made], who[:made], page[:made], following[:made], entry[:made], seconds[:made]


@njit(nogil=True, cache=True)
def count_views(who, page, following, entry, seconds, pages, group_at, group_of, groups):
    """Views, people, entries, exits and bounces by group and page; the next pages; the dwell.

    who … seconds: as `find_views` gives; group_at, group_of: int64 and int32, the groups of each
    view, or empty: only totals are counted. Returns int64 [groups + 1, pages + 1, 5], the last row
    and column totals; int64 [pages, pages + 1, 2] views and people by page and next page (the last
    column: left); float64 seconds that are known by cell, group * (pages + 1) + page, and their
    int64 cuts.
    """
    width = pages + 1
    counts = np.zeros((groups + 1, width, 5), np.int64)
    seen = np.full((groups + 1, width), -1, np.int32)
    links = np.zeros((pages, width, 2), np.int64)
    passed = np.full((pages, width), -1, np.int32)
    have = np.zeros((groups + 1) * width, np.int64)
    for i in range(who.size):
        mine, at = who[i], page[i]
        to = following[i] if following[i] >= 0 else pages
        links[at, to, 0] += 1
        links[at, to, 1] += passed[at, to] != mine
        passed[at, to] = mine
        known = not np.isnan(seconds[i])
        _add(counts, seen, groups, at, mine, entry[i], to == pages)
        have[groups * width + at] += known
        if group_at.size:
            for j in range(group_at[i], group_at[i + 1]):
                _add(counts, seen, group_of[j], at, mine, entry[i], to == pages)
                have[group_of[j] * width + at] += known
    for group in range(groups + 1):
        for what in (VIEWS, ENTRIES, EXITS, BOUNCES):
            counts[group, pages, what] = counts[group, :pages, what].sum()
    cuts = starts_of(have)
    return counts, links, _by_cell(page, seconds, group_at, group_of, groups, width, cuts), cuts


@njit(nogil=True, cache=True)
def _add(counts, seen, group, at, mine, entry, leaves):
    counts[group, at, VIEWS] += 1
    counts[group, at, ENTRIES] += entry
    counts[group, at, EXITS] += leaves
    counts[group, at, BOUNCES] += entry & leaves
    _add_person(counts, seen, group, np.int64(at), mine)
    _add_person(counts, seen, group, counts.shape[1] - 1, mine)


@njit(nogil=True, cache=True)
def _add_person(counts, seen, group, column, mine):
    counts[group, column, PEOPLE] += seen[group, column] != mine
    seen[group, column] = mine


@njit(nogil=True, cache=True)
def _by_cell(page, seconds, group_at, group_of, groups, width, cuts):
    """The known seconds, those of each cell side by side."""
    out, to = np.empty(cuts[-1]), cuts.copy()
    for i in range(page.size):
        if np.isnan(seconds[i]):
            continue
        cell = groups * width + page[i]
        out[to[cell]] = seconds[i]
        to[cell] += 1
        if group_at.size:
            for j in range(group_at[i], group_at[i + 1]):
                cell = group_of[j] * width + page[i]
                out[to[cell]] = seconds[i]
                to[cell] += 1
    return out
