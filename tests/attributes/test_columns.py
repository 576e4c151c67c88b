"""Attributes as arrays say what the customer's page says."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import NOW
from tests.tracking import TrackedBrand, add_source, open_tracked, profile
from yutang.identity import belongings
from yutang.segments.person import value_of


@pytest.fixture
def brand(tmp_path: Path) -> TrackedBrand:
    return open_tracked(tmp_path / "home")


def told(brand: TrackedBrand) -> dict[int, dict[str, Any]]:
    """Customer → attribute → value, as his page says."""
    found: dict[int, dict[str, Any]] = {}
    with brand.workspace.db.read() as connection:
        owners, _ = brand.identities.owners.customers_and_kinds(connection)
        for customer in set(owners.tolist()) - {0}:
            ids = [i for i, owner in enumerate(owners.tolist()) if owner == customer]
            his = belongings(connection, ids)
            found[customer] = {one.name: one.value for one in brand.attributes.of_customer(his)}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_arrays_say_what_the_page_says(brand: TrackedBrand, seed: int) -> None:
    draw = random.Random(seed)
    with brand.workspace.db.write() as connection:
        add_source(connection, "pos", "wk_pos")
    changes: list[Any] = [
        ("set", "city", "上海"), ("set", "city", "杭州"), ("set", "age", 30), ("set", "age", 31.5),
        ("set", "vip", True), ("increment", "visits", 2), ("append", "likes", ["tea", "cake"]),
        ("append", "likes", ["tea"]), ("set", "mixed", 3), ("set", "mixed", "three"),
        ("unset", "city", True), ("set", "gone", "x"), ("delete", "", None),
    ]  # fmt: skip
    for at in range(40):
        who, key = draw.choice(("m1", "m2", "m3")), draw.choice((None, "wk_pos"))
        more = {"key": key} if key else {}
        brand.send(profile(draw.choice(changes[: 12 + at % 2]), who=who, time=NOW + at), **more)
    brand.drain()
    brand.attributes.set_priority(["pos"])
    assert brand.attributes.refresh_columns(brand.identities)
    assert not brand.attributes.refresh_columns(brand.identities)  # nothing moved
    columns = brand.attributes.columns()
    assert brand.attributes.columns() is columns
    for customer, expected in told(brand).items():
        found = {name: value_of(one, customer) for name, one in columns.items()}
        found = {name: value for name, value in found.items() if value is not None}
        if isinstance(expected.get("mixed"), int) and columns["mixed"].type == "string":
            expected["mixed"] = str(expected["mixed"])
        if isinstance(expected.get("likes"), list):
            expected["likes"], found["likes"] = sorted(expected["likes"]), sorted(found["likes"])
        assert found == expected


def test_a_rank_a_value_and_a_merge_make_them_again(brand: TrackedBrand) -> None:
    with brand.workspace.db.write() as connection:
        add_source(connection, "pos", "wk_pos")
    brand.send(profile(("set", "city", "上海"), who="m1", time=NOW + 2))
    brand.send(profile(("set", "city", "杭州"), who="m1", time=NOW + 1), key="wk_pos")
    brand.drain()

    def city() -> str:
        assert brand.attributes.refresh_columns(brand.identities)
        found = brand.attributes.columns()["city"]
        return found.dictionary[found.values[found.values >= 0][0]]

    assert city() == "上海"
    brand.attributes.set_priority(["pos"])
    assert city() == "杭州"
    brand.send(profile(("set", "city", "苏州"), who="m1", time=NOW + 9), key="wk_pos")
    brand.drain()
    assert city() == "苏州"
