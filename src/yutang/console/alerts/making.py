"""Make or change an alert: choose the number, choose the rule, see what it would have said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, QueryParams

from yutang.alerts import Alert, Preview, Rule, read_rule
from yutang.analysis import Result
from yutang.console.alerts.picking import PickTable, find, picks_of, value_of
from yutang.console.alerts.who import Choices, channels_of, choices_of, number_of
from yutang.console.alerts.words import AGAINST, KINDS, SIDES, WAYS, chart_of, rule_words
from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.errors import BadInput, NotFound, YutangError
from yutang.notices import Channels
from yutang.reports import Report

ROUTES = APIRouter()
NUMBERS = ("low", "high", "least", "base", "score")
WHOLE = ("weeks", "remind_days")
CHOICES = ("kind", "side", "against", "measure", "way")
REMINDERS = (0, 1, 3, 7)


@ROUTES.get("/b/{brand}/alerts/new")
def new(request: Request, session: Session = needs("analyse")) -> Response:
    asked = request.query_params
    report = number_of(asked.get("report"))
    if report is None:
        reports = [one for one in session.brand.reports.list_() if one.model != "sql"]
        return render(request, "alerts/choose.html", reports=reports, path="alerts")
    return _page(request, session, report, asked, None)


@ROUTES.get("/b/{brand}/alerts/{alert_id:int}/edit")
def edit(request: Request, alert_id: int, session: Session = needs("analyse")) -> Response:
    one = session.brand.alerts.get(alert_id)
    return _page(request, session, one.report_id, request.query_params, one)


@ROUTES.post("/b/{brand}/alerts")
def add(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    return _save(request, session, form, None)


@ROUTES.post("/b/{brand}/alerts/{alert_id:int}/edit")
def change(
    request: Request,
    alert_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    return _save(request, session, form, session.brand.alerts.get(alert_id))


def _save(request: Request, session: Session, form: FormData, one: Alert | None) -> Response:
    report = one.report_id if one else number_of(form.get("report"))
    if report is None:
        raise BadInput("Choose a saved report.")
    alerts, name = session.brand.alerts, str(form.get("name", ""))
    channels = channels_of(form, choices_of(request, session))
    try:
        rule = _rule(form, _kind(session, report, form))
        if one is None:
            saved = alerts.add(report, name, rule, channels, by=session.account.login)
        else:
            saved = alerts.change(one.id, name, rule, channels)
    except YutangError as error:
        return _page(request, session, report, form, one, error)
    action = "alert_changed" if one else "alert_added"
    session.brand.audit.record(
        session.account.login, action, saved.name, {"alert": saved.id}, session.ip
    )
    request.app.state.nudge(session.membership.slug)
    note = session.text("Saved: %(name)s.", name=saved.name)
    return see_other(request, f"{session.base}/alerts/{saved.id}", note)


def _page(
    request: Request,
    session: Session,
    report_id: int,
    form: FormData | QueryParams,
    one: Alert | None,
    error: YutangError | None = None,
) -> Response:
    report = session.brand.reports.get(report_id)
    choices = choices_of(request, session)
    tables: tuple[PickTable, ...] = ()
    now: Result | None = None
    refused = error
    try:
        tables, now = picks_of(session, report)
    except (BadInput, NotFound) as bad:
        refused = refused or bad
    typed = _typed(form, one, tables)
    pick = find(tables, typed["watch"])
    rule, preview, wrong = None, None, None
    if pick is not None and now is not None:
        rule, preview, wrong = _tried(session, report, now, typed, pick.kind)
    name = typed["name"] or (pick.title if pick else report.name)[:120]
    return render(
        request,
        "alerts/make.html",
        "preview",
        status=422 if error else 200,
        report=report,
        one=one,
        tables=tables,
        typed=typed,
        name=name,
        pick=pick,
        kinds=KINDS,
        sides=SIDES,
        ways=WAYS,
        against=AGAINST,
        reminders=REMINDERS,
        choices=choices,
        chosen=_chosen(form, one, choices),
        preview=preview,
        chart=chart_of(session, name, preview) if preview and preview.days else None,
        words=rule_words(session, rule, pick.kind) if rule and pick else "",
        wrong=wrong,
        error=refused,
        chart_name="alert",
    )


def _tried(
    session: Session, report: Report, now: Result, typed: Mapping[str, Any], kind: str
) -> tuple[Rule | None, Preview | None, YutangError | None]:
    """The rule as it stands in the form, and what it would have said; or what is wrong with it.
    now: the report's answer of now."""
    try:
        rule = session.brand.alerts.checked(report, _rule(typed, kind), now)
        return rule, session.brand.alerts.preview(report, rule), None
    except YutangError as wrong:
        return None, None, wrong


def _kind(session: Session, report_id: int, form: FormData) -> str:
    report = session.brand.reports.get(report_id)
    pick = find(picks_of(session, report)[0], str(form.get("watch", "")))
    return pick.kind if pick else "count"


def _rule(form: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The rule that was typed; rates are typed as percentages. Raises BadInput."""
    try:
        watch = json.loads(str(form.get("watch", "")))
    except ValueError:
        raise BadInput("Choose the number to watch.", hint="Click it in the table.") from None
    rule: dict[str, Any] = {"watch": watch}
    rule |= {name: str(form[name]) for name in CHOICES if form.get(name)}
    rule |= {name: _number(form, name) for name in NUMBERS if str(form.get(name) or "").strip()}
    rule |= {name: int(_number(form, name)) for name in WHOLE if str(form.get(name) or "").strip()}
    if kind == "rate":
        for name in ("low", "high", *(["least", "base"] if _in_points(rule) else [])):
            if name in rule:
                rule[name] /= 100
    return rule


def _in_points(rule: Mapping[str, Any]) -> bool:
    return rule.get("measure") == "absolute"


def _number(form: Mapping[str, Any], name: str) -> float:
    text = str(form.get(name, "")).strip().replace(",", "").replace("，", "").rstrip("%％")
    try:
        value = float(text)
    except ValueError:
        raise BadInput("“%(text)s” is no number.", text=text[:40]) from None
    if abs(value) > 1e15 or value != value:
        raise BadInput("“%(text)s” is no number.", text=text[:40])
    return value


def _typed(
    form: FormData | QueryParams, one: Alert | None, tables: tuple[PickTable, ...]
) -> dict[str, Any]:
    """What the form shows: what was typed, else the alert's rule, else what is usual."""
    first = next((p for t in tables if t.by_period for _, row in t.rows for p in row), None)
    first = first or next((p for t in tables for _, row in t.rows for p in row), None)
    shown: dict[str, Any] = _shown(
        one.rule if one else read_rule({"watch": {"column": ""}}),
        str(one.seen.get("kind", "count")) if one else "count",
    )
    shown["watch"] = value_of(one.rule.watch) if one else first.value if first else ""
    shown["name"] = one.name if one else ""
    return {name: str(form.get(name, value)) for name, value in shown.items()}


def _shown(rule: Rule, kind: str) -> dict[str, Any]:
    """A rule as it is typed."""
    shown: dict[str, Any] = {name: getattr(rule, name) for name in (*CHOICES, *WHOLE)}
    for name in NUMBERS:
        value = getattr(rule, name)
        in_points = name in ("low", "high") or (
            name in ("least", "base") and rule.measure == "absolute"
        )
        if value is not None and kind == "rate" and in_points:
            value *= 100
        shown[name] = "" if value is None else f"{value:g}"
    return shown


def _chosen(form: FormData | QueryParams, one: Alert | None, choices: Choices) -> Channels:
    if "watch" not in form and one is not None:
        return Channels.of(one.channels)
    return channels_of(form, choices)
