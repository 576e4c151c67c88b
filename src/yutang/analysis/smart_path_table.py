"""The smart path model's sequences, and their way into tables, chart and funnels."""

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
from yutang.analysis.groups import OTHER_LABEL, factorize
from yutang.analysis.order_statistics import percentiles
from yutang.errors import BadInput
from yutang.sequence.kernels.approaches import NO_NODE

if TYPE_CHECKING:
    from yutang.analysis.smart_path import Plan

NOTHING_LABEL = "(nothing before)"
ARROW = " → "
_COLUMNS = (
    Column("sequence", "路径", "Sequence", "text"),
    Column("people", "到达人数", "People", "count"),
    Column("share", "占到达", "Share", "rate"),
    Column("others", "未到达人数", "Did not reach", "count"),
    Column("lift", "提升度", "Lift", "number"),
    Column("median_seconds", "用时（中位数）", "Time, median", "seconds"),
    Column("p90_seconds", "用时（P90）", "Time, P90", "seconds"),
)
_TOTAL = (
    Column("people", "到达人数", "Reached", "count"),
    Column("others", "未到达人数", "Did not reach", "count"),
    Column("rate", "到达率", "Rate", "rate"),
)


@dataclass(frozen=True)
class Approaches:
    """One entry per customer, and the distinct sequences.

    customers: uint32; reached: bool; wait: int64 ms; place: int64, which of `sequences` (int64
    [n, steps], `NO_NODE` before the first node); at, groups: pairs of entry and group.
    """

    customers: np.ndarray
    reached: np.ndarray
    wait: np.ndarray
    place: np.ndarray
    sequences: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(
        cls,
        customers: np.ndarray,
        reached: np.ndarray,
        nodes: np.ndarray,
        wait: np.ndarray,
        at: np.ndarray,
        groups: np.ndarray,
    ) -> Approaches:
        sequences, place = factorize(nodes.astype(np.int64))
        return cls(customers, reached, wait, place, sequences, at, groups)

    @classmethod
    def concat(cls, parts: list[Approaches], steps: int) -> Approaches:
        none = np.empty(0, np.int64)
        starts = np.cumsum([0, *(part.customers.size for part in parts)])
        distinct = np.cumsum([0, *(len(part.sequences) for part in parts)])
        empty = np.empty((0, steps), np.int64)
        sequences, merged = factorize(np.concatenate([empty, *(p.sequences for p in parts)]))
        places = [p.place + d for p, d in zip(parts, distinct, strict=False)]
        return cls(
            np.concatenate([np.empty(0, np.uint32), *(p.customers for p in parts)]),
            np.concatenate([np.empty(0, np.bool_), *(p.reached for p in parts)]),
            np.concatenate([none, *(p.wait for p in parts)]),
            merged[np.concatenate([none, *places])],
            sequences,
            np.concatenate([none, *(p.at + s for p, s in zip(parts, starts, strict=False))]),
            np.concatenate([none, *(p.groups for p in parts)]),
        )


def _label(plan: Plan, sequence: np.ndarray) -> str:
    nodes = [plan.nodes.label(int(node)) for node in sequence if node != NO_NODE]
    return ARROW.join(nodes) or NOTHING_LABEL


def _kept(partial: Approaches, plan: Plan) -> list[tuple[int, str]]:
    """(place, label) of the most frequent sequences of those who reached the target."""
    counts = np.bincount(partial.place[partial.reached], minlength=len(partial.sequences))
    found = np.flatnonzero(counts)
    if found.size > plan.params.top:  # only those that may be shown need a name
        least = np.partition(counts[found], -plan.params.top)[-plan.params.top]
        found = found[counts[found] >= least]
    named = [(int(i), _label(plan, partial.sequences[i])) for i in found]
    return sorted(named, key=lambda one: (-counts[one[0]], one[1]))[: plan.params.top]


def is_sequence(partial: Approaches, plan: Plan, label: str) -> np.ndarray:
    """bool by entry: it is the sequence with the label. Raises BadInput."""
    kept = _kept(partial, plan)
    shown = [place for place, name in kept if name == label]
    if shown:
        return np.asarray(partial.place == shown[0])
    if label != OTHER_LABEL:
        raise BadInput("There is no such cell: %(cell)s.", cell=label)
    return ~np.isin(partial.place, [place for place, _ in kept])


def shape(partial: Approaches, plan: Plan) -> Result:
    """The most frequent sequences (by group), totals, chart, and each one as a funnel."""
    kept = _kept(partial, plan)
    whole = np.arange(partial.customers.size)
    rows = _rows(partial, whole, kept, plan)
    tables = {"total": Table(_TOTAL, [_total(partial, whole, plan)])}
    chart_rows, columns = rows, list(_COLUMNS)
    if plan.groups.dims:
        columns = [*plan.groups.columns, *columns]
        tables["all"] = Table(_COLUMNS, rows)
        rows = []
        totals = []
        for g, label in enumerate(plan.groups.labels if plan.groups.keys else ()):
            mine = partial.at[partial.groups == g]
            head = plan.groups.cells(label)
            rows += [{**head, **row} for row in _rows(partial, mine, kept, plan)]
            totals.append({**head, **_total(partial, mine, plan)})
        tables["groups"] = Table((*plan.groups.columns, *_TOTAL), totals)
    chart = {
        "kind": "sequences",
        "categories": [row["sequence"] for row in chart_rows],
        "series": [{"name": ["people"], "values": [row["people"] for row in chart_rows]}],
        "funnels": [_funnel(partial.sequences[place], plan) for place, _ in kept],
    }
    return Result(
        model="smart_path",
        table=Table(tuple(columns), rows),
        tables=tables,
        chart=chart,
        caveats=tuple(_caveats(partial, plan)),
        facts_version=plan.facts_version,
    )


def _total(partial: Approaches, mine: np.ndarray, plan: Plan) -> dict[str, Any]:
    reached, scale = int(partial.reached[mine].sum()), plan.params.sample
    others = mine.size - reached
    rate = reached / mine.size if mine.size else None
    return {"people": reached * scale, "others": others * scale, "rate": rate}


def _rows(
    partial: Approaches, mine: np.ndarray, kept: list[tuple[int, str]], plan: Plan
) -> list[dict[str, Any]]:
    """The kept sequences, and the rest as OTHER where there is one."""
    rank = np.full(len(partial.sequences), len(kept), np.int64)
    rank[[place for place, _ in kept]] = np.arange(len(kept))
    place, reached = rank[partial.place[mine]], partial.reached[mine]
    size = len(kept) + 1
    people = np.bincount(place[reached], minlength=size).tolist()
    others = np.bincount(place[~reached], minlength=size).tolist()
    order = np.argsort(place[reached], kind="stable")
    cuts = np.cumsum([0, *people])
    waits = partial.wait[mine][reached][order]
    rows = []
    for i, label in enumerate([*(name for _, name in kept), OTHER_LABEL]):
        if i == len(kept) and not people[i] and not others[i]:
            continue
        median, p90 = percentiles(waits[cuts[i] : cuts[i + 1]], (50, 90))
        share = people[i] / sum(people) if sum(people) else None
        lift = None
        if share is not None and others[i]:
            lift = people[i] * sum(others) / (others[i] * sum(people))
        rows.append(
            {
                "sequence": label,
                "people": people[i] * plan.params.sample,
                "share": share,
                "others": others[i] * plan.params.sample,
                "lift": lift,
                "median_seconds": None if median is None else median / 1000,
                "p90_seconds": None if p90 is None else p90 / 1000,
            }
        )
    return rows


def _funnel(sequence: np.ndarray, plan: Plan) -> dict[str, Any] | None:
    """Parameters of the funnel model that follow a sequence to the target; None for no steps."""
    steps: list[dict[str, Any]] = []
    for node in sequence[sequence != NO_NODE].tolist():
        name, value = plan.nodes.event(node)
        step: dict[str, Any] = {"event": name}
        own = plan.params.events.filter
        if value is not None:
            leaf = {"property": plan.params.property, "op": "=", "value": value}
            own = {"and": [own, leaf]} if own else leaf
        steps.append(step | ({"filter": own} if own else {}))
    if not steps:
        return None
    params = plan.params
    steps.append(params.target.model_dump(exclude_none=True))
    span = {"from": params.from_, "to": params.to}
    return {
        "steps": steps,
        "window": params.window.model_dump(),
        **({"filter": params.filter} if params.filter else {}),
        **{name: day.isoformat() for name, day in span.items() if day},
    }


def _caveats(partial: Approaches, plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    reached = int(partial.reached.sum()) * plan.params.sample
    if 0 < reached < SMALL_COHORT:
        caveats.append(
            Caveat(
                "small_cohort",
                f"只有 {reached} 人到达目标，占比可能只是偶然。",
                f"Only {reached} reached the target; the shares may be chance.",
            )
        )
    caveats += plan.groups.caveats(plan.params.values)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats
