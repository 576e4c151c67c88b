"""Ranges that move with the day."""

from __future__ import annotations

import doctest
from datetime import date, timedelta

import pytest

from yutang.errors import BadInput
from yutang.reports import RANGES, ranges, resolved, span_of

DAY = date(2026, 11, 25)  # a Wednesday


def test_the_examples_hold():
    assert doctest.testmod(ranges).failed == 0


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-11-25", "2026-11-25"),
        ("yesterday", "2026-11-24", "2026-11-24"),
        ("last_7", "2026-11-19", "2026-11-25"),
        ("this_week", "2026-11-23", "2026-11-25"),
        ("this_month", "2026-11-01", "2026-11-25"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this_quarter", "2026-10-01", "2026-11-25"),
        ("this_year", "2026-01-01", "2026-11-25"),
    ],
)
def test_a_range_is_counted_from_today(name, first, last):
    assert [str(day) for day in span_of(name, DAY)] == [first, last]


@pytest.mark.parametrize("name", sorted(set(RANGES) - {"all"}))
def test_no_range_ends_after_today_or_before_it_begins(name):
    for day in (DAY + timedelta(days=n) for n in range(400)):
        first, last = span_of(name, day)
        assert first <= last <= day


def test_a_question_with_a_range_is_asked_of_its_days():
    asked = {"range": "yesterday", "from": "2020-01-01", "unit": "day"}
    day = "2026-11-24"
    assert resolved(asked, DAY) == {"from": day, "to": day, "unit": "day"}
    assert resolved({"range": "all", "from": "2020-01-01"}, DAY) == {}
    assert resolved({"range": "custom", "from": "2020-01-01"}, DAY) == {"from": "2020-01-01"}


def test_an_unknown_range_is_refused():
    with pytest.raises(BadInput):
        resolved({"range": "last_5000"}, DAY)
