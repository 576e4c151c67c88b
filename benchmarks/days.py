"""Days and months of the generated events, as our labels and as SQL have them."""

from __future__ import annotations

from datetime import date

from facts import BEGIN, DAYS

FIRST_DAY = (BEGIN + 28_800) // 86_400
LAST_DAY = FIRST_DAY + DAYS - 1
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(label: str) -> int:
    """Days since 1970 of an ISO date."""
    return date.fromisoformat(label).toordinal() - _EPOCH


def ch_month(day: str) -> str:
    """0, 1, 2 for January, February, March 2024."""
    return f"({day} >= {FIRST_DAY + 31}) + ({day} >= {FIRST_DAY + 60})"


def duck_month(day: str) -> str:
    """As `ch_month`."""
    return f"(({day} >= {FIRST_DAY + 31})::INTEGER + ({day} >= {FIRST_DAY + 60})::INTEGER)"


def month_place(label: str) -> int:
    """The same of a label like 2024-02."""
    return int(label[5:]) - 1
