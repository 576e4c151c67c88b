"""One import in a process of its own that kills itself at a named point of the commit order."""

from __future__ import annotations

from pathlib import Path

from tests.deaths import Death
from tests.small_brand import open_brand_at
from yutang.commerce import importer
from yutang.ingest import event_files

EVENTS_PER_COMMIT = 80
LINES_PER_COMMIT = 50


def small_commits() -> None:
    """Make a file of some hundred rows come in several commits, each within one day or many."""
    event_files.CHUNK_LINES = EVENTS_PER_COMMIT
    importer.LINES_PER_COMMIT = LINES_PER_COMMIT


def run(home: str, kind: str, file: str, point: str, nth: int) -> None:
    """Import the file; the nth time `point` is reached, die without a goodbye."""
    small_commits()
    open_brand_at(Path(home), Death(point, nth)).take(kind, Path(file))
