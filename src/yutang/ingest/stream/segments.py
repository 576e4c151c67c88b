"""What of a brand's journal is committed, and what is not.

Each segment is read from the offset of its last finished commit. A segment that nobody writes any
more and that is wholly committed is kept for the live view, then removed with its commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection, delete, func, select

from yutang import journal
from yutang.catalog.records import Request
from yutang.state.brand import commits

log = structlog.get_logger("stream")
READ_BYTES = 4 << 20
KIND = "stream"  # of commits
REPLAY = "replay"  # of commits: records from quarantine


@dataclass(frozen=True)
class Segment:
    """One file of the journal: `size` bytes of it are there, `done` are committed, the last of
    them in the facts version `version` (0 = none yet)."""

    path: Path
    size: int
    done: int
    version: int

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def waiting(self) -> int:
        return max(0, self.size - self.done)  # a restored journal may end before the state's


def segments(connection: Connection, folder: Path) -> list[Segment]:
    """All segments, oldest first."""
    paths = journal.segments(folder)
    query = (
        select(commits.c.journal, func.max(commits.c.position), func.max(commits.c.id))
        .where(commits.c.journal.in_([path.name for path in paths]), commits.c.status == "done")
        .group_by(commits.c.journal)
    )
    done = {name: (int(end), int(version)) for name, end, version in connection.execute(query)}
    found = []
    for path in paths:
        try:
            found.append(Segment(path, path.stat().st_size, *done.get(path.name, (0, 0))))
        except FileNotFoundError:  # its writer gave it up
            continue
    return found


def half_done(connection: Connection) -> list[tuple[str, int]]:
    """(segment, end) of batches that died on the way; at most one as long as they are finished
    before the next is begun."""
    query = (
        select(commits.c.journal, commits.c.position)
        .where(commits.c.status == "prepared", commits.c.kind == KIND)
        .order_by(commits.c.id)
    )
    return [(str(name), int(end)) for name, end in connection.execute(query)]


def frames(path: Path, offset: int, read_bytes: int = READ_BYTES) -> Iterator[tuple[int, Request]]:
    """The requests from `offset` on, each with the offset behind it; read so much at once.

    Damaged bytes before a whole frame are left out where nobody writes the segment any more: a
    disk that flipped bits must not hold up what stands behind them.
    """
    while True:
        live = journal.is_live(path)  # asked first: what is torn then may still become whole
        found, end = journal.read(path, offset, read_bytes)
        yield from found
        if end > offset:
            offset = end
            continue
        following = None if live else journal.next_frame(path, offset)
        if following is None or following == offset:
            return
        log.error("journal.damaged", segment=path.name, offset=offset, bytes=following - offset)
        offset = following


def is_over(one: Segment) -> bool:
    """Is the segment closed, and nothing of it left to commit? (A torn end was never
    acknowledged.)"""
    return not journal.is_live(one.path) and next(frames(one.path, one.done), None) is None


def prune(connection: Connection, folder: Path, below: int) -> int:
    """Forget the commits of segments that are gone, of versions that every cache is past (those
    below `below`); never the newest commit."""
    there = [path.name for path in journal.segments(folder)]
    newest = connection.execute(select(func.max(commits.c.id))).scalar() or 0
    gone = delete(commits).where(
        commits.c.kind.in_([KIND, REPLAY]),
        commits.c.status == "done",
        commits.c.id < min(below, int(newest)),
        commits.c.journal.not_in(there),
    )
    return int(connection.execute(gone).rowcount)
