"""Path 路径: what do people do next – or what did they do before?

A path is the row of nodes within one session: from the first `start` event on, or back from the
last `end` event, or, with neither, from the session's first event; one path a session at most.
A node is an event, or an event with its value of `property`. Sessions: a customer's events in
`events` (start or end included), cut by a pause longer than `idle_minutes` over the whole history;
a session counts if it begins in the range, and whole.
Layer 1 is the first node (read back: the last). A row is a link from layer k to k + 1: source is
always the earlier event. sessions = paths with the link; people = their distinct customers;
rate = sessions / paths at the node of layer k. A path that is over before `layers` goes to LEFT
(read back: it came from ENTERED).
`repeats`: fold = a node right after itself is one; keep = each event is a node.
A layer keeps its `nodes` largest nodes, by paths, then label; the rest is OTHER, in which a person
counts once. `follow`: only paths that have this node in this layer.
Order within an instant: time, then arrival; duplicates were dropped, late events have their own
time. Groups are those of the session's first event or of its customer. Sampling keeps whole
customers; counts are scaled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pyroaring import BitMap

from yutang.analysis import path_table
from yutang.analysis.contract import Context, Result, Strict
from yutang.analysis.funnel import Events
from yutang.analysis.group_places import Groups, find_groups
from yutang.analysis.grouped import check_no_steps
from yutang.analysis.groups import GroupBy, Values
from yutang.analysis.nodes import Nodes, find_nodes
from yutang.analysis.path_table import Links
from yutang.analysis.periods import range_periods
from yutang.analysis.sessions import Cutter, SessionParams, cutter, never_occurred
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.kernels.paths import ANY_NODE, count_links, count_nodes, walk_all
from yutang.sequence.view import View

NAME, ZH, EN = "path", "路径", "Path"
QUESTION = ("接下来去了哪里，之前从哪里来？", "What do people do next, or before?")

# Each thread counts all links of all groups; more cells than this would cost gigabytes.
_MOST_CELLS = 2_000_000


class Follow(Strict):
    """A node that paths must have in a layer."""

    layer: int = Field(ge=1, le=20, title="层 Layer")
    node: str = Field(title="节点 Node")


class Params(SessionParams):
    """What to ask."""

    start: Events | None = Field(None, title="起点事件 Start")
    end: Events | None = Field(None, title="终点事件 End")
    property: str | None = Field(None, title="节点再按属性分 Property of a node")
    repeats: Literal["fold", "keep"] = Field("fold", title="连续重复 Repeats")
    layers: int = Field(5, ge=2, le=20, title="层数 Layers")
    nodes: int = Field(10, ge=1, le=50, title="每层节点数 Nodes in a layer")
    follow: list[Follow] = Field(default_factory=list, max_length=20, title="只看经过 Follow")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    values: Values = Field("multi", title="多个取值 Several values")
    top: int = Field(5, ge=1, le=20, title="前几组 Largest groups")

    @model_validator(mode="after")
    def _fit_together(self) -> Params:
        if self.start and self.end:
            raise ValueError("a path has a `start` or an `end`, not both")
        if any(one.layer > self.layers for one in self.follow):
            raise ValueError("`follow` names a layer the path does not have")
        if len({one.layer for one in self.follow}) < len(self.follow):
            raise ValueError("`follow` names a layer twice")
        check_no_steps(self.group)
        return self


@dataclass(frozen=True)
class Plan:
    """Params with names and filters resolved, and the nodes each layer keeps.

    follow: int32 by layer; kept: by layer the nodes shown, largest first; place_of: int16
    [layers, nodes]; folded: how many nodes OTHER holds, at most, in a layer.
    """

    params: Params
    cutter: Cutter
    nodes: Nodes
    groups: Groups
    follow: np.ndarray
    kept: list[list[int]]
    place_of: np.ndarray
    most: int
    folded: int
    unknown: list[str]
    facts_version: int

    @property
    def backward(self) -> bool:
        return self.params.end is not None

    @property
    def walk(self) -> tuple[bool, bool, bool]:
        """(anchored, backward, fold) as the kernels take them."""
        anchored = self.params.start is not None or self.backward
        return anchored, self.backward, self.params.repeats == "fold"


def plan(context: Context, params: Params) -> Plan:
    """Resolve names and filters, and find the largest nodes. Raises BadInput with the place."""
    shards = context.shards
    edges, _ = range_periods(context, params, "total")
    anchor = ("end", params.end) if params.end else ("start", params.start)
    cut = cutter(context, params, edges, more=[anchor])
    nodes = find_nodes(context, cut.bits, params.property)

    def begins(view: View) -> tuple[np.ndarray, np.ndarray]:
        found = cut.sessions(view)
        return found.first, found.who

    draft = Plan(
        params=params,
        cutter=cut,
        nodes=nodes,
        groups=find_groups(context, params.group, params.values, params.top, begins),
        follow=_followed(params, nodes),
        kept=[],
        place_of=np.empty((0, 0), np.int16),
        most=0,
        folded=0,
        unknown=never_occurred(shards, [params.events, params.start, params.end]),
        facts_version=shards.facts_version,
    )
    return _with_nodes(context, draft)


def _followed(params: Params, nodes: Nodes) -> np.ndarray:
    follow = np.full(params.layers, ANY_NODE, np.int32)
    if params.follow:
        known = {nodes.label(node): node for node in range(nodes.count)}
        for i, one in enumerate(params.follow):
            if one.node not in known:
                raise BadInput(
                    "%(place)s: there is no node %(node)s.",
                    place=f"follow[{i}]",
                    node=repr(one.node),
                )
            follow[one.layer - 1] = known[one.node]
    return frozen(follow)


def _with_nodes(context: Context, draft: Plan) -> Plan:
    """Keep the largest nodes of each layer; all of them where there are few."""
    params, nodes = draft.params, draft.nodes
    most = min(params.nodes, nodes.width)
    if draft.groups.count * params.layers * (most + 1) * (most + 2) > _MOST_CELLS:
        raise BadInput(
            "The result would have more than %(most)d cells.",
            hint="Choose fewer layers, nodes or groups.",
            most=_MOST_CELLS,
        )
    place_of = np.full((params.layers, nodes.width), most, np.int16)
    if nodes.count <= params.nodes:
        kept = [list(range(nodes.count))] * params.layers
    else:
        counts = sum(
            context.each(lambda view: _node_counts(view, draft)),
            np.zeros((params.layers, nodes.width), np.int64),
        )
        kept = [_largest(nodes, of_layer, most) for of_layer in counts]
        folded = int((counts > 0).sum(axis=1).max()) - most
        draft = replace(draft, folded=max(folded, 0))
    for layer, of_layer in enumerate(kept):
        place_of[layer, of_layer] = np.arange(len(of_layer))
    return replace(draft, kept=kept, place_of=frozen(place_of), most=most)


def _largest(nodes: Nodes, counts: np.ndarray, most: int) -> list[int]:
    found = np.flatnonzero(counts)
    if found.size > most:  # only those that may be kept need a name
        least = np.partition(counts[found], -most)[-most]
        found = found[counts[found] >= least]
    ranked = sorted(found.tolist(), key=lambda node: (-counts[node], nodes.label(node)))
    return ranked[:most]


def _node_counts(view: View, plan: Plan) -> np.ndarray:
    found = plan.cutter.sessions(view)
    keys, table = plan.cutter.bits.of(view)
    counted: np.ndarray = count_nodes(
        found.first, found.last, keys, table, plan.nodes.of_rows(view), *plan.walk,
        plan.follow, plan.nodes.width,
    )  # fmt: skip
    return counted


def run(view: View, plan: Plan) -> Links:
    """The links of a view's paths, counted; the last group is the total."""
    found = plan.cutter.sessions(view)
    keys, table = plan.cutter.bits.of(view)
    ready = (keys, table, plan.nodes.of_rows(view), *plan.walk, plan.follow, plan.place_of)
    group_at, group_of = plan.groups.of_items(view, found.first, found.who)
    sessions = (found.first, found.last, found.who)
    if not plan.groups.dims:
        return Links.of(count_links(*sessions, *ready, plan.most, group_at, group_of, 1))
    group_at, group_of = _with_total(group_at, group_of, plan.groups.count)
    return Links.of(
        count_links(*sessions, *ready, plan.most, group_at, group_of, plan.groups.count + 1)
    )


def _with_total(
    group_at: np.ndarray, group_of: np.ndarray, total: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same groups, and one more that every session is in."""
    ends = group_at[1:]
    more = np.insert(group_of, ends, np.full(ends.size, total, np.int32))
    return frozen(group_at + np.arange(group_at.size)), frozen(more.astype(np.int32))


def merge(partials: list[Links], plan: Plan) -> Links | None:
    """The links of all views."""
    return Links.concat(partials)


def shape(partial: Links | None, plan: Plan) -> Result:
    """Links by layer (and group), nodes, totals, Sankey, caveats."""
    return path_table.shape(partial, plan)


def people(context: Context, plan: Plan, cell: Mapping[str, Any]) -> BitMap:
    """Customers behind a cell: {"layer"?: k, "source"?: label, "target"?: label,
    "group"?: [labels]}; without layer those of any path. A node alone: with `layer` of the link
    that leaves it (read back: that leads to it), or {"layer": k, "node": label}."""
    wanted = None if cell.get("group") is None else plan.groups.index(cell["group"])
    at = path_table.cell_places(plan, cell)

    def behind(view: View) -> np.ndarray:
        found = plan.cutter.sessions(view)
        keys, table = plan.cutter.bits.of(view)
        places = walk_all(
            found.first, found.last, keys, table, plan.nodes.of_rows(view), *plan.walk,
            plan.follow, plan.place_of, plan.most,
        )  # fmt: skip
        chosen = places[:, 0] >= 0
        for layer, place in at:
            chosen &= places[:, layer] == place
        if wanted is not None:
            chosen &= plan.groups.inside(view, found.first, found.who, wanted)
        return np.asarray(view.customers[found.who[chosen]])

    return BitMap(np.concatenate([np.empty(0, np.uint32), *context.each(behind)]))
