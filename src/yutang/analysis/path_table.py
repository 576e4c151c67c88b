"""The path model's counted links, and their way into tables, Sankey and caveats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table, sampled, unknown_events
from yutang.analysis.groups import OTHER_LABEL
from yutang.errors import BadInput

if TYPE_CHECKING:
    from yutang.analysis.path import Plan

# What a path goes to when it is over, or comes from when it is read back.
LEFT_LABEL, ENTERED_LABEL = "(left)", "(entered)"
# `layer` is part of a row's name, not a number to compare or add.
_LAYER = Column("layer", "层", "Layer", "text")
_COUNTS = (
    Column("people", "人数", "People", "count"),
    Column("sessions", "会话数", "Sessions", "count"),
)
_LINK = (
    _LAYER,
    Column("source", "从", "From", "text"),
    Column("target", "到", "To", "text"),
    *_COUNTS,
    Column("rate", "占该节点", "Of the node", "rate"),
)
_NODE = (_LAYER, Column("node", "节点", "Node", "text"), *_COUNTS)


@dataclass(frozen=True)
class Links:
    """int64, sessions then people in the last axis; the last group is the total (or the only one).

    links [groups, layers - 1, most + 1, most + 2, 2], nodes [groups, layers, most + 1, 2],
    paths [groups, 2].
    """

    links: np.ndarray
    nodes: np.ndarray
    paths: np.ndarray

    @classmethod
    def of(cls, counted: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Links:
        return cls(*counted)

    @classmethod
    def concat(cls, parts: list[Links]) -> Links | None:
        if not parts:
            return None
        return cls(
            np.sum([part.links for part in parts], axis=0),
            np.sum([part.nodes for part in parts], axis=0),
            np.sum([part.paths for part in parts], axis=0),
        )


def _names(plan: Plan, layer: int) -> list[str]:
    """Labels of a layer's places."""
    known = [plan.nodes.label(node) for node in plan.kept[layer]]
    empty = [""] * (plan.most - len(known))
    return [*known, *empty, OTHER_LABEL, ENTERED_LABEL if plan.backward else LEFT_LABEL]


def shape(partial: Links | None, plan: Plan) -> Result:
    """Links by layer (and group), nodes, totals, Sankey, caveats."""
    rows: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    total = {"people": 0, "sessions": 0}
    tables = {}
    if partial is not None:
        for g, label in enumerate(plan.groups.labels) if _has_groups(plan) else ():
            head = plan.groups.cells(label)
            rows += [{**head, **row} for row in _link_rows(partial, plan, g)]
            nodes += [{**head, **row} for row in _node_rows(partial, plan, g)]
        total = _counts(partial.paths[-1], plan)
        if plan.groups.dims:
            tables["all"] = Table(_LINK, _link_rows(partial, plan, -1))
    titles = plan.groups.columns
    tables["nodes"] = Table((*titles, *_NODE), nodes)
    tables["total"] = Table(_COUNTS, [total])
    chart_rows = tables["all"].rows if "all" in tables else rows
    return Result(
        model="path",
        table=Table((*titles, *_LINK), rows),
        tables=tables,
        chart=_sankey(chart_rows, plan),
        caveats=tuple(_caveats(plan)),
        facts_version=plan.facts_version,
    )


def _has_groups(plan: Plan) -> bool:
    return bool(plan.groups.keys) or not plan.groups.dims


def _counts(pair: np.ndarray, plan: Plan) -> dict[str, int]:
    sessions, people = (pair * plan.params.sample).tolist()
    return {"people": people, "sessions": sessions}


def _link_rows(partial: Links, plan: Plan, g: int) -> list[dict[str, Any]]:
    """By layer, then most people, most sessions, labels."""
    rows = []
    for layer in range(plan.params.layers - 1):
        here, there = _names(plan, layer), _names(plan, layer + 1)
        of_layer = []
        for i, j in np.argwhere(partial.links[g, layer, :, :, 0]).tolist():
            source, target = (there[j], here[i]) if plan.backward else (here[i], there[j])
            pair = partial.links[g, layer, i, j]
            rate = int(pair[0]) / int(partial.nodes[g, layer, i, 0])
            ends = {"layer": layer + 1, "source": source, "target": target}
            of_layer.append({**ends, **_counts(pair, plan), "rate": rate})
        rows += sorted(of_layer, key=_by_size("source", "target"))
    return rows


def _node_rows(partial: Links, plan: Plan, g: int) -> list[dict[str, Any]]:
    rows = []
    for layer in range(plan.params.layers):
        names = _names(plan, layer)
        of_layer = [
            {"layer": layer + 1, "node": names[i], **_counts(partial.nodes[g, layer, i], plan)}
            for i in np.flatnonzero(partial.nodes[g, layer, :, 0]).tolist()
        ]
        rows += sorted(of_layer, key=_by_size("node"))
    return rows


def _by_size(*names: str) -> Any:
    return lambda row: (-row["people"], -row["sessions"], [row[name] for name in names])


def _sankey(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """Nodes are [layer, label], links the places of two of them; values are sessions."""
    step = (1, 0) if plan.backward else (0, 1)
    ends = [
        ((row["layer"] + step[0], row["source"]), (row["layer"] + step[1], row["target"]))
        for row in rows
    ]
    found = sorted({node for pair in ends for node in pair})
    place = {node: i for i, node in enumerate(found)}
    links = [
        {"source": place[a], "target": place[b], "value": row["sessions"], "people": row["people"]}
        for (a, b), row in zip(ends, rows, strict=True)
    ]
    return {"kind": "sankey", "categories": [list(node) for node in found], "series": links}


def _caveats(plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    if plan.folded:
        caveats.append(
            Caveat(
                "folded_nodes",
                f"每层较小的节点（最多 {plan.folded} 个）合并为“其他”。",
                f"The smaller nodes of a layer (up to {plan.folded}) are summed as other.",
            )
        )
    caveats += plan.groups.caveats(plan.params.values)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def cell_places(plan: Plan, cell: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(layer from 0, place) that the paths of a cell have. Raises BadInput."""
    if set(cell) - {"layer", "source", "target", "node", "group"}:
        raise _no_cell(cell)
    ends = ("target", "source") if plan.backward else ("source", "target")
    wanted = [(0, cell.get(ends[0])), (1, cell.get(ends[1])), (0, cell.get("node"))]
    asked = [(step, label) for step, label in wanted if label is not None]
    layer = cell.get("layer")
    if layer is None and not asked:
        return []
    if type(layer) is not int or not 1 <= layer <= plan.params.layers or not asked:
        raise _no_cell(cell)
    found = []
    for step, label in asked:
        at = layer - 1 + step
        names = _names(plan, at) if at < plan.params.layers else []
        if label == "" or label not in names:
            raise _no_cell(cell)
        found.append((at, names.index(label)))
    return found


def _no_cell(cell: Mapping[str, Any]) -> BadInput:
    return BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
