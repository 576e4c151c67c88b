"""Periods: their unit, which have ended, when the next one ends."""

from __future__ import annotations

import doctest
import itertools
from datetime import UTC, datetime

import pytest

from yutang.alerts import periods
from yutang.alerts.periods import complete_days, complete_periods, next_end, unit_of

ZONE = "Asia/Shanghai"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text + "+08:00").astimezone(UTC).timestamp() * 1000)


def test_the_examples_hold():
    assert doctest.testmod(periods).failed == 0


@pytest.mark.parametrize(
    ("labels", "unit"),
    [
        (["2026-11-22", "2026-11-23"], "day"),
        (["2026-11-16", "2026-11-23"], "week"),
        (["2026-11"], "month"),
        (["2026"], "year"),
        (["2026-11-22 13:00"], "hour"),
        (["2026-11-22 13:00", "2026-11-22 13:01"], "minute"),
        (["(other)"], ""),
        ([], ""),
    ],
)
def test_the_unit_is_read_from_labels(labels, unit):
    assert unit_of(labels) == unit


@pytest.mark.parametrize(
    ("unit", "now", "last"),
    [
        ("day", "2026-11-23 00:59:00", "2026-11-21"),  # yesterday's last facts are on their way
        ("day", "2026-11-23 01:00:00", "2026-11-22"),
        ("hour", "2026-11-23 09:10:00", "2026-11-23 08:00"),
        ("week", "2026-11-23 02:00:00", "2026-11-16"),
        ("month", "2026-11-23 02:00:00", "2026-10"),
        ("quarter", "2026-11-23 02:00:00", "2026-Q3"),
        ("year", "2026-11-23 02:00:00", "2025"),
    ],
)
def test_the_last_period_is_one_that_has_ended(unit, now, last):
    found = complete_periods(unit, 9, at(now), ZONE)
    assert found[-1].label == last
    assert len(found) == 9
    assert all(one.end == two.start for one, two in itertools.pairwise(found))


def test_days_of_a_change_of_clocks_are_whole():
    found = complete_periods("day", 5, at("2026-10-27 12:00:00"), "Europe/Berlin")
    lengths = {(one.end - one.start) // 3_600_000 for one in found}
    assert lengths == {24, 25}


@pytest.mark.parametrize("unit", ["", "hour", "day", "week", "month"])
def test_the_next_look_is_later_and_at_an_end(unit):
    now = at("2026-11-23 08:30:00")
    soon = next_end(unit, now, ZONE)
    assert now < soon <= now + 26 * 3_600_000
    if unit in ("", "day"):
        assert soon == at("2026-11-24 01:00:00")
        assert complete_days(1, soon, ZONE)[0].isoformat() == "2026-11-23"
