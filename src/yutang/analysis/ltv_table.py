"""The starters and what they brought in, and their way into tables, chart and caveats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
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
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, period_edges, period_of

if TYPE_CHECKING:
    from yutang.analysis.ltv import Plan

_PERIOD = Column("period", "起始时间", "Started", "period")
_COLUMNS = (
    Column("day", "天数", "Days", "text"),
    Column("starters", "起始人数", "Starters", "count"),
    Column("people", "已满天数的人数", "Starters whose days have ended", "count"),
    Column("payers", "付费人数", "Payers", "count"),
    Column("revenue", "累计收入", "Revenue so far", "number"),
    Column("arpu", "人均收入 ARPU", "ARPU", "number"),
    Column("arppu", "付费人均收入 ARPPU", "ARPPU", "number"),
    Column("ltv", "LTV（毛利）", "LTV (margin)", "number"),
    Column("open", "未满天数的人数", "Still open", "count"),
)
_PAYBACK = (
    Column("starters", "起始人数", "Starters", "count"),
    Column("cac", "获客成本", "Cost per starter", "number"),
    Column("ltv", "LTV（毛利）", "LTV (margin)", "number"),
    Column("ltv_days", "LTV 天数", "LTV of so many days", "count"),
    Column("ltv_ratio", "LTV/CAC", "LTV/CAC", "number"),
    Column("payback_day", "回本天数", "Payback day", "count"),
)
_STATES = ("starters", "people", "payers", "open")


@dataclass(frozen=True)
class Starters:
    """By starter: customers uint32, began int64 ms, ended: int64 days that have ended (at most the
    longest asked for), first_paid: int64 days from start to first revenue. By revenue event:
    owner: its starter, since: days, amount float64. at, groups: as `group_keys` gives them."""

    customers: np.ndarray
    began: np.ndarray
    ended: np.ndarray
    first_paid: np.ndarray
    owner: np.ndarray
    since: np.ndarray
    amount: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @classmethod
    def concat(cls, parts: list[Starters], dims: int) -> Starters:
        if not parts:
            none = np.empty(0, np.int64)
            return cls(
                none.astype(np.uint32), none, none, none, none, none, none.astype(np.float64),
                none, np.empty((0, dims), np.int64),
            )  # fmt: skip
        starts = np.cumsum([0, *(part.customers.size for part in parts)]).tolist()
        found = {}
        for field in fields(cls):
            arrays = [getattr(part, field.name) for part in parts]
            if field.name in ("owner", "at"):
                arrays = [array + s for array, s in zip(arrays, starts, strict=False)]
            found[field.name] = np.concatenate(arrays)
        return cls(**found)


@dataclass(frozen=True)
class _Chosen:
    """The starters of one group: bool by starter, and which revenue events are theirs."""

    label: tuple[Any, ...]
    member: np.ndarray
    entries: np.ndarray


def _groups(partial: Starters, plan: Plan) -> tuple[list[_Chosen], int]:
    size = partial.customers.size
    if not plan.dims:
        everybody = np.ones(size, np.bool_)
        return [_Chosen((), everybody, np.ones(partial.owner.size, np.bool_))], 0
    found, folded = grouping.members(partial.at, partial.groups, size, plan.dims, plan.params.top)
    chosen = []
    for label, inside in found:
        member = np.zeros(size, np.bool_)
        member[inside] = True
        chosen.append(_Chosen(label, member, member[partial.owner]))
    return chosen, folded


def shape(partial: Starters, plan: Plan) -> Result:
    """Table by cohort, group and day, payback, chart, caveats."""
    chosen, folded = _groups(partial, plan)
    names, period = _periods(partial, plan)
    rows = []
    for one in chosen:
        for place, name in enumerate(names):
            head = {"period": name} if plan.params.unit != "total" else {}
            head |= grouping.group_cells(one.label)
            rows += [{**head, **row} for row in _rows(partial, one, period == place, plan)]
    total = rows
    if plan.dims or plan.params.unit != "total":
        whole, entries = (np.ones(n, np.bool_) for n in (partial.began.size, partial.owner.size))
        total = _rows(partial, _Chosen((), whole, entries), whole, plan)
    tables = {"total": Table(_COLUMNS, total)}
    if plan.params.cac is not None or plan.params.costs:
        tables["payback"] = _payback(partial, chosen, plan)
    columns = [_PERIOD] if plan.params.unit != "total" else []
    return Result(
        model="ltv",
        table=Table((*columns, *grouping.group_columns(plan.dims), *_COLUMNS), rows),
        tables=tables,
        chart=_chart(rows, plan),
        caveats=tuple(_caveats(partial, plan, folded)),
        facts_version=plan.facts_version,
    )


def _periods(partial: Starters, plan: Plan) -> tuple[list[str], np.ndarray]:
    """Names of the cohorts, and the cohort of each starter."""
    if plan.params.unit == "total" or not partial.began.size:
        return [""] if plan.params.unit == "total" else [], np.zeros(partial.began.size, np.int64)
    first = plan.params.from_ or day_of(int(partial.began.min()), plan.zone)
    last = plan.params.to or day_of(int(partial.began.max()), plan.zone)
    edges, names = period_edges(first, last, plan.params.unit, plan.zone)
    return names, period_of(partial.began, edges)


def _rows(partial: Starters, one: _Chosen, inside: np.ndarray, plan: Plan) -> list[dict[str, Any]]:
    scale = plan.params.sample
    member = one.member & inside
    entry = np.flatnonzero(one.entries & inside[partial.owner])
    ended = partial.ended[member]
    paid = partial.first_paid[member]
    since, amount = partial.since[entry], partial.amount[entry]
    of_owner = partial.ended[partial.owner[entry]]
    rows = []
    for n in plan.params.days:
        people = int((ended >= n).sum()) * scale
        payers = int(((ended >= n) & (paid < n)).sum()) * scale
        revenue = float(amount[(since < n) & (of_owner >= n)].sum()) * scale
        arpu = revenue / people if people else None
        rows.append(
            {
                "day": n,
                "starters": ended.size * scale,
                "people": people,
                "payers": payers,
                "revenue": revenue,
                "arpu": arpu,
                "arppu": revenue / payers if payers else None,
                "ltv": None if arpu is None else arpu * plan.params.margin,
                "open": ended.size * scale - people,
            }
        )
    return rows


def _payback(partial: Starters, chosen: list[_Chosen], plan: Plan) -> Table:
    costs = dict(plan.params.costs)
    rows = []
    for one in chosen:
        starters = int(one.member.sum())
        name = " / ".join(str(part) for part in one.label)
        cac = plan.params.cac
        if name in costs and starters:
            cac = costs.pop(name) / (starters * plan.params.sample)
        curve = _curve(partial, one, plan)
        known = np.flatnonzero(~np.isnan(curve))
        ltv = float(curve[known[-1]]) if known.size else None
        reached = np.flatnonzero(curve >= cac) if cac is not None else known[:0]
        rows.append(
            {
                **grouping.group_cells(one.label),
                "starters": starters * plan.params.sample,
                "cac": cac,
                "ltv": ltv,
                "ltv_days": int(known[-1]) + 1 if known.size else None,
                "ltv_ratio": ltv / cac if ltv is not None and cac else None,
                "payback_day": int(reached[0]) + 1 if reached.size else None,
            }
        )
    for name in costs:
        raise BadInput("costs: there is no group %(name)s.", name=repr(name))
    return Table((*grouping.group_columns(plan.dims), *_PAYBACK), rows)


def _curve(partial: Starters, one: _Chosen, plan: Plan) -> np.ndarray:
    """LTV after 1, 2, 3 … days, each over the starters whose day has ended; NaN: nobody's has."""
    most = plan.params.days[-1]
    entry = np.flatnonzero(one.entries)
    ended = partial.ended[partial.owner[entry]]
    cells = np.bincount(
        partial.since[entry] * (most + 1) + ended,
        weights=partial.amount[entry],
        minlength=most * (most + 1),
    ).reshape(most, most + 1)
    within = cells.cumsum(axis=0)[:, ::-1].cumsum(axis=1)[:, ::-1]
    people = np.bincount(partial.ended[one.member], minlength=most + 1)[::-1].cumsum()[::-1]
    days = np.arange(most)
    revenue, count = within[days, days + 1], people[1:]
    curve = np.full(most, np.nan)
    np.divide(revenue * plan.params.margin, count, out=curve, where=count > 0)
    return curve


def _chart(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """LTV over the days, one line per group and cohort."""
    days = plan.params.days
    series = []
    for first in range(0, len(rows), len(days)):
        part = rows[first : first + len(days)]
        label = [part[0][f"group_{i}"] for i in range(1, len(plan.dims) + 1)]
        label += [part[0]["period"]] if "period" in part[0] else []
        series.append({"name": label, "values": [row["ltv"] for row in part]})
    return {"kind": "line", "categories": [str(day) for day in days], "series": series}


def _caveats(partial: Starters, plan: Plan, folded: int) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    waiting = int((partial.ended < plan.params.days[-1]).sum()) * plan.params.sample
    if waiting:
        days = plan.params.days[-1]
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 人到数据截止时还没满 {days} 天，在没满的天数里不计入。",
                f"For {waiting:,} the {days} days had not ended at the last fact; they are left"
                " out of the days that have not.",
            )
        )
    starters = partial.customers.size * plan.params.sample
    if 0 < starters < SMALL_COHORT:
        caveats.append(small_cohort(starters))
    if folded:
        caveats.append(folded_groups(folded))
    if partial.at.size > partial.customers.size:
        caveats.append(several_values())
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def people(partial: Starters, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """See `ltv.people`."""
    state, day = cell.get("state", "starters"), cell.get("day", plan.params.days[-1])
    if state not in _STATES or day not in plan.params.days:
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    ended = partial.ended >= day
    chosen = {
        "starters": np.ones(ended.size, np.bool_),
        "people": ended,
        "payers": ended & (partial.first_paid < day),
        "open": ~ended,
    }[state]
    if cell.get("group") is not None:
        wanted = tuple(cell["group"])
        inside = [one.member for one in _groups(partial, plan)[0] if one.label == wanted]
        if not inside:
            raise BadInput("There is no such group: %(group)s.", group=list(wanted))
        chosen = chosen & inside[0]
    if cell.get("period") is not None:
        names, period = _periods(partial, plan)
        if cell["period"] not in names:
            raise BadInput("There is no such period: %(period)s.", period=cell["period"])
        chosen = chosen & (period == names.index(cell["period"]))
    return BitMap(partial.customers[chosen])
