"""Two moments between which customers moved: before the first day of a period, after its last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from yutang.errors import BadInput
from yutang.sequence.calendar import day_start, period_start

PRESETS: dict[str, tuple[str, str]] = {
    "this_month": ("本月", "this month"),
    "last_month": ("上月", "last month"),
    "this_quarter": ("本季度", "this quarter"),
    "last_quarter": ("上季度", "last quarter"),
    "last_365": ("近 365 天", "last 365 days"),
}
DEFAULT = "last_month"
EARLIEST = date(1971, 1, 1)
MOST_DAYS = 20_000


@dataclass(frozen=True)
class Between:
    """Business days `first` to `last`, both inclusive; `preset` "" = days of one's own."""

    first: date
    last: date
    preset: str = ""

    def moments(self, zone: str) -> tuple[int, int]:
        """The ends of the day before the first, and of the last (ms, exclusive)."""
        return day_start(self.first, zone), day_start(self.last + timedelta(days=1), zone)


def between(
    preset: str, today: date, first: date | None = None, last: date | None = None
) -> Between:
    """The days of a preset, or those that are given. Raises BadInput."""
    if first is not None or last is not None:
        if first is None or last is None or first > last:
            raise BadInput("The period needs a first day and a later last day.")
        if first < EARLIEST or (last - first).days > MOST_DAYS or last.year > 2099:
            raise BadInput("These days lie too far apart, or too far away.")
        return Between(first, last)
    preset = preset or DEFAULT
    if preset not in PRESETS:
        raise BadInput("There is no period “%(preset)s”.", preset=preset[:40])
    if preset == "last_365":
        return Between(today - timedelta(days=364), today, preset)
    unit = "month" if preset.endswith("month") else "quarter"
    start = period_start(today, unit)
    if preset.startswith("this"):
        return Between(start, today, preset)
    end = start - timedelta(days=1)
    return Between(period_start(end, unit), end, preset)


def month_ends(today: date, months: int) -> list[date]:
    """The last days of the months before this one, oldest first, and today."""
    found, start = [today], period_start(today, "month")
    for _ in range(months - 1):
        end = start - timedelta(days=1)
        found.append(end)
        start = period_start(end, "month")
    return found[::-1]
