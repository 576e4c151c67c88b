"""Pure rules about customers: stages, roles, who is in the pool when, which rows a page shows.

Arrays of events are sorted by customer, then time, then arrival; `row` is a position in them.
Times are UTC ms. Everything is vectorised; tests hold each rule against a naive oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.metrics import SILENT_DAYS
from yutang.kit.clock import DAY_MS

# Days since the last purchase, against the newest fact. Half a year and a year are the trade's
# usual steps; the brand's own intervals replace them (intervals.py).
DORMANT_AFTER_DAYS = 180
LOST_AFTER_DAYS = 365
SILENT_MS = SILENT_DAYS * DAY_MS
FOREVER = np.int64(2**62)


class Stage(IntEnum):
    """Purchase stage 购买阶段. A repeat customer bought on two different days."""

    NEVER = 0
    FIRST = 1
    REPEAT = 2
    DORMANT = 3
    LOST = 4


class Role(IntEnum):
    """Relationship role 关系角色; membership is an attribute, not a role."""

    NONE = 0
    LEAD = 1
    FAN = 2
    KOC = 3


class Flow(IntEnum):
    """Why somebody entered the pool (NEW, RETURNED) or left it."""

    NEW = 0
    RETURNED = 1
    DELETED = 2
    LEFT_GROUPS = 3
    UNFOLLOWED = 4
    SILENT = 5


STAGES: dict[str, tuple[Stage, str, str]] = {
    "never": (Stage.NEVER, "未购", "not yet"),
    "first": (Stage.FIRST, "首购", "first"),
    "repeat": (Stage.REPEAT, "复购", "repeat"),
    "dormant": (Stage.DORMANT, "沉睡", "dormant"),
    "lost": (Stage.LOST, "流失", "lost"),
}
ROLES: dict[str, tuple[Role, str, str]] = {
    "none": (Role.NONE, "未建联", "no relation"),
    "lead": (Role.LEAD, "潜客", "lead"),
    "fan": (Role.FAN, "粉丝", "fan"),
    "koc": (Role.KOC, "KOC", "KOC"),
}


def stages(
    purchase_days: NDArray[np.int32],
    last_order_at: NDArray[np.int64],
    as_of: int,
    dormant_after: NDArray[np.int32] | int = DORMANT_AFTER_DAYS,
    lost_after: NDArray[np.int32] | int = LOST_AFTER_DAYS,
) -> NDArray[np.uint8]:
    """Stage of each customer (uint8) from his number of purchase days and last paid order; the
    limits are days, of each customer or of all."""
    since = as_of - last_order_at
    out = np.where(purchase_days >= 2, np.uint8(Stage.REPEAT), np.uint8(Stage.FIRST))
    out[since > np.multiply(dormant_after, DAY_MS, dtype=np.int64)] = Stage.DORMANT
    out[since > np.multiply(lost_after, DAY_MS, dtype=np.int64)] = Stage.LOST
    out[purchase_days == 0] = Stage.NEVER
    return out.astype(np.uint8)


def roles(
    lead: NDArray[np.bool_], live: NDArray[np.bool_], koc: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Role of each customer (uint8); the furthest step counts, and KOC only while a fan."""
    out = np.where(lead, np.uint8(Role.LEAD), np.uint8(Role.NONE))
    out[live] = Role.FAN
    out[live & koc] = Role.KOC
    return out.astype(np.uint8)


@dataclass(frozen=True)
class Relations:
    """n relation events: customer uint32, time int64, kind int8 (0 contact, 1 group, 2 follow),
    key int32 (which guide, group, account; -1 unknown), is_end bool."""

    customer: NDArray[np.uint32]
    time: NDArray[np.int64]
    kind: NDArray[np.int8]
    key: NDArray[np.int32]
    is_end: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)


END_FLOWS = np.array([Flow.DELETED, Flow.LEFT_GROUPS, Flow.UNFOLLOWED], np.uint8)


def ends_of(relations: Relations) -> NDArray[np.int64]:
    """For each beginning the row that ends it (n = still live); -1 for ends themselves.

    A beginning is ended by the next end of the same customer, kind and key. An end that does not
    say which (key -1) ends all of its kind; a beginning that does not say which is ended by any.
    """
    n = len(relations)
    pair = relations.customer.astype(np.int64) * len(END_FLOWS) + relations.kind
    exact = _dense(pair * (int(relations.key.max(initial=0)) + 2) + relations.key + 1)
    pair = _dense(pair)
    unknown = relations.key < 0
    own = _next_row(exact, relations.is_end)
    of_all = _next_row(pair, relations.is_end & unknown)
    of_any = _next_row(pair, relations.is_end)
    out = np.where(unknown, of_any, np.minimum(own, of_all))
    out[relations.is_end] = -1
    out[out > n] = n
    return out


def _dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _next_row(code: NDArray[np.int64], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the next later `wanted` row of the same code; n where there is none."""
    n = len(code)
    rows = np.arange(n, dtype=np.int64)
    places = np.sort((code * (n + 1) + rows)[wanted])
    asked = code * (n + 1) + rows
    at = np.searchsorted(places, asked, side="right")
    found = np.append(places, np.int64(2**62))[at]
    same = found // (n + 1) == code
    return np.where(same, found % (n + 1), n)


@dataclass(frozen=True)
class Acts:
    """Stretches in which a customer acted without a pause of SILENT_DAYS: customer uint32, the
    first and last act of each (int64). A single act is a stretch of its own; they may overlap."""

    customer: NDArray[np.uint32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True)
class PoolChanges:
    """Each entry into the pool and exit from it, sorted by customer and time; entries and exits
    of a customer alternate, beginning with an entry.

    customer uint32, time int64, flow uint8 (Flow), row int64 (the relation event that brought
    the change about; -1 where an act or silence did).
    """

    customer: NDArray[np.uint32]
    time: NDArray[np.int64]
    flow: NDArray[np.uint8]
    row: NDArray[np.int64]

    @property
    def step(self) -> NDArray[np.int8]:
        """+1 for an entry, -1 for an exit."""
        return np.where(self.flow <= Flow.RETURNED, 1, -1).astype(np.int8)


def pool_changes(
    relations: Relations, ends: NDArray[np.int64], acts: Acts, as_of: int
) -> PoolChanges:
    """Who entered and left the pool when, up to `as_of`.

    In the pool: at least one live relation, and an act at most SILENT_DAYS ago; entering a
    relation is an act. Several things of one instant count as one.
    """
    begins = np.flatnonzero(~relations.is_end)
    closed = ends[begins]
    open_ = closed == len(relations)
    end_time = np.append(relations.time, FOREVER)[closed]
    end_time[open_] = FOREVER
    n = len(begins)
    who = relations.customer[begins]
    since = relations.time[begins]
    none = np.full(len(acts.customer), -1, np.int64)
    minus = np.full(n, -1, np.int64)
    # Columns: customer, time, change of live relations, change of covers, relation row.
    parts = [
        (who, since, 1, 0, begins),
        (who, end_time, -1, 0, np.where(open_, -1, closed)),
        (who, since, 0, 1, minus),
        (who, since + SILENT_MS, 0, -1, minus),
        (acts.customer, acts.first, 0, 1, none),
        (acts.customer, acts.last + SILENT_MS, 0, -1, none),
    ]
    customer = np.concatenate([p[0] for p in parts]).astype(np.uint32)
    time = np.concatenate([p[1] for p in parts]).astype(np.int64)
    live = np.concatenate([np.full(len(p[0]), p[2], np.int8) for p in parts])
    cover = np.concatenate([np.full(len(p[0]), p[3], np.int8) for p in parts])
    row = np.concatenate([p[4] for p in parts]).astype(np.int64)
    order = np.lexsort((row, time, customer))
    return _transitions(
        customer[order], time[order], live[order], cover[order], row[order], relations.kind, as_of
    )


def _transitions(
    customer: NDArray[np.uint32],
    time: NDArray[np.int64],
    live: NDArray[np.int8],
    cover: NDArray[np.int8],
    row: NDArray[np.int64],
    kind: NDArray[np.int8],
    as_of: int,
) -> PoolChanges:
    if not len(time):
        nothing = np.empty(0, np.int64)
        return PoolChanges(
            nothing.astype(np.uint32), nothing, nothing.astype(np.uint8), nothing.copy()
        )
    # Every span is closed (open ones at FOREVER), so each customer's sums end at 0 and one
    # running sum serves all.
    lives, covers = np.cumsum(live, dtype=np.int64), np.cumsum(cover, dtype=np.int64)
    new_customer = np.r_[True, customer[1:] != customer[:-1]]
    new_moment = new_customer | np.r_[True, time[1:] != time[:-1]]
    first = np.flatnonzero(new_moment)
    last = np.r_[first[1:], len(time)] - 1
    inside = (lives[last] > 0) & (covers[last] > 0)
    before = np.r_[False, inside[:-1]] & ~new_customer[first]
    # The newest relation event of the moment, by sign: rows are sorted within a moment.
    begun = np.maximum.reduceat(np.where(live > 0, row, -1), first)
    ended = np.maximum.reduceat(np.where(live < 0, row, -1), first)
    changed = np.flatnonzero((inside != before) & (time[last] <= as_of))
    enters = inside[changed]
    who = customer[last[changed]]
    fresh = np.r_[True, who[1:] != who[:-1]] if len(who) else np.empty(0, bool)
    cut = lives[last[changed]] <= 0
    exit_row = np.where(cut, ended[changed], -1)
    by_end = END_FLOWS[kind[np.maximum(exit_row, 0)]] if len(kind) else np.empty(0, np.uint8)
    flow = np.where(
        enters,
        np.where(fresh, np.uint8(Flow.NEW), np.uint8(Flow.RETURNED)),
        np.where(exit_row >= 0, by_end, np.uint8(Flow.SILENT)),
    )
    rows = np.where(enters, begun[changed], exit_row)
    return PoolChanges(who, time[last[changed]], flow.astype(np.uint8), rows)


def inside_at(
    changes: PoolChanges, customer: NDArray[np.uint32], time: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Was each customer in the pool at the moment, the changes of that very moment included?"""
    n = len(changes.time)
    who = np.concatenate([changes.customer, customer])
    when = np.concatenate([changes.time, time])
    asked = np.r_[np.zeros(n, bool), np.ones(len(time), bool)]
    order = np.lexsort((asked, when, who))
    latest = np.maximum.accumulate(np.where(asked[order], -1, np.arange(len(order))))
    held = order[np.maximum(latest, 0)]
    known = (latest >= 0) & (who[held] == who[order]) & ~asked[held]
    state = np.zeros(len(order), bool)
    if n:
        state = known & (changes.step[np.minimum(held, n - 1)] > 0)
    out = np.empty(len(order), bool)
    out[order] = state
    return out[n:]


def page_rows(
    values: NDArray[np.generic], ids: NDArray[np.int64], *, descending: bool, offset: int, size: int
) -> NDArray[np.int64]:
    """The ids of one page of a list sorted by value, ties by id.

    Only what the page needs is sorted, so a page of five million costs a partition, not a sort.
    """
    n = len(ids)
    stop = min(offset + size, n)
    if offset >= stop:
        return np.empty(0, np.int64)
    rank = -values.astype(np.float64) if descending else values.astype(np.float64)
    if stop < n:
        edge = np.partition(rank, stop - 1)[stop - 1]
        near = np.flatnonzero(rank <= edge)
        rank, ids = rank[near], ids[near]
    order = np.lexsort((ids, rank))
    return ids[order[offset:stop]]


def usual_gap_days(days: NDArray[np.int32]) -> float | None:
    """The median of the gaps between sorted distinct purchase days; None below three days."""
    return float(np.median(np.diff(days))) if len(days) >= 3 else None


def rhythms(
    customer: NDArray[np.uint32],
    category: NDArray[np.int32],
    day: NDArray[np.int32],
    *,
    least_gaps: int,
    widest_spread: float,
    shortest: float,
) -> tuple[
    NDArray[np.int32],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
]:
    """Categories bought again on a rhythm: category, quartiles of the gaps in days, gaps seen.

    Rows are sorted by customer, category, day. A gap lies between two neighbouring purchase days
    of one customer in one category. A rhythm needs `least_gaps`, a median of `shortest` days and
    (third − first quartile) ÷ median of at most `widest_spread`.
    """
    same = (customer[1:] == customer[:-1]) & (category[1:] == category[:-1])
    gap = np.diff(day)
    real = same & (gap > 0)
    of, gaps = category[1:][real], gap[real]
    order = np.lexsort((gaps, of))
    of, gaps = of[order], gaps[order]
    kinds, starts, counts = np.unique(of, return_index=True, return_counts=True)
    found: list[tuple[int, float, float, float, int]] = []
    for kind, start, count in zip(kinds, starts, counts, strict=True):
        if count < least_gaps:
            continue
        low, middle, high = np.percentile(gaps[start : start + count], (25, 50, 75))
        if middle >= shortest and (high - low) <= widest_spread * middle:
            found.append((int(kind), float(low), float(middle), float(high), int(count)))
    table = np.array(found, np.float64).reshape(-1, 5)
    return (
        table[:, 0].astype(np.int32),
        table[:, 1],
        table[:, 2],
        table[:, 3],
        table[:, 4].astype(np.int64),
    )


def latest_before(
    customer: NDArray[np.uint32],
    key: NDArray[np.int32],
    time: NDArray[np.int64],
    asked_customer: NDArray[np.uint32],
    asked_key: NDArray[np.int32],
    asked_time: NDArray[np.int64],
) -> NDArray[np.int64]:
    """For each question the row with the latest time not after it, same customer and key; else -1.

    Of rows at one time the last one is meant.
    """
    n = len(time)
    who = np.concatenate([customer, asked_customer])
    what = np.concatenate([key, asked_key])
    when = np.concatenate([time, asked_time])
    asked = np.r_[np.zeros(n, bool), np.ones(len(asked_time), bool)]
    order = np.lexsort((asked, when, what, who))
    places = np.arange(len(order))
    latest = np.maximum.accumulate(np.where(asked[order], -1, places))
    row = order[np.maximum(latest, 0)]
    fits = (latest >= 0) & (who[row] == who[order]) & (what[row] == what[order]) & ~asked[row]
    out = np.full(len(order), -1, np.int64)
    out[order] = np.where(fits, row, -1)
    return out[n:]
