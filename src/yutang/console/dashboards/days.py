"""Notes on days: their list beside the trade's calendar; adding, changing, removing them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.reports import KINDS, ZONES, announced_until, calendar_days

ROUTES = APIRouter()
# How far the calendar beside the notes looks ahead.
_AHEAD = timedelta(days=120)


@ROUTES.get("/b/{brand}/dashboards/days")
def list_(request: Request, session: Session = needs("analyse")) -> Response:
    today = session.brand.measure.today()
    fits = session.zone in ZONES and today.year > 1970
    return render(
        request,
        "dashboards/days.html",
        notes=session.brand.day_notes.list_(),
        note_kinds=KINDS,
        today=today.isoformat() if fits else "",
        coming=calendar_days(today, today + _AHEAD) if fits else [],
        until=announced_until(),
    )


@ROUTES.post("/b/{brand}/dashboards/days")
def add(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    first, last, kind, text = _fields(form)
    note = session.brand.day_notes.add(first, last, kind, text, by=session.account.login)
    _record(session, "day_note_added", note.text, note.first_on)
    return see_other(
        request, _back(request, session), session.text("Noted: %(name)s.", name=note.text)
    )


@ROUTES.post("/b/{brand}/dashboards/days/{note_id}/change")
def change(
    request: Request,
    note_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    note = session.brand.day_notes.change(note_id, *_fields(form))
    _record(session, "day_note_changed", note.text, note.first_on)
    return see_other(request, _back(request, session), session.text("Saved."))


@ROUTES.post("/b/{brand}/dashboards/days/{note_id}/delete")
def remove(
    request: Request,
    note_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    note = session.brand.day_notes.get(note_id)
    session.brand.day_notes.remove(note_id)
    _record(session, "day_note_deleted", note.text, note.first_on)
    said = session.text("Deleted: %(name)s.", name=note.text)
    return see_other(request, _back(request, session), said)


def _fields(form: FormData) -> tuple[str, str, str, str]:
    first, last, kind, text = (
        str(form.get(name, "")).strip() for name in ("first", "last", "kind", "text")
    )
    return first, last, kind, text


def _back(request: Request, session: Session) -> str:
    """The page of this brand that the note was written on, as its address stands by now."""
    there = urlsplit(request.headers.get("referer", ""))
    if not there.path.startswith(f"{session.base}/"):
        return f"{session.base}/dashboards/days"
    return there.path + (f"?{there.query}" if there.query else "")


def _record(session: Session, action: str, text: str, day: str) -> None:
    session.brand.audit.record(session.account.login, action, text, {"day": day}, session.ip)
