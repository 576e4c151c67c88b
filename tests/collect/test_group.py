"""The thread of a journal: it ends idle segments, and outlives whatever it meets."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

from yutang.catalog.records import Request
from yutang.collect.group import REST_SECONDS, GroupCommit, Trouble
from yutang.journal import Disk, SegmentWriter, is_live, segments
from yutang.journal.writer import SEGMENT_SECONDS


def request(body: bytes = b"x", path: str = "/") -> Request:
    return Request("POST", path, b"", {}, body, 1)


def test_an_idle_segment_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """Raw requests of persons must not stay because nobody else comes."""
    seconds = 0.0
    writer = SegmentWriter(tmp_path, monotonic=lambda: seconds)

    async def run() -> None:
        nonlocal seconds
        group = GroupCommit(writer, monotonic=lambda: seconds)
        assert await group.put(request()) is None
        (segment,) = segments(tmp_path)
        timer = group._timer
        assert timer is not None
        assert timer.when() > asyncio.get_running_loop().time() + SEGMENT_SECONDS - 5
        seconds = SEGMENT_SECONDS - 1
        group._rest()
        assert is_live(segment), "it was early, and tries again"
        seconds = SEGMENT_SECONDS
        group._rest()
        assert not is_live(segment)
        assert await group.put(request()) is None
        assert len(segments(tmp_path)) == 2
        group.close()

    asyncio.run(run())


def test_what_cannot_be_written_costs_only_its_own_group(tmp_path: Path) -> None:
    async def run() -> None:
        group = GroupCommit(SegmentWriter(tmp_path))
        assert isinstance(await group.put(request(path="\ud800")), UnicodeEncodeError)
        assert await group.put(request()) is None
        assert group.trouble is None, "the disk is well"
        group.close()

    asyncio.run(run())


def test_a_disk_that_failed_rests_a_moment(tmp_path: Path) -> None:
    seconds, tries = 0.0, 0

    def write(handle: int, data: bytearray) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError(errno.EIO, "broken")
        return os.write(handle, data)

    async def run() -> None:
        nonlocal seconds
        writer = SegmentWriter(tmp_path, disk=Disk(write=write))
        group = GroupCommit(writer, now=lambda: 77, monotonic=lambda: seconds)
        assert isinstance(await group.put(request()), OSError)
        assert group.trouble == Trouble(77, "broken")
        assert isinstance(await group.put(request()), OSError)
        assert tries == 1
        seconds = REST_SECONDS
        assert await group.put(request()) is None
        assert group.trouble is None
        group.close()

    asyncio.run(run())
