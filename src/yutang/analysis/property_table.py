"""The customers counted, and their way into tables, chart and caveats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap

from yutang.analysis import groups as grouping
from yutang.analysis.contract import (
    Caveat,
    Column,
    Result,
    Table,
    folded_groups,
    sampled,
    several_values,
)
from yutang.analysis.order_statistics import percentiles
from yutang.errors import BadInput
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.property import Measure, Plan

_PEOPLE = (
    Column("people", "人数", "People", "count"),
    Column("share", "占比", "Share", "rate"),
)
_TITLES = {
    "sum": ("总和", "Sum"),
    "average": ("均值", "Average"),
    "min": ("最小值", "Minimum"),
    "max": ("最大值", "Maximum"),
    "median": ("中位数", "Median"),
    "percentile": ("百分位数", "Percentile"),
}


@dataclass(frozen=True)
class Counted:
    """customers: uint32; at, groups: as `group_keys` gives them; numbers: float64 [measures,
    customers], NaN where absent."""

    customers: np.ndarray
    at: np.ndarray
    groups: np.ndarray
    numbers: np.ndarray

    @classmethod
    def concat(cls, parts: list[Counted], dims: int, measures: int) -> Counted:
        starts = np.cumsum([0, *(part.customers.size for part in parts)])
        at = [part.at + start for part, start in zip(parts, starts, strict=False)]
        return cls(
            np.concatenate([np.empty(0, np.uint32), *(part.customers for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *at]),
            np.concatenate([np.empty((0, dims), np.int64), *(part.groups for part in parts)]),
            np.concatenate([np.empty((measures, 0)), *(part.numbers for part in parts)], axis=1),
        )


Groups = list[tuple[tuple[Any, ...], np.ndarray]]


def _groups(partial: Counted, plan: Plan) -> tuple[Groups, int]:
    if not plan.dims:
        return [((), np.arange(partial.customers.size))], 0
    size = partial.customers.size
    return grouping.members(partial.at, partial.groups, size, plan.dims, plan.params.top)


def shape(partial: Counted, plan: Plan) -> Result:
    """Table by group, totals, each group alone, chart, caveats."""
    chosen, folded = _groups(partial, plan)
    values = (*_PEOPLE, *_value_columns(plan))
    rows = [
        {**grouping.group_cells(label), **_row(partial, inside, plan)} for label, inside in chosen
    ]
    whole = _row(partial, np.arange(partial.customers.size), plan)
    tables = {"total": Table(values, [whole])}
    if len(plan.dims) > 1:
        for i, dim in enumerate(plan.dims):
            tables[f"by_{i + 1}"] = _alone(partial, i, plan, dim)
    return Result(
        model="property",
        table=Table((*grouping.group_columns(plan.dims), *values), rows),
        tables=tables,
        chart=_chart(rows, plan),
        caveats=tuple(_caveats(partial, plan, folded)),
        facts_version=plan.facts_version,
    )


def _row(partial: Counted, inside: np.ndarray, plan: Plan) -> dict[str, Any]:
    scale, size = plan.params.sample, partial.customers.size
    row: dict[str, Any] = {
        "people": inside.size * scale,
        "share": inside.size / size if size else None,
    }
    for i, measure in enumerate(plan.params.measures):
        found = partial.numbers[i][inside]
        row[chr(ord("A") + i)] = _value(measure, found[~np.isnan(found)], scale)
    return row


def _value(measure: Measure, values: np.ndarray, scale: int) -> float | None:
    if measure.measure in ("median", "percentile"):
        percent = 50 if measure.measure == "median" else measure.percentile
        return percentiles(values, (percent,))[0]
    total, count, least, most = (
        part[0] for part in sum_cells(np.zeros(values.size, np.int64), values, 1)
    )
    if measure.measure == "sum":
        return float(total) * scale
    if not count:
        return None
    return float({"average": total / count, "min": least, "max": most}[measure.measure])


def _value_columns(plan: Plan) -> list[Column]:
    columns = []
    for i, measure in enumerate(plan.params.measures):
        zh, en = _TITLES[measure.measure]
        titles = (f"{measure.property} {zh}", f"{measure.property} {en}")
        if measure.name:
            titles = (measure.name, measure.name)
        columns.append(Column(chr(ord("A") + i), *titles, "number"))
    return columns


def _alone(partial: Counted, i: int, plan: Plan, dim: grouping.Dimension) -> Table:
    """People by one dimension alone: the margin of the cross table, each customer once a value."""
    pairs = np.column_stack([partial.at, partial.groups[:, i]])
    if partial.at.size > partial.customers.size:  # several values of another dimension
        pairs = grouping.factorize(pairs)[0]
    found, _ = grouping.members(
        pairs[:, 0], pairs[:, 1:], partial.customers.size, [dim], plan.params.top
    )
    rows = [{**grouping.group_cells(label), **_row(partial, at, plan)} for label, at in found]
    return Table((*grouping.group_columns([dim]), *_PEOPLE, *_value_columns(plan)), rows)


def _chart(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """Bars; a matrix of people where there are two groups."""
    count = len(plan.dims)
    labels = [[row[f"group_{i}"] for i in range(1, count + 1)] for row in rows]
    if count != 2:
        people = [row["people"] for row in rows]
        return {
            "kind": "bar",
            "categories": labels,
            "series": [{"name": ["people"], "values": people}],
        }
    down = list(dict.fromkeys(a for a, _ in labels))
    across = list(dict.fromkeys(b for _, b in labels))
    values: list[list[int | None]] = [[None] * len(across) for _ in down]
    for (a, b), row in zip(labels, rows, strict=True):
        values[down.index(a)][across.index(b)] = row["people"]
    return {"kind": "matrix", "categories": down, "columns": across, "values": values}


def _caveats(partial: Counted, plan: Plan, folded: int) -> list[Caveat]:
    caveats = []
    if folded:
        caveats.append(folded_groups(folded))
    if partial.at.size > partial.customers.size:
        caveats.append(several_values())
    if plan.params.from_ or plan.params.to:
        caveats.append(
            Caveat(
                "attributes_of_now",
                "属性是现在的值，不是所选日期当时的值。",
                "Attributes are those of now, not of the days chosen.",
            )
        )
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def people(partial: Counted, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """See `property.people`."""
    if cell.get("group") is None:
        return BitMap(partial.customers)
    wanted = tuple(cell["group"])
    inside = [found for label, found in _groups(partial, plan)[0] if label == wanted]
    if not inside:
        raise BadInput("There is no such group: %(group)s.", group=list(wanted))
    return BitMap(partial.customers[inside[0]])
