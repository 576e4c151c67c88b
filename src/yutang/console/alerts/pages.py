"""The list of alerts, and one alert: what it sees, what it said, pause, quiet, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.alerts import Alert
from yutang.console.alerts.who import said_who
from yutang.console.alerts.words import STATES, chart_of, rule_words, said
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.errors import BadInput, NotFound, YutangError
from yutang.notices import Channels

ROUTES = APIRouter()
SNOOZES = (1, 3, 7, 30)


@ROUTES.get("/b/{brand}/alerts")
def alerts(request: Request, session: Session = needs("analyse")) -> Response:
    found = session.brand.alerts.list_()
    names = {one.id: one.name for one in session.brand.reports.list_()}
    return render(
        request,
        "alerts/list.html",
        tab="alerts",
        rows=[(one, _words(session, one), said(session, one)) for one in found],
        names=names,
        states=STATES,
        removed=request.query_params.get("removed", ""),
    )


@ROUTES.get("/b/{brand}/alerts/{alert_id:int}")
def alert(request: Request, alert_id: int, session: Session = needs("analyse")) -> Response:
    one = session.brand.alerts.get(alert_id)
    report, preview, wrong = session.brand.reports.get(one.report_id), None, None
    try:
        preview = session.brand.alerts.preview(report, one.rule)
    except YutangError as error:
        wrong = error
    hooks = session.brand.webhooks.list_()
    return render(
        request,
        "alerts/one.html",
        one=one,
        report=report,
        words=_words(session, one),
        says=said(session, one),
        chart=chart_of(session, one.name, preview) if preview and preview.days else None,
        preview=preview,
        wrong=wrong,
        history=[(each, _of_event(session, one, each)) for each in
                 session.brand.alerts.history(one.id)],
        states=STATES,
        who=said_who(session, Channels.of(one.channels), hooks),
        snoozes=SNOOZES,
        chart_name="alert",
    )  # fmt: skip


@ROUTES.post("/b/{brand}/alerts/{alert_id:int}")
def act(
    request: Request,
    alert_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """One act on one alert: pause, resume, snooze, look, delete or restore."""
    alerts, what = session.brand.alerts, str(form.get("act", ""))
    page = f"{session.base}/alerts/{alert_id}"
    if what == "delete":
        one = alerts.remove(alert_id)
        _log(session, "alert_deleted", one)
        note = session.text("Deleted: %(name)s.", name=one.name)
        return see_other(request, f"{session.base}/alerts?removed={one.id}", note)
    if what == "restore":
        one = alerts.restore(alert_id)
        _log(session, "alert_restored", one)
        return see_other(request, page, session.text("Back again: %(name)s.", name=one.name))
    if what in ("pause", "resume"):
        one = alerts.turn(alert_id, on=what == "resume")
        _log(session, "alert_paused" if what == "pause" else "alert_resumed", one)
        paused = mark("Paused. Nobody is told until you go on.")
        note = session.text(paused if what == "pause" else mark("It watches again."))
        return see_other(request, page, note)
    if what == "snooze":
        days = str(form.get("days", ""))
        one = alerts.snooze(alert_id, int(days) if days in map(str, (0, *SNOOZES)) else -1)
        _log(session, "alert_snoozed", one, quiet_days=int(days))
        quiet = mark("Quiet until then; the history goes on.")
        return see_other(request, page, session.text(quiet if int(days) else mark("It speaks.")))
    if what == "look":
        alerts.look(alert_id, _version(session))
        return see_other(request, page, session.text("Looked at just now."))
    raise BadInput("This cannot be done to an alert.")


def _version(session: Session) -> int:
    try:
        return int(session.brand.shards().facts_version)
    except NotFound:
        return 0


def _words(session: Session, one: Alert) -> str:
    return rule_words(session, one.rule, str(one.seen.get("kind", "count")))


def _of_event(session: Session, one: Alert, event: Any) -> str:
    """What a change of state said."""
    return said(session, _with(one, event.detail))


def _with(one: Alert, seen: Any) -> Alert:
    return Alert(**{**one.__dict__, "seen": seen})


def _log(session: Session, action: str, one: Alert, **detail: Any) -> None:
    session.brand.audit.record(
        session.account.login, action, one.name, {"alert": one.id, **detail}, session.ip
    )
