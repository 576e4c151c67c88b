"""The overview's numbers, each with its formula and what is normal."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.measure import Finding, Number

ROUTES = APIRouter(tags=["overview"], responses=PROBLEMS)  # type: ignore[arg-type]
Preset = Literal["this_month", "last_month", "last_30", "last_90", "this_year", "all", "custom"]


class NumberOut(BaseModel):
    """One number. `value` is null where nothing can be divided or nothing was measured."""

    id: str
    zh: str
    en: str
    unit: Literal["fen", "count", "rate", "ratio", "days"]
    value: float | None
    compare: float | None
    change: float | None = Field(
        description="Relative for money and counts, the plain difference for others."
    )
    trend: list[float | None]
    people: int
    provisional: bool
    caveats: list[str]
    formula: str
    normal: str


class FindingOut(BaseModel):
    """Something that needs somebody today."""

    id: str
    title: str
    reason: str
    action: str
    people: int


class OverviewOut(BaseModel):
    """All numbers of a period, from one version of the facts."""

    first: date
    last: date
    compare_first: date | None
    compare_last: date | None
    labels: list[str] = Field(description="The steps of the trends.")
    as_of: int = Field(description="The newest fact, UTC ms; 0 without facts.")
    facts_version: int
    numbers: list[NumberOut]
    needs: list[FindingOut]


@ROUTES.get("/overview")
def get_overview(
    period: Preset = "this_month",
    first: date | None = None,
    last: date | None = None,
    compare: Literal["previous", "last_year"] = "previous",
    caller: Caller = needs("see"),
) -> OverviewOut:
    """The brand's numbers in a period, which ends with the newest fact unless it is `custom`."""
    return overview_of(caller.brand, period, first=first, last=last, compare=compare)


def overview_of(
    brand: Any,
    period: Preset,
    *,
    first: date | None = None,
    last: date | None = None,
    compare: Literal["previous", "last_year"] = "previous",
) -> OverviewOut:
    """The numbers of a brand (`yutang.app.Brand`) in a period."""
    measure = brand.measure
    found = measure.overview(measure.period(period, first=first, last=last), compare)
    return OverviewOut(
        first=found.period.first,
        last=found.period.last,
        compare_first=found.compare.first if found.compare else None,
        compare_last=found.compare.last if found.compare else None,
        labels=list(found.trend.labels),
        as_of=found.as_of,
        facts_version=found.facts_version,
        numbers=[_number(one) for one in found.numbers],
        needs=[_finding(one) for one in found.needs],
    )


def _number(one: Number) -> NumberOut:
    metric = one.metric
    return NumberOut(
        id=metric.id,
        zh=metric.zh,
        en=metric.en,
        unit=metric.unit,
        value=one.value,
        compare=one.compare,
        change=one.change,
        trend=list(one.trend),
        people=one.people,
        provisional=one.provisional,
        caveats=[en for _, en in one.caveats],
        formula=metric.formula_en,
        normal=metric.normal_en,
    )


def _finding(one: Finding) -> FindingOut:
    return FindingOut(
        id=one.id,
        title=one.title[1],
        reason=one.reason[1],
        action=one.action[1],
        people=one.count,
    )
