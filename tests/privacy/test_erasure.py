"""An erased person is in no store and no older version, and does not come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap

from tests.small_brand import (
    HOUR,
    START,
    SmallBrand,
    line,
    open_brand_at,
    order,
    write_events,
    write_order_file,
    write_orders,
)
from yutang.attributes import Attributes
from yutang.brand import Brand
from yutang.errors import Busy, NotFound
from yutang.installation import Installation
from yutang.privacy import Privacy, Receipt
from yutang.refresh import rebuild, refresh
from yutang.segments import repository
from yutang.worker import work_on

pytestmark = pytest.mark.slow

PHONE = "13811112222"
MEMBER = "member-of-eve"
OPENID = "openid-of-eve"
DEVICE = "device-of-eve"
PERSONAL = (PHONE, "138****2222", MEMBER, OPENID, DEVICE, "only-eve-reads-this")


class Dead(Exception):
    """Stands for the process dying at a step."""


def write_eve(path: Path) -> Path:
    who = [
        {"member_no": MEMBER, "phone": PHONE},
        {"member_no": MEMBER, "openid": OPENID},
        {"openid": OPENID, "device": DEVICE},
        {"device": DEVICE},
    ]
    with path.open("w", encoding="utf-8") as out:
        for i, identities in enumerate(who):
            properties = {"depth": "too deep" if i else 3, "page": "only-eve-reads-this"}
            event = {"event": "page_viewed", "time": START + i * HOUR}
            record = event | {"identities": identities, "properties": properties}
            out.write(json.dumps(record) + "\n")
        out.write(json.dumps({"event": "", "time": 1, "identities": {"member_no": MEMBER}}) + "\n")
        out.write('{"event": "x", "identities": {"phone": "' + PHONE + '"}}\n')
        out.write(f"torn line of {OPENID}\n")
    return path


def write_eves_orders(path: Path) -> Path:
    row = {"row": 7, "column": "paid_fen", "reason": "amount_unreadable", "value": "x",
           "record": json.dumps({"会员": MEMBER})}  # fmt: skip
    return write_order_file(
        path,
        [order(900, MEMBER), order(901, None, phone=PHONE), order(902, "m1")],
        [line(number, 1) for number in (900, 901, 902)],
        [row],
    )


class World:
    """A brand with everybody else and Eve, its caches made, its files waiting."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.small: SmallBrand = open_brand_at(self.home)
        row = Installation.open(self.home).get_brand("main")
        self.brand = Brand(row, self.small.workspace)
        self.files = {
            "events": write_events(folder / "events"),
            "orders": write_orders(folder / "orders"),
        }
        for kind, file in self.files.items():
            self.small.take(kind, file)
        self.eve = {
            "events": write_eve(folder / "eve.ndjson"),
            "orders": write_eves_orders(folder / "eve.parquet"),
        }

    def add_eve(self) -> None:
        for kind, file in self.eve.items():
            self.small.take(kind, file)
        self.brand.audit.record("ann", "customer.searched", MEMBER, {"openid": OPENID})

    def refresh(self) -> None:
        refresh(self.brand)

    def privacy(self, step: Any = lambda _name: None) -> Privacy:
        workspace = self.small.workspace
        return Privacy(workspace, self.small.identities, Attributes(workspace), step)

    def erase(self, kind: str, value: str, privacy: Privacy | None = None) -> Receipt:
        with self.small.workspace.writer():
            return (privacy or self.privacy()).erase(
                kind, value, by="ann", rebuild=lambda: rebuild(self.brand)
            )

    def finish(self) -> int:
        with self.small.workspace.writer():
            return self.privacy().finish(lambda: rebuild(self.brand))

    def numbers(self) -> dict[str, Any]:
        """What is counted of everybody."""
        book = self.small.orders.current()
        return {
            "shards": self.brand.shards().facts,
            "orders": book.orders.drop_columns(["order", "first_commit"]).to_pylist(),
            "paid_fen": sum(book.orders.column("paid_fen").to_pylist()),
            "lines": book.lines.num_rows,
            "customers": len(set(self.small.identities.customer_array()) - {0}),
        }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def find_in_files(root: Path, needles: tuple[str, ...]) -> list[tuple[str, str]]:
    """(file, value) wherever a value stands, in plain bytes or inside Parquet columns."""
    found = []
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        texts = [path.read_bytes()]
        if path.suffix == ".parquet" and "_delta_log" not in path.parts:
            texts.append(repr(pq.read_table(path, partitioning=None).to_pylist()).encode())
        elif path.suffix == ".parquet":
            texts.append(repr(pq.read_table(path).to_pylist()).encode())
        for needle in needles:
            if any(needle.encode() in text for text in texts):
                found.append((str(path.relative_to(root)), needle))
    return found


def identities_in_data_files(root: Path) -> set[int]:
    found: set[int] = set()
    for path in root.rglob("*.parquet"):
        if "_delta_log" not in path.parts:
            table = pq.read_table(path, partitioning=None)
            if "identity" in table.column_names:
                found |= set(table.column("identity").to_pylist())
    return found


def test_nothing_of_the_person_is_left(world: World) -> None:
    world.refresh()
    before = world.numbers()
    world.add_eve()
    world.refresh()
    assert world.numbers()["shards"] > before["shards"]
    ids = {
        one.id
        for one in world.small.identities.of_customer(
            world.small.identities.find("phone", PHONE).customer_id  # type: ignore[union-attr]
        )
    }
    assert len(ids) == 4
    root = world.small.workspace.root
    waiting = world.small.imports.add(world.eve["events"], kind="events", filename="waiting")
    assert find_in_files(root, PERSONAL)

    receipt = world.erase("phone", PHONE)

    assert receipt.status == "done"
    assert find_in_files(root, PERSONAL) == []
    assert not ids & identities_in_data_files(root)
    assert world.small.imports.get(waiting.id).status == "failed"
    # Order 902 came in Eve's file but belongs to m1; 901 and 900 were hers.
    assert receipt.counts["events"] == 4
    assert receipt.counts["orders"] == 2
    assert receipt.counts["order_lines"] == 2
    assert receipt.counts["identities"] == 4
    # Three unreadable lines of hers, one value that did not fit, one order row.
    assert receipt.counts["quarantine"] == 5
    assert receipt.counts["uploads"] == 1
    after = world.numbers()
    kept = [one for one in after["orders"] if one["order_id"] != "T000902"]
    assert kept == before["orders"]
    assert after["customers"] == before["customers"]


def test_the_receipt_holds_no_personal_data(world: World) -> None:
    world.add_eve()
    receipt = world.erase("member_no", MEMBER)
    text = json.dumps(receipt.to_json())
    assert all(value not in text for value in PERSONAL)
    assert world.privacy().receipts() == [receipt]
    audit = world.brand.audit.page()[0]
    assert (audit.action, audit.login) == ("person.erased", "ann")


def test_the_person_leaves_every_segment(world: World) -> None:
    world.add_eve()
    found = world.brand.identities.find("member_no", MEMBER)
    assert found is not None
    with world.brand.workspace.db.write() as connection:
        people = BitMap([found.customer_id, 1])
        kept = repository.add(connection, name="VIP", description="", by="t", at=START)
        common = {"origin": None, "facts_version": 1, "by": "t", "at": START}
        for _ in range(2):
            repository.add_version(connection, kept, people, **common)
    receipt = world.erase("member_no", MEMBER)
    assert receipt.counts["segment_versions"] == 2
    with world.brand.workspace.db.read() as connection:
        left = repository.people_of(connection, [1, 2])
        assert repository.epoch(connection) == 1
    assert [set(one) for one in left.values()] == [{1}, {1}]


def test_the_person_does_not_come_back(world: World) -> None:
    world.add_eve()
    world.erase("member_no", MEMBER)
    again = world.small.take("events", world.eve["events"])
    assert again.result is not None
    assert again.result["events"] == 0
    assert again.result["refused"] == 4
    orders = world.small.take("orders", world.eve["orders"])
    assert orders.result is not None
    assert orders.result["orders"] == 0  # the third is known and a duplicate
    assert orders.result["refused"] == 2
    for kind, value in (("phone", PHONE), ("openid", OPENID), ("device", DEVICE)):
        assert world.small.identities.find(kind, value) is None


def test_a_refused_row_brings_no_new_identity(world: World, tmp_path: Path) -> None:
    world.add_eve()
    world.erase("member_no", MEMBER)
    new = {"event": "page_viewed", "time": START,
           "identities": {"member_no": MEMBER, "openid": "eves-new-openid"}}  # fmt: skip
    (tmp_path / "new").write_text(json.dumps(new))
    assert world.small.take("events", tmp_path / "new").result["refused"] == 1  # type: ignore[index]
    assert world.small.identities.find("openid", "eves-new-openid") is None


def test_a_new_owner_of_the_device_is_taken_in(world: World, tmp_path: Path) -> None:
    world.add_eve()
    world.erase("member_no", MEMBER)
    new = {"event": "page_viewed", "time": START,
           "identities": {"member_no": "m-new", "device": DEVICE}}  # fmt: skip
    (tmp_path / "new").write_text(json.dumps(new))
    result = world.small.take("events", tmp_path / "new").result
    assert result is not None
    assert (result["events"], result["refused"]) == (1, 0)
    assert world.small.identities.find("device", DEVICE) is None


def test_an_id_is_never_given_to_somebody_else(world: World, tmp_path: Path) -> None:
    world.add_eve()
    eve = world.small.identities.find("member_no", MEMBER)
    assert eve is not None
    world.erase("member_no", MEMBER)
    new = {"event": "page_viewed", "time": START, "identities": {"member_no": "m-new"}}
    (tmp_path / "new").write_text(json.dumps(new))
    world.small.take("events", tmp_path / "new")
    found = world.small.identities.find("member_no", "m-new")
    assert found is not None
    assert found.id > eve.id
    assert found.customer_id > eve.customer_id


@pytest.mark.parametrize("step", ["started", "quarantine", "lake", "state", "caches", "log"])
@pytest.mark.slow
def test_an_erasure_that_died_is_finished(step: str, world: World) -> None:
    world.add_eve()
    world.refresh()

    def die(name: str) -> None:
        if name == step:
            raise Dead

    with pytest.raises(Dead):
        world.erase("member_no", MEMBER, world.privacy(die))
    assert world.finish() == 1
    assert world.finish() == 0
    (receipt,) = world.privacy().receipts()
    assert receipt.status == "done"
    assert receipt.counts["identities"] == 4
    assert receipt.counts["events"] == 4
    assert find_in_files(world.small.workspace.root, PERSONAL) == []


def test_another_persons_records_stay(world: World, tmp_path: Path) -> None:
    """A value that only looks alike is nobody's trace."""
    world.add_eve()
    near = {"event": "", "time": 1, "identities": {"member_no": MEMBER + "2"}}
    (tmp_path / "near").write_text(json.dumps(near) + "\n")
    world.small.take("events", tmp_path / "near")
    world.erase("member_no", MEMBER)
    rows = world.small.dump()["quarantine"]
    assert sum(MEMBER + "2" in row for row in rows) == 1


def test_an_undo_brings_nobody_back(world: World) -> None:
    """Two imports hold Eve's events and everybody's; the second one's claims are hashes."""
    world.add_eve()
    world.small.take("events", world.eve["events"])
    world.erase("member_no", MEMBER)
    before = world.small.workspace.lake.count("events")
    oldest = min(one.id for one in world.small.imports.list_() if one.filename == "eve.ndjson")
    world.small.imports.ask_undo(oldest)
    work_on(world.brand)
    assert world.small.imports.get(oldest).status == "undone"
    assert world.small.workspace.lake.count("events") == before
    assert find_in_files(world.small.workspace.root, PERSONAL) == []


def test_an_unknown_person_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.erase("phone", "13900000000")


def test_a_reader_that_holds_the_old_state_delays_the_end(world: World) -> None:
    world.add_eve()
    database = world.small.workspace.db
    with database.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM identities").all()
        with pytest.raises(Busy):
            world.erase("member_no", MEMBER, patient(world))
        assert world.privacy().receipts()[0].status == "stores"
        reader.rollback()
    world.finish()
    assert find_in_files(world.small.workspace.root, PERSONAL) == []


def patient(world: World) -> Privacy:
    """The same, but not waiting half a minute for the reader."""
    from sqlalchemy import event

    @event.listens_for(world.small.workspace.db.engine, "checkout")
    def hurry(raw: Any, *_: object) -> None:
        raw.execute("PRAGMA busy_timeout=50")

    return world.privacy()
