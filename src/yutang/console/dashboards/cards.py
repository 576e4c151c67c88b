"""One card of a dashboard, loaded by itself so that the page shows at once."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yutang.console.analyse.answer import change
from yutang.console.dashboards.scoping import read_scope
from yutang.console.dashboards.view import facts_of, show
from yutang.console.guard import Session, needs
from yutang.console.render import render
from yutang.errors import NotFound

ROUTES = APIRouter()


@ROUTES.get("/b/{brand}/dashboards/{dashboard_id}/cards/{card_id}")
def card(
    request: Request, dashboard_id: int, card_id: int, session: Session = needs("analyse")
) -> Response:
    board = session.brand.dashboards.get(dashboard_id)
    found = next((one for one in board.cards if one.id == card_id), None)
    if found is None:
        raise NotFound("There is no such card.", hint="Somebody may have removed it.")
    facts = facts_of(session)
    scope = read_scope(session, request.query_params.multi_items(), board.settings, facts.words)
    report = session.brand.reports.get(found.report_id) if found.report_id else None
    return render(
        request,
        "dashboards/card.html",
        "card",
        board=board,
        shown=show(facts, found, report, scope),
        change=change,
    )
