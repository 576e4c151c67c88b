"""The pond: how many were in the pool, who came from where, who left why, how many are there now.

Everything is counted from the snapshot's entries and exits, so stock, inflow and outflow always
add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.touchpoints import Label, source_label, touchpoint_label
from yutang.customers import Flow, Snapshot
from yutang.kit import clock
from yutang.measure.period import Buckets, Period

MOST_SOURCES = 6  # bars of the picture; the rest is summed

OUTFLOWS: dict[Flow, tuple[str, str]] = {
    Flow.DELETED: ("删除好友", "deleted us"),
    Flow.LEFT_GROUPS: ("退出全部群", "left all groups"),
    Flow.UNFOLLOWED: ("取消关注", "unfollowed"),
    Flow.SILENT: ("沉默 180 天", "silent for 180 days"),
}
RETURNED = ("回流", "came back")
OTHER = ("其他", "other")
UNKNOWN = ("来源未知", "source unknown")


@dataclass(frozen=True)
class Flows:
    """One bar: `key` names it in `Measure.people("pool_inflow:<key>")`, `people` the count."""

    key: str
    label: Label
    people: int


@dataclass(frozen=True)
class Waterfall:
    """before + sum of inflow − sum of outflow = after. `measured` is false while no relation
    event is there; then all is empty and the page says what to connect."""

    measured: bool
    before: int
    inflow: tuple[Flows, ...]
    outflow: tuple[Flows, ...]
    after: int


@dataclass(frozen=True)
class PoolDays:
    """Business day (int32) of each entry and exit, and by day the stock after it.

    days: distinct days (sorted); stock: int64, pool at the end of each.
    """

    day: NDArray[np.int32]
    days: NDArray[np.int32]
    stock: NDArray[np.int64]

    def at_end_of(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Stock at the end of these day numbers."""
        at = np.searchsorted(self.days, days, side="right")
        return np.asarray(np.r_[np.int64(0), self.stock][at], np.int64)


def pool_days(snapshot: Snapshot, zone: str) -> PoolDays:
    """Entries and exits by business day."""
    day = clock.day_numbers(snapshot.pool.time, zone)
    days, at = np.unique(day, return_inverse=True)
    net = np.bincount(at, snapshot.pool.step, minlength=len(days))
    return PoolDays(day, days, np.cumsum(np.rint(net).astype(np.int64)))


def flows_by_bucket(
    snapshot: Snapshot, days: PoolDays, buckets: Buckets
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(entries, exits) in each bucket."""
    rows = np.flatnonzero((days.day >= buckets.starts[0]) & (days.day < buckets.end))
    where = buckets.of(days.day[rows])
    enters = snapshot.pool.flow[rows] <= Flow.RETURNED
    return (
        np.bincount(where[enters], minlength=len(buckets)),
        np.bincount(where[~enters], minlength=len(buckets)),
    )


def inflow_keys(snapshot: Snapshot, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Where each entry came from, as a code and the keys: touchpoint, else source, else
    "unknown"; "returned" for those who had been in the pool before."""
    ties, words = snapshot.ties, snapshot.words
    touchpoints = [f"touchpoint:{word}" for word in words.get("touchpoint", [])]
    keys = [*touchpoints, *(f"source:{word}" for word in words.get("source", []))]
    keys += ["unknown", "returned"]
    unknown, returned = len(keys) - 2, len(keys) - 1
    code = np.full(len(rows), unknown, np.int64)
    tie = snapshot.pool.row[rows]
    known = np.flatnonzero(tie >= 0)
    touched, source = ties.touchpoint[tie[known]], ties.source[tie[known]]
    by_source = np.where(source >= 0, source + len(touchpoints), unknown)
    code[known] = np.where(touched >= 0, touched, by_source)
    code[snapshot.pool.flow[rows] == Flow.RETURNED] = returned
    return code, keys


def rows_in(days: PoolDays, period: Period) -> NDArray[np.int64]:
    """Entries and exits in the period."""
    first, last = period.span
    return np.flatnonzero((days.day >= first) & (days.day <= last))


def waterfall(snapshot: Snapshot, days: PoolDays, period: Period) -> Waterfall:
    """Stock, inflow by touchpoint or source, outflow by reason, stock."""
    first, last = period.span
    before, after = (int(n) for n in days.at_end_of(np.array([first - 1, last], np.int64)))
    rows = rows_in(days, period)
    flow = snapshot.pool.flow[rows]
    enters = rows[flow <= Flow.RETURNED]
    code, keys = inflow_keys(snapshot, enters)
    counted = zip(keys, np.bincount(code, minlength=len(keys)).tolist(), strict=True)
    ranked = sorted((one for one in counted if one[1]), key=lambda one: (-one[1], one[0]))
    new = [one for one in ranked if one[0] != "returned"]
    inflow = [Flows(key, _label(key), count) for key, count in new[:MOST_SOURCES]]
    if rest := sum(count for _, count in new[MOST_SOURCES:]):
        inflow.append(Flows("other", OTHER, rest))
    inflow += [Flows(key, RETURNED, count) for key, count in ranked if key == "returned"]
    outflow = [
        Flows(reason.name.lower(), label, count)
        for reason, label in OUTFLOWS.items()
        if (count := int((flow == reason).sum()))
    ]
    return Waterfall(len(snapshot.ties) > 0, before, tuple(inflow), tuple(outflow), after)


def _label(key: str) -> Label:
    kind, _, code = key.partition(":")
    if kind == "touchpoint":
        return touchpoint_label(code)
    return source_label(code) if kind == "source" else UNKNOWN


def flow_people(
    snapshot: Snapshot, days: PoolDays, period: Period, metric: str, key: str
) -> NDArray[np.uint32]:
    """Who entered (pool_inflow) or left (pool_outflow); with a key, only that bar's people."""
    rows = rows_in(days, period)
    enters = snapshot.pool.flow[rows] <= Flow.RETURNED
    rows = rows[enters if metric == "pool_inflow" else ~enters]
    if key and metric == "pool_outflow":
        reason = {one.name.lower(): one for one in OUTFLOWS}.get(key)
        rows = rows[snapshot.pool.flow[rows] == reason] if reason is not None else rows[:0]
    elif key:
        code, keys = inflow_keys(snapshot, rows)
        shown = {one.key for one in waterfall(snapshot, days, period).inflow}
        mine = [one == key or (key == "other" and one not in shown) for one in keys]
        rows = rows[np.array(mine, bool)[code]]
    return snapshot.pool.customer[rows]


def stock_people(snapshot: Snapshot, days: PoolDays, day: int) -> NDArray[np.uint32]:
    """Who is in the pool at the end of a day number."""
    rows = np.flatnonzero(days.day <= day)
    customer = snapshot.pool.customer[rows]
    if not len(rows):
        return customer
    last = np.r_[customer[1:] != customer[:-1], True]
    return np.asarray(customer[last & (snapshot.pool.step[rows] > 0)], np.uint32)
