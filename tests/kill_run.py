"""A receiver and a worker of one installation, each in a process that is killed or kills itself."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path
from typing import Any

from tests.deaths import Death, disk_of
from yutang import brand as app
from yutang import installation, journal, logs, receivers, refresh, streaming, worker
from yutang.collect import Receiver
from yutang.collect.server import server_of
from yutang.ingest.stream import intake
from yutang.journal import SegmentWriter, writer
from yutang.lake import lake as lake_module
from yutang.settings import Settings

# Loaded here, before the forks, what each worker would else load for itself.
PRELOADED: Any = (refresh, __import__("yutang.sequence"), __import__("duckdb"))
GONE = "gone"  # under the home: the journal's segments that the worker removed


def receive(home: str, listener: socket.socket, point: str, nth: int) -> None:
    """`yutang collect` on a socket that outlives it; dies at the nth write ("" = never). Its
    segments are short, so that there are always some to remove."""
    writer.SEGMENT_SECONDS = 0.3
    logs.configure("critical")
    death = Death(point, nth, Path(home) / "reached")
    collecting = receivers.open_collecting(Settings(home=Path(home)))
    collecting._make_writer = lambda folder: SegmentWriter(folder, disk=disk_of(death))
    server_of(Receiver(collecting), log_level="critical").run(sockets=[listener])


def work(home: str, point: str, nth: int) -> None:
    """The worker, tidy to the utmost, so that all that it ever does happens within a moment; where
    it may die at any instant, another process reads ahead for it."""
    logs.configure(os.environ.get("KILL_LOG", "critical"))
    step = Death(point, nth, Path(home) / "reached")
    app.Committer = partial(app.Committer, step=step)
    installation.Lake = partial(installation.Lake, step=step)
    streaming.HOUSE_SECONDS = streaming.CLEAR_SECONDS = streaming.REFRESH_SECONDS = 0.0
    lake_module.FILES_PER_DAY = 8
    if not point:
        intake.WORTH_AHEAD = 1

    def keep(segment: Path) -> None:
        """Removed for the worker, kept for the test's own count."""
        os.rename(segment, Path(home) / GONE / segment.name)
        step("removed")

    def made(*place: Any) -> None:
        step("refreshed")
        mark_made(*place)
        step("marked")

    mark_made, journal.remove = refresh.mark_made, keep
    refresh.mark_made = made
    worker.run(Path(home))
