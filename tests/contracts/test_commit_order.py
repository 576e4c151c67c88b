"""kill -9 at each point of the commit order: nothing lost, nothing doubled, nothing different."""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import kill_run
from tests.small_brand import open_brand_at, write_events, write_orders
from yutang.commerce import importer
from yutang.ingest import event_files

WRITE = {"events": write_events, "orders": write_orders}
POINTS = {
    "events": ["state", "delta:events", "keys:events", "lake:events", "counters"],
    "orders": [
        "state",
        *("delta:orders", "keys:orders", "lake:orders"),
        *("delta:order_lines", "keys:order_lines", "lake:order_lines"),
        "counters",
    ],
}
CASES = [
    pytest.param(kind, point, nth, marks=[pytest.mark.slow] if nth == 2 else [])
    for kind, points in POINTS.items()
    for point in points
    for nth in (1, 2)
]
CASES += [("events", "done", 1), ("orders", "done", 1)]


@pytest.fixture(autouse=True)
def _small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "CHUNK_LINES", kill_run.EVENTS_PER_COMMIT)
    monkeypatch.setattr(importer, "LINES_PER_COMMIT", kill_run.LINES_PER_COMMIT)


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes forked from one that only imported our modules: quick, and free of threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.contracts.kill_run"])
    return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    return {kind: write(folder / kind) for kind, write in WRITE.items()}


@pytest.fixture(scope="module")
def undisturbed(
    files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What each import leaves where nobody dies."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_files, "CHUNK_LINES", kill_run.EVENTS_PER_COMMIT)
        patch.setattr(importer, "LINES_PER_COMMIT", kill_run.LINES_PER_COMMIT)
        for kind, file in files.items():
            brand = open_brand_at(tmp_path_factory.mktemp("calm") / "home")
            assert brand.take(kind, file).status == "done"
            found[kind] = brand.dump()
    return found


@pytest.mark.parametrize(("kind", "point", "nth"), CASES)
def test_a_killed_import_ends_as_if_it_had_not_been(
    kind: str,
    point: str,
    nth: int,
    processes: Any,
    files: dict[str, Path],
    undisturbed: dict[str, dict[str, Any]],
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    child = processes.Process(
        target=kill_run.run, args=(str(home), kind, str(files[kind]), point, nth)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL, "the point was never reached"

    brand = open_brand_at(home)
    brand.finish()
    after = brand.dump()
    for part, rows in undisturbed[kind].items():
        if part == "imports":  # the name under which the upload was stored is random
            rows, after[part] = _without_stored_name(rows), _without_stored_name(after[part])
        assert after[part] == rows, part
    assert len(after["commits"]) > 2, "the file comes in several commits"


def _without_stored_name(rows: list[str]) -> list[str]:
    return [", ".join(field for field in row.split(", ") if "-" not in field) for row in rows]
