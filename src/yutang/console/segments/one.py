"""One segment: who is in it, where they come from, its versions, beside the others."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series
from yutang.console.customers.listing import export_customers
from yutang.console.guard import Session, needs, posted
from yutang.console.people import reference
from yutang.console.render import render, see_other
from yutang.console.segments.words import source_of
from yutang.customers import ROLES, STAGES, CustomerQuery
from yutang.errors import BadInput, YutangError
from yutang.kit.clock import iso_day
from yutang.segments import Change, Segment

ROUTES = APIRouter()
PATH = "/b/{brand}/segments/{segment_id}"
SAMPLE = 8
MOST_LINES = 60  # line numbers that the page lists


@ROUTES.get(PATH)
def one(request: Request, segment_id: int, session: Session = needs("analyse")) -> Response:
    if kind := request.query_params.get("as"):
        segment = session.brand.segments.get(segment_id)
        people = session.brand.segments.people(segment_id)
        detail = {"people": segment.people}
        asked = CustomerQuery(people=people, sort="id")
        return export_customers(
            session, asked, kind, name=f"segment-{segment_id}",
            record=("segment_exported", segment.name, detail),
        )  # fmt: skip
    return _page(request, session, segment_id)


def _page(
    request: Request, session: Session, segment_id: int, error: YutangError | None = None
) -> Response:
    segments = session.brand.segments
    look = segments.look(segment_id)
    found = look.segment
    changes = session.brand.living.changes(segment_id)
    sample = session.brand.customers.list_(CustomerQuery(people=look.people, size=SAMPLE))
    return render(
        request,
        "segments/one.html",
        status=422 if error else 200,
        one=found,
        source=source_of(session, found.origin),
        origin=found.origin or {},
        newest=session.brand.customers.snapshot().version,
        sample=sample,
        people_link=lambda version=0: _people_link(session, segment_id, version),
        look=look,
        changes=changes,
        trend=_trend(session, changes),
        change_link=lambda change, which: (
            f"{session.base}/customers?people=" + reference("change", change=change.id, which=which)
        ),
        stages=STAGES,
        roles_of=ROLES,
        most_lines=MOST_LINES,
        error=error,
    )


def _trend(session: Session, changes: list[Change]) -> Chart | None:
    """How many were in it after each change; None where there is no line to draw yet."""
    if len(changes) < 3:
        return None
    older = list(reversed(changes))
    return Chart(
        "line",
        [iso_day(one.at, session.zone) for one in older],
        [Series(session.text("People"), [one.size for one in older])],
        session.text("How many were in the segment after each change."),
        height=200,
    )


def _people_link(session: Session, segment_id: int, version: int) -> str:
    what = {"segment": segment_id, **({"version": version} if version else {})}
    return f"{session.base}/customers?people={reference('segment', **what)}"


@ROUTES.post(PATH)
def change(
    request: Request,
    segment_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """Rename, describe, refresh, archive, restore, or go back to an earlier version."""
    act = str(form.get("act", ""))
    try:
        if act not in ACTS:
            raise BadInput("There is nothing of that kind to do.")
        action, note = ACTS[act](session, segment_id, form)
    except YutangError as error:
        if error.status == 404:
            raise
        return _page(request, session, segment_id, error)
    name = session.brand.segments.get(segment_id).name
    session.brand.audit.record(session.account.login, action, name, None, session.ip)
    return see_other(request, f"{session.base}/segments/{segment_id}", note)


def _rename(session: Session, segment_id: int, form: FormData) -> tuple[str, str]:
    session.brand.segments.change(
        segment_id, name=str(form.get("name", "")), description=str(form.get("description", ""))
    )
    return "segment_changed", session.text("Saved.")


def _refresh(session: Session, segment_id: int, form: FormData) -> tuple[str, str]:
    before = session.brand.segments.people(segment_id)
    segment: Segment = session.brand.segments.refresh(segment_id, by=session.account.login)
    after = session.brand.segments.people(segment_id)
    note = session.text(
        "Refreshed: %(n)s people, %(come)s came, %(gone)s left.",
        n=segment.people,
        come=len(after - before),
        gone=len(before - after),
    )
    return "segment_refreshed", note


def _archive(session: Session, segment_id: int, form: FormData) -> tuple[str, str]:
    session.brand.segments.archive(segment_id)
    return "segment_archived", session.text("Archived. You can restore it here at any time.")


def _restore(session: Session, segment_id: int, form: FormData) -> tuple[str, str]:
    session.brand.segments.restore(segment_id)
    return "segment_restored", session.text("Restored: it can be used again.")


def _back(session: Session, segment_id: int, form: FormData) -> tuple[str, str]:
    text = str(form.get("version", ""))
    version = int(text) if text.isascii() and text.isdigit() else 0
    session.brand.segments.go_back(segment_id, version, by=session.account.login)
    return "segment_refreshed", session.text("The earlier people are back, as a new version.")


ACTS: dict[str, Callable[[Session, int, FormData], tuple[str, str]]] = {
    "rename": _rename,
    "refresh": _refresh,
    "archive": _archive,
    "restore": _restore,
    "back": _back,
}
