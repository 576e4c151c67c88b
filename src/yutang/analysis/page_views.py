"""Views by page: how they are found in a view of the shards, counted, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.cell_values import CellValues
from yutang.analysis.contract import Caveat, Column, Result, Table, sampled, unknown_events
from yutang.analysis.path_table import LEFT_LABEL
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.kernels.views import VIEWS, count_pages, count_views, find_views
from yutang.sequence.matching import kept_customers
from yutang.sequence.view import View

if TYPE_CHECKING:
    from yutang.analysis.page import Plan

# The place of the matcher of views, after those that cut.
_VIEW = 3
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
    """Views of a view of the shards, by entry: int32 row, customer's position, page shown, next
    page shown (-1: left), bool first of the session, float64 dwell (NaN)."""

    row: np.ndarray
    who: np.ndarray
    page: np.ndarray
    next: np.ndarray
    entry: np.ndarray
    dwell: np.ndarray


@dataclass(frozen=True)
class Counted:
    """counts: int64 [groups + 1, items + 1, 5] views, people, entries, exits, bounces; the last
    row and column are totals. dwell: seconds by row and column of it, none in the last column.
    links: int64 [items, items + 1, 2] views and people, the last column LEFT."""

    counts: np.ndarray
    links: np.ndarray
    dwell: CellValues


def _arguments(view: View, plan: Plan, of_values: Any) -> tuple[Any, ...]:
    """What both kernels read; of_values: what each wants to know of the values."""
    cut = plan.cutter
    keys, table = cut.bits.of(view)
    keep = kept_customers(view, cut.of_customer, cut.sample)
    return (
        keys, table, _VIEW, view.time, view.offsets, keep, cut.idle, cut.lo, cut.hi,
        view.values(plan.items.name), of_values,
    )  # fmt: skip


def item_counts(view: View, plan: Plan) -> np.ndarray:
    """int64 by page: its views."""
    counts = np.zeros(len(plan.items.labels), np.int64)
    found = count_pages(*_arguments(view, plan, plan.items.of_code.size))
    np.add.at(counts, plan.items.of_code, found)
    return counts


def group_rows(view: View, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """What groups are found by: rows, and their customers' positions."""
    found = _views(view, plan)
    return found.row.astype(np.int64), found.who.astype(np.int64)


def _views(view: View, plan: Plan) -> Views:
    place_of = plan.items.rank[plan.items.of_code].astype(np.int32)
    found = Views(*find_views(*_arguments(view, plan, frozen(place_of))))
    if plan.params.dwell is not None:
        found = replace(found, dwell=view.values(plan.params.dwell)[found.row])
    return found


def run(view: View, plan: Plan) -> Counted:
    """Views counted by group and page."""
    found, groups = _views(view, plan), plan.groups
    group_at, group_of = groups.of_items(view, found.row, found.who)
    counts, links, dwell, cuts = count_views(
        found.who, found.page, found.next, found.entry, found.dwell, plan.items.count,
        group_at, group_of, groups.count,
    )  # fmt: skip
    return Counted(counts, links, CellValues(dwell, cuts))


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The views of all views of the shards."""
    groups, width = plan.groups.count, plan.items.count + 1
    counts = np.zeros((groups + 1, width, 5), np.int64)
    links = np.zeros((plan.items.count, width, 2), np.int64)
    cells = np.arange((groups + 1) * width)
    return Counted(
        sum((part.counts for part in partials), counts),
        sum((part.links for part in partials), links),
        CellValues.join([(part.dwell, cells) for part in partials], cells.size, np.float64),
    )


def shape(partial: Counted, plan: Plan) -> Result:
    """Table by page (and group), totals, next pages, chart, caveats."""
    width, groups = plan.items.count + 1, plan.groups.count
    means = partial.dwell.sums()

    def numbers(g: int, page: int) -> dict[str, Any]:
        # The last column stands for all of its row.
        first, end = g * width + (page if page < width - 1 else 0), g * width + page + 1
        mean, median = means.mean(first, end), partial.dwell.percentiles(first, end, (50,))[0]
        return {
            **_row(partial.counts[g, page].tolist(), plan.params.sample),
            "seconds": mean,
            "median_seconds": median,
        }

    order, names = plan.items.order(partial.counts[groups, :-1, VIEWS]), plan.items.names

    def rows_of(g: int) -> list[dict[str, Any]]:
        return [
            {"page": names[page], **numbers(g, page)}
            for page in order
            if partial.counts[g, page, VIEWS]
        ]

    whole = rows_of(groups)
    tables = {
        "total": Table(_COUNTS, [numbers(groups, width - 1)]),
        "next": _next(partial, plan, order),
    }
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


def _next(partial: Counted, plan: Plan, order: list[int]) -> Table:
    names = [*plan.items.names, LEFT_LABEL]
    rows = []
    for page in order:
        name = names[page]
        views = int(partial.links[page, :, 0].sum())
        for to in np.flatnonzero(partial.links[page, :, 0]).tolist():
            times, people = (partial.links[page, to] * plan.params.sample).tolist()
            rate = int(partial.links[page, to, 0]) / views
            rows.append(
                {"page": name, "next": names[to], "views": times, "people": people, "rate": rate}
            )
    place = {names[page]: i for i, page in enumerate(order)}
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
        chosen &= found.next < 0
    return found.row.astype(np.int64), found.who.astype(np.int64), chosen
