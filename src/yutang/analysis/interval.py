"""Interval 间隔: how long does it take from one event to the next?

An interval begins with an event `first` between `from` and `to` and ends with the next event
`next` of the same customer (left out: the same event, so A to A), if that lies within `limit` (its
last moment included) or the same business day. wait = time of the end − time of the beginning, in
seconds. pairs = intervals; people = distinct customers who have one; min, P10 … P90 (between the
closest ranks), max, mean of the waits.
`pair`: `every` beginning goes with the next end, so A A B makes two intervals that end with one B;
`nearest`: an end closes only the interval that began last, so A A B makes one.
Ties: of one instant, events that can only begin come first, then those that can do both (as
stored), then those that can only end, whatever their stored order; an event is never both ends of
one interval. Late events belong to their own time; duplicates were dropped before.
`end`: `extend` lets the end fall after `to`, `truncate` does not. A beginning without an end whose
limit was still open at the last fact is reported as a caveat.
`hold`: a property that is equal at both ends; every value of it is a history of its own, and
events without it serve nothing.
Groups: by a property of the beginning, or an attribute of the customer; the largest have the most
intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pyroaring import BitMap

from yutang.analysis import interval_table
from yutang.analysis.contract import EVER, Context, RangeParams, Result
from yutang.analysis.funnel import Events, Window
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    group_keys,
)
from yutang.analysis.holding import check_hold, held
from yutang.analysis.interval_table import Pairs
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.intervals import intervals
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "interval", "间隔", "Interval"
QUESTION = ("从一件事到下一件事要多久？", "How long from one thing to the next?")

MOST_BUCKETS = 100


class Params(RangeParams):
    """What to ask."""

    first: Events = Field(title="起点 From event")
    next: Events | None = Field(None, title="终点 To event (else the same)")
    limit: Window = Field(default=Window(value=30, unit="day"), title="间隔上限 Within")
    pair: Literal["every", "nearest"] = Field("every", title="配对 Pair")
    end: Literal["extend", "truncate"] = Field("extend", title="范围之后 After the range")
    hold: str | None = Field(None, title="两端相同的属性 Equal at both ends")
    buckets: list[float] | int = Field(20, title="分段（秒） Buckets (seconds)")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @field_validator("buckets")
    @classmethod
    def _sane_buckets(cls, value: list[float] | int) -> list[float] | int:
        if isinstance(value, int):
            if not 2 <= value <= MOST_BUCKETS:
                raise ValueError(f"from 2 to {MOST_BUCKETS} buckets can be found")
        elif not 1 <= len(value) <= MOST_BUCKETS or any(b <= a for a, b in pairwise([0.0, *value])):
            raise ValueError("bucket edges are rising numbers of seconds above 0")
        return value

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters and times resolved."""

    params: Params
    bits: Bits
    of_customer: Filter | None
    lo: int
    hi: int
    last: int
    edges: np.ndarray
    dims: list[Dimension]
    unknown: list[str]
    as_of: int
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    matchers, used = [], []
    for place, one in (("first", params.first), ("next", params.next or params.first)):
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
        used += one.names
    if params.hold is not None:
        check_hold(context, params.hold)
    lo, hi = params.moments(shards.zone)
    last = (shards.span or (0, 0))[1]
    return Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        lo=lo,
        hi=hi,
        last=hi if params.end == "truncate" else EVER[1],
        edges=params.limit.edges(context),
        dims=dimensions(context, params.group, params.values),
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        as_of=min(last, hi) if params.end == "truncate" else last,
        facts_version=shards.facts_version,
    )


def run(view: View, plan: Plan) -> Pairs:
    """The intervals of a view's customers."""
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    who, rows, waits, counts = intervals(
        keys, table, view.time, view.offsets, keep, held(view, plan.params.hold), plan.lo, plan.hi,
        plan.last, plan.params.limit.milliseconds, plan.edges, plan.params.pair == "nearest",
        plan.as_of,
    )  # fmt: skip
    at, groups = np.empty(0, np.int64), np.empty((0, len(plan.dims)), np.int64)
    if plan.dims:
        at, groups = group_keys(plan.dims, view, [rows] * len(plan.dims), who)
    return Pairs(view.customers[who], waits, counts, at, groups)


def merge(partials: list[Pairs], plan: Plan) -> Pairs:
    """All intervals of all views."""
    return Pairs.concat(partials, len(plan.dims))


def shape(partial: Pairs, plan: Plan) -> Result:
    """Table by group, histogram, total, chart, caveats."""
    return interval_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"group"?: [labels], "bucket"?: place in the histogram, from 0}."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    return interval_table.people(partial, plan, cell)
