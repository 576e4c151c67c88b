"""Periods: presets around "today", what they are compared with, how trends are cut."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.errors import BadInput
from yutang.measure.period import Period, buckets_of, compared_with, day_number, make_period

TODAY = date(2026, 3, 30)
EARLIEST = date(2024, 2, 29)


def preset(name: str, today: date = TODAY) -> Period:
    return make_period(name, today=today, earliest=EARLIEST)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("this_month", date(2026, 3, 1), TODAY),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("last_30", date(2026, 3, 1), TODAY),
        ("last_90", date(2025, 12, 31), TODAY),
        ("this_year", date(2026, 1, 1), TODAY),
        ("all", EARLIEST, TODAY),
    ],
)
def test_presets_are_anchored_at_today(name: str, first: date, last: date) -> None:
    found = preset(name)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("this_month", date(2026, 2, 1), date(2026, 2, 28)),  # 30 March has no 30 February
        ("last_month", date(2026, 1, 1), date(2026, 1, 31)),
        ("last_30", date(2026, 1, 30), date(2026, 2, 28)),
        ("this_year", date(2025, 1, 1), date(2025, 3, 30)),
    ],
)
def test_the_period_before_is_the_comparable_one(name: str, first: date, last: date) -> None:
    found = compared_with(preset(name), "previous")
    assert found is not None
    assert (found.first, found.last) == (first, last)


def test_last_year_is_the_same_days_a_year_before() -> None:
    found = compared_with(Period(date(2024, 2, 29), date(2024, 3, 10)), "last_year")
    assert found == Period(date(2023, 2, 28), date(2023, 3, 10))


def test_everything_is_compared_with_nothing() -> None:
    assert compared_with(preset("all"), "previous") is None


def test_a_custom_period_needs_both_days_in_order() -> None:
    days = {"today": TODAY, "earliest": EARLIEST}
    with pytest.raises(BadInput):
        make_period("custom", first=TODAY, last=TODAY - timedelta(days=1), **days)
    with pytest.raises(BadInput):
        make_period("custom", first=TODAY, **days)
    with pytest.raises(BadInput):
        make_period("yesterday", **days)


@given(
    st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    st.integers(1, 900),
    st.sampled_from(["day", "week", "month"]),
)
def test_every_day_falls_into_the_bucket_of_its_label(first: date, days: int, unit: str) -> None:
    period = Period(first, first + timedelta(days=days - 1))
    found = buckets_of(period, unit)  # type: ignore[arg-type]
    every = [first + timedelta(days=i) for i in range(days)]
    got = found.of(np.array([day_number(day) for day in every], np.int32))
    labels = {
        "day": lambda day: day.isoformat(),
        "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
        "month": lambda day: day.strftime("%Y-%m"),
    }
    assert [found.labels[b] for b in got] == [labels[unit](day) for day in every]
    assert found.last_days[-1] == day_number(period.last)
    assert len(set(found.labels)) == len(found.labels)


def test_a_trend_has_a_readable_number_of_steps() -> None:
    assert preset("last_90").unit == "day"
    assert preset("all").unit == "month"
    assert Period(date(2025, 3, 31), TODAY).unit == "week"
