"""Notes on days, and the calendar beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.small_brand import open_brand_at
from yutang.errors import BadInput, NotFound
from yutang.reports import DayNotes, announced_until, calendar_days


def test_notes_are_written_found_changed_and_removed(tmp_path: Path):
    notes = DayNotes(open_brand_at(tmp_path / "home").workspace)
    sale = notes.add("2026-11-09", "2026-11-11", "campaign", "  Great   sale ", by="ann")
    broken = notes.add("2026-11-20", "", "incident", "Payment down", by="ben")
    assert (sale.text, broken.last_on) == ("Great sale", "2026-11-20")
    assert [one.id for one in notes.list_()] == [broken.id, sale.id]
    found = notes.list_(date(2026, 11, 11), date(2026, 11, 19))
    assert [one.id for one in found] == [sale.id]
    notes.change(sale.id, "2026-11-10", "", "other", "Small sale")
    assert notes.get(sale.id).first_on == notes.get(sale.id).last_on == "2026-11-10"
    notes.remove(sale.id)
    with pytest.raises(NotFound):
        notes.remove(sale.id)
    for wrong in (
        ("2026-13-01", "", "other", "x"),
        ("2026-11-02", "2026-11-01", "other", "x"),
        ("2024-01-01", "2026-01-01", "other", "x"),
        ("2026-11-01", "", "party", "x"),
        ("2026-11-01", "", "other", " "),
        ("2026-11-01", "", "other", "x" * 201),
    ):
        with pytest.raises(BadInput):
            notes.add(*wrong, by="ann")


# Published by the General Office of the State Council for 2026; lunar days from the almanac.
def test_the_calendar_of_2026():
    found = {(one.zh, one.kind): one for one in calendar_days(date(2026, 1, 1), date(2026, 12, 31))}
    spring = found["春节放假", "holiday"]
    assert (spring.first, spring.last) == (date(2026, 2, 15), date(2026, 2, 23))
    assert found["春节", "festival"].first == date(2026, 2, 17)
    assert found["元宵", "festival"].first == date(2026, 3, 3)
    assert found["端午", "festival"].first == date(2026, 6, 19)
    assert found["七夕", "festival"].first == date(2026, 8, 19)
    assert found["中秋", "festival"].first == date(2026, 9, 25)
    assert found["重阳", "festival"].first == date(2026, 10, 18)
    assert found["618", "sale"].first == date(2026, 6, 18)
    assert found["女神节", "sale"].first == date(2026, 3, 8)
    works = [
        one.first
        for one in calendar_days(date(2026, 1, 1), date(2026, 12, 31))
        if one.kind == "workday"
    ]
    assert date(2026, 10, 10) in works


def test_what_was_not_announced_is_not_claimed():
    year = announced_until() + 1
    kinds = {one.kind for one in calendar_days(date(year, 1, 1), date(year, 12, 31))}
    assert kinds == {"festival", "sale"}


def test_days_that_reach_into_the_range_are_there_whole():
    (one,) = calendar_days(date(2026, 10, 5), date(2026, 10, 6))
    assert (one.first, one.last) == (date(2026, 10, 1), date(2026, 10, 7))
    assert calendar_days(date(2400, 2, 1), date(2400, 3, 1)) == []
