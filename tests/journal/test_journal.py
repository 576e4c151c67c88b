"""The journal keeps what it acknowledged: cut, flipped, full, killed or read while it grows."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yutang.catalog.records import Request
from yutang.journal import (
    Disk,
    SegmentWriter,
    backlog,
    is_live,
    next_frame,
    read,
    remove,
    segments,
)
from yutang.journal.frames import add_frame, seed_of
from yutang.journal.writer import SEGMENT_BYTES, SEGMENT_SECONDS


class Watch:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def request(n: int, body: bytes = b"x" * 50) -> Request:
    return Request("POST", "/sa", b"project=p", {"user-agent": "t"}, body, 1_000 + n, "", f"k{n}")


def everything(segment: Path, max_bytes: int = 1 << 20) -> tuple[list[Request], int]:
    found, offset = [], 0
    while True:
        some, offset = read(segment, offset, max_bytes)
        if not some:
            return found, offset
        assert some[-1][0] == offset
        found += [one for _, one in some]


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.append([request(0), request(1)])
    writer.append([request(2, b"\x00\xff" * 5_000)])
    (segment,) = segments(tmp_path)
    for max_bytes in (1, 100, 1 << 20):
        found, end = everything(segment, max_bytes)
        assert found == [request(0), request(1), request(2, b"\x00\xff" * 5_000)]
        assert end == segment.stat().st_size
    some, _ = read(segment, 0, 1 << 20)
    assert read(segment, some[1][0], 1 << 20)[0] == some[2:]
    assert writer.volume.requests == 3
    assert writer.volume.groups == 2
    assert writer.volume.bytes == segment.stat().st_size


def test_one_durable_write_for_a_group(tmp_path: Path) -> None:
    calls: list[str] = []
    durable: set[bool] = set()

    def write(handle: int, data: bytearray) -> int:
        calls.append("write")
        durable.add(bool(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_DSYNC))
        return os.write(handle, data)

    writer = SegmentWriter(
        tmp_path,
        disk=Disk(write, lambda _: calls.append("folder")),
    )
    writer.append([request(n) for n in range(100)])
    writer.append([request(n) for n in range(100)])
    assert calls == ["folder", "write", "write"]
    assert durable == {True}, "a write returns when it is on the disk"


def test_a_segment_ends_by_size_and_by_age(tmp_path: Path) -> None:
    watch = Watch()
    writer = SegmentWriter(tmp_path, monotonic=watch)
    for _ in range(3):
        writer.append([request(0, bytes(SEGMENT_BYTES // 2))])
    assert len(segments(tmp_path)) == 2
    watch.seconds = SEGMENT_SECONDS - 1
    writer.append([request(1)])
    assert len(segments(tmp_path)) == 2
    watch.seconds = SEGMENT_SECONDS
    assert writer.seconds_left() <= 0
    writer.append([request(2)])
    assert len(segments(tmp_path)) == 3
    assert [is_live(one) for one in segments(tmp_path)].count(True) == 1


def test_a_segment_is_live_until_its_writer_ends(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.append([request(0)])
    (segment,) = segments(tmp_path)
    assert is_live(segment)
    writer.close()
    assert not is_live(segment)
    assert backlog(tmp_path).segments == 1
    assert backlog(tmp_path).bytes == segment.stat().st_size
    remove(segment)
    assert not is_live(segment)
    assert read(segment, 7, 100) == ([], 7)
    assert backlog(tmp_path).bytes == 0


def test_a_segment_of_a_killed_process_is_dead(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from yutang.journal import SegmentWriter;"
        "from yutang.catalog.records import Request;"
        "SegmentWriter(pathlib.Path(sys.argv[1])).append([Request('GET', '/', b'', {}, b'', 1)]);"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (segment,) = segments(tmp_path)
    assert not is_live(segment)
    assert len(everything(segment)[0]) == 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes, list[int]]:
    """Name and bytes of a segment of six requests, and where each of them ends."""
    folder = tmp_path_factory.mktemp("whole")
    writer = SegmentWriter(folder)
    writer.append([request(n, bytes([n]) * (n * 40)) for n in range(6)])
    writer.close()
    (segment,) = segments(folder)
    return segment.name, segment.read_bytes(), [end for end, _ in read(segment, 0, 1 << 20)[0]]


ALL = [request(n, bytes([n]) * (n * 40)) for n in range(6)]


@given(data=st.data())
@settings(max_examples=300)
def test_a_cut_or_a_flipped_byte_gives_no_wrong_request_and_loses_no_earlier_one(
    whole: tuple[str, bytes, list[int]], tmp_path_factory: Any, data: Any
) -> None:
    name, original, ends = whole
    at = data.draw(st.integers(0, len(original) - 1))
    flip = data.draw(st.integers(0, 255))
    damaged = bytearray(original)
    if flip:
        damaged[at] ^= flip
    else:
        del damaged[at:]
    segment = tmp_path_factory.mktemp("damaged") / name
    segment.write_bytes(damaged)
    before = sum(end <= at for end in ends)
    for max_bytes in (1, 1 << 20):
        found, stopped = everything(segment, max_bytes)
        assert found == ALL[:before]
        assert stopped == ([0, *ends])[before]
    behind = next_frame(segment, stopped)
    if flip and before < 5:  # a whole frame stands behind the damaged one: it is found again
        assert behind == ends[before]
        assert read(segment, behind, 1 << 20)[0] == list(zip(ends, ALL, strict=True))[before + 1 :]
    else:
        assert behind is None


def test_a_frame_hidden_in_a_body_is_never_read(tmp_path: Path) -> None:
    """Behind damage we look for the next whole frame: a sender must not be able to forge one."""
    forged = bytearray()
    add_frame(forged, request(66), seed_of("guessed.journal"))
    writer = SegmentWriter(tmp_path)
    writer.append([request(0, bytes(forged)), request(1)])
    writer.close()
    (segment,) = segments(tmp_path)
    damaged = bytearray(segment.read_bytes())
    damaged[5] ^= 1
    segment.write_bytes(damaged)
    behind = next_frame(segment, 0)
    assert behind is not None
    assert [one for _, one in read(segment, behind, 1 << 20)[0]] == [request(1)]


@pytest.mark.parametrize("how", ["write", "short"])
def test_a_failed_group_leaves_no_trace_and_the_next_goes_on(tmp_path: Path, how: str) -> None:
    broken = False

    def write(handle: int, data: bytearray) -> int:
        if broken and how == "write":
            raise OSError(errno.ENOSPC, "full")
        if broken and how == "short":
            return os.write(handle, data[: len(data) // 2])
        return os.write(handle, data)

    writer = SegmentWriter(tmp_path, disk=Disk(write))
    writer.append([request(0)])
    (first,) = segments(tmp_path)
    size = first.stat().st_size
    broken = True
    for _ in range(5):
        with pytest.raises(OSError):
            writer.append([request(1), request(2)])
    assert segments(tmp_path) == [first], "a full disk collects no empty files"
    assert first.stat().st_size == size
    assert not is_live(first), "nothing is ever written over bytes that a reader may have seen"
    broken = False
    writer.append([request(3)])
    found = [one for segment in segments(tmp_path) for one in everything(segment)[0]]
    assert found == [request(0), request(3)]


def test_a_folder_that_cannot_be_synced_takes_nothing(tmp_path: Path) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.EIO, "broken")

    writer = SegmentWriter(tmp_path, disk=Disk(sync_folder=fail))
    with pytest.raises(OSError):
        writer.append([request(0)])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting needs rights that we have not")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _fill(writer: SegmentWriter) -> int:
    """Append until the disk is full; how many were acknowledged."""
    for taken in range(100):
        try:
            writer.append([request(taken, bytes(30_000))])
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return taken
            raise
    raise AssertionError("the disk never filled")


def test_a_full_disk_keeps_what_was_acknowledged(small_disk: Path) -> None:
    writer = SegmentWriter(small_disk)
    taken = _fill(writer)
    assert taken > 20
    with pytest.raises(OSError):
        writer.append([request(taken, bytes(60_000))])
    (segment,) = segments(small_disk)
    assert len(everything(segment)[0]) == taken
    assert everything(segment)[1] == segment.stat().st_size
    remove(segment)  # the worker has caught up
    writer.append([request(taken)])
    assert len(everything(segments(small_disk)[0])[0]) == 1
    writer.close()


def test_a_limit_on_the_size_of_files_is_met_with_a_real_short_write(tmp_path: Path) -> None:
    code = """
import pathlib, resource, sys
from yutang.catalog.records import Request
from yutang.journal import SegmentWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
writer, taken = SegmentWriter(pathlib.Path(sys.argv[1])), 0
try:
    while True:
        writer.append([Request("POST", "/", b"", {}, bytes(7_000), taken)])
        taken += 1
except OSError:
    print(taken)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    (segment,) = segments(tmp_path)
    found, end = everything(segment)
    assert len(found) == int(done.stdout) == 14
    assert end == segment.stat().st_size
