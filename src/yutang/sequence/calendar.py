"""Business days in the brand's zone: where days, weeks, months begin, in UTC milliseconds.

Weeks start on Monday. Hours and minutes are cut from local midnight, so that a zone that is half
an hour off still has whole hours, and a day of 23 or 25 hours has that many.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from yutang.errors import BadInput

UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")
# A chart or table of more periods than this helps nobody (a week of minutes is 10,080).
MOST_PERIODS = 11_000
_STEP_MS = {"minute": 60_000, "hour": 3_600_000}


@lru_cache(maxsize=65_536)
def day_start(day: date, zone: str) -> int:
    """The first millisecond (UTC) of a business day.

    >>> day_start(date(2026, 11, 22), "Asia/Shanghai")
    1795276800000
    """
    local = datetime.combine(day, time.min, ZoneInfo(zone))
    return round(local.astimezone(UTC).timestamp() * 1000)


def day_of(moment: int, zone: str) -> date:
    """The business day of a UTC millisecond."""
    return local_time(moment, zone).date()


def local_time(moment: int, zone: str) -> datetime:
    """A UTC millisecond as local time of the zone."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)).astimezone(
        ZoneInfo(zone)
    )


def period_start(day: date, unit: str) -> date:
    """The first day of the period of `unit` (day or longer) that holds `day`."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if unit == "year":
        return day.replace(month=1, day=1)
    return day


def _next_period(first: date, unit: str) -> date:
    if unit == "day":
        return first + timedelta(days=1)
    if unit == "week":
        return first + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    total = first.year * 12 + first.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)


def period_edges(first: date, last: date, unit: str, zone: str) -> tuple[np.ndarray, list[str]]:
    """Edges (int64, one more than periods) and labels of the periods from `first` to `last`.

    The first and last period are cut at the range: a week that began before `first` counts only
    from `first` on, and keeps its Monday as label.
    """
    if unit in _STEP_MS:
        return _clock_edges(first, last, unit, zone)
    edges: list[int] = []
    labels: list[str] = []
    start = period_start(first, unit)
    while start <= last:
        _check_size(len(labels))
        edges.append(day_start(max(start, first), zone))
        labels.append(_label(start, unit))
        start = _next_period(start, unit)
    edges.append(day_start(last + timedelta(days=1), zone))
    return np.array(edges, np.int64), labels


def period_of(moments: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The period each moment lies in; all lie between the first and the last edge."""
    lengths = np.diff(edges[1:-1])
    if lengths.size and (lengths == lengths[0]).all() and edges[1] - edges[0] == lengths[0]:
        # Ten times faster than a search.
        return np.asarray(np.minimum((moments - edges[0]) // lengths[0], edges.size - 2))
    return np.asarray(np.searchsorted(edges, moments, side="right") - 1)


def _clock_edges(first: date, last: date, unit: str, zone: str) -> tuple[np.ndarray, list[str]]:
    step = _STEP_MS[unit]
    edges: list[int] = []
    labels: list[str] = []
    days = (last - first).days + 1
    _check_size(days * 86_400_000 // step)
    for number in range(days):
        day = first + timedelta(days=number)
        begin, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
        for moment in range(begin, end, step):
            edges.append(moment)
            labels.append(local_time(moment, zone).strftime("%Y-%m-%d %H:%M"))
    edges.append(day_start(last + timedelta(days=1), zone))
    return np.array(edges, np.int64), labels


def _check_size(periods: int) -> None:
    if periods > MOST_PERIODS:
        raise BadInput(
            "The range has more than %(most)d periods.",
            hint="Choose a longer unit or a shorter range.",
            most=MOST_PERIODS,
        )


def _label(start: date, unit: str) -> str:
    if unit == "month":
        return start.strftime("%Y-%m")
    if unit == "quarter":
        return f"{start.year}-Q{(start.month - 1) // 3 + 1}"
    if unit == "year":
        return str(start.year)
    return start.isoformat()


def day_edges(first: int, last: int, zone: str) -> np.ndarray:
    """Starts of all business days that touch the moments [first, last], and of the one after."""
    day, end = day_of(first, zone), day_of(last, zone) + timedelta(days=1)
    count = (end - day).days + 1
    return np.array([day_start(day + timedelta(days=i), zone) for i in range(count)], np.int64)
