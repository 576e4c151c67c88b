"""Saved reports: opened, renamed, removed, saved anew or over, pinned to a dashboard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from yutang import analysis
from yutang.console.analyse import form as fields
from yutang.console.analyse.looks import looks_of
from yutang.console.analyse.pages import OWN, Question, question_of
from yutang.console.analyse.words import vocabulary
from yutang.console.guard import Session, needs, posted
from yutang.console.render import see_other
from yutang.errors import BadInput
from yutang.reports import CHART, Report, resolved

ROUTES = APIRouter()
# Where a report that was saved leads, by the button that saved it.
THEN = {"alert": "alerts/new?report=", "schedule": "alerts/schedules/new?report="}


@ROUTES.get("/b/{brand}/analyse/saved/{report_id}")
def saved(report_id: int, session: Session = needs("analyse")) -> Response:
    report = session.brand.reports.get(report_id)
    if report.model == "sql":  # a question in SQL has a page of its own
        return RedirectResponse(f"{session.base}/sql?report={report_id}", status_code=303)
    query = urlencode([*fields.flatten(report.params), ("report", str(report_id))])
    return RedirectResponse(f"{session.base}/analyse/{report.model}?{query}", status_code=303)


@ROUTES.post("/b/{brand}/analyse/saved/{report_id}/rename")
def rename_report(
    request: Request,
    report_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    before = session.brand.reports.get(report_id)
    report = session.brand.reports.rename(report_id, str(form.get("name", "")))
    session.brand.audit.record(
        session.account.login, "report_renamed", report.name, {"before": before.name}, session.ip
    )
    note = session.text("Renamed: %(name)s.", name=report.name)
    return see_other(request, f"{session.base}/analyse", note)


@ROUTES.post("/b/{brand}/analyse/saved/{report_id}/delete")
def delete_report(
    request: Request,
    report_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    report = session.brand.reports.get(report_id)
    session.brand.reports.remove(report_id)
    session.brand.audit.record(
        session.account.login, "report_deleted", report.name, None, session.ip
    )
    note = session.text("Deleted: %(name)s.", name=report.name)
    return see_other(request, f"{session.base}/analyse", note)


@ROUTES.post("/b/{brand}/analyse/{model}/save")
def save(
    request: Request,
    model: str,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """As a new report, or over the one that is open (`over` is its number)."""
    question = _asked(session, model, form)
    over = str(form.get("over", ""))
    if over:
        before = _report(session, over)
        report = session.brand.reports.change(before.id, model, question.params)
        name = str(form.get("called", "")).strip()
        if name and name != report.name:
            report = session.brand.reports.rename(report.id, name)
        detail = {"model": model, "before": dict(before.params)}
        _record(session, "report_changed", report, detail)
    else:
        report = _add(session, model, question, str(form.get("called", "")))
    note = session.text("Saved: %(name)s.", name=report.name)
    page = THEN.get(str(form.get("then", "")), "analyse/saved/")
    return see_other(request, f"{session.base}/{page}{report.id}", note)


@ROUTES.post("/b/{brand}/analyse/{model}/pin")
def pin(
    request: Request,
    model: str,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """Put the question on a dashboard, there or new. What is not saved as it stands is saved."""
    question = _asked(session, model, form)
    chosen, new = str(form.get("dashboard", "")), str(form.get("new", "")).strip()
    if not chosen.isdecimal() and not new:
        raise BadInput("No dashboard was chosen.", hint="Choose one, or type a name for a new one.")
    boards = session.brand.dashboards
    board = boards.get(int(chosen)) if chosen.isdecimal() else None
    opened = str(form.get("report", ""))
    report = _report(session, opened) if opened else None
    if report is None or dict(report.params) != dict(question.params):
        report = _add(session, model, question, str(form.get("called", "")))
    by = session.account.login
    if board is None:
        board = boards.add(new, by=by)
        session.brand.audit.record(by, "dashboard_added", board.name, None, session.ip)
    show = str(form.get("show", ""))
    width = 3 if show == "number" else 6
    boards.add_card(board.id, report_id=report.id, width=width, settings={"show": show})
    detail = {"card": "added", "report": report.name}
    session.brand.audit.record(by, "dashboard_changed", board.name, detail, session.ip)
    note = session.text("“%(name)s” is on “%(board)s” now.", name=report.name, board=board.name)
    return see_other(request, f"{session.base}/dashboards/{board.id}", note)


def _asked(session: Session, model: str, form: FormData) -> Question:
    """The question that the form holds, checked against its model. Raises BadInput."""
    known = analysis.get_model(model)
    words = vocabulary(session, session.brand.shards())
    asked = [(key, str(value)) for key, value in form.multi_items() if key not in OWN]
    question = question_of(known, asked, words)
    if question.error is not None:
        raise question.error
    analysis.read_params(known, resolved(question.params, session.brand.measure.today()))
    chart = looks_of({CHART: form.get(CHART, "")}).chart
    return replace(question, params={**question.params, CHART: chart}) if chart else question


def _add(session: Session, model: str, question: Question, name: str) -> Report:
    report: Report = session.brand.reports.add(
        name, model, question.params, by=session.account.login
    )
    _record(session, "report_saved", report, {"model": model})
    return report


def _report(session: Session, number: str) -> Report:
    if not (number.isascii() and number.isdigit()):
        raise BadInput("“%(place)s” needs a number.", place=number[:20])
    found: Report = session.brand.reports.get(int(number))
    return found


def _record(session: Session, action: str, report: Report, detail: dict[str, Any]) -> None:
    session.brand.audit.record(session.account.login, action, report.name, detail, session.ip)
