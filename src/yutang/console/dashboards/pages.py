"""The dashboards of a brand, and one of them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yutang.analysis import MODELS
from yutang.console.analyse.conditions import OPERATORS, group_of
from yutang.console.dashboards.files import sheets
from yutang.console.dashboards.scoping import CHOICES, query_of, read_scope, span
from yutang.console.dashboards.view import Facts, facts_of
from yutang.console.exports import workbook
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.render import render
from yutang.errors import BadInput
from yutang.reports import READY, SHOWS, WIDTHS, Report, Scope

ROUTES = APIRouter()
WIDTH_WORDS = {
    3: mark("a quarter"), 4: mark("a third"), 6: mark("half"), 8: mark("two thirds"),
    9: mark("three quarters"), 12: mark("the whole row"),
}  # fmt: skip


@ROUTES.get("/b/{brand}/dashboards")
def list_(request: Request, session: Session = needs("analyse")) -> Response:
    found = session.brand.dashboards.list_()
    made = {one.ready for one in found}
    return render(
        request,
        "dashboards/list.html",
        dashboards=found,
        ready=[one for one in READY if one.key not in made],
        filled=facts_of(session).shards is not None,
    )


@ROUTES.get("/b/{brand}/dashboards/{dashboard_id}")
def one(request: Request, dashboard_id: int, session: Session = needs("analyse")) -> Response:
    board = session.brand.dashboards.get(dashboard_id)
    facts = facts_of(session)
    asked = request.query_params.multi_items()
    error: BadInput | None = None
    try:
        scope = read_scope(session, asked, board.settings, facts.words)
    except BadInput as bad:
        scope, error = Scope(), bad
    reports = {one.id: one for one in session.brand.reports.list_()}
    if request.query_params.get("as"):
        if error is not None:
            raise error
        return workbook(board.name, sheets(facts, board, reports, scope))
    editing = "edit" in request.query_params
    return render(
        request,
        "dashboards/board.html",
        "cards",
        status=422 if error else 200,
        board=board,
        reports=reports,
        error=error,
        editing=editing,
        removed=session.brand.dashboards.removed_card(board.id) if editing else None,
        measures={one.id: _measures(facts, one) for one in reports.values()} if editing else {},
        scope=scope,
        query=query_of(scope),
        span=span(session, scope),
        ranges=CHOICES,
        conditions=group_of(scope.filter),
        words=facts.words,
        operators=OPERATORS,
        add={},
        shows=SHOWS,
        widths={width: WIDTH_WORDS[width] for width in WIDTHS},
        titles={model.NAME: (model.ZH, model.EN) for model in MODELS},
        chart_name=board.name,
    )


def _measures(facts: Facts, report: Report) -> list[tuple[str, str]]:
    """The numbers a card may show: (column, title); empty where there is nothing to choose."""
    if report.model != "event" or facts.words is None:
        return []
    from yutang.analysis import Result, Table
    from yutang.console.analyse.answer import Asked
    from yutang.console.analyse.present_event import measure_titles

    nothing = Result("event", Table((), []))
    asked = Asked(facts.session, facts.words, "event", report.params, nothing)
    found = list(measure_titles(asked).items())
    return found if len(found) > 1 else []
