"""Periods of a report's rows: which unit their labels are of, which ended last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from yutang.sequence.calendar import day_of, day_start, period_edges, period_start

HOUR_MS = 3_600_000
# Facts of the last minutes of a period are still on their way when it ends.
SETTLE_MS = {"minute": 120_000, "hour": 600_000}
SETTLE_LONG_MS = HOUR_MS
# Business days that surely hold so many periods.
_DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 31, "quarter": 92,
         "year": 366}  # fmt: skip
_SHAPES = (
    ("year", re.compile(r"\d{4}")),
    ("quarter", re.compile(r"\d{4}-Q[1-4]")),
    ("month", re.compile(r"\d{4}-\d\d")),
)


@dataclass(frozen=True)
class Period:
    """One period: its label in the report's rows, its first and the next one's first moment."""

    label: str
    start: int
    end: int


def unit_of(labels: Iterable[str]) -> str:
    """The unit that labels of rows are of; "" where they are no periods.

    >>> unit_of(["2026-11-16", "2026-11-23"]), unit_of(["2026-11-22"]), unit_of(["2026-Q4"])
    ('week', 'day', 'quarter')
    """
    known = sorted(set(labels))
    if not known:
        return ""
    for unit, shape in _SHAPES:
        if all(shape.fullmatch(one) for one in known):
            return unit
    if all(re.fullmatch(r"\d{4}-\d\d-\d\d", one) for one in known):
        days = [date.fromisoformat(one) for one in known]
        mondays = all(day.weekday() == 0 for day in days)
        return "week" if mondays and len(days) > 1 else "day"
    if all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", one) for one in known):
        return "hour" if all(one.endswith(":00") for one in known) else "minute"
    return ""


def settle_ms(unit: str) -> int:
    """So long after a period's end its numbers are looked at."""
    return SETTLE_MS.get(unit, SETTLE_LONG_MS)


def complete_periods(unit: str, count: int, now: int, zone: str) -> list[Period]:
    """The last `count` periods that have ended and settled, oldest first."""
    until = now - settle_ms(unit)
    last = day_of(until, zone)
    first = last - timedelta(days=int(_DAYS[unit] * (count + 1)) + 1)
    edges, labels = period_edges(period_start(first, unit), last, unit, zone)
    if unit not in ("minute", "hour", "day"):  # the last one was cut at the range: it goes on
        labels = labels[:-1]
    found = [
        Period(label, int(edges[i]), int(edges[i + 1]))
        for i, label in enumerate(labels)
        if int(edges[i + 1]) <= until
    ]
    return found[-count:]


def next_end(unit: str, now: int, zone: str) -> int:
    """When the period that is running now will have ended and settled (UTC ms); "" is a day."""
    unit = unit or "day"
    settle = settle_ms(unit)
    if unit in ("minute", "hour"):
        step = 60_000 if unit == "minute" else HOUR_MS
        return (now - settle) // step * step + step + settle
    today = day_of(now - settle, zone)
    # A longer period ends at some midnight, too; a look at each is cheap.
    return day_start(today + timedelta(days=1), zone) + settle


def complete_days(count: int, now: int, zone: str) -> list[date]:
    """The last `count` business days that have ended and settled, oldest first."""
    last = day_of(now - SETTLE_LONG_MS, zone) - timedelta(days=1)
    return [last - timedelta(days=n) for n in range(count - 1, -1, -1)]


def day_period(day: date, zone: str) -> Period:
    """A business day as a period."""
    return Period(day.isoformat(), day_start(day, zone), day_start(day + timedelta(days=1), zone))
