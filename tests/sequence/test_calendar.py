from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from yutang.errors import BadInput
from yutang.sequence.calendar import day_edges, day_of, day_start, local_time, period_edges

SHANGHAI, BERLIN, KOLKATA = "Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata"
HOUR = 3_600_000


def local(moment, zone):
    return local_time(moment, zone).replace(tzinfo=None)


def test_a_business_day_begins_at_local_midnight():
    start = day_start(date(2026, 11, 22), SHANGHAI)
    assert datetime.fromtimestamp(start / 1000, ZoneInfo("UTC")).hour == 16
    assert day_of(start, SHANGHAI) == date(2026, 11, 22)
    assert day_of(start - 1, SHANGHAI) == date(2026, 11, 21)


def test_a_day_of_a_clock_change_has_its_own_length():
    edges, labels = period_edges(date(2026, 3, 29), date(2026, 3, 29), "hour", BERLIN)
    assert len(labels) == 23
    assert edges[-1] - edges[0] == 23 * HOUR
    edges, _ = period_edges(date(2026, 3, 28), date(2026, 3, 30), "day", BERLIN)
    assert [int(b - a) // HOUR for a, b in pairwise(edges)] == [24, 23, 24]


def test_hours_start_at_local_hours_in_zones_half_an_hour_off():
    edges, labels = period_edges(date(2026, 1, 1), date(2026, 1, 1), "hour", KOLKATA)
    assert labels[:2] == ["2026-01-01 00:00", "2026-01-01 01:00"]
    assert local(int(edges[1]), KOLKATA).minute == 0


@pytest.mark.parametrize(
    ("unit", "labels", "starts"),
    [
        ("week", ["2026-02-23", "2026-03-02"], ["2026-02-26", "2026-03-02"]),
        ("month", ["2026-02", "2026-03"], ["2026-02-26", "2026-03-01"]),
        ("quarter", ["2026-Q1"], ["2026-02-26"]),
        ("year", ["2026"], ["2026-02-26"]),
    ],
)
def test_periods_are_cut_at_the_range_and_keep_their_names(unit, labels, starts):
    edges, found = period_edges(date(2026, 2, 26), date(2026, 3, 4), unit, SHANGHAI)
    assert found == labels
    assert [day_of(int(e), SHANGHAI).isoformat() for e in edges] == [*starts, "2026-03-05"]


def test_a_year_follows_december():
    _, labels = period_edges(date(2025, 12, 30), date(2026, 1, 2), "month", SHANGHAI)
    assert labels == ["2025-12", "2026-01"]
    _, labels = period_edges(date(2025, 12, 30), date(2026, 1, 2), "quarter", SHANGHAI)
    assert labels == ["2025-Q4", "2026-Q1"]


def test_too_many_periods_are_refused():
    with pytest.raises(BadInput, match="longer unit"):
        period_edges(date(2026, 1, 1), date(2026, 1, 10), "minute", SHANGHAI)
    with pytest.raises(BadInput, match="longer unit"):
        period_edges(date(1970, 1, 1), date(2026, 1, 10), "day", SHANGHAI)


def test_day_edges_surround_the_moments():
    first, last = day_start(date(2026, 3, 1), SHANGHAI) + 5, day_start(date(2026, 3, 3), SHANGHAI)
    edges = day_edges(first, last, SHANGHAI)
    assert [day_of(int(e), SHANGHAI).day for e in edges] == [1, 2, 3, 4]
