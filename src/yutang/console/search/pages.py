"""One box for customers, saved reports and pages."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yutang.console.guard import Session, needs
from yutang.console.navigation import SECTIONS
from yutang.console.render import render
from yutang.console.settings.tabs import tabs_of
from yutang.customers import ROLES, STAGES

ROUTES = APIRouter()
LIMIT = 12


@ROUTES.get("/b/{brand}/search")
def search(request: Request, session: Session = needs("see")) -> Response:
    text = request.query_params.get("q", "").strip()[:200]
    return render(
        request,
        "search/results.html",
        q=text,
        customers=session.brand.customers.search(text, limit=LIMIT) if text else [],
        reports=_reports(session, text) if text and session.may("analyse") else [],
        pages=_pages(session, text),
        stages=STAGES,
        roles_of=ROLES,
    )


def _reports(session: Session, text: str) -> list[object]:
    wanted = text.casefold()
    return [one for one in session.brand.reports.list_() if wanted in one.name.casefold()][:LIMIT]


def _pages(session: Session, text: str) -> list[tuple[str, str, str]]:
    """(title, address, icon) of the pages whose title holds the text; all of them without one."""
    pages = [(session.text(s.title), s.path, s.icon) for s in SECTIONS if session.may(s.right)]
    pages += [
        (session.text(title), f"settings/{path}", "settings") for path, title in tabs_of(session)
    ]
    wanted = text.casefold()
    return [page for page in pages if wanted in page[0].casefold()]
