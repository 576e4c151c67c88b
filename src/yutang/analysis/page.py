"""Page / channel 页面·渠道: what happens on each page, and what does each channel code bring?

by `page`: a view is an event of `view`; its page is the property `page` (`address`: its path,
without site and query, or the whole), or the name of the first of `rules` that holds. Sessions are
cut as the session model cuts them, over `events` and views, and count if they begin in the range.
views; people = distinct customers; entries / exits = views that are the first / last view of their
session; exit_rate = exits / views; bounces = sessions with this one view only; bounce_rate =
bounces / entries; seconds = dwell, mean over the views that have one, and median (between closest
ranks): from a view to the next one of the session, for the last one to the session's last event
(none where nothing follows), or the number property `dwell`. `next`: where a view went; LEFT.
by `channel`: `channel` is a property of the first stage (scan); a person and a code count from the
first scan of that code in the range; people_k = distinct customers who did stage k at or after it
and within `window` (the last moment included), whether or not they did the stages between; an
event of a stage that carries the property must carry the same code. With `first`, the last stage
is the customer's first event of the kind ever. rate_k = people_k / people_1; median_seconds_k =
from that scan, over persons and codes. A person who scanned several codes counts in each.
Rows: the `items` largest, by views (scans), then label; the rest is OTHER, people there once.
Groups are those of the view (first scan) or of its customer. Order: time, then arrival; moments
are compared, so ties need no rule. Late events have their own time; duplicates were dropped.
Totals are counted, not added up. Sampling keeps whole customers; counts are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import page_channels, page_views
from yutang.analysis.contract import Context, Result
from yutang.analysis.funnel import Events, Step
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values
from yutang.analysis.page_names import Items, Rule, items
from yutang.analysis.periods import range_periods
from yutang.analysis.sessions import Cutter, SessionParams, cutter, never_occurred
from yutang.analysis.smart_path import LookBack
from yutang.errors import BadInput
from yutang.sequence.filters import property_type
from yutang.sequence.view import View

NAME, ZH, EN = "page", "页面·渠道", "Page / channel"
QUESTION = (
    "每个页面、每个渠道码带来了什么？",
    "What happens on each page, what does each code bring?",
)

_STAGES = ("code_scanned", "contact_added", "group_joined", "order_paid")
_MOST_CELLS = 20_000
_PARTS: dict[str, Any] = {"page": page_views, "channel": page_channels}


class Params(SessionParams):
    """What to ask."""

    by: Literal["page", "channel"] = Field("page", title="按 By")
    view: Events = Field(default=Events(event="page_viewed"), title="浏览事件 View")
    page: str = Field("page", title="页面属性 Page property")
    address: Literal["path", "whole"] = Field("path", title="地址 Address")
    rules: list[Rule] = Field(default_factory=list, max_length=50, title="页面分组 Page groups")
    dwell: str | None = Field(None, title="停留属性（秒） Dwell property (seconds)")
    channel: str = Field("channel_code", title="渠道属性 Channel property")
    stages: list[Step] = Field(
        default=[Step(event=name) for name in _STAGES],
        min_length=2,
        max_length=8,
        title="阶段 Stages",
    )
    first: bool = Field(True, title="末阶段只算首次 Last stage: first ever only")
    window: LookBack = Field(default=LookBack(value=30, unit="day"), title="窗口期 Window")
    items: int = Field(20, ge=1, le=MOST_GROUPS, title="前几项 Largest items")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(10, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names, filters, pages and groups resolved."""

    params: Params
    cutter: Cutter
    items: Items
    groups: Groups
    unknown: list[str]
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find pages and groups. Raises BadInput with the place."""
    shards = context.shards
    edges, _ = range_periods(context, params, "total")
    if params.by == "page":
        asked: list[tuple[str, Events | None]] = [("view", params.view)]
        found = items(context, params.page, "page", params.rules, paths=params.address == "path")
        counted = params
        _check_dwell(context, params.dwell)
    else:
        asked = [(f"stages[{i}]", stage) for i, stage in enumerate(params.stages)]
        found = items(context, params.channel, "channel", None, paths=False)
        counted = params.model_copy(update={"events": params.stages[0]})
    cut = cutter(context, counted, edges, more=asked)
    draft = Plan(
        params=params,
        cutter=cut,
        items=found,
        groups=Groups([], []),
        unknown=never_occurred(shards, [one for _, one in asked]),
        facts_version=shards.facts_version,
    )
    part = _PARTS[params.by]
    shown = found.all_within(params.items)
    if shown is None:
        none = np.zeros(len(found.labels), np.int64)
        counts = sum(context.each(lambda view: part.item_counts(view, draft)), none)
        shown = found.largest(counts, params.items)
    draft = replace(draft, items=shown)

    def rows(view: View) -> tuple[np.ndarray, np.ndarray]:
        found: tuple[np.ndarray, np.ndarray] = part.group_rows(view, draft)
        return found

    groups = find_groups(context, params.group, params.values, params.top, rows)
    if groups.count * draft.items.count > _MOST_CELLS:
        raise BadInput(
            "The result would have more than %(most)d cells.",
            hint="Choose fewer pages or groups.",
            most=_MOST_CELLS,
        )
    return replace(draft, groups=groups)


def _check_dwell(context: Context, dwell: str | None) -> None:
    if dwell is not None and property_type(context.shards, dwell, "dwell") != "number":
        raise BadInput("dwell: %(name)s is no number.", name=repr(dwell))


def run(view: View, plan: Plan) -> Any:
    """The views, or persons and codes, of a view of the shards, counted."""
    return _PARTS[plan.params.by].run(view, plan)


def merge(partials: list[Any], plan: Plan) -> Any:
    """Those of all views."""
    return _PARTS[plan.params.by].merge(partials, plan)


def shape(partial: Any, plan: Plan) -> Result:
    """Table by page or code (and group), totals, chart, caveats."""
    result: Result = _PARTS[plan.params.by].shape(partial, plan)
    return result


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell. By page: {"page"?, "next"?, "entry"?: true, "exit"?: true,
    "group"?: [labels]}; by channel: {"channel"?, "stage"?: k, "group"?: [labels]}."""
    part = _PARTS[plan.params.by]
    part.check_cell(plan, cell)
    wanted = None if cell.get("group") is None else plan.groups.index(cell["group"])

    def behind(view: View) -> np.ndarray:
        rows, who, chosen = part.behind(view, plan, cell)
        if wanted is not None:
            chosen = chosen & plan.groups.inside(view, rows, who, wanted)
        return np.asarray(view.customers[who[chosen]])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
