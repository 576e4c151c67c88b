# mypy: disable-error-code="no-untyped-def"
"""Who came back, and when: starts by cohort, then the returns of each start.

A member is one customer in one cohort, standing for the first start there. Bit 0 of a row's mask
says it is a start, bit 1 a return. A cell k is a span of periods after the cohort's.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.periods import per_ms, period_at
from yutang.sequence.kernels.picking import pick, room_for

# What it means to have come back at a cell.
# EXACT is WITHIN for cells of one period each, one after the other.
WITHIN, CONTINUOUS, CHURN, EXACT = 0, 1, 2, 3
_START, _RETURN = np.uint32(1), np.uint32(2)
_NOBODY = -1


@njit(nogil=True, cache=True)
def find_starts(keys, table, time, offsets, keep, lo, hi, edges, every):
    """Members, by customer and cohort.

    keys: uint16 by row; table: uint32 bits by key; time: int64 by row; offsets: int64, rows of the
    customers; keep: bool by customer, or empty; starts lie in [lo, hi], inside edges (int64, one
    more than periods); every: one member per period with a start, else only the first of all.
    Returns int64 customer positions, start rows, cohorts.
    """
    room = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        if every:
            for row in range(offsets[customer], offsets[customer + 1]):
                room += (table[keys[row]] & _START) != 0
        else:
            room += 1
    who = np.empty(room, np.int64)
    rows = np.empty(room, np.int64)
    cohorts = np.empty(room, np.int64)
    speed = per_ms(edges)
    found = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        last = -1
        for row in range(offsets[customer], offsets[customer + 1]):
            if not table[keys[row]] & _START:
                continue
            at = time[row]
            if at < lo:
                continue
            if at > hi:
                break
            period = period_at(at, edges, speed)
            if period > last:
                who[found], rows[found], cohorts[found] = customer, row, period
                found += 1
                last = period
                if not every:
                    break
    return who[:found].copy(), rows[:found].copy(), cohorts[:found].copy()


@njit(nogil=True, cache=True)
def _find_returns(keys, table, time, row, end, edges, speed, horizon, seen):
    """Distinct periods, rising, of the returns in rows [row, end) up to period `horizon`."""
    count, last = 0, -1
    until = edges[min(horizon + 1, edges.size - 1)]
    beyond = edges[0]
    while row < end:
        if table[keys[row]] & _RETURN:
            at = time[row]
            if at >= until:
                break
            if at >= beyond:
                period = period_at(at, edges, speed)
                if period > last:
                    seen[count] = period
                    count += 1
                    last = period
                beyond = edges[period + 1]
        row += 1
    return count


@njit(nogil=True, cache=True)
def _same_period(keys, table, time, first_row, row, end, until):
    """Whether a return other than the start, not before it, lies in the start's own period.

    At the start's instant any start may serve as the start and any other event as the return,
    whatever their stored order: so there must be a return, and two events.
    """
    at = time[row]
    while row > first_row and time[row - 1] == at:
        row -= 1
    events, returns = 0, 0
    while row < end and time[row] < until and not (events >= 2 and returns):
        bits = table[keys[row]]
        is_return = (bits & _RETURN) != 0
        returns += is_return
        events += is_return or (time[row] == at and (bits & _START) != 0)
        row += 1
    return events >= 2 and returns > 0


@njit(nogil=True, cache=True)
def _run(cohort, zero, seen, count, lows):
    """How many cells, from the first on, have a return; each is one period."""
    if lows[0] == 0 and not zero:
        return 0
    run = 1 if lows[0] == 0 else 0
    for i in range(count):
        if seen[i] > cohort:
            if seen[i] - cohort != lows[0] + run:
                break
            run += 1
    return min(run, lows.size)


@njit(nogil=True, cache=True)
def _hit_cells(cohort, zero, seen, count, mode, lows, highs, hits):
    """Write the cells a member counts in, rising; returns how many.

    zero: whether there was a return in the cohort's own period; seen: other periods, rising.
    """
    cells, found = lows.size, 0
    if mode == EXACT:
        if lows[0] == 0 and zero:
            hits[0] = 0
            found = 1
        for i in range(count):
            k = seen[i] - cohort - lows[0]
            if k >= cells:
                break
            if seen[i] > cohort and k >= 0:
                hits[found] = k
                found += 1
        return found
    if mode != WITHIN:
        run = _run(cohort, zero, seen, count, lows)
        if mode == CHURN:
            if run < cells:
                hits[0] = run
            return int(run < cells)
        for k in range(run):
            hits[k] = k
        return run
    i = 0
    for k in range(cells):
        low, high = lows[k], highs[k]
        if low == 0 and zero:
            hits[found] = k
            found += 1
            continue
        while i < count and (seen[i] <= cohort or seen[i] - cohort < low):
            i += 1
        if i == count:
            break
        if seen[i] - cohort <= high:
            hits[found] = k
            found += 1
    return found


@njit(nogil=True, cache=True)
def count_returns(
    keys, table, time, offsets, who, rows, cohorts, group_at, group_of, groups, edges, wide, mode,
    lows, highs, limits, single,
):  # fmt: skip
    """People by group, cohort and cell, and distinct people by group and cell.

    who, rows, cohorts: as `find_starts` gives, of `wide` cohorts; group_at (int64, one more than
    members), group_of (int32): groups of the members, or empty; lows, highs: int64 by cell, rising
    lows; limits: int64 by cell, cohorts before it count in the distinct people (empty: nobody
    counts there); single: there a customer counts only in the groups of his first member.
    Returns int64 sizes [groups, wide], people [groups, wide, cells], customers by the cohort of
    their first member [groups, wide], distinct people [groups, cells].
    """
    cells = lows.size
    sizes = np.zeros((groups, wide), np.int64)
    people = np.zeros((groups, wide, cells), np.int64)
    firsts = np.zeros((groups, wide), np.int64)
    distinct = np.zeros((groups, cells), np.int64)
    counted = np.full(groups, _NOBODY, np.int64)
    marked = np.full((groups, cells), _NOBODY, np.int64)
    seen = np.empty(edges.size, np.int64)
    hits = np.empty(cells, np.int64)
    speed, reach = per_ms(edges), highs.max()
    m = 0
    while m < who.size:
        customer, first = who[m], m
        while m < who.size and who[m] == customer:
            m += 1
        row, end = rows[first], offsets[customer + 1]
        horizon = min(cohorts[m - 1] + reach, edges.size - 1)
        count = _find_returns(keys, table, time, row, end, edges, speed, horizon, seen)
        for member in range(first, m):
            cohort = cohorts[member]
            zero = lows[0] == 0 and _same_period(
                keys, table, time, offsets[customer], rows[member], end, edges[cohort + 1]
            )
            found = _hit_cells(cohort, zero, seen, count, mode, lows, highs, hits)
            begin, stop = 0, 1
            if group_at.size:
                begin, stop = group_at[member], group_at[member + 1]
            for i in range(begin, stop):
                group = group_of[i] if group_at.size else 0
                sizes[group, cohort] += 1
                for h in range(found):
                    people[group, cohort, hits[h]] += 1
                if limits.size == 0 or (single and member > first and counted[group] != customer):
                    continue
                if counted[group] != customer:
                    counted[group] = customer
                    firsts[group, cohort] += 1
                for h in range(found):
                    k = hits[h]
                    if cohort < limits[k] and marked[group, k] != customer:
                        marked[group, k] = customer
                        distinct[group, k] += 1
    return sizes, people, firsts, distinct


@njit(nogil=True, cache=True)
def count_exact(keys, table, time, offsets, keep, lo, hi, edges, wide, cells):
    """The usual question in one pass: first cohorts, cells 1, 2, 3 …, no groups.

    Arguments as `find_starts` and `count_returns`. Returns int64 sizes [1, wide], people [1, wide,
    cells].
    """
    sizes = np.zeros((1, wide), np.int64)
    people = np.zeros((1, wide, cells + 1), np.int64)
    speed = per_ms(edges)
    picked = room_for(offsets)
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        row, end = offsets[customer], offsets[customer + 1]
        while row < end and not (table[keys[row]] & _START and time[row] >= lo):
            row += 1
        if row == end or time[row] > hi:
            continue
        cohort = period_at(time[row], edges, speed)
        sizes[0, cohort] += 1
        returns = pick(keys, table, _RETURN, row + 1, end, picked)
        until = edges[min(cohort + cells + 1, edges.size - 1)]
        while returns and time[picked[returns - 1]] >= until:
            returns -= 1
        last = cohort
        for i in range(returns):
            period = period_at(time[picked[i]], edges, speed)
            people[0, cohort, period - cohort] += period != last
            last = period
    return sizes, people[:, :, 1:].copy()


@njit(nogil=True, cache=True)
def count_listed(
    starts,
    start_days,
    returns,
    return_days,
    keep,
    first,
    customers,
    cohort_of,
    period_of,
    wide,
    cells,
):
    """The same question where one event starts and one returns: from their lists, by day alone.

    starts, returns: uint32 customers of the rows, ascending, numbered from `first`; start_days,
    return_days: uint16; cohort_of, period_of: int32 by day, -1 where there is none. Only later
    periods count, so the order within a day does not matter. Returns as `count_exact`.
    """
    cohort = np.full(customers + 1, -1, np.int32)
    for i in range(starts.size - 1, -1, -1):  # what is written last is the first start
        began = cohort_of[start_days[i]]
        cohort[starts[i] - first if began >= 0 else customers] = began
    sizes = np.zeros((1, wide), np.int64)
    for customer in range(customers):
        if keep.size and not keep[customer]:
            cohort[customer] = -1
        began = cohort[customer]
        sizes[0, max(began, 0)] += began >= 0
    # The first cell takes what does not count: no branch, so no wrong guess.
    people = np.zeros(wide * (cells + 1), np.int64)
    last_customer, last_period = np.int64(-1), np.int64(-1)
    for i in range(returns.size):
        customer, period = np.int64(returns[i]) - first, np.int64(period_of[return_days[i]])
        began = np.int64(cohort[customer])
        later = period - began
        is_new = (customer != last_customer) | (period != last_period)
        counts = is_new & (began >= 0) & (later > 0) & (later <= cells)
        people[(began * (cells + 1) + later) * counts] += counts
        last_customer, last_period = customer, period
    return sizes, people.reshape(1, wide, cells + 1)[:, :, 1:].copy()


@njit(nogil=True, cache=True)
def mark_returned(
    keys, table, time, offsets, who, rows, cohorts, edges, mode, lows, highs, cell
):  # fmt: skip
    """bool by member: it counts in `cell`. Arguments as `count_returns`."""
    out = np.zeros(who.size, np.bool_)
    seen = np.empty(edges.size, np.int64)
    hits = np.empty(lows.size, np.int64)
    speed, reach = per_ms(edges), highs.max()
    for m in range(who.size):
        row, end, cohort = rows[m], offsets[who[m] + 1], cohorts[m]
        horizon = min(cohort + reach, edges.size - 1)
        count = _find_returns(keys, table, time, row, end, edges, speed, horizon, seen)
        zero = lows[0] == 0 and _same_period(
            keys, table, time, offsets[who[m]], row, end, edges[cohort + 1]
        )
        found = _hit_cells(cohort, zero, seen, count, mode, lows, highs, hits)
        for h in range(found):
            out[m] |= hits[h] == cell
    return out
