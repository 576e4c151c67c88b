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
from yutang.sequence.kernels.values import revenue, starters
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
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
    bits: Bits
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
    matchers, used = [Matcher(())], []
    if params.start is not None:
        places = [("start", params.start), *places]
        matchers = []
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
        bits=Bits(shards, matchers),
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
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    picked = frozen(plan.bits.rows(view, keys, table))
    rows, began = _starts(view, plan, picked, keys, table)
    if keep.size:
        began[~keep] = NO_TIME
    who = np.flatnonzero(began != NO_TIME)
    most = plan.params.days[-1]
    owner, since, paid = revenue(
        picked, keys, table, view.time, view.offsets, frozen(began), plan.days, most
    )
    amounts, counts = _amounts(view, plan, table[keys[paid]], paid)
    place = np.full(began.size, -1, np.int64)
    place[who] = np.arange(who.size)
    first_paid = np.full(who.size, most, np.int64)
    payer = owner[counts]  # by customer and time: the first of each is the earliest
    first = np.flatnonzero(np.diff(payer, prepend=-1))
    first_paid[place[payer[first]]] = since[counts][first]
    at, groups = np.empty(0, np.int64), np.empty((0, len(plan.dims)), np.int64)
    if plan.dims:
        at, groups = group_keys(plan.dims, view, [rows[who]] * len(plan.dims), who)
    last_day = np.searchsorted(plan.days, plan.as_of, side="right") - 1
    ended = last_day - (np.searchsorted(plan.days, began[who], side="right") - 1)
    return Starters(
        customers=view.customers[who],
        began=began[who],
        ended=np.clip(ended, 0, most),
        first_paid=first_paid,
        owner=place[owner],
        since=since.astype(np.int64),
        amount=amounts,
        at=at,
        groups=groups,
    )


def _starts(
    view: View, plan: Plan, picked: np.ndarray, keys: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """By customer: the row of the start event (0 for a date), and its time or NO_TIME."""
    if plan.params.date is None:
        rows = starters(picked, keys, table, view.time, view.offsets, plan.lo, plan.hi)
        began = np.full(rows.size, NO_TIME, np.int64)
        began[rows >= 0] = view.time[rows[rows >= 0]]
        return rows, began
    values = view.attributes[plan.params.date.removeprefix(CUSTOMER)].values
    began = view.of_customers(values, NO_TIME)
    began[(began < plan.lo) | (began > plan.hi)] = NO_TIME
    return np.zeros(began.size, np.int64), began


def _amounts(
    view: View, plan: Plan, bits: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(float64 amount of each row, positions of rows that make a payer)."""
    amounts, pays = np.zeros(rows.size), np.zeros(rows.size, np.bool_)
    for i, one in enumerate(plan.params.revenue, start=1):
        at = np.flatnonzero(bits & np.uint32(1 << i))
        values = view.values_at(one.property, rows[at])
        present = ~np.isnan(values)
        amounts[at[present]] += one.factor * values[present]
        if one.factor > 0:
            pays[at[present]] = True
    return amounts, np.flatnonzero(pays)


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
