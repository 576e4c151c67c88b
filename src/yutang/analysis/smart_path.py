"""Smart path 智能路径: by which sequences do people reach a target, and which of them lead there?

Everybody counts once. Who did the target between `from` and `to` reached it, at his first time
there; his sequence is the last `steps` nodes before it, none earlier than `window` before, none
before an earlier target. Who has a node in the range and no target there did not reach it; his
sequence ends with his last node of the range, by the same rules. So nodes may lie before `from`.
A node is an event of `events` that is no target (or an event with its value of `property`);
`repeats`: fold = a node right after itself is one.
people = customers who reached the target by exactly this sequence; share = people / all who
reached; others = those who ended with it and did not reach; lift = share / (others / all who did
not reach): above 1 the sequence is commoner among those who reached; none where others is 0.
median_seconds, p90_seconds = from the first node of the sequence to the target (between closest
ranks). The `top` most frequent by people, then label; the rest is OTHER; NOTHING = no node before.
Ties: nodes of the target's instant come before it whatever their stored order, else time, then
arrival. Late events have their own time; duplicates were dropped.
Groups are those of the target (of the last node for others) or of the customer; OTHER by size.
A target does not come about because of a sequence: lift compares, it does not prove.
Sampling keeps whole customers; counts are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import smart_path_table
from yutang.analysis.contract import Context, RangeParams, Result, Strict
from yutang.analysis.funnel import Events
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import GroupBy, Values
from yutang.analysis.nodes import Nodes, find_nodes
from yutang.analysis.periods import range_periods
from yutang.analysis.sessions import never_occurred
from yutang.analysis.smart_path_table import Approaches
from yutang.errors import BadInput
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.approaches import approaches
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "smart_path", "智能路径", "Smart path"
QUESTION = ("人们经过哪些路走到目标？", "By which ways do people reach a target?")

_MS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 7 * 86_400_000}
_LONGEST_WINDOW = 365 * _MS["day"]
_NOBODY = Matcher(())


class LookBack(Strict):
    """How long before the target a node may lie."""

    value: int = Field(7, ge=1, title="长度 Length")
    unit: Literal["minute", "hour", "day", "week"] = Field("day", title="单位 Unit")

    @model_validator(mode="after")
    def _not_too_long(self) -> LookBack:
        if self.milliseconds > _LONGEST_WINDOW:
            raise ValueError("a window is at most 365 days")
        return self

    @property
    def milliseconds(self) -> int:
        return self.value * _MS[self.unit]


class Params(RangeParams):
    """What to ask."""

    target: Events = Field(title="目标事件 Target")
    events: Events = Field(default=Events(event="*"), title="路径事件 Events of a path")
    property: str | None = Field(None, title="节点再按属性分 Property of a node")
    repeats: Literal["fold", "keep"] = Field("fold", title="连续重复 Repeats")
    steps: int = Field(5, ge=1, le=10, title="最多几步 Steps at most")
    window: LookBack = Field(default=LookBack(value=7, unit="day"), title="窗口期 Window")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=100, title="前几条 Most frequent")

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters and groups resolved."""

    params: Params
    bits: Bits
    of_customer: Filter | None
    nodes: Nodes
    groups: Groups
    lo: int
    hi: int
    unknown: list[str]
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)

    def matcher(one: Events, place: str) -> Matcher:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        return Matcher(find_codes(shards, one.names), both(own, of_rows))

    nodes_of, target = matcher(params.events, "events"), matcher(params.target, "target")
    bits = Bits(shards, [nodes_of, _NOBODY, _NOBODY, target])
    edges, _ = range_periods(context, params, "total")
    draft = Plan(
        params=params,
        bits=bits,
        of_customer=of_customer,
        nodes=find_nodes(context, bits, params.property),
        groups=Groups([], []),
        lo=int(edges[0]),
        hi=int(edges[-1]) - 1,
        unknown=never_occurred(shards, [params.events, params.target]),
        facts_version=shards.facts_version,
    )

    def ends(view: View) -> tuple[np.ndarray, np.ndarray]:
        who, _, _, _, row = _approaches(view, draft)
        return row, who

    groups = find_groups(context, params.group, params.values, params.top, ends)
    return Plan(**{**draft.__dict__, "groups": groups})


def _approaches(view: View, plan: Plan) -> tuple[np.ndarray, ...]:
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    params = plan.params
    found: tuple[np.ndarray, ...] = approaches(
        keys, table, view.time, view.offsets, keep, plan.nodes.of_rows(view),
        params.repeats == "fold", params.steps, plan.lo, plan.hi, params.window.milliseconds,
    )  # fmt: skip
    return found


def run(view: View, plan: Plan) -> Approaches:
    """The distinct sequences of a view's customers."""
    who, reached, nodes, wait, row = _approaches(view, plan)
    at, groups = np.empty(0, np.int64), np.empty(0, np.int64)
    if plan.groups.dims:
        at, groups = plan.groups.places(view, row, who)
    return Approaches.of(view.customers[who], reached, nodes, wait, at, groups)


def merge(partials: list[Approaches], plan: Plan) -> Approaches:
    """The sequences of all views."""
    return Approaches.concat(partials, plan.params.steps)


def shape(partial: Approaches, plan: Plan) -> Result:
    """The most frequent sequences (by group), totals, chart, and each one as a funnel."""
    return smart_path_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"sequence"?: label, "state"?: "reached" | "others",
    "group"?: [labels]}."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    known = {"sequence", "state", "group"}
    state, label = cell.get("state", "reached"), cell.get("sequence")
    if set(cell) - known or state not in ("reached", "others"):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    chosen = partial.reached == (state == "reached")
    if label is not None:
        chosen &= smart_path_table.is_sequence(partial, plan, label)
    if cell.get("group") is not None:
        wanted = plan.groups.index(cell["group"])
        inside = np.zeros(chosen.size, np.bool_)
        inside[partial.at[partial.groups == wanted]] = True
        chosen &= inside
    return BitMap(partial.customers[chosen])
