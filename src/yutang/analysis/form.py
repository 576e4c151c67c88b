"""Form 表单: where do people stop in a form or a small process, and at which field?

An attempt = a customer's events of one form (the value of `form`; events without it are of one
form "(none)"), from the moment it is shown until it succeeds, is shown again, or nothing of it
happens for longer than `idle_minutes`. Whatever comes after a success, or without having been
shown, opens an attempt of its own: a form that is filled was shown.
Stages: 1 shown, 2 begun (`begun`, or a field), 3 submitted, 4 succeeded; a later stage implies the
earlier ones. attempts = attempts that came at least so far; people = distinct customers of theirs;
rate_previous, rate_first from attempts; median_seconds, p90_seconds from the attempt's first event
to the first event of that stage or a later one (between closest ranks).
`fields`: a fill = an event of `field`; touched = attempts with a fill; refilled = attempts with
more than one fill of the field; seconds = the number property `seconds`, or the time since the
event before in the attempt, over fills: mean and median; blank = submitted attempts (of a form in
which anybody ever filled the field) without a fill, or whose last fill is `empty` (a yes/no
property, or a text that is ""); abandoned = begun attempts that were not submitted and whose last
fill is of this field.
Range: an attempt belongs to the moment it begins at and is counted whole.
Ties: events of one instant take part in the order of the stages (fields between begun and
submitted) whatever their stored order, then in that. Late events have their own time; duplicates
were dropped. Groups are those of the attempt's first event or of its customer. Totals are counted,
not added up. Sampling keeps whole customers; counts are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import form_attempts, form_table
from yutang.analysis.contract import Context, RangeParams, Result
from yutang.analysis.form_attempts import Counted
from yutang.analysis.funnel import Events
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values
from yutang.analysis.page_names import Items, items
from yutang.analysis.periods import range_periods
from yutang.analysis.sessions import never_occurred
from yutang.errors import BadInput
from yutang.sequence.filters import Filter, both, compile_filter, property_type, split_filter
from yutang.sequence.matching import Bits, Matcher, find_codes
from yutang.sequence.view import View

NAME, ZH, EN = "form", "表单", "Form"
QUESTION = ("人在表单的哪一步、哪一项停下？", "At which step and field of a form do people stop?")

# In the order in which events of one instant take part.
_KINDS = ("shown", "begun", "field", "submitted", "succeeded")
_MINUTE_MS = 60_000


class Params(RangeParams):
    """What to ask."""

    form: str = Field("form", title="表单属性 Form property")
    shown: Events = Field(default=Events(event="form_shown"), title="展示 Shown")
    begun: Events = Field(default=Events(event="form_begun"), title="开始填写 Begun")
    field: Events = Field(default=Events(event="field_filled"), title="填写一项 Field filled")
    submitted: Events = Field(default=Events(event="form_submitted"), title="提交 Submitted")
    succeeded: Events = Field(default=Events(event="form_succeeded"), title="成功 Succeeded")
    name: str = Field("field", title="字段名属性 Field name property")
    empty: str | None = Field(None, title="空值属性 Empty property")
    seconds: str | None = Field(None, title="用时属性（秒） Seconds property")
    idle_minutes: int = Field(30, ge=1, le=7 * 24 * 60, title="静默多久算放弃（分钟） Idle minutes")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

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
    forms: Items
    fields: Items
    groups: Groups
    lo: int
    hi: int
    as_of: int
    unknown: list[str]
    facts_version: int

    @property
    def idle(self) -> int:
        return self.params.idle_minutes * _MINUTE_MS


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    asked = [(kind, getattr(params, kind)) for kind in _KINDS]
    matchers = []
    for place, one in asked:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
    _check_types(context, params)
    edges, _ = range_periods(context, params, "total")
    draft = Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        forms=items(context, params.form, "form", None, paths=False),
        fields=items(context, params.name, "name", None, paths=False),
        groups=Groups([], []),
        lo=int(edges[0]),
        hi=int(edges[-1]) - 1,
        as_of=(shards.span or (0, 0))[1],
        unknown=never_occurred(shards, [one for _, one in asked]),
        facts_version=shards.facts_version,
    )

    def begins(view: View) -> tuple[np.ndarray, np.ndarray]:
        found = form_attempts.find(view, draft)
        return found.row.astype(np.int64), found.who.astype(np.int64)

    groups = find_groups(context, params.group, params.values, params.top, begins)
    return replace(draft, groups=groups)


def _check_types(context: Context, params: Params) -> None:
    kinds = {"empty": ("bool", "string"), "seconds": ("number",)}
    for place, fitting in kinds.items():
        name = getattr(params, place)
        if name is None:
            continue
        if (
            property_type(context.shards, name, place) not in fitting
            or name not in context.shards.columns
        ):
            raise BadInput(
                "%(place)s: %(name)s is no event property of a fitting type.",
                hint="Fitting types: %(types)s.",
                place=place,
                name=repr(name),
                types=", ".join(fitting),
            )


def run(view: View, plan: Plan) -> Counted:
    """The attempts of a view's customers that begin in the range, and their fills, counted."""
    return form_attempts.count(view, plan)


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The attempts of all views."""
    return form_attempts.merge(partials, plan)


def shape(partial: Counted, plan: Plan) -> Result:
    """Stages (by group), fields, totals, chart, caveats."""
    return form_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"step"?: k, "state"?: "reached" | "stopped", "group"?: [labels]}
    of the stages, {"form", "field", "state"?: "touched" | "refilled" | "blank" | "abandoned"} of
    the fields."""
    form_attempts.check_cell(plan, cell)
    wanted = None if cell.get("group") is None else plan.groups.index(cell["group"])

    def behind(view: View) -> np.ndarray:
        found = form_attempts.find(view, plan)
        chosen = form_attempts.is_behind(view, plan, found, cell)
        if wanted is not None:
            chosen = chosen & plan.groups.inside(view, found.row, found.who, wanted)
        return np.asarray(view.customers[found.who[chosen]])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
