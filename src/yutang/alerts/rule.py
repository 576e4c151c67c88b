"""What an alert watches, and when that is worth a word. Stored as JSON; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yutang.errors import BadInput

Kind = Literal["threshold", "change", "anomaly"]
Side = Literal["above", "below", "between", "outside"]
Against = Literal["previous", "last_week"]
Measure = Literal["percent", "absolute"]
Way = Literal["up", "down", "both"]
# Of these there is a "same weekday last week"; of hours, the same hour of it.
WITH_WEEKDAYS = ("day", "hour")

# Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers: a modified z-score above 3.5.
SCORE = 3.5
WEEKS = 8  # earlier periods that say what is usual
LEAST_HISTORY = 6  # fewer say nothing about how much a number swings
MOST_HISTORY = 26
BASE = 30.0  # a change of a smaller number than this is not worth a word


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Watch(Strict):
    """One number of a report's answer. table: "" is the answer's own; cell: the row's keys but for
    its period; unit: of the rows' periods, "" where rows have none."""

    table: str = Field("", max_length=60)
    cell: dict[str, Any] = Field(default_factory=dict)
    column: str = Field(max_length=200)
    unit: Literal["", "minute", "hour", "day", "week", "month", "quarter", "year"] = ""


class Rule(Strict):
    """When to speak. Rates are 0 to 1 in `low`, `high` and absolute changes; percent is percent."""

    watch: Watch
    kind: Kind = "anomaly"
    side: Side = "above"
    low: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)
    against: Against = "previous"
    measure: Measure = "percent"
    way: Way = "both"
    least: float = Field(20.0, gt=0, allow_inf_nan=False)
    base: float = Field(BASE, ge=0, allow_inf_nan=False)
    score: float = Field(SCORE, ge=1, le=20)
    weeks: int = Field(WEEKS, ge=LEAST_HISTORY, le=MOST_HISTORY)
    remind_days: int = Field(0, ge=0, le=90)

    def reaches(self, back: int) -> tuple[int, ...]:
        """How many periods back the numbers lie that this one is compared with; `back`: to the
        previous period.

        >>> watch = {"column": "A", "unit": "day"}
        >>> Rule(watch=watch, kind="change", against="last_week").reaches(1)
        (7,)
        """
        week = {"day": 7, "hour": 7 * 24}.get(self.watch.unit or "day", 1)
        if self.kind == "threshold":
            return ()
        if self.kind == "change":
            return (week if self.against == "last_week" else back,)
        return tuple(week * n for n in range(1, self.weeks + 1))


_FIELDS = {"low", "high", "least", "base", "score", "weeks", "remind_days"}


def read_rule(given: Mapping[str, Any]) -> Rule:
    """A checked rule. Raises BadInput with what is wrong and what would be right."""
    try:
        rule = Rule.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if name in _FIELDS:
            raise BadInput(
                "The rule's number “%(place)s” is missing or out of its bounds.",
                hint="Percent and scores are above 0, the history has 6 to 26 periods.",
                place=name,
            ) from None
        raise BadInput("The rule cannot be read: %(place)s.", place=name or "rule") from None
    if rule.kind == "threshold":
        _check_threshold(rule)
    if rule.against == "last_week" and rule.kind == "change":
        _check_weekday(rule)
    return rule


def _check_threshold(rule: Rule) -> None:
    """The bounds that a side needs are there, in order."""
    needs_low = rule.side in ("below", "between", "outside")
    needs_high = rule.side in ("above", "between", "outside")
    if (needs_low and rule.low is None) or (needs_high and rule.high is None):
        raise BadInput("A threshold needs its number.", hint="Type the number to compare with.")
    if needs_low and needs_high and (rule.low or 0) >= (rule.high or 0):
        raise BadInput("The lower bound must lie below the upper one.")


def _check_weekday(rule: Rule) -> None:
    if rule.watch.unit and rule.watch.unit not in WITH_WEEKDAYS:
        raise BadInput(
            "Rows by %(unit)s have no “same weekday last week”.",
            hint="Compare with the previous period, or make a report by day.",
            unit=rule.watch.unit,
        )
