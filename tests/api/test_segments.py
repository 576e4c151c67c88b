"""Segments over the API and the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.api.conftest import Office
from yutang.cli import app
from yutang.notebook import open_pond


def test_segments_over_the_api(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    made = client.post("/segments", json={"name": "A", "identifiers": ["m1", "nobody", "m2"]})
    assert made.status_code == 201
    assert (made.json()["people"], made.json()["unknown"]) == (2, [2])
    cell = {"model": "event", "params": {"measures": [{"event": "order_paid"}], "unit": "total"}}
    second = client.post("/segments", json={"name": "B", "analysis": cell | {"cell": {}}})
    assert second.json()["people"] == 2
    both = {"name": "C", "how": "minus", "a": made.json()["id"], "b": second.json()["id"]}
    assert client.post("/segments/combine", json=both).status_code == 422  # nobody is left
    both["how"] = "intersection"
    third = client.post("/segments/combine", json=both).json()
    assert third["people"] == 2
    page = client.get(f"/segments/{third['id']}/members", params={"limit": 1}).json()
    rest = client.get(
        f"/segments/{third['id']}/members", params={"limit": 1, "cursor": page["next_cursor"]}
    ).json()
    assert page["rows"] < rest["rows"]
    assert (page["total"], rest["next_cursor"]) == (2, None)
    assert client.post(f"/segments/{third['id']}/refresh").json()["people"] == 2
    assert client.post(f"/segments/{made.json()['id']}/refresh").status_code == 422
    renamed = client.patch(f"/segments/{third['id']}", json={"name": "D", "archived": True})
    assert renamed.json()["archived_at"] is not None
    assert [one["name"] for one in client.get("/segments").json()] == ["B", "A"]
    assert client.patch(f"/segments/{third['id']}", json={"archived": False}).status_code == 200
    for wrong in (
        {"name": "X"},
        {"name": "X", "identifiers": ["m1"], "analysis": cell},
        {"name": "a", "identifiers": ["m1"]},
        {"name": "X", "identifiers": ["m1"], "kind": "cookie"},
    ):
        assert client.post("/segments", json=wrong).status_code in (409, 422)
    params = {"measures": [{"event": "order_paid"}], "unit": "total"}
    segment = str(made.json()["id"])
    answer = client.post("/analyse/event", json={**params, "compare": {"segment": segment}})
    assert answer.json()["rows"][0]["A_compared"] == 0


def test_segments_on_the_command_line_and_in_python(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    home = str(office.services.settings.home)
    run = CliRunner()
    listed = tmp_path / "list.csv"
    listed.write_text("m1,Li\nnobody\nm2\n", encoding="utf-8")
    common = ["--home", home, "--json"]
    made = run.invoke(app, ["segment", "create", "A", "--file", str(listed), *common])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["unknown_lines"] == [2]
    params = json.dumps({"measures": [{"event": "order_paid"}], "unit": "total"})
    made = run.invoke(
        app, ["segment", "create", "B", "--model", "event", "--params", params, *common]
    )
    assert json.loads(made.stdout)["people"] == 2
    found = run.invoke(app, ["segment", "list", *common])
    assert [one["name"] for one in json.loads(found.stdout)["segments"]] == ["B", "A"]
    out = tmp_path / "out.csv"
    asked = ["segment", "export", "A", "--out", str(out), "--home", home]
    assert run.invoke(app, asked).exit_code == 0
    assert len(out.read_text().splitlines()) == 3
    assert run.invoke(app, asked).exit_code != 0  # never written over
    pond = open_pond(home)
    segment = pond.segment("A")
    assert [one.name for one in pond.segments()] == ["B", "A"]
    assert len(segment.people()) == len(segment) == 2
    counted = pond.event(measures=[{"event": "order_paid", "measure": "people"}], unit="total",
                         filter=segment.filter)  # fmt: skip
    assert counted.rows[0]["A"] == 2
