"""Restock dates: who needs what again, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.products.asking import Asked, heads, may_export, read, shared, whole
from yutang.console.render import render
from yutang.console.tables import Column, Pager
from yutang.errors import BadInput
from yutang.products import STATES, Restock, date_of, restock_row

ROUTES = APIRouter()
COLUMNS = (
    Column("customer", mark("Customer")),
    Column("name", mark("Product")),
    Column("times", mark("Bought on days"), "count", sortable=True),
    Column("last", mark("Last bought"), "day", sortable=True),
    Column("own", mark("Own rhythm (days)"), "number", sortable=True),
    Column("usual", mark("Usual (days)"), "number"),
    Column("expected", mark("Expected"), "day", sortable=True),
    Column("between", mark("Between")),
)
STATE_WORDS = {
    "due": mark("due now"),
    "soon": mark("due soon"),
    "long": mark("long overdue"),
    "later": mark("later"),
}
_SORTS = tuple(column.key for column in COLUMNS if column.sortable)
_FILE = (
    *("customer", "id", "name", "times", "last_on", "pieces", "own_days", "usual_days"),
    *("own_weight", "low_on", "expected_on", "high_on", "state"),
)
_WEEKS = 12
_TESTS = (30, 90, 180, 365)


@ROUTES.get("/b/{brand}/products/restocks")
def restocks(request: Request, session: Session = needs("analyse")) -> Response:
    asked = read(
        request, session, filters=("state", "due", "test", "clear"), sorts=_SORTS,
        # Of those who are due, who was expected last will most likely still come.
        default_sort="expected" if _state(request) in ("soon", "later") else "-expected",
        period="all", level="category", levels=("category", "product"),
    )  # fmt: skip
    products, f = asked.products, asked.query.filters
    soon = whole(f.get("due", ""), products.settings().due_days, 0, 90)
    shown: dict[str, Any] = {"missing": None}
    state, clear = _state(request), f.get("clear") != "all"
    try:
        found = products.restocks(asked.scope, soon, clear=clear)
    except BadInput as bad:
        shown["missing"] = bad
    else:
        order = _sorted(asked, found, state)
        if kind := request.query_params.get("as"):
            may_export(session, "restocks", kind, len(order))
            goods = products.goods()
            rows: Iterator[list[Cell]] = (
                [row[name] for name in _FILE]
                for row in (restock_row(found, goods, n) for n in order.tolist())
            )
            return download(kind, "restocks", heads(session, _FILE), rows)
        shown |= _shown(asked, found, order, clear) | _tested(asked, clear)
    return render(
        request,
        "products/restocks.html",
        soon=soon,
        state=state,
        clear=clear,
        states=STATE_WORDS,
        columns=COLUMNS,
        tests=_TESTS,
        **shown,
        **shared(asked, "/restocks"),
    )


def _state(request: Request) -> str:
    asked = request.query_params.get("state", "due")
    return asked if asked in STATE_WORDS else "due"


def _sorted(asked: Asked, found: Restock, state: str) -> np.ndarray:
    told = found.expected
    rows = np.flatnonzero(found.states == STATES.index(state))
    columns: dict[str, Any] = {
        "expected": told.day, "times": told.times, "last": told.last, "own": told.gap,
    }  # fmt: skip
    values = np.asarray(columns[asked.query.key], np.float64)[rows]
    return rows[np.argsort(-values if asked.query.descending else values, kind="stable")]


def _shown(asked: Asked, found: Restock, order: np.ndarray, clear: bool) -> dict[str, Any]:
    query, goods = asked.query, asked.products.goods()
    how = {"due_days": found.due_days, "clear": clear}
    rows = [restock_row(found, goods, int(n)) for n in order[query.offset :][: query.size]]
    return {
        "found": found,
        "today": date_of(found.today),
        "rows": [{**row, "link": asked.product(row["id"])} for row in rows],
        "pager": Pager(query, len(order)),
        "counts": {name: found.count(name) for name in STATE_WORDS},
        "people": {
            name: (found.people(name), asked.people("restock", state=name, **how))
            for name in STATE_WORDS
        },
        "chart": _chart(asked, found),
    }


def _tested(asked: Asked, clear: bool) -> dict[str, Any]:
    days = whole(asked.query.filters.get("test", ""), 180, 7, 730)
    try:
        tested = asked.products.restock_holdout(asked.scope, days, clear=clear)
    except BadInput as bad:
        return {"holdout": None, "untested": bad, "test_days": days}
    return {
        "holdout": tested, "untested": None, "test_days": days, "cutoff": date_of(tested.cutoff),
    }  # fmt: skip


def _chart(asked: Asked, found: Restock) -> Chart:
    """Expected purchases of the next weeks."""
    ahead = np.floor((found.expected.day - found.today - 1) / 7).astype(np.int64)
    weeks = np.bincount(ahead[(ahead >= 0) & (ahead < _WEEKS)], minlength=_WEEKS)
    labels = [date_of(found.today + 1 + 7 * n).isoformat() for n in range(_WEEKS)]
    text = asked.session.text
    return Chart(
        "bar", labels, [Series(text("expected"), weeks.tolist())],
        text("Restocks expected in each of the coming weeks."), height=220,
    )  # fmt: skip
