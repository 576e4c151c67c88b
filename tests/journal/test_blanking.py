"""Blanked requests leave nothing but their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yutang import journal
from yutang.catalog.records import Request
from yutang.journal.blanking import _empty
from yutang.journal.frames import add_frame, frame_at, seed_of


def request(body: bytes, at: int = 1_780_000_000_000) -> Request:
    return Request("POST", "/sa", b"q=eve", {"user-agent": "eve"}, body, at, "10.0.0.0", "key")


@settings(max_examples=60)
@given(size=st.one_of(st.integers(0, 400), st.sampled_from([255, 256, 65_530, 65_536, 70_000])),
       at=st.sampled_from([0, 5, 300, 70_000, 1_780_000_000_000]))  # fmt: skip
def test_an_empty_frame_has_any_length(size: int, at: int) -> None:
    for more in range(4):
        buffer = bytearray()
        add_frame(buffer, request(bytes(size + more), at), seed := seed_of("a"))
        made = _empty(len(buffer), at, seed)
        assert len(made) == len(buffer)
        found = frame_at(made, 0, seed)
        assert found is not None
        assert journal.is_blank(found[0])
        assert found[1] == len(made)


def test_lengths_around_each_jump() -> None:
    """Every length from the shortest frame on, past both jumps of MessagePack's heads."""
    seed = seed_of("a")
    for length in [*range(50, 700), *range(65_500, 65_700)]:
        assert len(_empty(length, 1_780_000_000_000, seed)) == length


def test_what_is_committed_is_blanked_and_the_rest_stays(tmp_path: Path) -> None:
    writer = journal.SegmentWriter(tmp_path)
    writer.append([request(f"eve {n}".encode()) for n in range(3)])
    (path,) = journal.segments(tmp_path)
    whole, end = journal.read(path, 0, 1 << 20)
    assert journal.is_live(path)
    assert journal.blank(path, whole[1][0]) == 2
    assert journal.blank(path, whole[1][0]) == 0
    after, same_end = journal.read(path, 0, 1 << 20)
    assert [behind for behind, _ in after] == [behind for behind, _ in whole]
    assert same_end == end
    assert [journal.is_blank(one) for _, one in after] == [True, True, False]
    assert path.read_bytes().count(b"eve ") == 1
    writer.append([request(b"eve 3")])  # its writer goes on behind
    assert len(journal.read(path, 0, 1 << 20)[0]) == 4
    writer.close()


def test_damaged_bytes_between_frames_go_too(tmp_path: Path) -> None:
    writer = journal.SegmentWriter(tmp_path)
    for n in range(3):
        writer.append([request(f"eve {n}".encode())])
    writer.close()
    (path,) = journal.segments(tmp_path)
    whole, end = journal.read(path, 0, 1 << 20)
    data = bytearray(path.read_bytes())
    data[whole[0][0] + 20] ^= 1
    path.write_bytes(data)
    assert journal.blank(path, end) == 2
    assert b"eve" not in path.read_bytes()


def test_a_segment_that_is_gone_has_nothing(tmp_path: Path) -> None:
    assert journal.blank(tmp_path / "none.journal", 100) == 0


@pytest.mark.parametrize("until", [0, 1])
def test_before_the_first_end_nothing_is_touched(tmp_path: Path, until: int) -> None:
    writer = journal.SegmentWriter(tmp_path)
    writer.append([request(b"eve")])
    (path,) = journal.segments(tmp_path)
    assert journal.blank(path, until) == 0
    assert b"eve" in path.read_bytes()
    writer.close()
