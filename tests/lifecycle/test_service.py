"""The rule with its versions, the preview, the strategy matrix, and who is behind a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.customers.pond import LAST, Pond
from tests.lifecycle.conftest import RULE
from yutang.customers import STAGES, LifecycleRule, Stage, changed, views
from yutang.errors import BadInput, NotFound
from yutang.kit.clock import DAY_MS
from yutang.lifecycle import Lifecycle, matrix
from yutang.lifecycle.matrix import ACTIONS, KEYS, CellChoice, default_of
from yutang.lifecycle.periods import between, month_ends


# --- the rule ------------------------------------------------------------------------------------
def test_a_new_rule_counts_anew_without_new_facts(own: Callable[[], Pond]) -> None:
    pond = own()
    life, customers = Lifecycle(pond.brand.workspace, pond.customers), pond.customers
    before = customers.snapshot()
    assert customers.is_by_the_rule()
    assert before.rule.version == 0

    fixed = LifecycleRule(mode="fixed", dormant_days=20, lost_days=60)
    foreseen = life.preview(fixed)
    made = life.set_rule(fixed, by="boss", note="try")
    assert (made.version, made.by, made.note) == (1, "boss", "try")
    assert life.is_waiting()
    assert customers.refresh().version == before.version  # no facts came
    assert not life.is_waiting()
    assert life.sizes("stage") == foreseen.sizes["stage"][1]
    moved = int((customers.snapshot().people.stage != before.people.stage).sum())
    assert foreseen.changed == moved > 0
    assert sum(people for _, _, people in foreseen.flows) == moved

    assert customers.refresh() is customers.snapshot()  # and not once more
    assert life.set_rule(fixed, by="boss").version == 1  # the same is no new version
    back = life.go_back(0, by="boss")
    assert (back.version, back.rule) == (2, LifecycleRule())
    customers.refresh()
    assert np.array_equal(customers.snapshot().people.stage, before.people.stage)
    assert [one.version for one in life.versions()] == [2, 1, 0]
    with pytest.raises(NotFound):
        life.go_back(9, by="boss")


def test_the_worker_is_told_of_a_new_rule(own: Callable[[], Pond]) -> None:
    pond = own()
    from yutang.ingest import get_meta

    def noted() -> str | None:
        with pond.brand.workspace.db.read() as connection:
            return get_meta(connection, "lifecycle_rule_changed")

    assert noted() is None
    pond.customers.set_rule(RULE, by="boss")
    assert noted() == "1"
    pond.customers.refresh()
    assert noted() is None


def test_fixed_days_give_the_stages_of_before(own: Callable[[], Pond]) -> None:
    """180 and 365 days for all: the stages that were told before brands had rules."""
    pond = own()
    pond.customers.set_rule(LifecycleRule(mode="fixed"), by="boss")
    pond.customers.refresh()
    people, as_of = pond.customers.snapshot().people, pond.customers.snapshot().as_of
    since = as_of - people.last_order_at
    old = np.where(people.purchase_days >= 2, Stage.REPEAT, Stage.FIRST)
    old[since > 180 * DAY_MS] = Stage.DORMANT
    old[since > 365 * DAY_MS] = Stage.LOST
    old[people.purchase_days == 0] = Stage.NEVER
    assert np.array_equal(people.stage, old)
    assert set(np.unique(people.stage).tolist()) >= {Stage.FIRST, Stage.REPEAT, Stage.DORMANT}


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "guess"},
        {"dormant_days": 400},
        {"dormant_days": 0},
        {"dormant_days": 1.5},
        {"quantile": 1.2},
        {"quantile": float("nan")},
        {"lost_times": 1},
        {"shortest_days": 500},
        {"least_gaps": True},
        {"value_high": 0.6, "value_middle": 0.5},
        {"value_until": "tomorrow"},
        {"fatigue_medium": 9},
        {"categories": {"cake": 0}},
        {"categories": {"": 3}},
        {"categories": ["cake"]},
        {"nothing": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        changed(LifecycleRule(), values)


def test_days_set_by_hand_hold_for_the_category(own: Callable[[], Pond]) -> None:
    pond = own()
    pond.customers.set_rule(replace(RULE, categories={"bread": 7}), by="boss")
    snapshot = pond.customers.refresh()
    bread = snapshot.words["category"].index("bread")
    of_bread = snapshot.people.category == bread
    assert of_bread.any()
    assert set(snapshot.people.dormant_after[of_bread].tolist()) == {7}
    assert set(snapshot.people.lost_after[of_bread].tolist()) == {14}
    one = int(np.flatnonzero(of_bread & snapshot.people.alive)[0])
    assert "bread" in pond.customers.get(one).stage_reason[1]


def test_the_portrait_says_by_which_interval(pond: Pond) -> None:
    people = pond.customers.snapshot().people
    for source, words in ((1, "通常"), (2, "回购周期"), (3, "全品牌")):
        found = np.flatnonzero(people.alive & (people.limit_source == source))
        zh, en = pond.customers.get(int(found[0])).stage_reason
        assert words in zh
        assert str(people.dormant_after[found[0]]) in en or str(people.lost_after[found[0]]) in en


def test_intervals_are_told_with_their_buyers(pond: Pond, lifecycle: Lifecycle) -> None:
    rows = lifecycle.intervals()
    people = pond.customers.snapshot().people
    assert rows[0].category == ""
    assert rows[0].buyers == int((people.alive & (people.orders > 0)).sum())
    assert {row.category for row in rows} == {"", "cream", "bread"}
    for row in rows:
        curve = lifecycle.curve(row.category)
        assert (curve.gaps, curve.open, curve.share) == (row.gaps, row.open, row.returning)
    with pytest.raises(NotFound):
        lifecycle.curve("no such")


# --- views that are counted from events ----------------------------------------------------------
def test_messages_of_thirty_days_and_the_last_act(pond: Pond) -> None:
    received: Counter[int] = Counter()
    acted: dict[int, int] = {}
    reach = {"message_sent", "campaign_received", "coupon_granted", "card_sent"}
    from yutang.customers.from_events import NOT_ACTS

    as_of = pond.customers.snapshot().as_of
    for one in pond.events:
        who = pond.customer(one["identities"]["member_no"])
        if one["event"] in reach and one["time"] > as_of - 30 * DAY_MS:
            received[who] += 1
        if one["event"] not in NOT_ACTS:
            acted[who] = max(acted.get(who, 0), one["time"])
    people = pond.customers.snapshot().people
    assert received
    for who in np.flatnonzero(people.alive).tolist():
        assert people.received[who] == received[who]
        assert people.last_interaction_at[who] == acted.get(who, 0)
        n = received[who]
        expected = "none" if n < 1 else "light" if n < 2 else "medium" if n < 4 else "heavy"
        assert list(views.FATIGUES)[people.fatigue[who]] == expected
    assert as_of == LAST


def test_value_tiers_are_shares_of_the_buyers() -> None:
    net = np.array([0, -5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    tiers = views.value_tiers(net, LifecycleRule())
    assert tiers.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]
    assert views.value_edges(net, LifecycleRule()) == (90, 60)
    assert views.value_edges(np.array([0, 0]), LifecycleRule()) == (0, 0)
    same = views.value_tiers(np.array([5, 5, 5, 5]), LifecycleRule())
    assert same.tolist() == [2, 2, 2, 2]  # equal sums go together


@pytest.mark.parametrize("until", ["today", "last_purchase"])
def test_value_is_the_net_of_its_window(until: str, own: Callable[[], Pond]) -> None:
    pond = own()
    pond.customers.set_rule(replace(RULE, value_until=until), by="boss")
    snapshot = pond.customers.refresh()
    expected: Counter[int] = Counter()
    sales = snapshot.sales
    for i, who in enumerate(sales.customer.tolist()):
        last = int(snapshot.people.last_order_at[who])
        end = snapshot.as_of if until == "today" else last
        if who and sales.at[i] > end - 365 * DAY_MS:
            expected[who] += int(sales.paid_fen[i] - sales.refund_fen[i])
    assert {w: n for w, n in enumerate(snapshot.people.value_net_fen.tolist()) if n} == {
        w: n for w, n in expected.items() if n
    }


# --- periods -------------------------------------------------------------------------------------
def test_periods() -> None:
    today = date(2026, 3, 15)
    span = {
        preset: (between(preset, today).first.isoformat(), between(preset, today).last.isoformat())
        for preset in ("this_month", "last_month", "this_quarter", "last_quarter")
    }
    assert span == {
        "this_month": ("2026-03-01", "2026-03-15"),
        "last_month": ("2026-02-01", "2026-02-28"),
        "this_quarter": ("2026-01-01", "2026-03-15"),
        "last_quarter": ("2025-10-01", "2025-12-31"),
    }
    assert between("", today).preset == "last_month"
    assert month_ends(today, 3) == [date(2026, 1, 31), date(2026, 2, 28), today]
    for wrong in (
        ("then", None, None),
        ("", date(2026, 3, 2), date(2026, 3, 1)),
        ("", date(2026, 3, 2), None),
        ("", date(1900, 1, 1), date(2026, 3, 1)),
    ):
        with pytest.raises(BadInput):
            between(wrong[0], today, wrong[1], wrong[2])


def test_unknown_axes_and_states_are_refused(lifecycle: Lifecycle) -> None:
    with pytest.raises(BadInput):
        lifecycle.sizes("mood")
    with pytest.raises(BadInput):
        lifecycle.movers("stage", lifecycle.between(), "first", "rich")


# --- the matrix ----------------------------------------------------------------------------------
def test_every_customer_stands_in_one_cell(pond: Pond, lifecycle: Lifecycle) -> None:
    people = pond.customers.snapshot().people
    expected: Counter[str] = Counter()
    for who in np.flatnonzero(people.alive).tolist():
        stage = list(STAGES)[people.stage[who]]
        tier = "low" if stage == "never" else list(views.TIERS)[people.value_tier[who]]
        expected[f"{stage}.{tier}.{list(views.FATIGUES)[people.fatigue[who]]}"] += 1
    found = lifecycle.matrix()
    assert {one.key: one.people for one in found.cells if one.people} == expected
    assert found.people == sum(expected.values())
    assert abs(sum(one.share for one in found.cells) - 1) < 1e-9
    for one in found.cells:
        assert len(lifecycle.matrix_people(cell=one.key)) == one.people
    for action, (n, _) in found.by_action().items():
        assert len(lifecycle.people({"kind": "matrix", "action": action})) == n
    assert len(expected) > 8


def test_the_defaults_leave_the_tired_and_the_hopeless_alone() -> None:
    gets = {key: default_of(key)[0] for key in KEYS}
    assert len(gets) == 52
    assert {gets[key] for key in KEYS if key.endswith(".heavy")} == {"leave"}
    assert {gets[key] for key in KEYS if key.startswith("lost.low.")} == {"leave"}
    assert gets["dormant.high.none"] == "coupon"
    assert gets["repeat.high.light"] == "task"
    assert gets["never.low.none"] == "seeding"
    assert set(gets.values()) == set(ACTIONS)
    assert all(default_of(key)[1][0] and default_of(key)[1][1] for key in KEYS)


def test_cells_are_chosen_kept_in_versions_and_taken_back(own: Callable[[], Pond]) -> None:
    pond = own()
    life = Lifecycle(pond.brand.workspace, pond.customers)
    key = "first.low.none"
    made = life.set_cells({key: CellChoice("coupon", " test it ")}, by="boss", note="spring")
    assert (made.version, made.by, made.note) == (1, "boss", "spring")
    cell = life.matrix().cell(key)
    assert (cell.action, cell.note, cell.chosen) == ("coupon", "test it", True)
    there = life.people({"kind": "matrix", "cell": key})
    assert there <= life.people({"kind": "matrix", "action": "coupon"})
    assert life.set_cells({key: CellChoice("coupon", "test it")}, by="boss").version == 1

    life.set_cells({key: None}, by="boss")
    assert not life.matrix().cell(key).chosen
    assert life.restore_matrix(1, by="boss").version == 3
    assert life.matrix().cell(key).action == "coupon"
    assert life.restore_matrix(0, by="boss").cells == {}
    for wrong in ({"x": None}, {key: CellChoice("shout")}, {key: CellChoice("task", "n" * 301)}):
        with pytest.raises(BadInput):
            life.set_cells(wrong, by="boss")
    with pytest.raises(NotFound):
        life.restore_matrix(9, by="boss")
    with pytest.raises(BadInput):
        life.matrix_people(cell="x")
    assert matrix.DEFAULT.cells == {}
