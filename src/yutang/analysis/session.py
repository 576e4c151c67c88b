"""Session 会话: how do people visit – how often, how deep, how long, where in and where out?

A session = a customer's events one after the other, none later than `idle_minutes` after the one
before (a pause of exactly that still belongs), cut also before every `start` event, after every
`end` event and, with `split_days`, at local midnight. Start and end events cut whatever `events`
says and count in the session they stand in. What the filter leaves out is not there.
sessions; people = distinct customers (identities merged); depth = events / sessions; bounce_rate =
sessions of one event / sessions; seconds = first to last event, mean (sum / sessions) and, in
`total` and `groups`, median and P90 (between closest ranks). A session of one event has 0 seconds.
Range and periods: a session belongs to the business day (week …) it begins in and is counted whole
if it begins in the range. One that was open at the last fact is counted as it stands, and told.
Order within an instant: time, then arrival; duplicates were dropped, late events have their own
time. Groups are those of the first event of a session or of its customer (`multi`: a list counts
in each of its values; `single`: in its first, and a person only in the group of his first session
of the period, and of the range in totals). OTHER = groups past the largest `top` by sessions.
entry / exit: the value of `page` at the first / last event; without `page`, the event itself; by
group, the sessions of the group and the people who had one of them.
Totals are counted, not added up. Sampling keeps whole customers; counts are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import session_table
from yutang.analysis.contract import Context, Result
from yutang.analysis.funnel import Events
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    factorize,
)
from yutang.analysis.periods import range_periods
from yutang.analysis.session_table import DEPTHS, LENGTHS, Ends, Visits
from yutang.analysis.sessions import Cutter, SessionParams, Sessions, cutter, never_occurred
from yutang.errors import BadInput
from yutang.sequence.kernels.sessions import count_ends, count_sessions
from yutang.sequence.view import View

NAME, ZH, EN = "session", "会话", "Session"
QUESTION = ("来了几次，看了多深，待了多久？", "How often do people visit, how deep, how long?")

_NO_ROWS = np.empty(0, np.int32)


class Params(SessionParams):
    """What to ask."""

    start: Events | None = Field(None, title="开始事件 Start")
    end: Events | None = Field(None, title="结束事件 End")
    split_days: bool = Field(False, title="零点切分 Cut at midnight")
    page: str | None = Field(None, title="页面属性 Page property")
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
    cutter: Cutter
    edges: np.ndarray
    periods: list[str]
    groups: Groups
    page: Dimension | None
    event_names: list[str]
    as_of: int
    unknown: list[str]
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    edges, periods = range_periods(context, params, params.unit)
    cut = cutter(
        context, params, edges, start=params.start, end=params.end, by_day=params.split_days
    )

    def begins(view: View) -> tuple[np.ndarray, np.ndarray]:
        found = cut.sessions(view)
        return found.first, found.who

    page = None
    if params.page is not None:
        if params.page not in shards.columns:
            raise BadInput(
                "page: there is no event property %(name)s.",
                hint="The event dictionary in the settings lists them.",
                name=repr(params.page),
            )
        by = [GroupBy.model_validate({"property": params.page})]
        page = dimensions(context, by, "single")[0]
    groups = find_groups(context, params.group, params.values, params.top, begins)
    session_table.check_size(len(periods), groups.count)
    return Plan(
        params=params,
        cutter=cut,
        edges=edges,
        periods=periods,
        groups=groups,
        page=page,
        event_names=shards.event_names,
        as_of=(shards.span or (0, 0))[1],
        unknown=never_occurred(shards, [params.events, params.start, params.end]),
        facts_version=shards.facts_version,
    )


def run(view: View, plan: Plan) -> Visits:
    """The sessions of a view, counted."""
    found = plan.cutter.sessions(view)
    group_at, group_of = plan.groups.of_items(view, found.first, found.who)
    cells, of_depth, of_length, lasted, still = count_sessions(
        found.first, found.last, found.depth, found.who, view.time, plan.edges,
        group_at, group_of, plan.groups.count, plan.params.values == "single", DEPTHS, LENGTHS,
        plan.as_of - plan.cutter.idle,
    )  # fmt: skip
    groups = group_length = np.empty(0, np.int64)
    entries = exits = Ends.none()
    if plan.groups.dims:
        length = view.time[found.last] - view.time[found.first]
        at, of_session = plan.groups.places(view, found.first, found.who)
        some = length[at] > 0
        groups, group_length = of_session[some], length[at][some]
        entries = _ends_by_group(view, plan, found.first, found, at, of_session)
        exits = _ends_by_group(view, plan, found.last, found, at, of_session)
    return Visits(
        cells=cells,
        of_depth=of_depth,
        of_length=of_length,
        length=lasted,
        group=groups,
        group_length=group_length,
        entry=_ends_of(view, plan, found.first, found),
        exit=_ends_of(view, plan, found.last, found),
        entry_by_group=entries,
        exit_by_group=exits,
        open=int(still),
    )


def _ends_of(view: View, plan: Plan, rows: np.ndarray, found: Sessions) -> Ends:
    if plan.page is None:  # event codes are places already
        names = len(plan.event_names)
        counts = count_ends(view.code, rows, found.who, found.depth, names)
        return Ends.used(np.arange(names)[:, None], counts)
    distinct, place = factorize(_ends(view, plan, rows).reshape(-1, 1))
    counts = count_ends(place, _NO_ROWS, found.who, found.depth, len(distinct))
    return Ends.used(distinct, counts)


def _ends_by_group(
    view: View, plan: Plan, rows: np.ndarray, found: Sessions, at: np.ndarray, groups: np.ndarray
) -> Ends:
    """at, groups: sessions and the groups they count in, by session."""
    distinct, place = factorize(np.column_stack([groups, _ends(view, plan, rows)[at]]))
    counts = count_ends(place, _NO_ROWS, found.who[at], found.depth[at], len(distinct))
    return Ends.used(distinct, counts)


def _ends(view: View, plan: Plan, rows: np.ndarray) -> np.ndarray:
    """The key of the page (or event) of each row."""
    if plan.page is None:
        return np.asarray(view.code[rows].astype(np.int64))
    keys: np.ndarray = plan.page.keys(view, rows, np.empty(0, np.int64))[1]
    return keys


def merge(partials: list[Visits], plan: Plan) -> Visits:
    """The sessions of all views."""
    return Visits.concat(partials, (len(plan.periods) + 1, plan.groups.count + 1))


def shape(partial: Visits, plan: Plan) -> Result:
    """Table by period and group, exact totals, entry and exit pages, histograms, chart."""
    return session_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"period"?: label, "group"?: [labels], "bounce"?: true,
    "entry"?: label, "exit"?: label}."""
    wanted = None if cell.get("group") is None else plan.groups.index(cell["group"])
    period, known = cell.get("period"), {"period", "group", "bounce", "entry", "exit"}
    if set(cell) - known or (period is not None and period not in plan.periods):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))

    def behind(view: View) -> np.ndarray:
        found = plan.cutter.sessions(view)
        chosen = np.ones(found.who.size, np.bool_)
        if period is not None:
            i, begun = plan.periods.index(period), view.time[found.first]
            chosen &= (begun >= plan.edges[i]) & (begun < plan.edges[i + 1])
        if cell.get("bounce"):
            chosen &= found.depth == 1
        for end, rows in (("entry", found.first), ("exit", found.last)):
            if cell.get(end) is not None:
                chosen &= _labelled(_ends(view, plan, rows), plan, cell[end])
        if wanted is not None:
            chosen &= plan.groups.inside(view, found.first, found.who, wanted)
        return np.asarray(view.customers[found.who[chosen]])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))


def _labelled(keys: np.ndarray, plan: Plan, label: Any) -> np.ndarray:
    distinct, place = np.unique(keys, return_inverse=True)
    right = [session_table.page_label(plan, key) == label for key in distinct.tolist()]
    return np.array(right, np.bool_)[place] if distinct.size else np.zeros(0, np.bool_)
