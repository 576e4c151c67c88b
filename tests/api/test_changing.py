"""What the API lets a program change, and whom it lets in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import ORDERS, Office
from yutang.api.limits import JSON_LIMIT


def test_without_a_valid_key_nothing_opens(office: Office) -> None:
    nobody = office.nobody()
    for headers in ({}, {"Authorization": "Bearer yt_no"}, {"Authorization": "Basic eDp5"}):
        answer = nobody.get("/status", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "no_key"


def test_a_revoked_key_opens_nothing(office: Office) -> None:
    client = office.client()
    assert client.get("/status").status_code == 200
    row = office.services.installation.get_brand("main")
    (key,) = office.services.staff.list_keys(row.id)
    office.services.staff.revoke_key(row.id, key.id, by="test")
    assert client.get("/status").status_code == 401


ROUTES = [
    ("get", "/status", "guide"),
    ("get", "/overview", "guide"),
    ("get", "/customers", "guide"),
    ("get", "/shops", "guide"),
    ("get", "/models", "analyst"),
    ("get", "/runs", "analyst"),
    ("post", "/runs", "analyst"),
    ("get", "/runs/1/movement", "analyst"),
    ("delete", "/runs/1", "analyst"),
    ("post", "/runs/1/restore", "analyst"),
    ("post", "/analyse/funnel", "analyst"),
    ("get", "/groups", "guide"),
    ("get", "/groups/owners", "guide"),
    ("get", "/groups/settings", "guide"),
    ("get", "/groups/{key}", "guide"),
    ("get", "/groups/{key}/people", "analyst"),
    ("put", "/groups/{key}", "operator"),
    ("put", "/groups/settings", "admin"),
    ("post", "/groups/settings/try", "guide"),
    ("get", "/customers/1/portrait", "guide"),
    ("get", "/customers/1/consents", "guide"),
    ("post", "/customers/1/consents", "guide"),
    ("get", "/customers/1/follow-ups", "guide"),
    ("post", "/customers/1/follow-ups", "guide"),
    ("get", "/segments", "analyst"),
    ("get", "/segments/1", "analyst"),
    ("get", "/segments/1/members", "analyst"),
    ("post", "/segments", "analyst"),
    ("post", "/segments/combine", "analyst"),
    ("post", "/segments/1/refresh", "analyst"),
    ("post", "/segments/count", "analyst"),
    ("put", "/segments/1/rule", "analyst"),
    ("get", "/segments/1/why", "analyst"),
    ("get", "/segments/1/changes", "analyst"),
    ("patch", "/segments/1", "analyst"),
    ("get", "/tags", "guide"),
    ("get", "/tags/1", "guide"),
    ("get", "/tags/1/changes", "guide"),
    ("get", "/tags/1/people", "analyst"),
    ("get", "/tag-groups", "guide"),
    ("get", "/customers/1/tags", "guide"),
    ("post", "/customers/1/tags", "guide"),
    ("delete", "/customers/1/tags", "guide"),
    ("post", "/tags", "operator"),
    ("patch", "/tags/1", "operator"),
    ("post", "/tag-groups", "operator"),
    ("patch", "/tag-groups/1", "operator"),
    ("post", "/tags/1/people", "operator"),
    ("delete", "/tags/1/people", "operator"),
    ("post", "/tag-changes/1/undo", "operator"),
    ("get", "/sql/tables", "analyst"),
    ("post", "/sql", "analyst"),
    ("get", "/dictionary/events", "analyst"),
    ("get", "/dictionary/properties", "analyst"),
    ("get", "/dictionary/rules", "analyst"),
    ("get", "/dictionary/waiting", "analyst"),
    ("patch", "/dictionary/events", "admin"),
    ("patch", "/dictionary/properties", "admin"),
    ("patch", "/dictionary/rules", "admin"),
    ("post", "/dictionary/events", "admin"),
    ("post", "/dictionary/properties", "admin"),
    ("post", "/dictionary/waiting", "admin"),
    ("get", "/dashboards", "analyst"),
    ("post", "/dashboards", "analyst"),
    ("get", "/dashboards/1", "analyst"),
    ("patch", "/dashboards/1", "analyst"),
    ("delete", "/dashboards/1", "analyst"),
    ("post", "/dashboards/1/cards", "analyst"),
    ("patch", "/dashboards/1/cards/1", "analyst"),
    ("delete", "/dashboards/1/cards/1", "analyst"),
    ("get", "/day-notes", "analyst"),
    ("post", "/day-notes", "analyst"),
    ("put", "/day-notes/1", "analyst"),
    ("delete", "/day-notes/1", "analyst"),
    ("get", "/imports", "operator"),
    ("post", "/imports", "operator"),
    ("get", "/imports/1", "operator"),
    ("get", "/imports/1/errors", "operator"),
    ("post", "/imports/1/undo", "operator"),
    ("get", "/quarantine", "operator"),
    ("get", "/health", "operator"),
    ("post", "/quarantine/dismiss", "operator"),
    ("post", "/quarantine/values", "operator"),
    ("post", "/quarantine/replay", "operator"),
    ("post", "/quarantine/replay-all", "operator"),
    ("get", "/quarantine/progress", "operator"),
    ("patch", "/shops/1", "operator"),
    ("get", "/customers/1", "guide"),
    ("get", "/customers/1/timeline", "guide"),
    ("get", "/customers/1/attributes", "guide"),
    ("get", "/customers/1/attributes/history", "guide"),
    ("get", "/customers/1/identity", "guide"),
    ("get", "/identity/reviews", "operator"),
    ("get", "/identity/decisions", "operator"),
    ("get", "/identity/requests/1", "operator"),
    ("post", "/identity/link", "operator"),
    ("post", "/identity/split", "operator"),
    ("post", "/identity/undo", "operator"),
    ("post", "/identity/reviews/1", "operator"),
    ("get", "/identity/suggestions", "operator"),
    ("post", "/identity/suggestions/1", "operator"),
    ("get", "/alerts", "analyst"),
    ("post", "/alerts", "analyst"),
    ("get", "/alerts/1", "analyst"),
    ("get", "/alerts/1/events", "analyst"),
    ("patch", "/alerts/1", "analyst"),
    ("delete", "/alerts/1", "analyst"),
    ("post", "/alerts/1/look", "analyst"),
    ("get", "/notices", "guide"),
    ("get", "/schedules", "analyst"),
    ("post", "/schedules", "analyst"),
    ("post", "/schedules/1/run", "analyst"),
    ("get", "/schedules/1/runs", "analyst"),
    ("get", "/schedules/1/runs/1/file", "analyst"),
    ("delete", "/schedules/1", "analyst"),
    ("get", "/schedules/1", "analyst"),
    ("patch", "/schedules/1", "analyst"),
    ("get", "/predictions", "analyst"),
    ("get", "/predictions/holdout", "analyst"),
    ("get", "/predictions/customers", "analyst"),
    ("put", "/predictions/settings", "admin"),
    ("get", "/lifecycle", "analyst"),
    ("get", "/lifecycle/movements", "analyst"),
    ("get", "/lifecycle/intervals", "analyst"),
    ("get", "/lifecycle/rules", "analyst"),
    ("put", "/lifecycle/rules", "admin"),
    ("get", "/matrix", "analyst"),
    ("put", "/matrix", "admin"),
    ("get", "/products", "analyst"),
    ("get", "/products/pairs", "analyst"),
    ("get", "/products/next", "analyst"),
    ("get", "/products/next/holdout", "analyst"),
    ("get", "/products/restocks", "analyst"),
    ("get", "/products/settings", "analyst"),
    ("get", "/products/1", "analyst"),
    ("put", "/products/settings", "admin"),
    ("get", "/customers/1/next-purchase", "guide"),
    ("get", "/webhooks", "admin"),
    ("post", "/webhooks", "admin"),
    ("patch", "/webhooks/1", "admin"),
    ("delete", "/webhooks/1", "admin"),
    ("post", "/webhooks/1/test", "admin"),
    ("get", "/webhooks/1/posts", "admin"),
    ("get", "/sources", "analyst"),
    ("get", "/live", "analyst"),
    ("post", "/sources", "admin"),
    ("post", "/sources/1/rotate", "admin"),
    ("get", "/sources/priority", "analyst"),
    ("put", "/sources/priority", "admin"),
]
BELOW = {"analyst": "guide", "operator": "analyst", "admin": "operator"}
BODIES: dict[str, Any] = {
    "/quarantine/dismiss": {"ids": [1]},
    "/quarantine/values": {"ids": [1]},
    "/quarantine/replay": {"records": {"1": {"a": 1}}},
    "/quarantine/replay-all": {"reason": "time_out_of_range"},
    "/dictionary/events": {"name": "x"},
    "/dictionary/properties": {"name": "x", "type": "string"},
    "/dictionary/rules": {},
    "/dictionary/waiting": {"act": "block", "names": [{"kind": "event", "name": "x"}]},
    "/analyse/funnel": {},
    "/dashboards": {"name": "x"},
    "/dashboards/1": {"name": "x"},
    "/dashboards/1/cards": {"note": "x"},
    "/dashboards/1/cards/1": {"width": 6},
    "/day-notes": {"first_on": "2026-11-11", "text": "x"},
    "/day-notes/1": {"first_on": "2026-11-11", "text": "x"},
    "/segments": {"name": "x", "identifiers": ["nobody"]},
    "/segments/combine": {"name": "x", "how": "union", "a": 1, "b": 2},
    "/segments/1": {},
    "/customers/1/consents": {"purpose": "marketing", "state": "given"},
    "/customers/1/follow-ups": {"text": "x"},
    "/segments/count": {"rule": {"kind": "share", "rate": 0.5}},
    "/segments/1/rule": {"rule": {"kind": "share", "rate": 0.5}},
    "/alerts": {"report": 1, "name": "x", "rule": {"watch": {"column": "A"}}},
    "/alerts/1": {"on": False},
    "/schedules": {"report": 1, "name": "x"},
    "/schedules/1": {"on": False},
    "/webhooks": {"name": "x", "kind": "json", "url": "https://example.com/x"},
    "/webhooks/1": {"on": False},
    "/predictions/settings": {"margin": 0.5, "discount": 0.1},
    "/lifecycle/rules": {"values": {"mode": "fixed"}, "preview": True},
    "/matrix": {"cells": {}},
    "/products/settings": {"identify": "item", "due_days": 7},
    "/runs": {},
    "/sql": {"sql": "SELECT 1"},
    "/identity/link": {"customer": 1, "other": 1, "reason": "x"},
    "/identity/split": {"identities": [1], "reason": "x"},
    "/identity/suggestions/1": {"answer": "apart"},
    "/identity/undo": {"decision": "link:1"},
    "/identity/reviews/1": {"answer": "apart"},
    "/shops/1": {},
    "/sources": {"name": "site", "kind": "json"},
    "/sources/1/rotate": {},
    "/sources/priority": {"sources": []},
}


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "path", "lowest"), ROUTES)
def test_each_route_asks_for_its_role(
    one_office: Office, verb: str, path: str, lowest: str
) -> None:
    form = {"files": {"file": ("a.csv", b"x")}, "data": {"kind": "orders"}}
    sent = form if (verb, path) == ("post", "/imports") else (
        {"json": BODIES[path]} if path in BODIES and verb != "get" else {}
    )  # fmt: skip
    assert one_office.client(lowest).request(verb, path, **sent).status_code not in (401, 403)
    if lowest in BELOW:
        refused = one_office.client(BELOW[lowest]).request(verb, path, **sent)
        assert refused.status_code == 403
        assert refused.json()["code"] == "forbidden"


def test_every_route_is_in_the_list_above(office: Office) -> None:
    described = office.nobody().get("/openapi.json").json()["paths"]
    known = {(verb, path) for path, verbs in described.items() for verb in verbs}
    listed = {(verb, path.replace("/1", "/{}")) for verb, path, _ in ROUTES}
    kinds = "customer|import|shop|source|review|request|dashboard|card|note|segment"
    kinds += "|alert|schedule|run|webhook|product|tag|group|change|suggestion"
    shaped = {(verb, re.sub(f"{{({kinds})_id}}", "{}", path)) for verb, path in known}
    assert shaped - {("post", "/analyse/{model}")} == listed - {("post", "/analyse/funnel")}


def test_a_key_sees_its_own_brand_only(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    assert office.client("admin", "main").get("/status").json()["orders"] == 3
    other = office.client("admin", "other")
    assert other.get("/status").json()["orders"] == 0
    assert other.get("/imports").json()["rows"] == []
    assert other.get("/imports/1").status_code == 404
    assert other.post("/imports/1/undo").status_code == 404


def test_a_file_is_imported_followed_and_taken_back(office: Office, tmp_path: Path) -> None:
    client = office.client("operator")
    sent = client.post(
        "/imports",
        files={"file": ("orders.csv", ORDERS.encode())},
        data={"kind": "orders", "platform": "pos", "shop": "s1"},
    )
    assert sent.status_code == 202, sent.text
    one = sent.json()
    assert (one["status"], office.nudged) == ("queued", ["main"])
    assert client.post(f"/imports/{one['id']}/undo").status_code == 409
    office.work()
    assert client.get(f"/imports/{one['id']}").json()["status"] == "done"
    assert client.get("/status").json()["orders"] == 3
    taken = client.post(f"/imports/{one['id']}/undo")
    assert (taken.status_code, taken.json()["status"]) == (202, "undoing")
    office.work()
    assert client.get(f"/imports/{one['id']}").json()["status"] == "undone"
    assert client.get("/status").json()["orders"] == 0
    log = office.services.brand("main").audit.page()
    assert [row.action for row in log] == ["import_undone", "import_uploaded"]
    assert {row.login for row in log} == {"key:operator key"}


def test_bodies_have_a_limit(office: Office) -> None:
    client = office.client()
    big = client.post(
        "/imports", files={"file": ("a.csv", b"x" * 2_000_000)}, data={"kind": "orders"}
    )
    assert (big.status_code, big.json()["code"]) == (413, "too_large")
    parameters = b'{"steps": "' + b"x" * JSON_LIMIT + b'"}'
    assert client.post("/analyse/funnel", content=parameters).status_code == 413

    def endless() -> Any:
        for _ in range(JSON_LIMIT // 10_000 + 2):
            yield b"x" * 10_000

    assert client.post("/analyse/funnel", content=endless()).status_code == 413


@pytest.mark.parametrize(
    ("data", "content"),
    [
        ({"kind": "orders"}, b""),
        ({"kind": "secrets"}, b"x"),
        ({"kind": "orders", "mapping": "{"}, b"x"),
        ({"kind": "orders", "mapping": "[]"}, b"x"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    office: Office, data: dict[str, str], content: bytes
) -> None:
    answer = office.client().post("/imports", files={"file": ("a.csv", content)}, data=data)
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_a_shop_becomes_private_and_the_numbers_follow(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("operator")
    (shop,) = client.get("/shops").json()
    assert (shop["domain"], shop["confirmed_by"]) == ("store", "")
    changed = client.patch(f"/shops/{shop['id']}", json={"domain": "private", "name": "My shop"})
    assert changed.json() == {
        **shop, "domain": "private", "name": "My shop", "confirmed_by": "key:operator key",
    }  # fmt: skip
    office.work()
    found = client.get("/customers", params={"domain": "private"}).json()
    assert found["total"] == 2
    assert client.get("/customers", params={"domain": "store"}).json()["total"] == 0
    assert client.patch("/shops/99", json={"domain": "store"}).status_code == 404
    assert client.patch(f"/shops/{shop['id']}", json={"domain": "moon"}).status_code == 422
    assert client.patch(f"/shops/{shop['id']}", json={"color": "red"}).status_code == 422


def test_quarantined_rows_are_repaired_replayed_and_dismissed(
    office: Office, tmp_path: Path
) -> None:
    ids = office.fill(tmp_path)
    client = office.client("operator")
    (bad,) = client.get(f"/imports/{ids['orders']}/errors").json()["rows"]
    record = json.loads(bad["record"]) | {"订单实付金额": "10"}
    replayed = client.post("/quarantine/replay", json={"records": {str(bad["id"]): record}})
    assert replayed.status_code == 202, replayed.text
    assert client.post("/quarantine/values", json={}).status_code == 422
    assert client.post("/quarantine/values", json={"column": "depth"}).json() == {"rows": 54}
    office.work()
    assert client.get("/status").json()["orders"] == 4
    left = client.get("/quarantine").json()["rows"]
    assert [row["reason"] for row in left] == ["malformed_json"]
    rest = client.post("/quarantine/dismiss", json={"ids": [row["id"] for row in left]})
    assert rest.json() == {"rows": len(left)}
    assert client.get("/quarantine").json()["total"] == 0


def test_the_description_is_complete_and_needs_nothing_from_elsewhere(office: Office) -> None:
    client = office.nobody()
    schema = client.get("/openapi.json").json()
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            assert operation.get("description"), f"{verb} {path}"
            assert operation["security"] == [{"HTTPBearer": []}], f"{verb} {path}"
            assert {"401", "403", "422"} <= set(operation["responses"]), f"{verb} {path}"
    page = client.get("http://test/api/docs")
    assert page.status_code == 200
    assert "/analyse/{model}" in page.text
    assert "http" not in page.text.replace("HTTP", "")
    assert "<script" not in page.text


def test_two_customers_become_one_and_two_again(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("operator")
    one, other = (client.get("/customers", params={"search": m}).json()["rows"][0]["id"]
                  for m in ("m1", "m2"))  # fmt: skip
    asked = client.post("/identity/link", json={"customer": one, "other": other, "reason": "seen"})
    assert (asked.status_code, asked.json()["status"]) == (202, "waiting")
    office.work()
    done = client.get(f"/identity/requests/{asked.json()['id']}").json()
    assert done["status"] == "done"
    assert "main" in office.nudged
    why = client.get(f"/customers/{other}/identity").json()
    assert why["customer"] == one
    by_hand = [tie for ties in why["chains"].values() for tie in ties if tie["by"]]
    assert (by_hand[0]["evidence"], by_hand[0]["note"]) == ("manual", "seen")
    assert by_hand[0]["by"] == "key:operator key"
    client.post("/identity/undo", json={"decision": done["decision"]})
    office.work()
    assert client.get(f"/customers/{other}/identity").json()["customer"] == other
    decisions = client.get("/identity/decisions").json()
    assert [(row["id"], row["revoked_by"]) for row in decisions] == [
        (done["decision"], "key:operator key")
    ]
    assert client.post("/identity/undo", json={"decision": "link:999"}).status_code == 404


def test_a_decision_that_cannot_be_made_says_why(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("operator")
    same = client.post("/identity/link", json={"customer": 1, "other": 1, "reason": "x"})
    assert (same.status_code, same.json()["code"]) == (422, "bad_input")
    members = client.get("/customers/1/identity").json()["identities"]
    everything = [one["id"] for one in members]
    whole = client.post("/identity/split", json={"identities": everything, "reason": "x"})
    assert whole.status_code == 422
    assert client.post("/identity/reviews/9", json={"answer": "apart"}).status_code == 404
    assert client.post("/identity/link", json={"customer": 1, "other": 2}).status_code == 422
