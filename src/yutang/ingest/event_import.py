"""Run an import of an event file: chunk by chunk, each committed once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from yutang.ingest.commit import Committer, Prepared
from yutang.ingest.event_files import EventChunk, read_chunks
from yutang.ingest.events import EventIntake
from yutang.ingest.imports import Import, Progress

SOURCE = "file"


class EventImports:
    """Runner for `imports` of kind "events"."""

    def __init__(self, committer: Committer, intake: EventIntake) -> None:
        self._committer = committer
        self._intake = intake

    def run(self, one: Import, path: Path, progress: Progress) -> dict[str, Any]:
        """Commit each chunk of the file; a chunk committed before a crash is left alone."""
        total = {"events": 0, "duplicates": 0, "quarantined": 0, "refused": 0}
        for position, chunk in enumerate(read_chunks(path)):
            progress("events", total["events"] + total["duplicates"], 0)
            counts = self._committer.commit(
                f"import:{one.id}",
                position,
                "events",
                partial(self._prepare, chunk, one.id, position),
                source=SOURCE,
                import_id=one.id,
            )
            for name in total:
                total[name] += counts.get(name, 0)
        return {**total, "customers": self._intake.customers_of_import(one.id)}

    def _prepare(
        self,
        chunk: EventChunk,
        import_id: int,
        position: int,
        connection: Connection,
        version: int,
    ) -> Prepared:
        return self._intake.prepare(
            connection, version, chunk, source=SOURCE, import_id=import_id, position=position
        )
