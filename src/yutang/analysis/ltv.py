"""LTV 生命周期价值: what is a customer worth, day by day after the start?

A starter is a customer whose first event `start` in the range, or whose date attribute `date`, lies
between `from` and `to`. His revenue of n days = the sum of the `revenue` measures (property ×
factor, −1 for refunds) over his events from the start on (its own instant included, whatever the
stored order) within n business days, of which the day of the start is the first.
For each n of `days`: people = starters whose n-th day has ended at the last fact; the others are
`open` and left out, so that no curve looks low only because it is young. payers = those of them
with a revenue event of positive factor within n days; revenue = theirs; arpu = revenue / people;
arppu = revenue / payers; ltv = arpu × margin.
Cohorts: `unit` cuts starters by the period of their start. Groups: by a property of the start
event, or an attribute; the largest have the most starters.
payback (where `cac` or `costs` are given): the first day on which ltv ≥ cost per starter.
Late events belong to their own time; duplicates were dropped before; a customer starts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pyroaring import BitMap

from yutang.analysis import ltv_table
from yutang.analysis.contract import Context, RangeParams, Result
from yutang.analysis.funnel import Events
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    group_keys,
)
from yutang.analysis.ltv_table import Starters
from yutang.errors import BadInput
from yutang.sequence.calendar import day_edges
from yutang.sequence.files import frozen
from yutang.sequence.filters import (
    CUSTOMER,
    Filter,
    both,
    compile_filter,
    property_type,
    split_filter,
)
from yutang.sequence.kernels.values import first_of, since_start
from yutang.sequence.matching import Matcher, find_codes, kept_customers, matched
from yutang.sequence.source import NO_TIME
from yutang.sequence.view import View

NAME, ZH, EN = "ltv", "生命周期价值", "LTV"
QUESTION = ("一个客户值多少钱，多久回本？", "What is a customer worth, and when is he paid back?")

_LONGEST = 730
_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365]


class Revenue(Events):
    """A number of an event that counts as revenue; a refund has factor −1."""

    property: str = Field(title="金额属性 Amount property")
    factor: float = Field(1.0, ge=-1, le=1, title="系数 Factor")


class Params(RangeParams):
    """What to ask."""

    start: Events | None = Field(None, title="起始事件 Start event")
    date: str | None = Field(None, title="或起始日期属性 Or date attribute")
    revenue: list[Revenue] = Field(min_length=1, max_length=8, title="收入 Revenue")
    margin: float = Field(1.0, gt=0, le=1, title="毛利率 Margin")
    days: list[int] = Field(
        default_factory=lambda: list(_DAYS), min_length=1, max_length=30, title="天数 Days"
    )
    unit: Literal["total", "day", "week", "month", "quarter", "year"] = Field(
        "total", title="按起始时间 Cohorts by"
    )
    cac: float | None = Field(None, ge=0, title="获客成本 Cost per starter")
    costs: dict[str, float] = Field(default_factory=dict, title="各组总成本 Costs by group")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @field_validator("days")
    @classmethod
    def _rising(cls, value: list[int]) -> list[int]:
        if value[0] < 1 or value[-1] > _LONGEST or any(b <= a for a, b in pairwise(value)):
            raise ValueError(f"days are rising numbers from 1 to {_LONGEST}")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        if (self.start is None) == (self.date is None):
            raise ValueError("name a start event or a date attribute")
        check_no_steps(self.group)
        if self.costs and not self.group:
            raise ValueError("costs are by group; without groups there is cac")
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters and times resolved."""

    params: Params
    start: Matcher | None
    revenue: list[Matcher]
    of_customer: Filter | None
    lo: int
    hi: int
    days: np.ndarray
    dims: list[Dimension]
    unknown: list[str]
    as_of: int
    zone: str
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    places: list[tuple[str, Events]] = [
        (f"revenue[{i}]", one) for i, one in enumerate(params.revenue)
    ]
    matchers: list[Matcher] = []
    used: list[str] = []
    if params.start is not None:
        places = [("start", params.start), *places]
    for place, one in places:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
        used += one.names
    _check(context, params)
    lo, hi = params.moments(shards.zone)
    first, last = shards.span or (0, 0)
    if params.date is not None:
        values = shards.attributes[params.date.removeprefix(CUSTOMER)].values
        values = values[(values != NO_TIME) & (values >= lo) & (values <= hi)]
        first = min([first, *([int(values.min())] if values.size else [])])
    return Plan(
        params=params,
        start=matchers.pop(0) if params.start is not None else None,
        revenue=matchers,
        of_customer=of_customer,
        lo=lo,
        hi=hi,
        days=frozen(day_edges(int(first), last, shards.zone)),
        dims=dimensions(context, params.group, params.values),
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        as_of=last,
        zone=shards.zone,
        facts_version=shards.facts_version,
    )


def check_revenue(context: Context, measures: list[Revenue], where: str) -> None:
    """Raises BadInput unless each measures a number of its event."""
    for i, one in enumerate(measures):
        place = f"{where}[{i}]"
        kind = property_type(context.shards, one.property, place)
        if kind != "number" or one.property not in context.shards.columns:
            raise BadInput(
                "%(place)s: %(name)s is no number of the event.",
                place=place,
                name=repr(one.property),
            )


def _check(context: Context, params: Params) -> None:
    check_revenue(context, params.revenue, "revenue")
    if params.date is None:
        return
    kind = property_type(context.shards, params.date, "date")
    if kind != "time" or not params.date.startswith(CUSTOMER):
        raise BadInput("date: %(name)s is no date attribute.", name=repr(params.date))
    for i, group in enumerate(params.group):
        if not group.property.startswith(CUSTOMER):
            raise BadInput(
                "group[%(i)d]: who starts by an attribute is grouped by attributes.", i=i
            )


def run(view: View, plan: Plan) -> Starters:
    """The starters of a view and what they brought in."""
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    rows, began = _starts(view, plan)
    if keep.size:
        began[~keep] = NO_TIME
    who = np.flatnonzero(began != NO_TIME)
    most = int(plan.params.days[-1])
    begun_on = np.zeros(began.size, np.int64)
    begun_on[who] = np.searchsorted(plan.days, began[who], side="right") - 1
    last_day = np.searchsorted(plan.days, plan.as_of, side="right") - 1
    place = np.full(began.size, -1, np.int64)
    place[who] = np.arange(who.size)
    first_paid = np.full(who.size, most, np.int64)
    entries = _revenue(view, plan, began, begun_on, most)
    for (owner, since, _), one in zip(entries, plan.params.revenue, strict=True):
        if one.factor > 0:  # by customer and time: the first of each is the earliest
            first = np.flatnonzero(np.diff(owner, prepend=-1))
            payer = place[owner[first]]
            first_paid[payer] = np.minimum(first_paid[payer], since[first])
    at, groups = np.empty(0, np.int64), np.empty((0, len(plan.dims)), np.int64)
    if plan.dims:
        at, groups = group_keys(plan.dims, view, [rows[who]] * len(plan.dims), who)
    owner, since, amount = map(np.concatenate, zip(*entries, strict=True))
    return Starters(
        customers=view.customers[who],
        began=began[who],
        ended=np.clip(last_day - begun_on[who], 0, most),
        first_paid=first_paid,
        owner=place[owner],
        since=since.astype(np.int64),
        amount=amount,
        at=at,
        groups=groups,
    )


def _starts(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """By customer: the row of the start event (0 for a date), and its time or NO_TIME."""
    if plan.start is None:
        assert plan.params.date is not None
        values = view.attributes[plan.params.date.removeprefix(CUSTOMER)].values
        began = view.of_customers(values, NO_TIME)
        began[(began < plan.lo) | (began > plan.hi)] = NO_TIME
        return np.zeros(began.size, np.int64), began
    found = matched(view, plan.start)
    days = view.shard.days[:-1]  # the range is one of whole days
    opens = frozen((days >= plan.lo) & (days <= plan.hi))
    at = first_of(found.who, found.day, opens, view.customers.size)
    began = np.full(at.size, NO_TIME, np.int64)
    rows = np.full(at.size, -1, np.int64)
    started = np.flatnonzero(at >= 0)
    rows[started] = found.rows[at[started]]
    began[started] = view.time[rows[started]]
    return rows, began


def _revenue(
    view: View, plan: Plan, began: np.ndarray, begun_on: np.ndarray, most: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each revenue, by customer and time: int64 positions of customers, int32 days since their
    start, float64 amounts."""
    limit = frozen(np.where(began == NO_TIME, np.iinfo(np.int64).max, began))
    shift = int(np.searchsorted(plan.days, view.shard.days[0]))
    counted = frozen(begun_on - shift)  # as the shard counts days
    entries = []
    for one, matcher in zip(plan.params.revenue, plan.revenue, strict=True):
        found = matched(view, matcher)
        owner, since, rows = since_start(*found, view.time, limit, counted, most)
        values = view.values_at(one.property, rows)
        paid = ~np.isnan(values)
        entries.append((owner[paid], since[paid], one.factor * values[paid]))
    return entries


def merge(partials: list[Starters], plan: Plan) -> Starters:
    """The starters of all views."""
    return Starters.concat(partials, len(plan.dims))


def shape(partial: Starters, plan: Plan) -> Result:
    """Table by cohort, group and day, payback, chart, caveats."""
    return ltv_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"state"?: "starters" | "people" | "payers" | "open", "day"?: n,
    "group"?: [labels], "period"?: label}. Without `day`: the last of `days`."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    return ltv_table.people(partial, plan, cell)
