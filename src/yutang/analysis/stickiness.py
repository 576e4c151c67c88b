"""Stickiness 黏性: on how many days of a month is a customer active?

Active units: the days (or weeks) of a period (week, month, quarter) in which a customer did the
event at least once. people(k) = customers with exactly k active units in the period; at least k =
the L-curve. share = of the period's people.
Stickiness of a period = average people per unit / people of the period (DAU/MAU), which is the same
as active units per person / units; only units that have begun by the last fact count.
`units`: people by unit, and their share of the people of the period (that day's DAU / MAU).
Days and weeks (from Monday) are those of the brand's zone. A first or last period is cut at the
range, a unit is cut at its period: a week across two months counts in each part in which something
happened. Late events belong to their own time; duplicates were dropped before; order and ties do
not matter here. A period that has not ended at the last fact is marked open.
Groups: an event counts in the group of its property's value, or of its customer's attribute; a
list counts in each of its values (`multi`). With `single` a customer counts, with all his units of
the period, in the group of his first event of the period.
Totals are counted, not added up. Sampling keeps whole customers; people are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis.contract import Column, Context, RangeParams, Result, Table
from yutang.analysis.grouped import check_cells, check_no_steps, find_group
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values, group_cells, group_columns
from yutang.analysis.periods import range_periods
from yutang.analysis.tallies import (
    Doing,
    Entries,
    Tallying,
    open_period,
    prepare,
    small_cohort,
)
from yutang.errors import BadInput
from yutang.sequence.view import View

NAME, ZH, EN = "stickiness", "黏性", "Stickiness"
QUESTION = ("一个月里活跃几天？", "On how many days of a month are they active?")

_PERIOD = Column("period", "日期", "Date", "period")
_PEOPLE = Column("people", "人数", "People", "count")
_OPEN = Column("open", "未结束", "Open", "text")
_COLUMNS = (
    Column("active", "活跃天（周）数", "Active units", "text"),
    _PEOPLE,
    Column("share", "占比", "Share", "rate"),
    Column("people_at_least", "至少这么多的人数", "People, at least", "count"),
    Column("share_at_least", "至少这么多的占比", "Share, at least", "rate"),
)
_OF_PERIOD = (
    _PEOPLE,
    Column("average_units", "人均活跃天（周）数", "Active units per person", "number"),
    Column("units", "天（周）数", "Units", "count"),
    Column("stickiness", "黏性（DAU/MAU）", "Stickiness (DAU/MAU)", "rate"),
    _OPEN,
)
_OF_UNIT = (
    _PERIOD,
    _PEOPLE,
    Column("of_people", "当期人数", "People of the period", "count"),
    Column("share", "占比", "Share", "rate"),
)


class Params(RangeParams):
    """What to ask."""

    event: Doing = Field(default=Doing(event="*"), title="活跃 = 做过 Active = did")
    unit: Literal["day", "week"] = Field("day", title="活跃单位 Unit")
    within: Literal["week", "month", "quarter"] = Field("month", title="在一个 Within a")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        check_no_steps(self.group)
        if self.unit == self.within:
            raise ValueError("`within` is longer than the unit")
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters, periods and groups resolved.

    elapsed: int64 by period, its units that have begun; unit_names, unit_period: by unit.
    """

    params: Params
    tallying: Tallying
    periods: list[str]
    unit_names: list[str]
    unit_period: np.ndarray
    elapsed: np.ndarray

    @property
    def most(self) -> int:
        """The most units of a period."""
        return int(np.bincount(self.unit_period).max())


@dataclass(frozen=True)
class Partial:
    """int64: hist [1, periods, most + 1] by active units, by_group the same by group; units: people
    by unit, and last in all."""

    hist: np.ndarray
    by_group: np.ndarray
    units: np.ndarray


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    edges, periods = range_periods(context, params, params.within)
    units, _ = range_periods(context, params, params.unit)
    tallying = prepare(
        context, params, params.event, params.group, params.values, params.top, edges, units=units
    )
    starts = tallying.units[:-1]
    names = np.searchsorted(units, starts, side="right") - 1
    labels = range_periods(context, params, params.unit)[1]
    unit_period = np.searchsorted(edges, starts, side="right") - 1
    begun = starts <= tallying.as_of
    found = Plan(
        params=params,
        tallying=tallying,
        periods=periods,
        unit_names=[labels[i] for i in names],
        unit_period=unit_period,
        elapsed=np.bincount(unit_period[begun], minlength=len(periods)),
    )
    check_cells(len(periods) * found.most * max(len(tallying.groups), 1))
    return found


def run(view: View, plan: Plan) -> Partial:
    """Histograms of a view's customers."""
    found = plan.tallying.entries(view)
    people = np.count_nonzero(found.who[1:] != found.who[:-1]) + min(found.who.size, 1)
    hist = _histogram(found, plan, grouped=False)
    by_group = hist
    if plan.tallying.dims:
        by_group = _histogram(plan.tallying.entries(view, grouped=True), plan, grouped=True)
    return Partial(hist, by_group, np.append(found.in_unit, people))


def _histogram(found: Entries, plan: Plan, *, grouped: bool) -> np.ndarray:
    shape = _shape(plan, grouped=grouped)
    place = (found.group.astype(np.int64) * shape[1] + found.period) * shape[2] + found.units
    return np.bincount(place, minlength=int(np.prod(shape))).reshape(shape)


def _shape(plan: Plan, *, grouped: bool) -> tuple[int, int, int]:
    groups = len(plan.tallying.groups) if grouped and plan.tallying.dims else 1
    return groups, len(plan.periods), plan.most + 1


def merge(partials: list[Partial], plan: Plan) -> Partial:
    """The histograms of all views."""
    return Partial(
        sum((p.hist for p in partials), np.zeros(_shape(plan, grouped=False), np.int64)),
        sum((p.by_group for p in partials), np.zeros(_shape(plan, grouped=True), np.int64)),
        sum((p.units for p in partials), np.zeros(len(plan.unit_names) + 1, np.int64)),
    )


def shape(partial: Partial, plan: Plan) -> Result:
    """Table by period, group and active units; periods, units, totals, chart, caveats."""
    tallying = plan.tallying
    groups = tallying.labels if tallying.dims else [()]
    rows = _rows(partial.by_group, groups, plan)
    titles = tuple(group_columns(tallying.dims))
    periods = _periods(partial.hist, [()], plan)
    tables = {
        "periods": Table((_PERIOD, *_OF_PERIOD), periods),
        "units": Table(_OF_UNIT, _units(partial, plan)),
        "total": Table((_PEOPLE,), [{"people": int(partial.units[-1]) * plan.params.sample}]),
    }
    if tallying.dims:
        tables["all"] = Table((_PERIOD, *_COLUMNS), _rows(partial.hist, [()], plan))
        by_group = _periods(partial.by_group, groups, plan)
        tables["groups"] = Table((_PERIOD, *titles, *_OF_PERIOD), by_group)
    caveats = tallying.caveats() + small_cohort(tables["total"].rows[0]["people"])
    caveats += [open_period(row["period"]) for row in periods if row["open"] and row["people"]]
    return Result(
        model=NAME,
        table=Table((_PERIOD, *titles, *_COLUMNS), rows),
        tables=tables,
        chart=_chart(partial.by_group, groups, plan),
        caveats=tuple(caveats),
        facts_version=tallying.facts_version,
    )


def _rows(hist: np.ndarray, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    """Every number of units a period has, whether or not anybody reached it."""
    units = np.bincount(plan.unit_period, minlength=len(plan.periods)).tolist()
    rows = []
    for p, period in enumerate(plan.periods):
        for g, label in enumerate(groups):
            counts = (hist[g, p] * plan.params.sample).tolist()
            people = left = sum(counts)
            for k in range(1, units[p] + 1):
                row = {"period": period, **group_cells(label), "active": k, "people": counts[k]}
                row |= {"share": _rate(counts[k], people), "people_at_least": left}
                rows.append({**row, "share_at_least": _rate(left, people)})
                left -= counts[k]
    return rows


def _periods(hist: np.ndarray, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    scale = plan.params.sample
    steps = np.arange(plan.most + 1)
    rows = []
    for p, period in enumerate(plan.periods):
        units = int(plan.elapsed[p])
        for g, label in enumerate(groups):
            people = int(hist[g, p].sum())
            active = int((hist[g, p] * steps).sum())
            row: dict[str, Any] = {"period": period, **group_cells(label)}
            row |= {"people": people * scale, "average_units": _rate(active, people)}
            row |= {"units": units, "stickiness": _rate(active, people * units)}
            rows.append({**row, "open": plan.tallying.is_open(p)})
    return rows


def _units(partial: Partial, plan: Plan) -> list[dict[str, Any]]:
    scale = plan.params.sample
    of_period = (partial.hist[0].sum(axis=1) * scale).tolist()
    rows = []
    for name, p, n in zip(plan.unit_names, plan.unit_period, partial.units.tolist(), strict=False):
        people, of_people = n * scale, of_period[p]
        row = {"period": name, "people": people, "of_people": of_people}
        rows.append({**row, "share": _rate(people, of_people)})
    return rows


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _chart(hist: np.ndarray, groups: list[tuple[Any, ...]], plan: Plan) -> dict[str, Any]:
    """One series per period and group."""
    series = [
        {"name": [period, *label], "values": (hist[g, p, 1:] * plan.params.sample).tolist()}
        for p, period in enumerate(plan.periods)
        for g, label in enumerate(groups)
    ]
    names = [str(k) for k in range(1, plan.most + 1)]
    return {"kind": "histogram", "categories": names, "series": series}


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"period"?: label, "active"?: k, "measure"?: "people" |
    "people_at_least", "group"?: [labels]}."""
    period, active = cell.get("period"), cell.get("active")
    least = cell.get("measure") == "people_at_least"
    if (period is not None and period not in plan.periods) or (
        active is not None and (type(active) is not int or not 1 <= active <= plan.most)
    ):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    tallying, grouped = plan.tallying, bool(cell.get("group"))
    group = find_group(tallying.dims, tallying.groups, cell["group"]) if grouped else 0

    def behind(view: View) -> np.ndarray:
        found = tallying.entries(view, grouped=grouped)
        chosen = found.group == group
        if period is not None:
            chosen &= found.period == plan.periods.index(period)
        if active is not None:
            chosen &= (found.units >= active) if least else (found.units == active)
        return np.asarray(view.customers[np.unique(found.who[chosen])])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
