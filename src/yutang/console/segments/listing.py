"""The list of segments, and combining two of them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.people import reference
from yutang.console.render import render, see_other
from yutang.console.segments.words import HOWS, source_of
from yutang.console.tables import Pager, read_query
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
SORTS = ("name", "people", "at")


@ROUTES.get("/b/{brand}/segments")
def segments(request: Request, session: Session = needs("analyse")) -> Response:
    return page(request, session)


@ROUTES.post("/b/{brand}/segments/combine")
def combine(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """A new segment of two."""
    try:
        a, b = (_number(form.get(end)) for end in ("a", "b"))
        made = session.brand.segments.combine(
            str(form.get("name", "")), str(form.get("how", "")), a, b, by=session.account.login
        )
    except YutangError as error:
        return page(request, session, error=error, typed=dict(form))
    detail = {"people": made.people}
    session.brand.audit.record(session.account.login, "segment_made", made.name, detail, session.ip)
    note = session.text("Saved: %(name)s.", name=made.name)
    return see_other(request, f"{session.base}/segments/{made.id}", note)


def page(
    request: Request,
    session: Session,
    *,
    error: YutangError | None = None,
    typed: dict[str, object] | None = None,
) -> Response:
    path = f"{session.base}/segments"
    query = read_query(
        path, request.query_params, filters=("q", "show"), sorts=SORTS, default_sort="-at"
    )
    archived = query.filters.get("show") == "archived"
    segments = session.brand.segments
    every = segments.list_(archived=archived)
    text = query.filters.get("q", "").casefold()
    found = [one for one in every if text in one.name.casefold() + one.description.casefold()]
    found.sort(key=lambda one: getattr(one, query.key), reverse=query.descending)
    return render(
        request,
        "segments/list.html",
        "list",
        status=422 if error else 200,
        rows=found[query.offset : query.offset + query.size],
        every=segments.list_(),
        archived=archived,
        pager=Pager(query, len(found)),
        query=query,
        sources={one.id: source_of(session, one.origin) for one in found},
        used=segments.used_by(),
        newest=session.brand.customers.snapshot().version,
        people_link=lambda one: (
            f"{session.base}/customers?people=" + reference("segment", segment=one.id)
        ),
        hows=HOWS,
        error=error,
        typed=typed or {},
    )


def _number(value: object) -> int:
    text = str(value or "")
    if not (text.isascii() and text.isdigit()):
        raise BadInput("Choose two segments.")
    return int(text)
