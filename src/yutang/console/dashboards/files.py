"""The tables of a dashboard's cards, for a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yutang.console.analyse.files import reader
from yutang.console.dashboards.view import Facts, facts_of, whole_grid
from yutang.errors import BadInput, YutangError
from yutang.kit.sheets import Sheet
from yutang.reports import SQL, Dashboard, Report, Scope, scope_of


def sheets(
    facts: Facts, board: Dashboard, reports: Mapping[int, Report], scope: Scope
) -> list[Sheet]:
    """A sheet for each card that has a report; what could not be answered says why. Raises BadInput
    where there is none."""
    found = [
        Sheet(card.title or report.name, *_table(facts, report, scope))
        for card in board.cards
        if card.report_id is not None and (report := reports.get(card.report_id)) is not None
    ]
    if not found:
        raise BadInput(
            "There is no card with numbers on this dashboard.", hint="Add a saved report first."
        )
    return found


def sheets_of_board(brand: Any, board: Dashboard, code: str) -> list[Sheet]:
    """The same without a reader, under the dashboard's own days and filter, in one language.
    Questions in SQL stay out: their rows may be about persons. Raises BadInput."""
    reports = {one.id: one for one in brand.reports.list_() if one.model != SQL}
    return sheets(
        facts_of(reader(brand, code)),
        board,
        reports,
        scope_of(board.settings, brand.measure.today()),
    )


def _table(facts: Facts, report: Report, scope: Scope) -> tuple[list[str], list[list[Any]]]:
    session = facts.session
    try:
        grid = whole_grid(facts, report, scope)
    except YutangError as error:
        said = session.text(error.message, **error.params)
        return [session.text("This card could not be answered")], [[said]]
    return grid.flat_heads(session.text(" (compared)")), [grid.flat_row(row) for row in grid.rows]
