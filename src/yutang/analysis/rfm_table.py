"""What customers spent, and its way into layers, tables, chart and caveats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pyroaring import BitMap

from yutang.analysis.contract import (
    SMALL_COHORT,
    Caveat,
    Column,
    Result,
    Table,
    sampled,
    small_cohort,
    unknown_events,
)
from yutang.analysis.grouped import group_caveats
from yutang.analysis.groups import group_cells, group_columns, members
from yutang.analysis.order_statistics import percentiles
from yutang.errors import BadInput

if TYPE_CHECKING:
    from yutang.analysis.rfm import Edge, Plan

# The order of rules: R, F, M high (1) or not (0).
LAYERS: dict[str, tuple[str, str]] = {
    "111": ("重要价值", "important, valued"),
    "101": ("重要发展", "important, to develop"),
    "011": ("重要保持", "important, to keep"),
    "001": ("重要挽留", "important, to win back"),
    "110": ("一般价值", "ordinary, valued"),
    "100": ("一般发展", "ordinary, to develop"),
    "010": ("一般保持", "ordinary, to keep"),
    "000": ("一般挽留", "ordinary, to win back"),
}
NEW, GONE = "(new)", "(gone)"
_COLUMNS = (
    Column("segment", "分层", "Layer", "text"),
    Column("people", "人数", "People", "count"),
    Column("share", "占比", "Share", "rate"),
    Column("orders", "购买次数", "Orders", "count"),
    Column("revenue_fen", "金额（分）", "Revenue (fen)", "count"),
)
_EDGE_COLUMNS = (
    Column("dimension", "维度", "Dimension", "text"),
    Column("by", "方法", "By", "text"),
    Column("edges", "分界", "Edges", "text"),
    Column("on", "截至", "On", "text"),
)
_MOVEMENT = (
    Column("before", "上次", "Last run", "text"),
    Column("segment", "这次", "This run", "text"),
    Column("people", "人数", "People", "count"),
)
_SCORES = 5


class Edges(NamedTuple):
    """Of one run: days, times, and fen; one each, or four rising ones."""

    recency: list[float]
    frequency: list[float]
    monetary: list[float]


@dataclass(frozen=True)
class Spent:
    """By customer: ids uint32; recency (days, -1 unknown), frequency, fen, times int64; at, groups:
    positions and keys as `group_keys` gives them."""

    customers: np.ndarray
    recency: np.ndarray
    frequency: np.ndarray
    fen: np.ndarray
    times: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @classmethod
    def concat(cls, parts: list[Spent], dims: int) -> Spent:
        none = np.empty(0, np.int64)
        starts = np.cumsum([0, *(part.customers.size for part in parts)])
        return cls(
            np.concatenate([none.astype(np.uint32), *(part.customers for part in parts)]),
            np.concatenate([none, *(part.recency for part in parts)]),
            np.concatenate([none, *(part.frequency for part in parts)]),
            np.concatenate([none, *(part.fen for part in parts)]),
            np.concatenate([none, *(part.times for part in parts)]),
            np.concatenate([none, *(p.at + s for p, s in zip(parts, starts, strict=False))]),
            np.concatenate([np.empty((0, dims), np.int64), *(part.groups for part in parts)]),
        )


def edges_of(spent: Spent, plan: Plan) -> Edges:
    """The edges of this run, worked out over its customers."""
    params = plan.params
    known = spent.recency[spent.recency >= 0]
    unit = 100 if params.money == "yuan" else 1
    return Edges(
        _edges(params.r, known, plan, low_is_best=True),
        _edges(params.f, spent.frequency, plan),
        _edges(params.m, spent.fen, plan, unit=unit),
    )


def _edges(
    edge: Edge, values: np.ndarray, plan: Plan, *, low_is_best: bool = False, unit: int = 1
) -> list[float]:
    if edge.by == "fixed":
        return [_scaled(each, unit) for each in edge.edges or [edge.value or 0.0]]
    if values.size == 0:
        return [0.0] * (_SCORES - 1 if plan.params.layers == "scores" else 1)
    if plan.params.layers == "scores":
        return [float(each or 0) for each in percentiles(values, (20, 40, 60, 80))]
    if edge.by == "top":
        best = np.sort(values if low_is_best else -values)
        last = int(best[math.ceil((edge.value or 0) * values.size) - 1])
        return [float(last if low_is_best else -last)]
    if edge.by == "quantile":
        half = 0.5 if edge.value is None else edge.value
        return [float(percentiles(values, (round(half * 100),))[0] or 0)]
    return [int(values.sum()) / values.size]


def _scaled(edge: float, unit: int) -> float:
    """Yuan as fen: the very edge that was fen before a run stored it (1.1 * 100 is above 110)."""
    near = round(edge * unit)
    return float(near) if near / unit == edge else edge * unit


def segments(spent: Spent, edges: Edges, plan: Plan) -> np.ndarray:
    """The code of each customer's layer as int64: 111 or 555 …"""
    scores = plan.params.layers == "scores"
    unknown = spent.recency < 0
    recent = _score(-spent.recency, [-edge for edge in reversed(edges.recency)])
    recent[unknown] = 0
    parts = (recent, _score(spent.frequency, edges.frequency), _score(spent.fen, edges.monetary))
    r, f, m = (part + 1 if scores else part for part in parts)
    return np.asarray(r * 100 + f * 10 + m)


def _score(values: np.ndarray, edges: list[float]) -> np.ndarray:
    """How many of the rising edges each value reaches."""
    return np.searchsorted(np.array(edges), values, side="right").astype(np.int64)


def _names(plan: Plan, found: np.ndarray) -> dict[int, str]:
    """Layers by code, in the order of the table."""
    if plan.params.layers == "8":
        return {int(code): f"{code} {zh}" for code, (zh, _) in LAYERS.items()}
    return {code: str(code) for code in sorted(set(found.tolist()), reverse=True)}


def shape(now: Spent, before: Spent | None, plan: Plan) -> Result:
    """Table by layer, edges, movement, chart, caveats."""
    edges = edges_of(now, plan)
    found = segments(now, edges, plan)
    names = _names(plan, found)
    chosen, folded = _groups(now, plan)
    rows = _rows(now, found, names, chosen, plan)
    tables = {"edges": _edge_table(edges, plan)}
    if before is not None:
        tables["movement"] = _movement(now, found, before, plan)
    return Result(
        model="rfm",
        table=Table((*group_columns(plan.dims), *_COLUMNS), rows),
        tables=tables,
        chart=_chart(rows, names, chosen),
        caveats=tuple(_caveats(now, plan, folded)),
        facts_version=plan.facts_version,
    )


Groups = list[tuple[tuple[Any, ...], np.ndarray]]


def _groups(now: Spent, plan: Plan) -> tuple[Groups, int]:
    """(labels, positions of the customers) of each group; how many are folded into OTHER."""
    size = now.customers.size
    if not plan.dims:
        return [((), np.arange(size))], 0
    return members(now.at, now.groups, size, plan.dims, plan.params.top)


def _rows(
    now: Spent, found: np.ndarray, names: dict[int, str], chosen: Groups, plan: Plan
) -> list[dict[str, Any]]:
    """By group and layer; of a group only the layers in which somebody is."""
    rows = []
    for label, positions in chosen:
        for code, name in names.items():
            inside = positions[found[positions] == code]
            if inside.size or not plan.dims:
                row = _row(now, inside, positions.size, name, plan)
                rows.append({**group_cells(label), **row})
    return rows


def _chart(rows: list[dict[str, Any]], names: dict[int, str], chosen: Groups) -> dict[str, Any]:
    """People by layer, one series a group."""
    cells = {(tuple(_label(row)), row["segment"]): row["people"] for row in rows}
    return {
        "kind": "stacked" if len(chosen) > 1 else "bar",
        "categories": [[name] for name in names.values()],
        "series": [
            {
                "name": ["people", *label],
                "values": [cells.get((label, name), 0) for name in names.values()],
            }
            for label, _ in chosen
        ],
    }


def _label(row: dict[str, Any]) -> list[Any]:
    return [value for name, value in row.items() if name.startswith("group_")]


def _row(spent: Spent, inside: np.ndarray, whole: int, name: str, plan: Plan) -> dict[str, Any]:
    """inside: positions of the layer's customers; whole: how many there are in the group."""
    scale, people = plan.params.sample, inside.size
    code = name.split(" ")[0]
    return {
        "segment": name,
        "segment_en": f"{code} {LAYERS[code][1]}" if plan.params.layers == "8" else code,
        "people": people * scale,
        "share": people / whole if whole else None,
        "orders": int(spent.times[inside].sum()) * scale,
        "revenue_fen": int(spent.fen[inside].sum()) * scale,
    }


def _edge_table(edges: Edges, plan: Plan) -> Table:
    """What a run stores, in the unit it was asked in, so that `since` can take it again."""
    params = plan.params
    unit = 100 if params.money == "yuan" else 1
    found = (
        ("recency", params.r, edges.recency),
        ("frequency", params.f, edges.frequency),
        ("monetary", params.m, [edge / unit for edge in edges.monetary]),
    )
    on = plan.now.on.isoformat()
    rows = [
        {
            "dimension": name,
            "by": "quantile" if params.layers == "scores" and edge.by != "fixed" else edge.by,
            "edges": numbers,
            "on": on,
        }
        for name, edge, numbers in found
    ]
    return Table(_EDGE_COLUMNS, rows)


def _before(before: Spent, plan: Plan) -> np.ndarray:
    """The layers of the last run, by the edges it had."""
    since = plan.params.since
    assert since
    unit = 100 if plan.params.money == "yuan" else 1
    edges = Edges(since.recency, since.frequency, [_scaled(edge, unit) for edge in since.monetary])
    return segments(before, edges, plan)


def _moved(
    now: Spent, found: np.ndarray, before: Spent, plan: Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(customers, their layer at the last run, their layer now); -1: in none."""
    customers = np.union1d(now.customers, before.customers)
    layers = []
    for spent, codes in ((before, _before(before, plan)), (now, found)):
        layer = np.full(customers.size, -1, np.int64)
        layer[np.searchsorted(customers, spent.customers)] = codes
        layers.append(layer)
    return customers, layers[0], layers[1]


def _movement(now: Spent, found: np.ndarray, before: Spent, plan: Plan) -> Table:
    _, old, new = _moved(now, found, before, plan)
    names = _names(plan, np.concatenate([old[old >= 0], new[new >= 0]]))
    rows = []
    for a in [*names, -1]:
        for b in [*names, -1]:
            people = int(((old == a) & (new == b)).sum()) * plan.params.sample
            if people:
                moved = {"before": names.get(a, NEW), "segment": names.get(b, GONE)}
                rows.append({**moved, "people": people})
    return Table(_MOVEMENT, rows)


def _caveats(now: Spent, plan: Plan, folded: int) -> list[Caveat]:
    caveats = group_caveats(plan.dims, plan.params.values, folded)
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    people = now.customers.size * plan.params.sample
    if 0 < people < SMALL_COHORT:
        caveats.append(small_cohort(people))
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def people(now: Spent, before: Spent | None, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """See `rfm.people`."""
    found = segments(now, edges_of(now, plan), plan)
    customers, old, new = now.customers, None, found
    if before is not None:
        customers, old, new = _moved(now, found, before, plan)
    chosen = new >= 0
    if cell.get("segment") is not None:
        chosen = new == _code(plan, new, cell["segment"], GONE)
    if cell.get("before") is not None:
        if old is None:
            raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
        chosen = chosen & (old == _code(plan, old, cell["before"], NEW))
    behind = BitMap(customers[chosen])
    return behind & _of_group(now, plan, cell["group"]) if cell.get("group") else behind


def _of_group(now: Spent, plan: Plan, wanted: Any) -> BitMap:
    for label, positions in _groups(now, plan)[0]:
        if label == tuple(wanted):
            return BitMap(now.customers[positions])
    raise BadInput("There is no such group: %(group)s.", group=wanted)


def layers(spent: Spent, plan: Plan) -> dict[str, BitMap]:
    """See `rfm.layers`."""
    found = segments(spent, edges_of(spent, plan), plan)
    return {name: BitMap(spent.customers[found == code])
            for code, name in _names(plan, found).items()}  # fmt: skip


def _code(plan: Plan, found: np.ndarray, name: Any, nobody: str) -> int:
    if name == nobody:
        return -1
    for code, title in _names(plan, found[found >= 0]).items():
        if name in (title, f"{code:03d}"):
            return code
    raise BadInput("There is no such cell: %(cell)s.", cell=name)
