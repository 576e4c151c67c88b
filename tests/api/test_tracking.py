"""Sources and the live view over the API."""

from __future__ import annotations

import json

from tests.api.conftest import Office
from yutang.catalog.records import Request
from yutang.journal import SegmentWriter
from yutang.kit.clock import DAY_MS


def test_a_source_is_made_listed_and_rotated(office: Office) -> None:
    admin = office.client()
    made = admin.post("/sources", json={"name": "小程序", "kind": "sensors"})
    assert made.status_code == 201
    one = made.json()
    assert one["url"].endswith(f"/sa?project=%E5%B0%8F%E7%A8%8B%E5%BA%8F&token={one['write_key']}")
    assert (one["accepted_today"], one["problems_7_days"]) == (0, 0)
    assert office.client("analyst").get("/sources").json() == [one]
    rotated = admin.post(f"/sources/{one['id']}/rotate", json={"grace_days": 7}).json()
    assert rotated["write_key"] != one["write_key"]
    old = rotated["keys"][1]
    assert old["key"] == one["write_key"]
    assert 6 * DAY_MS < old["ends_at"] - one["created_at"] < 8 * DAY_MS
    assert admin.post("/sources", json={"name": "小程序", "kind": "json"}).status_code == 409
    assert admin.post("/sources", json={"name": "x", "kind": "fax"}).status_code == 422
    assert admin.post("/sources/99/rotate", json={}).status_code == 404
    log = office.services.brand("main").audit.page(limit=9)
    assert [row.action for row in log] == ["source_rotated", "source_added"]


def test_the_live_view_tells_what_the_page_shows(office: Office) -> None:
    brand = office.services.brand("main")
    source = brand.sources.create("site", "json", by="")
    writer = SegmentWriter(brand.workspace.journal)
    for n in range(3):
        line = {"event": f"e{n}", "identities": {"phone": f"1380013800{n}"}, "properties": {"n": n}}
        body = json.dumps(line).encode()
        request = Request("POST", "/collect", b"", {}, body, 1000 + n, "", source.key)
        writer.append([request])
    client = office.client("analyst")
    told = client.get("/live").json()
    assert [one["event"] for one in told["rows"]] == ["e2", "e1", "e0"]
    newest = told["rows"][0]
    assert newest["identities"] == [{"kind": "phone", "value": "138****8002"}]
    assert (newest["source"], newest["properties"], newest["stored"]) == ("site", {"n": 2}, False)
    assert "13800138002" not in client.get("/live").text
    assert told["waiting_bytes"] > 0
    assert [one["event"] for one in client.get("/live?q=n=1").json()["rows"]] == ["e1"]
    assert client.get("/live?source=other").json()["rows"] == []
    assert client.get("/live?problems=true").json()["rows"] == []
    assert len(client.get("/live?limit=2").json()["rows"]) == 2
    assert client.get("/live?limit=999").status_code == 422
    assert office.client("analyst", "other").get("/live").json()["rows"] == []
