"""RFM: who bought lately, often, and for much, and who no longer does?

Counted are customers with an event `orders` in the range. On the last day of the range (else of the
facts): recency = business days since the last event `recency` (else `orders`), 0 = that very day;
frequency = times of `orders`, or days with one; monetary = sum of the `monetary` measures (amount ×
factor, to the fen). Everything after that day is left out, so an old run can be made again.
Edges, one for each dimension, are worked out over the customers counted: `average`; `quantile` q
(between the closest ranks); `fixed`; `top` share (the value of the last customer of the best share,
rounded up; ties are in). High: recency ≤ edge, frequency ≥ edge, monetary ≥ edge; a recency that is
not there is never high.
Groups: up to three customer attributes, as in the property model; the edges are those of all, so
that layers mean the same in every group. share = people / those counted in the group.
layers `8`: R F M high or not, 111 重要价值 … 000 一般挽留, in this order of rules: the first that
fits. layers `scores`: 1–5 each, by four edges (`quantile`: the fifths; or `fixed`).
The edges used stand in the table `edges`, and are stored with a run (reports/runs.py); with_edges
asks again with those. `since` = the day and edges of an earlier run gives the movement between its
layers and these, over the same facts.
Late events belong to their own time; duplicates were dropped before; order does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pyroaring import BitMap

from yutang.analysis import rfm_table
from yutang.analysis.contract import EVER, Context, RangeParams, Result, Strict
from yutang.analysis.funnel import Events
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
from yutang.analysis.ltv import Revenue, check_revenue
from yutang.analysis.rfm_table import Spent
from yutang.sequence.calendar import day_edges, day_of, day_start, period_of
from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.events import select_rows
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "rfm", "RFM", "RFM"
QUESTION = (
    "谁近来常买、买得多，谁快要走了？",
    "Who buys lately, often and much, and who is leaving?",
)

_ORDERS, _RECENCY, _MONEY = 0, 1, 2  # bits
_EDGES = 4  # between five scores


class Edge(Strict):
    """Where high begins. value: the quantile, the share, or the edge itself; edges: all four."""

    by: Literal["average", "quantile", "fixed", "top"] = Field("average", title="分界 Edge")
    value: float | None = Field(None, title="值 Value")
    edges: list[float] | None = Field(None, title="四个分界 Four edges")

    @model_validator(mode="after")
    def _fit_together(self) -> Edge:
        if self.by in ("quantile", "top") and self.value is not None and not 0 < self.value < 1:
            raise ValueError("a quantile or a share lies between 0 and 1")
        if self.by == "top" and self.value is None:
            raise ValueError("top needs a share")
        if self.by == "fixed" and (self.value is None) == (self.edges is None):
            raise ValueError("a fixed edge has a value, or four edges for scores")
        if self.edges is not None and (
            len(self.edges) != _EDGES or any(b < a for a, b in pairwise(self.edges))
        ):
            raise ValueError("scores have four rising edges")
        return self


class Since(Strict):
    """An earlier run: its range, and the edges it stored (one each, or four for scores)."""

    from_: date | None = Field(None, alias="from", title="从 From")
    to: date = Field(title="截至 On")
    recency: list[float] = Field(min_length=1, max_length=_EDGES, title="R 分界 R edges")
    frequency: list[float] = Field(min_length=1, max_length=_EDGES, title="F 分界 F edges")
    monetary: list[float] = Field(min_length=1, max_length=_EDGES, title="M 分界 M edges")


class Params(RangeParams):
    """What to ask."""

    orders: Events = Field(default=Events(event="order_paid"), title="购买事件 Orders")
    recency: Events | None = Field(None, title="最近一次的事件 Recency of")
    frequency: Literal["times", "days"] = Field("times", title="频次 Frequency")
    monetary: list[Revenue] = Field(
        default_factory=lambda: [Revenue(event="order_paid", property="paid")],
        min_length=1,
        max_length=8,
        title="金额 Monetary",
    )
    money: Literal["yuan", "fen"] = Field("yuan", title="金额单位 Unit of money")
    layers: Literal["8", "scores"] = Field("8", title="分层 Layers")
    r: Edge = Field(default_factory=Edge, title="R 分界 R edge")
    f: Edge = Field(default_factory=Edge, title="F 分界 F edge")
    m: Edge = Field(default_factory=Edge, title="M 分界 M edge")
    since: Since | None = Field(None, title="上次结果 Last run")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(10, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @field_validator("layers", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self

    @model_validator(mode="after")
    def _edges_fit(self) -> Params:
        scores = self.layers == "scores"
        for name in ("r", "f", "m"):
            edge: Edge = getattr(self, name)
            if scores and "by" in edge.model_fields_set and edge.by not in ("quantile", "fixed"):
                raise ValueError(f"{name}: scores take quantiles or four fixed edges")
            if (edge.edges is not None) != (scores and edge.by == "fixed"):
                raise ValueError(f"{name}: four edges belong to scores, one value to layers")
        wanted = _EDGES if scores else 1
        if self.since and any(
            len(found) != wanted
            for found in (self.since.recency, self.since.frequency, self.since.monetary)
        ):
            raise ValueError("the last run had other layers")
        return self


@dataclass(frozen=True)
class Moment:
    """A range of facts, and the day from which recency counts back."""

    lo: int
    hi: int
    on: date


@dataclass(frozen=True)
class Plan:
    """Params with names, filters and times resolved."""

    params: Params
    bits: Bits
    of_customer: Filter | None
    now: Moment
    before: Moment | None
    days: np.ndarray
    dims: list[Dimension]
    unknown: list[str]
    zone: str
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    places: list[tuple[str, Events]] = [
        ("orders", params.orders),
        ("recency", params.recency or params.orders),
        *((f"monetary[{i}]", one) for i, one in enumerate(params.monetary)),
    ]
    matchers, used = [], []
    for place, one in places:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
        used += one.names
    check_revenue(context, params.monetary, "monetary")
    for i, group in enumerate(params.group):
        check_attribute(context, group.property, f"group[{i}]")
    first, last = shards.span or (0, 0)
    lo, hi = params.moments(shards.zone)
    on = params.to or day_of(last, shards.zone)
    before = None
    if params.since is not None:
        day = params.since.to
        opened = day_start(params.since.from_, shards.zone) if params.since.from_ else EVER[0]
        closed = day_start(day + timedelta(days=1), shards.zone) - 1
        before = Moment(opened, closed, day)
    return Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        now=Moment(lo, hi, on),
        before=before,
        days=frozen(day_edges(first, last, shards.zone)),
        dims=dimensions(context, params.group, params.values),
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        zone=shards.zone,
        facts_version=shards.facts_version,
    )


def run(view: View, plan: Plan) -> tuple[Spent, Spent | None]:
    """What a view's customers spent, now and at the last run."""
    before = _spent(view, plan, plan.before, []) if plan.before else None
    return _spent(view, plan, plan.now, plan.dims), before


def _spent(view: View, plan: Plan, moment: Moment, dims: list[Dimension]) -> Spent:
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)

    known: dict[Matcher, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def select(bit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, whose they are, and their business day, as a place in plan.days."""
        same = plan.bits.matchers[bit]
        if same not in known:
            known[same] = search(bit)
        return known[same]

    def search(bit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows, who = select_rows(
            keys, table, bit, view.time, view.offsets, keep, moment.lo, moment.hi + 1
        )
        return rows, who, period_of(view.time[rows], plan.days)

    size = view.customers.size
    _, who, day = select(_ORDERS)
    times = np.bincount(who, minlength=size)
    frequency = times
    if plan.params.frequency == "days":
        new = np.ones(who.size, np.bool_)
        new[1:] = (who[1:] != who[:-1]) | (day[1:] != day[:-1])
        frequency = np.bincount(who[new], minlength=size)
    last = np.full(size, -1, np.int64)
    if plan.params.recency is not None:
        _, who, day = select(_RECENCY)
    last[who] = day  # rows are by time, so the last one stays
    # How far the day of the first fact lies back.
    oldest = (moment.on - day_of(int(plan.days[0]), plan.zone)).days
    fen = np.zeros(size, np.int64)
    for i, one in enumerate(plan.params.monetary):
        rows, who, _ = select(_MONEY + i)
        values = np.nan_to_num(view.values_at(one.property, rows))
        unit = 100 if plan.params.money == "yuan" else 1
        # Whole fen add up exactly in a float, as far as money goes.
        found = np.rint(values * (one.factor * unit))
        fen += np.bincount(who, weights=found, minlength=size).astype(np.int64)
    counted = np.flatnonzero(times)
    recency = np.where(last < 0, -1, oldest - last)
    at, groups = np.empty(0, np.int64), np.empty((0, len(dims)), np.int64)
    if dims:
        at, groups = group_keys(dims, view, [counted] * len(dims), counted)
    return Spent(
        view.customers[counted], recency[counted], frequency[counted], fen[counted],
        times[counted], at, groups,
    )  # fmt: skip


def merge(partials: list[tuple[Spent, Spent | None]], plan: Plan) -> tuple[Spent, Spent | None]:
    """The customers of all views."""
    now = Spent.concat([now for now, _ in partials], len(plan.dims))
    if plan.before is None:
        return now, None
    return now, Spent.concat([before for _, before in partials if before is not None], 0)


def shape(partial: tuple[Spent, Spent | None], plan: Plan) -> Result:
    """Table by layer, edges, movement, chart, caveats."""
    return rfm_table.shape(*partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"segment"?: layer, "before"?: layer at the last run}. A layer is
    named as in the table or by its code; before also "(new)"; segment also "(gone)"; "group"?:
    [labels]."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    return rfm_table.people(*partial, plan, cell)


def layers(partial: tuple[Spent, Spent | None], plan: Plan) -> dict[str, BitMap]:
    """The customers of each layer of this run, in the order of the table."""
    return rfm_table.layers(partial[0], plan)


def edges_used(result: Result) -> dict[str, list[float]]:
    """The edges of a run by dimension, in the unit it was asked in."""
    return {row["dimension"]: list(row["edges"]) for row in result.tables["edges"].rows}


def with_edges(params: Mapping[str, Any], edges: Mapping[str, list[float]]) -> dict[str, Any]:
    """The same question by the edges of another run: one each, or four for scores."""
    changed = dict(params)
    for short, name in (("r", "recency"), ("f", "frequency"), ("m", "monetary")):
        found = edges[name]
        one = {"value": found[0]} if len(found) == 1 else {"edges": found}
        changed[short] = {"by": "fixed", **one}
    return changed
