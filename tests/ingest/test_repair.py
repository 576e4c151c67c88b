"""Quarantine: looked at, dismissed, repaired; a failed repair says why and keeps what was typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import HOUR, START, SmallBrand, open_brand_at
from yutang.commerce import OrderImports, Repairs
from yutang.connectors import order_files
from yutang.errors import BadInput, NotFound
from yutang.ingest import Quarantine, ValueRepairs, changed_since, facts_version
from yutang.ingest.casting import CannotCastError, cast

VALUES = [1, 2.5, "3", "4,000 元", "many", True, None, "9" * 700]


class Ward:
    """A small brand whose worker also repairs."""

    def __init__(self, home: Path) -> None:
        self.brand: SmallBrand = open_brand_at(home)
        workspace, brand = self.brand.workspace, self.brand
        brand.imports._runners = {
            **brand.imports._runners,
            "orders": OrderImports(
                workspace, brand.identities, brand.committer, order_files.read_orders
            ),
        }
        self.quarantine = Quarantine(workspace)
        self.values = ValueRepairs(workspace, brand.identities, self.quarantine)
        self.repairs = Repairs(
            workspace, brand.imports, self.quarantine, brand.orders, order_files.read_orders
        )

    def work(self) -> None:
        self.brand.finish()
        with self.brand.workspace.writer():
            self.repairs.settle()
            self.values.run()
            self.brand.orders.refresh()

    def events(self) -> list[dict[str, Any]]:
        dataset = self.brand.workspace.lake.dataset("events")
        assert dataset is not None
        return sorted(dataset.to_table().to_pylist(), key=lambda row: row["arrival"])

    def version(self) -> int:
        with self.brand.workspace.db.read() as connection:
            return facts_version(connection)


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "home")


def event(i: int, **properties: Any) -> dict[str, Any]:
    return {
        "event": "x", "time": START + i * HOUR, "identities": {"member_no": f"m{i}"},
        "properties": properties,
    }  # fmt: skip


def take(ward: Ward, tmp_path: Path, lines: list[Any], name: str = "e.ndjson") -> int:
    path = tmp_path / name
    path.write_text(
        "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    )
    done = ward.brand.take("events", path)
    assert done.status == "done"
    return done.id


@pytest.mark.parametrize(
    ("value", "type_", "made"),
    [
        ("3", "number", 3.0),
        (" 1,299.50 元", "number", 1299.5),
        ("¥5", "number", 5.0),
        (True, "number", 1.0),
        (7.0, "string", "7"),
        (7.5, "string", "7.5"),
        (True, "string", "true"),
        (["a"], "string", '["a"]'),
        ("是", "bool", True),
        (0, "bool", False),
        ("No", "bool", False),
        ("2024-05-01", "time", 1_714_521_600_000),
        (1_714_521_600, "time", 1_714_521_600_000),
        ("a", "list", ["a"]),
        ([1, "b", None], "list", ["1", "b"]),
    ],
)
def test_casts(value: Any, type_: str, made: Any) -> None:
    assert cast(value, type_) == made


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("many", "number"),
        ("nan", "number"),
        (2**60, "number"),
        ([1], "number"),
        ("maybe", "bool"),
        (2, "bool"),
        ("soon", "time"),
        ({"a": 1}, "list"),
    ],
)
def test_what_has_no_meaning_in_a_type_is_not_cast(value: Any, type_: str) -> None:
    with pytest.raises(CannotCastError):
        cast(value, type_)


def test_all_values_of_a_column_are_repaired_in_one_commit(ward: Ward, tmp_path: Path) -> None:
    take(ward, tmp_path, [event(i, price=value) for i, value in enumerate(VALUES)])
    take(ward, tmp_path, [event(100 + i, Price=value) for i, value in enumerate(["5", 6])], "f")
    group, _ = ward.quarantine.groups()
    assert (group.reason, group.column, group.rows, group.imports) == (
        "value_misfit",
        "price",
        5,
        1,
    )
    lake = ward.brand.workspace.lake
    deltas, version = lake.version("events"), ward.version()
    assert ward.values.ask_all("price", by="ann") == 5
    assert ward.values.ask_all("Price", by="ann") == 1
    ward.work()
    assert lake.version("events") == deltas + 1
    assert [row["p_price"] for row in ward.events()] == [1, 2.5, 3, 4000, None, 1, None, None, 5, 6]
    left = ward.quarantine.rows()
    assert [(row.row, row.error) for row in left] == [
        (5, "does not fit number"),
        (8, "does not fit number"),
    ]
    done = ward.quarantine.rows(status="repaired")
    assert {row.resolved_by for row in done} == {"ann"}
    moved = {ward.brand.identities.find("member_no", f"m{i}").customer_id for i in (2, 3, 5, 100)}
    with ward.brand.workspace.db.read() as connection:
        assert set(changed_since(connection, version)) == moved
    ward.work()
    assert lake.version("events") == deltas + 1


def test_a_value_is_replaced_by_a_typed_one(ward: Ward, tmp_path: Path) -> None:
    take(ward, tmp_path, [event(0, price=1), event(1, price="many")])
    (row,) = ward.quarantine.rows()
    with pytest.raises(BadInput, match=r"“lots” is no number"):
        ward.values.ask([row.id], by="ann", value="lots")
    ward.values.ask([row.id], by="ann", value="12")
    with pytest.raises(BadInput):
        ward.values.ask([row.id], by="ann", value="13")
    ward.work()
    assert [one["p_price"] for one in ward.events()] == [1, 12]
    assert ward.quarantine.count() == 0


def test_a_repair_that_died_before_its_end_is_done_again(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(ward, tmp_path, [event(0, price=1), event(1, price="2")])
    ward.values.ask_all("price", by="ann")

    def die(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(ValueRepairs, "_close", die)
        with pytest.raises(RuntimeError):
            ward.work()
    assert ward.quarantine.count(status="repairing") == 1
    ward.work()
    assert ward.quarantine.count(status="repaired") == 1
    assert [one["p_price"] for one in ward.events()] == [1, 2]


def test_undo_takes_the_repairs_along(ward: Ward, tmp_path: Path) -> None:
    from yutang.ingest import undo

    first = take(ward, tmp_path, [event(0, price=1), event(1, price="2"), event(2, price="3")])
    second = take(ward, tmp_path, [event(1, price="2")], "f")
    brand = ward.brand
    brand.imports.ask_undo(first)
    with brand.workspace.writer():
        undo(
            brand.workspace,
            brand.identities,
            brand.committer,
            brand.imports,
            brand.imports.get(first),
        )
    (row,) = ward.quarantine.rows()
    assert (row.import_id, row.row) == (second, 1)
    ward.values.ask([row.id], by="ann")
    ward.work()
    assert [one["p_price"] for one in ward.events()] == [2]


def test_a_line_is_mended_and_comes_in_as_its_own_import(ward: Ward, tmp_path: Path) -> None:
    first = take(
        ward, tmp_path, [event(0), {"event": "x", "identities": {"member_no": "m1"}}, "junk"]
    )
    lost, junk = ward.quarantine.rows()
    with pytest.raises(BadInput, match="no valid JSON"):
        ward.repairs.replay({lost.id: "{"}, by="ann")
    record = json.loads(lost.record or "") | {"time": START + HOUR}
    made = ward.repairs.replay({lost.id: json.dumps(record)}, by="ann")
    assert ward.quarantine.get([lost.id])[0].status == "repairing"
    ward.work()
    assert ward.quarantine.get([lost.id])[0].status == "repaired"
    assert ward.quarantine.get([lost.id])[0].record is None
    assert [row["import_id"] for row in ward.events()] == [first, made.id]
    # What is still wrong afterwards stands in quarantine under the new import.
    again = ward.repairs.replay({junk.id: '{"event": "y"}'}, by="ann")
    ward.work()
    (left,) = ward.quarantine.rows()
    assert (left.import_id, left.reason) == (again.id, "missing_time")
    assert json.loads(left.record or "") == {"event": "y"}


ORDERS = """订单号,付款时间,实付金额,商品名称,数量,会员号
A1,2024-05-01 10:00:00,{},soap,1,m1
A2,2024-05-02 10:00:00,20,soap,1,m2
A3,2024-05-03 10:00:00,{},soap,1,m3
A3,2024-05-03 10:00:00,5,cream,1,m3
"""
MAPPING = {
    "columns": {
        "order_id": ["订单号"], "paid_at": ["付款时间"], "item_paid": ["实付金额"],
        "title": ["商品名称"], "quantity": ["数量"], "member_no": ["会员号"],
    }
}  # fmt: skip


def orders_of(ward: Ward) -> dict[str, int]:
    rows = ward.brand.orders.current().orders.to_pylist()
    return {row["order_id"]: row["paid_fen"] for row in rows}


def test_an_order_row_is_mended_unless_its_order_has_other_rows(ward: Ward, tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text(ORDERS.format("ten", "five"))
    added = ward.brand.imports.add(path, kind="orders", filename="till.csv")
    ward.brand.imports.queue(added.id, mapping=MAPPING, platform="pos", shop="s")
    ward.work()
    assert ward.brand.imports.get(added.id).status == "done"
    assert orders_of(ward) == {"A2": 2000, "A3": 500}
    single, part = ward.quarantine.rows()

    def typed(row: Any, value: str) -> str:
        return json.dumps(json.loads(row.record) | {"实付金额": value}, ensure_ascii=False)

    with pytest.raises(BadInput, match="still cannot be read"):
        ward.repairs.replay({single.id: typed(single, "zehn")}, by="ann")
    with pytest.raises(BadInput, match="A3 has other rows"):
        ward.repairs.replay({part.id: typed(part, "5")}, by="ann")
    ward.repairs.replay({single.id: typed(single, "10")}, by="ann")
    ward.work()
    assert orders_of(ward) == {"A1": 1000, "A2": 2000, "A3": 500}
    assert [row.id for row in ward.quarantine.rows()] == [part.id]


def test_rows_are_found_filtered_and_dismissed(ward: Ward, tmp_path: Path) -> None:
    first = take(ward, tmp_path, [event(0, price=1), event(1, price="two"), "junk", "more junk"])
    second = take(ward, tmp_path, [event(9, price="nine")], "f")
    assert ward.quarantine.counts() == [("malformed_json", 2), ("value_misfit", 2)]
    assert ward.quarantine.counts(import_id=second) == [("value_misfit", 1)]
    assert ward.quarantine.by_source() == [("file", 4)]
    assert [row.row for row in ward.quarantine.rows(search="more")] == [4]
    assert [row.row for row in ward.quarantine.rows(import_id=first, column="price")] == [2]
    assert len(ward.quarantine.rows(offset=1, limit=2)) == 2
    assert ward.quarantine.count(reason="malformed_json") == 2
    (row,) = ward.quarantine.rows(search="more")
    assert ward.quarantine.dismiss([row.id], by="ann") == 1
    assert ward.quarantine.dismiss([row.id], by="ann") == 0
    assert ward.quarantine.dismiss_all(reason="value_misfit", column="price", by="ann") == 2
    assert [one.reason for one in ward.quarantine.rows()] == ["malformed_json"]
    with pytest.raises(NotFound):
        ward.quarantine.get([10_000])
