"""The lifecycle over the API and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.api.conftest import Office
from yutang.cli import app

DAYS = {"first": "2026-05-02", "last": "2026-05-31"}


def test_stages_movements_and_intervals(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    told = client.get("/lifecycle", params={"months": 2}).json()
    brand = office.services.brand("main")
    assert told["states"] == brand.lifecycle.sizes()
    assert told["states"]["repeat"] + told["states"]["dormant"] >= 1
    assert told["months"][-1] == {"day": told["as_of"], "states": told["states"]}
    assert (told["rule_version"], told["recomputing"]) == (0, False)

    moved = client.get("/lifecycle/movements", params=DAYS).json()
    known = sum(line["after"] for line in moved["states"])
    assert moved["stayed"] + moved["moved"] + moved["new"] == known
    assert sum(flow["people"] for flow in moved["flows"]) == known
    rows = client.get("/lifecycle/intervals").json()
    assert (rows[0]["category"], rows[0]["source"], rows[0]["dormant"]) == ("", "trade", 180)

    for path, params in (
        ("/lifecycle", {"axis": "mood"}),
        ("/lifecycle/movements", {"period": "then"}),
        ("/lifecycle/movements", {"first": "2026-05-02"}),
    ):
        assert client.get(path, params=params).status_code == 422


def test_the_rule_is_previewed_set_and_taken_back(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client, brand = office.client(), office.services.brand("main")
    new = {"mode": "fixed", "dormant_days": 1, "lost_days": 2}
    seen = client.put("/lifecycle/rules", json={"values": new, "preview": True}).json()
    assert not brand.customers.rule_versions()[0].version
    office.nudged.clear()
    made = client.put("/lifecycle/rules", json={"values": new, "note": "strict"}).json()
    assert (made["version"], made["note"], made["rule"]["dormant_days"]) == (1, "strict", 1)
    assert office.nudged == ["main"]
    assert client.get("/lifecycle").json()["recomputing"]
    assert not client.get("/status").json()["fresh"]
    office.work()
    after = client.get("/lifecycle").json()
    assert not after["recomputing"]
    assert after["states"] == seen["sizes"]["stage"]["then"] != seen["sizes"]["stage"]["now"]
    back = client.put("/lifecycle/rules", json={"version": 0}).json()
    assert back["rule"]["mode"] == "data"
    assert [one["version"] for one in client.get("/lifecycle/rules").json()] == [2, 1, 0]
    for wrong in ({"values": {"mode": "x"}}, {"values": {"odd": 1}}, {"other": 1}):
        assert client.put("/lifecycle/rules", json=wrong).status_code == 422
    assert client.put("/lifecycle/rules", json={"version": 77}).status_code == 404
    acts = [row.action for row in brand.audit.page()]
    assert acts.count("lifecycle_rule_set") == 2


def test_cells_of_the_matrix_are_chosen(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client()
    found = client.get("/matrix").json()
    assert sum(one["people"] for one in found["cells"]) == found["people"] > 0
    key = next(one["key"] for one in found["cells"] if one["people"])
    chosen = {"cells": {key: {"action": "task", "note": "ask them"}}}
    changed = client.put("/matrix", json=chosen).json()
    cell = next(one for one in changed["cells"] if one["key"] == key)
    assert (cell["action"], cell["note"], cell["chosen"]) == ("task", "ask them", True)
    assert client.put("/matrix", json={"version": 0}).json()["cells"] == found["cells"]
    assert client.put("/matrix", json={"cells": {"x": None}}).status_code == 422


def test_the_commands(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    home = ["--home", str(office.services.settings.home), "--brand", "main"]
    life = office.services.brand("main").lifecycle

    def ask(*args: str) -> dict[str, object]:
        done = CliRunner().invoke(app, ["lifecycle", *args, *home, "--json"])
        assert done.exit_code == 0, done.output
        told: dict[str, object] = json.loads(done.output)
        return told

    assert ask("show")["states"] == life.sizes()
    assert ask("show", "--axis", "nes")["states"] == life.sizes("nes")
    days = ("--first", DAYS["first"], "--last", DAYS["last"])
    between = life.between("", *(life.today().fromisoformat(DAYS[end]) for end in DAYS))
    assert ask("movements", *days) == life.movements("stage", between).to_json()
    assert ask("matrix")["people"] == life.matrix().people
    for args in (["show"], ["movements"], ["matrix"]):
        said = CliRunner().invoke(app, ["lifecycle", *args, *home])
        assert said.exit_code == 0
        assert said.output.strip()
