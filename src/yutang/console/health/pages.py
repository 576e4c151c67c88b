"""Data health and quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.reasons import reason_of
from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.health.repairs import ids_of, log, said_error, since_of
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Pager, Query, quiet, read_query
from yutang.identity import mask_text
from yutang.ingest import RENAMED, VALUE_REASONS, Group, Intake, QuarantineRow
from yutang.ingest.live import shown_record

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
MOST_GROUPS = 12  # shown at once


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
    n = session.brand.quarantine.dismiss(ids_of(form), by=session.account.login)
    log(session, "quarantine_dismissed", n)
    note = session.text("%(n)s rows dismissed.", n=n)
    return see_other(request, f"{session.base}/health/quarantine?{form.get('back', '')}", note)


def _query(request: Request) -> Query:
    return read_query(
        request.url.path,
        request.query_params,
        filters=("import", "reason", "status", "source", "q"),
    )


def _page(request: Request, session: Session, query: Query) -> Response:
    service, wanted = session.brand.quarantine, _which(query)
    counts = service.counts(
        import_id=wanted["import_id"], status=wanted["status"], source=wanted["source"]
    )
    chosen, since = wanted["reason"], since_of(request)
    total = sum(n for code, n in counts if not chosen or code == chosen)
    return render(
        request,
        "health/quarantine.html",
        "list",
        query=query,
        rows=service.rows(**wanted, offset=query.offset, limit=query.size),
        counts=[(code, reason_of(code), n) for code, n in counts],
        reason_of=reason_of,
        chosen=chosen,
        groups=_groups(session, wanted),
        renamed=RENAMED,
        origins=service.by_source(),
        sources=SOURCES,
        statuses=STATUSES,
        state=wanted["status"],
        work=service.progress(since) if since else None,
        since=since,
        shown=shown_value,
        failure=lambda row: said_error(session, row) if row.error else "",
        pager=Pager(query, service.count(**wanted) if wanted["search"] else total),
        back=request.url.query,
    )


def shown_value(row: QuarantineRow) -> str:
    """A value as a list shows it: what trackers sent is masked."""
    return mask_text(row.value or "") if row.tracked else row.value or ""


def _groups(session: Session, wanted: dict[str, Any]) -> list[Group]:
    """What one decision can settle, shown on the open list: values of one property, and records
    of trackers of one reason."""
    if wanted["status"] != "open" or wanted["search"] or wanted["source"]:
        return []
    reason, merged = wanted["reason"], dict[tuple[str, str | None, str], Group]()
    for one in session.brand.quarantine.groups(import_id=wanted["import_id"]):
        if _is_settled(one) and reason in ("", one.reason):
            key = (one.reason, one.column, one.what)
            before = merged.get(key)  # values of files and of trackers are settled together
            rows = one.rows + (before.rows if before else 0)
            merged[key] = replace(one, rows=rows)
    return sorted(merged.values(), key=lambda one: -one.rows)[:MOST_GROUPS]


def _is_settled(one: Group) -> bool:
    if one.what == "value":
        lost = one.reason in RENAMED and not one.samples
        return one.reason in VALUE_REASONS and bool(one.column) and not lost
    return one.what == "record"


def _which(query: Query) -> dict[str, Any]:
    number = query.filters.get("import", "")
    status = query.filters.get("status", "open")
    return {
        "import_id": int(number) if number.isascii() and number.isdigit() else None,
        "reason": query.filters.get("reason", ""),
        "status": status if status in STATUSES else "open",
        "source": query.filters.get("source", ""),
        "search": query.filters.get("q", ""),
    }


def _cells(session: Session, query: Query) -> Iterator[list[Cell]]:
    for row in session.brand.quarantine.rows(**_which(query), limit=EXPORTED):
        reason = reason_of(row.reason)
        remedy = session.pick((reason.remedy_zh, reason.remedy_en))
        said = session.pick(reason)
        record = shown_record(row) if row.tracked and row.record else row.record
        yield [row.filename, row.row, row.column, shown_value(row), said, remedy, record]


def _chart(session: Session, intake: Intake) -> Chart:
    series = [
        Series(session.text(SOURCES.get(one.source, one.source)), list(one.by_day))
        for one in intake.sources
    ]
    say = session.text("Facts taken by day of arrival, last 30 days.")
    return Chart("stacked", intake.days, series, say, height=200)
