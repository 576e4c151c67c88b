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

from yutang.analysis import form_table
from yutang.analysis.contract import Context, RangeParams, Result
from yutang.analysis.form_table import Attempts
from yutang.analysis.funnel import Events
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values
from yutang.analysis.page_names import Items, items
from yutang.analysis.periods import range_periods
from yutang.analysis.sessions import never_occurred
from yutang.errors import BadInput
from yutang.sequence.filters import Filter, both, compile_filter, property_type, split_filter
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.source import NO_BOOL
from yutang.sequence.view import View

NAME, ZH, EN = "form", "表单", "Form"
QUESTION = ("人在表单的哪一步、哪一项停下？", "At which step and field of a form do people stop?")

# The order in which events of one instant take part.
SHOWN, BEGUN, FIELD, SUBMITTED, SUCCEEDED = range(5)
_STAGE_OF = np.array([0, 1, 1, 2, 3], np.int64)
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
        found = run(view, draft)
        return found.row, found.who

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


def run(view: View, plan: Plan) -> Attempts:
    """The attempts of a view's customers that begin in the range, and their fills."""
    keys, table = plan.bits.of(view)
    rows = np.flatnonzero(table[keys])
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    who = view.place[rows]
    if keep.size:
        rows, who = rows[keep[who]], who[keep[who]]
    kind = _kind_of(table[keys[rows]])
    form = plan.forms.of_rows(view, rows)
    order = np.lexsort((rows, kind, view.time[rows], form, who))
    rows, who, kind, form = rows[order], who[order], kind[order], form[order]
    time = view.time[rows]
    opens = np.ones(rows.size, np.bool_)
    if rows.size:
        same = (who[1:] == who[:-1]) & (form[1:] == form[:-1])
        pause = np.diff(time) > plan.idle
        opens[1:] = ~same | (kind[1:] == SHOWN) | pause | (kind[:-1] == SUCCEEDED)
    attempt = np.cumsum(opens) - 1
    begin = np.flatnonzero(opens)
    counted = (time[begin] >= plan.lo) & (time[begin] <= plan.hi)
    return _attempts(view, plan, (rows, who, kind, form, time), attempt, begin, counted)


def _kind_of(bits: np.ndarray) -> np.ndarray:
    """The latest stage an event may stand for, where it may stand for several."""
    kind = np.zeros(bits.size, np.int64)
    for place in range(len(_KINDS)):
        kind[(bits >> np.uint32(place) & 1).astype(np.bool_)] = place
    return kind


def _attempts(
    view: View,
    plan: Plan,
    events: tuple[np.ndarray, ...],
    attempt: np.ndarray,
    begin: np.ndarray,
    counted: np.ndarray,
) -> Attempts:
    rows, who, kind, form, time = events
    stages = np.full((begin.size, 4), np.iinfo(np.int64).max, np.int64)
    since = time - time[begin][attempt]
    for stage in range(4):  # the first event of that stage or a later one
        far = _STAGE_OF[kind] >= stage
        np.minimum.at(stages[:, stage], attempt[far], since[far])
    ends = np.append(begin[1:], rows.size) - 1 if begin.size else begin
    place = np.cumsum(counted) - 1
    fills = np.flatnonzero((kind == FIELD) & counted[attempt])
    before = np.where(np.isin(fills, begin), fills, fills - 1)
    seconds = (time[fills] - time[before]) / 1000
    seconds[before == fills] = np.nan  # nothing came before: unknown, not zero
    if plan.params.seconds is not None:
        seconds = view.values(plan.params.seconds)[rows[fills]]
    made = Attempts(
        customers=view.customers[who[begin][counted]],
        who=who[begin][counted].astype(np.int32),
        row=rows[begin][counted],
        form=form[begin][counted],
        waits=stages[counted],
        last=time[ends][counted],
        fill_of=place[attempt[fills]],
        field=plan.fields.of_rows(view, rows[fills]),
        empty=_is_empty(view, plan, rows[fills]),
        seconds=seconds,
        at=np.empty(0, np.int64),
        groups=np.empty(0, np.int64),
    )
    if plan.groups.dims:
        at, groups = plan.groups.places(view, made.row, made.who)
        made = replace(made, at=at, groups=groups)
    return made


def _is_empty(view: View, plan: Plan, rows: np.ndarray) -> np.ndarray:
    name = plan.params.empty
    if name is None:
        return np.zeros(rows.size, np.bool_)
    values = view.values(name)[rows]
    if view.shards.columns[name].type == "bool":
        return np.asarray((values != NO_BOOL) & (values == 1))
    blank = [i for i, w in enumerate(view.shards.dictionary(name).to_pylist()) if not w.strip()]
    return np.asarray(np.isin(values, blank))


def merge(partials: list[Attempts], plan: Plan) -> Attempts:
    """The attempts of all views."""
    return Attempts.concat(partials)


def shape(partial: Attempts, plan: Plan) -> Result:
    """Stages (by group), fields, totals, chart, caveats."""
    return form_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"step"?: k, "state"?: "reached" | "stopped", "group"?: [labels]}
    of the stages, {"form", "field", "state"?: "touched" | "refilled" | "blank" | "abandoned"} of
    the fields."""
    partial = merge(context.each(lambda view: run(view, plan)), plan)
    chosen = form_table.is_behind(partial, plan, cell)
    if cell.get("group") is not None:
        wanted = plan.groups.index(cell["group"])
        inside = np.zeros(chosen.size, np.bool_)
        inside[partial.at[partial.groups == wanted]] = True
        chosen = chosen & inside
    return BitMap(partial.customers[chosen])
