"""Writing the journal: whole groups of requests, one write each, which returns when it is durable.

A segment only ever grows, and ends for good at the first failure: nothing is written again over
bytes that a reader may have seen. The writer holds a lock on its segment as long as it may grow.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yutang.catalog.records import Request
from yutang.journal.frames import add_frame, seed_of
from yutang.kit import clock

SEGMENT_BYTES = 64 << 20
SEGMENT_SECONDS = 60.0  # also what an erased person's raw requests live at most beyond the reader
KEPT_BUFFER = 4 << 20  # a larger buffer is given back after its group


@dataclass(frozen=True)
class Disk:
    """The calls that make bytes durable; tests count them and let them fail.

    Segments are opened with O_DSYNC: a write is write and fdatasync in one call, so that the
    thread which waits for it needs the interpreter once and not twice.
    """

    write: Callable[[int, bytearray], int] = os.write
    sync_folder: Callable[[int], None] = os.fsync


@dataclass
class Volume:
    """What a writer has done so far; `seconds` were spent waiting for the disk."""

    groups: int = 0
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Group:
    """Requests as bytes, made for one segment: the open one, or a new one of this name."""

    name: str
    data: bytearray
    requests: int


class SegmentWriter:
    """One process' way into a brand's journal: `prepare` and `commit`, in turns."""

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        now: clock.Clock = clock.now_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self.volume = Volume()
        self._disk = disk or Disk()
        self._now = now
        self._monotonic = monotonic
        self._segment: _Segment | None = None
        self._buffer = bytearray()

    def append(self, requests: Sequence[Request]) -> None:
        """Make all of them durable, in this order. Raises OSError: none of them may be answered."""
        self.commit(self.prepare(requests))

    def prepare(self, requests: Sequence[Request]) -> Group:
        """Their bytes. Touches no disk; the group must be committed, or thrown away, before the
        next one is prepared."""
        segment = self._segment
        if segment is not None and segment.size < SEGMENT_BYTES and self.seconds_left() > 0:
            name = segment.name
        else:
            name = f"{self._now():013d}-{os.getpid():07d}-{secrets.token_hex(8)}.journal"
        if len(self._buffer) > KEPT_BUFFER:
            self._buffer = bytearray()
        self._buffer.clear()
        seed = seed_of(name)
        for request in requests:
            add_frame(self._buffer, request, seed)
        return Group(name, self._buffer, len(requests))

    def commit(self, group: Group) -> None:
        """Make a group durable. Raises OSError: none of its requests may be answered."""
        segment = self._segment
        if segment is None or segment.name != group.name:
            self.close()
            segment = self._segment = self._open(group.name)
        started = self._monotonic()
        try:
            written = self._disk.write(segment.handle, group.data)
            if written != len(group.data):
                raise OSError(errno.ENOSPC, "the journal took only a part")
        except OSError:
            self._give_up(segment)
            raise
        segment.size += written
        self.volume.seconds += self._monotonic() - started
        self.volume.groups += 1
        self.volume.requests += group.requests
        self.volume.bytes += written

    def seconds_left(self) -> float:
        """How long the open segment may still grow; infinite without one."""
        if self._segment is None:
            return float("inf")
        return self._segment.opened_at + SEGMENT_SECONDS - self._monotonic()

    def close(self) -> None:
        """End the open segment: its reader may remove it once it is read."""
        if self._segment is not None:
            os.close(self._segment.handle)
            self._segment = None

    def _open(self, name: str) -> _Segment:
        """A new segment, locked before anybody can see it, its name durable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path, hidden = self.folder / name, self.folder / f".{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_DSYNC
        handle = os.open(hidden, flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.rename(hidden, path)
            self._sync_folder()
        except OSError:
            os.close(handle)
            for left in (hidden, path):
                left.unlink(missing_ok=True)
            raise
        return _Segment(name, handle, self._monotonic())

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._disk.sync_folder(handle)
        finally:
            os.close(handle)

    def _give_up(self, segment: _Segment) -> None:
        """Cut off what was not acknowledged and end the segment.

        After a failed write-back the kernel forgets which pages were not written, so a second try
        would succeed without them: this file is not used again.
        """
        self._segment = None
        with contextlib.suppress(OSError):
            os.ftruncate(segment.handle, segment.size)
        with contextlib.suppress(OSError):
            if segment.size == 0:  # a full disk must not collect empty files
                (self.folder / segment.name).unlink()
        os.close(segment.handle)


@dataclass
class _Segment:
    """An open segment; `size` bytes of it are durable."""

    name: str
    handle: int
    opened_at: float
    size: int = 0
