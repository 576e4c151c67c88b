"""Stored runs of RFM: what is kept, and who moved between two of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from tests.sequence.facts import MemoryFacts
from tests.small_brand import NOW, open_brand_at
from yutang.analysis.rfm_table import GONE, NEW
from yutang.errors import BadInput, NotFound
from yutang.identity import Identities
from yutang.kit.bitmaps import opened
from yutang.reports import Runs, kind_of
from yutang.reports.runs import UNDO_DAYS, until
from yutang.segments import forget
from yutang.sequence import open_shards, refresh
from yutang.sequence.calendar import day_start
from yutang.state.brand import customers, identity_moves, model_run_groups

FIRST = date(2026, 3, 2)
ON = FIRST + timedelta(days=10)
# High: bought on the last day, twice or more, for 10 yuan or more.
QUESTION = {
    "orders": {"event": "paid"},
    "monetary": [{"event": "paid", "property": "amount"}],
    "to": ON.isoformat(),
    "r": {"by": "fixed", "value": 0},
    "f": {"by": "fixed", "value": 2},
    "m": {"by": "fixed", "value": 10},
}


def paid(customer: int, day: int, amount: float = 10.0) -> dict:
    moment = day_start(FIRST + timedelta(days=day), "Asia/Shanghai") + 3_600_000
    return {"customer": customer, "time": moment, "event": "paid", "amount": amount}


class Pond:
    """A brand's runs over shards that follow its facts."""

    def __init__(self, folder: Path) -> None:
        self.workspace = open_brand_at(folder / "home").workspace
        self.runs = Runs(self.workspace, Identities(self.workspace))
        self.facts, self.folder = MemoryFacts(), folder / "shards"
        with self.workspace.db.write() as connection:
            rows = [{"id": n, "created_at": NOW} for n in range(1, 10)]
            connection.execute(insert(customers), rows)

    def shards(self):
        refresh(self.facts, self.folder)
        return open_shards(self.folder)

    def store(self, **more):
        edges_of = more.pop("edges_of", 0)
        return self.runs.store(self.shards(), {**QUESTION, **more}, ON, edges_of=edges_of, by="ann")

    def moved(self, before, after=0, *, today=ON, edges="same"):
        return self.runs.movement(self.shards(), before, after, today, edges=edges)

    def merge(self, gone: int, into: int) -> None:
        """As identity does it: older numbers point at the last survivor, and the move is noted."""
        self.facts.merge(gone, into)
        mine = (customers.c.id == gone) | (customers.c.merged_into == gone)
        with self.workspace.db.write() as connection:
            connection.execute(update(customers).where(mine).values(merged_into=into))
            connection.execute(insert(identity_moves).values(identity=gone, customer=into))

    def kept(self) -> dict:
        with self.workspace.db.read() as connection:
            query = select(model_run_groups.c.run_id, model_run_groups.c.label,
                           model_run_groups.c.people)  # fmt: skip
            return {(a, b): set(opened(c)) for a, b, c in connection.execute(query)}


@pytest.fixture
def pond(tmp_path: Path) -> Pond:
    made = Pond(tmp_path)
    made.facts.append([paid(1, 10), paid(1, 9), paid(2, 0, 1.0), paid(3, 10, 1.0), paid(4, 1)])
    return made


def people(movement) -> dict:
    return {cell: set(who) for cell, who in movement.cells.items()}


def test_a_run_keeps_its_day_its_edges_and_who_was_where(pond: Pond) -> None:
    run = pond.store()
    assert run.edges == {"recency": [0.0], "frequency": [2.0], "monetary": [10.0]}
    assert (run.on, run.people, run.by, run.at) == (ON.isoformat(), 4, "ann", NOW)
    assert {code: one["people"] for code, one in run.groups.items()} == {
        "111": 1, "001": 1, "100": 1, "000": 1,
    }  # fmt: skip
    assert run.groups["111"] == {"people": 1, "orders": 2, "revenue_fen": 2000}
    assert pond.kept() == {(1, "111"): {1}, (1, "001"): {4}, (1, "100"): {3}, (1, "000"): {2}}
    pond.facts.append([paid(2, 10, 99.0), paid(2, 10, 99.0)])
    assert pond.runs.get(run.id) == run
    assert [one.id for one in pond.runs.list_()] == [run.id]


def test_who_came_who_went_and_who_moved(pond: Pond) -> None:
    first = pond.store(**{"from": FIRST.isoformat()})
    later = ON + timedelta(days=1)
    pond.facts.append([paid(2, 11, 1.0), paid(4, 11), paid(5, 11)])
    moved = pond.moved(first.id, today=later)
    # The range moves along, and so the purchases of the first day are out of it.
    assert people(moved) == {
        ("111", "011"): {1}, ("000", "100"): {2}, ("100", "000"): {3}, ("001", "111"): {4},
        (NEW, "101"): {5},
    }  # fmt: skip
    assert {kind: moved.count(kind) for kind in ("stayed", "moved", "new", "gone")} == {
        "stayed": 0, "moved": 4, "new": 1, "gone": 0,
    }  # fmt: skip
    assert moved.alike
    assert moved.after.id == 0
    gone = pond.moved(first.id, today=later + timedelta(days=10))
    assert {kind_of(cell) for cell in gone.cells if cell[1] == GONE} == {"gone"}
    assert set().union(*(who for cell, who in people(gone).items() if cell[1] == GONE)) == {1, 3}


def test_the_same_yardstick_shows_change_that_own_edges_hide(pond: Pond) -> None:
    average = {name: {"by": "average"} for name in "rfm"}
    first = pond.store(**average)
    pond.facts.append([paid(one, 10, 1000.0) for one in (1, 2, 3, 4)])
    same, own = pond.moved(first.id), pond.moved(first.id, edges="own")
    assert same.alike
    assert not own.alike
    assert same.after.edges == first.edges
    high = {who for cell, some in people(same).items() if cell[1][2] == "1" for who in some}
    assert high == {1, 2, 3, 4}
    high = {who for cell, some in people(own).items() if cell[1][2] == "1" for who in some}
    assert high == {1, 4}
    second = pond.store(**average, edges_of=first.id)
    assert (second.edges, second.edges_of) == (first.edges, first.id)
    assert people(pond.moved(first.id, second.id)) == people(same)


def test_edges_of_a_run_put_the_same_people_in_the_same_layers(pond: Pond) -> None:
    """1.1 * 100 is more than 110: who stands on an edge stays above it."""
    pond.facts.append([paid(7, 2, 1.1), paid(8, 2, 1.1), paid(9, 2, 1.1)])
    question = {name: {"by": "quantile", "value": 0.5} for name in "rfm"}
    first = pond.store(**question)
    assert set(people(pond.moved(first.id))) == {(code, code) for code in first.groups}
    scores = pond.store(layers="scores", r={}, f={}, m={})
    assert len(scores.edges["recency"]) == 4
    assert set(people(pond.moved(scores.id))) == {(code, code) for code in scores.groups}


def test_who_was_merged_is_his_survivor(pond: Pond) -> None:
    first = pond.store()
    pond.merge(2, 1)  # the survivor has a layer of his own
    pond.merge(3, 6)  # the survivor had none
    moved = pond.moved(first.id)
    assert people(moved) == {("111", "111"): {1}, ("001", "001"): {4}, ("100", "100"): {6}}
    assert moved.merged == 2
    pond.merge(6, 1)  # and so on
    assert people(pond.moved(first.id)) == {("111", "111"): {1}, ("001", "001"): {4}}


def test_two_who_became_a_third_are_in_the_first_layer_of_the_rules(pond: Pond) -> None:
    first = pond.store()
    pond.merge(2, 9)
    pond.merge(4, 9)
    moved = pond.moved(first.id)
    assert people(moved)[("001", "011")] == {9}
    assert not any(cell[0] in ("000", NEW) for cell in moved.cells)


def test_a_deleted_run_comes_back_until_it_is_too_late(pond: Pond) -> None:
    first = pond.store()
    pond.runs.remove(first.id)
    for wrong in (pond.runs.get, pond.runs.remove, pond.moved):
        with pytest.raises(NotFound):
            wrong(first.id)
    assert pond.runs.list_() == []
    assert pond.runs.restore(first.id) == first
    pond.runs.remove(first.id)
    late = NOW + (UNDO_DAYS + 1) * 86_400_000
    pond.workspace.now = lambda: late
    second = pond.store()
    assert {run for run, _ in pond.kept()} == {second.id}
    with pytest.raises(NotFound):
        pond.runs.restore(first.id)


def test_the_erased_are_taken_out_of_every_run(pond: Pond) -> None:
    first = pond.store()
    second = pond.store()
    pond.runs.remove(second.id)
    with pond.workspace.db.write() as connection:
        assert forget(connection, [1, 77])["model_run_groups"] == 2
        assert forget(connection, [1])["model_run_groups"] == 0
    assert not any(1 in who for who in pond.kept().values())
    assert pond.runs.get(first.id).groups["111"]["people"] == 1


def test_what_cannot_be_stored_or_compared(pond: Pond) -> None:
    with pytest.raises(BadInput, match="sample"):
        pond.store(sample=2)
    first = pond.store()
    scores = pond.store(layers="scores", r={}, f={}, m={})
    with pytest.raises(BadInput, match="kinds of layers"):
        pond.moved(first.id, scores.id)
    with pytest.raises(BadInput, match="other layers"):
        pond.store(edges_of=scores.id)
    with pytest.raises(NotFound):
        pond.store(edges_of=99)
    since = {"to": ON.isoformat(), "recency": [1], "frequency": [1], "monetary": [1]}
    assert "since" not in pond.store(since=since).params


def test_a_question_of_fixed_days_moves_to_today() -> None:
    today = date(2026, 4, 2)
    fixed = {"from": "2026-03-01", "to": "2026-03-31"}
    assert until(fixed, today) == {"from": "2026-03-03", "to": "2026-04-02"}
    assert until({"to": "2026-03-31"}, today) == {"to": "2026-04-02"}
    assert until({"range": "last_365"}, today) == {"range": "last_365"}
    assert until({"from": "2026-03-01"}, today) == {"from": "2026-03-01"}
