"""Marks on charts over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from yutang.console.charts import Chart, Series
from yutang.console.language import language
from yutang.console.marks import marked
from yutang.reports import DayNote


@dataclass
class Office:
    """As much of a session as marks ask for."""

    zone: str = "Asia/Shanghai"
    notes: list = field(default_factory=list)

    @property
    def language(self):
        return language("zh")

    @property
    def brand(self):
        return SimpleNamespace(day_notes=SimpleNamespace(list_=lambda first, last: self.notes))

    def pick(self, labelled):
        return labelled[0]


def chart(*labels: str, kind: str = "line") -> Chart:
    return Chart(kind, labels, [Series("a", [1] * len(labels))], "say")


def seen(office: Office, one: Chart) -> list[tuple[int, int, str]]:
    return [(m.first, m.last, m.text) for m in marked(office, [one])[0].marks]


def note(first: str, last: str) -> DayNote:
    return DayNote(1, first, last, "campaign", "sale", "", 0)


def test_days_of_the_calendar_and_notes_stand_at_their_places():
    office = Office(notes=[note("2026-11-09", "2026-11-10")])
    days = [f"2026-11-{day:02}" for day in range(8, 13)]
    assert seen(office, chart(*days)) == [(1, 2, "活动：sale"), (3, 3, "双11")]
    assert seen(Office(zone="America/Chicago"), chart(*days)) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("2026-11-02", "2026-11-09", "2026-11-16"), [(0, 1, "活动：sale"), (1, 1, "双11")]),
        (("2026-10", "2026-11", "2026-12"), [(1, 1, "活动：sale")]),
        (("2026-Q3", "2026-Q4"), [(1, 1, "活动：sale")]),
        (("2025", "2026"), [(1, 1, "活动：sale")]),
        (("2026-11-11 00:00", "2026-11-11 01:00", "2026-11-12 00:00"), [(0, 1, "双11")]),
        (("淘宝", "京东"), []),
        (("2026-11-12", "2026-11-11"), []),
        (("2026-13-40", "2026-11-11"), []),
    ],
)
def test_by_week_and_longer_less_is_told(labels, expected):
    office = Office(notes=[note("2026-11-05", "2026-11-10")])
    found = seen(office, chart(*labels))
    if labels[0].endswith(":00"):
        found = [one for one in found if one[2] == "双11"]
    assert found == expected


def test_only_charts_over_time_are_marked():
    days = [f"2026-11-{day:02}" for day in range(8, 13)]
    assert not marked(Office(), [chart(*days, kind="funnel")])[0].marks
    assert marked(Office(), ()) == ()
