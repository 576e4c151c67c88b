"""The funnel's entrants, and their way into tables, chart and caveats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap

from yutang.analysis import groups as grouping
from yutang.analysis.contract import (
    SMALL_COHORT,
    Caveat,
    Column,
    Result,
    Table,
    folded_groups,
    sampled,
    several_values,
    small_cohort,
    unknown_events,
)
from yutang.analysis.order_statistics import percentiles
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, period_edges, period_of

if TYPE_CHECKING:
    from yutang.analysis.funnel import Plan

_STEP_COLUMNS = (
    Column("step", "步骤", "Step", "count"),
    Column("event", "事件", "Event", "text"),
    Column("people", "人数", "People", "count"),
    Column("rate_previous", "较上一步", "From previous", "rate"),
    Column("rate_first", "较第一步", "From first", "rate"),
    Column("median_seconds", "距上一步（中位数）", "From previous, median", "seconds"),
    Column("p90_seconds", "距上一步（P90）", "From previous, P90", "seconds"),
    Column("first_median_seconds", "距第一步（中位数）", "From first, median", "seconds"),
    Column("first_p90_seconds", "距第一步（P90）", "From first, P90", "seconds"),
)
_PERIOD = Column("period", "进入日期", "Entered", "period")
# A trend of more points than this is drawn by the next longer unit.
_MOST_POINTS = 4_000
_LONGER = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}


@dataclass(frozen=True)
class Entrants:
    """Attempts that entered. customers: uint32, depths: int8, times: int64 ms [n, steps]
    (undefined past the depth); at, groups: group keys int64 [m, dims] and whose they are."""

    customers: np.ndarray
    depths: np.ndarray
    times: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @classmethod
    def concat(cls, parts: list[Entrants], steps: int, dims: int) -> Entrants:
        if not parts:
            return cls(
                np.empty(0, np.uint32),
                np.empty(0, np.int8),
                np.empty((0, steps), np.int64),
                np.empty(0, np.int64),
                np.empty((0, dims), np.int64),
            )
        starts = np.cumsum([0, *(part.customers.size for part in parts)])
        return cls(
            np.concatenate([part.customers for part in parts]),
            np.concatenate([part.depths for part in parts]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.at + s for part, s in zip(parts, starts, strict=False)]),
            np.concatenate([part.groups for part in parts]),
        )


def shape(partial: Entrants, plan: Plan) -> Result:
    """Table by step (and group), totals, trend, chart, caveats."""
    whole = _step_rows(partial, plan)
    tables = {}
    folded = 0
    rows, columns = whole, list(_STEP_COLUMNS)
    if plan.dims:
        chosen, folded = _groups(partial, plan)
        columns = [*grouping.group_columns(plan.dims), *columns]
        tables["total"] = Table(_STEP_COLUMNS, whole)
        rows = [
            {**grouping.group_cells(label), **row}
            for label, entrants in chosen
            for row in _step_rows(partial, plan, entrants)
        ]
    if plan.params.trend and partial.customers.size:
        tables["trend"] = _trend(partial, plan)
    return Result(
        model="funnel",
        table=Table(tuple(columns), rows),
        tables=tables,
        chart=_chart(rows, plan),
        caveats=tuple(_caveats(partial, plan, folded)),
        facts_version=plan.facts_version,
    )


def _step_rows(
    part: Entrants, plan: Plan, chosen: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """By step, of the chosen positions or of all."""
    scale = plan.params.sample
    depths = part.depths if chosen is None else part.depths[chosen]
    entered = depths.size
    at = np.flatnonzero(depths >= 2)
    # Most stop at the first step: the others' depths and times are copied once, then narrowed.
    # `take` copies whole rows three times as fast as brackets do.
    depths = depths[at]
    times = part.times.take(at if chosen is None else chosen[at], axis=0)
    rows: list[dict[str, Any]] = []
    for number, step in enumerate(plan.params.steps, start=1):
        if number > 2:
            still = depths >= number
            depths, times = depths[still], times.compress(still, axis=0)
        people = (depths.size if number > 1 else entered) * scale
        previous = rows[-1]["people"] if rows else people
        first = rows[0]["people"] if rows else people
        row = {
            "step": number,
            "event": step.name or " / ".join(step.names),
            "people": people,
            "rate_previous": people / previous if previous else None,
            "rate_first": people / first if first else None,
        }
        done = times[:, number - 1] if number > 1 else times[:0, 0]
        waits = percentiles(done - times[: done.size, max(number - 2, 0)], (50, 90))
        total = waits if number <= 2 else percentiles(done - times[:, 0], (50, 90))
        row["median_seconds"], row["p90_seconds"] = map(_seconds, waits)
        row["first_median_seconds"], row["first_p90_seconds"] = map(_seconds, total)
        rows.append(row)
    return rows


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _groups(partial: Entrants, plan: Plan) -> tuple[list[tuple[tuple[Any, ...], np.ndarray]], int]:
    """(labels, positions of entrants) of the largest groups and OTHER; how many were folded."""
    size = partial.customers.size
    return grouping.members(partial.at, partial.groups, size, plan.dims, plan.params.top)


def _trend(partial: Entrants, plan: Plan) -> Table:
    edges, names = _trend_edges(partial, plan)
    period = period_of(partial.times[:, 0], edges)
    steps = plan.steps
    counts = np.bincount(
        period * (steps + 1) + partial.depths, minlength=len(names) * (steps + 1)
    ).reshape(len(names), steps + 1)
    reached = counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:] * plan.params.sample
    columns = [_PERIOD]
    for number, step in enumerate(plan.params.steps, start=1):
        title = step.name or " / ".join(step.names)
        columns.append(Column(f"people_{number}", title, title, "count"))
    columns.append(Column("rate_first", "整体转化率", "Conversion", "rate"))
    rows = []
    for name, people in zip(names, reached.tolist(), strict=True):
        row: dict[str, Any] = {"period": name}
        row |= {f"people_{number}": value for number, value in enumerate(people, start=1)}
        row["rate_first"] = people[-1] / people[0] if people[0] else None
        rows.append(row)
    return Table(tuple(columns), rows)


def _trend_edges(partial: Entrants, plan: Plan) -> tuple[np.ndarray, list[str]]:
    starts = partial.times[:, 0]
    first = plan.params.from_ or day_of(int(starts.min()), plan.zone)
    last = plan.params.to or day_of(int(starts.max()), plan.zone)
    unit: str = plan.params.trend or "day"
    for longer in list(_LONGER)[list(_LONGER).index(unit) :]:
        unit = longer
        if (last - first).days / _LONGER[unit] <= _MOST_POINTS:
            break
    return period_edges(first, last, unit, plan.zone)


def _chart(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """One series per group, one value per step."""
    steps = plan.steps
    names = [step.name or " / ".join(step.names) for step in plan.params.steps]
    series = []
    for first in range(0, len(rows), steps):
        part = rows[first : first + steps]
        label = [part[0][f"group_{i}"] for i in range(1, len(plan.dims) + 1)]
        series.append({"name": label, "values": [row["people"] for row in part]})
    return {"kind": "funnel", "categories": names, "series": series}


def _caveats(partial: Entrants, plan: Plan, folded: int) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    unfinished = partial.times[partial.depths < plan.steps, 0]
    waiting = int((plan.deadlines(unfinished) > plan.as_of).sum()) * plan.params.sample
    if waiting:
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 人的窗口期到数据截止时还没结束，后面可能还会转化。",
                f"For {waiting:,} the window was still open at the last fact; they may yet go on.",
            )
        )
    entered = partial.customers.size * plan.params.sample
    if 0 < entered < SMALL_COHORT:
        caveats.append(small_cohort(entered))
    if folded:
        caveats.append(folded_groups(folded))
    if partial.at.size > partial.customers.size:
        caveats.append(several_values())
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def people(partial: Entrants, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """See `funnel.people`."""
    step, state = cell.get("step", 1), cell.get("state", "reached")
    if type(step) is not int or not 1 <= step <= plan.steps or state not in _STATES:
        raise BadInput("There is no such cell in a funnel: %(cell)s.", cell=dict(cell))
    chosen = partial.depths >= step if state == "reached" else partial.depths == step
    if cell.get("group") is not None:
        wanted = tuple(cell["group"])
        groups, _ = _groups(partial, plan)
        inside = [entrants for label, entrants in groups if label == wanted]
        if not inside:
            raise BadInput("There is no such group: %(group)s.", group=list(wanted))
        member = np.zeros(chosen.size, np.bool_)
        member[inside[0]] = True
        chosen = chosen & member
    if cell.get("period") is not None and chosen.size:
        edges, names = _trend_edges(partial, plan)
        if cell["period"] not in names:
            raise BadInput("There is no such period: %(period)s.", period=cell["period"])
        i = names.index(cell["period"])
        starts = partial.times[:, 0]
        chosen = chosen & (starts >= edges[i]) & (starts < edges[i + 1])
    return BitMap(partial.customers[chosen])


_STATES = ("reached", "stopped")
