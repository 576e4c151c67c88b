"""Suggestions are kept, decided by people, and follow merges, undoing and erasure."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.pages import pond as small
from yutang.app import Services
from yutang.errors import BadInput, Conflict, NotFound
from yutang.linkage import Matched, Pair, about, forget, service
from yutang.settings import Settings
from yutang.state.brand import attributes, hand_requests, identities, identity_suggestions
from yutang.worker import work_on

pytestmark = pytest.mark.slow
EVIDENCE = {"name": "alike", "birthday": "same"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("linkage") / "home"
    services = small.make(home)
    brand = services.brand("pond")
    with brand.workspace.db.write() as connection:
        connection.execute(identity_suggestions.delete())
    return home


@pytest.fixture
def brand(made: Path, tmp_path: Path):
    gc.collect()  # who still holds the databases open would close them while they are copied
    home = shutil.copytree(made, tmp_path / "home")
    return Services.open(Settings(home=home)).brand("pond")


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch):
    """What the search finds, in place of Splink; gives the records it was given."""
    seen = []

    def finding(*pairs: tuple[int, int, float]) -> list:
        def matched(records, threshold):
            seen.append(records)
            found = [Pair(a, b, 1 / (1 + 2**-w), w, EVIDENCE) for a, b, w in pairs]
            kept = [one for one in found if one.probability >= threshold]
            return Matched(kept, len(records), ("name", "birthday"), (("surname", "given"),))

        monkeypatch.setattr(service, "match", matched)
        return seen

    return finding


def people(brand, count):
    """Customers, apart from each other, oldest first."""
    alive = brand.customers.snapshot().people.alive
    return [n for n in range(1, len(alive)) if alive[n]][:count]


def test_a_search_keeps_pairs_and_joins_nobody(brand, finds):
    a, b, c, d = people(brand, 4)
    before = brand.facts.version()
    finds((a, b, 9.0), (c, d, 2.5), (a, c, 0.5))
    run = brand.suggestions.run(0.8)
    assert (run.found, run.new, run.left_out) == (2, 2, ("surname+given",))
    assert [(s.a, s.b) for s in brand.suggestions.list_()] == [(a, b), (c, d)]
    first = brand.suggestions.list_()[0]
    assert first.probability == pytest.approx(1 / (1 + 2**-9))
    assert first.evidence == EVIDENCE
    assert brand.suggestions.last_run() == run
    assert brand.facts.version() == before
    assert brand.suggestions.run(0.8).new == 0
    finds((a, b, 8.0))
    brand.suggestions.run(0.8)
    assert [(s.a, s.weight) for s in brand.suggestions.list_()] == [(a, 8.0)]
    assert [(s.a, s.b) for s in brand.suggestions.list_("stale")] == [(c, d)]
    with pytest.raises(Conflict, match="out of date"):
        brand.suggestions.keep_apart(brand.suggestions.list_("stale")[0].id, by="ann")
    for wrong in (0.2, 1.0):
        with pytest.raises(BadInput):
            brand.suggestions.run(wrong)


def test_different_people_are_never_suggested_again(brand, finds):
    a, b, c = people(brand, 3)
    finds((a, b, 9.0))
    brand.suggestions.run(0.8)
    (one,) = brand.suggestions.list_()
    assert brand.suggestions.keep_apart(one.id, by="ann").status == "apart"
    assert brand.suggestions.run(0.8).found == 0
    with pytest.raises(Conflict, match="decided"):
        brand.suggestions.keep_apart(one.id, by="ann")
    with brand.workspace.writer():  # nor when one of them is somebody else by now
        known = {n: brand.identities.of_customer(n)[0].id for n in (b, c)}
        brand.hands.link_ids(known[b], known[c], note="seen in the shop", by="ann")
    survivor = min(b, c)
    finds((*sorted((a, survivor)), 9.0))
    assert brand.suggestions.run(0.8).found == 0
    assert brand.suggestions.list_() == []
    assert brand.suggestions.reopen(one.id).status == "open"
    with pytest.raises(Conflict):
        brand.suggestions.reopen(one.id)
    assert brand.suggestions.observed()[0].apart == 0


def test_one_person_goes_the_way_of_decisions_by_hand_and_back(brand, finds):
    a, b, c, d = people(brand, 4)
    finds((a, b, 9.0), (c, d, 9.0))
    brand.suggestions.run(0.8)
    one, other = brand.suggestions.list_()
    with pytest.raises(BadInput, match="why"):
        brand.suggestions.join(one.id, note=" ", by="ann")
    asked = brand.suggestions.join(one.id, note="same birthday", by="ann", ip="10.0.0.1")
    assert brand.suggestions.get(one.id).status == "joined"
    work_on(brand)
    assert brand.hand_requests.get(asked.id).status == "done"
    assert brand.identities.of_customer(max(a, b)) == []
    (decision,) = [d for d in brand.hands.decisions() if d.note == "same birthday"]
    top = brand.suggestions.observed()[0]
    assert (top.low, top.joined, top.apart, top.precision) == (0.99, 1, 0, 1.0)
    brand.hand_requests.undo(decision.id, by="bea")
    work_on(brand)
    assert brand.suggestions.get(one.id).status == "apart"  # they said so by undoing it
    finds((a, b, 9.5))
    assert brand.suggestions.run(0.8).found == 0
    # What the writer refuses waits again.
    brand.suggestions.reopen(brand.suggestions.get(one.id).id)
    finds((c, d, 9.0))
    brand.suggestions.run(0.8)
    asked = brand.suggestions.join(other.id, note="x", by="ann")
    with brand.workspace.db.write() as connection:
        connection.execute(
            hand_requests.update()
            .where(hand_requests.c.id == asked.id)
            .values(status="refused", error={"message": "no"})
        )
    assert brand.suggestions.get(other.id).status == "open"
    with pytest.raises(NotFound):
        brand.suggestions.get(999)


def test_who_was_merged_or_erased_is_in_no_suggestion(brand, finds):
    a, b, c, d = people(brand, 4)
    finds((a, b, 9.0), (c, d, 9.0), (a, d, 8.0))
    brand.suggestions.run(0.8)
    with brand.workspace.writer():
        ids = [brand.identities.of_customer(n)[0].id for n in (c, d)]
        brand.hands.link_ids(*ids, note="found out otherwise", by="ann")
    left = {(s.a, s.b) for s in brand.suggestions.list_()}
    assert left == {(a, b), tuple(sorted((a, min(c, d))))}
    with brand.workspace.db.read() as connection:
        assert len(about(connection, [a])) == 2
        assert "b" not in about(connection, [a])[0]
    file = json.loads("".join(brand.person_files.pieces(a)))
    assert {one["status"] for one in file["suggestions"]} == {"open"}
    brand.privacy.ask(a, by="ann")
    work_on(brand)
    with brand.workspace.db.read() as connection:
        assert [tuple(row) for row in connection.execute(
            select(identity_suggestions.c.a, identity_suggestions.c.b)
        )] == [(c, d)]  # fmt: skip
    receipt = brand.privacy.receipts()[-1]
    assert receipt.counts["suggestions"] == 2
    with brand.workspace.db.write() as connection:
        assert forget(connection, [c]) == 1


def test_records_are_made_of_what_is_said_of_people_alone(brand, finds):
    a, b, c = people(brand, 3)
    with brand.workspace.db.write() as connection:
        rows = {
            n: connection.execute(
                select(identities.c.id).where(identities.c.customer_id == n)
            ).scalar()
            for n in (a, b)
        }
        device = connection.execute(
            insert(identities).values(
                kind="cookie", value="ck", shown="ck", tail="", customer_id=c, commit_id=1,
                source="site", first_seen_at=1, first_customer=c,
            )
        ).inserted_primary_key[0]  # fmt: skip
        said = [
            (rows[a], "$Name", "王小明", "site", 1), (rows[a], "name", "王大明", "till", 2),
            (rows[a], "birthday", "1990-05-06", "site", 1),
            (rows[a], "mobile", "13900001111", "site", 1),
            (rows[b], "name", "李**", "site", 1), (rows[b], "phone", "139****1111", "site", 1),
            (device, "name", "somebody else", "site", 1),
            (device, "birthday", "1990-05-06", "site", 1),
        ]  # fmt: skip
        connection.execute(
            insert(attributes),
            [
                {"identity": who, "name": name, "source": source, "time": time, "commit_id": 1,
                 "value": {"value": value, "since": 1, "kind": "set"}}
                for who, name, value, source, time in said
            ],
        )  # fmt: skip
    seen = finds()
    brand.suggestions.run(0.8)
    rows = {row["unique_id"]: row for row in seen[0].to_pylist()}
    one, other = rows[a], rows[b]
    assert one["birthday"] == "1990-05-06"
    assert one["phone"] == brand.workspace.keyed_hash("phone", "13900001111")
    assert "13900001111" not in str(seen[0].to_pylist())
    assert (other["surname"], other["given"]) == ("李", None)
    assert c not in rows or rows[c]["birthday"] is None  # said of a device
    shown = brand.suggestions.sides([a, b])
    assert shown[a]["phone"] == "139****1111"
    assert "王大明" in shown[a]["name"]
