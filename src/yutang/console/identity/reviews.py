"""What waits for somebody's judgement, and what was decided by hand."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.identity_kinds import kind_of
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.changing import handed
from yutang.console.language import mark
from yutang.console.render import render
from yutang.console.tables import Pager, read_query

ROUTES = APIRouter()
ANSWERS = {
    "open": mark("waiting"),
    "apart": mark("joins nobody"),
    "joined": mark("one person"),
}
_TABS = (
    ("", mark("Customers"), "see"),
    ("/lifecycle", mark("Lifecycle"), "analyse"),
    ("/matrix", mark("Strategy matrix"), "analyse"),
    ("/value", mark("Value to come"), "analyse"),
    ("/tags", mark("Tags"), "see"),
    ("/identity", mark("Identity reviews"), "identity"),
    ("/identity/suggestions", mark("Perhaps one person"), "identity"),
    ("/identity/decisions", mark("Merged and split by hand"), "identity"),
)
SAMPLE = 8  # people shown of a review


def tabs_of(session: Session) -> list[tuple[str, str]]:
    """(path, title) of the tabs of the customers' section; none where there is only one."""
    found = [(path, title) for path, title, right in _TABS if session.may(right)]
    return found if len(found) > 1 else []


@ROUTES.get("/b/{brand}/customers/identity")
def reviews(request: Request, session: Session = needs("identity")) -> Response:
    query = read_query(request.url.path, request.query_params, filters=("status",))
    status = query.filters.get("status", "open")
    status = status if status in ANSWERS else "open"
    found = session.brand.hands.reviews(status)
    shown = found[query.offset : query.offset + query.size]
    return render(
        request,
        "identity/reviews.html",
        "list",
        query=query,
        rows=shown,
        people=session.brand.hands.tied_to([one.identity for one in shown]) if shown else {},
        state=status,
        answers=ANSWERS,
        waiting=len(found) if status == "open" else session.brand.hands.count_reviews(),
        pager=Pager(query, len(found)),
        kind_of=kind_of,
        sample=SAMPLE,
        tabs=tabs_of(session),
        tab="/identity",
    )


@ROUTES.post("/b/{brand}/customers/identity/reviews/{review_id}")
def decide(
    request: Request,
    review_id: int,
    session: Session = needs("identity"),
    form: FormData = Depends(posted),
) -> Response:
    asked = session.brand.hand_requests.decide(
        review_id, str(form.get("answer", "")), by=session.account.login, ip=session.ip
    )
    return handed(request, session, asked)


@ROUTES.get("/b/{brand}/customers/identity/decisions")
def decisions(request: Request, session: Session = needs("identity")) -> Response:
    query = read_query(request.url.path, request.query_params)
    found = session.brand.hands.decisions()
    shown = found[query.offset : query.offset + query.size]
    known = session.brand.identities.get_many([id_ for one in shown for id_ in one.identities])
    return render(
        request,
        "identity/decisions.html",
        "list",
        rows=shown,
        known=known,
        kind_of=kind_of,
        standing=sum(one.revoked_at is None for one in found),
        waiting=session.brand.hands.count_reviews(),
        pager=Pager(query, len(found)),
        tabs=tabs_of(session),
        tab="/identity/decisions",
    )
