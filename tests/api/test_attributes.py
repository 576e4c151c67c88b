"""Attributes of customers and the order of sources over the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.conftest import Office
from tests.tracking import profile_rows

SAID = [
    ("web", "set", "city", "上海"), ("pos", "set", "city", "杭州"), ("web", "set", "city", "苏州"),
    ("web", "set", "note", "call 13900139000"), ("web", "increment", "visits", 2),
    ("web", "increment", "visits", 3),
]  # fmt: skip


@pytest.fixture
def told(office: Office, tmp_path: Path) -> tuple[Office, int]:
    """An office where two sources speak of somebody; his number."""
    office.fill(tmp_path)
    brand = office.services.brand("main")
    for name in ("web", "pos"):
        brand.sources.create(name, "json", by="")
    who = brand.identities.find("member_no", "m1")
    assert who is not None
    brand.workspace.lake.append("profiles", profile_rows(who.id, SAID), journal="p", position=1)
    brand.attributes.rebuild()
    return office, who.customer_id


def test_attributes_are_listed_paged_masked_and_found(told: tuple[Office, int]) -> None:
    office, who = told
    client = office.client("guide")
    page = client.get(f"/customers/{who}/attributes").json()
    values = {row["name"]: row["value"] for row in page["rows"]}
    assert values == {"city": "苏州", "note": "call 139****9000", "visits": 5}
    assert (page["total"], page["next_cursor"]) == (3, None)
    city = page["rows"][0]
    assert [(one["value"], one["counts"], one["why"]) for one in city["said"]] == [
        ("苏州", True, "latest"), ("杭州", False, "older"),
    ]  # fmt: skip
    first = client.get(f"/customers/{who}/attributes?limit=2").json()
    rest = client.get(f"/customers/{who}/attributes?cursor={first['next_cursor']}").json()
    assert [row["name"] for row in first["rows"] + rest["rows"]] == ["city", "note", "visits"]
    found = client.get(f"/customers/{who}/attributes?search=VIS&source=web").json()
    assert [row["name"] for row in found["rows"]] == ["visits"]
    assert client.get(f"/customers/{who}/attributes?source=pos").json()["rows"] == []
    assert client.get("/customers/99999/attributes").status_code == 404


def test_the_history_is_paged_newest_first(told: tuple[Office, int]) -> None:
    office, who = told
    client = office.client("guide")
    ask = f"/customers/{who}/attributes/history"
    page = client.get(ask, params={"name": "city", "limit": 2}).json()
    assert [(row["value"], row["source"]) for row in page["rows"]] == [
        ("苏州", "web"), ("杭州", "pos"),
    ]  # fmt: skip
    last = client.get(ask, params={"name": "city", "cursor": page["next_cursor"]}).json()
    assert [row["value"] for row in last["rows"]] == ["上海"]
    assert (last["total"], last["next_cursor"]) == (3, None)
    visits = client.get(ask, params={"name": "visits"}).json()["rows"]
    assert [(row["operation"], row["value"], row["after"]) for row in visits] == [
        ("increment", 3, 5), ("increment", 2, 2),
    ]  # fmt: skip
    assert client.get(ask, params={"name": "note"}).json()["rows"][0]["value"] == "call 139****9000"
    assert client.get(ask, params={"name": "none"}).json()["rows"] == []
    assert client.get(ask).status_code == 422
    assert office.client("guide", "other").get(ask, params={"name": "city"}).status_code == 404


def test_the_order_of_the_sources_decides_at_once(told: tuple[Office, int]) -> None:
    office, who = told
    admin = office.client()
    assert admin.get("/sources/priority").json() == {"sources": [], "alike": ["web", "pos"]}
    put = admin.put("/sources/priority", json={"sources": ["pos"]})
    assert put.json() == {"sources": ["pos"], "alike": ["web"]}
    (city, *_) = admin.get(f"/customers/{who}/attributes").json()["rows"]
    assert (city["value"], city["source"], city["said"][0]["why"]) == ("杭州", "pos", "trusted")
    (row, *_) = office.services.brand("main").audit.page(limit=1)
    assert (row.action, row.detail) == ("source_priority", {"from": "", "to": "pos"})
    assert admin.put("/sources/priority", json={"sources": ["fax"]}).status_code == 422
    assert admin.put("/sources/priority", json={"sources": ["pos", "pos"]}).status_code == 422
    operator = office.client("operator")
    assert operator.put("/sources/priority", json={"sources": []}).status_code == 403
    assert operator.get("/sources/priority").json()["sources"] == ["pos"]
