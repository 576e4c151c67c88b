"""Analysis models: ask a question about behaviour."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from yutang.analysis import MODELS
from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs

ROUTES = APIRouter(tags=["analysis"], responses=PROBLEMS)  # type: ignore[arg-type]


class ModelOut(BaseModel):
    """A model; `params` is the JSON Schema of its parameters."""

    name: str
    zh: str
    en: str
    params: dict[str, Any]


class ColumnOut(BaseModel):
    """A column of the answer: its key in the rows, its titles, how to show it."""

    name: str
    zh: str
    en: str
    kind: str


class CaveatOut(BaseModel):
    """What the reader must know before believing the numbers."""

    code: str
    zh: str
    en: str


class ResultOut(BaseModel):
    """The answer. Rates are 0 to 1, durations seconds; null where nothing is defined."""

    model: str
    columns: list[ColumnOut]
    rows: list[dict[str, Any]]
    caveats: list[CaveatOut]
    facts_version: int
    seconds: float
    computed_at: int = Field(description="When it was computed, UTC ms.")
    tables: dict[str, Any] = Field(description="Further tables, by name.")
    chart: dict[str, Any]


@ROUTES.get("/models")
def list_models(caller: Caller = needs("analyse")) -> list[ModelOut]:
    """The models and what each takes."""
    return [
        ModelOut(name=one.NAME, zh=one.ZH, en=one.EN, params=one.Params.model_json_schema())
        for one in MODELS
    ]


@ROUTES.post("/analyse/{model}")
def analyse(
    model: str,
    params: Annotated[dict[str, Any], Body(description="As the model's schema says.")],
    caller: Caller = needs("analyse"),
) -> ResultOut:
    """Ask a model; the same as `yutang analyse`."""
    return ResultOut.model_validate(caller.brand.analyse(model, params))
