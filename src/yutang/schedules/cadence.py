"""When a schedule runs: every day, week or month at a local time. Pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from yutang.errors import BadInput

Every = Literal["day", "week", "month"]
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Cadence:
    """every: day, week (on `weekday`, Monday is 0) or month (on `day`; a shorter month has its last
    day instead); at: HH:MM in the brand's zone."""

    every: Every = "day"
    at: str = "09:00"
    weekday: int = 0
    day: int = 1

    def to_json(self) -> dict[str, Any]:
        return {"every": self.every, "at": self.at, "weekday": self.weekday, "day": self.day}


def read_cadence(given: Mapping[str, Any]) -> Cadence:
    """Checked. Raises BadInput."""
    every, at = str(given.get("every", "day")), str(given.get("at", "09:00")).strip()
    if every not in ("day", "week", "month"):
        raise BadInput("A schedule runs every day, week or month.")
    if not _CLOCK.fullmatch(at):
        raise BadInput("“%(at)s” is no time of day.", hint="Write it like 09:00.", at=at[:20])
    weekday, day = _number(given.get("weekday", 0)), _number(given.get("day", 1))
    if not 0 <= weekday <= 6:
        raise BadInput("A weekday is 0 (Monday) to 6 (Sunday).")
    if not 1 <= day <= 31:
        raise BadInput("A day of the month is 1 to 31.")
    return Cadence(every, at, weekday, day)  # type: ignore[arg-type]


def next_run(cadence: Cadence, after: int, zone: str) -> int:
    """The first moment after `after` (UTC ms) at which it runs.

    Where clocks jump over the time, it runs as much later; where they repeat it, the first time.

    >>> from datetime import UTC
    >>> noon = int(datetime(2026, 11, 23, 4, tzinfo=UTC).timestamp() * 1000)
    >>> at = next_run(Cadence("day", "09:00"), noon, "Asia/Shanghai")
    >>> datetime.fromtimestamp(at / 1000, ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-11-24T09:00:00+08:00'
    """
    info = ZoneInfo(zone)
    day = datetime.fromtimestamp(after / 1000, info).date()
    hour, minute = (int(part) for part in cadence.at.split(":"))
    while True:
        if _fits(cadence, day):
            local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=info)
            moment = int(local.timestamp() * 1000)
            if moment > after:
                return moment
        day += timedelta(days=1)


def _fits(cadence: Cadence, day: date) -> bool:
    if cadence.every == "week":
        return day.weekday() == cadence.weekday
    if cadence.every == "month":
        return day.day == min(cadence.day, calendar.monthrange(day.year, day.month)[1])
    return True


def _number(value: Any) -> int:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
