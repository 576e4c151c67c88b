"""How long things are kept: rules with what each would remove, and the receipts of erasures."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.events import event_of
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.privacy.person import STEPS
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput, YutangError
from yutang.privacy import STORES

ROUTES = APIRouter()
NAMES = {"quarantine": mark("Rows set aside (quarantine)"), "audit": mark("Audit log")}
SHOWN = 50  # receipts, the newest


@ROUTES.get("/b/{brand}/settings/privacy")
def privacy(request: Request, session: Session = needs("privacy")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/settings/privacy/rules")
def set_rule(
    request: Request, session: Session = needs("privacy"), form: FormData = Depends(posted)
) -> Response:
    event, source = str(form.get("event", "")).strip(), str(form.get("source", "")).strip()
    try:
        days = _days(form)
        session.brand.retention.set_(event, source, days, by=session.account.login)
    except YutangError as error:
        return _page(request, session, typed=form, error=error)
    _log(session, "retention.set", {"event": event, "source": source, "kept_days": days})
    note = session.text("Saved. It is applied tonight; the table says what will go.")
    return see_other(request, f"{session.base}/settings/privacy", note)


@ROUTES.post("/b/{brand}/settings/privacy/rules/remove")
def remove_rule(
    request: Request, session: Session = needs("privacy"), form: FormData = Depends(posted)
) -> Response:
    event, source = str(form.get("event", "")), str(form.get("source", ""))
    session.brand.retention.remove(event, source)
    _log(session, "retention.removed", {"event": event, "source": source})
    return see_other(request, f"{session.base}/settings/privacy", session.text("Rule removed."))


@ROUTES.post("/b/{brand}/settings/privacy/stores")
def keep_store(
    request: Request, session: Session = needs("privacy"), form: FormData = Depends(posted)
) -> Response:
    store = str(form.get("store", ""))
    try:
        days = _days(form)
        session.brand.retention.keep(store, days)
    except YutangError as error:
        return _page(request, session, error=error)
    _log(session, "retention.set", {"store": store, "kept_days": days})
    return see_other(request, f"{session.base}/settings/privacy", session.text("Saved."))


@ROUTES.post("/b/{brand}/settings/privacy/run")
def run_now(
    request: Request, session: Session = needs("privacy"), _form: FormData = Depends(posted)
) -> Response:
    session.brand.retention.ask()
    _log(session, "retention.asked", {})
    request.app.state.nudge(session.membership.slug)
    note = session.text("The worker removes it now; the audit log will say how much it was.")
    return see_other(request, f"{session.base}/settings/privacy", note)


def _page(
    request: Request,
    session: Session,
    *,
    typed: FormData | None = None,
    error: YutangError | None = None,
) -> Response:
    keep = session.brand.retention
    events, sources = keep.choices()
    effects = keep.preview()
    return render(
        request,
        "privacy/retention.html",
        status=422 if error else 200,
        tabs=tabs_of(session),
        tab="privacy",
        effects=effects,
        total=sum(one.events for one in effects),
        events=events,
        sources=sources,
        event_of=event_of,
        stores=[(one, NAMES[name], keep.days_of(name)) for name, one in STORES.items()],
        receipts=session.brand.privacy.receipts()[::-1][:SHOWN],
        steps=STEPS,
        typed={name: str(typed.get(name, "")) if typed else "" for name in
               ("event", "source", "days")},
        error=error,
    )  # fmt: skip


def _days(form: FormData) -> int:
    text = str(form.get("days", "")).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadInput("Write a number of days; 0 keeps for ever.")
    return int(text)


def _log(session: Session, action: str, detail: dict[str, object]) -> None:
    target = str(detail.get("event") or detail.get("source") or detail.get("store") or "")
    session.brand.audit.record(session.account.login, action, target, detail, session.ip)
