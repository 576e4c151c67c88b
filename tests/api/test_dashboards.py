"""Dashboards and notes on days for programs."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from tests.api.conftest import Office
from yutang.cli import app

PARAMS = {"measures": [{"event": "order_paid", "measure": "times"}], "unit": "total"}


def test_a_dashboard_is_built_asked_and_removed(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    board = client.post("/dashboards", json={"name": "Wall", "settings": {"range": "all"}}).json()
    url = f"/dashboards/{board['id']}"
    card = client.post(
        f"{url}/cards", json={"name": "Orders", "model": "event", "params": PARAMS, "width": 3}
    )
    assert card.status_code == 201, card.text
    wrong = {**PARAMS, "measures": [{"event": "order_paid", "measure": "sum", "property": "zz"}]}
    client.post(f"{url}/cards", json={"name": "Bad", "model": "event", "params": wrong})
    words = client.post(f"{url}/cards", json={"note": "why"}).json()
    found = client.get(url).json()["cards"]
    assert [one["title"] for one in found] == ["Orders", "Bad", ""]
    assert found[0]["result"]["rows"][0]["A"] == 3
    assert found[1]["result"] is None
    assert "zz" in found[1]["error"]
    assert found[2]["note"] == "why"
    changed = client.patch(f"{url}/cards/{words['id']}", json={"title": "T", "width": 12}).json()
    assert (changed["title"], changed["width"], changed["note"]) == ("T", 12, "why")
    order = [one["id"] for one in reversed(found)]
    again = client.patch(url, json={"cards": order, "name": "Door"}).json()
    assert (again["name"], [one["id"] for one in again["cards"]]) == ("Door", order)
    assert client.get(url, params={"range": "never"}).status_code == 422
    assert client.patch(url, json={"settings": {"range": "never"}}).status_code == 422
    assert client.post(f"{url}/cards", json={"report_id": 99}).status_code == 404
    assert client.delete(f"{url}/cards/{words['id']}").status_code == 204
    assert len(client.get("/dashboards").json()[0]["cards"]) == 2
    shown = CliRunner().invoke(
        app, ["dashboard", "show", "Door", "--home", str(office.services.installation.home)]
    )
    assert "# Orders\nA\n3\n" in shown.stdout.replace("period\t", ""), shown.output
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    log = [row.action for row in office.services.brand("main").audit.page()]
    assert log[0] == "dashboard_deleted"


def test_notes_on_days_are_kept(office: Office) -> None:
    client = office.client("analyst")
    made = client.post(
        "/day-notes", json={"first_on": "2026-11-11", "kind": "campaign", "text": "sale"}
    ).json()
    assert (made["last_on"], made["created_by"]) == ("2026-11-11", "key:analyst key")
    url = f"/day-notes/{made['id']}"
    put = client.put(url, json={"first_on": "2026-11-10", "last_on": "2026-11-12", "text": "b"})
    assert put.json()["kind"] == "other"
    assert client.post("/day-notes", json={"first_on": "x", "text": "b"}).status_code == 422
    assert client.delete(url).status_code == 204
    assert client.get("/day-notes").json() == []
