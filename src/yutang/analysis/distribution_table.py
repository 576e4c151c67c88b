"""The distribution model's buckets, and the way of its values into tables, chart and caveats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Column, Result, Table
from yutang.analysis.grouped import group_cells, group_columns
from yutang.analysis.groups import even_edges
from yutang.analysis.order_statistics import percentiles
from yutang.analysis.tallies import open_period, small_cohort
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.distribution import Plan, Worths

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
_STATISTICS = (
    _PEOPLE,
    Column("sum", "总和", "Sum", "number"),
    Column("average", "均值", "Average", "number"),
    *(Column(f"p{p}", f"P{p}", f"P{p}", "number") for p in _PERCENTS),
    _OPEN,
)


@dataclass(frozen=True)
class Buckets:
    """Half-open spans of values. edges: float64, rising; the first and last bucket are open unless
    `closed`; whole: values are counts, named by their first and last number."""

    edges: np.ndarray
    closed: bool
    whole: bool

    @classmethod
    def of(cls, values: np.ndarray, plan: Plan) -> Buckets:
        """The buckets asked for, or found among all values."""
        whole = plan.params.property is None
        asked = plan.params.buckets
        if isinstance(asked, list):
            return cls(np.array(asked, np.float64), False, whole)
        if asked is not None:
            return cls(even_edges(values, asked), False, whole)
        return cls(_round_edges(values, whole), whole, whole)

    @property
    def labels(self) -> list[str]:
        """What the buckets are called."""
        return [self._label(least, below) for least, below in self.spans]

    @property
    def spans(self) -> list[tuple[float | None, float | None]]:
        """Lower edge, and upper edge that is not in the bucket."""
        edges = self.edges.tolist()
        inner: list[tuple[float | None, float | None]] = list(pairwise(edges))
        return inner if self.closed else [(None, edges[0]), *inner, (edges[-1], None)]

    def _label(self, least: float | None, below: float | None) -> str:
        if least is None:
            return f"< {below:g}"
        if below is None:
            return f"≥ {least:g}"
        if self.whole and least.is_integer() and below.is_integer():
            return f"{least:g}" if below - least == 1 else f"{least:g} – {below - 1:g}"
        return f"{least:g} – {below:g}"

    def place(self, values: np.ndarray) -> np.ndarray:
        """The bucket of each value."""
        found = np.searchsorted(self.edges, values, side="right")
        return np.asarray(found - 1 if self.closed else found)


def _round_edges(values: np.ndarray, whole: bool) -> np.ndarray:
    """1, 2, 3, 5, 10, 20, 50 … past the greatest value; numbers begin at 0 and skip the 3."""
    greatest = float(values.max()) if values.size else 0.0
    edges = [1.0, 2.0, 3.0, 5.0] if whole else [0.0, 1.0, 2.0, 5.0]
    factor = 10.0
    while edges[-1] <= greatest:
        edges += [factor, 2 * factor, 5 * factor]
        factor *= 10
    beyond = np.searchsorted(edges, greatest, side="right") + 1
    return np.array(edges[: max(int(beyond), 2)])


def shape(partial: list[Worths], plan: Plan) -> Result:
    """Table by period, group and bucket; periods, totals, chart, caveats."""
    whole, by_group, tallying = partial[0], partial[-1], plan.tallying
    groups = tallying.labels if tallying.dims else [()]
    buckets = Buckets.of(whole.value, plan)
    used = _used(whole, buckets, plan)
    period = (_PERIOD,) if plan.params.unit != "total" else ()
    titles = tuple(group_columns(tallying.dims))
    rows = _rows(by_group, groups, buckets, used, plan)
    periods = _statistics(whole, [()], plan)
    tables = {
        "periods": Table((*period, *_STATISTICS), periods),
        "total": Table(_BUCKET, _totals(whole, buckets, used, plan)),
    }
    if tallying.dims:
        tables["all"] = Table((*period, *_BUCKET), _rows(whole, [()], buckets, used, plan))
        by_period = _statistics(by_group, groups, plan)
        tables["groups"] = Table((*period, *titles, *_STATISTICS), by_period)
    caveats = tallying.caveats() + small_cohort(np.unique(whole.who).size * plan.params.sample)
    caveats += [
        open_period(row["period"])
        for row in periods
        if "period" in row and row["open"] and row["people"]
    ]
    return Result(
        model="distribution",
        table=Table((*period, *titles, *_BUCKET), rows),
        tables=tables,
        chart=_chart(rows, groups, [buckets.labels[b] for b in used], plan),
        caveats=tuple(caveats),
        facts_version=tallying.facts_version,
    )


def _used(whole: Worths, buckets: Buckets, plan: Plan) -> list[int]:
    """Buckets to show: given ones all, found ones from the first to the last that is not empty."""
    every = list(range(len(buckets.spans)))
    if isinstance(plan.params.buckets, list):
        return every
    place = buckets.place(whole.value)
    return every[int(place.min()) : int(place.max()) + 1] if place.size else []


def _head(plan: Plan, p: int, label: tuple[Any, ...]) -> dict[str, Any]:
    day = {"period": plan.periods[p]} if plan.params.unit != "total" else {}
    return {**day, **group_cells(label)}


def _rows(
    part: Worths, groups: list[tuple[Any, ...]], buckets: Buckets, used: list[int], plan: Plan
) -> list[dict[str, Any]]:
    width = len(buckets.spans)
    shape = (len(plan.periods), len(groups), width)
    cell = (part.period.astype(np.int64) * len(groups) + part.group) * width
    counts = np.bincount(cell + buckets.place(part.value), minlength=int(np.prod(shape)))
    counts = counts.reshape(shape) * plan.params.sample
    rows = []
    for p in range(len(plan.periods)):
        for g, label in enumerate(groups):
            whole = int(counts[p, g].sum())
            for b in used:
                row = {**_head(plan, p, label), **_span(buckets, b)}
                rows.append({**row, **_share(int(counts[p, g, b]), whole)})
    return rows


def _span(buckets: Buckets, b: int) -> dict[str, Any]:
    least, below = buckets.spans[b]
    return {"bucket": buckets.labels[b], "least": least, "below": below}


def _share(people: int, whole: int) -> dict[str, Any]:
    return {"people": people, "share": people / whole if whole else None}


def _totals(whole: Worths, buckets: Buckets, used: list[int], plan: Plan) -> list[dict[str, Any]]:
    """Distinct customers by bucket, of the distinct customers of the range."""
    width = len(buckets.spans)
    pairs = np.unique(whole.who.astype(np.int64) * width + buckets.place(whole.value))
    people = np.bincount(pairs % width, minlength=width) * plan.params.sample
    everybody = np.unique(pairs // width).size * plan.params.sample
    return [{**_span(buckets, b), **_share(int(people[b]), everybody)} for b in used]


def _statistics(part: Worths, groups: list[tuple[Any, ...]], plan: Plan) -> list[dict[str, Any]]:
    size = len(plan.periods) * len(groups)
    cell = part.period.astype(np.int64) * len(groups) + part.group
    total, count, _, _ = sum_cells(cell, part.value, size)
    order = np.argsort(cell, kind="stable")
    cuts = np.searchsorted(cell[order], np.arange(size + 1))
    values = part.value[order]
    rows = []
    for p in range(len(plan.periods)):
        for g, label in enumerate(groups):
            i = p * len(groups) + g
            n, mine = int(count[i]), values[cuts[i] : cuts[i + 1]]
            row = {**_head(plan, p, label), "people": n * plan.params.sample}
            row |= {"sum": total[i].item() * plan.params.sample}
            row |= {"average": total[i].item() / n if n else None}
            found = percentiles(mine, _PERCENTS)
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
