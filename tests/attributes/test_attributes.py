"""Attributes of customers, from profile records to the lake and back."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import NOW
from tests.tracking import TrackedBrand, add_source, open_tracked, profile

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
    return {one.name: one.value for one in brand.attributes.of_customer(ids or [1])}


def send(brand: TrackedBrand, *found: Any, who: str = "m1", **more: Any) -> None:
    brand.send(*(profile(one, who=who, time=NOW + at) for one, at in found), **more)
    brand.drain()


def states(brand: TrackedBrand) -> list[str]:
    return brand.dump()["attributes"]


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
    told = brand.attributes.history([1], "city")
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
