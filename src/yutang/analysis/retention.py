"""Retention 留存: of those who began in a period, how many came back n periods later?

A member is a customer in the cohort of the period (day, week, month) in which he started; the start
that counts is his first between `from` and `to` (cohorts `first`), or his first of each period
(`every`). He returned at n when a return lies in the n-th period after his cohort's, in calendar
days, weeks from Monday, or months of the brand's zone. people(n) / size = rate(n).
Mode: `exact` = in period n; `range` = in one of the periods n to m; `later` = in period n or any
after it; `continuous` = in every period up to n; `churn` = in every period before n, not in n (the
first absence). The last two begin at period 1, or at 0 with `day_zero`.
The return is another event than the start and not before it: of events of one instant any may be
the start and any other the return, whatever their stored order. Returns may lie after `to`; late
events belong to their own time; duplicates were dropped before. The filter holds for both.
Open: a cell whose last period has not ended at the last fact; `later` cells always are. Cells not
begun yet are left out. `summary` takes the cohorts whose cell has ended (with `later`: whose period
n has): `people` and `size` are distinct customers, `*_weighted` are sums over cohorts; they differ
only where a customer is in several.
`measure`: what a cell's members did in the cell's periods (from n on with `later`, in n with
`continuous` and `churn`), not before their start, the start included: times or the sum of a number.
Groups: of the customer, or of the start that counts; `single` counts a customer in the summary only
in the group of his first start. A first period is cut at `from`. Sampling keeps whole customers;
people and values are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import retention_table
from yutang.analysis.contract import EVER, Context, RangeParams, Result, whole_days
from yutang.analysis.grouped import (
    NO_GROUP_AT,
    NO_GROUP_OF,
    Key,
    by_row,
    check_cells,
    check_no_steps,
    find_group,
    find_groups,
    group_of,
)
from yutang.analysis.groups import MOST_GROUPS, Dimension, GroupBy, Values, dimensions
from yutang.analysis.retention_table import Counts
from yutang.analysis.retention_worth import Members, worth_of
from yutang.analysis.tallies import Doing, check_number
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, period_edges
from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.retention import (
    CHURN,
    CONTINUOUS,
    EXACT,
    WITHIN,
    count_exact,
    count_listed,
    count_returns,
    find_starts,
    mark_returned,
)
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.shard import Listed
from yutang.sequence.view import View

NAME, ZH, EN = "retention", "留存", "Retention"
QUESTION = ("来过的人，后来还来吗？", "Do those who came once come back?")

_MODES = {
    "exact": EXACT, "range": WITHIN, "later": WITHIN, "continuous": CONTINUOUS, "churn": CHURN,
}  # fmt: skip
_FOREVER = 1 << 40


class Worth(Doing):
    """What is measured in each cell besides people."""

    measure: Literal["sum", "times"] = Field("sum", title="指标 Measure")
    property: str | None = Field(None, title="属性 Property")

    @model_validator(mode="after")
    def _has_property(self) -> Worth:
        if (self.property is None) != (self.measure == "times"):
            raise ValueError(f"{self.measure} takes {'no' if self.property else 'a'} property")
        return self


class Params(RangeParams):
    """What to ask."""

    start: Doing = Field(default=Doing(event="*"), title="起始事件 Start")
    return_: Doing = Field(default=Doing(event="*"), alias="return", title="回访事件 Return")
    unit: Literal["day", "week", "month"] = Field("day", title="按 By")
    mode: Literal["exact", "range", "later", "continuous", "churn"] = Field(
        "exact", title="留存方式 Mode"
    )
    periods: int = Field(7, ge=1, le=366, title="看几期 Periods")
    ranges: list[tuple[int, int]] = Field(
        default_factory=list, max_length=50, title="区间 Ranges n to m"
    )
    cohorts: Literal["first", "every"] = Field("first", title="起始取 Cohorts")
    day_zero: bool = Field(False, title="含当期 Period 0")
    measure: Worth | None = Field(None, title="同时看 Also measure")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        check_no_steps(self.group)
        if (self.mode == "range") != bool(self.ranges):
            raise ValueError("`ranges` and the mode `range` belong together")
        least = 0 if self.day_zero else 1
        for low, high in self.ranges:
            if not least <= low <= high <= 3660:
                raise ValueError(f"a range runs from n to m, n at least {least}, m at least n")
        if any(b[0] <= a[0] for a, b in pairwise(self.ranges)):
            raise ValueError("ranges stand in rising order")
        return self

    def cells(self) -> list[tuple[int, int]]:
        """First and last period of each cell."""
        if self.ranges:
            return self.ranges
        return [(n, n) for n in range(0 if self.day_zero else 1, self.periods + 1)]


@dataclass(frozen=True)
class Plan:
    """Params with names, filters, periods and groups resolved.

    lows, highs: int64, first and last period of each cell, as the kernel counts; edges: of all
    periods up to the last fact; cohorts: labels; begun, ended: how many periods have, of all.
    """

    params: Params
    bits: Bits
    of_customer: Filter | None
    lo: int
    hi: int
    edges: np.ndarray
    cohorts: list[str]
    begun: int
    ended: int
    lows: np.ndarray
    highs: np.ndarray
    dims: list[Dimension]
    groups: list[Key]
    folded: int
    unknown: list[str]
    facts_version: int

    @property
    def limits(self) -> np.ndarray:
        """int64 by cell: so many first cohorts have ended it."""
        last = np.array([high for _, high in self.params.cells()], np.int64)
        return np.clip(self.ended - last, 0, len(self.cohorts))

    @property
    def is_usual(self) -> bool:
        """Whether the fast kernel's rules are enough."""
        asked = self.params
        plain = asked.mode == "exact" and asked.cohorts == "first"
        return plain and not (asked.day_zero or asked.measure)

    @property
    def mode(self) -> int:
        return _MODES[self.params.mode]


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    asked: list[tuple[str, Doing]] = [("start", params.start), ("return", params.return_)]
    if params.measure:
        asked.append(("measure", params.measure))
        if params.measure.property:
            check_number(context, params.measure.property, "measure")
    matchers = []
    for place, one in asked:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
    lo, hi = params.moments(shards.zone)
    as_of = shards.span[1] if shards.span else EVER[0]
    edges, labels = _periods(context, params, as_of)
    cells = params.cells()
    used = [name for _, one in asked for name in one.names]
    draft = Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        lo=lo,
        hi=hi,
        edges=frozen(edges),
        cohorts=labels[: int(np.searchsorted(edges[:-1], hi, side="right"))],
        begun=int(np.searchsorted(edges[:-1], as_of, side="right")),
        ended=int(np.searchsorted(edges[1:], as_of, side="right")),
        lows=frozen(np.array([low for low, _ in cells], np.int64)),
        highs=frozen(
            np.array([_FOREVER if params.mode == "later" else n for _, n in cells], np.int64)
        ),
        dims=dimensions(context, params.group, params.values),
        groups=[],
        folded=0,
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        facts_version=shards.facts_version,
    )
    groups, folded = find_groups(context, draft.dims, lambda v: _starts_of(v, draft), params.top)
    check_cells(len(draft.cohorts) * len(cells) * max(len(groups), 1))
    return Plan(**{**draft.__dict__, "groups": groups, "folded": folded})


def _periods(context: Context, params: Params, as_of: int) -> tuple[np.ndarray, list[str]]:
    """From the first cohort to the last fact, or the last cohort if that is later."""
    begin, end = whole_days(context, params)
    last: date = day_of(as_of, context.shards.zone) if as_of > EVER[0] else end
    return period_edges(begin, max(end, last), params.unit, context.shards.zone)


def _members(view: View, plan: Plan) -> Members:
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    every = plan.params.cohorts == "every"
    who, rows, cohorts = find_starts(
        keys, table, view.time, view.offsets, keep, plan.lo, plan.hi, plan.edges, every
    )
    return frozen(who), frozen(rows), frozen(cohorts)


def _starts_of(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    who, rows, _ = _members(view, plan)
    return rows, who


def run(view: View, plan: Plan) -> list[Counts]:
    """Counts of all, then, where there are groups, counts by group."""
    if not plan.dims and plan.is_usual:
        return [_count_usual(view, plan)]
    members = _members(view, plan)
    every = np.arange(members[0].size)
    parts = [_count(view, plan, members, every, np.zeros(every.size, np.int64), 1)]
    if plan.dims:
        at, groups = group_of(view, plan.dims, plan.groups, members[1], members[0])
        parts.append(_count(view, plan, members, at, groups, len(plan.groups)))
    return parts


def _count_usual(view: View, plan: Plan) -> Counts:
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    pair = plan.bits.single_codes
    if pair is not None:
        return _count_listed(view, plan, keep, view.listed(pair[0]), view.listed(pair[1]))
    keys, table = plan.bits.of(view)
    sizes, people = count_exact(
        keys, table, view.time, view.offsets, keep, plan.lo, plan.hi, plan.edges,
        len(plan.cohorts), plan.lows.size,
    )  # fmt: skip
    return Counts(sizes, people, sizes, people[:, 0], None)


def _count_listed(
    view: View, plan: Plan, keep: np.ndarray, starts: Listed, returns: Listed
) -> Counts:
    days = view.shard.days[:-1]
    period_of = np.searchsorted(plan.edges, days, side="right") - 1
    period_of[days >= plan.edges[-1]] = -1
    cohort_of = np.where((days >= plan.lo) & (days <= plan.hi), period_of, -1)
    sizes, people = count_listed(
        starts.who, starts.day, returns.who, returns.day, keep, view.first, view.customers.size,
        frozen(cohort_of.astype(np.int32)), frozen(period_of.astype(np.int32)),
        len(plan.cohorts), plan.lows.size,
    )  # fmt: skip
    return Counts(sizes, people, sizes, people[:, 0], None)


def _count(
    view: View, plan: Plan, members: Members, at: np.ndarray, groups: np.ndarray, count: int
) -> Counts:
    keys, table = plan.bits.of(view)
    several, one = NO_GROUP_AT, NO_GROUP_OF
    if count > 1:
        several, one = by_row(members[0].size, at, groups)
        if several.size == 0:
            several = frozen(np.arange(one.size + 1))
    # Where everybody is one member, sums over cohorts are distinct already.
    limits = plan.limits if plan.params.cohorts == "every" else np.empty(0, np.int64)
    who, rows, cohorts = members
    sizes, people, firsts, distinct = count_returns(
        keys, table, view.time, view.offsets, who, rows, cohorts, several, one, count, plan.edges,
        len(plan.cohorts), plan.mode, plan.lows, plan.highs, frozen(limits),
        plan.params.values == "single",
    )  # fmt: skip
    values = worth_of(view, plan, members, at, groups, count) if plan.params.measure else None
    return Counts(sizes, people, firsts, distinct, values)


def merge(partials: list[list[Counts]], plan: Plan) -> list[Counts]:
    """The counts of all views."""
    widths = [1, len(plan.groups)] if plan.dims else [1]
    return [
        Counts.merged([partial[i] for partial in partials], width, plan)
        for i, width in enumerate(widths)
    ]


def shape(partial: list[Counts], plan: Plan) -> Result:
    """Table by cohort, group and cell; summary, totals, chart, caveats."""
    return retention_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"cohort"?: label, "n"?: first period of the cell,
    "state"?: "returned" | "absent", "group"?: [labels], "measure"?: "people" | "size"}. Without
    `n` or with "size": the members; without `cohort`: those of the summary. In mode `churn`,
    "returned" are those the cell counts: the lost."""
    known = [low for low, _ in plan.params.cells()]
    cohort, n, state = cell.get("cohort"), cell.get("n"), cell.get("state", "returned")
    if (
        (cohort is not None and cohort not in plan.cohorts)
        or (n is not None and n not in known)
        or state not in ("returned", "absent")
    ):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    k = None if n is None or cell.get("measure") == "size" else known.index(n)
    group = None
    if cell.get("group") is not None:
        group = find_group(plan.dims, plan.groups, cell["group"])

    def behind(view: View) -> np.ndarray:
        return _behind(view, plan, cohort, k, group, state)

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))


def _behind(
    view: View, plan: Plan, cohort: str | None, k: int | None, group: int | None, state: str
) -> np.ndarray:
    who, rows, cohorts = _members(view, plan)
    chosen = np.ones(who.size, np.bool_)
    if cohort is not None:
        chosen &= cohorts == plan.cohorts.index(cohort)
    elif k is not None:
        chosen &= cohorts < plan.limits[k]
    if group is not None:
        chosen &= _in_group(view, plan, rows, who, group, whole=cohort is None)
    if k is None:
        return np.asarray(view.customers[np.unique(who[chosen])])
    keys, table = plan.bits.of(view)
    hit = mark_returned(
        keys, table, view.time, view.offsets, who, rows, cohorts, plan.edges, plan.mode,
        plan.lows, plan.highs, k,
    )  # fmt: skip
    back = np.unique(who[chosen & hit])
    if state == "returned":
        return np.asarray(view.customers[back])
    return np.asarray(view.customers[np.setdiff1d(who[chosen], back)])


def _in_group(
    view: View, plan: Plan, rows: np.ndarray, who: np.ndarray, group: int, *, whole: bool
) -> np.ndarray:
    """bool by member; whole: as the summary counts, where `single` looks at his first start."""
    at, groups = group_of(view, plan.dims, plan.groups, rows, who)
    inside = np.zeros(who.size, np.bool_)
    inside[at[groups == group]] = True
    if whole and plan.params.values == "single" and who.size:
        first = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
        inside &= np.repeat(inside[first], np.diff(np.r_[first, who.size]))
    return inside
