"""Notes on days and the trade's calendar as marks on charts over time."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from yutang.console.charts import Chart, Mark
from yutang.console.guard import Session
from yutang.reports import KINDS, ZONES, calendar_days

# Kinds of charts whose categories may be days.
_OVER_TIME = ("line", "area", "stacked", "bar", "curve")
_LABEL = re.compile(r"(\d{4})(?:-Q([1-4])|-(\d\d)(?:-(\d\d)(?: \d\d:\d\d)?)?)?")
# How many days a category spans at most before only notes and large sales, or only notes, are told.
_WEEK, _MONTH = 7, 27
_LONGEST = timedelta(days=366 * 3)  # over more years the calendar says nothing new


def marked(session: Session, pictures: Iterable[Any]) -> tuple[Any, ...]:
    """The pictures, each chart over time with its marks. Asks for the notes once."""
    pictures = tuple(pictures)
    starts = [_starts(one) for one in pictures]
    days = [day for found in starts for day in found]
    if not days:
        return pictures
    found = _happened(session, min(days), max(days) + timedelta(days=31))
    return tuple(
        replace(one, marks=_marks(found, begun)) if begun else one
        for one, begun in zip(pictures, starts, strict=True)
    )


def _starts(chart: Any) -> list[date]:
    """The first day of each category; empty where they are not all days, in order."""
    if not isinstance(chart, Chart) or chart.kind not in _OVER_TIME or len(chart.labels) < 2:
        return []
    found = [_start(str(label)) for label in chart.labels]
    days = [day for day in found if day is not None]
    return days if len(days) == len(found) and days == sorted(days) and days[0] < days[-1] else []


def _start(label: str) -> date | None:
    fits = _LABEL.fullmatch(label)
    if fits is None:
        return None
    year, quarter, month, day = fits.groups()
    try:
        return date(int(year), int(quarter) * 3 - 2 if quarter else int(month or 1), int(day or 1))
    except ValueError:
        return None


def _happened(session: Session, first: date, last: date) -> list[tuple[date, date, str, str]]:
    """(first day, last day, text, kind): notes, then the calendar where it means something."""
    notes = [
        (
            date.fromisoformat(one.first_on),
            date.fromisoformat(one.last_on),
            f"{session.pick(KINDS[one.kind])}: {one.text}"
            if session.language.code == "en"
            else f"{session.pick(KINDS[one.kind])}：{one.text}",
            one.kind,
        )
        for one in session.brand.day_notes.list_(first, last)
    ]
    if session.zone not in ZONES or last - first > _LONGEST:
        return notes
    days = calendar_days(first, last)
    free = [one for one in days if one.kind == "holiday"]
    return notes + [
        (one.first, one.last, session.pick((one.zh, one.en)), one.kind)
        for one in days
        if one.kind != "festival" or not any(h.first <= one.first <= h.last for h in free)
    ]


def _marks(happened: Sequence[tuple[date, date, str, str]], starts: list[date]) -> list[Mark]:
    usual = max((b - a).days for a, b in pairwise(starts))
    end = starts[-1] + timedelta(days=usual or 1)
    marks = []
    for first, last, text, kind in happened:
        if last < starts[0] or first >= end or not _told(kind, usual):
            continue
        until = max(0, bisect_right(starts, last) - 1)
        # Several categories of one day (hours): from the first of them on.
        since = bisect_left(starts, starts[max(0, bisect_right(starts, first) - 1)])
        marks.append(Mark(since, until, text, kind))
    return marks


def _told(kind: str, days: int) -> bool:
    """Whether a mark of the calendar says something where a category has so many days."""
    if kind in KINDS:
        return True
    if days >= _MONTH:
        return False
    return days < _WEEK or kind in ("sale", "holiday")
