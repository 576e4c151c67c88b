"""The dictionary and the quarantine of tracked records over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Office
from yutang.catalog.records import Request
from yutang.journal import SegmentWriter
from yutang.kit.clock import now_ms


def send(office: Office, *lines: dict[str, Any]) -> None:
    """Records of a JSON source, taken in by the worker."""
    brand = office.services.brand("main")
    known = brand.sources.list_()
    source = known[0] if known else brand.sources.create("till", "json", by="")
    writer = SegmentWriter(brand.workspace.journal)
    body = json.dumps(lines).encode()
    writer.append([Request("POST", "/collect", b"", {}, body, now_ms(), "", source.key)])
    writer.close()
    office.work()


def line(name: str, n: int, **properties: Any) -> dict[str, Any]:
    who = {"member_no": "m1", "phone": "13800138000"}
    return {"event": name, "identities": who, "message_id": f"{name}{n}", "properties": properties}


@pytest.fixture
def tracked(office: Office) -> TestClient:
    """The admin of a brand in strict mode that knows one event with one property."""
    send(office, line("known", 1, size=1))
    client = office.client()
    assert client.patch("/dictionary/rules", json={"strict": True}).json()["strict"]
    send(office, line("fresh", 1), line("fresh", 2), line("known", 2, size="big", colour="red"))
    return client


def test_volumes_and_filters_are_told(tracked: TestClient) -> None:
    (known,) = tracked.get("/dictionary/events", params={"search": "KNOWN"}).json()
    assert (known["today"], known["last_30_days"], known["blocked"]) == (2, 2, False)
    size = next(
        one for one in tracked.get("/dictionary/properties").json() if one["name"] == "size"
    )
    assert (size["type"], size["last_30_days"], size["examples"]) == ("number", 1, ["1"])
    assert tracked.get("/dictionary/events", params={"show": "blocked"}).json() == []
    assert tracked.get("/dictionary/events", params={"show": "odd"}).status_code == 422


def test_entries_are_changed_and_logged(tracked: TestClient, office: Office) -> None:
    said = {"name": "known", "label": "L", "description": "D", "owner": "O", "blocked": True}
    made = tracked.patch("/dictionary/events", json=said).json()
    assert {name: made[name] for name in said} == said
    made = tracked.patch("/dictionary/properties", json={"name": "Size", "privacy": "allow"}).json()
    assert (made["name"], made["privacy"], made["label"]) == ("size", "allow", "")
    assert tracked.patch("/dictionary/events", json={"name": "none"}).status_code == 404
    wrong = {"name": "size", "privacy": "maybe"}
    assert tracked.patch("/dictionary/properties", json=wrong).status_code == 422
    log = office.services.brand("main").audit.page(limit=5)
    assert [(row.action, row.detail and row.detail["what"]) for row in log] == [
        ("property_changed", "privacy"), ("event_changed", "status"), ("event_changed", "owner"),
        ("event_changed", "description"), ("event_changed", "label"),
    ]  # fmt: skip
    rules = tracked.patch("/dictionary/rules", json={"privacy": "refuse", "strict": False}).json()
    assert (
        rules == {"strict": False, "privacy": "refuse"} == tracked.get("/dictionary/rules").json()
    )


def test_names_are_let_in_and_what_waits_is_taken(tracked: TestClient, office: Office) -> None:
    waiting = {
        (one["kind"], one["name"], one["rows"]) for one in tracked.get("/dictionary/waiting").json()
    }
    assert waiting == {("event", "fresh", 2), ("property", "colour", 1)}
    names = [
        {"kind": "event", "name": "fresh"},
        {"kind": "property", "name": "colour", "type": "list"},
    ]
    done = tracked.post("/dictionary/waiting", json={"act": "allow", "names": names})
    assert (done.status_code, done.json()) == (202, {"rows": 3})
    assert office.nudged == ["main"]
    assert tracked.get("/quarantine/progress").json()["waiting"] == 3
    office.work()
    assert tracked.get("/quarantine/progress").json() == {"waiting": 0, "repaired": 3, "failed": 0}
    assert tracked.get("/dictionary/waiting").json() == []
    names = {one["name"]: one["today"] for one in tracked.get("/dictionary/events").json()}
    assert names == {"fresh": 2, "known": 2}
    for path, body in (("events", {"name": "soon"}), ("properties", {"name": "n", "type": "bool"})):
        assert tracked.post(f"/dictionary/{path}", json=body).status_code == 201


def test_names_are_blocked(tracked: TestClient) -> None:
    names = [{"kind": "event", "name": "fresh"}]
    done = tracked.post("/dictionary/waiting", json={"act": "block", "names": names})
    assert done.json() == {"rows": 2}
    (fresh,) = tracked.get("/dictionary/events", params={"show": "blocked"}).json()
    assert fresh["name"] == "fresh"


def test_tracked_records_and_values_are_repaired(tracked: TestClient, office: Office) -> None:
    rows = tracked.get("/quarantine", params={"source": "till"}).json()["rows"]
    by = {(one["what"], one["column"]): one for one in rows}
    assert set(by) == {("record", "event"), ("value", "size"), ("value", "colour")}
    record = json.loads(by["record", "event"]["record"]) | {"event": "known"}
    one = by["record", "event"]["id"]
    done = tracked.post("/quarantine/replay", json={"records": {str(one): record}})
    assert (done.status_code, done.json()) == (202, {"rows": 1, "import_id": None})
    renamed = {"column": "size", "to": "size_word"}
    assert tracked.post("/quarantine/values", json=renamed).json() == {"rows": 1}
    office.work()
    names = {one["name"]: one["today"] for one in tracked.get("/dictionary/events").json()}
    assert names["known"] == 3
    made = {one["name"]: one["type"] for one in tracked.get("/dictionary/properties").json()}
    assert made["size_word"] == "string"
    alike = {"reason": "not_in_dictionary", "column": "event"}
    assert tracked.post("/quarantine/replay-all", json=alike).json() == {"rows": 1}
    office.work()
    assert tracked.get("/quarantine/progress").json()["failed"] == 1
    assert tracked.post("/quarantine/dismiss", json={"all": alike}).json() == {"rows": 1}
    assert tracked.post("/quarantine/dismiss", json={}).status_code == 422
