"""Late data are told from little data."""

from __future__ import annotations

from yutang.alerts.freshness import events_in, judge
from yutang.kit.clock import DAY_MS

HOUR = 3_600_000
END = 100 * DAY_MS


def hours(first_day: int, last: int, each: int = 1) -> list[int]:
    """Starts of hours with facts, from so many days before END until `last`."""
    return list(range(END - first_day * DAY_MS, last, each * HOUR))


def test_facts_after_the_end_are_all_there():
    assert not judge(hours(30, END + 2 * HOUR), END).is_late


def test_facts_up_to_the_end_are_all_there():
    assert not judge(hours(30, END), END).is_late


def test_facts_that_stop_at_noon_are_late():
    found = judge(hours(30, END - 12 * HOUR), END)
    assert found.is_late
    assert found.newest_at == END - 13 * HOUR


def test_a_day_without_any_is_late():
    assert judge(hours(30, END - DAY_MS), END).is_late


def test_the_nights_of_a_quiet_shop_are_not_late():
    """It sells from 10 to 18 each day: six hours before midnight nothing comes."""
    open_hours = [END - d * DAY_MS + h * HOUR for d in range(30, 0, -1) for h in range(10, 18)]
    assert not judge(open_hours, END).is_late
    assert judge(open_hours[:-8], END).is_late  # the last day is missing


def test_one_outage_does_not_excuse_the_next():
    usual = [one for one in hours(30, END) if not END - 9 * DAY_MS <= one < END - 8 * DAY_MS]
    assert judge([one for one in usual if one < END - 10 * HOUR], END).is_late


def test_events_that_never_happened_are_not_waited_for():
    assert judge([], END) == judge([], END + DAY_MS)
    assert not judge([], END).is_late


def test_the_events_of_a_report_are_found():
    params = {
        "steps": [{"event": ["a", "b"]}, {"event": "c", "filter": {"event_time": 1}}],
        "start_event": {"event": "d"},
        "group": [{"property": "event"}],
    }
    assert events_in(params) == {"a", "b", "c", "d"}
