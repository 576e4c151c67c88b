"""Each detector finds what was broken, and finds nothing where all is well."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_brand import (
    NOW,
    SmallBrand,
    open_brand_at,
    order,
    write_events,
    write_order_file,
    write_orders,
)
from yutang.brand import Brand
from yutang.catalog.records import Request
from yutang.installation import Installation
from yutang.journal import SegmentWriter, remove, segments
from yutang.ops import DETECTORS, Finding, brand_checks, examine, home_checks
from yutang.refresh import refresh
from yutang.state.brand import commits, imports


class Clinic:
    """An installation that can be broken and examined: a copy of one that is well."""

    def __init__(self, folder: Path, well: Path | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        if well is not None:
            shutil.copytree(well, self.home)
        self.small: SmallBrand = open_brand_at(self.home)
        self.worker_up = True
        self.now = NOW
        if well is None:
            self._fill(folder)

    def _fill(self, folder: Path) -> None:
        self.small.take("events", write_events(folder / "events"))
        self.small.take("orders", write_orders(folder / "orders"))
        self.refresh()
        shop = self.brand().shops.list_()[0]
        self.brand().shops.set_(
            shop.id, name="Flagship", platform=shop.platform, domain="public", by="ann"
        )

    def brand(self) -> Brand:
        installation = Installation.open(self.home)
        return Brand(installation.get_brand("main"), self.small.workspace)

    def refresh(self) -> None:
        refresh(self.brand())

    @property
    def root(self) -> Path:
        return self.small.workspace.root

    def findings(self) -> list[Finding]:
        return examine(
            self.home,
            lambda: [("main", self.brand)],
            worker_up=lambda: self.worker_up,
            has_accounts=lambda: True,
            now=lambda: self.now,
        )

    def codes(self) -> set[str]:
        return {one.code for one in self.findings()}


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a healthy installation; nobody has it open."""
    made = Clinic(tmp_path_factory.mktemp("well"))
    made.small.workspace.db.close()
    return made.home


@pytest.fixture
def clinic(tmp_path: Path, well: Path) -> Clinic:
    return Clinic(tmp_path, well)


def test_a_healthy_installation_has_no_errors(clinic: Clinic) -> None:
    levels = {one.code: one.level for one in clinic.findings()}
    assert "error" not in levels.values()
    assert levels["no_private_shop"] == "hint"
    assert not {"no_public_source", "shops_unconfirmed", "no_events", "stale"} & levels.keys()


def test_every_detector_is_listed_once() -> None:
    codes = [one.code for one in DETECTORS]
    assert len(codes) == len(set(codes))
    assert {one.look.__module__.rpartition(".")[2] for one in DETECTORS} == {
        "home_checks", "brand_checks", "business_checks",
    }  # fmt: skip


def test_every_sentence_fills_its_template(clinic: Clinic) -> None:
    for one in clinic.findings():
        assert "%(" not in str(one.to_json())


# --- the folder and the machine ------------------------------------------------------------------
def test_a_folder_that_is_no_installation(tmp_path: Path) -> None:
    found = examine(tmp_path, list, worker_up=lambda: False, has_accounts=lambda: False)
    assert {"home", "secret"} <= {one.code for one in found if one.level == "error"}


def widen(path: Path) -> None:
    path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize(
    ("harm", "code", "level"),
    [
        (lambda c: widen(c.home), "home_open", "warning"),
        (lambda c: widen(c.home / "secret.key"), "secret_open", "error"),
        (lambda c: (c.home / "secret.key").unlink(), "secret", "error"),
        (lambda c: (c.home / "secret.key").write_bytes(b"short"), "secret", "error"),
        (lambda c: (c.home / "backup.staging").mkdir(), "backup_left", "warning"),
    ],
)
def test_a_folder_with_a_fault(
    harm: Callable[[Clinic], None], code: str, level: str, clinic: Clinic
) -> None:
    assert code not in clinic.codes()
    harm(clinic)
    assert (code, level) in {(one.code, one.level) for one in clinic.findings()}


@pytest.mark.parametrize(
    ("free", "code"), [(100 << 20, "disk_full"), (3 << 30, "disk_scarce"), (50 << 30, "")]
)
def test_a_full_disk(free: int, code: str, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage("/"))(100 << 30, (100 << 30) - free, free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    found = {one.code for one in clinic.findings() if one.code.startswith("disk")}
    assert found == ({code} if code else set())


def test_a_missing_library(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_checks, "_required", lambda: ["numpy", "a-library-nobody-has"])
    found = [one for one in clinic.findings() if one.code == "library"]
    assert [one.params["name"] for one in found] == ["a-library-nobody-has"]


def test_the_libraries_asked_for_are_known() -> None:
    assert {"numpy", "deltalake", "sqlalchemy"} <= set(home_checks._required())
    assert "pytest" not in home_checks._required()


def test_missing_front_end_files(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(home_checks, "PACKAGE", tmp_path)
    assert {"front_end", "locale"} <= clinic.codes()


def test_a_damaged_database_is_not_opened(clinic: Clinic) -> None:
    clinic.small.workspace.db.checkpoint()
    clinic.small.workspace.db.close()
    path = clinic.root / "state.db"
    with path.open("r+b") as file:
        file.seek(8_192)
        file.write(os.urandom(8_192))
    found = clinic.findings()
    assert "database" in {one.code for one in found if one.level == "error"}
    assert "no_private_shop" not in {one.code for one in found}


@pytest.mark.parametrize(
    ("version", "code", "level"), [("9999", "newer", "error"), ("0000", "older", "warning")]
)
def test_a_database_of_another_version(version: str, code: str, level: str, clinic: Clinic) -> None:
    with sqlite3.connect(clinic.root / "state.db") as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (version,))
    assert (code, level, "main") in {(f.code, f.level, f.where) for f in clinic.findings()}


# --- a brand's stores ----------------------------------------------------------------------------
def leave_a_batch_half_done(clinic: Clinic) -> None:
    with clinic.small.workspace.db.write() as connection:
        connection.execute(commits.update().where(commits.c.id == 2).values(status="prepared"))


def test_a_half_done_batch_needs_a_worker(clinic: Clinic) -> None:
    leave_a_batch_half_done(clinic)
    levels = {one.code: one.level for one in clinic.findings()}
    assert levels["batches"] == "warning"
    clinic.worker_up = False
    levels = {one.code: one.level for one in clinic.findings()}
    assert levels["batches"] == "error"


def test_a_batch_in_work_is_no_finding(clinic: Clinic) -> None:
    leave_a_batch_half_done(clinic)
    with clinic.small.workspace.writer():
        assert "batches" not in clinic.codes()


def test_waiting_and_failed_imports(clinic: Clinic) -> None:
    file = write_events(clinic.folder / "events")
    added = clinic.small.imports.add(file, kind="events", filename="again")
    clinic.small.imports.queue(added.id)
    assert "imports_due" in clinic.codes()
    with clinic.small.workspace.db.write() as connection:
        mine = imports.c.id == added.id
        error = {"message": "no columns"}
        connection.execute(imports.update().where(mine).values(status="failed", error=error))
    (found,) = [one for one in clinic.findings() if one.code == "imports_failed"]
    assert "no columns" in found.to_json()["problem"]


def test_a_lost_data_file(clinic: Clinic) -> None:
    next((clinic.root / "lake" / "events").glob("day=*/*.parquet")).unlink()
    assert "lake_files" in {one.code for one in clinic.findings() if one.level == "error"}


def test_a_torn_lake_log(clinic: Clinic) -> None:
    log = clinic.root / "lake" / "events" / "_delta_log" / f"{0:020d}.json"
    log.write_text("{ torn")
    assert "lake" in {one.code for one in clinic.findings() if one.level == "error"}


def test_a_state_older_than_the_lake(clinic: Clinic) -> None:
    with clinic.small.workspace.db.write() as connection:
        connection.execute(commits.delete().where(commits.c.id == 2))
    assert "state_behind" in {one.code for one in clinic.findings() if one.level == "error"}


def test_a_key_index_far_behind(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brand_checks, "MANY_BEHIND", 0)
    assert "keys_behind" not in clinic.codes()
    (clinic.root / "lake" / "_keys" / "events" / "version.json").unlink()
    assert "keys_behind" in clinic.codes()


def test_crowded_days(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yutang.lake.lake.FILES_PER_DAY", 0)
    assert "crowded" in clinic.codes()


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("orders/current.json", "orders"),
        ("shards/current.json", "analysis"),
        ("customers/current.json", "customers"),
        ("groups/current.json", "groups"),
    ],
)
def test_an_unreadable_cache(pointer: str, name: str, clinic: Clinic) -> None:
    path = clinic.root / "cache" / pointer
    assert path.exists()
    path.write_text("{ torn")
    found = [one for one in clinic.findings() if one.code == "cache"]
    assert name in {one.params["name"] for one in found}
    assert all(one.level == "error" for one in found)


def test_a_cache_behind(clinic: Clinic) -> None:
    clinic.small.take("events", write_events(clinic.folder / "more", first=500, count=5))
    found = [one for one in clinic.findings() if one.code == "cache_behind"]
    assert {one.params["name"] for one in found} == {
        "orders", "analysis", "customers", "groups",
    }  # fmt: skip


def test_a_log_that_nobody_empties(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brand_checks, "LOG_BYTES", 10)
    leave_a_batch_half_done(clinic)
    assert "log_large" in clinic.codes()


# --- the business --------------------------------------------------------------------------------
def test_an_empty_brand(tmp_path: Path) -> None:
    small = open_brand_at(tmp_path / "home")
    row = Installation.open(tmp_path / "home").get_brand("main")
    found = examine(
        tmp_path / "home",
        lambda: [("main", lambda: Brand(row, small.workspace))],
        worker_up=lambda: False,
        has_accounts=lambda: False,
        now=lambda: NOW,
    )
    assert {one.code for one in found} == {"empty", "worker", "accounts"}


def test_only_a_private_shop_is_a_community(clinic: Clinic) -> None:
    shop = clinic.brand().shops.list_()[0]
    clinic.brand().shops.set_(
        shop.id, name="Ours", platform=shop.platform, domain="private", by="ann"
    )
    codes = clinic.codes()
    assert "no_public_source" in codes
    assert "no_private_shop" not in codes


def test_a_new_shop_waits_for_a_word(clinic: Clinic) -> None:
    file = write_order_file(clinic.folder / "new", [order(700, "m1", shop="second")], [])
    clinic.small.take("orders", file)
    assert "shops_unconfirmed" in clinic.codes()


def test_orders_alone_tell_little(tmp_path: Path) -> None:
    small = open_brand_at(tmp_path / "home")
    small.take("orders", write_orders(tmp_path / "orders"))
    row = Installation.open(tmp_path / "home").get_brand("main")
    found = examine(
        tmp_path / "home",
        lambda: [("main", lambda: Brand(row, small.workspace))],
        worker_up=lambda: True,
        has_accounts=lambda: True,
        now=lambda: NOW,
    )
    assert "no_events" in {one.code for one in found}


def test_stale_facts(clinic: Clinic) -> None:
    clinic.now = NOW + 7 * 86_400_000
    assert "stale" not in clinic.codes()
    clinic.now += 86_400_000
    assert "stale" in clinic.codes()


def test_a_full_quarantine(clinic: Clinic) -> None:
    assert "quarantine" in clinic.codes()  # the events bring some two hundred misfits


def test_events_that_nobody_takes_in(clinic: Clinic) -> None:
    workspace = clinic.small.workspace
    writer = SegmentWriter(workspace.journal, now=lambda: NOW - 9 * 60_000)
    writer.append([Request("POST", "/sa", b"", {}, b"x", NOW)])
    assert "journal_waiting" not in clinic.codes()
    clinic.now = NOW + 60_000
    assert "journal_waiting" in clinic.codes()
    writer.close()
    for segment in segments(workspace.journal):
        remove(segment)
    assert "journal_waiting" not in clinic.codes()
