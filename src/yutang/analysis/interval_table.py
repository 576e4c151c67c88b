"""The intervals, and their way into tables, chart and caveats."""

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

if TYPE_CHECKING:
    from yutang.analysis.interval import Plan

_COLUMNS = (
    Column("pairs", "间隔数", "Intervals", "count"),
    Column("people", "人数", "People", "count"),
    Column("min", "最短", "Shortest", "seconds"),
    Column("p10", "P10", "P10", "seconds"),
    Column("p25", "P25", "P25", "seconds"),
    Column("p50", "中位数", "Median", "seconds"),
    Column("p75", "P75", "P75", "seconds"),
    Column("p90", "P90", "P90", "seconds"),
    Column("max", "最长", "Longest", "seconds"),
    Column("mean", "平均", "Mean", "seconds"),
)
_PERCENTS = (0, 10, 25, 50, 75, 90, 100)
_STARTS = (
    Column("starts", "起点次数", "Beginnings", "count"),
    Column("pairs", "有后续的", "With an end", "count"),
    Column("rate", "占比", "Share", "rate"),
    Column("open", "还没到上限的", "Still open", "count"),
)
_HISTOGRAM = (
    Column("from_seconds", "从", "From", "seconds"),
    Column("to_seconds", "到", "To", "seconds"),
    Column("pairs", "间隔数", "Intervals", "count"),
    Column("share", "占比", "Share", "rate"),
)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Widths people read without thinking, in seconds.
_WIDTHS = (
    *(1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 30, 90, 180, 365)),
)


@dataclass(frozen=True)
class Pairs:
    """Intervals. customers: uint32 (those of one customer stand together), waits: int64 ms;
    counts: int64 [beginnings, open ones]; at, groups: as `group_keys` gives them."""

    customers: np.ndarray
    waits: np.ndarray
    counts: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @classmethod
    def concat(cls, parts: list[Pairs], dims: int) -> Pairs:
        starts = np.cumsum([0, *(part.waits.size for part in parts)])
        return cls(
            np.concatenate([np.empty(0, np.uint32), *(part.customers for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.waits for part in parts)]),
            sum((part.counts for part in parts), np.zeros(2, np.int64)),
            np.concatenate(
                [np.empty(0, np.int64), *(p.at + s for p, s in zip(parts, starts, strict=False))]
            ),
            np.concatenate([np.empty((0, dims), np.int64), *(part.groups for part in parts)]),
        )


def shape(partial: Pairs, plan: Plan) -> Result:
    """Table by group, histogram, total, chart, caveats."""
    chosen, folded = _groups(partial, plan)
    parts = [(label, *_of(partial, inside)) for label, inside in chosen]
    columns = grouping.group_columns(plan.dims)
    rows = [
        {**grouping.group_cells(label), **_row(customers, waits, plan)}
        for label, customers, waits in parts
    ]
    tables = {"starts": Table(_STARTS, [_starts(partial, plan)])}
    if plan.dims:
        whole = _row(partial.customers, partial.waits, plan)
        tables["total"] = Table(_COLUMNS, [whole])
    edges = bucket_edges(partial, plan)
    counts = [_histogram(waits, edges) * plan.params.sample for _, _, waits in parts]
    tables["histogram"] = _histogram_table([label for label, _, _ in parts], counts, edges, plan)
    return Result(
        model="interval",
        table=Table((*columns, *_COLUMNS), rows),
        tables=tables,
        chart={
            "kind": "histogram",
            "categories": [[a / 1000, b / 1000] for a, b in _spans(edges)],
            "edges": [edge / 1000 for edge in edges],
            "series": [
                {"name": list(label), "values": found.tolist()}
                for (label, _, _), found in zip(parts, counts, strict=True)
            ],
        },
        caveats=tuple(_caveats(partial, plan, folded)),
        facts_version=plan.facts_version,
    )


def _groups(
    partial: Pairs, plan: Plan
) -> tuple[list[tuple[tuple[Any, ...], np.ndarray | None]], int]:
    if not plan.dims:
        return [((), None)], 0
    size = partial.waits.size
    chosen, folded = grouping.members(partial.at, partial.groups, size, plan.dims, plan.params.top)
    return list(chosen), folded


def _of(partial: Pairs, inside: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if inside is None:
        return partial.customers, partial.waits
    inside = np.sort(inside)
    return partial.customers[inside], partial.waits[inside]


def _row(customers: np.ndarray, waits: np.ndarray, plan: Plan) -> dict[str, Any]:
    scale, pairs = plan.params.sample, waits.size
    found = percentiles(waits, _PERCENTS)
    seconds = [None if one is None else one / 1000 for one in found]
    row: dict[str, Any] = {"pairs": pairs * scale, "people": _distinct(customers) * scale}
    row |= dict(zip(("min", "p10", "p25", "p50", "p75", "p90", "max"), seconds, strict=True))
    row["mean"] = int(waits.sum()) / (pairs * 1000) if pairs else None
    return row


def _distinct(customers: np.ndarray) -> int:
    """Distinct ids where those of one customer stand together."""
    if customers.size == 0:
        return 0
    return int(np.count_nonzero(customers[1:] != customers[:-1])) + 1


def _starts(partial: Pairs, plan: Plan) -> dict[str, Any]:
    starts, waiting = partial.counts.tolist()
    pairs, scale = partial.waits.size, plan.params.sample
    rate = pairs / starts if starts else None
    return {
        "starts": starts * scale, "pairs": pairs * scale, "rate": rate, "open": waiting * scale,
    }  # fmt: skip


def bucket_edges(partial: Pairs, plan: Plan) -> np.ndarray:
    """Edges of the histogram in ms, the last one above every wait."""
    most = int(partial.waits.max()) if partial.waits.size else 0
    wanted = plan.params.buckets
    if not isinstance(wanted, int):
        edges = [0, *(round(edge * 1000) for edge in wanted)]
        return np.array([*edges, max(most + 1, edges[-1] + 1000)], np.int64)
    width = next((w for w in _WIDTHS if w * 1000 * wanted > most), _WIDTHS[-1]) * 1000
    return np.arange(most // width + 2, dtype=np.int64) * width


def _histogram(waits: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.bincount(_bucket(waits, edges), minlength=edges.size - 1)


def _bucket(waits: np.ndarray, edges: np.ndarray) -> np.ndarray:
    widths = np.diff(edges)
    if (widths == widths[0]).all():  # ten times faster than a search
        return np.asarray(waits // widths[0])
    return np.asarray(np.searchsorted(edges, waits, side="right") - 1)


def _spans(edges: np.ndarray) -> list[tuple[int, int]]:
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _histogram_table(
    labels: list[tuple[Any, ...]], counts: list[np.ndarray], edges: np.ndarray, plan: Plan
) -> Table:
    rows = []
    for label, found in zip(labels, counts, strict=True):
        whole = int(found.sum())
        for (first, end), pairs in zip(_spans(edges), found.tolist(), strict=True):
            span = {"from_seconds": first / 1000, "to_seconds": end / 1000}
            share = pairs / whole if whole else None
            rows.append({**grouping.group_cells(label), **span, "pairs": pairs, "share": share})
    return Table((*grouping.group_columns(plan.dims), *_HISTOGRAM), rows)


def _caveats(partial: Pairs, plan: Plan, folded: int) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    waiting = int(partial.counts[1]) * plan.params.sample
    if waiting:
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 次到数据截止时还没到间隔上限，后面可能还会有后续；长的间隔因此偏少。",
                f"For {waiting:,} the limit was still open at the last fact; long waits are"
                " therefore too few.",
            )
        )
    people = _distinct(partial.customers) * plan.params.sample
    if 0 < people < SMALL_COHORT:
        caveats.append(small_cohort(people))
    if folded:
        caveats.append(folded_groups(folded))
    if partial.at.size > partial.waits.size:
        caveats.append(several_values())
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def people(partial: Pairs, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """See `interval.people`."""
    chosen = np.ones(partial.waits.size, np.bool_)
    if cell.get("group") is not None:
        wanted = tuple(cell["group"])
        inside = [found for label, found in _groups(partial, plan)[0] if label == wanted]
        if not inside:
            raise BadInput("There is no such group: %(group)s.", group=list(wanted))
        if inside[0] is not None:
            chosen[:] = False
            chosen[inside[0]] = True
    bucket = cell.get("bucket")
    if bucket is not None:
        edges = bucket_edges(partial, plan)
        if type(bucket) is not int or not 0 <= bucket < edges.size - 1:
            raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
        chosen &= _bucket(partial.waits, edges) == bucket
    return BitMap(partial.customers[chosen])
