"""Alerts of a brand: looked at when due, told once, quiet while data are late."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.alerts.test_periods import at
from tests.alerts.watching import START, Watched
from yutang.alerts import judging, looking
from yutang.errors import BadInput, NotFound, YutangError
from yutang.kit.clock import DAY_MS
from yutang.notices import Channels
from yutang.state.brand import webhook_posts

ANOMALY = {"watch": {"column": "A"}, "kind": "anomaly"}
ABOVE = {"watch": {"column": "A"}, "kind": "threshold", "side": "above", "high": 150}
YESTERDAY = "2026-11-22"


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "home")


def add(watched: Watched, rule: dict, **channels: tuple) -> int:
    made = watched.alerts.add(watched.report, "Orders", rule, Channels(**channels), by="boss")
    return made.id


def pass_day(watched: Watched, *, orders: int = 100) -> None:
    """A day later, with orders of the day that ended."""
    watched.now += DAY_MS
    watched.facts_until = watched.now
    watched.orders[f"2026-11-{23 + (watched.now - START) // DAY_MS - 1}"] = orders


def test_a_usual_day_is_calm_and_nobody_is_told(watched: Watched) -> None:
    number = add(watched, ANOMALY)
    assert watched.alerts.look_due(1) == 1
    found = watched.alerts.get(number)
    assert (found.state, found.seen["period"], found.rule.watch.unit) == ("calm", YESTERDAY, "day")
    assert watched.told() == []


def test_an_unusual_day_is_told_once(watched: Watched) -> None:
    number = add(watched, ANOMALY)
    watched.orders[YESTERDAY] = 20
    for version in range(1, 6):
        watched.now += 601_000
        watched.facts_until = watched.now
        watched.alerts.look_due(version)
    assert watched.told() == [judging.UNUSUAL]
    assert [one.state for one in watched.alerts.history(number)] == ["firing"]
    pass_day(watched)
    watched.alerts.look_due(9)
    assert watched.told() == [judging.UNUSUAL, judging.CALM]


def test_it_looks_only_when_a_day_ended_or_facts_came(watched: Watched) -> None:
    add(watched, ABOVE)
    assert watched.alerts.look_due(1) == 1
    asked = watched.asked
    watched.now += 60_000
    assert watched.alerts.look_due(1) == 0
    assert watched.alerts.look_due(2) == 0  # facts, but a minute after the last look
    watched.now += 600_000
    assert watched.alerts.look_due(1) == 0
    assert watched.asked == asked
    assert watched.alerts.look_due(2) == 1
    watched.now = at("2026-11-24 00:59:00")
    assert watched.alerts.look_due(2) == 0
    watched.now = watched.facts_until = at("2026-11-24 01:00:00")
    assert watched.alerts.look_due(2) == 1
    assert watched.alerts.list_()[0].seen["period"] == "2026-11-23"


def test_late_data_are_not_fallen_orders(watched: Watched) -> None:
    number = add(watched, ANOMALY)
    watched.orders[YESTERDAY] = 0
    watched.facts_until = at("2026-11-22 00:00:00")
    watched.alerts.look_due(1)
    assert watched.alerts.get(number).state == "late"
    assert watched.told() == []
    watched.orders[YESTERDAY], watched.facts_until = 101, watched.now
    watched.now += 601_000
    watched.alerts.look_due(2)
    assert watched.alerts.get(number).state == "calm"
    assert watched.told() == []


def test_data_that_stay_away_are_told(watched: Watched) -> None:
    add(watched, ANOMALY)
    watched.facts_until = at("2026-11-22 00:00:00")
    for _ in range(3):
        watched.alerts.look_due(1)
        watched.now += DAY_MS
    assert watched.told() == [looking.LATE]


def test_a_report_that_cannot_be_answered_is_told_with_the_reason(watched: Watched) -> None:
    number = add(watched, ANOMALY)
    watched.error = BadInput("There is no property %(name)s.", name="x")
    watched.alerts.look_due(1)
    (notice,) = watched.notices.list_("boss", ["analyse"])
    assert notice.template == looking.BROKEN
    assert notice.params["why"] == "There is no property %(name)s."
    assert notice.params["why_params"] == {"name": "x"}
    assert watched.alerts.get(number).state == "broken"


def test_a_crash_breaks_one_alert_not_the_others(watched: Watched) -> None:
    add(watched, ANOMALY)
    second = add(watched, ABOVE)
    look, first = watched.alerts._asker.periods, []

    def stumble(*given: object) -> object:
        first.append(1)
        if len(first) == 1:
            raise ZeroDivisionError("13811112222")
        return look(*given)  # type: ignore[arg-type]

    watched.alerts._asker.periods = stumble  # type: ignore[method-assign,assignment]
    assert watched.alerts.look_due(1) == 2
    states = {one.id: one.state for one in watched.alerts.list_()}
    assert sorted(states.values()) == ["broken", "calm"]
    assert states[second] == "calm"
    assert "13811112222" not in str(watched.notices.list_("boss", ["analyse"]))


def test_a_snoozed_alert_says_it_when_the_snooze_ends(watched: Watched) -> None:
    number = add(watched, ABOVE)
    watched.alerts.snooze(number, 1)
    watched.orders[YESTERDAY] = 200
    watched.alerts.look_due(1)
    assert (watched.alerts.get(number).state, watched.told()) == ("firing", [])
    pass_day(watched, orders=300)
    watched.now += 1
    watched.alerts.look_due(2)
    assert watched.told() == [judging.ABOVE]


def test_a_paused_alert_is_not_looked_at(watched: Watched) -> None:
    number = add(watched, ABOVE)
    watched.alerts.turn(number, on=False)
    assert watched.alerts.look_due(1) == 0
    watched.alerts.turn(number, on=True)
    assert watched.alerts.look_due(1) == 1


def test_a_removal_can_be_taken_back_for_a_week(watched: Watched) -> None:
    number = add(watched, ABOVE)
    watched.alerts.remove(number)
    assert watched.alerts.list_() == []
    assert watched.alerts.look_due(1) == 0
    watched.alerts.restore(number)
    watched.alerts.remove(number)
    watched.now += 8 * DAY_MS
    watched.alerts.sweep()
    with pytest.raises(NotFound):
        watched.alerts.restore(number)


def test_state_notice_and_post_are_written_together(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, _ = watched.webhooks.add("group", "json", "https://example.com/x", by="boss")
    number = add(watched, ABOVE, webhooks=(hook.id,))
    watched.orders[YESTERDAY] = 200
    with monkeypatch.context() as death:

        def die(*_: object) -> None:
            raise OSError(28, "No space left on device")

        death.setattr(watched.webhooks, "queue_in", die)
        with pytest.raises(OSError, match="No space"):
            watched.alerts.look(number, 1)
    assert (watched.alerts.get(number).state, watched.told()) == ("", [])
    watched.alerts.look(number, 1)
    with watched.workspace.db.read() as connection:
        assert connection.execute(select(func.count(webhook_posts.c.id))).scalar_one() == 1
    assert watched.told() == [judging.ABOVE]
    watched.webhooks.send_due()
    assert watched.taken[0].body["data"]["value"] == 200


def test_a_preview_says_when_it_would_have_spoken(watched: Watched) -> None:
    watched.orders["2026-11-10"] = 10
    rule = watched.alerts.checked(watched.reports.get(watched.report), ANOMALY)
    found = watched.alerts.preview(watched.reports.get(watched.report), rule)
    assert len(found.days) == 60
    assert found.days[-1].period.label == YESTERDAY
    assert [one.period.label for one in found.fired] == ["2026-11-10"]


def test_a_total_is_judged_as_it_stood_each_day(watched: Watched) -> None:
    rule = {"watch": {"table": "total", "column": "A"}, "kind": "change", "least": 10}
    number = add(watched, rule)
    for n in range(16, 23):
        watched.orders[f"2026-11-{n}"] = 0
    watched.alerts.look_due(1)
    seen = watched.alerts.get(number).seen
    assert seen["state"] == "firing"
    last, before = range(24, 32), range(1, 23)  # thirty days up to 22 November, and those before
    assert seen["value"] == sum(watched.orders[f"2026-10-{n}"] for n in last) + sum(
        watched.orders[f"2026-11-{n:02}"] for n in before
    )
    assert seen["before"] == sum(
        100 + n % 7 for n in range(200) if 115 <= n < 145
    )  # 24 September to 23 October


def test_fixed_days_have_no_moving_number(watched: Watched) -> None:
    params = {"from": "2026-11-01", "to": "2026-11-20", "unit": "day", "measures": []}
    report = watched.reports.add("Fixed", "event", params, by="boss")
    rule = watched.alerts.checked(report, {"watch": {"table": "total", "column": "A"}})
    with pytest.raises(BadInput, match="fixed days"):
        watched.alerts.preview(report, rule)
    assert watched.alerts.checked(report, ANOMALY).watch.unit == "day"  # rows go on


@pytest.mark.parametrize(("table", "column"), [("", "B"), ("nothing", "A"), ("", "when")])
def test_a_number_that_is_not_there_is_refused(watched: Watched, table: str, column: str) -> None:
    with pytest.raises(YutangError, match="no such number"):
        add(watched, {"watch": {"table": table, "column": column}})


def test_sql_is_not_watched(watched: Watched) -> None:
    report = watched.reports.add("Q", "sql", {"sql": "SELECT 1"}, by="boss").id
    with pytest.raises(BadInput, match="SQL"):
        watched.alerts.add(report, "x", ANOMALY, Channels(), by="boss")


def test_a_report_takes_its_alerts_along(watched: Watched) -> None:
    add(watched, ABOVE)
    watched.alerts.look_due(1)
    assert watched.reports.uses(watched.report).alerts == ("Orders",)
    watched.alerts.remove(add(watched, ABOVE))  # what waits only for an undo is no use
    assert len(watched.reports.uses(watched.report).alerts) == 1
    watched.reports.remove(watched.report)
    assert (watched.reports.list_(), watched.alerts.list_()) == ([], [])
