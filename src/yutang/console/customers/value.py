"""Value to come: what a model expects of each customer, and whether it foretells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.errors import BadInput, YutangError
from yutang.predictions import HORIZONS, Fitted, Holdout, Model, Predictions, Scores, day_of

ROUTES = APIRouter()
NAMES: dict[Model, str] = {"bgnbd": "BG/NBD", "pnbd": "Pareto/NBD"}
COLUMNS = (
    Column("id", mark("Customer")),
    Column("alive", mark("Still there"), "rate", sortable=True),
    Column("orders", mark("Purchases in 90 days"), "number", sortable=True),
    Column("value", mark("Value in 90 days"), "money", sortable=True),
    Column("year", mark("Value in 365 days"), "money", sortable=True),
    Column("next", mark("Half have bought by"), "day", sortable=True),
    Column("churn", mark("Buys nothing for a year"), "rate", sortable=True),
)
_SORTS = tuple(column.key for column in COLUMNS[1:])
_MARGIN, _DISCOUNT = "margin", "discount"


@dataclass(frozen=True)
class Line:
    """One customer of the list; amounts in fen."""

    id: int
    alive: float
    orders: float
    value: float | None
    year: float | None
    next: date
    churn: float


@ROUTES.get("/b/{brand}/customers/value")
def value(request: Request, session: Session = needs("analyse")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/customers/value")
def set_value(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Keep the margin and the discount rate, given in percent."""
    try:
        used = session.brand.predictions.set_settings(
            margin=_percent(form, _MARGIN), discount=_percent(form, _DISCOUNT)
        )
    except YutangError as error:
        return _page(request, session, error=error)
    detail = {"margin": used.margin, "discount": used.discount}
    session.brand.audit.record(
        session.account.login, "predictions_set", "value", detail, session.ip
    )
    note = session.text("Saved. The values are counted with it from now on.")
    return see_other(request, f"{session.base}/customers/value", note)


def _percent(form: FormData, name: str) -> float:
    try:
        return float(str(form.get(name, "")).strip().rstrip("%")) / 100
    except ValueError:
        raise BadInput(
            "The margin and the discount rate are numbers of percent, such as 60."
        ) from None


def _page(request: Request, session: Session, *, error: YutangError | None = None) -> Response:
    path, predictions = f"{session.base}/customers/value", session.brand.predictions
    query = read_query(
        path, request.query_params, filters=("model",), sorts=_SORTS, default_sort="-year"
    )
    asked = query.filters.get("model")
    model: Model = next((one for one in NAMES if one == asked), "bgnbd")
    status = 200 if error is None else 422
    shown: dict[str, Any] = {"missing": None, "untested": None, "holdout": None}
    try:
        found, scores = predictions.fitted(model), predictions.scores(model)
    except BadInput as bad:
        shown["missing"] = bad
    else:
        if kind := request.query_params.get("as"):
            return _export(session, kind, found, scores)
        shown |= _shown(session, query, found, scores)
        try:
            shown |= _tested(session, predictions.holdout(model))
        except BadInput as bad:
            shown["untested"] = bad
    return render(
        request,
        "customers/value.html",
        "list",
        status=status,
        query=query,
        error=error,
        tabs=tabs_of(session),
        tab="/value",
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
        name=NAMES[model],
        model=model,
        models=_models(predictions),
        refused=predictions.refused(),
        settings=predictions.settings(),
        may_export=session.may("export"),
        **shown,
    )


def _models(predictions: Predictions) -> list[tuple[Model, str, float | None]]:
    """Each model, its name, and its log-likelihood where it is fitted on the orders of today."""
    known = predictions.known()
    return [
        (model, name, known[model].fit.log_likelihood if model in known else None)
        for model, name in NAMES.items()
    ]


def _shown(session: Session, query: Query, found: Fitted, scores: Scores) -> dict[str, Any]:
    order = _sorted(query, scores)
    part = order[query.offset : query.offset + query.size].tolist()
    has_value = found.spending is not None
    horizons = [
        (
            days,
            float(scores.orders[days].sum()),
            float(np.nansum(scores.value[days])) * 100 if has_value else None,
            int((scores.orders[days] >= 1).sum()),
        )
        for days in HORIZONS
    ]
    return {
        "found": found,
        "people": len(scores.customers),
        "alive": float(scores.alive.sum()),
        "horizons": horizons,
        "rows": list(_lines(scores, part)),
        "columns": COLUMNS,
        "pager": Pager(query, len(scores.customers)),
        "curve": _alive_chart(session, scores),
    }


def _sorted(query: Query, scores: Scores) -> np.ndarray:
    columns = {
        "alive": scores.alive,
        "orders": scores.orders[90],
        "value": scores.value[90],
        "year": scores.value[365],
        "next": scores.next_on,
        "churn": scores.churn,
    }
    values = np.nan_to_num(columns[query.key].astype(np.float64), nan=-1.0)
    return np.argsort(-values if query.descending else values, kind="stable")


def _lines(scores: Scores, places: list[int]) -> Iterator[Line]:
    for i in places:
        quarter, year = float(scores.value[90][i]) * 100, float(scores.value[365][i]) * 100
        yield Line(
            id=int(scores.customers[i]),
            alive=float(scores.alive[i]),
            orders=float(scores.orders[90][i]),
            value=None if np.isnan(quarter) else quarter,
            year=None if np.isnan(year) else year,
            next=day_of(int(scores.next_on[i])),
            churn=float(scores.churn[i]),
        )


def _alive_chart(session: Session, scores: Scores) -> Chart:
    counts, _ = np.histogram(scores.churn, bins=10, range=(0, 1))
    return Chart(
        "histogram",
        [f"{n * 10}–{n * 10 + 10}%" for n in range(10)],
        [Series(session.text("Customers"), counts.tolist())],
        session.text("Customers by the chance that they buy nothing for a year."),
        height=220,
    )


def _tested(session: Session, holdout: Holdout) -> dict[str, Any]:
    """The holdout's curve by week, its groups and its tenths."""
    text = session.text
    curve = Chart(
        "line",
        [day_of(day).isoformat() for day in holdout.weeks.tolist()],
        [
            Series(text("really bought"), holdout.actual_curve.tolist()),
            Series(text("expected"), holdout.expected_curve.round(1).tolist(), role="compare"),
        ],
        text("Repeat purchases up to each week, as they were and as the model expected them."),
        unit="number",
        height=240,
    )
    return {
        "holdout": holdout,
        "holdout_curve": curve,
        "frequencies": holdout.by_frequency(),
        "deciles": holdout.by_decile(),
        "until": day_of(holdout.until),
    }


def _export(session: Session, kind: str, found: Fitted, scores: Scores) -> Response:
    session.require("export")
    detail = {"model": found.model, "people": len(scores.customers)}
    session.brand.audit.record(
        session.account.login, "predictions_exported", kind, detail, session.ip
    )
    header = [session.text(column.title) for column in COLUMNS]
    return download(kind, "value", header, _cells(scores))


def _cells(scores: Scores) -> Iterator[list[Cell]]:
    for one in _lines(scores, list(range(len(scores.customers)))):
        yield [
            one.id, one.alive, one.orders, None if one.value is None else one.value / 100,
            None if one.year is None else one.year / 100, one.next, one.churn,
        ]  # fmt: skip
