"""Attributes of customers, from profile records to the lake and back."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import NOW
from tests.tracking import TrackedBrand, add_source, open_tracked, profile
from yutang.attributes import shown, shown_changes
from yutang.errors import BadInput
from yutang.identity import Belongings
from yutang.ingest import Sources

OPERATIONS: list[Any] = [
    (("set", "city", "上海"), 10), (("set", "city", "杭州"), 30), (("set_once", "first", "a"), 20),
    (("set_once", "first", "b"), 5), (("increment", "visits", 1), 7),
    (("increment", "visits", 2), 3), (("append", "likes", ["tea"]), 8),
    (("append", "likes", ["cake", "tea"]), 4),
    (("unset", "old", True), 9), (("set", "old", 1), 8), (("set", "gone", 1), 1),
    (("increment", "points", 5), 40), (("set", "points", 100), 35),
]  # fmt: skip


@pytest.fixture
def brand(tmp_path: Path) -> TrackedBrand:
    return open_tracked(tmp_path / "home")


def values(brand: TrackedBrand, *ids: int) -> dict[str, Any]:
    return {one.name: one.value for one in brand.attributes.of_customer(Belongings(ids or (1,)))}


def send(brand: TrackedBrand, *found: Any, who: str = "m1", **more: Any) -> None:
    brand.send(*(profile(one, who=who, time=NOW + at) for one, at in found), **more)
    brand.drain()


def states(brand: TrackedBrand) -> list[str]:
    return brand.dump()["attributes"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_gives_the_same_attributes(brand: TrackedBrand, seed: int) -> None:
    draw = random.Random(seed)
    for one in draw.sample(OPERATIONS, len(OPERATIONS)):
        send(brand, one)
    assert values(brand) == {
        "city": "杭州", "first": "b", "visits": 3, "likes": ["cake", "tea"], "gone": 1,
        "points": 105,
    }  # fmt: skip


def test_the_same_again_doubles_nothing(brand: TrackedBrand) -> None:
    send(brand, *OPERATIONS)
    before = states(brand)
    send(brand, *OPERATIONS)
    send(brand, *OPERATIONS[::-1])
    assert states(brand) == before
    assert brand.workspace.lake.count("profiles") == len(OPERATIONS)


def test_a_deleted_profile_is_gone_but_for_what_came_later(brand: TrackedBrand) -> None:
    send(brand, *OPERATIONS)
    send(brand, (("delete", "", None), 32))
    assert values(brand) == {"points": 105}
    send(brand, (("set", "city", "苏州"), 31))
    assert values(brand) == {"points": 105}
    send(brand, (("set", "city", "苏州"), 33))
    assert values(brand) == {"points": 105, "city": "苏州"}


def test_all_is_made_again_from_the_lake(brand: TrackedBrand) -> None:
    send(brand, *OPERATIONS)
    send(brand, *OPERATIONS[:4], who="m2")
    before = values(brand), values(brand, 2), [row.rpartition(",")[0] for row in states(brand)]
    assert brand.attributes.rebuild() == 2
    after = values(brand), values(brand, 2), [row.rpartition(",")[0] for row in states(brand)]
    assert after == before


def test_a_trusted_source_wins_and_history_tells_all(brand: TrackedBrand) -> None:
    with brand.workspace.db.write() as connection:
        add_source(connection, "pos", "wk_pos")
    send(brand, (("set", "city", "上海"), 10))
    send(brand, (("set", "city", "杭州"), 5), key="wk_pos")
    assert values(brand) == {"city": "上海"}
    brand.attributes.set_priority(["pos"])
    assert brand.attributes.priority() == ["pos"]
    assert values(brand) == {"city": "杭州"}
    told = brand.attributes.history(Belongings((1,)), "city")
    assert [(one.value, one.source, one.time) for one in told] == [
        ("上海", "app", NOW + 10), ("杭州", "pos", NOW + 5),
    ]  # fmt: skip


def test_what_cannot_be_added_up_is_set_aside(brand: TrackedBrand) -> None:
    record = profile(("increment", "n", "many"), ("increment", "n", 1), ("append", "l", 3))
    brand.send(record)
    brand.drain()
    assert values(brand) == {"n": 1}
    (aside,) = brand.dump()["quarantine"]
    assert "value_misfit" in aside


def test_personal_values_are_hashed(brand: TrackedBrand) -> None:
    send(brand, (("set", "mobile", "13800000000"), 1))
    assert values(brand)["mobile"] == brand.workspace.keyed_hash("phone", "13800000000")
    assert "13800000000" not in repr(brand.dump())


def test_the_newest_row_of_an_item_counts(brand: TrackedBrand) -> None:
    def item(price: int, time: int, *operations: Any) -> Any:
        return {
            "event": "", "time": NOW + time, "identities": {}, "act": "item", "item": ["sku", "1"],
            "properties": {"price": price}, "profile": operations,
        }  # fmt: skip

    brand.send(item(1, 5), item(2, 9))
    brand.drain()
    brand.send(item(3, 7))
    brand.drain()
    assert brand.dump()["items"] == [repr(("sku", "1", {"price": 2}, "app", NOW + 9, None))]
    brand.send(item(0, 20, ("delete", "", None)))
    brand.drain()
    assert brand.dump()["items"] == [repr(("sku", "1", {}, "app", NOW + 20, NOW + 20))]


def test_history_tells_what_came_of_each_word(brand: TrackedBrand) -> None:
    send(
        brand,
        (("set_once", "level", "gold"), 1), (("set_once", "level", "iron"), 2),
        (("delete", "", None), 3), (("set", "level", "iron"), 4), (("unset", "level", True), 5),
    )  # fmt: skip
    told = brand.attributes.history(Belongings((1,)), "level")
    assert [(one.operation, one.after, one.effective) for one in told] == [
        ("unset", None, True), ("set", "iron", True), ("delete", None, True),
        ("set_once", "gold", False), ("set_once", "gold", True),
    ]  # fmt: skip


def test_only_known_sources_are_ordered_and_each_once(brand: TrackedBrand) -> None:
    assert brand.attributes.set_priority(["app"]) == []
    with pytest.raises(BadInput, match="no source"):
        brand.attributes.set_priority(["app", "fax"])
    with pytest.raises(BadInput, match="twice"):
        brand.attributes.set_priority(["app", "app"])
    assert brand.attributes.set_priority([]) == ["app"]


def test_a_renamed_source_keeps_its_place_and_what_it_said(brand: TrackedBrand) -> None:
    sources = Sources(brand.workspace)
    with brand.workspace.db.write() as connection:
        add_source(connection, "pos", "wk_pos")
    brand.attributes.set_priority(["pos"])
    send(brand, (("set", "city", "杭州"), 5), (("increment", "visits", 2), 5), key="wk_pos")
    send(brand, (("set", "city", "上海"), 10), (("increment", "visits", 40), 10))
    sources.rename("pos", "till")
    assert brand.attributes.priority() == ["till"]
    assert values(brand) == {"city": "杭州", "visits": 2}
    brand = TrackedBrand(brand.workspace)  # names are read again after five seconds, or now
    send(brand, (("increment", "visits", 1), 20), key="wk_pos")
    assert values(brand)["visits"] == 3, "both names are one source"
    sources.rename("till", "pos")
    assert values(brand) == {"city": "杭州", "visits": 3}
    with brand.workspace.db.write() as connection:
        add_source(connection, "till", "wk_till")
    send(brand, (("increment", "visits", 50), 30), key="wk_till")
    assert values(brand)["visits"] == 2, "the name is another source's now"


def test_a_device_tells_of_a_person_only_while_it_was_his(brand: TrackedBrand) -> None:
    for city, at in (("上海", 10), ("杭州", 20), ("苏州", 30)):
        send(brand, (("set", "city", city), at))
    send(brand, (("increment", "visits", 1), 5), (("increment", "visits", 1), 25))
    until = Belongings((), (1,), ((1, None, NOW + 20),))
    since = Belongings((), (), ((1, NOW + 20, None),))
    assert {one.name: one.value for one in brand.attributes.of_customer(until)} == {
        "city": "上海", "visits": 1,
    }  # fmt: skip
    assert {one.name: one.value for one in brand.attributes.of_customer(since)} == {
        "city": "苏州", "visits": 1,
    }  # fmt: skip
    assert [one.value for one in brand.attributes.history(since, "city")] == ["苏州", "杭州"]


def test_what_is_shown_is_masked_for_everybody(brand: TrackedBrand) -> None:
    brand.send(
        profile(
            ("set", "mobile", "13800000000"), ("set", "note", "call 13900000000"),
            ("append", "mails", ["ann.lee@shop.cn"]), ("set", "born", 1990),
            identities={"member_no": "m1", "phone": "13800000000"},
        )
    )  # fmt: skip
    brand.drain()
    members = brand.identities.of_customer(1)
    his = Belongings(tuple(one.id for one in members))
    found = {one.name: one.value for one in shown(brand.attributes.of_customer(his), members)}
    assert found["mobile"] == "138****0000", "the hash is that of his phone"
    assert found["note"] == "call 139****0000"
    assert found["born"] == 1990
    assert "ann" not in repr(found)
    (change,) = shown_changes(brand.attributes.history(his, "note"), members)
    assert (change.value, change.after) == ("call 139****0000", "call 139****0000")
