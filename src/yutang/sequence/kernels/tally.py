# mypy: disable-error-code="no-untyped-def"
"""What each customer did in each period: how often, in how many units of time, worth how much.

One entry per customer, group and period with at least one event: stickiness counts its days,
distribution its times or its worth, activity whether there were enough.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.periods import per_ms, period_at
from yutang.sequence.kernels.picking import pick, room_for

# In which groups a customer counts: in those of each event, or only in that of his first event of
# the period, or of all.
EACH, FIRST_OF_PERIOD, FIRST_OF_ALL = 0, 1, 2
_NO_CUSTOMER = -1


@njit(nogil=True, cache=True)
def _room(keys, table, mask, offsets, keep, group_at):
    """Most entries there can be: one per event and group of it."""
    room = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        for row in range(offsets[customer], offsets[customer + 1]):
            if table[keys[row]] & mask:
                room += group_at[row + 1] - group_at[row] if group_at.size else 1
    return room


@njit(nogil=True, cache=True)
def tally(
    keys, table, bit, time, offsets, keep, edges, units, worth, group_at, group_of, groups, member
):  # fmt: skip
    """Entries by customer and period, of rows in [edges[0], edges[-1]).

    keys: uint16 by row; table: uint32 bits by key, of which `bit` is counted; time: int64 by row;
    offsets: int64, rows of the customers; keep: bool by customer, or empty; edges: int64, one more
    than periods; units: int64, edges of the units of time, which cut every period at its edges, or
    empty; worth: float64 by row (NaN: none), or empty; group_at, group_of: see `count_cells`;
    member: EACH, FIRST_OF_PERIOD or FIRST_OF_ALL.
    Returns int32 customer positions, groups, periods, times, units, and int32 how many had a
    worth, float64 their sum (compensated after Neumaier), least, greatest (empty without worth),
    and int64 how many entries there are in each unit.
    """
    mask = np.uint32(1) << np.uint32(bit)
    room = _room(keys, table, mask, offsets, keep, group_at)
    worthy = room if worth.size else 0
    who, what = np.empty(room, np.int32), np.empty(room, np.int32)
    when, times = np.empty(room, np.int32), np.empty(room, np.int32)
    spent = np.empty(room if units.size else 0, np.int32)
    valued = np.empty(worthy, np.int32)
    total, lost = np.empty(worthy), np.empty(worthy)
    least, most = np.empty(worthy), np.empty(worthy)
    entry_of = np.full(groups, -1, np.int64)  # the open entry of a group
    unit_of = np.empty(groups, np.int64)
    in_unit = np.zeros(max(units.size - 1, 0), np.int64)
    speed = per_ms(edges)
    pace = per_ms(units) if units.size else 0.0
    start, end_of_all = edges[0], edges[edges.size - 1]
    made = 0
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        period, first, own = -1, made, -1
        period_end, unit_end, unit = start, start, 0
        for row in range(offsets[customer], offsets[customer + 1]):
            if not table[keys[row]] & mask:
                continue
            at = time[row]
            if at < start:
                continue
            if at >= end_of_all:
                break
            if at >= period_end:
                period, first = period_at(at, edges, speed), made
                period_end = edges[period + 1]
                if member == FIRST_OF_PERIOD:
                    own = -1
            if at >= unit_end and units.size:
                unit = period_at(at, units, pace)
                unit_end = units[unit + 1]
            begin, end = 0, 1
            if group_at.size:
                begin, end = group_at[row], group_at[row + 1]
            if member != EACH:
                if own < 0:
                    own = group_of[begin if group_at.size else row] if group_of.size else 0
                end = begin + 1
            for i in range(begin, end):
                group = 0
                if member != EACH:
                    group = own
                elif group_of.size:
                    group = group_of[i] if group_at.size else group_of[row]
                e = entry_of[group]
                if e < first:  # of another customer or period, or none yet
                    e = made
                    made += 1
                    entry_of[group] = e
                    who[e], what[e], when[e], times[e] = customer, group, period, 0
                    unit_of[group] = -1
                    if units.size:
                        spent[e] = 0
                    if worth.size:
                        valued[e], total[e], lost[e] = 0, 0.0, 0.0
                        least[e], most[e] = np.inf, -np.inf
                times[e] += 1
                if units.size and unit_of[group] != unit:
                    unit_of[group] = unit
                    spent[e] += 1
                    in_unit[unit] += 1
                if worth.size and not np.isnan(worth[row]):
                    x = worth[row]
                    t = total[e] + x
                    if abs(total[e]) >= abs(x):
                        lost[e] += (total[e] - t) + x
                    else:
                        lost[e] += (x - t) + total[e]
                    total[e] = t
                    valued[e] += 1
                    least[e], most[e] = min(least[e], x), max(most[e], x)
    n = made if worth.size else 0
    return (
        who[:made].copy(), what[:made].copy(), when[:made].copy(), times[:made].copy(),
        spent[: made if units.size else 0].copy(), valued[:n].copy(), total[:n] + lost[:n],
        least[:n].copy(), most[:n].copy(), in_unit,
    )  # fmt: skip


@njit(nogil=True, cache=True)
def tally_plain(keys, table, bit, time, offsets, keep, edges):
    """As `tally` without units, groups and worth, which is the usual question and much faster.

    For many short periods: whether the next event lies in another one is a coin toss, so there is
    no branch. In few long ones it is known beforehand, and `tally_units` is faster.
    Returns int32 customer positions, periods, times.
    """
    room = offsets[-1]
    who, when = np.empty(room, np.int32), np.empty(room, np.int32)
    times = np.empty(room, np.int32)
    speed = per_ms(edges)
    start, end_of_all = edges[0], edges[edges.size - 1]
    picked, mask = room_for(offsets), np.uint32(1) << np.uint32(bit)
    made = -1
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        found = pick(keys, table, mask, offsets[customer], offsets[customer + 1], picked)
        last, count = -1, 0
        for i in range(found):
            at = time[picked[i]]
            if at < start:
                continue
            if at >= end_of_all:
                break
            period = period_at(at, edges, speed)
            fresh = period != last
            made += fresh
            count = 1 if fresh else count + 1
            who[made], when[made], times[made] = customer, period, count
            last = period
    made += 1
    return who[:made].copy(), when[:made].copy(), times[:made].copy()


@njit(nogil=True, cache=True)
def tally_units(keys, table, bit, time, offsets, keep, edges, units):
    """As `tally_plain` with units (many in a period; or empty), for few long periods.

    Returns int32 customer positions, periods, times, units, and int64 entries by unit.
    """
    room = offsets[-1]
    who, when = np.empty(room, np.int32), np.empty(room, np.int32)
    times, spent = np.empty(room, np.int32), np.empty(room if units.size else 0, np.int32)
    in_unit = np.zeros(max(units.size - 1, 0), np.int64)
    speed, pace = per_ms(edges), 0.0
    if units.size:
        pace = per_ms(units)
    start, end_of_all = edges[0], edges[edges.size - 1]
    picked, mask = room_for(offsets), np.uint32(1) << np.uint32(bit)
    made = -1
    for customer in range(offsets.size - 1):
        if keep.size and not keep[customer]:
            continue
        found = pick(keys, table, mask, offsets[customer], offsets[customer + 1], picked)
        period_end, last, count, length = start, -1, 0, 0
        for i in range(found):
            at = time[picked[i]]
            if at < start:
                continue
            if at >= end_of_all:
                break
            if at >= period_end:
                period = period_at(at, edges, speed)
                period_end = edges[period + 1]
                made += 1
                who[made], when[made] = customer, period
                count, length = 0, 0
            count += 1
            times[made] = count
            if units.size:
                unit = period_at(at, units, pace)
                fresh = unit != last
                in_unit[unit] += fresh
                length += fresh
                spent[made] = length
                last = unit
    n, m = made + 1, made + 1 if units.size else 0
    return who[:n].copy(), when[:n].copy(), times[:n].copy(), spent[:m].copy(), in_unit


# States of a customer in a period; OUTSIDE: nothing was ever done before.
OUTSIDE, NEW, CONTINUING, RETURNING, PAUSED, DORMANT = 0, 1, 2, 3, 4, 5
STATES = 6


@njit(nogil=True, cache=True)
def _state_in_gap(gap, absence):
    """The state `gap` periods after the last active one."""
    return PAUSED if gap < absence else DORMANT


@njit(nogil=True, cache=True)
def count_flows(who, group, period, groups, periods, absence, shown):
    """Flows between the states of one period and the next.

    who, group, period: int32, the active periods, sorted; absence: periods after which an absent
    customer is dormant; shown: the first period of the range.
    Returns int64 [groups, periods, STATES, STATES], from and to (the state of a period is the sum
    over the first), and [groups, 4]: who in the range ever was active, new, returning, lost.
    """
    flows = np.zeros((groups, periods, STATES, STATES), np.int64)
    # Differences: how many more stay paused, stay dormant, from this period on.
    stay = np.zeros((groups, periods + 1, 2), np.int64)
    totals = np.zeros((groups, 4), np.int64)
    ever = np.zeros(4, np.int64)
    n, last = who.size, NEW
    for i in range(n):
        g, at = group[i], period[i]
        fresh = i == 0 or who[i - 1] != who[i] or group[i - 1] != g
        if fresh:
            state = NEW
            flows[g, at, OUTSIDE, NEW] += 1
        else:
            gap = at - period[i - 1]
            state = CONTINUING if gap <= absence else RETURNING
            if gap > 1:
                before = _state_in_gap(gap - 1, absence)
                flows[g, at, before, state] += 1
            else:
                flows[g, at, last, state] += 1
        last = state
        end, final = periods, True
        if i + 1 < n and who[i + 1] == who[i] and group[i + 1] == g:
            end, final = period[i + 1], False
        if at >= shown:
            ever[0] = 1
            ever[1] |= state == NEW
            ever[2] |= state == RETURNING
        ever[3] |= shown <= at + absence < end
        if final:
            for j in range(4):
                totals[g, j] += ever[j]
                ever[j] = 0
        if at + 1 < end:  # the first absent period, then those that stay, and the step to dormant
            flows[g, at + 1, state, _state_in_gap(1, absence)] += 1
            asleep = at + absence
            if absence > 1:
                stay[g, min(at + 2, end), 0] += 1
                stay[g, min(max(asleep, at + 2), end), 0] -= 1
                if asleep < end:
                    flows[g, asleep, PAUSED, DORMANT] += 1
            stay[g, min(asleep + 1, end), 1] += 1
            stay[g, end, 1] -= 1
    for g in range(groups):
        paused, dormant = 0, 0
        for p in range(periods):
            paused += stay[g, p, 0]
            dormant += stay[g, p, 1]
            flows[g, p, PAUSED, PAUSED] += paused
            flows[g, p, DORMANT, DORMANT] += dormant
    return flows, totals
