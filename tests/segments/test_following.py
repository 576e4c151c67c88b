"""Segments over merges, splits and erasures: bitmaps against plain sets of people."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from sqlalchemy import Connection, insert, select

from tests.small_brand import NOW, SmallBrand, open_brand_at
from yutang.identity import Hands, numbers_of
from yutang.segments import forget, names_with
from yutang.segments.repository import add, add_version, all_, people_of
from yutang.segments.rules import HOWS
from yutang.state.brand import identities, model_run_groups, model_runs

PEOPLE = 6
NUMBERS = count()
PERSON = st.integers(0, PEOPLE - 1)
SET = st.sets(PERSON)
# What happens between two looks: two become one, one is taken out, the last merge is undone.
ACT = st.one_of(
    st.tuples(st.just("link"), PERSON, PERSON),
    st.tuples(st.just("undo"), PERSON, PERSON),
)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> SmallBrand:
    return open_brand_at(tmp_path_factory.mktemp("following") / "home")


def new_people(brand: SmallBrand) -> list[int]:
    """Six identities of nobody else, each a customer of its own."""
    names = [f"m{next(NUMBERS)}" for _ in range(PEOPLE)]
    with brand.workspace.db.write() as connection:
        columns = {"member_no": pa.array(names)}
        found = brand.identities.resolve(
            connection, columns, commit_id=1, source="test", evidence="event"
        )
    return [int(one) for one in found.primary]


def customer_of(connection: Connection, identity: int) -> int:
    query = select(identities.c.customer_id).where(identities.c.id == identity)
    return int(connection.execute(query).scalar_one())


class Oracle:
    """Plain sets: who is whom is a list of merges that still stand, oldest first."""

    def __init__(self) -> None:
        self.merges: list[tuple[int, int, str]] = []

    def part(self, person: int) -> frozenset[int]:
        found = {person}
        while True:
            more = {b for a, b, _ in self.merges if a in found} | {
                a for a, b, _ in self.merges if b in found
            }
            if more <= found:
                return frozenset(found)
            found |= more


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=st.lists(ACT, max_size=4), kept=st.tuples(SET, SET), after=st.lists(ACT, max_size=6))
def test_sets_follow_merges_and_splits(
    brand: SmallBrand, before: list, kept: tuple[set[int], set[int]], after: list
) -> None:
    """A stored set is who its people are now: the customer each number became. Whoever was merged
    when the set was made, and is apart now, is in it as the one whose number it holds."""
    ids, oracle = new_people(brand), Oracle()
    hands = Hands(brand.workspace, brand.identities, lambda *_: None)

    def act(what: str, a: int, b: int) -> None:
        if what == "link" and b not in oracle.part(a):
            oracle.merges.append((a, b, hands.link_ids(ids[a], ids[b], note="t", by="t").id))
        elif what == "undo" and oracle.merges:
            hands.undo(oracle.merges.pop()[2], by="t")

    for one in before:
        act(*one)
    with brand.workspace.db.read() as connection:
        numbers = [customer_of(connection, one) for one in ids]
        stored = [BitMap(numbers[person] for person in part) for part in kept]
    for one in after:
        act(*one)
    with brand.workspace.db.read() as connection:
        now = [customer_of(connection, one) for one in ids]
        follow = brand.identities.survivors.follow
        followed = [follow(connection, one) for one in stored]
    # The number a person had belongs, now, to the part of whoever began with it.
    native = {number: person for person, number in enumerate(first_numbers(brand, ids))}
    plain = [{now[native[numbers[person]]] for person in part} for part in kept]
    assert [set(one) for one in followed] == plain
    for person in range(PEOPLE):
        same = {other for other in range(PEOPLE) if now[other] == now[person]}
        assert same == oracle.part(person)
    a, b = plain
    expected = {"union": a | b, "intersection": a & b, "minus": a - b}
    assert {how: set(make(*followed)) for how, make in HOWS.items()} == expected


def first_numbers(brand: SmallBrand, ids: list[int]) -> list[int]:
    query = select(identities.c.id, identities.c.first_customer).where(identities.c.id.in_(ids))
    with brand.workspace.db.read() as connection:
        first = {row[0]: row[1] for row in connection.execute(query)}
    return [first[one] for one in ids]


def test_an_erased_customer_leaves_every_version_and_every_run(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    ids = new_people(brand)
    hands = Hands(brand.workspace, brand.identities, lambda *_: None)
    with brand.workspace.db.read() as connection:
        numbers = [customer_of(connection, one) for one in ids]
    hands.link_ids(ids[0], ids[1], note="t", by="t")  # 1 is merged into 0
    with brand.workspace.db.write() as connection:
        one = add(connection, name="VIP", description="", by="t", at=NOW)
        common = {"origin": None, "facts_version": 1, "by": "t", "at": NOW}
        for people in ([0, 1, 2], [1, 3], [2, 3]):
            chosen = BitMap(numbers[person] for person in people)
            add_version(connection, one, chosen, **common)
        run = connection.execute(
            insert(model_runs)
            .values(model="rfm", params={}, result={}, facts_version=1, asked_on="", at=NOW)
            .returning(model_runs.c.id)
        ).scalar_one()
        people = BitMap(numbers[:2]).serialize()
        connection.execute(
            insert(model_run_groups).values(run_id=run, label="111", people=people, size=2)
        )
        his = numbers_of(connection, numbers[0])
        assert sorted(his) == numbers[:2]
        assert names_with(connection, his) == []  # he is in older versions only
        assert forget(connection, his) == {
            "segment_versions": 2, "segment_changes": 0, "model_run_groups": 1,
        }  # fmt: skip
        left = people_of(connection, range(1, 4))
        assert [set(left[n]) for n in (1, 2, 3)] == [
            {numbers[2]}, {numbers[3]}, {numbers[2], numbers[3]},
        ]  # fmt: skip
        assert all_(connection)[0].size == 2
        row = connection.execute(select(model_run_groups)).one()
        assert (len(BitMap.deserialize(row.people)), row.size) == (0, 0)
        assert forget(connection, his) == dict.fromkeys(
            ("segment_versions", "segment_changes", "model_run_groups"), 0
        )
