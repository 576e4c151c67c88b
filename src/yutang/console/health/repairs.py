"""Repair of rows in quarantine: one by one, or everything that ails alike; the worker does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.reasons import REASONS, reason_of
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.errors import BadInput, YutangError
from yutang.ingest import RENAMED, QuarantineRow, is_record, is_value
from yutang.ingest.live import event_of, is_read, shown_record, typed_record

ROUTES = APIRouter()
PATH = "/b/{brand}/health/quarantine"
MOST = 100  # rows on one page
RENAMED_EVENTS = ("name_invalid", "reserved_event", "not_in_dictionary")
# Why a value could not be set, as the worker notes it.
FAILURES = (
    mark("does not fit number"),
    mark("does not fit string"),
    mark("does not fit bool"),
    mark("does not fit time"),
    mark("does not fit list"),
    mark("does not fit any property"),
    mark("the event is not there any more"),
)
BY_SENTENCE = {one.en: one for one in REASONS}
What = Literal["value", "record", "row", "lost"]


@dataclass(frozen=True)
class Form:
    """One row on the page. what: one value of an event | a tracker's record | a row of a file |
    nothing that could be brought again; act: what is chosen; type: of its property ("" none)."""

    row: QuarantineRow
    what: What
    typed: str
    to: str = ""
    act: str = ""
    type: str = ""
    renames: bool = False
    is_timed: bool = False


@ROUTES.get(PATH + "/repair")
def look_at_rows(request: Request, session: Session = needs("import")) -> Response:
    ids = [int(n) for n in request.query_params.getlist("id") if n.isascii() and n.isdigit()]
    return _page(request, session, session.brand.quarantine.get(ids[:MOST]))


@ROUTES.post(PATH + "/repair")
def repair(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """Set values that were left out, bring corrected rows again, dismiss what is not needed."""
    rows = session.brand.quarantine.get(ids_of(form))
    at = session.brand.workspace.now()
    try:
        made = _carry_out(session, rows, form)
    except YutangError as error:
        still = [one for one in session.brand.quarantine.get(ids_of(form)) if one.status == "open"]
        return _page(request, session, still or rows, form=form, error=error)
    log(session, "quarantine_repaired", len(rows))
    request.app.state.nudge(session.membership.slug)
    if made is not None:
        return see_other(request, f"{session.base}/imports/{made.id}")
    return see_other(request, f"{session.base}/health/quarantine?work={at}")


@ROUTES.post(PATH + "/group")
def decide_group(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """One decision for everything of one reason and column: convert | rename | replay | dismiss."""
    act, reason = str(form.get("act", "")), str(form.get("reason", ""))
    column, to = str(form.get("column", "")), str(form.get("to", "")).strip()
    by, at, number = session.account.login, session.brand.workspace.now(), _import_of(form)
    if act == "dismiss":
        what = str(form.get("what", "value"))
        n = session.brand.quarantine.dismiss_all(
            reason=reason, column=column, what=what, import_id=number, by=by
        )
        log(session, "quarantine_dismissed", n, reason=reason, column=column)
        note = session.text("%(n)s rows dismissed.", n=n)
        return see_other(request, f"{session.base}/health/quarantine", note)
    if act == "replay":
        n = session.brand.replays.replay_all(reason=reason, column=column, by=by)
    elif act in ("convert", "rename"):
        if act == "rename" and not to:
            raise BadInput("Say under which name the values are stored.")
        to = to if act == "rename" else ""
        n = session.brand.value_repairs.ask_all(column, by=by, import_id=number, to=to)
    else:
        raise BadInput("This cannot be done to a row.")
    if not n:
        raise BadInput("There is nothing of this kind in quarantine.")
    log(session, "quarantine_repaired", n, reason=reason, column=column, to=to)
    request.app.state.nudge(session.membership.slug)
    return see_other(request, f"{session.base}/health/quarantine?work={at}")


@ROUTES.get(PATH + "/work")
def work(request: Request, session: Session = needs("import")) -> Response:
    """How far the worker is with what was asked for since a moment."""
    since = since_of(request)
    progress = session.brand.quarantine.progress(since)
    there = f"{session.base}/health/quarantine?work={since}"
    if not progress.waiting or request.headers.get("hx-request-type") != "partial":
        return see_other(request, there)
    return render(request, "health/quarantine.html", "work", work=progress, since=since)


def since_of(request: Request) -> int:
    """The moment in the address (UTC ms); 0 without one."""
    text = request.query_params.get("work", "")
    return int(text[:15]) if text.isascii() and text.isdigit() else 0


def ids_of(form: FormData) -> list[int]:
    ids = [int(str(n)) for n in form.getlist("id") if str(n).isascii() and str(n).isdigit()]
    if not ids:
        raise BadInput("Choose at least one row.")
    return ids


def log(session: Session, action: str, n: int, **detail: str) -> None:
    kept = {name: value for name, value in detail.items() if value}
    session.brand.audit.record(session.account.login, action, str(n), kept or None, session.ip)


def said_error(session: Session, row: QuarantineRow) -> str:
    """Why the last try failed, in the reader's language; "" where there was none."""
    error = row.error
    return session.pick(BY_SENTENCE[error]) if error in BY_SENTENCE else session.text(error or "–")


def _carry_out(session: Session, rows: Sequence[QuarantineRow], form: FormData) -> Any:
    """Ask the worker for what was chosen; the import of corrected rows of a file, if any."""
    brand, by = session.brand, session.account.login
    acts = {row.id: _act(row, form) for row in rows}
    dropped = [row.id for row in rows if acts[row.id] == "drop"]
    kept = [row for row in rows if acts[row.id] != "drop"]
    lines = {row.id: _text(form, "typed", row) for row in kept if row.record and not row.tracked}
    made = brand.repairs.replay(lines, by=by) if lines else None
    records = {row.id: _record(row, acts[row.id], form) for row in kept if is_record(row)}
    if records:
        brand.replays.replay(records, by=by)
    for row in kept:
        if not is_value(row):
            continue
        if acts[row.id] == "rename":
            to = _text(form, "to", row).strip()
            if not to:
                raise BadInput("Say under which name the values are stored.")
            brand.value_repairs.ask([row.id], by=by, to=to)
        else:
            brand.value_repairs.ask([row.id], by=by, value=_text(form, "typed", row))
    if dropped:
        brand.quarantine.dismiss(dropped, by=by)
    return made


def _record(row: QuarantineRow, act: str, form: FormData) -> str:
    changes: dict[str, Any] = {}
    if act == "rename":
        to = _text(form, "to", row).strip()
        if not to:
            raise BadInput("Say what the event is called.")
        changes = {"event": to}
    elif act == "received":
        changes = {"time": row.at, "sent_at": None}
    typed = _text(form, "typed", row) if act == "edit" else shown_record(row)
    return typed_record(row, typed, changes)


def _act(row: QuarantineRow, form: FormData) -> str:
    return str(form.get(f"act.{row.id}", "edit"))


def _import_of(form: FormData) -> int | None:
    text = str(form.get("import", ""))
    return int(text) if text.isascii() and text.isdigit() else None


def _text(form: FormData, name: str, row: QuarantineRow) -> str:
    return str(form.get(f"{name}.{row.id}", ""))


def _page(
    request: Request,
    session: Session,
    rows: Sequence[QuarantineRow],
    *,
    form: FormData | None = None,
    error: YutangError | None = None,
) -> Response:
    types = {one.name.casefold(): one.type for one in session.brand.dictionary.properties()}
    forms = [_form(row, types, form) for row in rows]
    return render(
        request,
        "health/repair.html",
        status=422 if error else 200,
        forms=forms,
        names=sorted(session.brand.dictionary.properties(), key=lambda one: -one.events)[:MOST],
        reason_of=reason_of,
        failure=lambda row: said_error(session, row) if row.error else "",
        may_allow=session.may("settings"),
        error=error,
    )


def _form(row: QuarantineRow, types: dict[str, str], form: FormData | None) -> Form:
    what = _what(row)
    type_ = types.get((row.column or "").casefold(), "") if what == "value" else ""
    renames = what == "record" and row.reason in RENAMED_EVENTS and row.column == "event"
    act = "rename" if what == "value" and (row.reason in RENAMED or not type_) else "edit"
    to = event_of(row) if renames else ""
    typed = _typed_before(row, what)
    if form is not None:
        act = str(form.get(f"act.{row.id}", act))
        to, typed = str(form.get(f"to.{row.id}", to)), str(form.get(f"typed.{row.id}", typed))
    is_timed = what == "record" and row.reason == "time_out_of_range" and is_read(row)
    return Form(row, what, typed, to, act, type_, renames, is_timed)


def _what(row: QuarantineRow) -> What:
    if is_value(row):
        return "value"
    if is_record(row):
        return "record"
    return "row" if row.record else "lost"


def _typed_before(row: QuarantineRow, what: What) -> str:
    """What a form starts with: the raw row, the record masked, or the value as it came (JSON text
    unquoted)."""
    if what == "record":
        return shown_record(row)
    text = (row.value if what == "value" else row.record) or ""
    quoted = what == "value" and len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text
