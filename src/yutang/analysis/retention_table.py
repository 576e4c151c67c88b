"""The retention model's counts, and their way into tables, chart and caveats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import (
    SMALL_COHORT,
    Caveat,
    Column,
    Result,
    Table,
    sampled,
    unknown_events,
)
from yutang.analysis.grouped import group_caveats
from yutang.analysis.groups import group_cells, group_columns, labels

if TYPE_CHECKING:
    from yutang.analysis.retention import Plan

_COHORT = Column("cohort", "起始日期", "Started", "period")
_N = Column("n", "第几期", "Period", "count")
_N_TO = Column("n_to", "到第几期", "To period", "text")
_SIZE = Column("size", "起始人数", "Started", "count")
_OPEN = Column("open", "未结束", "Open", "text")
_SHARED = (
    Column("people", "回访人数", "Came back", "count"),
    Column("rate", "留存率", "Rate", "rate"),
)
_VALUES = (
    Column("value", "累计值", "Value", "number"),
    Column("value_per_person", "人均值", "Value per starter", "number"),
)
_WEIGHTED = (
    Column("size_weighted", "起始人数（各期相加）", "Started, weighted", "count"),
    Column("people_weighted", "回访人数（各期相加）", "Came back, weighted", "count"),
    Column("rate_weighted", "留存率（加权）", "Rate, weighted", "rate"),
)
_COHORTS = Column("cohorts", "计入期数", "Cohorts", "count")


@dataclass(frozen=True)
class Counts:
    """By group: int64 sizes [groups, cohorts], people [groups, cohorts, cells], customers by their
    first cohort, distinct people [groups, cells] of ended cells; float64 values as people."""

    sizes: np.ndarray
    people: np.ndarray
    firsts: np.ndarray
    distinct: np.ndarray
    values: np.ndarray | None

    @classmethod
    def merged(cls, parts: list[Counts], groups: int, plan: Plan) -> Counts:
        """The counts of all views, without views too."""
        wide, cells = len(plan.cohorts), plan.lows.size
        values = None
        if plan.params.measure:
            none = np.zeros((groups, wide, cells))
            values = sum((part.values for part in parts if part.values is not None), none)
        flat = np.zeros((groups, wide), np.int64)
        return cls(
            sum((part.sizes for part in parts), flat),
            sum((part.people for part in parts), np.zeros((groups, wide, cells), np.int64)),
            sum((part.firsts for part in parts), flat),
            sum((part.distinct for part in parts), np.zeros((groups, cells), np.int64)),
            values,
        )


def shape(partial: list[Counts], plan: Plan) -> Result:
    """Table by cohort, group and cell; summary, totals, chart, caveats."""
    whole, by_group = partial[0], partial[-1]
    groups = [labels(plan.dims, key) for key in plan.groups] if plan.dims else [()]
    rows = _rows(by_group, groups, plan)
    tables = {"summary": Table(_columns(plan, summary=True), _summary(whole, [()], plan))}
    if plan.dims:
        titles = tuple(group_columns(plan.dims))
        tables["groups"] = Table(
            (*titles, *_columns(plan, summary=True)), _summary(by_group, groups, plan)
        )
        tables["total"] = Table((_COHORT, *_columns(plan)), _rows(whole, [()], plan))
        columns = (_COHORT, *titles, *_columns(plan))
        chart = _lines(tables["groups"].rows, groups, plan)
    else:
        columns = (_COHORT, *_columns(plan))
        chart = _matrix(rows, plan)
    return Result(
        model="retention",
        table=Table(columns, rows),
        tables=tables,
        chart=chart,
        caveats=tuple(_caveats(whole, rows, plan)),
        facts_version=plan.facts_version,
    )


def _columns(plan: Plan, *, summary: bool = False) -> tuple[Column, ...]:
    cell = (_N, _N_TO) if plan.params.mode == "range" else (_N,)
    values = _VALUES if plan.params.measure else ()
    if summary:
        return (*cell, _SIZE, *_SHARED, *_WEIGHTED, *values, _COHORTS, _OPEN)
    return (_SIZE, *cell, *_SHARED, *values, _OPEN)


def _rows(counts: Counts, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    scale = plan.params.sample
    spans = [(_span(plan, k), high) for k, (_, high) in enumerate(plan.params.cells())]
    sizes, people = (counts.sizes * scale).tolist(), (counts.people * scale).tolist()
    values = None if counts.values is None else (counts.values * scale).tolist()
    later = plan.params.mode == "later"
    rows = []
    for c, cohort in enumerate(plan.cohorts):
        for g, label in enumerate(groups):
            size, back = sizes[g][c], people[g][c]
            head = {"cohort": cohort, **group_cells(label), "size": size}
            for k, (span, high) in enumerate(spans):
                if c + span["n"] >= plan.begun:
                    break
                row: dict[str, Any] = head | span
                row["people"] = back[k]
                row["rate"] = back[k] / size if size else None
                if values is not None:
                    row |= _worth(values[g][c][k], size)
                row["open"] = later or c + high >= plan.ended
                rows.append(row)
    return rows


def _span(plan: Plan, k: int) -> dict[str, int]:
    low, high = plan.params.cells()[k]
    return {"n": low, "n_to": high} if plan.params.mode == "range" else {"n": low}


def _rate(people: float, size: float) -> float | None:
    return people / size if size else None


def _worth(value: float, size: int) -> dict[str, float | None]:
    return {"value": value, "value_per_person": _rate(value, size)}


def _summary(counts: Counts, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    scale, limits = plan.params.sample, plan.limits.tolist()
    rows = []
    for g, label in enumerate(groups):
        for k, limit in enumerate(limits):
            weight = int(counts.sizes[g, :limit].sum()) * scale
            back = int(counts.people[g, :limit, k].sum()) * scale
            size, people = weight, back
            if plan.params.cohorts == "every":
                size = int(counts.firsts[g, :limit].sum()) * scale
                people = int(counts.distinct[g, k]) * scale
            row: dict[str, Any] = {**group_cells(label), **_span(plan, k)}
            row |= {"size": size, "people": people}
            row |= {"rate": _rate(people, size), "size_weighted": weight}
            row |= {"people_weighted": back, "rate_weighted": _rate(back, weight)}
            if counts.values is not None:
                row |= _worth(counts.values[g, :limit, k].sum().item() * scale, weight)
            rows.append({**row, "cohorts": limit, "open": plan.params.mode == "later"})
    return rows


def _names(plan: Plan) -> list[str]:
    """What the cells are called in a chart."""
    return [
        f"{low}–{high}" if plan.params.mode == "range" and high > low else str(low)
        for low, high in plan.params.cells()
    ]


def _matrix(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """One row per cohort, one rate per cell; None where it has not begun."""
    place = {low: k for k, (low, _) in enumerate(plan.params.cells())}
    sizes: dict[str, int] = {}
    values: dict[str, list[float | None]] = {}
    still: dict[str, list[bool]] = {}
    for row in rows:
        cohort, k = row["cohort"], place[row["n"]]
        sizes[cohort] = row["size"]
        values.setdefault(cohort, [None] * len(place))[k] = row["rate"]
        still.setdefault(cohort, [False] * len(place))[k] = row["open"]
    return {
        "kind": "matrix",
        "unit": "rate",
        "rows": list(sizes),
        "columns": _names(plan),
        "values": list(values.values()),
        "sizes": list(sizes.values()),
        "open": list(still.values()),
    }


def _lines(rows: list[dict[str, Any]], groups: list[tuple[Any, ...]], plan: Plan) -> dict[str, Any]:
    """One line per group: its weighted rate by cell."""
    width = plan.lows.size
    series = [
        {
            "name": list(label),
            "values": [row["rate_weighted"] for row in rows[g * width : (g + 1) * width]],
        }
        for g, label in enumerate(groups)
    ]
    return {"kind": "curve", "unit": "rate", "categories": _names(plan), "series": series}


def _caveats(whole: Counts, rows: list[dict[str, Any]], plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    if any(row["open"] for row in rows):
        caveats.append(
            Caveat(
                "open_cells",
                "标为“未结束”的格子还会变；除“第 n 期及以后”外，汇总不计入它们。",
                "Cells marked open may still change; but for “n or later” the summary leaves"
                " them out.",
            )
        )
    sizes = whole.sizes[0] * plan.params.sample
    small = int(((sizes > 0) & (sizes < SMALL_COHORT)).sum())
    if small:
        caveats.append(
            Caveat(
                "small_cohort",
                f"有 {small} 期的起始人数少于 {SMALL_COHORT}，那里的比率可能只是偶然。",
                f"{small} cohorts began with fewer than {SMALL_COHORT}; their rates may be chance.",
            )
        )
    caveats += group_caveats(plan.dims, plan.params.values, plan.folded)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats
