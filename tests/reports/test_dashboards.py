"""Dashboards and their cards; reports that stand on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from tests.small_brand import open_brand_at
from yutang.errors import BadInput, NotFound
from yutang.reports import Dashboards, Reports
from yutang.state.brand import (
    alert_events,
    alerts,
    dashboard_cards,
    model_runs,
    schedule_runs,
    schedules,
)


@pytest.fixture
def workspace(tmp_path: Path):
    return open_brand_at(tmp_path / "home").workspace


def test_cards_are_added_changed_ordered_removed_and_put_back(workspace):
    boards, reports = Dashboards(workspace), Reports(workspace)
    report = reports.add("Buyers", "event", {}, by="ann")
    board = boards.add(" Mine ", by="ann", settings={"range": "last_7"})
    first = boards.add_card(board.id, report_id=report.id, width=3, settings={"show": "number"})
    second = boards.add_card(board.id, note=" why ", settings={"title": "Read me"})
    third = boards.add_card(board.id, report_id=report.id)
    assert (board.name, first.show, second.note, second.title) == (
        "Mine", "number", "why", "Read me",
    )  # fmt: skip
    boards.change_card(board.id, first.id, width=12)
    changed = boards.change_card(board.id, first.id, settings={"show": "table", "title": "T"})
    assert (changed.width, changed.show, changed.title) == (12, "table", "T")
    boards.order(board.id, [third.id, first.id, 999])
    assert [one.id for one in boards.get(board.id).cards] == [third.id, first.id, second.id]
    boards.remove_card(board.id, first.id)
    assert [one.id for one in boards.get(board.id).cards] == [third.id, second.id]
    assert boards.removed_card(board.id).id == first.id
    boards.restore_card(board.id, first.id)
    assert [one.id for one in boards.get(board.id).cards] == [third.id, first.id, second.id]
    boards.remove_card(board.id, first.id)
    boards.remove_card(board.id, second.id)
    for gone in (first, third):
        with pytest.raises(NotFound):
            boards.restore_card(board.id, gone.id)


def test_a_copy_has_the_same_cards_and_a_life_of_its_own(workspace):
    boards = Dashboards(workspace)
    board = boards.add("A", by="ann", settings={"range": "last_7"})
    boards.add_card(board.id, note="one")
    removed = boards.add_card(board.id, note="two")
    boards.remove_card(board.id, removed.id)
    copy = boards.copy(board.id, "B", by="ben")
    assert [one.note for one in copy.cards] == ["one"]
    assert (copy.settings, copy.created_by) == ({"range": "last_7"}, "ben")
    boards.remove(board.id)
    assert [one.name for one in boards.list_()] == ["B"]
    assert len(boards.get(copy.id).cards) == 1


def test_what_makes_no_sense_is_refused(workspace):
    boards = Dashboards(workspace)
    board = boards.add("A", by="ann")
    with pytest.raises(BadInput):
        boards.add(" ", by="ann")
    with pytest.raises(NotFound):
        boards.add_card(board.id, report_id=5)
    for wrong in (
        {"note": ""},
        {"note": "x" * 4_001},
        {"note": "x", "width": 13},
        {"note": "x", "width": 0},
        {"note": "x", "settings": {"show": "cake"}},
        {"note": "x", "settings": {"colour": "red"}},
    ):
        with pytest.raises(BadInput):
            boards.add_card(board.id, **wrong)
    other = boards.add("B", by="ann")
    card = boards.add_card(other.id, note="x")
    with pytest.raises(NotFound):
        boards.change_card(board.id, card.id, width=3)
    with pytest.raises(NotFound):
        boards.remove_card(board.id, card.id)
    for _ in range(40):
        boards.add_card(board.id, note="x")
    with pytest.raises(BadInput, match="40"):
        boards.add_card(board.id, note="x")


def test_a_report_says_where_it_stands_and_takes_that_along(workspace):
    boards, reports = Dashboards(workspace), Reports(workspace)
    report, other = (reports.add(name, "event", {}, by="ann") for name in ("R", "Other"))
    board = boards.add("Wall", by="ann")
    for one in (report, report, other):
        boards.add_card(board.id, report_id=one.id)
    desk = boards.add("Desk", by="ann")
    boards.remove_card(desk.id, boards.add_card(desk.id, report_id=report.id).id)
    file = workspace.root / "reports" / "sent.xlsx"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    with workspace.db.write() as connection:
        at = {"created_at": 1, "created_by": ""}
        one = connection.execute(
            insert(alerts)
            .values(report_id=report.id, name="Low", rule={}, channels={}, **at)
            .returning(alerts.c.id)
        ).scalar_one()
        connection.execute(
            insert(alert_events).values(alert_id=one, at=1, state="firing", detail={})
        )
        two = connection.execute(
            insert(schedules)
            .values(report_id=report.id, name="Monday", cadence={}, settings={}, **at)
            .returning(schedules.c.id)
        ).scalar_one()
        connection.execute(
            insert(schedule_runs).values(
                schedule_id=two, at=1, status="done", stored_as="sent.xlsx", size=1,
                facts_version=1,
            )
        )  # fmt: skip
        connection.execute(
            insert(model_runs).values(
                model="rfm", report_id=report.id, params={}, result={}, facts_version=1,
                asked_on="2026-11-22", at=1,
            )
        )  # fmt: skip
    uses = reports.uses(report.id)
    assert (uses.dashboards, uses.alerts, uses.schedules) == (("Wall",), ("Low",), ("Monday",))
    assert reports.uses(other.id).dashboards == ("Wall",)
    reports.remove(report.id)
    assert not reports.uses(report.id)
    assert [one.report_id for one in boards.get(board.id).cards] == [other.id]
    assert not file.exists()
    with workspace.db.read() as connection:
        for table in (alerts, alert_events, schedules, schedule_runs):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert connection.execute(select(model_runs.c.report_id)).scalars().all() == [None]
        left = select(func.count()).select_from(dashboard_cards)
        assert connection.execute(left).scalar_one() == 1


def test_saved_over_a_report_keeps_its_place(workspace):
    workspace.now = lambda: 1_000
    reports = Reports(workspace)
    report = reports.add("R", "event", {"a": 1}, by="ann")
    assert report.changed_at is None
    workspace.now = lambda: 2_000
    changed = reports.change(report.id, "funnel", {"b": 2})
    assert (changed.id, changed.name, changed.model) == (report.id, "R", "funnel")
    assert (changed.params, changed.created_at, changed.changed_at) == ({"b": 2}, 1_000, 2_000)
    with pytest.raises(NotFound):
        reports.change(99, "event", {})
