"""The distribution model's buckets, and the way of its values into tables, chart and caveats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Column, Result, Table
from yutang.analysis.groups import even_edges, group_cells, group_columns
from yutang.analysis.order_statistics import percentiles
from yutang.analysis.tallies import open_period, small_cohort
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.distribution import Params, Partial, Plan

_PERIOD = Column("period", "日期", "Date", "period")
_PEOPLE = Column("people", "人数", "People", "count")
_OPEN = Column("open", "未结束", "Open", "text")
_BUCKET = (
    Column("bucket", "区间", "Bucket", "text"),
    Column("least", "从", "From", "text"),
    Column("below", "到（不含）", "Below", "text"),
    _PEOPLE,
    Column("share", "占比", "Share", "rate"),
)
_PERCENTS = (25, 50, 75, 90)
_STEPS = [float(n * 10**power) for power in range(15) for n in (1, 2, 5)]
_OF_NUMBERS = [0.0, *_STEPS]
_OF_COUNTS = sorted({*_STEPS, 3.0})
_STATISTICS = (
    _PEOPLE,
    Column("sum", "总和", "Sum", "number"),
    Column("average", "均值", "Average", "number"),
    *(Column(f"p{p}", f"P{p}", f"P{p}", "number") for p in _PERCENTS),
    _OPEN,
)


@dataclass(frozen=True)
class Buckets:
    """Half-open spans of values. edges: float64, rising; found: they are the same for all
    questions, and only those that are needed are shown; whole: values are counts, named by their
    first and last number. Below the first edge and above the last lies a bucket each."""

    edges: np.ndarray
    found: bool
    whole: bool

    @classmethod
    def of(cls, params: Params, values: Callable[[], np.ndarray]) -> Buckets:
        """The buckets asked for; `values` are looked at where they are to be about equally full."""
        whole, asked = params.property is None, params.buckets
        if isinstance(asked, list):
            return cls(np.array(asked, np.float64), False, whole)
        if asked is not None:
            return cls(even_edges(values(), asked), True, whole)
        return cls(np.array(_OF_COUNTS if whole else _OF_NUMBERS), True, whole)

    @property
    def width(self) -> int:
        """How many buckets there are."""
        return self.edges.size + 1

    @property
    def labels(self) -> list[str]:
        """What the buckets are called."""
        return [self._label(least, below) for least, below in self.spans]

    @property
    def spans(self) -> list[tuple[float | None, float | None]]:
        """Lower edge, and upper edge that is not in the bucket."""
        edges = self.edges.tolist()
        return [(None, edges[0]), *pairwise(edges), (edges[-1], None)]

    def _label(self, least: float | None, below: float | None) -> str:
        if least is None:
            return f"< {below:.12g}"
        if below is None:
            return f"≥ {least:.12g}"
        if self.whole and least.is_integer() and below.is_integer():
            return f"{least:.12g}" if below - least == 1 else f"{least:.12g} – {below - 1:.12g}"
        return f"{least:.12g} – {below:.12g}"

    def place(self, values: np.ndarray) -> np.ndarray:
        """The bucket of each value."""
        return np.asarray(np.searchsorted(self.edges, values, side="right"))


def shape(partial: list[Partial], plan: Plan) -> Result:
    """Table by period, group and bucket; periods, totals, chart, caveats."""
    whole, by_group, tallying = partial[0], partial[-1], plan.tallying
    groups = tallying.labels if tallying.dims else [()]
    used = _used(whole, plan)
    period = (_PERIOD,) if plan.params.unit != "total" else ()
    titles = tuple(group_columns(tallying.dims))
    rows = _rows(by_group, groups, used, plan)
    periods = _statistics(whole, [()], plan)
    everybody = int(whole.everybody[0]) * plan.params.sample
    total = [
        {**_span(plan, b), **_share(int(whole.distinct[b]) * plan.params.sample, everybody)}
        for b in used
    ]
    tables = {"periods": Table((*period, *_STATISTICS), periods), "total": Table(_BUCKET, total)}
    if tallying.dims:
        tables["all"] = Table((*period, *_BUCKET), _rows(whole, [()], used, plan))
        by_period = _statistics(by_group, groups, plan)
        tables["groups"] = Table((*period, *titles, *_STATISTICS), by_period)
    caveats = tallying.caveats() + small_cohort(everybody)
    caveats += [
        open_period(row["period"])
        for row in periods
        if "period" in row and row["open"] and row["people"]
    ]
    return Result(
        model="distribution",
        table=Table((*period, *titles, *_BUCKET), rows),
        tables=tables,
        chart=_chart(rows, groups, [plan.buckets.labels[b] for b in used], plan),
        caveats=tuple(caveats),
        facts_version=tallying.facts_version,
    )


def _used(whole: Partial, plan: Plan) -> list[int]:
    """Buckets to show: given ones all, found ones from the first to the last that is not empty."""
    every = list(range(plan.buckets.width))
    if not plan.buckets.found:
        return every
    somebody = np.flatnonzero(whole.distinct)
    return every[int(somebody[0]) : int(somebody[-1]) + 1] if somebody.size else []


def _head(plan: Plan, p: int, label: tuple[Any, ...]) -> dict[str, Any]:
    day = {"period": plan.periods[p]} if plan.params.unit != "total" else {}
    return {**day, **group_cells(label)}


def _rows(
    part: Partial, groups: list[tuple[Any, ...]], used: list[int], plan: Plan
) -> list[dict[str, Any]]:
    shape = (len(plan.periods), len(groups), plan.buckets.width)
    cell = part.cell * plan.buckets.width + plan.buckets.place(part.value)
    flat = np.bincount(cell, part.weight, minlength=int(np.prod(shape)))
    counts = flat.astype(np.int64).reshape(shape) * plan.params.sample
    rows = []
    for p in range(len(plan.periods)):
        for g, label in enumerate(groups):
            whole = int(counts[p, g].sum())
            for b in used:
                row = {**_head(plan, p, label), **_span(plan, b)}
                rows.append({**row, **_share(int(counts[p, g, b]), whole)})
    return rows


def _span(plan: Plan, b: int) -> dict[str, Any]:
    least, below = plan.buckets.spans[b]
    return {"bucket": plan.buckets.labels[b], "least": least, "below": below}


def _share(people: int, whole: int) -> dict[str, Any]:
    return {"people": people, "share": people / whole if whole else None}


def _statistics(part: Partial, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    size, scale = len(plan.periods) * len(groups), plan.params.sample
    total = sum_cells(part.cell, part.value * part.weight, size)[0].tolist()
    count = np.bincount(part.cell, part.weight, minlength=size).astype(np.int64).tolist()
    # A stable sort of small whole numbers is several times faster where they are short.
    order = np.argsort(part.cell.astype(np.uint16 if size < 65_536 else np.int64), kind="stable")
    cuts = np.cumsum([0, *np.bincount(part.cell, minlength=size)])
    value, weight = part.value[order], part.weight[order]
    rows = []
    for p in range(len(plan.periods)):
        for g, label in enumerate(groups):
            i = p * len(groups) + g
            here = slice(cuts[i], cuts[i + 1])
            n, found = count[i], percentiles(np.repeat(value[here], weight[here]), _PERCENTS)
            row = {**_head(plan, p, label), "people": n * scale, "sum": total[i] * scale}
            row |= {"average": total[i] / n if n else None}
            row |= {f"p{percent}": x for percent, x in zip(_PERCENTS, found, strict=True)}
            rows.append({**row, "open": plan.tallying.is_open(p)})
    return rows


def _chart(
    rows: list[dict[str, Any]], groups: list[tuple[Any, ...]], names: list[str], plan: Plan
) -> dict[str, Any]:
    """One histogram per period and group."""
    heads = [(p, label) for p in range(len(plan.periods)) for label in groups]
    series = []
    for i, (p, label) in enumerate(heads):
        part = rows[i * len(names) : (i + 1) * len(names)]
        name = [*([plan.periods[p]] if plan.params.unit != "total" else ["people"]), *label]
        series.append({"name": name, "values": [row["people"] for row in part]})
    return {"kind": "histogram", "categories": names, "series": series}
