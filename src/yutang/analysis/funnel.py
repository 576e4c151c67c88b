"""Funnel 漏斗: of those who began, how many went how far, and how fast?

An attempt is a start (step 1, between `from` and `to`) and further steps, each an event of its
own, at times that do not fall, all within the window of the start (the last moment included), or
within its business day. people(k) = customers whose best attempt has at least k steps;
rate_previous(k) = people(k) / people(k-1); rate_first(k) = people(k) / people(1). Times are those
of the best attempt: median and P90 (between closest ranks) from the previous step, and from the
first.

Best attempt: the greatest depth, of these the first completed, of these the latest start, then the
earliest steps. So A A B with the second A inside the window converts, and a later second success
does not move the entry day.
Order: `ordered` allows other events in between; `strict` allows none of the funnel's own (A B A C
does not reach C); `any`: step k = k distinct steps done in any order, the start being the first.
Ties: events of one instant match in step order whatever their stored order; one event serves one
step only. Late events belong to their own time; duplicates were dropped before.
`end`: `extend` lets later steps fall after `to`, `truncate` does not. An attempt whose window was
still open at the last fact is counted as it stands and reported as a caveat.
`hold`: a property that is equal across the steps; every value of it is a history of its own, and
events without it serve nothing. `exclusions`: an event strictly between the times of two steps
(or after the first of them, where the second was not reached) bars the attempt.
Counting: `people`; `times` (every start is an attempt, every event serves one attempt only, the
rule stands in sequence/kernels/repeats.py); `orders` (each value of `hold`, by default order_id,
once per customer).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pyroaring import BitMap

from yutang.analysis import funnel_table
from yutang.analysis.contract import EVER, Context, RangeParams, Result, Strict
from yutang.analysis.funnel_table import Entrants
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    group_keys,
)
from yutang.analysis.holding import check_hold, held
from yutang.sequence.calendar import day_edges
from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.funnel import NO_STEP, ordered_funnel
from yutang.sequence.kernels.repeats import ANY, ORDERED, STRICT
from yutang.sequence.kernels.subjects import PEOPLE, TIMES, VALUES, funnel
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "funnel", "漏斗", "Funnel"
QUESTION = ("人在哪一步停下？", "Where do people stop?")

_MS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 7 * 86_400_000}
_LONGEST_WINDOW = 365 * _MS["day"]
_ORDERS = {"ordered": ORDERED, "strict": STRICT, "any": ANY}
_COUNTS = {"people": PEOPLE, "times": TIMES, "orders": VALUES}
_MOST_EXCLUSIONS = 8


class Events(Strict):
    """One or several events, with a filter of their own."""

    event: str | list[str] = Field(title="事件 Event")
    filter: dict[str, Any] | None = Field(None, title="条件 Filter")

    @field_validator("event")
    @classmethod
    def _not_empty(cls, value: str | list[str]) -> str | list[str]:
        if not value or (isinstance(value, list) and "" in value):
            raise ValueError("name an event")
        return value

    @property
    def names(self) -> list[str]:
        return [self.event] if isinstance(self.event, str) else self.event


class Step(Events):
    """A step; `name` is what the table calls it."""

    name: str | None = Field(None, title="名称 Name")


class Exclusion(Events):
    """An event that must not happen between steps `from` and `to` (from 1)."""

    from_: int = Field(1, alias="from", ge=1, title="从步骤 From step")
    to: int | None = Field(None, ge=2, title="到步骤 To step")


class Window(Strict):
    """How long an attempt may take; `same_day` = the business day of its start."""

    value: int = Field(7, ge=1, title="长度 Length")
    unit: Literal["minute", "hour", "day", "week", "same_day"] = Field("day", title="单位 Unit")

    @model_validator(mode="after")
    def _not_too_long(self) -> Window:
        if self.unit != "same_day" and self.value * _MS[self.unit] > _LONGEST_WINDOW:
            raise ValueError("a window is at most 365 days")
        return self

    @property
    def milliseconds(self) -> int:
        """Its length; 0 where the business day ends it."""
        return 0 if self.unit == "same_day" else self.value * _MS[self.unit]

    def edges(self, context: Context) -> np.ndarray:
        """Starts of the business days that end it, empty where its length does."""
        first, last = context.shards.span or (0, 0)
        same_day = self.unit == "same_day"
        days = day_edges(first, last, context.shards.zone) if same_day else np.empty(0, np.int64)
        return frozen(days)


class Params(RangeParams):
    """What to ask."""

    steps: list[Step] = Field(min_length=2, max_length=20, title="步骤 Steps")
    window: Window = Field(default=Window(value=7, unit="day"), title="窗口期 Window")
    order: Literal["ordered", "strict", "any"] = Field("ordered", title="顺序 Order")
    count: Literal["people", "times", "orders"] = Field("people", title="统计 Count")
    end: Literal["extend", "truncate"] = Field("extend", title="范围之后 After the range")
    hold: str | None = Field(None, title="各步相同的属性 Equal across steps")
    exclusions: list[Exclusion] = Field(
        default_factory=list, max_length=_MOST_EXCLUSIONS, title="排除 Exclusions"
    )
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")
    trend: Literal["day", "week", "month", "quarter", "year"] | None = Field(
        "day", title="趋势 Trend"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        if self.exclusions and self.order == "any":
            raise ValueError("exclusions need an order of the steps")
        for exclusion in self.exclusions:
            if not exclusion.from_ < (exclusion.to or len(self.steps)) <= len(self.steps):
                raise ValueError("an exclusion lies between two steps of the funnel")
        for group in self.group:
            if group.step is not None and group.step > len(self.steps):
                raise ValueError("a group names a step the funnel does not have")
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
    window: int
    edges: np.ndarray
    gaps: np.ndarray
    step_of: Callable[[np.ndarray], np.ndarray] | None  # None: the general kernel is needed
    hold: str | None
    dims: list[Dimension]
    unknown: list[str]
    as_of: int
    zone: str
    facts_version: int

    @property
    def steps(self) -> int:
        return len(self.params.steps)

    def deadlines(self, starts: np.ndarray) -> np.ndarray:
        """The last moment of each start's window."""
        if self.edges.size == 0:
            return starts + self.window
        ends: np.ndarray = self.edges[np.searchsorted(self.edges, starts, side="right")] - 1
        return ends


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    places: list[tuple[str, Events]] = [
        (f"steps[{i}]", step) for i, step in enumerate(params.steps)
    ]
    places += [(f"exclusions[{i}]", one) for i, one in enumerate(params.exclusions)]
    matchers = []
    for place, one in places:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
    lo, hi = params.moments(shards.zone)
    hold = params.hold or ("order_id" if params.count == "orders" else None)
    if hold is not None:
        check_hold(context, hold)
    used = [name for _, one in places for name in one.names]
    last = (shards.span or (0, 0))[1]
    return Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        lo=lo,
        hi=hi,
        last=hi if params.end == "truncate" else EVER[1],
        window=params.window.milliseconds,
        edges=params.window.edges(context),
        gaps=frozen(
            np.array(
                [(e.from_, e.to or len(params.steps)) for e in params.exclusions], np.int64
            ).reshape(-1, 2)
        ),
        step_of=_single_step if _is_simple(params, hold, matchers) else None,
        hold=hold,
        dims=dimensions(context, params.group, params.values),
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        as_of=min(last, hi) if params.end == "truncate" else last,
        zone=shards.zone,
        facts_version=shards.facts_version,
    )


def _is_simple(params: Params, hold: str | None, matchers: list[Matcher]) -> bool:
    """Whether the fast kernel's rules are enough: no event can serve two steps, and so on."""
    codes = [code for matcher in matchers for code in matcher.codes]
    asks_events = any(group.step or not group.property.startswith("customer.")
                      for group in params.group)  # fmt: skip
    return (
        params.order == "ordered"
        and params.count == "people"
        and not (hold or params.exclusions or asks_events)
        and len(codes) == len(set(codes))
    )


def _single_step(table: np.ndarray) -> np.ndarray:
    """uint8 step by key, from a table of bits of which each has at most one step."""
    steps = np.full(table.size, NO_STEP, np.uint8)
    for step in range(32):
        steps[table == np.uint32(1 << step)] = step
    return frozen(steps)


def run(view: View, plan: Plan) -> Entrants:
    """The best attempts (or all of them) of a view's customers."""
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    limits = (plan.lo, plan.hi, plan.last, plan.window, plan.edges)
    if plan.step_of is not None:
        who, depths, times = ordered_funnel(
            keys, plan.step_of(table), view.time, view.offsets, keep, plan.steps, *limits
        )
        rows = np.empty((who.size, 0), np.int64)
    else:
        who, depths, times, rows = funnel(
            keys, table, view.time, view.offsets, keep, held(view, plan.hold), plan.steps,
            _ORDERS[plan.params.order], _COUNTS[plan.params.count], plan.gaps, *limits,
        )  # fmt: skip
    at, groups = np.empty(0, np.int64), np.empty((0, 0), np.int64)
    if plan.dims:
        of_dims = [_step_rows(dim, rows, depths) for dim in plan.dims]
        at, groups = group_keys(plan.dims, view, of_dims, who)
    return Entrants(view.customers[who], depths.astype(np.int8, copy=False), times, at, groups)


def _step_rows(dim: Dimension, rows: np.ndarray, depths: np.ndarray) -> np.ndarray:
    """The event row whose property a dimension reads, -1 where that step was not reached."""
    if dim.attribute is not None:
        return np.zeros(depths.size, np.int64)
    step = (dim.step or 1) - 1
    return np.where(depths > step, rows[:, step], -1)


def merge(partials: list[Entrants], plan: Plan) -> Entrants:
    """All entrants of all views."""
    return Entrants.concat(partials, plan.steps, len(plan.dims))


def shape(partial: Entrants, plan: Plan) -> Result:
    """Table by step (and group), totals, trend, chart, caveats."""
    return funnel_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"step": k, "state"?: "reached" | "stopped", "group"?: [labels],
    "period"?: label of the trend}."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    return funnel_table.people(partial, plan, cell)
