"""Reading the journal. Only the brand's one worker removes segments."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from yutang.catalog.records import Request
from yutang.journal.frames import HEAD, MAGIC, announced, frame_at, seed_of

LOOK_BYTES = 1 << 20  # how much is looked through at once for the next whole frame


def segments(folder: Path) -> list[Path]:
    """The segments of a journal folder, oldest first (by their names)."""
    return sorted(folder.glob("*.journal"))


def read(segment: Path, offset: int, max_bytes: int) -> tuple[list[tuple[int, Request]], int]:
    """The requests from `offset` on, each with the offset behind it, and where to read on.

    `offset` is 0 or one that was returned before. About `max_bytes` are read, at least one request
    where there is one. Stops at the end and at a torn or damaged frame: the second value is then
    the offset of that frame. A segment that is gone, or shorter than `offset` (the machine died
    before its end was durable), has nothing more.

    Ask `is_live` first: when it said no, what `read` leaves behind will never become whole, and was
    never acknowledged unless `next_frame` finds a whole frame behind it.
    """
    seed, found, position = seed_of(segment.name), list[tuple[int, Request]](), 0
    with _opened(segment) as handle:
        if handle is None:
            return [], offset
        data = os.pread(handle, max(max_bytes, HEAD.size), offset)
        size = announced(data, 0) or 0
        if len(data) < size <= os.fstat(handle).st_size - offset:
            data = os.pread(handle, size, offset)
    while frame := frame_at(data, position, seed):
        request, position = frame
        found.append((offset + position, request))
    return found, offset + position


def next_frame(segment: Path, offset: int) -> int | None:
    """Where the next whole frame at or after `offset` begins; None: there is none.

    For a segment that nobody writes any more, when `read` stopped before its end: a disk that
    flipped bits must not take the frames behind them along.
    """
    seed = seed_of(segment.name)
    with _opened(segment) as handle:
        while handle is not None:
            data = os.pread(handle, LOOK_BYTES, offset)
            at = data.find(MAGIC)
            while at >= 0:
                if _stands(handle, offset + at, seed):
                    return offset + at
                at = data.find(MAGIC, at + 1)
            if len(data) < LOOK_BYTES:
                return None
            offset += LOOK_BYTES - len(MAGIC) + 1
    return None


def is_live(segment: Path) -> bool:
    """May the segment still grow? True while the process that writes it holds its lock."""
    with _opened(segment) as handle:
        return handle is not None and not _locked(handle)


def remove(segment: Path) -> None:
    """Delete a segment whose requests were all committed."""
    segment.unlink(missing_ok=True)


@dataclass(frozen=True)
class Backlog:
    """What waits in a journal: files, their bytes, and when the oldest was begun (UTC ms, or 0)."""

    segments: int
    bytes: int
    oldest_at: int


def backlog(folder: Path) -> Backlog:
    """How much stands in the journal, read or not: a worker that keeps up removes it."""
    sizes, oldest = [], 0
    for path in segments(folder):
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            continue
        if size:
            sizes.append(size)
            oldest = oldest or int(path.name.split("-")[0])
    return Backlog(len(sizes), sum(sizes), oldest)


@contextmanager
def _opened(segment: Path) -> Iterator[int | None]:
    try:
        handle = os.open(segment, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Could we lock it? Closing the handle frees it again."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stands(handle: int, offset: int, seed: int) -> bool:
    size = announced(os.pread(handle, HEAD.size, offset), 0)
    if size is None or offset + size > os.fstat(handle).st_size:
        return False
    return frame_at(os.pread(handle, size, offset), 0, seed) is not None
