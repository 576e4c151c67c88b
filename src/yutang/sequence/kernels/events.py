# mypy: disable-error-code="no-untyped-def"
"""Counting and summing events by period and group.

A cell is period * groups + group. Every customer lies in one view, so the people of a cell are
those of the views added up; within a view a cell remembers the last customer it counted. Totals
over periods, over groups, and over both count each customer once of their own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.picking import pick, room_for

NO_GROUP = -1


@njit(nogil=True, cache=True)
def _first_period(edges, at):
    return np.searchsorted(edges, at, side="right") - 1


@njit(nogil=True, cache=True)
def count_cells(keys, table, bit, time, offsets, keep, edges, group_at, group_of, groups, single):
    """Times and people per cell, and their totals.

    keys: uint16 by row, table: uint32 bits by key, of which `bit` is counted; time: int64 by row;
    offsets: int64, rows of the customers; keep: bool by customer, or empty; edges: int64, one more
    than periods; group_of: int32 by row (`NO_GROUP`: in none) or empty for one group, or, with
    group_at (int64, one more than rows), several groups a row; single: a customer counts only in
    the group of his first event (of the period, and of the range in totals).
    Returns int64 times [periods + 1, groups + 1] and people, the last row and column the totals.
    """
    periods = edges.size - 1
    times = np.zeros((periods + 1, groups + 1), np.int64)
    people = np.zeros((periods + 1, groups + 1), np.int64)
    seen = np.full((periods + 1, groups + 1), -1, np.int64)
    picked, mask = room_for(offsets), np.uint32(1) << np.uint32(bit)
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        period = -2
        found = pick(keys, table, mask, offsets[customer], offsets[customer + 1], picked)
        for j in range(found):
            row = picked[j]
            at = time[row]
            if at < edges[0]:
                continue
            if at >= edges[periods]:
                break
            if period < 0:
                period = _first_period(edges, at)
            while at >= edges[period + 1]:
                period += 1
            begin, end = 0, 1
            if group_at.size:
                begin, end = group_at[row], group_at[row + 1]
            counted = False
            for i in range(begin, end):
                group = 0
                if group_of.size:
                    group = group_of[i] if group_at.size else group_of[row]
                if group == NO_GROUP:
                    continue
                counted = True
                times[period, group] += 1
                if not single or seen[period, groups] != customer:
                    people[period, group] += seen[period, group] != customer
                    seen[period, group] = customer
                if not single or seen[periods, groups] != customer:
                    people[periods, group] += seen[periods, group] != customer
                    seen[periods, group] = customer
                if single:
                    break
            if counted:
                times[period, groups] += 1
                people[period, groups] += seen[period, groups] != customer
                people[periods, groups] += seen[periods, groups] != customer
                seen[period, groups] = customer
                seen[periods, groups] = customer
    for period in range(periods):
        for group in range(groups + 1):
            times[periods, group] += times[period, group]
    return times, people


@njit(nogil=True, cache=True)
def select_rows(keys, table, bit, time, offsets, keep, first, end):
    """Rows that meet `bit` at moments [first, end), and the customer of each: two int64 arrays.

    Arguments as `count_cells`.
    """
    mask = np.uint32(1) << np.uint32(bit)
    rows = np.empty(offsets[-1] + 1, np.int64)
    found = 0
    for row in range(offsets[-1]):  # without a branch: whether a row is asked about is no pattern
        rows[found] = row
        found += (table[keys[row]] & mask) != 0
    who = np.empty(found, np.int64)
    made, customer = 0, 0
    for i in range(found):
        row = rows[i]
        if time[row] < first or time[row] >= end:
            continue
        while offsets[customer + 1] <= row:
            customer += 1
        if keep.size and not keep[customer]:
            continue
        rows[made], who[made] = row, customer
        made += 1
    # Not copied: memory that was never written was never taken.
    return rows[:made], who[:made]


@njit(nogil=True, cache=True)
def sum_cells(cell, value, cells):
    """Per cell: sum (compensated after Neumaier), how many, least, greatest.

    cell: int64, value: float64, both by entry. Empty cells have 0, 0, +inf, -inf.
    """
    total = np.zeros(cells)
    lost = np.zeros(cells)
    count = np.zeros(cells, np.int64)
    least = np.full(cells, np.inf)
    most = np.full(cells, -np.inf)
    for i in range(cell.size):
        c, x = cell[i], value[i]
        t = total[c] + x
        if abs(total[c]) >= abs(x):
            lost[c] += (total[c] - t) + x
        else:
            lost[c] += (x - t) + total[c]
        total[c] = t
        count[c] += 1
        least[c] = min(least[c], x)
        most[c] = max(most[c], x)
    return total + lost, count, least, most
