"""Periods of business days: the presets, what each is compared with, and how it is cut up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from yutang.errors import BadInput
from yutang.reports import span_of

Preset = Literal["this_month", "last_month", "last_30", "last_90", "this_year", "all", "custom"]
Compare = Literal["previous", "last_year"]
Unit = Literal["day", "week", "month"]

PRESETS: dict[str, tuple[str, str]] = {
    "this_month": ("本月", "this month"),
    "last_month": ("上月", "last month"),
    "last_30": ("近 30 天", "last 30 days"),
    "last_90": ("近 90 天", "last 90 days"),
    "this_year": ("今年", "this year"),
    "all": ("全部", "all"),
}
COMPARES: dict[str, tuple[str, str]] = {
    "previous": ("对比上期", "against the period before"),
    "last_year": ("对比去年同期", "against last year"),
}
# A trend of about thirty to ninety points is readable; longer periods take a coarser step.
DAYS_BY_DAY = 92
DAYS_BY_WEEK = 400
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """Business days `first` to `last`, both inclusive."""

    first: date
    last: date
    preset: Preset = "custom"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def unit(self) -> Unit:
        """The step of its trend."""
        if self.days <= DAYS_BY_DAY:
            return "day"
        return "week" if self.days <= DAYS_BY_WEEK else "month"

    @property
    def span(self) -> tuple[int, int]:
        """First and last day as days since 1970."""
        return day_number(self.first), day_number(self.last)


def day_number(day: date) -> int:
    return (day - EPOCH).days


def date_of(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def make_period(
    preset: str,
    *,
    today: date,
    earliest: date,
    first: date | None = None,
    last: date | None = None,
) -> Period:
    """The period of a preset; `today` is the business day of the newest fact, `earliest` that of
    the oldest. "custom" takes `first` and `last`. Raises BadInput."""
    if preset == "custom":
        if first is None or last is None or first > last:
            raise BadInput("The period needs a first day and a later last day.")
        return Period(first, last)
    if preset == "all":
        return Period(min(earliest, today), today, "all")
    if preset not in PRESETS:
        raise BadInput("There is no period “%(preset)s”.", preset=preset)
    start, end = span_of(preset, today)
    assert start is not None
    assert end is not None
    return Period(start, end, cast(Preset, preset))


def compared_with(period: Period, compare: Compare) -> Period | None:
    """The comparable period; None for "all", which has none.

    Before a month (to date) stands the same stretch of the month before, cut at its end; before
    a year (to date) the same stretch of the year before; before anything else as many days.
    """
    if period.preset == "all":
        return None
    if compare == "last_year":
        return Period(_years_back(period.first), _years_back(period.last))
    if period.preset in ("this_month", "last_month"):
        end_before = period.first - timedelta(days=1)
        first = end_before.replace(day=1)
        if period.preset == "last_month":
            return Period(first, end_before)
        return Period(first, first.replace(day=min(period.last.day, end_before.day)))
    if period.preset == "this_year":
        return Period(_years_back(period.first), _years_back(period.last))
    return Period(period.first - timedelta(days=period.days), period.first - timedelta(days=1))


def _years_back(day: date) -> date:
    """The same day a year before; 29 February becomes 28."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


@dataclass(frozen=True)
class Buckets:
    """The steps of a trend: `labels` (ISO day, the Monday of a week, or year-month) and `starts`
    (int32 day numbers, first days); `end` is the day after the period."""

    unit: Unit
    labels: tuple[str, ...]
    starts: NDArray[np.int32]
    end: int

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, days: NDArray[np.int32]) -> NDArray[np.int64]:
        """The bucket of each day number inside the period."""
        by_day = np.repeat(np.arange(len(self)), np.diff(np.r_[self.starts, self.end]))
        return np.asarray(by_day[days - self.starts[0]], np.int64)

    @property
    def last_days(self) -> NDArray[np.int64]:
        """The last day number of each bucket."""
        return np.asarray(np.r_[self.starts[1:], self.end], np.int64) - 1


def buckets_of(period: Period, unit: Unit | None = None) -> Buckets:
    """Cut a period up; the first and last week or month are cut at the period."""
    step = unit or period.unit
    labels, starts = [], []
    day = period.first
    while day <= period.last:
        starts.append(day_number(day))
        labels.append(_label(day, step))
        day = _next(day, step)
    return Buckets(step, tuple(labels), np.array(starts, np.int32), day_number(period.last) + 1)


def _label(day: date, unit: Unit) -> str:
    if unit == "month":
        return day.strftime("%Y-%m")
    if unit == "week":
        return (day - timedelta(days=day.weekday())).isoformat()
    return day.isoformat()


def _next(day: date, unit: Unit) -> date:
    if unit == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 - day.weekday() if unit == "week" else 1)
