"""Data health and quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.reasons import reason_of
from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Pager, Query, quiet, read_query
from yutang.errors import BadInput, YutangError
from yutang.ingest import Group, Import, Intake, QuarantineRow, is_value

ROUTES = APIRouter()
COUNTERS = {
    "accepted": mark("Taken"),
    "duplicates": mark("Known before, dropped"),
    "late": mark("Too late"),
    "future": mark("In the future"),
    "rejected": mark("Unreadable"),
    "quarantined": mark("Set aside"),
    "refused": mark("Refused (erased persons)"),
}
SOURCES = {"file": mark("Files")}
STATUSES = {
    "open": mark("open"),
    "repairing": mark("repairing"),
    "repaired": mark("repaired"),
    "dismissed": mark("dismissed"),
}
EXPORTED = 100_000
DAYS = 14  # told one by one
VALUE_REASONS = ("value_misfit", "too_large")


@ROUTES.get("/b/{brand}/health")
def health(request: Request, session: Session = needs("import")) -> Response:
    intake = session.brand.intake.look()
    chosen = request.query_params.get("source", "")
    days = _days(intake, chosen)
    told = [*(counts for _, counts in days), *(one.counts for one in intake.sources)]
    return render(
        request,
        "health/health.html",
        "days",
        intake=intake,
        waiting=session.brand.live.waiting(),
        chosen=chosen,
        days=days,
        counters=COUNTERS,
        quiet=quiet(COUNTERS, told) - {"accepted"},
        sources=SOURCES,
        holds=session.brand.status(),
        reasons=[(reason_of(code), n) for code, n in session.brand.quarantine.counts()],
        chart=_chart(session, intake) if intake.sources else None,
    )


def _days(intake: Intake, chosen: str) -> list[tuple[str, dict[str, int]]]:
    """(day, {counter: n}) of one source, or of all of them; the newest first."""
    found = [one for one in intake.sources if not chosen or one.source == chosen]
    made = []
    for place in range(-1, -DAYS - 1, -1):
        counts = {
            name: sum(one.daily[name][place] for one in found if name in one.daily)
            for name in COUNTERS
        }
        made.append((intake.days[place], counts))
    return made


@ROUTES.get("/b/{brand}/health/quarantine")
def quarantine(request: Request, session: Session = needs("import")) -> Response:
    query = _query(request)
    if export := request.query_params.get("as"):
        header = [
            session.text(t)
            for t in (
                mark("File"),
                mark("Row"),
                mark("Column"),
                mark("Value"),
                mark("Reason"),
                mark("What to do"),
                mark("The whole row"),
            )
        ]
        return download(export, "quarantine", header, _cells(session, query))
    return _page(request, session, query)


@ROUTES.post("/b/{brand}/health/quarantine/dismiss")
def dismiss(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    n = session.brand.quarantine.dismiss(_ids(form), by=session.account.login)
    _log(session, "quarantine_dismissed", n)
    note = session.text("%(n)s rows dismissed.", n=n)
    return see_other(request, f"{session.base}/health/quarantine?{form.get('back', '')}", note)


@ROUTES.get("/b/{brand}/health/quarantine/repair")
def look_at_rows(request: Request, session: Session = needs("import")) -> Response:
    ids = [int(n) for n in request.query_params.getlist("id") if n.isascii() and n.isdigit()]
    return _repair_page(request, session, session.brand.quarantine.get(ids[:100]))


@ROUTES.post("/b/{brand}/health/quarantine/repair")
def repair(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """Set values that were left out, and bring corrected rows again through their importer."""
    by = session.account.login
    rows = session.brand.quarantine.get(_ids(form))
    typed = {row.id: str(form.get(f"typed.{row.id}", "")) for row in rows}
    records = {row.id: typed[row.id] for row in rows if not is_value(row)}
    made = None
    try:
        if records:
            made = session.brand.repairs.replay(records, by=by)
        for row in rows:
            if is_value(row):
                session.brand.value_repairs.ask([row.id], by=by, value=typed[row.id])
    except YutangError as error:
        return _repair_page(request, session, rows, typed=typed, error=error)
    return _repaired(request, session, len(rows), made)


@ROUTES.post("/b/{brand}/health/quarantine/convert")
def convert(
    request: Request, session: Session = needs("import"), form: FormData = Depends(posted)
) -> Response:
    """Cast every open value of one property to the property's type, where it can be."""
    column = str(form.get("column", ""))
    n = session.brand.value_repairs.ask_all(column, by=session.account.login)
    if not n:
        raise BadInput("There is nothing of this kind in quarantine.")
    return _repaired(request, session, n, None)


def _repaired(request: Request, session: Session, n: int, made: Import | None) -> Response:
    _log(session, "quarantine_repaired", n)
    request.app.state.nudge(session.membership.slug)
    if made is not None:
        return see_other(request, f"{session.base}/imports/{made.id}")
    note = session.text("%(n)s values are being set; what cannot be set comes back here.", n=n)
    return see_other(request, f"{session.base}/health/quarantine", note)


def _query(request: Request) -> Query:
    return read_query(
        request.url.path, request.query_params, filters=("import", "reason", "status")
    )


def _page(request: Request, session: Session, query: Query) -> Response:
    which = _which(query)
    counts = session.brand.quarantine.counts(
        import_id=which["import_id"], status=str(which["status"])
    )
    chosen = query.filters.get("reason", "")
    total = sum(n for code, n in counts if not chosen or code == chosen)
    return render(
        request,
        "health/quarantine.html",
        "list",
        query=query,
        rows=session.brand.quarantine.rows(**which, offset=query.offset, limit=query.size),
        counts=[(code, reason_of(code), n) for code, n in counts],
        reason_of=reason_of,
        chosen=chosen,
        groups=_groups(session, which),
        statuses=STATUSES,
        state=which["status"],
        pager=Pager(query, total),
        back=request.url.query,
    )


def _repair_page(
    request: Request,
    session: Session,
    rows: Sequence[QuarantineRow],
    *,
    typed: dict[int, str] | None = None,
    error: YutangError | None = None,
) -> Response:
    return render(
        request,
        "health/repair.html",
        status=422 if error else 200,
        rows=rows,
        typed=typed or {row.id: _typed_before(row) for row in rows},
        is_value=is_value,
        reason_of=reason_of,
        error=error,
    )


def _typed_before(row: QuarantineRow) -> str:
    """What a form starts with: the raw row, or the value as it came (JSON text unquoted)."""
    text = (row.value if is_value(row) else row.record) or ""
    quoted = is_value(row) and len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text


def _groups(session: Session, which: dict[str, Any]) -> list[Group]:
    """Values that one decision can settle, shown on the open list."""
    if which["status"] != "open" or which["reason"] not in ("", *VALUE_REASONS):
        return []
    found = session.brand.quarantine.groups(import_id=which["import_id"])
    return [one for one in found if one.reason in VALUE_REASONS and one.column]


def _which(query: Query) -> dict[str, Any]:
    number = query.filters.get("import", "")
    status = query.filters.get("status", "open")
    return {
        "import_id": int(number) if number.isascii() and number.isdigit() else None,
        "reason": query.filters.get("reason", ""),
        "status": status if status in STATUSES else "open",
    }


def _cells(session: Session, query: Query) -> Iterator[list[Cell]]:
    for row in session.brand.quarantine.rows(**_which(query), limit=EXPORTED):
        reason = reason_of(row.reason)
        remedy = session.pick((reason.remedy_zh, reason.remedy_en))
        said = session.pick(reason)
        yield [row.filename, row.row, row.column, row.value, said, remedy, row.record]


def _ids(form: FormData) -> list[int]:
    ids = [int(str(n)) for n in form.getlist("id") if str(n).isascii() and str(n).isdigit()]
    if not ids:
        raise BadInput("Choose at least one row.")
    return ids


def _log(session: Session, action: str, n: int) -> None:
    session.brand.audit.record(session.account.login, action, str(n), None, session.ip)


def _chart(session: Session, intake: Intake) -> Chart:
    series = [
        Series(session.text(SOURCES.get(one.source, one.source)), list(one.by_day))
        for one in intake.sources
    ]
    say = session.text("Facts taken by day of arrival, last 30 days.")
    return Chart("stacked", intake.days, series, say, height=200)
