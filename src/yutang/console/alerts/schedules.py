"""Schedules: reports as files every day, week or month, and the files they left."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import FormData, QueryParams

from yutang.console.alerts.who import channels_of, choices_of, number_of, said_who
from yutang.console.exports import named
from yutang.console.guard import Session, needs, posted
from yutang.console.language import LANGUAGES, mark
from yutang.console.render import render, see_other
from yutang.errors import BadInput, YutangError
from yutang.reports import Dashboard, Report
from yutang.schedules import FORMATS, Cadence, Schedule

ROUTES = APIRouter()
PATH = "/b/{brand}/alerts/schedules"
EVERY = {"day": mark("every day"), "week": mark("every week"), "month": mark("every month")}
WEEKDAYS = (
    mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"),
    mark("Saturday"), mark("Sunday"),
)  # fmt: skip
USUAL = {"every": "day", "at": "09:00", "weekday": 0, "day": 1, "format": "xlsx",
         "language": "zh", "keep": 12}  # fmt: skip


@ROUTES.get(PATH)
def schedules(request: Request, session: Session = needs("analyse")) -> Response:
    last: dict[int, Any] = {}
    for run in session.brand.schedules.runs(limit=1_000):
        last.setdefault(run.schedule_id, run)
    return render(
        request,
        "alerts/schedules.html",
        tab="schedules",
        rows=[
            (one, cadence_words(session, one.cadence), last.get(one.id))
            for one in session.brand.schedules.list_()
        ],
        names={one.id: one.name for one in session.brand.reports.list_()},
        boards={one.id: one.name for one in session.brand.dashboards.list_()},
        removed=request.query_params.get("removed", ""),
    )


@ROUTES.get(PATH + "/new")
def new(request: Request, session: Session = needs("analyse")) -> Response:
    of = _of(session, request.query_params)
    if of is None:
        reports = [one for one in session.brand.reports.list_() if one.model != "sql"]
        return render(request, "alerts/choose.html", reports=reports, path="alerts/schedules")
    return _form(request, session, of, None, request.query_params)


@ROUTES.post(PATH)
def add(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    of = _of(session, form)
    if of is None:
        raise BadInput("Choose a saved report or a dashboard.")
    try:
        one = session.brand.schedules.add(
            of, *_said(request, session, form), by=session.account.login
        )
    except YutangError as error:
        return _form(request, session, of, None, form, error)
    _log(session, "schedule_added", one)
    note = session.text("Saved: %(name)s.", name=one.name)
    return see_other(request, f"{session.base}/alerts/schedules/{one.id}", note)


@ROUTES.get(PATH + "/{schedule_id:int}")
def schedule(request: Request, schedule_id: int, session: Session = needs("analyse")) -> Response:
    one = session.brand.schedules.get(schedule_id)
    return render(
        request,
        "alerts/schedule.html",
        one=one,
        of=_made_of(session, one),
        is_board=one.dashboard_id is not None,
        when=cadence_words(session, one.cadence),
        who=said_who(session, one.channels, session.brand.webhooks.list_()),
        runs=session.brand.schedules.runs(one.id),
    )


@ROUTES.get(PATH + "/{schedule_id:int}/edit")
def edit(request: Request, schedule_id: int, session: Session = needs("analyse")) -> Response:
    one = session.brand.schedules.get(schedule_id)
    return _form(request, session, _made_of(session, one), one, request.query_params)


@ROUTES.post(PATH + "/{schedule_id:int}/edit")
def change(
    request: Request,
    schedule_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    one = session.brand.schedules.get(schedule_id)
    try:
        one = session.brand.schedules.change(one.id, *_said(request, session, form))
    except YutangError as error:
        return _form(request, session, _made_of(session, one), one, form, error)
    _log(session, "schedule_changed", one)
    note = session.text("Saved: %(name)s.", name=one.name)
    return see_other(request, f"{session.base}/alerts/schedules/{one.id}", note)


@ROUTES.post(PATH + "/{schedule_id:int}")
def act(
    request: Request,
    schedule_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """One act on one schedule: run, pause, resume, delete or restore."""
    known, what = session.brand.schedules, str(form.get("act", ""))
    page = f"{session.base}/alerts/schedules/{schedule_id}"
    if what == "run":
        run = known.run(schedule_id)
        _log(session, "schedule_run", known.get(schedule_id))
        made, failed = mark("The file is ready."), mark("The file could not be made.")
        return see_other(request, page, session.text(made if run.status == "done" else failed))
    if what == "delete":
        one = known.remove(schedule_id)
        _log(session, "schedule_deleted", one)
        note = session.text("Deleted: %(name)s.", name=one.name)
        return see_other(request, f"{session.base}/alerts/schedules?removed={one.id}", note)
    if what == "restore":
        one = known.restore(schedule_id)
        _log(session, "schedule_restored", one)
        return see_other(request, page, session.text("Back again: %(name)s.", name=one.name))
    if what in ("pause", "resume"):
        one = known.turn(schedule_id, on=what == "resume")
        _log(session, "schedule_paused" if what == "pause" else "schedule_resumed", one)
        paused, goes_on = mark("Paused: no more files."), mark("It makes files again.")
        return see_other(request, page, session.text(paused if what == "pause" else goes_on))
    raise BadInput("This cannot be done to a schedule.")


@ROUTES.get(PATH + "/{schedule_id:int}/files/{run_id:int}")
def file(schedule_id: int, run_id: int, session: Session = needs("analyse")) -> Response:
    path, name = session.brand.schedules.file(schedule_id, run_id)
    return named(FileResponse(path, media_type="application/octet-stream"), name)


def cadence_words(session: Session, cadence: Cadence) -> str:
    """When it runs."""
    text = session.text
    if cadence.every == "week":
        return text("every %(day)s at %(time)s", day=text(WEEKDAYS[cadence.weekday]),
                    time=cadence.at)  # fmt: skip
    if cadence.every == "month":
        return text("on day %(n)s of each month at %(time)s", n=cadence.day, time=cadence.at)
    return text("every day at %(time)s", time=cadence.at)


def _of(session: Session, asked: FormData | QueryParams) -> Report | Dashboard | None:
    """The report or the dashboard that an address or a form names."""
    report, board = (number_of(asked.get(name)) for name in ("report", "dashboard"))
    found: Report | Dashboard | None = None
    if report is not None:
        found = session.brand.reports.get(report)
    elif board is not None:
        found = session.brand.dashboards.get(board)
    return found


def _made_of(session: Session, one: Schedule) -> Report | Dashboard:
    found: Report | Dashboard
    if one.dashboard_id is not None:
        found = session.brand.dashboards.get(one.dashboard_id)
    else:
        found = session.brand.reports.get(one.report_id)
    return found


def _said(request: Request, session: Session, form: FormData) -> tuple[str, Any, Any]:
    """Name, cadence and settings that were typed."""
    channels = channels_of(form, choices_of(request, session))
    keep = number_of(form.get("keep"))
    settings = {
        "format": str(form.get("format", "xlsx")),
        "language": str(form.get("language", "zh")),
        "keep": 12 if keep is None else keep,
        "logins": list(channels.logins),
        "webhooks": list(channels.webhooks),
    }
    cadence = {name: str(form.get(name, USUAL[name])) for name in ("every", "at", "weekday", "day")}
    return str(form.get("name", "")), cadence, settings


def _form(
    request: Request,
    session: Session,
    of: Report | Dashboard,
    one: Schedule | None,
    form: FormData | QueryParams,
    error: YutangError | None = None,
) -> Response:
    is_board = isinstance(of, Dashboard)
    shown: dict[str, Any] = {**USUAL, "language": session.language.code}
    if one is not None:
        shown |= one.cadence.to_json()
        shown |= {"format": one.format, "language": one.language, "keep": one.keep}
    shown["name"] = one.name if one else of.name
    choices = choices_of(request, session)
    typed = {name: str(form.get(name, value)) for name, value in shown.items()}
    was_typed = "every" in form or one is None
    return render(
        request,
        "alerts/schedule_make.html",
        status=422 if error else 200,
        one=one,
        of=of,
        is_board=is_board,
        typed=typed,
        every=EVERY,
        weekdays=WEEKDAYS,
        formats=("xlsx",) if is_board else FORMATS,
        languages=LANGUAGES,
        choices=choices,
        chosen=channels_of(form, choices) if was_typed or one is None else one.channels,
        error=error,
    )


def _log(session: Session, action: str, one: Schedule) -> None:
    session.brand.audit.record(
        session.account.login, action, one.name, {"schedule": one.id}, session.ip
    )
