# mypy: disable-error-code="no-untyped-def"
"""Attempts at forms: how they are cut out of histories, and counted with their fills.

The kinds of events stand in the order in which those of one instant take part.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from yutang.sequence.kernels.cells import starts_of
from yutang.sequence.kernels.picking import pick

SHOWN, BEGUN, FIELD, SUBMITTED, SUCCEEDED = 0, 1, 2, 3, 4
KINDS = 5
# Places of the stages an attempt may reach; shown, with which it begins, is 0.
STAGES = 4
_SUBMITTED_STAGE = 2
# What is counted by field.
TOUCHED, PEOPLE, FILLS, REFILLED, KEPT, ABANDONED = range(6)
_NOT_COUNTED = -1


@njit(nogil=True, cache=True)
def _stage_of(kind):
    """Shown 0, begun and a field 1, submitted 2, succeeded 3."""
    return kind - (kind >= FIELD)


@njit(nogil=True, cache=True)
def _order_instants(rows, time, keys, kind_of):
    """Put one customer's rows of one instant in the order of their kinds, in place."""
    first = 0
    while first < rows.size:
        end = first + 1
        while end < rows.size and time[rows[end]] == time[rows[first]]:
            end += 1
        if end > first + 1:
            same = rows[first:end].copy()
            for kind in range(KINDS):
                for row in same:
                    if kind_of[keys[row]] == kind:
                        rows[first] = row
                        first += 1
        first = end


@njit(nogil=True, cache=True)
def find_attempts(
    keys, chosen, kind_of, time, offsets, keep, value, form_of, forms, idle, first_moment,
    last_moment,
):  # fmt: skip
    """The attempts that begin within [first_moment, last_moment], by customer and beginning.

    keys: uint16 by row; chosen: uint32 by key, 1 where the row is of forms, kind_of: uint8 by key;
    time: int64 by row; offsets: int64, rows of the customers; keep: bool by customer, or empty;
    value: int32 by row, form_of: int32 by value + 1, the form, of `forms`; idle: ms.
    Returns by attempt: int32 customer's position, first row, form, int8 last stage reached, int64
    ms [attempts, 3] from its beginning to each later stage (where reached), int64 ms of its last
    event; by fill, in order: int32 attempt, row, float64 seconds since the event before (NaN: it
    begins the attempt).
    """
    picked = np.empty(offsets[-1] + 1, np.int32)
    rows = picked[: pick(keys, chosen, np.uint32(1), 0, offsets[-1], picked)]
    who, row_of = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    form, far = np.empty(rows.size, np.int32), np.empty(rows.size, np.int8)
    waits, last = np.empty((rows.size, STAGES - 1), np.int64), np.empty(rows.size, np.int64)
    fill_of, fill_row = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    since = np.empty(rows.size)
    # By form: the customer and attempt it is open with, when that began, its last event.
    holder, attempt = np.full(forms, -1, np.int32), np.empty(forms, np.int32)
    began, latest = np.empty(forms, np.int64), np.empty(forms, np.int64)
    before = np.empty(forms, np.uint8)
    made, fills, begin, customer = 0, 0, 0, -1
    while begin < rows.size:
        customer += 1
        end = begin
        while end < rows.size and rows[end] < offsets[customer + 1]:
            end += 1
        mine = rows[begin:end]
        begin = end
        if keep.size and not keep[customer]:
            continue
        _order_instants(mine, time, keys, kind_of)
        for row in mine:
            at, kind, f = time[row], kind_of[keys[row]], form_of[value[row] + 1]
            opens = (
                holder[f] != customer
                or kind == SHOWN
                or before[f] == SUCCEEDED
                or at - latest[f] > idle
            )
            if opens:
                holder[f], attempt[f], began[f] = customer, _NOT_COUNTED, at
                if first_moment <= at <= last_moment:
                    who[made], row_of[made], form[made], far[made] = customer, row, f, 0
                    attempt[f] = made
                    made += 1
            a = attempt[f]
            if a != _NOT_COUNTED:
                stage = _stage_of(kind)
                while far[a] < stage:
                    waits[a, far[a]] = at - began[f]
                    far[a] += 1
                last[a] = at
                if kind == FIELD:
                    fill_of[fills], fill_row[fills] = a, row
                    since[fills] = np.nan if opens else (at - latest[f]) / 1000
                    fills += 1
            latest[f], before[f] = at, kind
    return (
        who[:made], row_of[:made], form[:made], far[:made], waits[:made], last[:made],
        fill_of[:fills], fill_row[:fills], since[:fills],
    )  # fmt: skip


@njit(nogil=True, cache=True)
def count_stages(who, far, waits, group_at, group_of, groups):
    """Attempts and people by group and stage, and the waits.

    who, far, waits: as `find_attempts` gives; group_at, group_of: int64 and int32, the groups of
    each attempt, or empty: only totals are counted. Returns int64 [groups + 1, 4, 2], the last row
    totals; int64 ms by cell, group * 4 + stage, and their int64 cuts; the first stage has none.
    """
    counts = np.zeros((groups + 1, STAGES, 2), np.int64)
    seen = np.full((groups + 1, STAGES), -1, np.int32)
    for i in range(who.size):
        _add_attempt(counts, seen, groups, who[i], far[i])
        if group_at.size:
            for j in range(group_at[i], group_at[i + 1]):
                _add_attempt(counts, seen, group_of[j], who[i], far[i])
    size = counts[:, :, 0].copy()
    size[:, 0] = 0
    cuts = starts_of(size.reshape(-1))
    out, to = np.empty(cuts[-1], np.int64), cuts.copy()
    for i in range(who.size):
        if far[i] == 0:
            continue
        _put_waits(out, to, groups, waits, i, far[i])
        if group_at.size:
            for j in range(group_at[i], group_at[i + 1]):
                _put_waits(out, to, group_of[j], waits, i, far[i])
    return counts, out, cuts


@njit(nogil=True, cache=True)
def _add_attempt(counts, seen, group, mine, far):
    for stage in range(far + 1):
        counts[group, stage, 0] += 1
        counts[group, stage, 1] += seen[group, stage] != mine
        seen[group, stage] = mine


@njit(nogil=True, cache=True)
def _put_waits(out, to, group, waits, i, far):
    for stage in range(1, far + 1):
        cell = np.int64(group) * STAGES + stage
        out[to[cell]] = waits[i, stage - 1]
        to[cell] += 1


@njit(nogil=True, cache=True)
def find_touches(fill_of, field, empty, attempts, fields):
    """Attempts and the fields they filled, each pair once, by attempt.

    fill_of: int32 attempt, field: int64 (fields of two forms are two), empty: bool, by fill in
    order. Returns int32 attempt, int64 field, int32 fills, bool whether the last of them is empty
    and whether the field is the last one of the attempt.
    """
    counts = np.zeros(attempts, np.int64)
    for a in fill_of:
        counts[a] += 1
    at = starts_of(counts)
    order = np.empty(fill_of.size, np.int32)  # an attempt's fills side by side
    for i in range(fill_of.size):
        order[at[fill_of[i]]] = i
        at[fill_of[i]] += 1
    attempt, of = np.empty(order.size, np.int32), np.empty(order.size, np.int64)
    fills = np.empty(order.size, np.int32)
    blank, last = np.empty(order.size, np.bool_), np.zeros(order.size, np.bool_)
    touch_of = np.full(fields, -1, np.int64)
    made, first, current, touch = 0, 0, -1, -1
    for i in order:
        if fill_of[i] != current:
            if touch >= 0:
                last[touch] = True
            current, first = fill_of[i], made
        touch = touch_of[field[i]]
        if touch < first:  # of another attempt, or none yet
            touch = made
            made += 1
            touch_of[field[i]] = touch
            attempt[touch], of[touch], fills[touch] = current, field[i], 0
        fills[touch] += 1
        blank[touch] = empty[i]
    if touch >= 0:
        last[touch] = True
    return attempt[:made], of[:made], fills[:made], blank[:made], last[:made]


@njit(nogil=True, cache=True)
def count_fields(attempt, field, fills, blank, last, who, far, fields):
    """int64 [fields, 6] by field: attempts that touched it, people, fills, attempts that refilled
    it, that were submitted and did not leave it blank, that were abandoned at it.

    attempt … last: as `find_touches` gives; who, far: as `find_attempts` gives.
    """
    counts = np.zeros((fields, 6), np.int64)
    seen = np.full(fields, -1, np.int32)
    for i in range(attempt.size):
        f, mine, submitted = field[i], who[attempt[i]], far[attempt[i]] >= _SUBMITTED_STAGE
        counts[f, TOUCHED] += 1
        counts[f, PEOPLE] += seen[f] != mine
        seen[f] = mine
        counts[f, FILLS] += fills[i]
        counts[f, REFILLED] += fills[i] > 1
        counts[f, KEPT] += submitted and not blank[i]
        counts[f, ABANDONED] += last[i] and not submitted
    return counts
