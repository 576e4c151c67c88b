"""One look at one alert: the number, what it is held against, and the state that makes.

calm, firing   judged
late           its facts are not all there yet: nothing is said of the number
empty          nothing to judge: no such row, too little history
broken         the report cannot be answered
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yutang.alerts import freshness
from yutang.alerts.asking import Asker, Series, back_of
from yutang.alerts.judging import NO_HISTORY, Verdict, judge, needed
from yutang.alerts.periods import Period
from yutang.alerts.rule import Rule
from yutang.alerts.speaking import State
from yutang.errors import BadInput, YutangError
from yutang.kit.messages import mark
from yutang.reports import Report

SHOWN = 60  # periods of a preview
PREVIEW_SECONDS = 8.0  # a preview asks so long where each day is asked alone
GONE = mark("This row is not in the report's answer any more.")
LATE = mark(
    "%(name)s is not judged: the data of %(period)s are late; the newest are of %(newest)s."
)
BROKEN = mark("%(name)s cannot be answered: %(why)s")


@dataclass(frozen=True)
class Look:
    """What one look saw. `said`: a template; numbers are those of `verdict`."""

    state: State
    said: str = ""
    period: Period | None = None
    value: float | None = None
    kind: str = "count"
    verdict: Verdict | None = None
    newest_at: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)  # of `said`, for a broken one

    def to_json(self) -> dict[str, Any]:
        """What is kept of it."""
        verdict = self.verdict
        return {
            "state": self.state,
            "said": self.said,
            "period": self.period.label if self.period else "",
            "value": self.value,
            "kind": self.kind,
            "low": verdict.low if verdict else None,
            "high": verdict.high if verdict else None,
            "before": verdict.before if verdict else None,
            "change": verdict.change if verdict else None,
            "n": verdict.n if verdict else 0,
            "newest_at": self.newest_at,
            "params": dict(self.params),
        }


@dataclass(frozen=True)
class Judged:
    """A period as a preview shows it."""

    period: Period
    value: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Preview:
    """The last periods, oldest first; is_cut: asking all of them would take too long."""

    days: tuple[Judged, ...]
    kind: str
    is_cut: bool = False

    @property
    def fired(self) -> list[Judged]:
        return [one for one in self.days if one.verdict.state == "firing"]


def look(asker: Asker, report: Report, rule: Rule) -> Look:
    """Look at the last complete period now."""
    try:
        series = _series(asker, report, rule, (0, *_reaches(rule, report)))
        if not series.periods:
            return Look("empty", NO_HISTORY, params={"n": 0, "needs": needed(rule)})
        last = series.periods[-1]
        fresh = freshness.look(asker.ask, report.params, last, asker.now(), asker.zone)
    except YutangError as error:
        return broken(error)
    value = series.values[-1]
    if fresh.is_late:
        return Look("late", LATE, last, value, series.kind, newest_at=fresh.newest_at)
    if series.is_gone:
        return Look("empty", GONE, last, None, series.kind)
    verdict = judge(rule, value, _earlier(series, len(series.values) - 1, rule), series.kind)
    params = {"n": verdict.n, "needs": needed(rule), "base": rule.base}
    return Look(
        verdict.state, verdict.said, last, value, series.kind, verdict, fresh.newest_at, params
    )


def broken(error: YutangError) -> Look:
    """The report cannot be answered."""
    params = {"why": error.message, "why_params": _plain(error.params)}
    return Look("broken", BROKEN, params=params)


def preview(asker: Asker, report: Report, rule: Rule, *, count: int = SHOWN) -> Preview:
    """What the rule would have said of the last periods. Raises BadInput, NotFound."""
    reaches = _reaches(rule, report)
    deepest = max(reaches, default=0)
    until = time.monotonic() + PREVIEW_SECONDS
    if rule.watch.unit:
        series = asker.periods(report, rule.watch, count + deepest)
    else:
        # The newest day with all that it needs first, so that a cut leaves whole days.
        places = range(count + deepest)
        series = asker.days(report, rule.watch, list(places), lambda: time.monotonic() < until)
    first = max(0, len(series.periods) - count)
    days = tuple(
        Judged(
            series.periods[i],
            series.values[i],
            judge(rule, series.values[i], _earlier(series, i, rule), series.kind),
        )
        for i in range(first, len(series.periods))
    )
    known = [i for i, one in enumerate(days) if one.value is not None]
    is_cut = not rule.watch.unit and time.monotonic() >= until
    return Preview(days[known[0] :] if known else (), series.kind, is_cut)


def _series(asker: Asker, report: Report, rule: Rule, places: tuple[int, ...]) -> Series:
    if rule.watch.unit:
        return asker.periods(report, rule.watch, max(places) + 1)
    return asker.days(report, rule.watch, places)


def _reaches(rule: Rule, report: Report) -> tuple[int, ...]:
    """How many periods back the rule looks. Raises BadInput where a report has no such period."""
    back = 1 if rule.watch.unit else back_of(report)
    if rule.kind == "change" and rule.against == "previous" and back == 0:
        raise BadInput(
            "Months and years are not equally long: there is no previous period to compare with.",
            hint="Save the report with the last 30 days, or by month.",
        )
    return rule.reaches(back)


def _earlier(series: Series, i: int, rule: Rule) -> list[float | None]:
    back = series.back or 1
    return [series.values[i - one] if i >= one else None for one in rule.reaches(back)]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, int | float) else str(value)[:200]
        for key, value in params.items()
    }
