"""Attribution 归因: which touches get the credit for what was sold?

A conversion is an event `target` between `from` and `to`; its path is the `touches` of the same
customer before it, at most `look_back` earlier (that first moment included) or on its business
day, and after his previous conversion (`reuse`: before it, too). The channel of a touch is the
value of the property `channel`, or without it the name of the touch, by the first entry it meets.
Rules (see credit.py): first, last, last non-direct, linear, linear over distinct channels (= the
sum-game Shapley value), position 40/20/40, time decay, Markov removal effect solved exactly.
touches, people = touches of the channel in the range, and distinct customers of them, whether or
not they led to anything; conversions, value = what the rule credits; value = sum of the property
`value` over the conversions that carry it. cost, cpa = cost / conversions, roas = value / cost
and roi = (value - cost) / cost where `costs` were given.
`direct`: conversions without a touch are left out, or (`in`) credited to the channel (direct).
Null paths (Markov): the touches of a customer in the range that no conversion of his followed
within the look-back, one path a customer; `nulls` leaves them in or out.
Groups: a conversion counts in the group of its property, or of its customer's attribute; so does
every touch of its path. A touch on no path of the range is in the customer's group, and for a
property of the conversion in (not reached), with the null paths. Paths are cut over all conversions
first; each group then has its own shares and its own chain.
Ties: touches of one instant come before its conversions, each in stored order; an event that is
both is a touch for later conversions only. Late events belong to their own time; duplicates were
dropped before. `hold`: a property that is equal on touch and conversion; every value is a history
of its own, and events without it serve nothing.
Credit is shared out, not proven: what would have sold anyway is credited, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pyroaring import BitMap

from yutang.analysis import attribution_table
from yutang.analysis.attribution_paths import Found, items_of, places_of
from yutang.analysis.attribution_table import DIRECT_KEY, DIRECT_LABEL, Credits, label_of
from yutang.analysis.contract import Context, RangeParams, Result
from yutang.analysis.credit import Paths, Rule, credit, steps
from yutang.analysis.funnel import Events, Window
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_cells, check_no_steps
from yutang.analysis.groups import (
    MOST_GROUPS,
    Dimension,
    GroupBy,
    Values,
    dimensions,
    factorize,
)
from yutang.analysis.holding import check_hold, held
from yutang.errors import BadInput
from yutang.sequence.filters import Filter, both, compile_filter, property_type, split_filter
from yutang.sequence.kernels.touches import count_channels, paths
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

NAME, ZH, EN = "attribution", "归因", "Attribution"
QUESTION = ("成交的功劳怎么分给各个触点？", "Which touches get the credit for what was sold?")

# The exact chain is solved with a matrix of this size, and nobody reads a longer table.
_MOST_CHANNELS = 500
_USUALLY_DIRECT = ["direct", "(direct)", "(none)", "直接", "直接访问"]
_WEEK = Window(value=7, unit="day")


class Touch(Events):
    """An event that may earn credit; `name` is its channel where no property is."""

    name: str | None = Field(None, title="名称 Name")

    @property
    def title(self) -> str:
        return self.name or " / ".join(self.names)


class Params(RangeParams):
    """What to ask."""

    target: Events = Field(title="转化事件 Conversion")
    value: str | None = Field(None, title="价值属性 Value property")
    touches: list[Touch] = Field(min_length=1, max_length=20, title="触点 Touches")
    channel: GroupBy | None = Field(None, title="渠道属性 Channel property")
    look_back: Window = Field(default=Window(value=30, unit="day"), title="回溯期 Look back")
    hold: str | None = Field(None, title="须相同的属性 Must be equal")
    direct: Literal["out", "in"] = Field("out", title="直接转化 Direct conversions")
    direct_channels: list[str] = Field(
        default_factory=lambda: list(_USUALLY_DIRECT), title="直接渠道 Direct channels"
    )
    reuse: bool = Field(False, title="触点可重复归因 Reuse touches")
    nulls: bool = Field(True, title="计入未转化路径 Null paths")
    model: Rule = Field("last", title="归因方式 Rule")
    beside: list[Rule] = Field(default_factory=list, max_length=8, title="并列 Beside it")
    half_life: Window = Field(default=_WEEK, title="半衰期 Half-life")
    costs: dict[str, float] = Field(default_factory=dict, title="渠道成本 Costs by channel")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(10, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @field_validator("half_life")
    @classmethod
    def _has_length(cls, value: Window) -> Window:
        if value.unit == "same_day":
            raise ValueError("a half-life has a length")
        return value

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps([*self.group, *([self.channel] if self.channel else [])])
        return self

    @property
    def rules(self) -> list[Rule]:
        """The rule asked for, then those beside it, each once."""
        return list(dict.fromkeys([self.model, *self.beside]))


@dataclass(frozen=True)
class Plan:
    """Params with names, filters and times resolved."""

    params: Params
    bits: Bits
    of_customer: Filter | None
    lo: int
    hi: int
    edges: np.ndarray
    touch_keys: np.ndarray  # int64: the touches, of one name only the first
    touch_places: np.ndarray  # int64 by touch: the place of its name among them
    channel: Dimension | None
    groups: Groups
    unknown: list[str]
    as_of: int
    facts_version: int


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    places: list[tuple[str, Events]] = [("target", params.target)]
    places += [(f"touches[{i}]", touch) for i, touch in enumerate(params.touches)]
    matchers, used = [], []
    for place, one in places:
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
        used += one.names
    _check_value(context, params.value)
    if params.hold is not None:
        check_hold(context, params.hold)
    lo, hi = params.moments(shards.zone)
    titles = [touch.title for touch in params.touches]
    names = list(dict.fromkeys(titles))
    channel = [params.channel] if params.channel else []
    draft = Plan(
        params=params,
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        lo=lo,
        hi=hi,
        edges=params.look_back.edges(context),
        touch_keys=np.array([titles.index(title) for title in names], np.int64),
        touch_places=np.array([names.index(title) for title in titles], np.int64),
        channel=next(iter(dimensions(context, channel, "single")), None),
        groups=Groups([], []),
        unknown=sorted({n for n in used if n != "*" and n not in shards.event_codes}),
        as_of=(shards.span or (0, 0))[1],
        facts_version=shards.facts_version,
    )
    if not params.group:
        return draft

    def counted(view: View) -> tuple[np.ndarray, np.ndarray]:
        return items_of(_find(view, draft))

    groups = find_groups(context, params.group, params.values, params.top, counted, of="people")
    return replace(draft, groups=groups)


def _check_value(context: Context, name: str | None) -> None:
    if name is None:
        return
    if property_type(context.shards, name, "value") != "number" or (
        name not in context.shards.columns
    ):
        raise BadInput("value: %(name)s is no number of the event.", name=repr(name))


def _find(view: View, plan: Plan) -> Found:
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    found = paths(
        keys, table, view.time, view.offsets, keep, held(view, plan.params.hold), plan.lo, plan.hi,
        plan.params.look_back.milliseconds, plan.edges, plan.params.reuse,
    )  # fmt: skip
    rows, who, touch = found[:3]
    if plan.channel is None:
        known, channel = plan.touch_keys, np.take(plan.touch_places, touch)
    else:
        labelled, channel = factorize(plan.channel.keys(view, rows, who)[1][:, None])
        known = labelled[:, 0]
    if known.size > _MOST_CHANNELS:
        raise _too_many()
    return Found(np.append(known, DIRECT_KEY), channel, *found)


def _too_many() -> BadInput:
    return BadInput(
        "channel: there are more than %(most)d channels.",
        hint="Choose another property, or filter the touches.",
        most=_MOST_CHANNELS,
    )


def run(view: View, plan: Plan) -> list[Credits]:
    """The credit of a view's customers: of all, then of each group."""
    found = _find(view, plan)
    if not plan.groups.dims:
        return [_credits(view, plan, found)]
    places = places_of(view, plan.groups, found)
    each = (found.of_group(*places.inside(i)) for i in range(len(plan.groups.keys)))
    return [_credits(view, plan, one) for one in (found, *each)]


def _credits(view: View, plan: Plan, found: Found) -> Credits:
    size = found.keys.size
    made = _paths(view, plan, found)
    times, people = count_channels(found.channel, found.who, found.inside, size)
    is_direct = np.isin([label_of(plan, key) for key in found.keys.tolist()],
                        plan.params.direct_channels)  # fmt: skip
    credits = [
        credit(rule, made, is_direct, plan.params.half_life.milliseconds)
        for rule in plan.params.rules
        if rule != "markov"
    ]
    values = _values(view, plan, found.path_rows)
    lost = np.flatnonzero(found.inside & ~found.followed)
    cuts = np.flatnonzero(np.diff(found.history[lost])) + 1
    nulls = np.concatenate([[0], cuts, [lost.size]]) if lost.size else np.zeros(1, np.int64)
    none = np.zeros((size + 1, size + 1))
    chained = "markov" in plan.params.rules
    return Credits(
        keys=found.keys,
        times=times,
        people=people,
        credits=np.array(credits).reshape(-1, 2, size),
        converting=steps(made.channel, made.offsets, made.conversions, size) if chained else none,
        null=steps(found.channel[lost], nulls, np.ones(nulls.size - 1), size)
        if chained and plan.params.nulls
        else none,
        conversions=found.path_rows.size,
        value=np.array([[values.sum(), made.value.sum()]]),
        converters=int(np.count_nonzero(np.diff(found.path_who, prepend=-1))),
        direct=int((found.first == found.end).sum()),
        nulls=nulls.size - 1,
        open=int((_closes(view, plan, found.rows[lost]) > plan.as_of).sum()) if chained else 0,
    )


def _closes(view: View, plan: Plan, rows: np.ndarray) -> np.ndarray:
    """The last moment at which a conversion would still look back to each touch."""
    if plan.edges.size == 0:
        return np.asarray(view.time[rows] + plan.params.look_back.milliseconds)
    following = plan.edges[np.searchsorted(plan.edges, view.time[rows], side="right")]
    return np.asarray(following - 1)


def _paths(view: View, plan: Plan, found: Found) -> Paths:
    """The paths that have a touch; with `direct` also the others, as one touch of (direct)."""
    lengths = found.end - found.first
    kept = np.flatnonzero(lengths > 0)
    begins, direct = found.first, found.channel.size
    if plan.params.direct == "in":
        kept, begins = np.arange(lengths.size), np.where(lengths > 0, found.first, direct)
        lengths = np.maximum(lengths, 1)
    lengths, begins = lengths[kept], begins[kept]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    at = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
    age = np.empty(0)
    if "time_decay" in plan.params.rules:
        ended = view.time[found.path_rows[kept]]
        touched = np.append(view.time[found.rows], 0)[at]
        age = (np.repeat(ended, lengths) - touched).astype(np.float64)
    return Paths(
        channel=np.append(found.channel, found.keys.size - 1)[at],
        offsets=offsets,
        age=age,
        conversions=np.ones(kept.size),
        value=_values(view, plan, found.path_rows[kept]),
        channels=found.keys.size,
    )


def _values(view: View, plan: Plan, rows: np.ndarray) -> np.ndarray:
    if plan.params.value is None:
        return np.zeros(rows.size)
    found: np.ndarray = np.nan_to_num(view.values_at(plan.params.value, rows))
    return found


def merge(partials: list[list[Credits]], plan: Plan) -> list[Credits]:
    """The credit of all views: of all, then of each group."""
    count = 1 + len(plan.groups.keys)
    merged = [Credits.merge([part[i] for part in partials], plan) for i in range(count)]
    if merged[0].keys.size > _MOST_CHANNELS + 1:
        raise _too_many()
    check_cells(sum(one.keys.size for one in merged))
    return merged


def shape(partial: list[Credits], plan: Plan) -> Result:
    """Table by channel, the rules beside each other, totals, chart, caveats."""
    return attribution_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"channel"?: label, "group"?: [labels], "state"?: "touched" |
    "converted"}.

    touched: they had a touch (of the channel) in the range; converted: a conversion of theirs in
    the range had one on its path, or without a channel: they had a conversion.
    """
    wanted, state = cell.get("channel"), cell.get("state", "touched")
    if state not in ("touched", "converted"):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    group = plan.groups.index(cell["group"]) if cell.get("group") else None
    seen = [wanted == DIRECT_LABEL]

    def behind(view: View) -> np.ndarray:
        found = _find(view, plan)
        if group is not None:
            found = found.of_group(*places_of(view, plan.groups, found).inside(group))
        names = [label_of(plan, key) for key in found.keys.tolist()]
        seen.append(wanted in names)
        of_channel = np.array([wanted is None or name == wanted for name in names])
        if wanted is None and state == "converted":
            return np.asarray(view.customers[found.path_who])
        return np.asarray(view.customers[_behind(found, of_channel, state, plan)])

    parts = context.each(behind)
    if wanted is not None and not any(seen):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    return BitMap(np.concatenate([np.empty(0, np.uint32), *parts]))


def _behind(found: Found, of_channel: np.ndarray, state: str, plan: Plan) -> np.ndarray:
    """Positions of the customers with a touch, or with a conversion, of the channels."""
    if state == "touched":
        return np.asarray(found.who[found.inside & of_channel[found.channel]])
    hits = np.concatenate([[0], np.cumsum(of_channel[found.channel])])
    who = found.path_who[hits[found.end] > hits[found.first]]
    if of_channel[-1] and plan.params.direct == "in":
        who = np.append(who, found.path_who[found.end == found.first])
    return np.asarray(who)
