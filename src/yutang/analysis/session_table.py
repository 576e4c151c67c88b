"""The session model's partials, and their way into tables, chart and caveats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table, sampled, unknown_events
from yutang.analysis.groups import factorize
from yutang.analysis.order_statistics import percentiles
from yutang.analysis.sessions import open_sessions
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.kernels.sessions import (
    BOUNCES,
    EVENTS,
    LENGTH,
    PEOPLE,
    SESSIONS,
)

if TYPE_CHECKING:
    from yutang.analysis.session import Plan

_MOST_CELLS = 200_000
_MOST_PAGES = 100
_SECOND = 1000
DEPTHS = frozen(np.array([2, 3, 4, 5, 10, 20], np.int64))
_DEPTH_LABELS = ("1", "2", "3", "4", "5–9", "10–19", "≥ 20")
LENGTHS = frozen(np.array([1, 10, 30, 60, 180, 600, 1800, 3600], np.int64) * _SECOND)
LENGTH_LABELS = (
    "< 1 s", "1–10 s", "10–30 s", "30–60 s", "1–3 min", "3–10 min", "10–30 min", "30–60 min",
    "≥ 60 min",
)  # fmt: skip

_PERIOD = Column("period", "日期", "Date", "period")
_COUNTS = (
    Column("sessions", "会话数", "Sessions", "count"),
    Column("people", "人数", "People", "count"),
    Column("sessions_per_person", "人均会话", "Sessions per person", "number"),
    Column("depth", "会话深度（事件数）", "Depth (events)", "number"),
    Column("bounce_rate", "跳出率", "Bounce rate", "rate"),
    Column("seconds", "平均时长", "Mean length", "seconds"),
)
_TIMES = (
    Column("median_seconds", "时长（中位数）", "Median length", "seconds"),
    Column("p90_seconds", "时长（P90）", "Length, P90", "seconds"),
)
_ENDS = (
    Column("sessions", "会话数", "Sessions", "count"),
    Column("people", "人数", "People", "count"),
    Column("rate", "占比", "Share", "rate"),
    Column("bounces", "只此一步的会话", "Sessions of this event only", "count"),
)


def check_size(periods: int, groups: int) -> None:
    """Raises BadInput where the table would be too large to show."""
    if periods * groups > _MOST_CELLS:
        raise BadInput(
            "The result would have more than %(most)d cells.",
            hint="Choose a longer unit, a shorter range or fewer groups.",
            most=_MOST_CELLS,
        )


@dataclass(frozen=True)
class Ends:
    """Entry or exit pages: int64 distinct keys [n, 1], or [n, 2] after the place of the group, and
    [n, 3] sessions, people, bounces."""

    keys: np.ndarray
    counts: np.ndarray

    @classmethod
    def none(cls) -> Ends:
        return cls(np.empty((0, 2), np.int64), np.empty((0, 3), np.int64))

    def of_group(self, group: int) -> Ends:
        """Those of one group."""
        mine = self.keys[:, 0] == group
        return Ends(self.keys[mine, 1:], self.counts[mine])

    @classmethod
    def used(cls, keys: np.ndarray, counts: np.ndarray) -> Ends:
        """Those of the keys that any session begins or ends with."""
        there = counts[:, 0] > 0
        return cls(keys[there], counts[there])

    @classmethod
    def concat(cls, parts: list[Ends]) -> Ends:
        if not parts:
            return cls.none()
        keys = np.concatenate([part.keys for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        distinct, place = factorize(keys)
        summed = np.zeros((len(distinct), 3), np.int64)
        np.add.at(summed, place, counts)
        return cls(distinct, summed)


@dataclass(frozen=True)
class Visits:
    """Counted sessions.

    cells: int64 [periods + 1, groups + 1, 5], last row and column totals; of_depth, of_length:
    int64 histograms; length: ms of the sessions that lasted at all; group, group_length: the same
    once for each group a session is in; open: sessions that may still go on.
    """

    cells: np.ndarray
    of_depth: np.ndarray
    of_length: np.ndarray
    length: np.ndarray
    group: np.ndarray
    group_length: np.ndarray
    entry: Ends
    exit: Ends
    entry_by_group: Ends
    exit_by_group: Ends
    open: int

    @classmethod
    def concat(cls, parts: list[Visits], cells: tuple[int, int]) -> Visits:
        none = np.empty(0, np.int64)
        return cls(
            cells=sum((part.cells for part in parts), np.zeros((*cells, 5), np.int64)),
            of_depth=sum((p.of_depth for p in parts), np.zeros(len(_DEPTH_LABELS), np.int64)),
            of_length=sum((p.of_length for p in parts), np.zeros(len(LENGTH_LABELS), np.int64)),
            length=np.concatenate([none, *(part.length for part in parts)]),
            group=np.concatenate([none, *(part.group for part in parts)]),
            group_length=np.concatenate([none, *(part.group_length for part in parts)]),
            entry=Ends.concat([part.entry for part in parts]),
            exit=Ends.concat([part.exit for part in parts]),
            entry_by_group=Ends.concat([part.entry_by_group for part in parts]),
            exit_by_group=Ends.concat([part.exit_by_group for part in parts]),
            open=sum(part.open for part in parts),
        )


def page_label(plan: Plan, key: int) -> Any:
    """What a person reads for an entry or exit."""
    return plan.event_names[key] if plan.page is None else plan.page.label(key)


def shape(partial: Visits, plan: Plan) -> Result:
    """Table by period and group, exact totals, entry and exit pages, histograms, chart."""
    labels, titles = plan.groups.labels, plan.groups.columns
    period = [_PERIOD] if plan.params.unit != "total" else []
    days = [{"period": name} if period else {} for name in plan.periods]
    scale, whole, every = plan.params.sample, len(plan.periods), plan.groups.count

    def row(p: int, g: int) -> dict[str, Any]:
        return _counts(partial.cells[p, g].tolist(), scale)

    shown = list(enumerate(labels)) if plan.groups.keys or not plan.groups.dims else []
    rows = [
        {**day, **plan.groups.cells(label), **row(p, g)}
        for p, day in enumerate(days)
        for g, label in shown
    ]
    total = {**row(whole, every), **_lengths(partial.length, partial.cells[whole, every])}
    tables = {"total": Table((*_COUNTS, *_TIMES), [total])}
    if plan.groups.dims:
        found = [
            {
                **plan.groups.cells(label),
                **row(whole, g),
                **_lengths(partial.group_length[partial.group == g], partial.cells[whole, g]),
            }
            for g, label in shown
        ]
        tables["groups"] = Table((*titles, *_COUNTS, *_TIMES), found)
        by_period = [{**day, **row(p, every)} for p, day in enumerate(days)]
        tables["periods"] = Table((*period, *_COUNTS), by_period)
    tables["entry"] = _ends(partial.entry, plan, "entry", ("入口", "Entry"))
    tables["exit"] = _ends(partial.exit, plan, "exit", ("出口", "Exit"))
    if plan.groups.dims:
        tables["entry_by_group"] = _ends_by_group(partial.entry_by_group, plan, tables["entry"])
        tables["exit_by_group"] = _ends_by_group(partial.exit_by_group, plan, tables["exit"])
    tables["depth"] = _histogram("depth", "深度", "Depth", _DEPTH_LABELS, partial.of_depth, scale)
    tables["length"] = _histogram(
        "length", "时长", "Length", LENGTH_LABELS, partial.of_length, scale
    )
    return Result(
        model="session",
        table=Table((*period, *titles, *_COUNTS), rows),
        tables=tables,
        chart=_chart(rows, [label for _, label in shown], plan),
        caveats=tuple(_caveats(partial, plan)),
        facts_version=plan.facts_version,
    )


def _counts(cell: list[int], scale: int) -> dict[str, Any]:
    sessions, people = cell[SESSIONS], cell[PEOPLE]
    return {
        "sessions": sessions * scale,
        "people": people * scale,
        "sessions_per_person": sessions / people if people else None,
        "depth": cell[EVENTS] / sessions if sessions else None,
        "bounce_rate": cell[BOUNCES] / sessions if sessions else None,
        "seconds": cell[LENGTH] / (sessions * _SECOND) if sessions else None,
    }


def _lengths(lasted: np.ndarray, cell: np.ndarray) -> dict[str, Any]:
    """Median and P90 in seconds over all sessions; those that did not last have 0."""
    sessions = int(cell[SESSIONS])
    found = percentiles(lasted, (50, 90), zeros=sessions - lasted.size)
    names = ("median_seconds", "p90_seconds")
    return {n: None if v is None else v / _SECOND for n, v in zip(names, found, strict=True)}


def _ends(ends: Ends, plan: Plan, name: str, titles: tuple[str, str]) -> Table:
    """The largest pages, by sessions then name."""
    total = int(ends.counts[:, 0].sum())
    order = np.argsort(-ends.counts[:, 0], kind="stable")
    if order.size > _MOST_PAGES:  # only those that may be shown need a name
        least = ends.counts[order[_MOST_PAGES - 1], 0]
        order = order[ends.counts[order, 0] >= least]
    found = [(page_label(plan, int(ends.keys[i, 0])), ends.counts[i].tolist()) for i in order]
    found.sort(key=lambda one: (-one[1][0], str(one[0])))
    scale = plan.params.sample
    rows = [
        {
            name: label,
            "sessions": sessions * scale,
            "people": people * scale,
            "rate": sessions / total,
            "bounces": bounces * scale,
        }
        for label, (sessions, people, bounces) in found[:_MOST_PAGES]
    ]
    return Table((Column(name, *titles, "text"), *_ENDS), rows)


def _ends_by_group(ends: Ends, plan: Plan, whole: Table) -> Table:
    """The largest pages of each group; columns as those of the table of all."""
    name, title = whole.columns[0].name, whole.columns[0]
    rows = [
        {**plan.groups.cells(label), **row}
        for g, label in enumerate(plan.groups.labels)
        for row in _ends(ends.of_group(g), plan, name, (title.zh, title.en)).rows
    ]
    return Table((*plan.groups.columns, *whole.columns), rows)


def _histogram(
    name: str, zh: str, en: str, labels: tuple[str, ...], counts: np.ndarray, scale: int
) -> Table:
    total = int(counts.sum())
    rows = [
        {name: label, "sessions": n * scale, "rate": n / total if total else None}
        for label, n in zip(labels, counts.tolist(), strict=True)
    ]
    return Table((Column(name, zh, en, "text"), _ENDS[0], _ENDS[2]), rows)


def _chart(rows: list[dict[str, Any]], labels: list[Any], plan: Plan) -> dict[str, Any]:
    if plan.params.unit == "total":
        values = [row["sessions"] for row in rows]
        return {
            "kind": "bar",
            "categories": [list(label) for label in labels],
            "series": [{"name": ["sessions"], "values": values}],
        }
    series = [
        {"name": ["sessions", *label], "values": [r["sessions"] for r in rows[g :: len(labels)]]}
        for g, label in enumerate(labels)
    ]
    return {"kind": "line", "categories": plan.periods, "series": series}


def _caveats(partial: Visits, plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    if partial.open:
        caveats.append(open_sessions(partial.open * plan.params.sample))
    caveats += plan.groups.caveats(plan.params.values)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats
