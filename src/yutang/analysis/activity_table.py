"""The activity model's flows, and their way into tables, chart and caveats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table
from yutang.analysis.groups import group_cells, group_columns
from yutang.analysis.tallies import open_period, small_cohort
from yutang.sequence.kernels.tally import CONTINUING, DORMANT, NEW, PAUSED, RETURNING

if TYPE_CHECKING:
    from yutang.analysis.activity import Partial, Plan

STATES = (
    Column("outside", "未来过", "Never active", "count"),
    Column("new", "新增", "New", "count"),
    Column("continuing", "持续", "Continuing", "count"),
    Column("returning", "回流", "Returning", "count"),
    Column("paused", "暂歇", "Paused", "count"),
    Column("dormant", "沉睡", "Dormant", "count"),
)
_PERIOD = Column("period", "日期", "Date", "period")
_SUMS = (
    Column("active", "活跃", "Active", "count"),
    Column("stock", "存量", "Stock", "count"),
    Column("inflow", "流入", "Inflow", "count"),
    Column("outflow", "流出", "Outflow", "count"),
    Column("net", "净流入", "Net inflow", "number"),
    Column("open", "未结束", "Open", "text"),
)
_FLOW = (
    Column("source", "上一期", "Before", "text"),
    Column("target", "这一期", "Now", "text"),
    Column("people", "人数", "People", "count"),
)
_TOTAL = (
    Column("active", "活跃过", "Active", "count"),
    Column("new", "新增", "New", "count"),
    Column("returning", "回流过", "Returned", "count"),
    Column("lost", "流失过", "Lost", "count"),
)
_NAMES = [state.name for state in STATES]


def shape(partial: list[Partial], plan: Plan) -> Result:
    """Table by period and group; flows, totals, chart, caveats."""
    whole, by_group = partial[0], partial[-1]
    tallying = plan.tallying
    groups = tallying.labels if tallying.dims else [()]
    titles = tuple(group_columns(tallying.dims))
    everybody, rows = _rows(whole.flows, [()], plan), _rows(by_group.flows, groups, plan)
    flows = _flows(whole.flows[0], plan)
    tables = {"flows": Table((_PERIOD, *_FLOW), flows)}
    tables["total"] = Table(_TOTAL, _totals(whole.totals, [()], plan))
    if tallying.dims:
        tables["all"] = Table((_PERIOD, *STATES[1:], *_SUMS), everybody)
        tables["groups"] = Table((*titles, *_TOTAL), _totals(by_group.totals, groups, plan))
    return Result(
        model="activity",
        table=Table((_PERIOD, *titles, *STATES[1:], *_SUMS), rows),
        tables=tables,
        chart=_chart(rows, flows, groups, plan),
        caveats=tuple(_caveats(tables["total"].rows[0]["active"], everybody, plan)),
        facts_version=tallying.facts_version,
    )


def _rows(flows: np.ndarray, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    states = (flows.sum(axis=2) * plan.params.sample).tolist()
    stay = (flows[:, :, DORMANT, DORMANT] * plan.params.sample).tolist()
    rows = []
    for p in range(plan.shown, len(plan.periods)):
        for g, label in enumerate(groups):
            now = states[g][p]
            row: dict[str, Any] = {"period": plan.periods[p], **group_cells(label)}
            row |= {name: now[i] for i, name in enumerate(_NAMES) if i}
            active = now[NEW] + now[CONTINUING] + now[RETURNING]
            inflow, outflow = now[NEW] + now[RETURNING], now[DORMANT] - stay[g][p]
            row |= {"active": active, "stock": active + now[PAUSED], "inflow": inflow}
            row |= {"outflow": outflow, "net": inflow - outflow}
            rows.append({**row, "open": plan.tallying.is_open(p)})
    return rows


def _flows(flows: np.ndarray, plan: Plan) -> list[dict[str, Any]]:
    """Who came from where, where somebody did."""
    rows = []
    for p in range(plan.shown, len(plan.periods)):
        for source, target in np.argwhere(flows[p]).tolist():
            people = int(flows[p, source, target]) * plan.params.sample
            row = {"period": plan.periods[p], "source": _NAMES[source], "target": _NAMES[target]}
            rows.append({**row, "people": people})
    return rows


def _totals(totals: np.ndarray, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    found = (totals * plan.params.sample).tolist()
    return [
        {**group_cells(label), **dict(zip([c.name for c in _TOTAL], found[g], strict=True))}
        for g, label in enumerate(groups)
    ]


def _chart(
    rows: list[dict[str, Any]],
    flows: list[dict[str, Any]],
    groups: list[tuple[Any, ...]],
    plan: Plan,
) -> dict[str, Any]:
    """The states stacked by period, or the stock by group; `flows` of the last period ended."""
    periods = plan.periods[plan.shown :]
    if plan.tallying.dims:
        series = [
            {"name": ["stock", *label], "values": [r["stock"] for r in rows[g :: len(groups)]]}
            for g, label in enumerate(groups)
        ]
        return {"kind": "line", "categories": periods, "series": series}
    series = [
        {"name": [name], "values": [row[name] for row in rows]}
        for name in _NAMES[1:]
        if name != "paused" or plan.params.absence > 1
    ]
    ended = [row["period"] for row in rows if not row["open"]]
    return {
        "kind": "stacked",
        "categories": periods,
        "series": series,
        "flows": _sankey([row for row in flows if ended and row["period"] == ended[-1]]),
    }


def _sankey(flows: list[dict[str, Any]]) -> dict[str, Any]:
    used = [
        (layer, end, name)
        for layer, end in enumerate(("source", "target"))
        for name in _NAMES
        if any(row[end] == name for row in flows)
    ]
    return {
        "kind": "sankey",
        "nodes": [{"id": f"{end}:{name}", "name": name, "layer": at} for at, end, name in used],
        "links": [
            {
                "source": f"source:{row['source']}",
                "target": f"target:{row['target']}",
                "value": row["people"],
            }
            for row in flows
        ],
    }


def _caveats(active: int, rows: list[dict[str, Any]], plan: Plan) -> list[Caveat]:
    caveats = plan.tallying.caveats() + small_cohort(active)
    caveats += [open_period(row["period"]) for row in rows if row["open"] and row["stock"]]
    if plan.no_past and active:
        caveats.append(
            Caveat(
                "no_past",
                "数据开始得晚，范围之前的历史不够判断“回流”，看起来新增的人里可能有老客。",
                "The facts begin so late that returning cannot be told from new at first:"
                " some who look new may be old customers.",
            )
        )
    return caveats
