"""Everything of one person in one file, and nothing of anybody else."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.privacy.test_erased_everywhere import BOB, bring, log_in, profiles, tracked
from tests.privacy.test_erasure import DEVICE, MEMBER, PHONE, World
from yutang.cli import app
from yutang.errors import Conflict, NotFound
from yutang.worker import work_on

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.add_eve()
    work_on(made.brand)
    return made


def told(world: World, folder: Path) -> dict[str, Any]:
    files = world.brand.person_files
    out = folder / "eve.json"
    files.write(files.customer_of("phone", PHONE), out)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_everything_of_the_person_is_there(world: World, tmp_path: Path) -> None:
    eve = world.small.identities.find("member_no", MEMBER)
    assert eve is not None
    tracked(world, eve.id)
    world.brand.privacy.ask(eve.customer_id, by="ann")
    found = told(world, tmp_path)
    assert (found["format"], found["version"], found["brand"]) == ("yutang.person", 1, "main")
    assert found["customer"]["numbers"][0]["id"] == eve.customer_id
    assert found["customer"]["orders"] == 2
    identities = {one["kind"]: one for one in found["identities"]}
    assert identities["member_no"]["value"] == MEMBER
    assert identities["phone"]["value"] == "138****2222"
    assert identities["phone"]["masked"] is True
    assert len(found["links"]) == 3
    assert len(found["events"]) == 4
    assert {one["properties"].get("page") for one in found["events"]} == {"only-eve-reads-this"}
    assert [one["order_id"] for one in found["orders"]] == ["T000900", "T000901"]
    assert len(found["order_lines"]) == 2
    assert [one["value"] for one in found["profile_operations"]] == ['"only-eve-reads-this"']
    assert [(one["name"], one["value"], one["source"]) for one in found["attributes"]] == [
        ("city", "only-eve-reads-this", "web")
    ]
    assert any(MEMBER in (one["record"] or "") for one in found["quarantine"])
    assert [one["action"] for one in found["audit"]] == ["customer.searched"]
    assert [one["status"] for one in found["receipts"]] == ["asked"]
    assert "m1" not in {one["value"] for one in found["identities"]}


def test_only_the_own_time_on_a_shared_device(world: World, tmp_path: Path) -> None:
    device = {"device": DEVICE}
    bring(world, tmp_path, [(10, BOB | device), (11, device), (20, device)])
    log_in(world, {"member_no": MEMBER} | device, 19)
    tablet = world.small.identities.find("device", DEVICE)
    assert tablet is not None
    said = profiles(tablet.id, tablet.id, hours=(20, 11))  # the second while it was Bob's
    world.small.workspace.lake.append("profiles", said, journal="p", position=1)
    world.brand.attributes.rebuild()
    found = told(world, tmp_path)
    mine = "only-eve-reads-this"
    assert [one["value"] for one in found["profile_operations"]] == [f'"{mine}"']
    assert [one["value"] for one in found["attributes"]] == [mine]
    assert "other" not in repr(found["attributes"])
    shared = [one for one in found["identities"] if one["shared"]]
    assert [one["value"] for one in shared] == [DEVICE]
    assert len(found["events"]) == 5  # hers, and that of hour 20
    assert BOB["member_no"] not in {one["value"] for one in found["identities"]}
    assert [hand["owner_shown"] for hand in found["device_hands"]] == [BOB["member_no"], MEMBER]


def test_the_file_is_the_owners_alone_and_never_written_over(world: World, tmp_path: Path) -> None:
    told(world, tmp_path)
    out = tmp_path / "eve.json"
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o600
    before = out.read_bytes()
    with pytest.raises(Conflict):
        told(world, tmp_path)
    assert out.read_bytes() == before


def test_a_file_that_broke_off_is_not_left(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        world.brand.person_files, "_events", lambda *_: iter([{"a": object}, 1 / 0])
    )
    with pytest.raises(ZeroDivisionError):
        told(world, tmp_path)
    assert not (tmp_path / "eve.json").exists()


def test_an_unknown_person_makes_no_file(world: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        world.brand.person_files.write(999_999, tmp_path / "nobody.json")
    assert not (tmp_path / "nobody.json").exists()


def test_the_command_writes_it_and_says_so_in_the_audit_log(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = ["person", "export", f"phone:{PHONE}", "--out", str(out), "--home", str(world.home)]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["bytes"] == out.stat().st_size
    assert world.brand.audit.page()[0].action == "person.exported"
