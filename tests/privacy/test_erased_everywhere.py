"""What an erasure must also reach: devices that were shared, raw requests, attributes, caches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import insert, select

from tests.privacy.test_erasure import (
    DEVICE,
    MEMBER,
    OPENID,
    PERSONAL,
    PHONE,
    World,
    find_in_files,
)
from tests.small_brand import HOUR, START
from yutang.identity import Belongings, owned_at
from yutang.identity.owners import later_owners
from yutang.state.brand import (
    attributes,
    event_properties,
    hand_requests,
    identities,
    identity_links,
    quarantine,
)
from yutang.worker import _has_work, work_on

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def bring(world: World, folder: Path, events: list[tuple[int, dict[str, str]]]) -> None:
    """Events at START + hours."""
    path = folder / f"more{len(list(folder.iterdir()))}.ndjson"
    lines = [
        {"event": "page_viewed", "time": START + hours * HOUR, "identities": who}
        for hours, who in events
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    world.small.take("events", path)


def log_in(world: World, who: dict[str, str], hours: int) -> None:
    columns = {kind: pa.array([value]) for kind, value in who.items()}
    with world.small.workspace.db.write() as connection:
        world.small.identities.resolve(
            connection, columns, commit_id=1, source="web", evidence="login",
            times=np.array([START + hours * HOUR]),
        )  # fmt: skip


def events_of(world: World, kind: str, value: str) -> list[int]:
    """Hours of the events that belong to whoever has this identity."""
    found = world.small.identities.find(kind, value)
    assert found is not None
    rows = world.small.workspace.lake.scan("events", ["identity", "time"])
    ids, times = (np.asarray(rows.column(name)) for name in ("identity", "time"))
    with world.small.workspace.db.read() as connection:
        later = later_owners(connection)
        customer_of = world.small.identities.owners.customers(connection)
    grown = np.zeros(max(len(customer_of), int(ids.max()) + 1), np.uint32)
    grown[: len(customer_of)] = customer_of
    mine = owned_at(grown, later, ids, times) == found.customer_id
    return sorted(((times[mine] - START) // HOUR).tolist())


def hours_of_device(world: World, identity: int) -> list[int]:
    rows = world.small.workspace.lake.scan("events", ["identity", "time"])
    return sorted(
        (one["time"] - START) // HOUR for one in rows.to_pylist() if one["identity"] == identity
    )


BOB = {"member_no": "bob-the-second"}


def test_only_her_time_on_a_shared_device_goes(world: World, tmp_path: Path) -> None:
    world.add_eve()  # her device: events at hours 2 (with openid) and 3
    eve = {"member_no": MEMBER}
    mine, theirs = {"device": DEVICE}, {"device": "device-of-bob"}
    bring(world, tmp_path, [(10, BOB | mine), (11, mine)])
    bring(
        world,
        tmp_path,
        [(1, BOB | theirs), (5, theirs), (20, eve | theirs), (21, theirs), (31, theirs)],
    )
    log_in(world, BOB | theirs, 30)  # it comes back to him
    world.refresh()
    shared = world.small.identities.find("device", DEVICE)
    lent = world.small.identities.find("device", "device-of-bob")
    assert shared is not None
    assert lent is not None
    assert hours_of_device(world, shared.id) == [3, 11]
    before = events_of(world, "member_no", BOB["member_no"])
    assert before == [1, 5, 10, 11, 31]
    extent = world.privacy().extent(shared.customer_id)
    assert [one.value for one in extent.shared] == [DEVICE]
    assert extent.events == 6

    receipt = world.erase("phone", PHONE)

    assert receipt.counts["events"] == 6  # four of hers, one with and one on Bob's device
    assert hours_of_device(world, shared.id) == [11]
    assert hours_of_device(world, lent.id) == [5, 31]
    assert events_of(world, "member_no", BOB["member_no"]) == before
    bob = world.small.identities.find("member_no", BOB["member_no"])
    again = world.small.identities.find("device", DEVICE)
    assert again is not None
    assert bob is not None
    assert again.customer_id == bob.customer_id
    left = (PHONE, "138****2222", MEMBER, OPENID, "only-eve-reads-this")
    assert find_in_files(world.small.workspace.root, left) == []
    bring(world, tmp_path, [(40, mine)])  # it is Bob's, and not refused
    assert 40 in events_of(world, "member_no", BOB["member_no"])


def test_nobody_inherits_a_forgotten_number(world: World) -> None:
    """Identities that stay begin anew: their number is none of his."""
    world.add_eve()
    eve = world.small.identities.find("member_no", MEMBER)
    device = world.small.identities.find("device", DEVICE)
    assert eve is not None
    assert device is not None
    everybody = world.small.identities.of_customer(eve.customer_id)
    gone = [one.id for one in everybody if one.id != device.id]
    with world.small.workspace.db.write() as connection:
        counts = world.small.identities.forget(connection, gone, eve.customer_id)
        row = connection.execute(
            select(identities.c.customer_id, identities.c.first_customer).where(
                identities.c.id == device.id
            )
        ).one()
    assert counts["customers"] == 1
    assert row.customer_id == row.first_customer > eve.customer_id


def tracked(world: World, eve: int) -> None:
    """Everything that trackers leave in state and lake."""
    workspace = world.small.workspace
    raw = {"distinct_id": "e7", "type": "track", "properties": {"n": 1}}
    mail = {"event": "x", "properties": {"contact": "Eve <eve@example.com>"}}
    state = {"value": "only-eve-reads-this", "since": START, "kind": "set"}
    with workspace.db.write() as connection:
        connection.execute(
            insert(attributes).values(
                identity=eve, name="city", source="web", value=state, time=START, commit_id=1
            )
        )
        connection.execute(
            event_properties.update().values(examples=["only-eve-reads-this", OPENID])
        )
        for row, record in enumerate([raw, mail, {"distinct_id": "somebody"}]):
            connection.execute(
                insert(quarantine).values(
                    import_id=None, source="web", row=row, reason="bad_time", at=START,
                    record=json.dumps(record), status="open", resolved_by="",
                )
            )  # fmt: skip
        connection.execute(
            insert(hand_requests).values(
                kind="split", args={"identities": [eve]}, note=f"not {MEMBER}", by="ann", ip="",
                at=START, status="refused", decision="",
            )
        )  # fmt: skip
    workspace.lake.append("profiles", profiles(eve), journal="p", position=1)


def profiles(eve: int, other: int = 1, *, hours: tuple[int, int] = (0, 0)) -> pa.Table:
    return pa.table(
        {
            "day": ["2026-05-28", "2026-05-28"],
            "identity": pa.array([eve, other], pa.int64()),
            "source": ["web", "web"],
            "op": ["set", "set"],
            "name": ["city", "city"],
            "value": ['"only-eve-reads-this"', '"other"'],
            "time": pa.array([START + hour * HOUR for hour in hours], pa.int64()),
            "received_at": pa.array([START, START], pa.int64()),
            "row": pa.array([1, 2], pa.int64()),
            "event_key": pa.array([bytes(16), bytes([1] * 16)], pa.binary()),
            "key_day": pa.array([0, 0], pa.int32()),
            "commit_id": pa.array([1, 1], pa.int64()),
        }
    )


def test_what_trackers_left_goes(world: World, tmp_path: Path) -> None:
    world.add_eve()
    who = {"member_no": MEMBER, "distinct_id": "e7", "email": "eve@example.com"}
    bring(world, tmp_path, [(8, who), (9, BOB)])
    workspace = world.small.workspace
    eve = world.small.identities.find("member_no", MEMBER)
    bob = world.small.identities.find("member_no", BOB["member_no"])
    assert eve is not None
    assert bob is not None
    hands = world.brand.hands
    with workspace.writer():
        other = world.small.identities.find("member_no", "m1")
        assert other is not None
        hands.link_ids(bob.id, other.id, note=f"says {MEMBER}, his wife", by="ann")
    tracked(world, eve.id)
    assert world.privacy().extent(eve.customer_id).attributes == 1
    world.refresh()
    np.savez(workspace.cache / "owners.npz", customers=np.zeros(3), mark=np.zeros(3))
    digest = workspace.keyed_hash("phone", PHONE)
    personal = (*PERSONAL, "eve@example.com", digest, workspace.keyed_hash("email", who["email"]))
    assert {value for _, value in find_in_files(workspace.root, personal)} >= {digest, MEMBER}

    receipt = world.erase("email", "Eve@Example.com")

    assert find_in_files(workspace.root, personal) == []
    assert receipt.counts["profiles"] == 1
    assert receipt.counts["attributes"] == 1
    # Five of her files and two of her trackers; the third record is somebody's.
    assert receipt.counts["quarantine"] == 7
    assert not (workspace.cache / "owners.npz").exists()
    assert workspace.lake.count("profiles") == 1
    left = world.brand.attributes.history(Belongings((1,)), "city")
    assert [one.value for one in left] == ["other"]
    with workspace.db.read() as connection:
        notes = connection.execute(select(identity_links.c.note).where(identity_links.c.note != ""))
        assert [note for (note,) in notes] == ["（已删除 erased）"]
        assert connection.execute(select(hand_requests.c.id)).all() == []


def test_a_page_asks_and_the_worker_erases(world: World) -> None:
    world.add_eve()
    eve = world.small.identities.find("member_no", MEMBER)
    assert eve is not None
    asked = world.brand.privacy.ask(eve.customer_id, by="ann")
    assert (asked.status, asked.is_over) == ("asked", False)
    assert world.brand.privacy.ask(eve.customer_id, by="bea").id == asked.id
    assert _has_work(world.home, "main")
    work_on(world.brand)
    receipt = world.brand.privacy.get(asked.id)
    assert (receipt.status, receipt.by) == ("done", "ann")
    assert find_in_files(world.small.workspace.root, PERSONAL) == []


def test_a_person_who_changed_meanwhile_is_not_erased(world: World, tmp_path: Path) -> None:
    world.add_eve()
    eve = world.small.identities.find("member_no", MEMBER)
    assert eve is not None
    asked = world.brand.privacy.ask(eve.customer_id, by="ann")
    bring(world, tmp_path, [(9, {"member_no": MEMBER, "unionid": "another-id-of-eve"})])
    work_on(world.brand)
    receipt = world.brand.privacy.get(asked.id)
    assert (receipt.status, receipt.counts) == ("stopped", {})
    assert world.small.identities.find("member_no", MEMBER) is not None
    assert "identities" not in json.dumps(receipt.to_json())
