"""Property 属性: who are the customers, by attribute, tag and stage?

people = customers with at least one fact, merged; with a range or a filter on events those with an
event in it that passes (the filter's conditions on attributes hold for the customer). share =
people / all of them. Measures: sum, average, min, max, median, percentile (between the closest
ranks) of a number attribute, over the customers who have it.
Groups: up to three attributes, numbers in buckets, dates by business day; a customer with several
values counts in each (`multi`) or the first (`single`); the largest have the most people, the rest
are OTHER, people there counted once. Two groups make a cross table. Totals are counted, not added.
Attributes are those of now, whatever the range: they have no history here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import property_table
from yutang.analysis.contract import Context, RangeParams, Result, Strict
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    check_attribute,
    dimensions,
    group_keys,
)
from yutang.analysis.property_table import Counted
from yutang.errors import BadInput
from yutang.sequence.filters import CUSTOMER, Filter, property_type, split_filter
from yutang.sequence.kernels.events import select_rows
from yutang.sequence.matching import ANY_EVENT, Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "property", "属性", "Property"
QUESTION = ("客户都是什么样的人？", "Who are the customers?")

_MOST_MEASURES = 10


class Measure(Strict):
    """A number attribute to measure; measures are called A, B, C … in the order they stand."""

    measure: Literal["sum", "average", "min", "max", "median", "percentile"] = Field(
        "average", title="指标 Measure"
    )
    property: str = Field(title="属性 Attribute")
    percentile: int = Field(90, ge=0, le=100, title="百分位 Percentile")
    name: str | None = Field(None, title="名称 Name")


class Params(RangeParams):
    """What to ask."""

    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    measures: list[Measure] = Field(
        default_factory=list, max_length=_MOST_MEASURES, title="指标 Measures"
    )
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names and filters resolved; bits: which events make a customer count, if any."""

    params: Params
    of_customer: Filter | None
    bits: Bits | None
    lo: int
    hi: int
    dims: list[Dimension]
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    for i, group in enumerate(params.group):
        check_attribute(context, group.property, f"group[{i}]")
    for i, one in enumerate(params.measures):
        place = f"measures[{i}]"
        check_attribute(context, one.property, place)
        if property_type(context.shards, one.property, place) != "number":
            raise BadInput(
                "%(place)s: %(name)s is no number, so it has no %(stat)s.",
                place=place,
                name=one.property,
                stat=one.measure,
            )
    bits = None
    if of_rows is not None or params.from_ or params.to:
        bits = Bits(shards, [Matcher(find_codes(shards, [ANY_EVENT]), of_rows)])
    lo, hi = params.moments(shards.zone)
    return Plan(
        params=params,
        of_customer=of_customer,
        bits=bits,
        lo=lo,
        hi=hi,
        dims=dimensions(context, params.group, params.values),
        facts_version=shards.facts_version,
    )


def run(view: View, plan: Plan) -> Counted:
    """The customers of a view, their groups and numbers."""
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    if plan.bits is not None:
        keys, table = plan.bits.of(view)
        _, found = select_rows(keys, table, 0, view.time, view.offsets, keep, plan.lo, plan.hi + 1)
        seen = np.zeros(view.customers.size, np.bool_)
        seen[found] = True
        who = np.flatnonzero(seen)
    else:
        who = np.flatnonzero(keep) if keep.size else np.arange(view.customers.size)
    at, groups = np.empty(0, np.int64), np.empty((0, len(plan.dims)), np.int64)
    if plan.dims:
        rows = np.zeros(who.size, np.int64)
        at, groups = group_keys(plan.dims, view, [rows] * len(plan.dims), who)
    numbers = [
        view.of_customers(view.attributes[one.property.removeprefix(CUSTOMER)].values, np.nan)[who]
        for one in plan.params.measures
    ]
    return Counted(
        view.customers[who], at, groups, np.array(numbers).reshape(len(numbers), who.size)
    )


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The customers of all views."""
    return Counted.concat(partials, len(plan.dims), len(plan.params.measures))


def shape(partial: Counted, plan: Plan) -> Result:
    """Table by group, totals, each group alone, chart, caveats."""
    return property_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"group"?: [labels]}."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    return property_table.people(partial, plan, cell)
