"""Making a segment: of the customers somebody looks at, or of a list of identifiers."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from yutang.catalog.identity_kinds import BY_CODE
from yutang.console.customers import filters
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.people import origin_of
from yutang.console.render import render, see_other
from yutang.errors import YutangError
from yutang.identity import LIST_KINDS, MOST_LINES, read_file
from yutang.segments import Segment, of_list

ROUTES = APIRouter()
OTHER_KINDS = {"": mark("find out for each line"), "customer": mark("customer number")}


@ROUTES.get("/b/{brand}/segments/new")
def new(request: Request, session: Session = needs("analyse")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/segments/new")
def add(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """Of a list that was pasted, or of a file."""
    segments, file = session.brand.segments, form.get("file")
    try:
        text = str(form.get("list", ""))
        if isinstance(file, UploadFile) and file.filename:
            text = read_file(file.file.read())
        matched = segments.match(text, str(form.get("kind", "")))
        made = segments.create(
            str(form.get("name", "")),
            matched.people,
            matched.to_json(),
            by=session.account.login,
            description=str(form.get("description", "")),
        )
    except YutangError as error:
        return _page(request, session, error=error, typed=form)
    return _done(request, session, made)


@ROUTES.post("/b/{brand}/segments/save")
def save(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """Of the list of customers that somebody looks at: its filters came along."""
    path = f"{session.base}/customers"
    query = filters.read(path, {key: str(value) for key, value in form.items()})
    asked = filters.customer_query(session, query)
    within = origin_of(query.filters["people"]) if "people" in query.filters else None
    made = session.brand.segments.create(
        str(form.get("name", "")),
        session.brand.customers.people(asked),
        of_list(asked, within),
        by=session.account.login,
        description=str(form.get("description", "")),
    )
    return _done(request, session, made)


def _done(request: Request, session: Session, made: Segment) -> Response:
    detail = {"people": made.people}
    session.brand.audit.record(session.account.login, "segment_made", made.name, detail, session.ip)
    note = session.text("Saved: %(name)s.", name=made.name)
    return see_other(request, f"{session.base}/segments/{made.id}", note)


def _page(
    request: Request,
    session: Session,
    *,
    error: YutangError | None = None,
    typed: FormData | None = None,
) -> Response:
    kinds = {
        code: session.text(OTHER_KINDS[code])
        if code in OTHER_KINDS
        else session.pick(BY_CODE[code])
        for code in LIST_KINDS
    }
    return render(
        request,
        "segments/new.html",
        status=422 if error else 200,
        kinds=kinds,
        most=MOST_LINES,
        error=error,
        typed={
            key: str(typed.get(key, "")) if typed is not None else ""
            for key in ("name", "description", "list", "kind")
        },
    )
