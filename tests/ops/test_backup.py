"""Backup while running, restore, and the replay of what came after."""

from __future__ import annotations

import io
import multiprocessing
import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import kill_run
from tests.small_brand import open_brand_at, stopped, write_events, write_orders
from yutang.errors import BadInput, Conflict, Damaged
from yutang.ingest import event_files
from yutang.installation import Installation
from yutang.ops import backup, restore

pytestmark = pytest.mark.slow


def no_caches(_home: Path) -> None:
    """These brands are read from the lake and the state."""


def comparable(dump: dict[str, Any]) -> dict[str, Any]:
    return {part: rows for part, rows in dump.items() if part != "imports"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody has open."""
    folder = tmp_path_factory.mktemp("filled")
    brand = open_brand_at(folder / "home")
    brand.take("events", write_events(folder / "events"))
    brand.take("orders", write_orders(folder / "orders"))
    brand.workspace.db.close()
    return folder / "home"


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "home")
    return tmp_path / "home"


def test_a_restored_installation_holds_the_same_rows(home: Path, tmp_path: Path) -> None:
    before = open_brand_at(home).dump()
    made = backup(Installation.open(home), tmp_path / "one.tar", now=stopped)
    assert made.brands["main"]["facts_version"] == 2
    restore(tmp_path / "one.tar", tmp_path / "again", no_caches)
    assert open_brand_at(tmp_path / "again").dump() == before
    assert stat.S_IMODE((tmp_path / "one.tar").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "again").stat().st_mode) == 0o700
    assert not (home / "backup.staging").exists()


def test_replaying_what_came_after_gives_the_same_rows(home: Path, tmp_path: Path) -> None:
    backup(Installation.open(home), tmp_path / "one.tar.gz")
    later = {
        "events": write_events(tmp_path / "more-events", first=150, count=150, people=30),
        "orders": write_orders(tmp_path / "more-orders", first=40, count=50, people=30),
    }
    brand = open_brand_at(home)
    for kind, file in later.items():
        brand.take(kind, file)
    restore(tmp_path / "one.tar.gz", tmp_path / "again", no_caches)
    other = open_brand_at(tmp_path / "again")
    for kind, file in later.items():
        other.take(kind, file)
    assert comparable(other.dump()) == comparable(brand.dump())


def test_an_import_that_was_waiting_is_done_after_the_restore(home: Path, tmp_path: Path) -> None:
    brand = open_brand_at(home)
    file = write_events(tmp_path / "waiting", first=500, count=40)
    added = brand.imports.add(file, kind="events", filename="waiting")
    brand.imports.queue(added.id)
    backup(Installation.open(home), tmp_path / "one.tar")
    restore(tmp_path / "one.tar", tmp_path / "again", no_caches)
    brand.finish()
    other = open_brand_at(tmp_path / "again")
    other.finish()
    assert other.imports.get(added.id).status == "done"
    assert comparable(other.dump()) == comparable(brand.dump())


@pytest.mark.slow
def test_a_backup_in_the_midst_of_an_import_can_be_finished(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process imports in many small commits while backup follows backup."""
    file = write_events(tmp_path / "long", first=1_000, count=400)
    context = multiprocessing.get_context("forkserver")
    child = context.Process(target=kill_run.run, args=(str(home), "events", str(file), "", 0))
    child.start()
    made = []
    while child.is_alive() or not made:
        made.append(backup(Installation.open(home), tmp_path / f"{len(made)}.tar"))
    child.join()
    assert child.exitcode == 0
    expected = comparable(open_brand_at(home).dump())
    del expected["uploads"]  # a copy of an upload on its way in may be held without its row
    monkeypatch.setattr(event_files, "CHUNK_LINES", kill_run.EVENTS_PER_COMMIT)
    versions = {one.brands["main"]["facts_version"]: one for one in made}
    whole = max(versions)
    for version, one in versions.items():
        again = tmp_path / f"again-{version}"
        restore(one.path, again, no_caches)
        brand = open_brand_at(again)
        newest = brand.imports.list_()[0]
        if newest.kind != "events":
            brand.take("events", file)  # the backup is older than the upload
        elif newest.status == "uploaded":
            brand.imports.queue(newest.id)
        brand.finish()
        assert comparable(brand.dump()) | {"uploads": 0} == expected | {"uploads": 0}
    assert whole >= 2


def test_a_backup_of_one_brand_holds_nothing_of_the_others(home: Path, tmp_path: Path) -> None:
    installation = Installation.open(home)
    installation.add_brand("secret-pond", "Secret Pond")
    backup(installation, tmp_path / "main.tar", brand="main")
    restored = restore(tmp_path / "main.tar", tmp_path / "again", no_caches)
    assert [row.slug for row in restored.brands()] == ["main"]
    assert b"secret-pond" not in (tmp_path / "again" / "installation.db").read_bytes()
    assert not (tmp_path / "again" / "brands" / "secret-pond").exists()


def test_nothing_is_overwritten(home: Path, tmp_path: Path) -> None:
    backup(Installation.open(home), tmp_path / "one.tar")
    with pytest.raises(Conflict):
        backup(Installation.open(home), tmp_path / "one.tar")
    with pytest.raises(Conflict):
        restore(tmp_path / "one.tar", home, no_caches)


def repack(source: Path, target: Path, change: Any) -> None:
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            data = old.extractfile(member).read()  # type: ignore[union-attr]
            for name, body in change(member.name, data):
                info = tarfile.TarInfo(name)
                info.size = len(body)
                new.addfile(info, io.BytesIO(body))


def flip_a_byte(name: str, data: bytes) -> list[tuple[str, bytes]]:
    if name.endswith("state.db"):
        data = data[:5_000] + bytes([data[5_000] ^ 1]) + data[5_001:]
    return [(name, data)]


def drop_the_manifest(name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [] if name == "manifest.json" else [(name, data)]


def drop_a_data_file(name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [] if name.endswith("0.json") else [(name, data)]


def add_a_file(name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [(name, data), ("brands/main/extra", b"x")] if name == "secret.key" else [(name, data)]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (flip_a_byte, Damaged),
        (drop_the_manifest, BadInput),
        (drop_a_data_file, Damaged),
        (add_a_file, Damaged),
    ],
)
def test_a_damaged_archive_restores_nothing(
    change: Any, error: type[Exception], home: Path, tmp_path: Path
) -> None:
    backup(Installation.open(home), tmp_path / "one.tar")
    repack(tmp_path / "one.tar", tmp_path / "bad.tar", change)
    with pytest.raises(error):
        restore(tmp_path / "bad.tar", tmp_path / "again", no_caches)
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "again.restoring").exists()


def test_a_cut_off_archive_restores_nothing(home: Path, tmp_path: Path) -> None:
    backup(Installation.open(home), tmp_path / "one.tar")
    data = (tmp_path / "one.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput):
        restore(tmp_path / "cut.tar", tmp_path / "again", no_caches)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", ["../outside", "/absolute", "brands/../../outside"])
def test_a_path_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(BadInput):
        restore(tmp_path / "evil.tar", tmp_path / "in" / "again", no_caches)
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "in" / "outside").exists()


def test_a_link_in_the_archive_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        info = tarfile.TarInfo("secret.key")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(info)
    with pytest.raises(BadInput):
        restore(tmp_path / "evil.tar", tmp_path / "again", no_caches)


def test_sessions_do_not_come_back(home: Path, tmp_path: Path) -> None:
    with sqlite3.connect(home / "installation.db") as db:
        db.execute(
            "INSERT INTO accounts (login, name, password_hash, created_at) VALUES ('a','a','x',1)"
        )
        db.execute(
            "INSERT INTO sessions (token_hash, account_id, created_at, seen_at, expires_at)"
            " VALUES ('stolen-token', 1, 1, 1, 1)"
        )
    backup(Installation.open(home), tmp_path / "one.tar")
    restore(tmp_path / "one.tar", tmp_path / "again", no_caches)
    assert b"stolen-token" not in (tmp_path / "again" / "installation.db").read_bytes()


def test_the_staging_of_a_killed_backup_is_cleared(home: Path, tmp_path: Path) -> None:
    (home / "backup.staging").mkdir()
    (home / "backup.staging" / "left").write_text("x")
    backup(Installation.open(home), tmp_path / "one.tar")
    with tarfile.open(tmp_path / "one.tar") as tar:
        names = tar.getnames()
    assert "left" not in names
