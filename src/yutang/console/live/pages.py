"""Events arriving now, for whoever installs an SDK: the list, one record, and what is new."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.reasons import reason_of
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.render import render
from yutang.console.tables import Query, read_query
from yutang.errors import NotFound
from yutang.ingest.live import MOST, Ask

ROUTES = APIRouter()
PATH = "/b/{brand}/live"
FIRST = 100  # records of a page; more come as they arrive
FRESH = 60  # of one look at what is new
FRESH_BYTES = 1 << 20
FRESH_MOST = 4_000  # looked at: a tenth of a second
TEXT_LENGTH = 200
ACTS = {
    "event": mark("event"),
    "login": mark("login"),
    "bind": mark("identities tied"),
    "unbind": mark("identity untied"),
    "profile": mark("customer attributes"),
    "item": mark("dimension row"),
    "alias": mark("two ids are one"),
    "bad": mark("could not be read"),
}


@ROUTES.get(PATH)
def live(request: Request, session: Session = needs("analyse")) -> Response:
    """The list; with `poll`, only what may be new, or nothing where the journal did not change."""
    query = read_query(request.url.path, request.query_params, filters=("q", "source", "problems"))
    is_poll = bool(request.query_params.get("poll"))
    if is_poll and request.query_params.get("seen") == session.brand.live.state():
        return Response(status_code=204)
    how = (
        {"limit": FRESH, "budget": FRESH_BYTES, "most": FRESH_MOST} if is_poll else {"limit": FIRST}
    )
    look = session.brand.live.look(_ask(query, how))
    return render(
        request,
        "live/live.html",
        "fresh" if is_poll else "list",
        query=query,
        look=look,
        waiting=session.brand.live.waiting(),
        sources=session.brand.sources.list_(),
        acts=ACTS,
        most=MOST,
        kind_of=kind_of,
        reason_of=reason_of,
    )


@ROUTES.get(PATH + "/{place}")
def one(request: Request, place: str, session: Session = needs("analyse")) -> Response:
    """One record: what was understood beside how it came."""
    record = session.brand.live.find(place)
    if record is None and request.headers.get("hx-request-type") != "partial":
        raise NotFound(
            "This record is no longer kept.",
            hint="Raw requests are kept for some minutes after they were taken in.",
        )
    return render(
        request,
        "live/one.html",
        "record",
        one=record,
        acts=ACTS,
        kind_of=kind_of,
        reason_of=reason_of,
    )


def _ask(query: Query, how: dict[str, int]) -> Ask:
    return Ask(
        text=query.filters.get("q", "")[:TEXT_LENGTH],
        source=query.filters.get("source", ""),
        problems=bool(query.filters.get("problems")),
        **how,
    )
