"""Stages today, by month, and who moved between them in a period."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from yutang.console.charts import Chart, Flow, Flows, Heat, Series
from yutang.console.exports import download
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.lifecycle.words import AXIS_NAMES, definition, section, state
from yutang.console.people import reference
from yutang.console.render import render
from yutang.console.tables import Column, Query, read_query
from yutang.customers import AXES
from yutang.errors import BadInput
from yutang.lifecycle import PRESETS, Between, Movements, Trend

ROUTES = APIRouter()
PATH = "/b/{brand}/customers/lifecycle"
COLUMNS = (
    Column("before", mark("State at the start"), sortable=True),
    Column("after", mark("State at the end"), sortable=True),
    Column("people", mark("People"), "count", sortable=True),
    Column("of_before", mark("of those before"), "rate", sortable=True),
    Column("of_after", mark("of those after"), "rate", sortable=True),
)


@ROUTES.get(PATH)
def lifecycle(request: Request, session: Session = needs("analyse")) -> Response:
    values, life = request.query_params, session.brand.lifecycle
    query = read_query(
        request.url.path,
        values,
        filters=("axis", "period", "from", "to"),
        sorts=[column.key for column in COLUMNS],
        default_sort="-people",
    )
    axis = query.filters.get("axis", "stage")
    shown: dict[str, Any] = {"found": None}
    error = None
    if session.brand.customers.snapshot().as_of:
        try:
            if axis not in AXES:
                raise BadInput("There is no axis “%(name)s”.", name=axis[:40])
            found = life.movements(axis, _between(session, query))
        except BadInput as bad:
            error, axis = bad, axis if axis in AXES else "stage"
            found = life.movements(axis, life.between())
        rows = _rows(session, found, query)
        if kind := values.get("as"):
            return _export(session, kind, found, rows)
        shown = _shown(session, found, rows, life.trend(axis))
    return render(
        request,
        "lifecycle/lifecycle.html",
        status=422 if error else 200,
        query=query,
        axis=axis,
        axes=AXIS_NAMES,
        presets=PRESETS,
        error=error,
        late=life.is_waiting(),
        rule=life.rule(),
        may_export=session.may("export"),
        columns=COLUMNS,
        **section(session, "/lifecycle"),
        **shown,
    )


def _between(session: Session, query: Query) -> Between:
    filters = query.filters
    first, last = (_day(filters.get(end)) for end in ("from", "to"))
    preset = filters.get("period", "")
    found: Between = session.brand.lifecycle.between(
        "" if preset == "custom" else preset, first, last
    )
    return found


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("“%(text)s” is no day, such as 2026-11-22.", text=text[:40]) from None


def _link(session: Session, found: Movements, before: str, after: str) -> str:
    span = {"first": found.between.first.isoformat(), "last": found.between.last.isoformat()}
    ref = reference("lifecycle", axis=found.axis, **span, before=before, after=after)
    return f"{session.base}/customers?people={ref}"


def _rows(session: Session, found: Movements, query: Query) -> list[dict[str, Any]]:
    """One row a flow, in the order asked for."""
    before = {code: int(n) for code, n in zip(found.before, found.counts.sum(axis=1), strict=True)}
    after = {code: int(n) for code, n in zip(found.codes, found.counts.sum(axis=0), strict=True)}
    place = {code: i for i, code in enumerate(found.before)}
    rows: list[dict[str, Any]] = [
        {
            "before": state(session, found.axis, a),
            "after": state(session, found.axis, b),
            "people": people,
            "of_before": people / before[a],
            "of_after": people / after[b],
            "link": _link(session, found, a, b),
            "stayed": a == b,
            "order": {"before": place[a], "after": place[b]},
        }
        for a, b, people in found.flows()
    ]
    key = query.key
    rows.sort(key=lambda row: row["order"].get(key, row[key]), reverse=query.descending)
    return rows


def _shown(
    session: Session, found: Movements, rows: list[dict[str, Any]], trend: Trend
) -> dict[str, Any]:
    rule = session.brand.lifecycle.rule().rule
    lines = [
        {
            "line": line,
            "name": state(session, found.axis, line.code),
            "says": definition(session, found.axis, line.code, rule),
            "now": _link(session, found, "", line.code),
        }
        for line in found.states()
        if line.before or line.after or line.code != "none"
    ]
    known = int(found.counts.sum())
    return {
        "found": found,
        "rows": rows,
        "lines": lines,
        "people": known,
        "flows": _flows(session, found),
        "heat": _heat(session, found),
        "trend": _trend(session, trend),
    }


def _flows(session: Session, found: Movements) -> Flows:
    """All who were known before; who came since would drown the rest, and stands in the table."""
    flows = [one for one in found.flows() if one[0] != "new"]
    used = [(0, code) for code in found.codes if any(a == code for a, _, _ in flows)]
    used += [(1, code) for code in found.codes if any(b == code for _, b, _ in flows)]
    place = {node: i for i, node in enumerate(used)}
    return Flows(
        nodes=[state(session, found.axis, code) for _, code in used],
        flows=[Flow(place[0, a], place[1, b], people) for a, b, people in flows],
        say=session.text("Customers by their state before and after"),
        layers=[layer for layer, _ in used],
        height=max(300, 62 * len(found.codes)),
        links=[_link(session, found, a, b) for a, b, _ in flows],
    )


def _heat(session: Session, found: Movements) -> Heat:
    counts = found.counts.tolist()
    return Heat(
        corner=session.text("before ↓ after →"),
        rows=[state(session, found.axis, code) for code in found.before],
        columns=[state(session, found.axis, code) for code in found.codes],
        values=[[n or None for n in row] for row in counts],
        say=session.text("Customers by their state before and after"),
        unit="count",
        links=[
            [_link(session, found, a, b) if counts[i][j] else "" for j, b in enumerate(found.codes)]
            for i, a in enumerate(found.before)
        ],
    )


def _trend(session: Session, trend: Trend) -> Chart:
    return Chart(
        "stacked",
        [day.isoformat() for day in trend.days],
        [
            Series(state(session, trend.axis, code), trend.counts[:, i].tolist())
            for i, code in enumerate(trend.codes)
            if trend.counts[:, i].any()
        ],
        session.text("Customers by their state at the ends of months, and today."),
        height=280,
    )


def _export(session: Session, kind: str, found: Movements, rows: list[dict[str, Any]]) -> Response:
    session.require("export")
    span = f"{found.between.first}–{found.between.last}"
    session.brand.audit.record(
        session.account.login, "lifecycle_exported", found.axis, {"days": span}, session.ip
    )
    header = [session.text(column.title) for column in COLUMNS]
    cells = ([row[column.key] for column in COLUMNS] for row in rows)
    return download(kind, f"{found.axis}-{span}", header, cells)
