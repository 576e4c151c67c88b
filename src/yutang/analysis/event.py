"""Event 事件: how often did something happen, to how many, and worth how much?

times = events; people = distinct customers (identities merged); times_per_person = times / people;
sum, average, min, max, median, percentile (between closest ranks) of a number property, over the
events that carry it; distinct = distinct values of a property. Formulas join measures (`A/B*100`).
Source: the facts in the range; an event counts in the business day (hour, week …) of its own time
in the brand's zone, however late it arrived; weeks start on Monday; a first or last period is cut
at the range. Duplicates were dropped before; order and ties do not matter here.
Groups: an event counts in the group of its property's value, or of its customer's attribute; a
list counts in each of its values (`multi`) or the first (`single`). `single` also counts a person
only in the group of his first event (of the period, and of the range in totals). Groups past the
largest `top` are one group OTHER, people there counted once; largest = most people where the first
measure counts people, else most of its events.
Totals are counted, not added up: people over periods or groups are distinct people.
Sampling keeps whole customers; times, people and sums are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import event_table
from yutang.analysis.contract import Context, RangeParams, Result, Strict
from yutang.analysis.event_table import MeasurePartial
from yutang.analysis.formulas import Formula, parse
from yutang.analysis.funnel import Events
from yutang.analysis.grouped import (
    NO_GROUP_AT,
    NO_GROUP_OF,
    by_row,
    check_cells,
    check_no_steps,
    group_of,
    keep_largest,
)
from yutang.analysis.groups import (
    ABSENT_KEY,
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    factorize,
    group_keys,
    labels,
)
from yutang.analysis.periods import range_periods
from yutang.errors import BadInput
from yutang.sequence.calendar import period_of
from yutang.sequence.filters import Filter, both, compile_filter, property_type, split_filter
from yutang.sequence.kernels.events import count_cells, select_rows
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "event", "事件", "Event"
QUESTION = ("发生了多少次，多少人，值多少钱？", "How often, to how many, and worth how much?")

COUNTED = {"times", "people", "times_per_person"}
NUMERIC = ("sum", "average", "min", "max", "median", "percentile")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Stat = Literal[
    "times", "people", "times_per_person", "sum", "average", "min", "max", "median", "percentile",
    "distinct",
]  # fmt: skip


class Measure(Events):
    """One thing to measure; measures are called A, B, C … in the order they stand."""

    measure: Stat = Field("times", title="指标 Measure")
    property: str | None = Field(None, title="属性 Property")
    percentile: int = Field(90, ge=0, le=100, title="百分位 Percentile")
    name: str | None = Field(None, title="名称 Name")

    @model_validator(mode="after")
    def _has_property(self) -> Measure:
        if (self.property is None) != (self.measure in COUNTED):
            raise ValueError(f"{self.measure} takes {'no' if self.property else 'a'} property")
        return self


class FormulaText(Strict):
    """A formula over the measures' letters."""

    formula: str = Field(title="公式 Formula")
    name: str | None = Field(None, title="名称 Name")


class Params(RangeParams):
    """What to ask."""

    measures: list[Measure] = Field(min_length=1, max_length=26, title="指标 Measures")
    formulas: list[FormulaText] = Field(default_factory=list, max_length=20, title="公式 Formulas")
    unit: Literal["minute", "hour", "day", "week", "month", "quarter", "year", "total"] = Field(
        "day", title="按 By"
    )
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters, periods and groups resolved."""

    params: Params
    bits: Bits
    of_customer: Filter | None
    edges: np.ndarray
    periods: list[str]
    dims: list[Dimension]
    groups: list[tuple[int, ...]]  # the keys kept; OTHER last, if there are others
    folded: int
    counted: list[Dimension | None]  # by measure: how to read the values `distinct` counts
    formulas: list[Formula]
    unknown: list[str]
    facts_version: int

    @property
    def measures(self) -> list[Measure]:
        return self.params.measures

    @cached_property
    def same(self) -> list[int]:
        """By measure: the first one of the same events and filter."""
        asked = [(measure.names, measure.filter) for measure in self.measures]
        return [asked.index(one) for one in asked]

    @property
    def cells(self) -> tuple[int, int]:
        """Periods and groups, without totals."""
        return len(self.periods), max(len(self.groups), 1)


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    matchers, counted = [], []
    for i, measure in enumerate(params.measures):
        place = f"measures[{i}]"
        own = compile_filter(measure.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, measure.names), both(own, of_rows)))
        counted.append(_counted(context, measure, place))
    names = set(_LETTERS[: len(params.measures)])
    formulas = [
        parse(one.formula, names, f"formulas[{i}]") for i, one in enumerate(params.formulas)
    ]
    edges, periods = range_periods(context, params, params.unit)
    used = [name for measure in params.measures for name in measure.names]
    draft = Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        edges=edges,
        periods=periods,
        dims=dimensions(context, params.group, params.values),
        groups=[],
        folded=0,
        counted=counted,
        formulas=formulas,
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        facts_version=shards.facts_version,
    )
    return _with_groups(context, draft) if draft.dims else draft


def _counted(context: Context, measure: Measure, place: str) -> Dimension | None:
    """Check a measure's property; for `distinct`, how to read its values."""
    if measure.property is None:
        return None
    kind = property_type(context.shards, measure.property, place)
    if measure.property not in context.shards.columns:
        raise BadInput("%(place)s: measure a property of the event.", place=place)
    if measure.measure in NUMERIC and kind != "number":
        raise BadInput(
            "%(place)s: %(name)s is no number, so it has no %(stat)s.",
            place=place,
            name=measure.property,
            stat=measure.measure,
        )
    if measure.measure != "distinct":
        return None
    group = GroupBy.model_validate({"property": measure.property})
    return dimensions(context, [group], "multi")[0]


def _with_groups(context: Context, draft: Plan) -> Plan:
    """Find the largest groups by the first measure; a second pass counts in them and OTHER."""
    sizes: dict[tuple[int, ...], float] = {}
    for found in context.each(lambda view: _sizes(view, draft)):
        for key, size in found.items():
            sizes[key] = sizes.get(key, 0) + size
    kept, folded = keep_largest(sizes, draft.dims, draft.params.top)
    check_cells(len(draft.periods) * len(kept))
    return replace(draft, groups=kept, folded=folded)


def _sizes(view: View, plan: Plan) -> dict[tuple[int, ...], float]:
    """By group: people of the first measure where it counts people, else events of any measure."""
    sizes: dict[tuple[int, ...], float] = {}
    of_people = plan.measures[0].measure == "people"
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    for bit in sorted(set(plan.same)):
        rows, who = _select(view, plan, keys, table, bit, keep)
        at, found = group_keys(plan.dims, view, [rows] * len(plan.dims), who)
        distinct, place = factorize(found)
        if of_people:
            place = factorize(np.column_stack([place, who[at]]))[0][:, 0]
        counts = np.bincount(place, minlength=len(distinct)) if bit == 0 else [0] * len(distinct)
        for key, size in zip(distinct.tolist(), counts, strict=True):
            sizes[tuple(key)] = sizes.get(tuple(key), 0) + float(size)
    return sizes


def _select(
    view: View, plan: Plan, keys: np.ndarray, table: np.ndarray, bit: int, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    first, end = int(plan.edges[0]), int(plan.edges[-1])
    rows, who = select_rows(keys, table, bit, view.time, view.offsets, keep, first, end)
    return rows, who


def run(view: View, plan: Plan) -> list[MeasurePartial]:
    """One partial per measure."""
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    partials: list[MeasurePartial] = []
    for bit, measure in enumerate(plan.measures):
        alike = plan.same[bit]
        if alike < bit and {measure.measure, plan.measures[alike].measure} <= COUNTED:
            partials.append(partials[alike])
            continue
        rows = who = at = groups = np.empty(0, np.int64)
        if plan.dims or measure.measure not in COUNTED:
            rows, who = _select(view, plan, keys, table, bit, keep)
        if plan.dims:
            at, groups = group_of(view, plan.dims, plan.groups, rows, who)
        if measure.measure in COUNTED:
            several, one = NO_GROUP_AT, NO_GROUP_OF
            if plan.dims:
                several, one = by_row(view.rows, rows[at], groups)
            times, people = count_cells(
                keys, table, bit, view.time, view.offsets, keep, plan.edges, several, one,
                plan.cells[1], plan.params.values == "single",
            )  # fmt: skip
            partials.append(MeasurePartial(times=times, people=people))
        else:
            partials.append(_measure_values(view, plan, bit, rows, at, groups))
    return partials


def _measure_values(
    view: View, plan: Plan, bit: int, rows: np.ndarray, at: np.ndarray, groups: np.ndarray
) -> MeasurePartial:
    period = period_of(view.time[rows], plan.edges)
    if not plan.dims:
        at, groups = np.arange(rows.size), np.zeros(rows.size, np.int64)
    measure, dim = plan.measures[bit], plan.counted[bit]
    assert measure.property is not None
    if dim is None:
        values = view.values(measure.property)[rows]
        return event_table.of_numbers(plan, measure.measure, period, at, groups, values)
    mine, found = dim.keys(view, rows, np.empty(0, np.int64))
    there = found != ABSENT_KEY
    return event_table.of_distinct(plan, period, at, groups, mine[there], found[there])


def merge(partials: list[list[MeasurePartial]], plan: Plan) -> list[MeasurePartial]:
    """The measures of all views."""
    return [
        event_table.merge([partial[i] for partial in partials], measure.measure, plan)
        for i, measure in enumerate(plan.measures)
    ]


def shape(partial: list[MeasurePartial], plan: Plan) -> Result:
    """Table by period and group, exact totals, chart, caveats."""
    return event_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"measure"?: "A", "bucket"?: label, "group"?: [labels]}."""
    letter, period, group = cell.get("measure", "A"), cell.get("bucket"), cell.get("group")
    names = [labels(plan.dims, key) for key in plan.groups]
    if (
        letter not in _LETTERS[: len(plan.measures)]
        or (period is not None and period not in plan.periods)
        or (group is not None and tuple(group) not in names)
    ):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    bit = _LETTERS.index(letter)
    wanted = None if group is None else names.index(tuple(group))

    def behind(view: View) -> np.ndarray:
        keys, table = plan.bits.of(view)
        keep = kept_customers(view, plan.of_customer, plan.params.sample)
        rows, who = _select(view, plan, keys, table, bit, keep)
        chosen = np.ones(rows.size, np.bool_)
        if period is not None:
            i = plan.periods.index(period)
            times = view.time[rows]
            chosen = (times >= plan.edges[i]) & (times < plan.edges[i + 1])
        if wanted is not None:
            at, groups = group_of(view, plan.dims, plan.groups, rows, who)
            inside = np.zeros(rows.size, np.bool_)
            inside[at[groups == wanted]] = True
            chosen &= inside
        return np.asarray(view.customers[who[chosen]])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
