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
from yutang.sequence import build, refresh
from yutang.sequence.shard import open_shards

pytestmark = pytest.mark.slow

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


@pytest.mark.parametrize(
    ("kind", "point"),
    [("events", "delta:events"), ("events", "lake:events"), ("orders", "lake:orders")],
)
def test_caches_made_while_a_batch_is_half_done_stay_right(
    kind: str, point: str, files: dict[str, Path], tmp_path: Path
) -> None:
    """A rebuild, or a restored backup, may meet facts of a batch that is finished only later."""
    calm = Numbers(tmp_path / "calm")
    calm.small.take(kind, files[kind])

    class DeadError(Exception):
        """Stands for the process dying at a step."""

    seen = 0

    def die(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == 2:
            raise DeadError

    broken = open_brand_at(tmp_path / "broken", die)
    with pytest.raises(DeadError):
        broken.take(kind, files[kind])
    numbers = Numbers(tmp_path / "broken")
    version = numbers.rebuild()
    assert version < calm.rebuild()
    half = numbers.read()
    assert half["facts"] < calm.read()["facts"]
    numbers.small.finish()
    numbers.refresh()
    assert numbers.read() == calm.read()


class Numbers:
    """What caches say of a brand."""

    def __init__(self, home: Path) -> None:
        self.small = open_brand_at(home)
        self.folder = self.small.workspace.cache / "shards"

    def rebuild(self) -> int:
        self.small.orders.refresh(whole=True)
        return build(self.small.facts, self.folder).facts_version

    def refresh(self) -> None:
        self.small.orders.refresh()
        refresh(self.small.facts, self.folder)

    def read(self) -> dict[str, Any]:
        book = self.small.orders.current()
        return {
            "facts": open_shards(self.folder).facts,
            "orders": book.orders.to_pylist(),
            "lines": book.lines.to_pylist(),
        }
