"""Value to come: a model of repeat buying, what it expects, whether it foretells."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.predictions import HORIZONS, Model, Scores, day_of

ROUTES = APIRouter(tags=["predictions"], responses=PROBLEMS)  # type: ignore[arg-type]
Sort = Literal["alive", "orders_90", "value_90", "value_365", "churn"]


class ModelOut(BaseModel):
    """A fitted model of repeat buying and Gamma-Gamma; `horizons`: sums over all, by days."""

    model: str
    params: dict[str, float]
    log_likelihood: float
    gamma_gamma: dict[str, float] | None
    customers: int
    cells: int
    until: str
    at_bound: list[str]
    alive: float = Field(description="Customers who are probably still there, in sum.")
    horizons: dict[int, dict[str, float | None]]
    margin: float
    discount: float


class ForetoldOut(BaseModel):
    """What is expected of a customer; values in fen, null where there is no model of spending."""

    customer: int
    alive: float
    orders: dict[int, float]
    value_fen: dict[int, float | None]
    next_on: str
    churn: float


class PredictionSettings(BaseModel):
    """Contribution margin and discount rate a year, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    margin: float
    discount: float


@ROUTES.get("/predictions")
def get_model(model: Model = "bgnbd", caller: Caller = needs("analyse")) -> ModelOut:
    """The model of today's facts: bgnbd (leaves after a purchase) or pnbd (leaves at any time). On
    the same orders the one with the greater log-likelihood describes them better."""
    predictions = caller.brand.predictions
    found, scores = predictions.fitted(model), predictions.scores(model)
    used = predictions.settings()
    horizons = {
        days: {
            "orders": float(scores.orders[days].sum()),
            "value_fen": None if found.spending is None else _fen(scores.value[days].sum()),
        }
        for days in HORIZONS
    }
    return ModelOut(
        **found.to_json(), alive=float(scores.alive.sum()), horizons=horizons,
        margin=used.margin, discount=used.discount,
    )  # fmt: skip


@ROUTES.get("/predictions/holdout")
def get_holdout(model: Model = "bgnbd", caller: Caller = needs("analyse")) -> dict[str, Any]:
    """Fitted on two thirds of the time and compared with the rest."""
    told: dict[str, Any] = caller.brand.predictions.holdout(model).to_json()
    return told


@ROUTES.get("/predictions/customers")
def list_foretold(
    sort: Sort = "value_365",
    limit: Limit = 100,
    cursor: Cursor = "",
    model: Model = "bgnbd",
    caller: Caller = needs("analyse"),
) -> Page[ForetoldOut]:
    """Customers, the greatest first; who refuses profiling is not among them."""
    scores = caller.brand.predictions.scores(model)
    column = {
        "alive": scores.alive, "orders_90": scores.orders[90], "value_90": scores.value[90],
        "value_365": scores.value[365], "churn": scores.churn,
    }[sort]  # fmt: skip
    order = np.argsort(-np.nan_to_num(column, nan=-1.0), kind="stable")
    first = offset_of(cursor)
    end = first + limit
    return Page(
        rows=[_foretold(scores, place) for place in order[first:end].tolist()],
        total=len(order),
        next_cursor=cursor_at(end) if end < len(order) else None,
    )


@ROUTES.put("/predictions/settings")
def set_predictions(
    new: PredictionSettings, caller: Caller = needs("settings")
) -> PredictionSettings:
    """Keep margin and discount rate."""
    used = caller.brand.predictions.set_settings(margin=new.margin, discount=new.discount)
    detail = {"margin": used.margin, "discount": used.discount}
    caller.record("predictions_set", "value", detail)
    return PredictionSettings(margin=used.margin, discount=used.discount)


def _foretold(scores: Scores, place: int) -> ForetoldOut:
    return ForetoldOut(
        customer=int(scores.customers[place]),
        alive=float(scores.alive[place]),
        orders={days: float(scores.orders[days][place]) for days in HORIZONS},
        value_fen={days: _fen(scores.value[days][place]) for days in HORIZONS},
        next_on=day_of(int(scores.next_on[place])).isoformat(),
        churn=float(scores.churn[place]),
    )


def _fen(yuan: float) -> float | None:
    return None if np.isnan(yuan) else round(float(yuan) * 100, 2)
