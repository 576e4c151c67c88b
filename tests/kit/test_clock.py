"""Business days against the standard library, summer time and odd zones included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.kit import clock
from yutang.kit.columns import iso_days

ZONES = [
    "Asia/Shanghai", "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
    "America/Havana", "Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Tehran",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Asia/Beirut", "America/Asuncion",
]  # fmt: skip
EPOCH = date(1970, 1, 1)
LAST = 4_102_444_800_000  # 2100-01-01 UTC: as far as the table of transitions goes


def day_by_zoneinfo(ms: int, zone: str) -> int:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(
        ZoneInfo(zone)
    )
    return (local.date() - EPOCH).days


@given(st.lists(st.integers(0, LAST - 1), min_size=1, max_size=20), st.sampled_from(ZONES))
def test_day_numbers_agree_with_zoneinfo(instants: list[int], zone: str) -> None:
    found = clock.day_numbers(np.array(instants, np.int64), zone)
    assert found.tolist() == [day_by_zoneinfo(ms, zone) for ms in instants]


@pytest.mark.parametrize("zone", ZONES)
def test_they_agree_around_every_change_of_the_clock(zone: str) -> None:
    """Within a second of each change, where a table that is a second off would show."""
    starts, _ = clock._transitions(zone)
    around = [
        int(start) + shift
        for start in starts[1:]
        for shift in (-1_000, -1, 0, 1, 999, 1_000, 3_600_000, -3_600_000)
        if 0 <= int(start) + shift < LAST
    ]
    info = ZoneInfo(zone)
    for ms in around:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
        offset = moment.astimezone(info).utcoffset()
        place = int(np.searchsorted(starts, ms, side="right")) - 1
        assert timedelta(milliseconds=int(clock._transitions(zone)[1][place])) == offset, moment


@pytest.mark.parametrize("zone", ZONES)
def test_no_change_of_the_clock_is_missed(zone: str) -> None:
    """Noon (UTC) of every day until 2040: two changes within a week would show."""
    starts, offsets = clock._transitions(zone)
    seconds = np.arange(43_200, 70 * 366 * 86_400, 86_400)
    found = offsets[np.searchsorted(starts, seconds * 1_000, side="right") - 1]
    info = ZoneInfo(zone)
    expected = [
        datetime.fromtimestamp(second, info).utcoffset() // timedelta(milliseconds=1)  # type: ignore[operator]
        for second in seconds.tolist()
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_midnights_fall_on_their_own_day(zone: str) -> None:
    days = [date(1995, 1, 1) + timedelta(days=13 * n) for n in range(900)]
    starts = np.array([clock.start_of_day(day, zone) for day in days], np.int64)
    found = clock.day_numbers(starts, zone)
    assert [clock.iso_of_day_number(int(n)) for n in found] == [day.isoformat() for day in days]


def test_a_day_the_zone_left_out() -> None:
    """Samoa had no 30 December 2011."""
    last = clock.start_of_day(date(2011, 12, 31), "Pacific/Apia") - 1
    assert clock.iso_day(last, "Pacific/Apia") == "2011-12-29"
    assert clock.day_numbers(np.array([last, last + 1]), "Pacific/Apia").tolist() == [15337, 15339]


@given(st.lists(st.integers(-1_000, 30_000), max_size=30))
def test_iso_days_write_each_day(days: list[int]) -> None:
    expected = [(EPOCH + timedelta(days=day)).isoformat() for day in days]
    assert iso_days(np.array(days, np.int32)).to_pylist() == expected


def test_the_shape_is_kept() -> None:
    assert clock.day_numbers(np.zeros((2, 3), np.int64), "UTC").shape == (2, 3)
    assert clock.day_numbers(np.zeros(0, np.int64), "UTC").dtype == np.int32
