"""What comes next: from one purchase day to the next one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from yutang.console.charts import Flow, Flows
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.products.asking import Asked, heads, may_export, read, shared, whole
from yutang.console.render import render
from yutang.console.tables import Column, Pager
from yutang.errors import BadInput
from yutang.products import HOLDOUT_DAYS, StepsQuestion, Transitions, date_of, step_row

ROUTES = APIRouter()
COLUMNS = (
    Column("step", mark("From → to")),
    Column("both", mark("Steps"), "count", sortable=True),
    Column("extra", mark("Beyond the usual"), "count", sortable=True),
    Column("share", mark("Share of those who came back"), "rate", sortable=True),
    Column("base", mark("Share of all next days"), "rate", sortable=True),
    Column("lift", mark("Times as usual"), "number", sortable=True),
    Column("days", mark("Days between (median)"), "number", sortable=True),
)
METHOD_WORDS = {
    "model": mark("Yutang: own habits and what others bought next"),
    "transitions": mark("only what others bought next"),
    "same_again": mark("the same again"),
    "popular": mark("what sells most"),
}
_SORTS = (*(column.key for column in COLUMNS if column.sortable), "lift_low")
_FILE = (
    *("a", "a_name", "b", "b_name", "both", "of_a", "of_b", "share", "share_low", "base"),
    *("lift", "lift_low", "lift_high", "q", "days"),
)
_DRAWN = 8
_TOLD = 1.2  # times as usual


@ROUTES.get("/b/{brand}/products/next")
def next_thing(request: Request, session: Session = needs("analyse")) -> Response:
    asked = read(
        request, session, filters=("first_only", "from_thing", "test"), sorts=_SORTS,
        default_sort="-extra", period="all", level="category", levels=("category", "product"),
    )  # fmt: skip
    f = asked.query.filters
    first_only = f.get("first_only") == "yes"
    found = asked.products.transitions(StepsQuestion(asked.scope, first_only))
    start = f.get("from_thing", "")
    order = _sorted(asked, found, start)
    if kind := request.query_params.get("as"):
        may_export(session, "next", kind, len(order))
        goods_rows: Iterator[list[Cell]] = (
            [row[name] for name in _FILE] for row in (step_row(found, n) for n in order.tolist())
        )
        return download(kind, "next", heads(session, _FILE), goods_rows)
    query = asked.query
    untested, holdout = None, None
    days = whole(f.get("test", ""), HOLDOUT_DAYS, 7, 366)
    try:
        holdout = asked.products.next_holdout(asked.scope, days)
    except BadInput as bad:
        untested = bad
    units = found.visits.units
    starts = sorted({(units.names[int(n)], units.keys[int(n)]) for n in np.unique(found.a)})
    return render(
        request,
        "products/next.html",
        found=found,
        first_only=first_only,
        start=start,
        starts=starts,
        strongest=_strongest(found),
        rows=[_row(asked, found, int(n), first_only) for n in order[query.offset :][: query.size]],
        columns=COLUMNS,
        pager=Pager(query, len(order)),
        flows=_flows(asked, found, first_only),
        holdout=holdout,
        untested=untested,
        test_days=days,
        method_words=METHOD_WORDS,
        cutoff=date_of(holdout.cutoff) if holdout else None,
        **shared(asked, "/next"),
    )


def _strongest(found: Transitions) -> dict[str, Any] | None:
    """The step that is most beyond chance, to another thing where one is worth telling."""
    sure = (found.q <= 0.05) & (found.lift >= _TOLD)
    other = np.flatnonzero(sure & (found.a != found.b))
    any_ = np.flatnonzero(sure)
    best = other if len(other) else any_
    return step_row(found, int(best[0])) if len(best) else None


def _sorted(asked: Asked, found: Transitions, start: str) -> np.ndarray:
    columns: dict[str, Any] = {
        "both": found.both, "share": found.share, "base": found.base, "lift": found.lift,
        "lift_low": found.lift_low, "extra": found.extra, "days": found.days,
    }  # fmt: skip
    values = np.asarray(columns[asked.query.key], np.float64)
    order = np.argsort(-values if asked.query.descending else values, kind="stable")
    keys = found.visits.units.keys
    if start:
        order = order[np.array([keys[int(n)] == start for n in found.a[order]], bool)]
    return order


def _row(asked: Asked, found: Transitions, place: int, first_only: bool) -> dict[str, Any]:
    row = step_row(found, place)
    how = {"a": row["a"], "b": row["b"], "first_only": first_only}
    return {
        **row,
        "sure": row["q"] <= 0.05 and row["lift"] > 1,
        "did": asked.people("step", **how),
        "waiting": asked.people("waiting", a=row["a"], first_only=first_only),
    }


def _flows(asked: Asked, found: Transitions, first_only: bool) -> Flows:
    """The largest streams between the things with most steps."""
    units = found.visits.units
    most = found.visits.things[:_DRAWN].tolist()
    rows = [n for n in np.argsort(-found.both, kind="stable").tolist()
            if found.a[n] in most and found.b[n] in most]  # fmt: skip
    nodes: list[tuple[int, int]] = []
    for n in rows:
        for node in ((0, int(found.a[n])), (1, int(found.b[n]))):
            if node not in nodes:
                nodes.append(node)
    place = {node: i for i, node in enumerate(nodes)}
    return Flows(
        nodes=[units.names[thing] for _, thing in nodes],
        flows=[
            Flow(place[0, int(found.a[n])], place[1, int(found.b[n])], int(found.both[n]))
            for n in rows
        ],
        say=asked.session.text("From what was bought to what was bought next"),
        layers=[layer for layer, _ in nodes],
        height=max(300, 44 * len(most)),
        links=[
            asked.people("step", a=units.keys[int(found.a[n])], b=units.keys[int(found.b[n])],
                         first_only=first_only)
            for n in rows
        ],
    )  # fmt: skip
