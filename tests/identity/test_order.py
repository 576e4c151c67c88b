"""Whatever order the records of trackers arrive in, the same people own the same facts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from tests.small_brand import START, open_brand_at
from yutang.identity import Hands, Identities, later_owners, owned_at
from yutang.identity.settling import resettle
from yutang.state.brand import identities
from yutang.workspace import Workspace

Record = dict[str, Any]
PATIENT = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KINDS = ("login_id", "openid", "distinct_id", "cookie", "anonymous_id")
WHO = st.dictionaries(st.sampled_from(KINDS), st.sampled_from("abc"), min_size=1, max_size=4)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "act": st.sampled_from(["event", "event", "login", "bind", "alias", "unbind"]),
            "who": WHO,
            "time": st.integers(0, 5),
            "same": st.none() | st.tuples(st.just("distinct_id"), st.sampled_from("abc")),
        }
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return open_brand_at(tmp_path_factory.mktemp("order") / "home").workspace


def take(service: Identities, connection: Connection, records: list[Record]) -> set[int]:
    """One batch, as the collector's worker gives it."""
    kinds = sorted({kind for one in records for kind in one["who"]})
    unbinds = [
        (kind, value, START + one["time"])
        for one in records
        if one["act"] == "unbind"
        for kind, value in one["who"].items()
    ]
    tied = [one for one in records if one["act"] != "unbind"]
    found = service.resolve(
        connection,
        {kind: pa.array([one["who"].get(kind) for one in tied], pa.string()) for kind in kinds},
        commit_id=1,
        source="web",
        evidence=[one["act"] for one in tied],
        times=np.array([START + one["time"] for one in tied], np.int64),
        same=[(i, *one["same"]) for i, one in enumerate(tied) if one["same"]],
        unbinds=unbinds,
    )
    return set(found.changed)


def customer_of(connection: Connection) -> np.ndarray:
    """Customer by identity, read whole: the oracle of `Owners`."""
    rows = connection.execute(select(identities.c.id, identities.c.customer_id)).all()
    found = np.zeros(1 + max((row[0] for row in rows), default=0), np.uint32)
    for identity, customer in rows:
        found[identity] = customer
    return found


def owned(connection: Connection) -> dict[tuple[str, str, int], frozenset[tuple[str, str]]]:
    """(kind, value, time) of a fact → the person who owns it, as the set of his identities."""
    rows = connection.execute(
        select(identities.c.id, identities.c.kind, identities.c.value, identities.c.customer_id)
    ).all()
    people: dict[int, set[tuple[str, str]]] = {}
    for _, kind, value, customer in rows:
        people.setdefault(customer, set()).add((kind, value))
    ids = np.array([row[0] for row in rows], np.int64)
    found = {}
    for time in range(-1, 7):
        at = np.full(len(ids), START + time, np.int64)
        customer = owned_at(customer_of(connection), later_owners(connection), ids, at)
        for row, one in zip(rows, customer.tolist(), strict=True):
            found[row[1], row[2], time] = frozenset(people[one])
    return found


@pytest.mark.slow
@PATIENT
@given(records=RECORDS, seed=st.integers(0, 1_000), cut=st.integers(1, 12))
@example(  # an unbind that comes before the bind it takes back
    records=[
        {"act": "bind", "who": {"login_id": "a", "openid": "a"}, "time": 1, "same": None},
        {"act": "unbind", "who": {"openid": "a"}, "time": 2, "same": None},
    ],
    seed=1,
    cut=1,
)
@example(  # two parts of one customer that began as the same other customer
    records=[
        {"act": "event", "who": {"login_id": "a"}, "time": 0, "same": None},
        {"act": "event", "who": {"login_id": "b", "openid": "a"}, "time": 0, "same": None},
        {"act": "event", "who": {"login_id": "a", "openid": "a"}, "time": 0, "same": None},
        {"act": "unbind", "who": {"login_id": "a", "openid": "a"}, "time": 0, "same": None},
    ],
    seed=0,
    cut=1,
)
def test_any_order_gives_the_same_owners(
    workspace: Workspace, records: list[Record], seed: int, cut: int
) -> None:
    shuffled = list(records)
    random.Random(seed).shuffle(shuffled)
    with workspace.db.engine.connect() as connection:
        take(Identities(workspace), connection, records)
        expected = owned(connection)
        connection.rollback()
        service = Identities(workspace)
        for start in range(0, len(shuffled), cut):
            take(service, connection, shuffled[start : start + cut])
        found = owned(connection)
        # What was kept up step by step is what a look at everything gives.
        everybody = connection.execute(select(identities.c.id)).scalars().all()
        assert resettle(connection, everybody, START) == set()
        connection.rollback()
    assert found == expected


@pytest.mark.slow
@PATIENT
@given(records=RECORDS, cut=st.integers(1, 4))
def test_whoever_owns_other_facts_than_before_is_told(
    workspace: Workspace, records: list[Record], cut: int
) -> None:
    with workspace.db.engine.connect() as connection:
        service = Identities(workspace)
        for start in range(0, len(records), cut):
            before = by_customer(connection)
            changed = take(service, connection, records[start : start + cut])
            after = by_customer(connection)
            known = {fact for facts in before.values() for fact in facts}
            for customer in before.keys() | after.keys():
                moved = before.get(customer, set()) ^ (after.get(customer, set()) & known)
                assert not moved or customer in changed
        connection.rollback()


def by_customer(connection: Connection) -> dict[int, set[tuple[int, int]]]:
    """Customer → (identity, time) of the facts he owns."""
    ids = np.array(connection.execute(select(identities.c.id)).scalars().all(), np.int64)
    found: dict[int, set[tuple[int, int]]] = {}
    for time in range(-1, 7):
        at = np.full(len(ids), START + time, np.int64)
        customer = owned_at(customer_of(connection), later_owners(connection), ids, at)
        for identity, one in zip(ids.tolist(), customer.tolist(), strict=True):
            found.setdefault(one, set()).add((identity, time))
    return found


@pytest.mark.slow
@PATIENT
@given(records=RECORDS)
def test_a_merge_undone_gives_everything_back(workspace: Workspace, records: list[Record]) -> None:
    two = [
        {"act": "event", "who": who, "time": 0, "same": None}
        for who in ({"login_id": "x", "openid": "x1"}, {"login_id": "y"})
    ]
    service = Identities(workspace)
    with workspace.db.write() as connection:
        take(service, connection, records + two)
        before = by_customer(connection), owned(connection)
    hands = Hands(workspace, service, lambda *_: None)
    made = hands.link(("login_id", "x"), ("login_id", "y"), note="same person", by="ann")
    with workspace.db.read() as connection:
        assert service.find("login_id", "x").customer_id == (  # type: ignore[union-attr]
            service.find("login_id", "y").customer_id  # type: ignore[union-attr]
        )
    hands.undo(made.id, by="bob")
    with workspace.db.write() as connection:
        after = by_customer(connection), owned(connection)
        wipe(connection)
    assert after == before


def wipe(connection: Connection) -> None:
    from yutang.state.brand import metadata

    for table in reversed(metadata.sorted_tables):
        if table.name.startswith(("identit", "device_", "customers", "commits")):
            connection.execute(table.delete())


def test_a_split_stands_until_it_is_undone(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    service = brand.identities
    hands = Hands(brand.workspace, service, lambda *_: None)
    row = {"act": "event", "who": {"login_id": "a", "openid": "o", "cookie": "c"}, "time": 0,
           "same": None}  # fmt: skip
    with brand.workspace.db.write() as connection:
        take(service, connection, [row])
    openid, login = service.find("openid", "o"), service.find("login_id", "a")
    assert openid is not None
    assert login is not None
    made = hands.split([openid.id], note="two sisters", by="ann")
    with brand.workspace.db.write() as connection:
        take(service, connection, [{**row, "time": 3}])
    assert service.find("openid", "o").customer_id != login.customer_id  # type: ignore[union-attr]
    assert service.find("login_id", "a").customer_id == login.customer_id  # type: ignore[union-attr]
    assert [one.id for one in hands.decisions()] == [made.id]
    hands.undo(made.id, by="ann")
    assert service.find("openid", "o").customer_id == login.customer_id  # type: ignore[union-attr]


def test_too_many_members_on_one_phone_wait_for_a_decision(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    service = brand.identities
    hands = Hands(brand.workspace, service, lambda *_: None)
    rows = [
        {"act": "bind", "who": {"phone": "13800000000", "login_id": f"m{i}"}, "time": i,
         "same": None} for i in range(30)
    ]  # fmt: skip
    for one in rows:
        with brand.workspace.db.write() as connection:
            take(service, connection, [one])

    def customers() -> int:
        with brand.workspace.db.read() as connection:
            return len(set(connection.execute(select(identities.c.customer_id)).scalars()))

    assert customers() == 31
    (review,) = hands.reviews()
    assert review.shown == "138****0000"
    hands.decide(review.id, "joined", by="ann")
    assert customers() == 1
    hands.decide(review.id, "apart", by="ann")
    assert customers() == 31
    assert hands.reviews() == []


def test_the_chain_of_evidence_is_told(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    service = brand.identities
    with brand.workspace.db.write() as connection:
        for who in ({"login_id": "a", "openid": "o"}, {"openid": "o", "phone": "13811112222"}):
            take(service, connection, [{"act": "bind", "who": who, "time": 1, "same": None}])
    why = service.explain("login_id", "a")
    phone = service.find("phone", "13811112222")
    assert phone is not None
    assert [tie.evidence for tie in why.chains[phone.id]] == ["bind", "bind"]
    assert why.chains[phone.id][0].source == "web"
    assert why.chains[why.asked] == ()
