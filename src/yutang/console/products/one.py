"""One product: what it does, what goes with it, what comes before and after, when again."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from yutang.console.charts import Chart, Series
from yutang.console.guard import Session, needs
from yutang.console.products.asking import Asked, read, shared
from yutang.console.products.hits import TREND_WORDS
from yutang.console.products.pairs import question_of, row_of
from yutang.console.render import render
from yutang.errors import BadInput
from yutang.products import SECOND_DAYS, STATES, Detail, date_of

ROUTES = APIRouter()
_PAIRS = 10


@ROUTES.get("/b/{brand}/products/{key}")
def one(request: Request, key: str, session: Session = needs("analyse")) -> Response:
    asked = read(request, session, filters=("by", "days", "least"), period="last_90")
    products, scope = asked.products, asked.scope
    found = products.product(key, scope, products.before(scope))
    pairs = products.pairs(question_of(asked, key))
    sure = np.flatnonzero(pairs.sure)[:_PAIRS]
    neighbours = products.neighbours(key, scope)
    links = {of: asked.people(of, id=key) for of in ("buyers", "repeat", "first", "second")}
    near = [
        {**row, "link": asked.product(row["id"])}
        for row in (*neighbours.after, *neighbours.before)
    ]  # fmt: skip
    return render(
        request,
        "products/one.html",
        found=found,
        chart=_weeks(asked, found),
        pairs=[row_of(asked, pairs, int(n)) for n in sure],
        neighbours=neighbours,
        after=near[: len(neighbours.after)],
        earlier=near[len(neighbours.after) :],
        specs=[{**spec, "link": _spec(asked, spec["id"])} for spec in found.specs],
        links=links,
        whole_link=_whole(asked, found),
        trends=TREND_WORDS,
        second_days=SECOND_DAYS,
        restock=_restock(asked, key),
        **shared(asked, "one"),
    )


def _weeks(asked: Asked, found: Detail) -> Chart:
    text = asked.session.text
    return Chart(
        "bar",
        [date_of(int(day)).isoformat() for day in found.week_ends],
        [Series(text("orders"), found.weeks.tolist())],
        text("Orders in the seven days up to each day."),
        height=200,
    )


def _spec(asked: Asked, key: str) -> str:
    kept = {**asked.query.filters, "level": "spec"}
    return type(asked.query)(f"{asked.session.base}/products/{key}", kept).url()


def _whole(asked: Asked, found: Detail) -> str:
    """The page of a spec's product; "" where this is one."""
    if not found.product:
        return ""
    kept = {**asked.query.filters, "level": "product"}
    return type(asked.query)(f"{asked.session.base}/products/{found.product}", kept).url()


def _restock(asked: Asked, key: str) -> dict[str, Any] | None:
    """Its rhythm and who needs it; None where too few bought it again, and for a spec."""
    products, scope = asked.products, asked.scope
    if scope.level == "spec":
        return None
    try:
        found = products.restocks(products.scope({**asked.origin(""), "category": ""}))
    except BadInput:
        return None
    units = products.goods().units[scope.level]
    thing = units.keys.index(key)
    mine = found.expected.thing == thing
    if not mine.any():
        return None
    group = int(found.rhythms.of[thing])
    counts = {
        state: (
            int((mine & (found.states == STATES.index(state))).sum()),
            asked.people("restock", state=state, due_days=found.due_days, id=key),
        )
        for state in STATES
    }
    return {
        "days": float(found.rhythms.middle[group]),
        "own": group == thing,
        "gaps": int(found.rhythms.gaps[group]),
        "slope": float(found.rhythms.slope[group]),
        "counts": counts,
    }
