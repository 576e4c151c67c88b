"""Persons and channel codes: how far they came after the first scan, and how that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table
from yutang.analysis.groups import factorize
from yutang.analysis.order_statistics import percentiles
from yutang.analysis.page_views import caveats
from yutang.errors import BadInput
from yutang.sequence.kernels.events import select_rows
from yutang.sequence.kernels.sessions import count_places
from yutang.sequence.kernels.stages import NEVER, first_after
from yutang.sequence.matching import kept_customers
from yutang.sequence.view import View

if TYPE_CHECKING:
    from yutang.analysis.page import Plan

_FIRST_BIT = 3
_EVER = 1 << 60
_CHANNEL = Column("channel", "渠道", "Channel", "text")


@dataclass(frozen=True)
class Scans:
    """The first scan of each person and code: int64 row, int32 customer's position, int64 code
    shown, times scanned; waits: int64 ms [n, stages], 0 for the first, `NEVER`."""

    row: np.ndarray
    who: np.ndarray
    code: np.ndarray
    times: np.ndarray
    waits: np.ndarray


@dataclass(frozen=True)
class Counted:
    """people: int64 [groups + 1, items + 1, stages]; times: int64 [groups + 1, items + 1];
    cell, wait: int64 by entry and cell, wait [n, stages]; still: persons whose window is open."""

    people: np.ndarray
    times: np.ndarray
    cell: np.ndarray
    wait: np.ndarray
    still: int


def _stage_rows(
    view: View, plan: Plan, stage: int, lo: int, hi: int
) -> tuple[np.ndarray, np.ndarray]:
    keys, table = plan.cutter.bits.of(view)
    keep = kept_customers(view, plan.cutter.of_customer, plan.cutter.sample)
    found: tuple[np.ndarray, np.ndarray] = select_rows(
        keys, table, _FIRST_BIT + stage, view.time, view.offsets, keep, lo, hi
    )
    return found


def item_counts(view: View, plan: Plan) -> np.ndarray:
    """int64 by code: its scans."""
    rows, _ = _stage_rows(view, plan, 0, plan.cutter.lo, plan.cutter.hi + 1)
    return np.bincount(plan.items.of_rows(view, rows), minlength=len(plan.items.labels))


def group_rows(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """What groups are found by: the first scans."""
    found = _scans(view, plan)
    return found.row, found.who


def _scans(view: View, plan: Plan) -> Scans:
    rows, who = _stage_rows(view, plan, 0, plan.cutter.lo, plan.cutter.hi + 1)
    item = plan.items.of_rows(view, rows)
    pairs, place = factorize(np.column_stack([who, item]))
    first = np.full(len(pairs), rows.size, np.int64)
    np.minimum.at(first, place, np.arange(rows.size))
    order = np.argsort(first)  # by customer, then time, as the rows are
    first, times = first[order], np.bincount(place, minlength=len(pairs))[order]
    row, mine = rows[first], who[first].astype(np.int32)
    own = plan.items.name
    code = view.values(own)[row].astype(np.int64)
    waits = np.zeros((row.size, len(plan.params.stages)), np.int64)
    for stage in range(1, len(plan.params.stages)):
        of_stage, whose = _stage_rows(view, plan, stage, -_EVER, _EVER)
        if plan.params.first and stage == len(plan.params.stages) - 1 and whose.size:
            new = np.concatenate([[True], whose[1:] != whose[:-1]])
            of_stage, whose = of_stage[new], whose[new]
        waits[:, stage] = first_after(
            mine, view.time[row], code, whose.astype(np.int32), view.time[of_stage],
            view.values(own)[of_stage].astype(np.int64), plan.params.window.milliseconds,
        )  # fmt: skip
    return Scans(row, mine, plan.items.rank[item[first]], times, waits)


def run(view: View, plan: Plan) -> Counted:
    """Persons counted by group, code and stage."""
    found = _scans(view, plan)
    groups, width = plan.groups.count, plan.items.count + 1
    every = np.arange(found.row.size)
    at, place = every, np.zeros(every.size, np.int64)
    if plan.groups.dims:
        at, place = plan.groups.places(view, found.row, found.who)
    cells = (
        (at, place * width + found.code[at]),
        (at, place * width + width - 1),
        (every, groups * width + found.code),
        (every, np.full(every.size, groups * width + width - 1)),
    )
    stages, size = len(plan.params.stages), (groups + 1) * width
    people, times = np.zeros((size, stages), np.int64), np.zeros(size, np.int64)
    for entries, cell in cells:
        np.add.at(times, cell, found.times[entries])
        for stage in range(stages):
            done = np.where(found.waits[entries, stage] == NEVER, -1, cell)
            people[:, stage] += count_places(done, found.who[entries], size)[1]
    last = (view.shards.span or (0, 0))[1]
    unfinished = (found.waits == NEVER).any(axis=1)
    still = unfinished & (view.time[found.row] + plan.params.window.milliseconds > last)
    entries = np.concatenate([one for one, _ in cells])
    return Counted(
        people.reshape(groups + 1, width, stages),
        times.reshape(groups + 1, width),
        np.concatenate([one for _, one in cells]),
        found.waits[entries],
        int(np.unique(found.who[still]).size),
    )


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The persons of all views."""
    size, stages = (plan.groups.count + 1, plan.items.count + 1), len(plan.params.stages)
    return Counted(
        sum((part.people for part in partials), np.zeros((*size, stages), np.int64)),
        sum((part.times for part in partials), np.zeros(size, np.int64)),
        np.concatenate([np.empty(0, np.int64), *(part.cell for part in partials)]),
        np.concatenate([np.empty((0, stages), np.int64), *(part.wait for part in partials)]),
        sum(part.still for part in partials),
    )


def _columns(plan: Plan) -> list[Column]:
    titles = [stage.name or " / ".join(stage.names) for stage in plan.params.stages]
    columns = [Column("times", f"{titles[0]} 次数", f"{titles[0]}, times", "count")]
    for k, title in enumerate(titles, start=1):
        columns.append(Column(f"people_{k}", title, title, "count"))
        if k > 1:
            columns.append(Column(f"rate_{k}", f"{title} 占比", f"{title}, rate", "rate"))
            zh, en = f"{title} 用时（中位数）", f"{title}, median time"
            columns.append(Column(f"median_seconds_{k}", zh, en, "seconds"))
    return columns


def shape(partial: Counted, plan: Plan) -> Result:
    """Table by code (and group), totals, chart, caveats."""
    groups, width = plan.groups.count, plan.items.count + 1
    order = np.argsort(partial.cell, kind="stable")
    waits = partial.wait[order]
    cuts = np.searchsorted(partial.cell[order], np.arange((groups + 1) * width + 1))

    def numbers(g: int, item: int) -> dict[str, Any]:
        cell = g * width + item
        scale = plan.params.sample
        counts = partial.people[g, item].tolist()
        row: dict[str, Any] = {"times": int(partial.times[g, item]) * scale}
        row["people_1"] = counts[0] * scale
        for k in range(1, len(counts)):
            done = waits[cuts[cell] : cuts[cell + 1], k]
            median = percentiles(done[done != NEVER], (50,))[0]
            row[f"people_{k + 1}"] = counts[k] * scale
            row[f"rate_{k + 1}"] = counts[k] / counts[0] if counts[0] else None
            row[f"median_seconds_{k + 1}"] = None if median is None else median / 1000
        return row

    order_of_codes, names = plan.items.order(partial.times[groups, :-1]), plan.items.names

    def rows_of(g: int) -> list[dict[str, Any]]:
        return [
            {"channel": names[item], **numbers(g, item)}
            for item in order_of_codes
            if partial.times[g, item]
        ]

    own = _columns(plan)
    whole = rows_of(groups)
    tables = {"total": Table(tuple(own), [numbers(groups, width - 1)])}
    rows, columns = whole, [_CHANNEL, *own]
    if plan.groups.dims:
        shown = list(enumerate(plan.groups.labels)) if plan.groups.keys else []
        rows = [{**plan.groups.cells(label), **r} for g, label in shown for r in rows_of(g)]
        of_group = [{**plan.groups.cells(label), **numbers(g, width - 1)} for g, label in shown]
        tables["groups"] = Table((*plan.groups.columns, *own), of_group)
        tables["all"] = Table(tuple(columns), whole)
        columns = [*plan.groups.columns, *columns]
    return Result(
        model="page",
        table=Table(tuple(columns), rows),
        tables=tables,
        chart=_chart(whole, plan),
        caveats=(*_open(partial, plan), *caveats(plan)),
        facts_version=plan.facts_version,
    )


def _chart(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """One series per stage, one value per code."""
    names = [f"people_{k}" for k in range(1, len(plan.params.stages) + 1)]
    return {
        "kind": "bar",
        "categories": [[row["channel"]] for row in rows],
        "series": [{"name": [name], "values": [row[name] for row in rows]} for name in names],
    }


def _open(partial: Counted, plan: Plan) -> list[Caveat]:
    if not partial.still:
        return []
    waiting = partial.still * plan.params.sample
    return [
        Caveat(
            "open_window",
            f"{waiting:,} 人的窗口期到数据截止时还没结束，后面可能还会转化。",
            f"For {waiting:,} the window was still open at the last fact; they may yet go on.",
        )
    ]


def check_cell(plan: Plan, cell: Mapping[str, Any]) -> None:
    """Raises BadInput for a cell that cannot be."""
    stage, channel = cell.get("stage", 1), cell.get("channel")
    if (
        set(cell) - {"channel", "stage", "group"}
        or (type(stage) is not int or not 1 <= stage <= len(plan.params.stages))
        or (channel is not None and channel not in plan.items.names)
    ):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))


def behind(
    view: View, plan: Plan, cell: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, customers' positions, whether each counts in the cell)."""
    found = _scans(view, plan)
    chosen = found.waits[:, cell.get("stage", 1) - 1] != NEVER
    if cell.get("channel") is not None:
        chosen &= found.code == plan.items.names.index(cell["channel"])
    return found.row, found.who, chosen
