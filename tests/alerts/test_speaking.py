"""Who is told when: one word per change."""

from __future__ import annotations

from yutang.alerts.speaking import word_for
from yutang.kit.clock import DAY_MS


def told(states: list[str], *, remind_days: int = 0, step: int = DAY_MS // 4) -> list[str]:
    """What is said along a row of looks, a quarter of a day apart."""
    said, last, told_at, since, before = [], "", 0, 0, ""
    for n, state in enumerate(states):
        now = n * step
        since = now if state != before else since
        word = word_for(state, last, since=since, told_at=told_at, now=now, remind_days=remind_days)
        if word:
            last, told_at = state, now
        said.append(word)
        before = state
    return said


def test_a_change_is_said_once():
    assert told(["calm", "firing", "firing", "firing", "calm", "calm"]) == [
        "", "fires", "", "", "calm", "",
    ]  # fmt: skip


def test_data_that_are_late_each_night_are_no_news():
    assert told(["calm", "late", "calm", "late", "calm"]) == [""] * 5


def test_data_that_stay_away_for_a_day_are():
    assert told(["calm", *["late"] * 6, "calm"]) == ["", "", "", "", "", "late", "", "calm"]


def test_late_data_do_not_make_an_alarm_speak_twice():
    assert told(["firing", "late", "firing", "calm"]) == ["fires", "", "", "calm"]


def test_a_reminder_comes_when_it_was_asked_for():
    assert told(["firing"] * 9, remind_days=1) == [
        "fires", "", "", "", "reminder", "", "", "", "reminder",
    ]  # fmt: skip


def test_a_broken_report_is_told_once_and_its_mending_too():
    assert told(["calm", "broken", "broken", "calm"]) == ["", "broken", "", "calm"]


def test_nothing_to_judge_is_never_told():
    assert told(["empty", "calm", "empty", "firing"]) == ["", "", "", "fires"]
