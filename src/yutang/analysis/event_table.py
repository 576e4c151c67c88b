"""The event model's partials, and their way into tables, chart and caveats.

A cell is (period, group); the last row and column of an array [periods + 1, groups + 1] are the
totals, counted on their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table, sampled, unknown_events
from yutang.analysis.grouped import group_caveats
from yutang.analysis.groups import factorize, labels
from yutang.analysis.order_statistics import percentiles
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.event import Plan

_PERIOD = Column("bucket", "日期", "Date", "period")
_TITLES = {
    "times": ("次数", "Times"),
    "people": ("人数", "People"),
    "times_per_person": ("人均次数", "Times per person"),
    "sum": ("总和", "Sum"),
    "average": ("均值", "Average"),
    "min": ("最小值", "Minimum"),
    "max": ("最大值", "Maximum"),
    "median": ("中位数", "Median"),
    "percentile": ("百分位数", "Percentile"),
    "distinct": ("去重数", "Distinct values"),
}
_SORTED = ("median", "percentile")


@dataclass(frozen=True)
class MeasurePartial:
    """What one measure needs; only the fields of its kind are filled.

    times, people: int64 by cell; total, count, least, most: by cell; cell, value: entries of all
    cells and totals, for percentiles; pairs: int64 [n, 2] distinct (cell, key).
    """

    times: np.ndarray | None = None
    people: np.ndarray | None = None
    total: np.ndarray | None = None
    count: np.ndarray | None = None
    least: np.ndarray | None = None
    most: np.ndarray | None = None
    cell: np.ndarray | None = None
    value: np.ndarray | None = None
    pairs: np.ndarray | None = None


def _entries(
    plan: Plan, period: np.ndarray, at: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(cell, row position) of each row in its cells and in the totals."""
    periods, width = plan.cells[0], plan.cells[1] + 1
    every = np.arange(period.size)
    cells = [
        period[at] * width + groups,
        periods * width + groups,
        period * width + width - 1,
        np.full(period.size, periods * width + width - 1),
    ]
    return np.concatenate(cells), np.concatenate([at, at, every, every])


def of_numbers(
    plan: Plan,
    stat: str,
    period: np.ndarray,
    at: np.ndarray,
    groups: np.ndarray,
    values: np.ndarray,
) -> MeasurePartial:
    """A measure of a number: period, values by row (NaN absent); at, groups by group entry."""
    cell, row = _entries(plan, period, at, groups)
    value = values[row]
    present = ~np.isnan(value)
    cell, value = cell[present], value[present]
    if stat in _SORTED:
        return MeasurePartial(cell=cell, value=value)
    total, count, least, most = sum_cells(cell, value, _size(plan))
    return MeasurePartial(total=total, count=count, least=least, most=most)


def of_distinct(
    plan: Plan,
    period: np.ndarray,
    at: np.ndarray,
    groups: np.ndarray,
    mine: np.ndarray,
    keys: np.ndarray,
) -> MeasurePartial:
    """Distinct values: `keys` of rows `mine` (a row of a list has several)."""
    cell, row = _entries(plan, period, at, groups)
    order = np.argsort(mine, kind="stable")
    first = np.searchsorted(mine[order], row, side="left")
    lengths = np.searchsorted(mine[order], row, side="right") - first
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found = keys[order][np.repeat(first, lengths) + steps]
    pairs = np.column_stack([np.repeat(cell, lengths), found])
    return MeasurePartial(pairs=factorize(pairs)[0])


def _size(plan: Plan) -> int:
    return (plan.cells[0] + 1) * (plan.cells[1] + 1)


def merge(parts: list[MeasurePartial], stat: str, plan: Plan) -> MeasurePartial:
    """One measure over all views."""
    size = _size(plan)
    shape = (plan.cells[0] + 1, plan.cells[1] + 1)
    if stat in ("times", "people", "times_per_person"):
        zero = np.zeros(shape, np.int64)
        return MeasurePartial(
            times=sum((_of(part.times) for part in parts), zero),
            people=sum((_of(part.people) for part in parts), zero),
        )
    if stat in _SORTED:
        return MeasurePartial(
            cell=np.concatenate([np.empty(0, np.int64), *(_of(part.cell) for part in parts)]),
            value=np.concatenate([np.empty(0), *(_of(part.value) for part in parts)]),
        )
    if stat == "distinct":
        none = np.empty((0, 2), np.int64)
        return MeasurePartial(
            pairs=factorize(np.concatenate([none, *(_of(part.pairs) for part in parts)]))[0]
        )
    return MeasurePartial(
        total=_exact_sum([_of(part.total) for part in parts], size),
        count=sum((_of(part.count) for part in parts), np.zeros(size, np.int64)),
        least=np.minimum.reduce([np.full(size, np.inf), *(_of(p.least) for p in parts)]),
        most=np.maximum.reduce([np.full(size, -np.inf), *(_of(p.most) for p in parts)]),
    )


def _of(array: np.ndarray | None) -> np.ndarray:
    assert array is not None
    return array


def _exact_sum(parts: list[np.ndarray], size: int) -> np.ndarray:
    cells = np.tile(np.arange(size), len(parts))
    total: np.ndarray = sum_cells(cells, np.concatenate([np.empty(0), *parts]), size)[0]
    return total


def _cells(part: MeasurePartial, stat: str, percent: int, plan: Plan) -> list[list[Any]]:
    """The measure's value per cell and total; None where nothing is defined."""
    scale = plan.params.sample
    width = plan.cells[1] + 1
    if stat in ("times", "people"):
        counts = _of(part.times if stat == "times" else part.people)
        rows: list[list[Any]] = (counts * scale).tolist()
        return rows
    values: Iterable[Any]
    if stat == "times_per_person":
        pairs = zip(_of(part.times).ravel(), _of(part.people).ravel(), strict=True)
        values = (int(t) / int(p) if p else None for t, p in pairs)
    elif stat in _SORTED:
        values = _percentiles(part, 50 if stat == "median" else percent, _size(plan))
    elif stat == "distinct":
        values = np.bincount(_of(part.pairs)[:, 0], minlength=_size(plan)).tolist()
    elif stat == "sum":
        values = (_of(part.total) * scale).tolist()
    else:
        count = _of(part.count)
        found = {"average": part.total, "min": part.least, "max": part.most}[stat]
        if stat == "average":
            found = _of(found) / np.maximum(count, 1)
        values = (v if n else None for v, n in zip(_of(found).tolist(), count, strict=True))
    flat = list(values)
    return [flat[i : i + width] for i in range(0, len(flat), width)]


def _percentiles(part: MeasurePartial, percent: int, size: int) -> list[float | None]:
    cell, value = _of(part.cell), _of(part.value)
    order = np.argsort(cell, kind="stable")
    cuts = np.searchsorted(cell[order], np.arange(size + 1))
    sorted_values = value[order]
    return [percentiles(sorted_values[a:b], (percent,))[0] for a, b in pairwise(cuts)]


def shape(partial: list[MeasurePartial], plan: Plan) -> Result:
    """Table by period and group, exact totals, chart, caveats."""
    by_measure = [
        _cells(part, measure.measure, measure.percentile, plan)
        for part, measure in zip(partial, plan.measures, strict=True)
    ]
    values = _value_columns(plan)
    groups = [labels(plan.dims, key) for key in plan.groups] if plan.dims else [()]
    titles = [Column(f"group_{i}", d.name, d.name, "group") for i, d in enumerate(plan.dims, 1)]
    period = [_PERIOD] if plan.params.unit != "total" else []

    def row(p: int, g: int, head: dict[str, Any]) -> dict[str, Any]:
        found = {chr(ord("A") + i): cells[p][g] for i, cells in enumerate(by_measure)}
        for number, formula in enumerate(plan.formulas, start=1):
            found[f"F{number}"] = formula(found)
        return {**head, **found}

    def head(p: int, label: tuple[Any, ...]) -> dict[str, Any]:
        day = {"bucket": plan.periods[p]} if period and p < len(plan.periods) else {}
        return {**day, **{f"group_{i}": value for i, value in enumerate(label, 1)}}

    whole, all_groups = len(plan.periods), plan.cells[1]
    rows = [row(p, g, head(p, label)) for p in range(whole) for g, label in enumerate(groups)]
    tables = {"total": Table(tuple(values), [row(whole, all_groups, {})])}
    if plan.dims:
        found = [row(whole, g, head(whole, label)) for g, label in enumerate(groups)]
        tables["groups"] = Table((*titles, *values), found)
        by_period = [row(p, all_groups, head(p, ())) for p in range(whole)]
        tables["periods"] = Table((*period, *values), by_period)
    return Result(
        model="event",
        table=Table((*period, *titles, *values), rows),
        tables=tables,
        chart=_chart(rows, groups, values, plan),
        caveats=tuple(_caveats(plan)),
        facts_version=plan.facts_version,
    )


def _value_columns(plan: Plan) -> list[Column]:
    columns = []
    for i, measure in enumerate(plan.measures):
        zh, en = _TITLES[measure.measure]
        what = " / ".join(measure.names) + (f" {measure.property}" if measure.property else "")
        kind = "count" if measure.measure in ("times", "people", "distinct") else "number"
        name = measure.name
        columns.append(
            Column(chr(ord("A") + i), name or f"{what} {zh}", name or f"{what} {en}", kind)  # type: ignore[arg-type]
        )
    for number, formula in enumerate(plan.params.formulas, start=1):
        title = formula.name or formula.formula
        columns.append(Column(f"F{number}", title, title, "number"))
    return columns


def _chart(
    rows: list[dict[str, Any]], groups: list[tuple[Any, ...]], values: list[Column], plan: Plan
) -> dict[str, Any]:
    """Lines over periods, one per measure and group; bars over groups where there is no time."""
    if plan.params.unit == "total":
        return {
            "kind": "bar",
            "categories": [list(label) for label in groups],
            "series": [{"name": [c.name], "values": [r[c.name] for r in rows]} for c in values],
        }
    series = [
        {"name": [column.name, *label], "values": [r[column.name] for r in rows[g :: len(groups)]]}
        for column in values
        for g, label in enumerate(groups)
    ]
    return {"kind": "line", "categories": plan.periods, "series": series}


def _caveats(plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    caveats += group_caveats(plan.dims, plan.params.values, plan.folded)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
        if any(measure.measure == "distinct" for measure in plan.measures):
            caveats.append(
                Caveat(
                    "distinct_sampled",
                    "去重数是样本里的，没有放大。",
                    "Distinct values are those of the sample, not scaled up.",
                )
            )
    return caveats
