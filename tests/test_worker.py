"""What the worker does for one brand: everything due, and one broken file spoils nothing."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import START, open_brand_at, write_events
from yutang.brand import Brand
from yutang.errors import Busy
from yutang.ingest import EventIntake
from yutang.installation import Installation
from yutang.lake import lake as lake_module
from yutang.privacy import Privacy
from yutang.worker import work_on


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    small = open_brand_at(tmp_path / "home")
    return Brand(Installation.open(tmp_path / "home").get_brand("main"), small.workspace)


def upload(brand: Brand, path: Path) -> int:
    added = brand.imports.add(path, kind="events", filename=path.name)
    brand.imports.queue(added.id)
    return added.id


def test_what_is_due_is_done_and_the_caches_follow(brand: Brand, tmp_path: Path) -> None:
    number = upload(brand, write_events(tmp_path / "events"))
    work_on(brand)
    assert brand.imports.get(number).status == "done"
    assert brand.shards().facts == 200
    assert brand.is_fresh()


def test_a_file_that_breaks_our_code_does_not_hold_up_the_others(
    brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = upload(brand, write_events(tmp_path / "broken"))
    sound = upload(brand, write_events(tmp_path / "sound"))
    prepare: Callable[..., Any] = EventIntake.prepare

    def stumble(self: EventIntake, *arguments: Any, **named: Any) -> Any:
        if named["import_id"] == broken:
            raise ZeroDivisionError("13811112222")
        return prepare(self, *arguments, **named)

    monkeypatch.setattr(EventIntake, "prepare", stumble)
    work_on(brand)
    assert brand.imports.get(broken).status == "failed"
    assert brand.imports.get(sound).status == "done"
    assert brand.shards().facts == 200


def test_a_full_disk_is_waited_out(
    brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = upload(brand, write_events(tmp_path / "events"))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(lake_module, "write_deltalake", full)
        with pytest.raises(OSError, match="No space"):
            work_on(brand)
    assert brand.imports.get(number).status == "running"
    work_on(brand)
    assert brand.imports.get(number).status == "done"
    assert brand.workspace.lake.count("events") == 200


def test_crowded_days_are_merged(
    brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_module, "FILES_PER_DAY", 2)
    for n in range(3):
        line = {"event": "page_viewed", "time": START + n, "identities": {"member_no": "m"}}
        (tmp_path / f"{n}").write_text(json.dumps(line))
        upload(brand, tmp_path / f"{n}")
        work_on(brand)
    assert list(brand.workspace.lake.files_per_day("events").values()) == [1]
    assert brand.workspace.lake.count("events") == 3


def test_an_erasure_that_died_is_finished(brand: Brand, tmp_path: Path) -> None:
    upload(brand, write_events(tmp_path / "events"))
    work_on(brand)

    def die(_name: str) -> None:
        raise ZeroDivisionError

    with brand.workspace.writer(), pytest.raises(ZeroDivisionError):
        Privacy(brand.workspace, brand.identities, brand.attributes, die).erase(
            "member_no", "m3", by="ann", rebuild=lambda: None
        )
    work_on(brand)
    assert [one.status for one in brand.privacy.receipts()] == ["done"]
    assert brand.shards().facts == 190
    assert brand.identities.find("member_no", "m3") is None


def test_a_second_writer_is_told_to_wait(brand: Brand) -> None:
    with brand.workspace.writer(), pytest.raises(Busy):
        work_on(brand, wait=False)


def test_the_worker_process_takes_the_tasks_that_others_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started as a program, it must know its tasks by the name the queue holds."""
    started: list[Path] = []
    monkeypatch.setattr("yutang.worker.run", started.append)
    monkeypatch.setattr("sys.argv", ["worker", str(tmp_path)])
    runpy.run_module("yutang.worker", run_name="__main__")
    assert started == [tmp_path]
