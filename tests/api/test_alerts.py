"""Alerts, schedules and webhooks for programs: made, changed, paused, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.api.conftest import Office

PARAMS = {"measures": [{"event": "order_paid", "measure": "times"}], "unit": "day"}
WATCH = {"table": "", "cell": {}, "column": "A", "unit": "day"}
RULE = {"watch": WATCH, "kind": "threshold", "side": "below", "low": 1}


def _report(office: Office) -> int:
    brand = office.services.brand("main")
    return int(brand.reports.add("Orders", "event", PARAMS, by="ann").id)


def _actions(office: Office) -> list[str]:
    return [row.action for row in office.services.brand("main").audit.page()]


def test_an_alert_is_changed_without_losing_the_rest(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    new = {"report": _report(office), "name": "Few orders", "rule": RULE, "logins": ["ann"]}
    made: Any = client.post("/alerts", json=new)
    assert made.status_code == 201, made.text
    url = f"/alerts/{made.json()['id']}"
    renamed = client.patch(url, json={"name": "Hardly any"}).json()
    assert (renamed["name"], renamed["rule"]) == ("Hardly any", made.json()["rule"])
    channels = office.services.brand("main").alerts.get(made.json()["id"]).channels
    assert channels["logins"] == ["ann"]
    rule = client.patch(url, json={"rule": {**RULE, "low": 5}, "on": False}).json()
    assert (rule["rule"]["low"], rule["status"]) == (5, "off")
    assert client.patch(url, json={"rule": {"kind": "magic"}}).status_code == 422
    assert client.patch(url, json={"names": "x"}).status_code == 422
    assert client.patch(url, json={"quiet_days": 2}).json()["quiet_until"] > 0
    assert _actions(office)[:4] == [
        "alert_snoozed", "alert_paused", "alert_changed", "alert_changed",
    ]  # fmt: skip


def test_a_schedule_is_changed_and_paused(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    new = {"report": _report(office), "name": "Daily", "logins": ["ann"], "keep": 3}
    made = client.post("/schedules", json=new).json()
    url = f"/schedules/{made['id']}"
    weekly = {"every": "week", "at": "07:30", "weekday": 4}
    changed = client.patch(url, json={"cadence": weekly, "format": "csv"}).json()
    assert (changed["cadence"]["every"], changed["cadence"]["weekday"]) == ("week", 4)
    assert (changed["format"], changed["keep"], changed["name"]) == ("csv", 3, "Daily")
    kept = office.services.brand("main").schedules.get(made["id"]).channels
    assert kept.logins == ("ann",)
    paused = client.patch(url, json={"on": False}).json()
    assert (paused["status"], paused["next_at"]) == ("off", None)
    assert client.patch(url, json={"on": True}).json()["next_at"] is not None
    assert client.get(url).json()["status"] == "on"
    assert client.patch(url, json={"cadence": {"at": "25:00"}}).status_code == 422
    assert client.get("/schedules/99").status_code == 404
    assert _actions(office)[:3] == ["schedule_resumed", "schedule_paused", "schedule_changed"]


def test_a_webhook_is_connected_switched_and_forgotten(office: Office) -> None:
    client = office.client()
    new = {"name": "ours", "kind": "json", "url": "https://example.com/hook?token=abcdefgh"}
    made = client.post("/webhooks", json=new).json()
    assert len(made["secret"]) > 30
    (listed,) = client.get("/webhooks").json()
    assert "secret" not in listed
    assert "abcdefgh" not in listed["address"]
    url = f"/webhooks/{made['id']}"
    assert client.patch(url, json={"on": False}).json()["status"] == "off"
    assert client.post("/webhooks", json=new).status_code == 409
    other = {**new, "name": "other", "url": "ftp://example.com/hook"}
    assert client.post("/webhooks", json=other).status_code == 422
    assert client.get(f"{url}/posts").json() == []
    assert client.delete(url).status_code == 204
    assert client.delete(url).status_code == 404
    assert _actions(office) == ["webhook_remove", "webhook_off", "webhook_added"]
