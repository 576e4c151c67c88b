"""Which business days a rule means (pure)."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import Lunar, Solar

from yutang.errors import BadInput
from yutang.segments.tree import Anniversary, Days, Festival
from yutang.sequence.calendar import day_start

_LEAST, _MOST = -(1 << 62), 1 << 62


def dates_of(days: Days, today: date) -> tuple[date | None, date | None]:
    """The first and the last of the days; None where they are open.

    Raises BadInput for a day that the calendar does not have.

    >>> dates_of(Days(last=7), date(2026, 11, 22))
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 22))
    """
    if days.last is not None:
        return today - timedelta(days=days.last - 1), today
    if days.before_last is not None:
        return None, today - timedelta(days=days.before_last)
    if days.festival is not None:
        day = festival_on(days.festival, today)
        before, after = days.festival.before, days.festival.after
        return day - timedelta(days=before), day + timedelta(days=after)
    return days.from_, days.to


def span_of(days: Days, today: date, zone: str) -> tuple[int, int]:
    """The same in UTC milliseconds, [first, end); far away where they are open.

    >>> span_of(Days(last=1), date(2026, 11, 22), "UTC")
    (1795305600000, 1795392000000)
    """
    first, last = dates_of(days, today)
    return (
        day_start(first, zone) if first else _LEAST,
        day_start(last + timedelta(days=1), zone) if last else _MOST,
    )


def festival_on(festival: Festival, today: date) -> date:
    """The day of a festival. A lunar year is that of today, moved by `year`.

    >>> festival_on(Festival(month=8, day=15), date(2026, 11, 22))
    datetime.date(2026, 9, 25)
    """
    try:
        if festival.calendar == "solar":
            return _of_year(today.year + festival.year, festival.month, festival.day)
        year = Solar.fromYmd(today.year, today.month, today.day).getLunar().getYear()
        return _solar(year + festival.year, festival.month, festival.day)
    except ValueError:
        raise BadInput(
            "There is no day %(day)d of month %(month)d in that year of the calendar.",
            day=festival.day,
            month=festival.month,
        ) from None


def _of_year(year: int, month: int, day: int) -> date:
    """29 February is the 28th in other years."""
    if (month, day) == (2, 29) and not calendar.isleap(year):
        day = 28
    return date(year, month, day)


@lru_cache(maxsize=4_096)
def _solar(year: int, month: int, day: int) -> date:
    """Raises ValueError for a day that the month does not have."""
    try:
        found = Lunar.fromYmd(year, month, day).getSolar()
    except Exception as error:
        raise ValueError(str(error)) from error
    return date(found.getYear(), found.getMonth(), found.getDay())


def celebrated_on(condition: Anniversary, today: date) -> set[tuple[int, int]]:
    """(month, day) of the birthdays, in the condition's calendar, that its days celebrate. Who was
    born on 29 February, or on the 30th of a lunar month, celebrates a day earlier in a year
    without it."""
    found = set()
    for step in range(condition.from_, condition.to + 1):
        day = today + timedelta(days=step)
        if condition.calendar == "solar":
            found.add((day.month, day.day))
            if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
                found.add((2, 29))
        else:
            month, of_month = lunar_of(day)
            found.add((month, of_month))
            if of_month == 29 and lunar_of(day + timedelta(days=1))[1] == 1:
                found.add((month, 30))
    return found


@lru_cache(maxsize=65_536)
def lunar_of(day: date) -> tuple[int, int]:
    """Month and day in the lunar calendar; a leap month counts as the month it follows.

    >>> lunar_of(date(2026, 9, 25))
    (8, 15)
    """
    found = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return abs(found.getMonth()), found.getDay()


def birthday_of(text: str, calendar_: str) -> tuple[int, int] | None:
    """(month, day) of a birthday as it was written, in the calendar in which it is celebrated;
    None where it cannot be read. A day without a year is taken in that calendar already.

    >>> birthday_of("1990-05-01", "solar"), birthday_of("08-15", "lunar"), birthday_of("x", "solar")
    ((5, 1), (8, 15), None)
    """
    plain = text.strip().replace("/", "-").replace(".", "-")
    plain = plain.replace("年", "-").replace("月", "-").replace("日", "")
    parts = plain[:10].rstrip("T ").split("-")
    if len(parts) == 1 and len(plain) == 8 and plain.isdigit():
        parts = [plain[:4], plain[4:6], plain[6:]]
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 2:
            date(2024, 1 if calendar_ == "lunar" else numbers[0], numbers[1])
            return (numbers[0], numbers[1]) if 1 <= numbers[0] <= 12 else None
        born = date(*numbers)
    except (ValueError, TypeError):
        return None
    return lunar_of(born) if calendar_ == "lunar" else (born.month, born.day)
