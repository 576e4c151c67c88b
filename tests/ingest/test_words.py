"""The dictionary, saved mappings and the lake's health, as people use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import HOUR, START, SmallBrand, open_brand_at, write_events, write_orders
from yutang.connectors import order_files
from yutang.errors import BadInput, NotFound
from yutang.ingest import (
    Change,
    Dictionary,
    DictionaryRules,
    Example,
    LakeHealth,
    MappingPresets,
)


@pytest.fixture
def brand(tmp_path: Path) -> SmallBrand:
    return open_brand_at(tmp_path / "home")


def test_events_and_properties_are_named_by_people(brand: SmallBrand, tmp_path: Path) -> None:
    brand.take("events", write_events(tmp_path / "e.ndjson", count=30))
    words = Dictionary(brand.workspace)
    assert [(one.name, one.events) for one in words.names()] == [
        ("page_viewed", 20),
        ("cart_added", 10),
    ]
    rules = DictionaryRules(brand.workspace)
    said = {"label": " 加购 ", "description": "put into the cart", "owner": "ann"}
    assert rules.change_event("cart_added", **said) == [
        Change("label", "", "加购"),
        Change("description", "", "put into the cart"),
        Change("owner", "", "ann"),
    ]
    rules.change_property("PAGE", label="页面", description="which page")
    (found,) = words.names("加")
    assert (found.name, found.label, found.owner) == ("cart_added", "加购", "ann")
    assert rules.change_event("cart_added", label="加购", description="") == [
        Change("description", "put into the cart", "")
    ]
    assert words.get_event("cart_added").owner == "ann"
    assert [one.name for one in words.names("ANN")] == ["cart_added"]
    assert [one.name for one in words.properties("which")] == ["page"]
    for wrong in (rules.change_event, rules.change_property):
        with pytest.raises(NotFound):
            wrong("nothing", label="x")
    with pytest.raises(BadInput):
        rules.change_event("cart_added", status="gone")
    with pytest.raises(BadInput):
        rules.change_property("page", privacy="maybe")


def test_examples_are_the_frequent_values_of_the_newest_days(
    brand: SmallBrand, tmp_path: Path
) -> None:
    lines = [
        {"event": "x", "time": START + i * HOUR * 24, "identities": {"m": "1"},
         "properties": {"page": f"p{min(i // 2, 5)}", "tags": ["a", "b"][: 1 + i % 2]}}
        for i in range(14)
    ]  # fmt: skip
    (tmp_path / "e").write_text("\n".join(map(json.dumps, lines)))
    brand.take("events", tmp_path / "e")
    words = Dictionary(brand.workspace)
    assert words.examples("page", 2) == [Example("p5", 4), Example("p4", 2)]
    assert words.examples("tags") == [Example("a", 7), Example("b", 4)]
    assert words.examples("paid") == []  # known from orders, no event carries it
    with pytest.raises(NotFound):
        words.examples("nothing")


def presets_of(brand: SmallBrand) -> MappingPresets:
    return MappingPresets(
        brand.workspace, lambda mapping: order_files.Mapping.from_json(json.dumps(mapping))
    )


MAPPING: dict[str, Any] = {"columns": {"order_id": ["No."], "paid": ["Sum"]}}


def test_mappings_are_saved_replaced_and_removed(brand: SmallBrand) -> None:
    presets = presets_of(brand)
    presets.save("till", {"columns": {"order_id": ["Id"]}}, by="ann")
    presets.save(" till ", MAPPING, by="ben")
    (one,) = presets.list_()
    assert (one.name, one.mapping, one.created_by) == ("till", MAPPING, "ben")
    presets.remove("till")
    assert presets.list_() == []
    with pytest.raises(NotFound):
        presets.get("till")


def test_a_mapping_is_shared_with_another_brand(brand: SmallBrand, tmp_path: Path) -> None:
    presets_of(brand).save("till", MAPPING, by="ann")
    text = presets_of(brand).share("till")
    other = presets_of(open_brand_at(tmp_path / "elsewhere"))
    taken = other.take(text, by="cat")
    assert (taken.name, taken.mapping, taken.created_by) == ("till", MAPPING, "cat")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"name": "x"}',
        '{"name": 1, "mapping": {}}',
        '{"name": "x", "mapping": []}',
        '{"name": "x", "mapping": {"columns": {"shoe": ["a"]}}}',
        '{"name": "", "mapping": {"columns": {"order_id": ["a"]}}}',
    ],
)
def test_what_is_no_mapping_is_not_taken(brand: SmallBrand, text: str) -> None:
    with pytest.raises(BadInput):
        presets_of(brand).take(text, by="ann")
    assert presets_of(brand).list_() == []


def test_the_lake_tells_its_size_and_days(brand: SmallBrand, tmp_path: Path) -> None:
    health = LakeHealth(brand.workspace)
    assert {one.rows for one in health.tables()} == {0}
    assert health.volumes().days == ()
    assert health.last_event_at() is None
    done = brand.take("events", write_events(tmp_path / "e", count=100))
    brand.take("orders", write_orders(tmp_path / "o", count=50))
    assert done.result is not None
    events, orders, _, profiles = health.tables()
    assert (profiles.name, profiles.rows) == ("profiles", 0)
    stored = done.result["events"]
    assert (events.rows, orders.rows, events.versions) == (stored, 50, 1)
    assert events.bytes > 0
    assert events.files == 5  # 100 hours touch five business days
    assert (events.first_day, events.last_day) == ("2026-05-29", "2026-06-02")
    volumes = health.volumes(4)
    assert volumes.days == ("2026-05-30", "2026-05-31", "2026-06-01", "2026-06-02")
    assert sum(health.volumes().rows["events"]) == stored
    assert health.last_event_at() == START + 99 * HOUR
