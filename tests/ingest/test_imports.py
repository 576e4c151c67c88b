"""Imports: what is stored, what is swept, what fails alone."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from tests.small_brand import NOW, SmallBrand, open_brand_at, write_events
from yutang.errors import BadInput, Conflict, NotFound
from yutang.state.brand import commits


@pytest.fixture
def brand(tmp_path: Path) -> SmallBrand:
    return open_brand_at(tmp_path / "home")


def uploads(brand: SmallBrand) -> list[Path]:
    return sorted((brand.workspace.files / "uploads").glob("*"))


def test_an_upload_is_private_and_goes_when_it_is_done(brand: SmallBrand, tmp_path: Path) -> None:
    added = brand.imports.add(write_events(tmp_path / "e"), kind="events", filename="../../e")
    (stored,) = uploads(brand)
    assert stored.stat().st_mode & 0o077 == 0
    assert added.filename == "e"
    brand.imports.queue(added.id)
    brand.finish()
    assert brand.imports.get(added.id).status == "done"
    assert uploads(brand) == []


def test_too_large_or_empty_files_leave_nothing(brand: SmallBrand) -> None:
    for body, limit in ((b"", None), (b"x" * 100, 50)):
        with pytest.raises(BadInput):
            brand.imports.add(io.BytesIO(body), kind="events", filename="f", limit=limit)
    assert uploads(brand) == []
    assert brand.imports.list_() == []


def test_an_import_is_started_once(brand: SmallBrand, tmp_path: Path) -> None:
    done = brand.take("events", write_events(tmp_path / "e"))
    with pytest.raises(Conflict):
        brand.imports.queue(done.id)
    with pytest.raises(Conflict):
        brand.imports.discard(done.id)
    with pytest.raises(NotFound):
        brand.imports.get(99)


def test_a_lost_upload_fails_its_import(brand: SmallBrand, tmp_path: Path) -> None:
    added = brand.imports.add(write_events(tmp_path / "e"), kind="events", filename="e")
    brand.imports.queue(added.id)
    brand.imports.path(added).unlink()
    brand.finish()
    failed = brand.imports.get(added.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["code"] == "not_found"


def test_left_uploads_are_swept(brand: SmallBrand, tmp_path: Path) -> None:
    done = brand.take("events", write_events(tmp_path / "e"))
    waiting = brand.imports.add(write_events(tmp_path / "f"), kind="events", filename="f")
    brand.imports.path(done).write_text("a crash came before its removal")
    folder = brand.workspace.files / "uploads"
    for name, age in (("lost", 2 * 86_400), ("arriving", 60)):
        (folder / name).write_text("x")
        os.utime(folder / name, (NOW / 1000 - age, NOW / 1000 - age))
    assert brand.imports.sweep() == 2
    assert {path.name for path in uploads(brand)} == {"arriving", waiting.stored_as}


def running(brand: SmallBrand, tmp_path: Path) -> int:
    added = brand.imports.add(write_events(tmp_path / "e"), kind="events", filename="e")
    brand.imports.queue(added.id)
    return added.id


def test_a_file_that_breaks_our_code_fails_alone(brand: SmallBrand, tmp_path: Path) -> None:
    mine = running(brand, tmp_path)
    assert brand.imports.give_up(mine, ZeroDivisionError("13811112222"))
    failed = brand.imports.get(mine)
    assert failed.status == "failed"
    assert "ZeroDivisionError" in str(failed.error)
    assert "1381111" not in str(failed.error), "the error's text may hold a value of the file"
    brand.imports.queue(mine)
    brand.finish()
    assert brand.imports.get(mine).status == "done"


def test_a_torn_file_is_no_trouble_of_the_machine(brand: SmallBrand, tmp_path: Path) -> None:
    assert brand.imports.give_up(running(brand, tmp_path), OSError("Couldn't deserialize thrift"))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), MemoryError()])
def test_troubles_of_the_machine_are_waited_out(
    error: Exception, brand: SmallBrand, tmp_path: Path
) -> None:
    mine = running(brand, tmp_path)
    assert not brand.imports.give_up(mine, error)
    assert brand.imports.get(mine).status == "queued"


def test_an_import_with_a_half_done_batch_is_tried_again(brand: SmallBrand, tmp_path: Path) -> None:
    mine = running(brand, tmp_path)
    with brand.workspace.db.write() as connection:
        connection.execute(
            commits.insert().values(
                at=NOW, kind="events", journal=f"import:{mine}", position=0, status="prepared",
                counts={},
            )
        )  # fmt: skip
    assert not brand.imports.give_up(mine, ZeroDivisionError())
