"""Ranges that move with the day: "the last 30 days" of a saved question is asked anew each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from yutang.errors import BadInput

# The key that stands for `from` and `to` in a question's parameters.
RANGE = "range"
# The key that says as which picture the answer is shown; a model is not asked for it.
CHART = "chart"
RANGES: dict[str, tuple[str, str]] = {
    "today": ("今天", "today"),
    "yesterday": ("昨天", "yesterday"),
    "last_7": ("近 7 天", "last 7 days"),
    "last_30": ("近 30 天", "last 30 days"),
    "last_90": ("近 90 天", "last 90 days"),
    "this_week": ("本周", "this week"),
    "last_week": ("上周", "last week"),
    "this_month": ("本月", "this month"),
    "last_month": ("上月", "last month"),
    "this_quarter": ("本季度", "this quarter"),
    "this_year": ("今年", "this year"),
    "last_365": ("近 365 天", "last 365 days"),
    "all": ("全部", "all"),
}


def span_of(name: str, today: date) -> tuple[date | None, date | None]:
    """First and last business day of a range, both inclusive; None, None for all days. Weeks begin
    on Monday. Raises BadInput.

    >>> span_of("last_week", date(2026, 11, 25))
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 22))
    """
    if name == "all":
        return None, None
    if name.startswith("last_") and name[5:].isdigit() and name in RANGES:
        return today - timedelta(days=int(name[5:]) - 1), today
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    one = timedelta(days=1)
    spans = {
        "today": (today, today),
        "yesterday": (today - one, today - one),
        "this_week": (monday, today),
        "last_week": (monday - 7 * one, monday - one),
        "this_month": (month, today),
        "last_month": ((month - one).replace(day=1), month - one),
        "this_quarter": (today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), today),
        "this_year": (today.replace(month=1, day=1), today),
    }
    if name not in spans:
        raise BadInput("There is no range “%(name)s”.", name=name)
    return spans[name]


def resolved(params: Mapping[str, Any], today: date) -> dict[str, Any]:
    """What a model is asked: `range` is replaced by `from` and `to` of that day, and how the answer
    is shown is left out. Raises BadInput."""
    kept = {key: value for key, value in params.items() if key not in (RANGE, CHART)}
    name = params.get(RANGE)
    if name is None or name == "custom":
        return kept
    first, last = span_of(str(name), today)
    kept.pop("from", None)
    kept.pop("to", None)
    if first is not None and last is not None:
        kept |= {"from": first.isoformat(), "to": last.isoformat()}
    return kept
