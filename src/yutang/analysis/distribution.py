"""Distribution 分布: how many customers do it how often, on how many days, or for how much?

Each customer who did the event in a period has one value there: `times` = events; `days`, `hours` =
business days, clock hours of the brand's zone with an event; sum, average, min, max of a number
property over his events that carry it (who has none has no value and is not counted). people of a
bucket = customers with a value in it; share = of the period's (and group's) people.
Buckets hold their lower edge and not their upper one. Given: edges, open at both ends. A number n:
n buckets about equally full, over all periods. Automatic: 1, 2, 3 – 4, 5 – 9, 10 – 19 … for counts,
and < 0, 0 – 1, 1 – 2, 2 – 5, 5 – 10 … for numbers, as far as values go, so that they stay the same
from range to range.
`periods`: people and the values' sum, average and percentiles (between closest ranks) by period.
`total` counts distinct customers: who was in two buckets in two periods counts in both.
Periods are days, weeks (from Monday), months, quarters, years, or the whole range; a first or last
period is cut at the range, one that had not ended at the last fact is marked open. Late events
belong to their own time; duplicates were dropped before; order and ties do not matter here.
Groups: as in stickiness: an event counts in each of its groups; with `single` a customer counts,
with all his events of the period, in the group of his first event of it. Sampling keeps whole
customers; people and sums are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import distribution_table
from yutang.analysis.contract import Context, RangeParams, Result
from yutang.analysis.distribution_table import Buckets
from yutang.analysis.grouped import check_cells, check_no_steps, find_group
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values, check_edges
from yutang.analysis.periods import range_periods
from yutang.analysis.tallies import Doing, Entries, Tallying, check_number, prepare
from yutang.errors import BadInput
from yutang.sequence.view import View

NAME, ZH, EN = "distribution", "分布", "Distribution"
QUESTION = ("多少人做了几次、花了多少？", "How many do it how often, or for how much?")

COUNTED = ("times", "days", "hours")
_UNIT_OF = {"days": "day", "hours": "hour"}


class Params(RangeParams):
    """What to ask."""

    event: Doing = Field(default=Doing(event="*"), title="事件 Event")
    measure: Literal["times", "days", "hours", "sum", "average", "min", "max"] = Field(
        "times", title="每人的 Of each customer"
    )
    property: str | None = Field(None, title="属性 Property")
    unit: Literal["day", "week", "month", "quarter", "year", "total"] = Field(
        "total", title="按 By"
    )
    buckets: list[float] | int | None = Field(None, title="分段 Buckets")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        check_no_steps(self.group)
        check_edges(self.buckets)
        if (self.property is None) != (self.measure in COUNTED):
            raise ValueError(f"{self.measure} takes {'no' if self.property else 'a'} property")
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters, periods, groups and buckets resolved."""

    params: Params
    tallying: Tallying
    periods: list[str]
    buckets: Buckets


class Partial(NamedTuple):
    """cell (period * groups + group), value, weight: how many customers have the value there;
    distinct: int64, customers by bucket; everybody: int64, of one, all of them."""

    cell: np.ndarray
    value: np.ndarray
    weight: np.ndarray
    distinct: np.ndarray
    everybody: np.ndarray


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, find groups and buckets. Raises BadInput with the place."""
    edges, periods = range_periods(context, params, params.unit)
    name = params.property
    if name is not None:
        check_number(context, name, "property")
    units = np.empty(0, np.int64)
    if params.measure in _UNIT_OF:
        units, _ = range_periods(context, params, _UNIT_OF[params.measure])
    tallying = prepare(
        context, params, params.event, params.group, params.values, params.top, edges,
        units=units, worth=name,
    )  # fmt: skip
    check_cells(len(periods) * max(len(tallying.groups), 1))

    def all_values() -> np.ndarray:
        parts = context.each(lambda view: _values(tallying, params, view, grouped=False)[1])
        return np.concatenate([np.empty(0), *parts])

    return Plan(params, tallying, periods, Buckets.of(params, all_values))


def _values(
    tallying: Tallying, params: Params, view: View, *, grouped: bool
) -> tuple[Entries, np.ndarray]:
    """The entries of customers who have a value, and the values."""
    found = tallying.entries(view, grouped=grouped)
    value = _value(found, params.measure)
    if params.property is None or (found.valued > 0).all():
        return found, value
    there = found.valued > 0
    kept = found._replace(who=found.who[there], group=found.group[there])
    return kept._replace(period=found.period[there]), value[there]


def _value(found: Entries, measure: str) -> np.ndarray:
    if measure in COUNTED:
        return (found.times if measure == "times" else found.units).astype(np.float64)
    if measure == "average":
        return np.asarray(found.total / np.maximum(found.valued, 1))
    return {"sum": found.total, "min": found.least, "max": found.most}[measure]


def run(view: View, plan: Plan) -> list[Partial]:
    """Values of all, then, where there are groups, by group."""
    kinds = [False, True] if plan.tallying.dims else [False]
    return [_count(view, plan, grouped=grouped) for grouped in kinds]


def _count(view: View, plan: Plan, *, grouped: bool) -> Partial:
    found, value = _values(plan.tallying, plan.params, view, grouped=grouped)
    groups = max(len(plan.tallying.groups), 1) if grouped else 1
    cell = found.period.astype(np.int64) * groups + found.group
    distinct, everybody = _distinct(found.who, plan.buckets.place(value), plan.buckets.width)
    return Partial(*_pack(cell, value, plan), distinct, everybody)


def _distinct(who: np.ndarray, place: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Customers by bucket, and in all; `who` is sorted, there are at most 64 buckets."""
    if not who.size:
        return np.zeros(width, np.int64), np.zeros(1, np.int64)
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    masks = np.bitwise_or.reduceat(np.uint64(1) << place.astype(np.uint64), starts)
    bits = [np.count_nonzero(masks >> np.uint64(b) & np.uint64(1)) for b in range(width)]
    return np.array(bits, np.int64), np.array([starts.size])


def _pack(
    cell: np.ndarray, value: np.ndarray, plan: Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells, values, weights; counts are few different numbers, so they are counted first."""
    if plan.params.property is not None or not value.size:
        return cell, value, np.ones(value.size, np.int64)
    width = int(value.max()) + 1
    key = cell * width + value.astype(np.int64)
    if key.max() < 4 * key.size + 65_536:
        weight = np.bincount(key)
        used = np.flatnonzero(weight)
        weight = weight[used]
    else:
        used, weight = np.unique(key, return_counts=True)
    return used // width, (used % width).astype(np.float64), weight


def merge(partials: list[list[Partial]], plan: Plan) -> list[Partial]:
    """The values of all views."""
    none, no_value = np.empty(0, np.int64), np.empty(0)
    merged = []
    for i in range(2 if plan.tallying.dims else 1):
        parts = [partial[i] for partial in partials]
        merged.append(
            Partial(
                np.concatenate([none, *(part.cell for part in parts)]),
                np.concatenate([no_value, *(part.value for part in parts)]),
                np.concatenate([none, *(part.weight for part in parts)]),
                sum((part.distinct for part in parts), np.zeros(plan.buckets.width, np.int64)),
                sum((part.everybody for part in parts), np.zeros(1, np.int64)),
            )
        )
    return merged


def shape(partial: list[Partial], plan: Plan) -> Result:
    """Table by period, group and bucket; periods, totals, chart, caveats."""
    return distribution_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"period"?: label, "bucket"?: label, "group"?: [labels]}."""
    period, bucket = cell.get("period"), cell.get("bucket")
    tallying, grouped = plan.tallying, bool(cell.get("group"))
    group = find_group(tallying.dims, tallying.groups, cell["group"]) if grouped else 0
    known = period is None or period in plan.periods
    if not known or (bucket is not None and bucket not in plan.buckets.labels):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))

    def behind(view: View) -> np.ndarray:
        found, value = _values(tallying, plan.params, view, grouped=grouped)
        chosen = found.group == group
        if period is not None:
            chosen &= found.period == plan.periods.index(period)
        if bucket is not None:
            chosen &= plan.buckets.place(value) == plan.buckets.labels.index(bucket)
        return np.asarray(view.customers[np.unique(found.who[chosen])])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
