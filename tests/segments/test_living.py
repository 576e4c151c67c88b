"""Segments by a rule: made, changed, asked again, and who came and went."""

from __future__ import annotations

import pytest
from pyroaring import BitMap

from tests.customers.pond import ZONE, Pond, make_pond
from yutang.consents import Consents
from yutang.errors import BadInput, Conflict
from yutang.kit.clock import DAY_MS
from yutang.segments import Living, Segments
from yutang.sequence import ShardCache

pytestmark = pytest.mark.slow
BUYERS = {"kind": "attribute", "name": "orders", "op": ">=", "value": 1}
LATELY = {"kind": "event", "events": ["order_paid"], "when": {"last": 60}}


class World:
    """A pond with segments, and a clock that can be moved."""

    def __init__(self, pond: Pond) -> None:
        self.pond, self.workspace = pond, pond.brand.workspace
        self.now = self.workspace.now()
        self.workspace.now = lambda: self.now  # type: ignore[method-assign]
        cache = ShardCache()
        folder = self.workspace.cache / "shards"

        def shards():
            return cache.get(folder, pond.customers.attributes())

        self.consents = Consents(self.workspace, pond.brand.identities, shards)
        self.segments = Segments(
            self.workspace, pond.brand.identities, lambda: pond.customers, shards,
            lambda *_: BitMap(), lambda *_: BitMap(), consenting=self.consents.people,
        )  # fmt: skip
        self.living = Living(self.workspace, self.segments)


@pytest.fixture
def world(tmp_path) -> World:
    return World(make_pond(tmp_path, people=30, count=150))


def buyers(world: World) -> set[int]:
    orders = world.pond.customers.snapshot().people.orders
    return {number for number, n in enumerate(orders.tolist()) if n}


def test_a_rule_becomes_a_segment_and_its_people_are_those_who_fulfil_it(world):
    made = world.segments.create_by_rule("买过", BUYERS, by="t")
    assert (made.kind, made.rule, made.can_refresh) == ("dynamic", BUYERS, True)
    assert set(world.segments.people(made.id)) == buyers(world)
    counted = world.segments.rules.count({"and": [BUYERS, LATELY]}, each=True)
    assert counted.count <= min(counted.each)
    assert counted.each[0] == made.people
    assert len(counted.sample(5)) == min(5, counted.count)


def test_the_newest_fact_says_what_lately_is(world):
    from yutang.kit.clock import iso_day

    snapshot = world.pond.customers.snapshot()
    sales = snapshot.sales
    first = snapshot.as_of - 59 * DAY_MS
    day = iso_day(first, ZONE)
    lately = {
        int(who)
        for who, at, paid in zip(sales.customer, sales.at, sales.paid, strict=True)
        if paid and who and iso_day(int(at), ZONE) >= day
    }
    assert set(world.segments.rules.people(LATELY)) == lately


def test_why_says_what_was_found(world):
    who = min(buyers(world))
    why = world.segments.rules.why({"and": [BUYERS, {"not": LATELY}]}, who)
    orders = int(world.pond.customers.snapshot().people.orders[who])
    assert why.parts[0].found == orders
    assert why.holds == world.segments.rules.holds({"and": [BUYERS, {"not": LATELY}]}, who)


def test_a_changed_rule_is_a_new_version_and_its_changes_are_kept(world):
    made = world.segments.create_by_rule("买过", BUYERS, by="t")
    before = world.segments.people(made.id)
    both = {"and": [BUYERS, LATELY]}
    changed = world.segments.change_rule(made.id, both, by="u", dynamic=True)
    assert len(world.segments.versions(made.id)) == 2
    assert changed.rule == both
    newest, first = world.living.changes(made.id)
    assert (first.entered, first.left, first.size) == (len(before), 0, len(before))
    assert (newest.entered, newest.size) == (0, changed.people)
    entered, left = world.segments.changed(newest.id)
    assert not entered
    assert left == before - world.segments.people(made.id)
    same = world.segments.change_rule(made.id, both, by="u", dynamic=True)
    assert len(world.segments.versions(made.id)) == 2
    assert same.at == changed.at


def test_a_rule_does_not_ask_about_itself(world):
    a = world.segments.create_by_rule("a", BUYERS, by="t")
    b = world.segments.create_by_rule("b", {"kind": "segment", "segments": [a.id]}, by="t")
    for tree in ({"kind": "segment", "segments": [b.id]}, {"kind": "segment", "segments": [a.id]}):
        with pytest.raises(BadInput, match="asks about itself"):
            world.segments.change_rule(a.id, tree, by="t", dynamic=True)


def test_a_rule_nobody_fulfils_can_wait_for_somebody(world):
    nobody = {"kind": "attribute", "name": "orders", "op": ">", "value": 9_999}
    made = world.segments.create_by_rule("以后", nobody, by="t")
    assert made.people == 0
    with pytest.raises(BadInput, match="Nobody"):
        world.segments.create_by_rule("现在", nobody, by="t", dynamic=False)
    with pytest.raises(Conflict):
        world.segments.create_by_rule("以后", nobody, by="t")


def test_consents_move_dynamic_segments_and_those_made_of_them(world):
    refused = {"kind": "consent", "purpose": "marketing", "state": "withdrawn"}
    a = world.segments.create_by_rule("退订", refused, by="t")
    b = world.segments.create_by_rule(
        "可发", {"and": [BUYERS, {"kind": "segment", "segments": [a.id], "has": "none"}]}, by="t"
    )
    still = world.segments.create_by_rule("那时", BUYERS, by="t", dynamic=False)
    world.living.refresh()
    assert world.living.refresh().asked == 0  # nothing moved
    who = BitMap(sorted(buyers(world))[:3])
    world.consents.say(who, "marketing", "withdrawn", source="page", by="t")
    done = world.living.refresh()
    assert (done.asked, done.changed, done.broken) == (2, 2, {})
    assert world.segments.people(a.id) == who
    assert set(world.segments.people(b.id)) == buyers(world) - set(who)
    assert world.segments.people(still.id) >= who
    assert len(world.segments.versions(a.id)) == 1  # of one day one version
    world.now += DAY_MS
    world.consents.say(BitMap([who[0]]), "marketing", "given", source="page", by="t")
    world.living.refresh()
    assert len(world.segments.versions(a.id)) == 2
    assert [(c.entered, c.left) for c in world.living.changes(a.id)] == [(0, 1), (3, 0)]


def test_a_segment_whose_parent_is_gone_keeps_its_people(world, monkeypatch):
    made = world.segments.create_by_rule("买过", BUYERS, by="t")
    people = world.segments.people(made.id)
    world.consents.say(BitMap([1]), "x", "given", source="page", by="t")  # all are due

    def broken(_origin):
        raise BadInput("gone")

    monkeypatch.setattr(world.segments.origins, "people", broken)
    done = world.living.refresh()
    assert list(done.broken) == [made.id]
    assert world.segments.people(made.id) == people
