"""Measure: the overview's numbers, the people behind each, and what needs somebody today.

All numbers come from one snapshot (customers), so they belong to one facts version and to the
same "today": the business day of the newest fact.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.catalog.metrics import METRICS, metric_of
from yutang.commerce import Shops
from yutang.customers import Customers, Snapshot
from yutang.kit import clock
from yutang.measure.behind import behind, counts_of
from yutang.measure.detectors import (
    Finding,
    RedGroup,
    ShopState,
    Situation,
    finding_of,
    look_around,
)
from yutang.measure.overview import (
    Ground,
    Number,
    Overview,
    Words,
    caveats_of,
    number_of,
    plain,
    totals_of,
    trend_of,
    values_of,
)
from yutang.measure.period import (
    Buckets,
    Compare,
    Period,
    buckets_of,
    compared_with,
    date_of,
    day_number,
    make_period,
)
from yutang.measure.pond import pool_days, waterfall
from yutang.measure.totals import Totals, rolling
from yutang.workspace import Workspace

KEPT_OVERVIEWS = 32
EMPTY_DAY = date(1970, 1, 1)


class Measure:
    """The numbers of one brand."""

    def __init__(
        self,
        workspace: Workspace,
        customers: Customers,
        shops: Shops,
        red_groups: Callable[[], Sequence[RedGroup]] = tuple,
    ) -> None:
        self._workspace = workspace
        self._customers = customers
        self._shops = shops
        self._red_groups = red_groups
        self._lock = threading.Lock()
        self._ground: Ground | None = None
        self._kept: OrderedDict[tuple[Period, Compare], tuple[Ground, Overview]] = OrderedDict()

    # --- periods -----------------------------------------------------------------------------
    def today(self) -> date:
        """The business day of the newest fact (1970-01-01 without facts)."""
        return date_of(_today(self._customers.snapshot(), self._workspace.zone))

    def period(
        self, preset: str = "this_month", *, first: date | None = None, last: date | None = None
    ) -> Period:
        """A preset period, anchored at the newest fact. Raises BadInput."""
        days = self._customers.snapshot().sales.day
        dated = days[days > 0]
        earliest = date_of(int(dated.min())) if len(dated) else self.today()
        return make_period(preset, today=self.today(), earliest=earliest, first=first, last=last)

    # --- numbers -----------------------------------------------------------------------------
    def overview(self, period: Period, compare: Compare = "previous") -> Overview:
        """Everything the overview shows; what depends on the facts only is kept in memory."""
        ground = self._newest()
        with self._lock:
            held = self._kept.get((period, compare))
        if held is None or held[0] is not ground:
            held = (ground, self._make(ground, period, compare))
            with self._lock:
                self._kept[period, compare] = held
                self._kept.move_to_end((period, compare))
                while len(self._kept) > KEPT_OVERVIEWS:
                    self._kept.popitem(last=False)
        return replace(held[1], needs=look_around(self._situation(ground, period)))

    def needs(self, period: Period) -> tuple[Finding, ...]:
        """What needs somebody today, at most five findings."""
        return look_around(self._situation(self._newest(), period))

    def people(self, metric_id: str, period: Period) -> BitMap:
        """The customers behind a number.

        `pool_inflow:<key>` and `pool_outflow:<key>` are one bar of the pool's picture,
        `finding:<id>` the people of a finding. Raises NotFound for an unknown metric.
        """
        ground = self._newest()
        name, _, key = metric_id.partition(":")
        if name == "finding":
            found = finding_of(self._situation(ground, period), key)
            return found.people if found is not None else BitMap()
        metric_of(name)
        return BitMap(np.unique(behind(ground, name, period, key)))

    def people_of(self, metric_id: str, preset: str, first: date, last: date) -> BitMap:
        """The same, of a named period or ("custom") of these days. Raises NotFound."""
        days = {"first": first, "last": last} if preset == "custom" else {}
        return self.people(metric_id, self.period(preset, **days))

    # --- inside ------------------------------------------------------------------------------
    def _newest(self) -> Ground:
        snapshot = self._customers.snapshot()
        held = self._ground
        if held is None or held.snapshot is not snapshot:
            held = _make_ground(snapshot, self._workspace.zone)
            self._ground = held
        return held

    def _make(self, ground: Ground, period: Period, compare: Compare) -> Overview:
        other = compared_with(period, compare)
        whole, steps = _whole(period), buckets_of(period)
        by_step, found = totals_of(ground, steps)
        values, trends = values_of(ground, whole, found), values_of(ground, steps, by_step)
        before: dict[str, NDArray[np.float64]] = {}
        other_steps: Totals | None = None
        note = None
        if other is not None:
            note = _compared(ground, other)
            if note is None or note is PARTLY:
                compared = _whole(other)
                other_steps, other_found = totals_of(ground, buckets_of(other, steps.unit))
                before = values_of(ground, compared, other_found)
        counts = counts_of(ground, period, values)
        numbers: list[Number] = []
        for metric in METRICS:
            provisional, caveats = caveats_of(metric, ground, period, found, note)
            numbers.append(
                number_of(
                    metric,
                    plain(values[metric.id][0]),
                    plain(before[metric.id][0]) if before else None,
                    trends[metric.id],
                    people=counts[metric.id],
                    provisional=provisional,
                    caveats=caveats,
                )
            )
        return Overview(
            period=period,
            compare=other,
            unit=steps.unit,
            as_of=ground.snapshot.as_of,
            facts_version=ground.snapshot.version,
            empty=not len(ground.snapshot.sales) and not ground.snapshot.as_of,
            numbers=tuple(numbers),
            trend=trend_of(by_step, steps, other_steps),
            pool=waterfall(ground.snapshot, ground.pool, period),
            needs=(),
        )

    def _situation(self, ground: Ground, period: Period) -> Situation:
        shops = [
            ShopState(one.platform, one.name, bool(one.confirmed_by)) for one in self._shops.list_()
        ]
        return Situation(
            ground.snapshot,
            period,
            ground.tie_day,
            ground.pool.day,
            ground.today,
            self._workspace.now(),
            shops,
            self._red_groups(),
        )


def _whole(period: Period) -> Buckets:
    """The period as one bucket."""
    first, last = period.span
    return Buckets(period.unit, (period.first.isoformat(),), np.array([first], np.int32), last + 1)


def _today(snapshot: Snapshot, zone: str) -> int:
    if not snapshot.as_of:
        return day_number(EMPTY_DAY)
    return int(clock.day_numbers(np.array([snapshot.as_of], np.int64), zone)[0])


def _make_ground(snapshot: Snapshot, zone: str) -> Ground:
    people = snapshot.people
    seen = people.first_seen_at[people.alive & (people.first_seen_at > 0)]
    return Ground(
        snapshot=snapshot,
        rolling=rolling(snapshot.sales),
        pool=pool_days(snapshot, zone),
        tie_day=clock.day_numbers(snapshot.ties.time, zone),
        seen_day=np.sort(clock.day_numbers(seen, zone)),
        today=_today(snapshot, zone),
        zone=zone,
    )


PARTLY: Words = ("对比期的数据不全", "the compared period is only partly covered by data")
NO_DATA: Words = ("对比期没有数据", "no data in the compared period")


def _compared(ground: Ground, other: Period) -> Words | None:
    """What is wrong with comparing against this period; None = nothing."""
    days = ground.snapshot.sales.day
    dated = days[days > 0]
    first = int(dated.min()) if len(dated) else 0
    if not first or other.span[1] < first:
        return NO_DATA
    return PARTLY if other.span[0] < first else None
