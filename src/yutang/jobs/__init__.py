"""The job queue: rows are the truth, a job is only a nudge to look at them.

Losing a job costs at most a minute (the worker sweeps all brands); running one twice is harmless.
"""

from __future__ import annotations

from pathlib import Path

from huey import SqliteHuey

from yutang.jobs.freshness import made_version, mark_made

__all__ = ["POLL_SECONDS", "made_version", "mark_made", "open_queue"]

POLL_SECONDS = 1.0  # an idle worker asks the queue once a second


def open_queue(home: Path) -> SqliteHuey:
    """The installation's queue, a SQLite file of its own."""
    return SqliteHuey(
        "yutang", filename=str(home / "queue.db"), results=False, journal_mode="wal", timeout=30
    )
