"""The stream: what receivers wrote down becomes facts, batch by batch, exactly once.

A batch is the frames of one journal segment between two offsets. Its commit carries the segment's
name and the end offset, so a batch that died half-way is made again of exactly the same frames.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.exc import OperationalError

from yutang import journal
from yutang.attributes import Attributes
from yutang.catalog.records import Limits, TrackingProtocol
from yutang.identity import Identities
from yutang.ingest.commit import Committer, Prepared
from yutang.ingest.stream.ahead import Ahead
from yutang.ingest.stream.prepare import Preparing
from yutang.ingest.stream.segments import (
    KIND,
    Segment,
    half_done,
    is_over,
    prune,
    segments,
)
from yutang.ingest.stream.settings import StreamSettings, load
from yutang.ingest.stream.source_names import SourceNames, SourceOf
from yutang.ingest.stream.stretch import (
    Budget,
    Stretch,
    Stretches,
    no_garbage_collection,
    nothing,
)
from yutang.workspace import Workspace

log = structlog.get_logger("stream")
WORTH_AHEAD = 4 << 20  # waiting bytes for which another process reads ahead
ENOUGH_BYTES = 1 << 20  # waiting bytes that make a batch worth committing at once


@dataclass(frozen=True)
class Waiting:
    """What the journal holds that is not committed: bytes, and whether a batch should be made now
    (enough of them, or they have waited long enough for company)."""

    bytes: int
    due: bool


class StreamIntake:
    """Takes one brand's tracked events from its journal into the lake; for the one writer."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        attributes: Attributes,
        committer: Committer,
        protocols: Sequence[TrackingProtocol],
        *,
        source_of: SourceOf | None = None,
        limits: Limits | None = None,
        reader: Sequence[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """reader: starts the process that reads ahead; without it all is done here."""
        self._workspace = workspace
        self._committer = committer
        self._source_of = source_of or SourceNames(workspace)
        self._stretches = Stretches(protocols, limits or Limits())
        self._ahead = Ahead(reader, self._stretches, monotonic) if reader else None
        self._monotonic = monotonic
        self.preparing = Preparing(workspace, identities, attributes)
        self._careful: dict[str, int] = {}  # segment → until there, one request at a time
        self._committed_at = float("-inf")

    # --- looking -------------------------------------------------------------------------------
    def waiting(self) -> Waiting:
        """What waits, and whether it is time; cheap."""
        with self._workspace.db.read() as connection:
            settings = load(connection)
            found = sum(one.waiting for one in segments(connection, self._workspace.journal))
            dead = bool(half_done(connection))
        patience = settings.flush_ms / 1000
        idle = self._monotonic() - self._committed_at
        due = dead or found >= ENOUGH_BYTES or (found > 0 and idle >= patience)
        return Waiting(found, due)

    # --- the writer ----------------------------------------------------------------------------
    def step(self, budget: int | None = None) -> bool:
        """Commit one batch of at most about `budget` events (default: the brand's setting); True
        where a batch was made, so that more may be waiting. The caller holds the writer lock."""
        with self._workspace.db.read() as connection:
            settings = load(connection)
            dead = half_done(connection)
            found = segments(connection, self._workspace.journal)
        if dead:
            self.finish()
            return True
        waiting = [one for one in found if one.waiting]
        waiting.sort(key=lambda one: (one.version, one.name))  # each receiver in its turn
        most = budget or settings.batch_events
        # A segment may hold nothing but a frame that is being written: then the next one is taken.
        return any(
            self._batch(one, settings, most, waiting[n + 1 :]) for n, one in enumerate(waiting)
        )

    def finish(self) -> None:
        """Finish the batch that died half-way, if there is one."""
        with self._workspace.db.read() as connection:
            settings, dead = load(connection), half_done(connection)
            found = segments(connection, self._workspace.journal) if dead else []
        for name, end in dead:
            self._again(name, end, found, settings)

    def drain(self) -> None:
        """Commit all that is there now; what comes meanwhile may stay."""
        until = {one.name: one.size for one in self._segments()}
        while any(one.done < until.get(one.name, 0) for one in self._segments()) and self.step():
            pass

    def purge(self) -> None:
        """Take all that waits and leave no raw request of what was taken, for an erasure: segments
        go, and those that a receiver still writes are blanked as far as they are committed."""
        self.drain()
        self.clear(0, all_over=True)
        for one in self._segments():
            journal.blank(one.path, one.done)

    def clear(self, below: int, *, all_over: bool = False) -> bool:
        """Remove segments that were kept long enough, and forget commits that nobody asks for:
        those of versions below `below`, which every cache is past.

        all_over: remove all that are wholly committed, for an erasure. True where no segment is
        left that could be removed but for a receiver that still writes it.
        """
        with self._workspace.db.read() as connection:
            settings = load(connection)
            found = segments(connection, self._workspace.journal)
        now, kept, left = self._workspace.now(), 0, False
        for one in reversed(found):  # the newest are kept
            if not is_over(one):
                left = True
                continue
            kept += one.size
            try:
                age = now - one.path.stat().st_mtime_ns // 1_000_000
            except FileNotFoundError:
                continue
            if all_over or age > settings.keep_ms or kept > settings.keep_bytes or not one.size:
                journal.remove(one.path)
                self._careful.pop(one.name, None)
        if self._ahead is not None:
            self._ahead.rest()
        self._committer.step("cleared")
        with self._workspace.db.write() as connection:
            prune(connection, self._workspace.journal, below)
        return not left

    # --- inside --------------------------------------------------------------------------------
    def _segments(self) -> list[Segment]:
        with self._workspace.db.read() as connection:
            return segments(connection, self._workspace.journal)

    def _batch(
        self, one: Segment, settings: StreamSettings, events: int, others: Sequence[Segment]
    ) -> bool:
        with no_garbage_collection():
            found = self._read(one, events, others)
            if found is None:
                return False
            try:
                self._commit(found, settings)
            except Exception as error:  # noqa: BLE001 - told, and raised where it must be
                self._survive(error, found, settings)
        self._committed_at = self._monotonic()
        return True

    def _read(self, one: Segment, events: int, others: Sequence[Segment]) -> Stretch | None:
        """The next stretch of a segment: read ahead by another process where much waits. others:
        the segments whose turn comes next."""
        types = self.preparing.types()
        if self._careful.get(one.name, 0) > one.done:
            return self._stretches.read(one.path, one.done, Budget(events, requests=1))
        budget = Budget(events)
        waiting = one.waiting + sum(other.waiting for other in others)
        if self._ahead is None or waiting < WORTH_AHEAD:
            return self._stretches.read(one.path, one.done, budget, types)
        found = self._ahead.take((one.path, one.done, budget), types)
        if found is None:
            found = self._stretches.read(one.path, one.done, budget, types)
        if found is not None and waiting - (found.end - found.start) >= WORTH_AHEAD:
            following = (one.path, found.end)
            if others:
                following = (others[0].path, others[0].done)
            self._ahead.want((*following, budget), types)
        return found

    def _survive(self, error: Exception, found: Stretch, settings: StreamSettings) -> None:
        """A batch broke our code: its requests are taken one by one, and the one that breaks it
        alone is set aside whole. Raises the error where the machine is at fault, or where the
        batch is half done already."""
        if isinstance(error, OSError | MemoryError | OperationalError):
            raise error
        with self._workspace.db.read() as connection:
            if half_done(connection):
                raise error
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        log.error("stream.broke", error=type(error).__name__, where=where, requests=found.requests)
        if found.requests > 1:
            self._careful[found.path.name] = found.end
            return
        self._commit(self._stretches.unreadable(found), settings)

    def _again(
        self, name: str, end: int, found: Sequence[Segment], settings: StreamSettings
    ) -> None:
        """Finish a batch that died half-way, of the very same frames."""
        path, start = next(
            ((one.path, one.done) for one in found if one.name == name),
            (self._workspace.journal / name, end),
        )
        stretch = self._stretches.read(path, start, Budget(0, until=end))
        self._commit(stretch or nothing(path, end), settings)

    def _commit(self, found: Stretch, settings: StreamSettings) -> None:
        prepare = partial(self.preparing.prepare, found.arrived, self._source_of, settings)
        commit(self._committer, self.preparing, found.path.name, found.end, KIND, prepare)


def commit(
    committer: Committer,
    preparing: Preparing,
    name: str,
    end: int,
    kind: str,
    prepare: Callable[..., Prepared],
) -> dict[str, int]:
    """Commit a batch of tracked records, noted in the lake under one name for all of its kind.

    Kinds do not share a name: a later batch of one would hide a dead batch of the other.
    """
    try:
        return committer.commit(name, end, kind, prepare, source="", lake_journal=kind)
    except BaseException:
        preparing.words.clear()  # what it registered may have been rolled back
        raise
