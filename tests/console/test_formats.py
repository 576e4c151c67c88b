"""How values look."""

from __future__ import annotations

import doctest
from datetime import date

import pytest

from yutang.console import formats
from yutang.console.language import language


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(formats).failed == 0


@pytest.mark.parametrize(
    ("fen", "shown"), [(0, "¥0.00"), (-4, "−¥0.04"), (1, "¥0.01"), (123_456_789, "¥1,234,567.89")]
)
def test_money(fen, shown):
    assert formats.money(fen) == shown


def test_a_negative_amount_that_rounds_to_nothing_has_no_sign():
    assert formats.money(-40, 0) == "¥0"
    assert formats.count(-0.2) == "0"


def test_days_are_the_brands_business_days():
    midnight_in_shanghai = 1_795_276_800_000  # 2026-11-21T16:00Z
    assert formats.day_of(midnight_in_shanghai, "Asia/Shanghai") == "2026-11-22"
    assert formats.day_of(midnight_in_shanghai, "America/New_York") == "2026-11-21"
    assert formats.day_of(date(2026, 11, 22), "Asia/Shanghai") == "2026-11-22"


def context(now, code="zh"):
    return {"now": now, "zone": "Asia/Shanghai", "language": language(code)}


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "刚刚"), (5, "5 分钟前"), (61, "1 小时前"), (2 * 1440 + 5, "2 天前")],
)
def test_ago(minutes, shown):
    now = 1_790_000_000_000
    assert formats.ago(context(now), now - minutes * 60_000) == shown


def test_fresh_shows_the_time_of_today_and_the_day_of_older_facts():
    now = 1_795_320_000_000  # 2026-11-22 12:00 in Shanghai
    assert formats.fresh(context(now), now - 3_600_000) == "11:00"
    assert formats.fresh(context(now), now - 86_400_000) == "2026-11-21 12:00"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.142, "0.14 s"),
        (42, "42 s"),
        (600, "10 min"),
        (5 * 3600, "5.0 h"),
        (86400 * 3.2, "3.2 days"),
    ],
)
def test_lengths_of_time(seconds, shown):
    assert formats.duration(context(0, "en"), seconds) == shown


@pytest.mark.parametrize("filter_", [formats.money, formats.count, formats.rate, formats.size])
def test_nothing_is_a_dash(filter_):
    assert filter_(None) == "–"
