"""Views by page: how they are found in a view of the shards, counted, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import Caveat, Column, Result, Table, sampled, unknown_events
from yutang.analysis.order_statistics import percentiles
from yutang.analysis.path_table import LEFT_LABEL
from yutang.errors import BadInput
from yutang.sequence.kernels.events import sum_cells
from yutang.sequence.kernels.sessions import count_places
from yutang.sequence.view import View

if TYPE_CHECKING:
    from yutang.analysis.page import Plan

_VIEW = np.uint32(8)
_COUNTS = (
    Column("views", "浏览次数", "Views", "count"),
    Column("people", "人数", "People", "count"),
    Column("entries", "作为入口", "Entries", "count"),
    Column("exits", "作为出口", "Exits", "count"),
    Column("exit_rate", "退出率", "Exit rate", "rate"),
    Column("bounces", "只看此页", "Bounces", "count"),
    Column("bounce_rate", "跳出率", "Bounce rate", "rate"),
    Column("seconds", "平均停留", "Mean dwell", "seconds"),
    Column("median_seconds", "停留（中位数）", "Median dwell", "seconds"),
)
_PAGE = Column("page", "页面", "Page", "text")
_NEXT = (
    _PAGE,
    Column("next", "下一页", "Next page", "text"),
    Column("views", "次数", "Times", "count"),
    Column("people", "人数", "People", "count"),
    Column("rate", "占比", "Share", "rate"),
)


@dataclass(frozen=True)
class Views:
    """Views of a view of the shards, by entry: int64 row, int32 customer's position, bool first
    and last of the session, int64 page shown, next page shown (-1: left), float64 dwell (NaN)."""

    row: np.ndarray
    who: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    page: np.ndarray
    next: np.ndarray
    dwell: np.ndarray


@dataclass(frozen=True)
class Counted:
    """counts: int64 [groups + 1, items + 1, 5] views, people, entries, exits, bounces; the last
    row and column are totals. cell, dwell: by entry and cell. links: int64 [items, items + 1, 2]
    views and people, the last column LEFT."""

    counts: np.ndarray
    cell: np.ndarray
    dwell: np.ndarray
    links: np.ndarray


def _rows(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows of views within the sessions, their session's place, last rows of the sessions)."""
    found = plan.cutter.sessions(view)
    keys, table = plan.cutter.bits.of(view)
    session = np.zeros(view.rows + 1, np.int32)
    session[found.first] = 1
    session = np.cumsum(session, dtype=np.int32) - 1
    rows = np.flatnonzero(table[keys] & _VIEW)
    of_row = session[rows]
    # After a session's last row lie those of sessions and customers that are not counted.
    inside = of_row >= 0
    inside[inside] = rows[inside] <= found.last[of_row[inside]]
    return rows[inside], of_row[inside], found.last


def item_counts(view: View, plan: Plan) -> np.ndarray:
    """int64 by page: its views."""
    rows, _, _ = _rows(view, plan)
    return np.bincount(plan.items.of_rows(view, rows), minlength=len(plan.items.labels))


def group_rows(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """What groups are found by: rows, and their customers' positions."""
    rows, _, _ = _rows(view, plan)
    return rows, view.place[rows]


def _views(view: View, plan: Plan) -> Views:
    rows, session, last = _rows(view, plan)
    page = plan.items.rank[plan.items.of_rows(view, rows)]
    same = session[1:] == session[:-1]
    end = np.concatenate([~same, np.ones(min(rows.size, 1), np.bool_)])
    entry = np.concatenate([np.ones(min(rows.size, 1), np.bool_), ~same])
    following = np.where(end, -1, np.append(page[1:], -1)[: rows.size])
    if plan.params.dwell is not None:
        dwell = view.values(plan.params.dwell)[rows]
    else:
        until = np.where(end, last[session], np.append(rows[1:], 0)[: rows.size])
        dwell = (view.time[until] - view.time[rows]) / 1000
        dwell[until == rows] = np.nan
    who = view.place[rows].astype(np.int32)
    return Views(rows, who, entry, end, page, following, dwell)


def run(view: View, plan: Plan) -> Counted:
    """Views counted by group and page."""
    found = _views(view, plan)
    groups, width = plan.groups.count, plan.items.count + 1
    every = np.arange(found.row.size)
    counts = np.zeros((groups + 1, width, 5), np.int64)
    cells = [
        (every, groups * width + found.page),
        (every, np.full(every.size, groups * width + width - 1)),
    ]
    if plan.groups.dims:
        at, place = plan.groups.places(view, found.row, found.who)
        cells += [(at, place * width + found.page[at]), (at, place * width + width - 1)]
    for entries, cell in cells:
        _add(counts.reshape(-1, 5), found, entries, cell)
    entries = np.concatenate([one for one, _ in cells])
    cell = np.concatenate([one for _, one in cells])
    present = ~np.isnan(found.dwell[entries])
    left = np.where(found.next < 0, width - 1, found.next)
    link = found.page * width + left
    times, people = count_places(link, found.who, plan.items.count * width)
    links = np.stack([times, people], axis=1).reshape(plan.items.count, width, 2)
    return Counted(counts, _small(cell[present]), found.dwell[entries][present], links)


def _small(cell: np.ndarray) -> np.ndarray:
    """As uint16 where they fit, as they nearly always do: it is sorted ten times faster."""
    return cell.astype(np.uint16) if not cell.size or cell.max() < 1 << 16 else cell


def _add(counts: np.ndarray, found: Views, entries: np.ndarray, cell: np.ndarray) -> None:
    size = len(counts)
    times, people = count_places(cell, found.who[entries], size)
    entry, end = found.entry[entries], found.exit[entries]
    counts[:, 0] += times
    counts[:, 1] += people
    for place, flag in ((2, entry), (3, end), (4, entry & end)):
        counts[:, place] += np.bincount(cell[flag], minlength=size)


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The views of all views of the shards."""
    groups, width = plan.groups.count, plan.items.count + 1
    counts = np.zeros((groups + 1, width, 5), np.int64)
    links = np.zeros((plan.items.count, width, 2), np.int64)
    return Counted(
        sum((part.counts for part in partials), counts),
        np.concatenate([np.empty(0, np.uint16), *(part.cell for part in partials)]),
        np.concatenate([np.empty(0), *(part.dwell for part in partials)]),
        sum((part.links for part in partials), links),
    )


def shape(partial: Counted, plan: Plan) -> Result:
    """Table by page (and group), totals, next pages, chart, caveats."""
    width, groups = plan.items.count + 1, plan.groups.count
    order = np.argsort(partial.cell, kind="stable")
    dwell = partial.dwell[order]
    cuts = np.searchsorted(partial.cell[order], np.arange((groups + 1) * width + 1))
    means, have, _, _ = sum_cells(
        partial.cell.astype(np.int64), partial.dwell, (groups + 1) * width
    )

    def numbers(g: int, page: int) -> dict[str, Any]:
        cell = g * width + page
        mean = float(means[cell] / have[cell]) if have[cell] else None
        median = percentiles(dwell[cuts[cell] : cuts[cell + 1]], (50,))[0]
        return {
            **_row(partial.counts[g, page].tolist(), plan.params.sample),
            "seconds": mean,
            "median_seconds": median,
        }

    def rows_of(g: int) -> list[dict[str, Any]]:
        return [
            {"page": name, **numbers(g, page)}
            for page, name in enumerate(plan.items.names)
            if partial.counts[g, page, 0]
        ]

    whole = rows_of(groups)
    tables = {"total": Table(_COUNTS, [numbers(groups, width - 1)]), "next": _next(partial, plan)}
    rows, columns = whole, [_PAGE, *_COUNTS]
    if plan.groups.dims:
        shown = list(enumerate(plan.groups.labels)) if plan.groups.keys else []
        columns = [*plan.groups.columns, *columns]
        rows = [{**plan.groups.cells(label), **r} for g, label in shown for r in rows_of(g)]
        of_group = [{**plan.groups.cells(label), **numbers(g, width - 1)} for g, label in shown]
        tables["groups"] = Table((*plan.groups.columns, *_COUNTS), of_group)
        tables["all"] = Table((_PAGE, *_COUNTS), whole)
    return Result(
        model="page",
        table=Table(tuple(columns), rows),
        tables=tables,
        chart={
            "kind": "bar",
            "categories": [[row["page"]] for row in whole],
            "series": [{"name": ["views"], "values": [row["views"] for row in whole]}],
        },
        caveats=tuple(caveats(plan)),
        facts_version=plan.facts_version,
    )


def _row(counts: list[int], scale: int) -> dict[str, Any]:
    views, people, entries, exits, bounces = counts
    return {
        "views": views * scale,
        "people": people * scale,
        "entries": entries * scale,
        "exits": exits * scale,
        "exit_rate": exits / views if views else None,
        "bounces": bounces * scale,
        "bounce_rate": bounces / entries if entries else None,
    }


def _next(partial: Counted, plan: Plan) -> Table:
    names = [*plan.items.names, LEFT_LABEL]
    rows = []
    for page, name in enumerate(plan.items.names):
        views = int(partial.links[page, :, 0].sum())
        for to in np.flatnonzero(partial.links[page, :, 0]).tolist():
            times, people = (partial.links[page, to] * plan.params.sample).tolist()
            rate = int(partial.links[page, to, 0]) / views
            rows.append(
                {"page": name, "next": names[to], "views": times, "people": people, "rate": rate}
            )
    place = {name: i for i, name in enumerate(names)}
    rows.sort(key=lambda row: (place[row["page"]], -row["views"], row["next"]))
    return Table(_NEXT, rows)


def caveats(plan: Plan) -> list[Caveat]:
    """What is true of both kinds of rows."""
    found = [unknown_events(plan.unknown)] if plan.unknown else []
    found += plan.groups.caveats(plan.params.values)
    if plan.params.sample > 1:
        found.append(sampled(plan.params.sample))
    return found


def check_cell(plan: Plan, cell: Mapping[str, Any]) -> None:
    """Raises BadInput for a cell that cannot be."""
    names = plan.items.names
    wrong = set(cell) - {"page", "next", "entry", "exit", "group"}
    page, following = cell.get("page"), cell.get("next")
    if wrong or (page is not None and page not in names):
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    if following is not None and following not in [*names, LEFT_LABEL]:
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))


def behind(
    view: View, plan: Plan, cell: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, customers' positions, whether each counts in the cell)."""
    found, names = _views(view, plan), plan.items.names
    chosen = np.ones(found.row.size, np.bool_)
    if cell.get("page") is not None:
        chosen &= found.page == names.index(cell["page"])
    if cell.get("next") is not None:
        chosen &= found.next == (-1 if cell["next"] == LEFT_LABEL else names.index(cell["next"]))
    if cell.get("entry"):
        chosen &= found.entry
    if cell.get("exit"):
        chosen &= found.exit
    return found.row, found.who, chosen
