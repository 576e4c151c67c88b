"""Data health and quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.reasons import reason_of
from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Pager, Query, read_query
from yutang.errors import BadInput, YutangError
from yutang.ingest import Intake, QuarantineRow

ROUTES = APIRouter()
COUNTERS = {
    "accepted": mark("Taken"),
    "duplicates": mark("Known before, dropped"),
    "quarantined": mark("Set aside"),
    "refused": mark("Refused (erased persons)"),
}
SOURCES = {"file": mark("Files")}
STATUSES = {
    "open": mark("open"),
    "repaired": mark("repaired"),
    "dismissed": mark("dismissed"),
}
EXPORTED = 100_000


@ROUTES.get("/b/{brand}/health")
def health(request: Request, session: Session = needs("import")) -> Response:
    intake = session.brand.intake.look()
    return render(
        request,
        "health/health.html",
        intake=intake,
        counters=COUNTERS,
        sources=SOURCES,
        holds=session.brand.status(),
        reasons=[(reason_of(code), n) for code, n in session.brand.quarantine.counts()],
        chart=_chart(session, intake) if intake.sources else None,
    )


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
    """Bring corrected rows again, through the importer they came by."""
    records = {i: str(form.get(f"record.{i}", "")) for i in _ids(form)}
    try:
        made = session.brand.repairs.replay(records, by=session.account.login)
    except YutangError as error:
        rows = session.brand.quarantine.get(list(records))
        return _repair_page(request, session, rows, typed=records, error=error)
    _log(session, "quarantine_repaired", len(records))
    request.app.state.nudge(session.membership.slug)
    return see_other(request, f"{session.base}/imports/{made.id}")


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
        typed=typed or {row.id: row.record or "" for row in rows},
        reason_of=reason_of,
        error=error,
    )


def _which(query: Query) -> dict[str, object]:
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
