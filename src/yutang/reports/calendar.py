"""The trade's calendar: public holidays with their make-up working days, and the days of sales.

Public holidays are those that the State Council has announced, as the package `chinesecalendar`
lists them: for a year that it does not list yet nothing is said. Days of the lunar calendar follow
from astronomy and are known for any year (package `lunar-python`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Literal

Kind = Literal["holiday", "workday", "festival", "sale"]
# Zones in which these days mean something.
ZONES = ("Asia/Shanghai", "Asia/Chongqing", "Asia/Harbin", "Asia/Urumqi", "PRC")
LUNAR_YEARS = (1901, 2099)

_HOLIDAYS = {
    "New Year's Day": ("元旦", "New Year"),
    "Spring Festival": ("春节", "Spring Festival"),
    "Tomb-sweeping Day": ("清明", "Qingming"),
    "Labour Day": ("劳动节", "Labour Day"),
    "Dragon Boat Festival": ("端午", "Dragon Boat"),
    "Mid-autumn Festival": ("中秋", "Mid-Autumn"),
    "National Day": ("国庆", "National Day"),
    "Anti-Fascist 70th Day": ("抗战胜利纪念日", "Victory Day"),
}
_SALES = (
    (3, 8, "女神节", "Women's Day sale"),
    (6, 18, "618", "618 sale"),
    (11, 11, "双11", "Singles' Day"),
    (12, 12, "双12", "Double 12"),
)
_LUNAR = (
    (1, 1, "春节", "Spring Festival"),
    (1, 15, "元宵", "Lantern Festival"),
    (5, 5, "端午", "Dragon Boat"),
    (7, 7, "七夕", "Qixi"),
    (8, 15, "中秋", "Mid-Autumn"),
    (9, 9, "重阳", "Double Ninth"),
)
# The New Year goods sale: each platform names its own days, all between these two of the last moon.
_GOODS = (8, 23, "年货节（各平台日期不同）", "New Year goods sale (days differ by platform)")


@dataclass(frozen=True, order=True)
class CalendarDay:
    """One day or several that belong together, both ends inclusive."""

    first: date
    last: date
    kind: Kind
    zh: str
    en: str


def calendar_days(first: date, last: date) -> list[CalendarDay]:
    """What the calendar says of the days from `first` to `last`, in order. A holiday that begins
    before `first` is there whole.

    >>> [day.zh for day in calendar_days(date(2026, 6, 17), date(2026, 6, 19))]
    ['618', '端午', '端午']
    """
    years = range(first.year - 1, last.year + 2)
    found = (day for year in years for day in _of_year(year))
    return sorted({day for day in found if day.first <= last and day.last >= first})


@cache
def announced_until() -> int:
    """The last year whose public holidays are known."""
    from chinese_calendar.constants import holidays

    return int(max(holidays).year)


@cache
def _of_year(year: int) -> tuple[CalendarDay, ...]:
    return (*_public(year), *_sales(year), *_lunar(year))


def _public(year: int) -> Iterator[CalendarDay]:
    """Days off in a row as one, make-up working days each."""
    from chinese_calendar.constants import holidays, workdays

    days = sorted((day, name) for day, name in holidays.items() if day.year == year)
    # Days in a row have the same distance to their place in the list.
    rows = groupby(enumerate(days), lambda one: (one[1][1], one[1][0] - timedelta(days=one[0])))
    for (name, _), row in rows:
        taken = [day for _, (day, _) in row]
        zh, en = _HOLIDAYS.get(name, (name, name))
        yield CalendarDay(taken[0], taken[-1], "holiday", f"{zh}放假", f"{en} holiday")
    for day, name in workdays.items():
        if day.year == year:
            zh, en = _HOLIDAYS.get(name, (name, name))
            yield CalendarDay(day, day, "workday", f"{zh}调休上班", f"working day for {en}")


def _sales(year: int) -> Iterator[CalendarDay]:
    for month, number, zh, en in _SALES:
        yield CalendarDay(date(year, month, number), date(year, month, number), "sale", zh, en)


def _lunar(year: int) -> Iterator[CalendarDay]:
    if not LUNAR_YEARS[0] < year <= LUNAR_YEARS[1]:
        return
    for month, number, zh, en in _LUNAR:
        day = _solar(year, month, number)
        yield CalendarDay(day, day, "festival", zh, en)
    begin, end, zh, en = _GOODS
    yield CalendarDay(_solar(year - 1, 12, begin), _solar(year - 1, 12, end), "sale", zh, en)


def _solar(year: int, month: int, day: int) -> date:
    from lunar_python import Lunar

    found = Lunar.fromYmd(year, month, day).getSolar()
    return date(found.getYear(), found.getMonth(), found.getDay())
