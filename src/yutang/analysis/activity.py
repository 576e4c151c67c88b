"""Activity 活跃: who is new, who stays, who returns, who falls asleep?

Active in a period (day, week, month of the brand's zone, weeks from Monday) = did the event at
least `times` times in it. A customer's state in a period:
new         active, and never active before in any fact, also before the range
continuing  active, after an absence of fewer than `absence` whole periods (or none)
returning   active, after an absence of `absence` periods or more
paused      not active, but active within the last `absence` periods (none where `absence` is 1)
dormant     not active for `absence` periods or more
Who was never active is in no state. active = new + continuing + returning; stock = active + paused;
inflow = new + returning; outflow = those who became dormant in the period; so the stock changes
from period to period by inflow - outflow. `flows`: people by state in the period before and in this
one. `total`: distinct people over the range who were active, new, returning, lost.
History counts from the first fact; facts after `to` do not count. The first period shown is whole
(its days before `from` count), the last is cut at `to`; one that had not ended at the last fact is
marked open. Late events belong to their own time; duplicates were dropped before; order and ties do
not matter here.
Groups: each group is a history of its own: who is active in two (`multi`) has a state in each; with
`single` a customer is in the group of his first event of all. Sampling keeps whole customers;
people are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import activity_table
from yutang.analysis.contract import Context, RangeParams, Result, whole_days
from yutang.analysis.grouped import check_cells, check_no_steps, find_group
from yutang.analysis.groups import MOST_GROUPS, GroupBy, Values
from yutang.analysis.tallies import Doing, Tallying, prepare
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, period_edges, period_start
from yutang.sequence.files import frozen
from yutang.sequence.kernels.tally import (
    CONTINUING,
    DORMANT,
    FIRST_OF_ALL,
    NEW,
    OUTSIDE,
    PAUSED,
    RETURNING,
    STATES,
    count_flows,
)
from yutang.sequence.view import View

NAME, ZH, EN = "activity", "活跃", "Activity"
QUESTION = ("鱼塘进了多少水，漏了多少？", "What flows into the pond, and what out of it?")

STATE_OF = {
    "outside": OUTSIDE, "new": NEW, "continuing": CONTINUING, "returning": RETURNING,
    "paused": PAUSED, "dormant": DORMANT,
}  # fmt: skip
# What a cell may ask for besides the states: who is in any of several, and who changed.
_SUMS = {
    "active": (NEW, CONTINUING, RETURNING),
    "stock": (NEW, CONTINUING, RETURNING, PAUSED),
    "inflow": (NEW, RETURNING),
}
OVER_RANGE = ("active", "new", "returning", "lost")


class Params(RangeParams):
    """What to ask."""

    event: Doing = Field(default=Doing(event="*"), title="活跃 = 做过 Active = did")
    times: int = Field(1, ge=1, le=1_000, title="至少几次 At least times")
    unit: Literal["day", "week", "month"] = Field("week", title="按 By")
    absence: int = Field(4, ge=1, le=366, title="几期没来算沉睡 Dormant after periods")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(20, ge=1, le=MOST_GROUPS, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _no_steps(self) -> Params:
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params resolved. periods: labels from the first fact on, of which those from `shown` on are
    the range; no_past: so few periods of facts lie before it that returning may look new."""

    params: Params
    tallying: Tallying
    periods: list[str]
    shown: int

    @property
    def no_past(self) -> bool:
        return self.shown < self.params.absence


class Spells(NamedTuple):
    """Active periods, sorted by customer and period, and the ones before and after.

    who: positions in the view; fresh: there is none before; previous, following: int64 periods, or
    -1 and the number of periods.
    """

    who: np.ndarray
    period: np.ndarray
    fresh: np.ndarray
    previous: np.ndarray
    following: np.ndarray


class Partial(NamedTuple):
    """flows: int64 [groups, periods, STATES, STATES]; totals: int64 [groups, 4] as OVER_RANGE."""

    flows: np.ndarray
    totals: np.ndarray


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    begin, end = whole_days(context, params)
    first = min(begin, day_of(shards.span[0], shards.zone)) if shards.span else begin
    edges, periods = period_edges(period_start(first, params.unit), end, params.unit, shards.zone)
    _, shown = period_edges(begin, end, params.unit, shards.zone)
    tallying = prepare(
        context, params, params.event, params.group, params.values, params.top, edges,
        member=FIRST_OF_ALL,
    )  # fmt: skip
    check_cells(len(shown) * max(len(tallying.groups), 1))
    return Plan(params, tallying, periods, len(periods) - len(shown))


def _active_periods(
    view: View, plan: Plan, *, grouped: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers, groups and periods of activity, sorted so."""
    found = plan.tallying.entries(view, grouped=grouped)
    who, group, period = found.who, found.group, found.period
    if plan.params.times > 1:
        enough = found.times >= plan.params.times
        who, group, period = who[enough], group[enough], period[enough]
    if grouped:
        order = np.lexsort((period, group, who))
        who, group, period = who[order], group[order], period[order]
    return frozen(who), frozen(group), frozen(period)


def run(view: View, plan: Plan) -> list[Partial]:
    """Flows of all, then, where there are groups, by group."""
    kinds = [False, True] if plan.tallying.dims else [False]
    return [_count(view, plan, grouped=grouped) for grouped in kinds]


def _count(view: View, plan: Plan, *, grouped: bool) -> Partial:
    groups = max(len(plan.tallying.groups), 1) if grouped else 1
    who, group, period = _active_periods(view, plan, grouped=grouped)
    return Partial(
        *count_flows(who, group, period, groups, len(plan.periods), plan.params.absence, plan.shown)
    )


def spells_of(view: View, plan: Plan, group: int | None) -> Spells:
    """When each customer of a view was active, in a group or at all."""
    who, groups, period = _active_periods(view, plan, grouped=group is not None)
    mine = groups == (group or 0)
    who, period = who[mine], period[mine]
    fresh = np.ones(who.size, np.bool_)
    fresh[1:] = who[1:] != who[:-1]
    previous = np.full(who.size, -1)
    previous[1:] = np.where(fresh[1:], -1, period[:-1])
    following = np.full(who.size, len(plan.periods))
    following[:-1] = np.where(fresh[1:], len(plan.periods), period[1:])
    return Spells(who, period, fresh, previous, following)


def _over_range(spells: Spells, plan: Plan, name: str) -> np.ndarray:
    """bool by active period: in the range it is, or leads to, what `name` says."""
    absence = plan.params.absence
    if name == "lost":
        asleep = spells.period + absence
        return np.asarray((asleep >= plan.shown) & (asleep < spells.following))
    inside = np.asarray(spells.period >= plan.shown)
    if name == "new":
        inside &= spells.fresh
    elif name == "returning":
        inside &= ~spells.fresh & (spells.period - spells.previous > absence)
    return inside


def merge(partials: list[list[Partial]], plan: Plan) -> list[Partial]:
    """The flows of all views."""
    merged = []
    for i, groups in enumerate([1, len(plan.tallying.groups)] if plan.tallying.dims else [1]):
        flows = np.zeros((groups, len(plan.periods), STATES, STATES), np.int64)
        totals = np.zeros((groups, len(OVER_RANGE)), np.int64)
        for partial in partials:
            flows += partial[i].flows[:groups]
            totals += partial[i].totals[:groups]
        merged.append(Partial(flows, totals))
    return merged


def shape(partial: list[Partial], plan: Plan) -> Result:
    """Table by period and group; flows, totals, chart, caveats."""
    return activity_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"period": label, "measure"?: a state, "active", "stock", "inflow"
    or "outflow", "group"?: [labels]}, or a flow: {"period", "source": state, "target": state}, or,
    of the whole range, {"measure": "active" | "new" | "returning" | "lost"}."""
    measure, period = cell.get("measure") or "active", cell.get("period")
    flow = ("source" in cell, "target" in cell)
    known = (
        measure in OVER_RANGE
        if period is None
        else period in plan.periods[plan.shown :]
        and (measure in STATE_OF or measure in _SUMS or measure in ("outflow", "people"))
    )
    ends = [cell.get(end) for end in ("source", "target") if end in cell]
    if not known or any(flow) != all(flow) or any(one not in STATE_OF for one in ends):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    tallying, grouped = plan.tallying, bool(cell.get("group"))
    group = find_group(tallying.dims, tallying.groups, cell["group"]) if grouped else None

    def behind(view: View) -> np.ndarray:
        mine = spells_of(view, plan, group)
        if period is None:
            chosen = mine.who[_over_range(mine, plan, measure)]
        else:
            chosen = _of_period(mine, plan, plan.periods.index(period), cell, measure)
        return np.asarray(view.customers[np.unique(chosen)])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))


def _of_period(
    spells: Spells, plan: Plan, p: int, cell: Mapping[str, Any], measure: str
) -> np.ndarray:
    """Customers in a state, a sum of states or a flow of one period."""
    absence = plan.params.absence
    if "source" in cell:
        before = _in_state(spells, p - 1, STATE_OF[cell["source"]], absence)
        return np.intersect1d(before, _in_state(spells, p, STATE_OF[cell["target"]], absence))
    if measure == "outflow":
        lost = (spells.period + absence == p) & (p < spells.following)
        return np.asarray(spells.who[lost])
    states = _SUMS.get(measure) or (STATE_OF.get(measure, NEW),)
    return np.concatenate([_in_state(spells, p, state, absence) for state in states])


def _in_state(spells: Spells, p: int, state: int, absence: int) -> np.ndarray:
    """Customers in a state in period `p`; all spells are of one group."""
    if state == OUTSIDE:
        return np.asarray(spells.who[spells.fresh & (spells.period > p)])
    gap = p - spells.period
    now = (gap >= 0) & (p < spells.following)
    if state in (PAUSED, DORMANT):
        asleep = gap >= absence
        in_gap = now & (gap > 0) & (asleep if state == DORMANT else ~asleep)
        return np.asarray(spells.who[in_gap])
    back = ~spells.fresh & (spells.period - spells.previous > absence)
    which = {NEW: spells.fresh, RETURNING: back, CONTINUING: ~spells.fresh & ~back}[state]
    return np.asarray(spells.who[now & (gap == 0) & which])
