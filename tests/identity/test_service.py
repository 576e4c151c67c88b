"""Identities in the state database: batches in any order make the same people."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from tests.small_brand import open_brand_at
from yutang.identity import Identities, Resolved
from yutang.state.brand import customers, identities, identity_links
from yutang.workspace import Workspace

STRONG = ("member_no", "openid", "phone")
WEAK = ("device", "cookie")
Row = dict[str, str]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return open_brand_at(tmp_path_factory.mktemp("identity") / "home").workspace


@pytest.fixture
def service(workspace: Workspace) -> Identities:
    return Identities(workspace)  # one remembers what a test rolls back


@pytest.fixture
def connection(service: Identities) -> Iterator[Connection]:
    with service._workspace.db.engine.connect() as connection:
        yield connection
        connection.rollback()


def resolve(
    service: Identities, connection: Connection, rows: Sequence[Row], source: str = "test"
) -> Resolved:
    kinds = sorted({kind for row in rows for kind in row})
    columns = {kind: pa.array([row.get(kind) for row in rows], pa.string()) for kind in kinds}
    return service.resolve(connection, columns, commit_id=1, source=source, evidence="event")


def people(connection: Connection) -> set[frozenset[tuple[str, str]]]:
    """The parts that identities fall into, by kind and stored value."""
    parts: dict[int, set[tuple[str, str]]] = {}
    query = select(identities.c.customer_id, identities.c.kind, identities.c.value)
    for customer, kind, value in connection.execute(query):
        parts.setdefault(customer, set()).add((kind, value))
    return {frozenset(part) for part in parts.values()}


VALUE = st.sampled_from("abcde")


def rows_of(kinds: tuple[str, ...]) -> st.SearchStrategy[list[Row]]:
    row = st.dictionaries(st.sampled_from(kinds), VALUE, min_size=1, max_size=3)
    return st.lists(row, min_size=1, max_size=12)


PATIENT = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def together(rows: Sequence[Row]) -> set[frozenset[tuple[str, str]]]:
    """The same by repeated merging of sets."""
    parts: list[set[tuple[str, str]]] = []
    for row in rows:
        mine = set(row.items())
        joined = [part for part in parts if part & mine]
        parts = [part for part in parts if not part & mine]
        parts.append(mine.union(*joined))
    return {frozenset(part) for part in parts}


@PATIENT
@given(rows=rows_of(("member_no", "openid")), seed=st.integers(0, 1_000), cut=st.integers(1, 12))
def test_any_order_of_arrival_makes_the_same_people(
    service: Identities, rows: list[Row], seed: int, cut: int
) -> None:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    with service._workspace.db.engine.connect() as connection:
        service = Identities(service._workspace)  # it remembers what is then rolled back
        for start in range(0, len(shuffled), cut):
            resolve(service, connection, shuffled[start : start + cut])
        assert people(connection) == together(rows)
        connection.rollback()


@PATIENT
@given(rows=rows_of(STRONG + WEAK), cut=st.integers(1, 12))
def test_no_device_ever_joins_two_people(service: Identities, rows: list[Row], cut: int) -> None:
    strong = [{kind: value for kind, value in row.items() if kind in STRONG} for row in rows]
    with service._workspace.db.engine.connect() as connection:
        service = Identities(service._workspace)
        for start in range(0, len(rows), cut):
            resolve(service, connection, rows[start : start + cut])
        found = people(connection)
        connection.rollback()
    hashed = {("phone", v): ("phone", service._workspace.keyed_hash("phone", v)) for v in "abcde"}
    allowed = {
        frozenset(hashed.get(one, one) for one in part)
        for part in together([r for r in strong if r])
    }
    for part in found:
        known = {one for one in part if one[0] in STRONG}
        assert not known or any(known <= person for person in allowed)


def test_a_row_gets_its_strongest_identity(service: Identities, connection: Connection) -> None:
    rows = [{"device": "d", "openid": "o", "member_no": "m"}, {"device": "d", "openid": "o"},
            {"device": "d"}]  # fmt: skip
    found = resolve(service, connection, rows)
    kinds = dict(connection.execute(select(identities.c.id, identities.c.kind)).all())
    assert [kinds[one] for one in found.primary.tolist()] == ["member_no", "openid", "device"]


def test_a_row_without_a_key_has_nobody(service: Identities, connection: Connection) -> None:
    found = resolve(service, connection, [{"phone": "138****2222"}, {"member_no": " "}])
    assert found.primary.tolist() == [0, 0]
    assert found.created == 0


def test_a_phone_is_stored_as_a_hash(service: Identities, connection: Connection) -> None:
    resolve(service, connection, [{"phone": "+86 138-1111-2222"}])
    row = connection.execute(
        select(identities.c.value, identities.c.shown, identities.c.tail)
    ).one()
    assert row.shown == "138****2222"
    assert row.tail == "2222"
    assert row.value == service._workspace.keyed_hash("phone", "13811112222")
    assert "1111" not in row.value or len(row.value) == 64


def test_merged_customers_point_to_the_survivor(
    service: Identities, connection: Connection
) -> None:
    for name in "abc":
        resolve(service, connection, [{"member_no": name}])
    found = resolve(
        service, connection, [{"member_no": "b", "openid": "x"}, {"member_no": "c", "openid": "x"}]
    )
    assert len(found.changed) == 2
    found = resolve(
        service, connection, [{"member_no": "a", "openid": "y"}, {"member_no": "c", "openid": "y"}]
    )
    into = dict(connection.execute(select(customers.c.id, customers.c.merged_into)).all())
    survivor = min(into)
    assert sorted(value for value in into.values() if value) == [survivor, survivor]
    assert set(connection.execute(select(identities.c.customer_id)).scalars()) == {survivor}


def test_the_same_evidence_is_noted_once(service: Identities, connection: Connection) -> None:
    row = {"member_no": "a", "openid": "x"}
    for _ in range(3):
        assert resolve(service, connection, [row, row]).created in (0, 2)
    assert connection.execute(select(func.count()).select_from(identity_links)).scalar() == 1
    resolve(service, connection, [row], source="another")
    assert connection.execute(select(func.count()).select_from(identity_links)).scalar() == 2


def test_ids_go_on_above_those_in_the_lake(tmp_path: Path) -> None:
    """A restored older state must not name somebody else's facts."""
    from tests.small_brand import write_events

    brand = open_brand_at(tmp_path / "home")
    brand.take("events", write_events(tmp_path / "events"))
    top = brand.workspace.lake.highest("identity")
    with brand.workspace.db.write() as connection:
        connection.execute(identity_links.delete())
        connection.execute(identities.delete())
    brand = open_brand_at(tmp_path / "home")
    with brand.workspace.db.write() as connection:
        resolve(brand.identities, connection, [{"member_no": "new"}])
    found = brand.identities.find("member_no", "new")
    assert found is not None
    assert found.id == top + 1


def test_nobody_is_there_before_anybody_is(tmp_path: Path) -> None:
    """Orders of nobody may be the first thing that comes."""
    assert open_brand_at(tmp_path / "home").identities.customer_array().tolist() == [0]
