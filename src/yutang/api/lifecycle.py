"""Lifecycle: stages and their views, who moved, intervals, the rule, the strategy matrix."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.customers import RuleVersion, changed
from yutang.lifecycle import Matrix
from yutang.lifecycle.matrix import CellChoice

ROUTES = APIRouter(tags=["lifecycle"], responses=PROBLEMS)  # type: ignore[arg-type]
Axis = Annotated[str, Query(description="stage, role, nes, aipl or five_a.")]
First = Annotated[date | None, Query(description="First day; with `last`, instead of `period`.")]
Period = Annotated[
    str,
    Query(description="this_month, last_month, this_quarter, last_quarter or last_365."),
]


class LifecycleOut(BaseModel):
    """People by state, today (`as_of`: the business day of the newest fact) and at the ends of
    months. recomputing: a newer rule is in force than the numbers were counted by."""

    axis: str
    as_of: date
    states: dict[str, int]
    months: list[dict[str, Any]]
    rule_version: int
    recomputing: bool


class IntervalOut(BaseModel):
    """Return of a category ("" = the whole brand); days."""

    category: str
    buyers: int
    gaps: int
    open: int = Field(description="Purchase days that no other one has followed yet.")
    returning: float
    median: float | None
    slow: float | None
    dormant: int
    lost: int
    source: str
    long_enough: bool


class RuleOut(BaseModel):
    """A version of the rule; 0 = the defaults. `at`: UTC ms."""

    version: int
    at: int
    by: str
    note: str
    rule: dict[str, Any]


class RuleIn(BaseModel):
    """What to change (`values`), or the version to go back to. preview: change nothing, say what
    would change."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any] = {}
    version: int | None = None
    note: str = ""
    preview: bool = False


class ChoiceIn(BaseModel):
    """What a cell gets: coupon, task, seeding or leave."""

    model_config = ConfigDict(extra="forbid")

    action: str
    note: str = ""


class MatrixIn(BaseModel):
    """Cells (`dormant.high.none`) to choose for; null takes a choice back. Or the version to go
    back to; 0 = the defaults."""

    model_config = ConfigDict(extra="forbid")

    cells: dict[str, ChoiceIn | None] = {}
    version: int | None = None
    note: str = ""


@ROUTES.get("/lifecycle")
def get_lifecycle(
    axis: Axis = "stage",
    months: Annotated[int, Query(ge=1, le=36)] = 13,
    caller: Caller = needs("analyse"),
) -> LifecycleOut:
    """Sizes of the states, today and by month."""
    life = caller.brand.lifecycle
    trend = life.trend(axis, months)
    counts = (dict(zip(trend.codes, row, strict=True)) for row in trend.counts.tolist())
    return LifecycleOut(
        axis=axis,
        as_of=life.today(),
        states=life.sizes(axis),
        months=[{"day": day, "states": row} for day, row in zip(trend.days, counts, strict=True)],
        rule_version=caller.brand.customers.snapshot().rule.version,
        recomputing=life.is_waiting(),
    )


@ROUTES.get("/lifecycle/movements")
def get_movements(
    axis: Axis = "stage",
    period: Period = "",
    first: First = None,
    last: First = None,
    caller: Caller = needs("analyse"),
) -> dict[str, Any]:
    """From which state to which people moved in a period; `new`: not known before."""
    life = caller.brand.lifecycle
    found: dict[str, Any] = life.movements(axis, life.between(period, first, last)).to_json()
    return found


@ROUTES.get("/lifecycle/intervals")
def list_intervals(caller: Caller = needs("analyse")) -> list[IntervalOut]:
    """After how many days people come back, by category; the whole brand first."""
    return [IntervalOut(**vars(row)) for row in caller.brand.lifecycle.intervals()]


@ROUTES.get("/lifecycle/rules")
def list_rules(caller: Caller = needs("analyse")) -> list[RuleOut]:
    """All versions of the rule; the first is in force."""
    return [_rule(one) for one in caller.brand.lifecycle.versions()]


@ROUTES.put("/lifecycle/rules", response_model=None)
def set_rule(
    new: RuleIn, request: Request, caller: Caller = needs("settings")
) -> RuleOut | dict[str, Any]:
    """Change the rule, or say what a change would do; the worker then counts anew."""
    life = caller.brand.lifecycle
    if new.version is not None:
        made = life.go_back(new.version, by=caller.name)
    else:
        rule = changed(life.rule().rule, new.values)
        if new.preview:
            told: dict[str, Any] = life.preview(rule).to_json()
            return told
        made = life.set_rule(rule, by=caller.name, note=new.note)
    caller.record("lifecycle_rule_set", f"#{made.version}", made.rule.to_json())
    request.app.state.nudge(caller.key.slug)
    return _rule(made)


@ROUTES.get("/matrix")
def get_matrix(caller: Caller = needs("analyse")) -> dict[str, Any]:
    """The strategy matrix of today."""
    return _matrix(caller.brand.lifecycle.matrix())


@ROUTES.put("/matrix")
def set_matrix(new: MatrixIn, caller: Caller = needs("settings")) -> dict[str, Any]:
    """Choose what cells get, or go back to a version."""
    life = caller.brand.lifecycle
    if new.version is not None:
        made = life.restore_matrix(new.version, by=caller.name)
    else:
        cells = {
            key: CellChoice(one.action, one.note) if one else None for key, one in new.cells.items()
        }
        made = life.set_cells(cells, by=caller.name, note=new.note)
    caller.record("matrix_set", f"#{made.version}", {"chosen": len(made.cells)})
    return _matrix(life.matrix())


def _rule(one: RuleVersion) -> RuleOut:
    return RuleOut(
        version=one.version, at=one.at, by=one.by, note=one.note, rule=one.rule.to_json()
    )


def _matrix(found: Matrix) -> dict[str, Any]:
    return {
        "version": found.version.version,
        "people": found.people,
        "actions": {
            action: {"people": n, "net_fen": fen} for action, (n, fen) in found.by_action().items()
        },
        "cells": [one.to_json() for one in found.cells],
    }
