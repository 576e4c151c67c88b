"""The key index against a plain Python set."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.lake import KeyIndex, Keys
from yutang.lake.key_index import GROWTH, TornIndex

# Few distinct halves, so that equal high halves with different low ones are common.
HALF = st.sampled_from([0, 1, 2, 2**63, 2**64 - 1])
KEY = st.tuples(HALF, HALF, st.integers(-2, 2))
CONTENT = st.integers(0, 2)
Key = tuple[int, int, int]


def keys_of(rows: list[Key], content: list[int] | None = None) -> Keys:
    return Keys(
        np.array([row[0] for row in rows], np.uint64),
        np.array([row[1] for row in rows], np.uint64),
        np.array([row[2] for row in rows], np.int32),
        np.array(content or [0] * len(rows), np.uint64),
    )


@given(
    st.lists(st.tuples(st.lists(st.tuples(KEY, CONTENT), max_size=30), st.booleans()), max_size=6)
)
def test_it_answers_as_a_dict_does(batches: list[tuple[list[tuple[Key, int]], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, known = KeyIndex(Path(folder)), dict[Key, int]()
        for version, (rows, reopened) in enumerate(batches):
            if reopened:
                index = KeyIndex(Path(folder))
            new, reused = [], []
            for key, content in rows:
                new.append(key not in known)
                first = known.setdefault(key, content)
                reused.append(first != content and 0 not in (first, content))
            keys = keys_of([key for key, _ in rows], [content for _, content in rows])
            found = index.look_up(keys)
            assert (found[0].tolist(), found[1].tolist()) == (new, reused)
            index.add(keys, version)
            assert index.version == version


def test_an_index_of_an_older_program_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text('{"version": 3, "keys": {"0": 1}}')
    assert KeyIndex(tmp_path).version == -1


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    mine, other = KeyIndex(tmp_path), KeyIndex(tmp_path)
    mine.add(keys_of([(1, 1, 0)]), 0)
    other.add(keys_of([(2, 2, 0)]), 1)
    assert mine.version == 1
    assert mine.look_up(keys_of([(1, 1, 0), (2, 2, 0), (3, 3, 0)]))[0].tolist() == [
        False, False, True,
    ]  # fmt: skip


def test_many_small_batches_leave_few_runs(tmp_path: Path) -> None:
    index = KeyIndex(tmp_path)
    for n in range(200):
        index.add(keys_of([(n, 100 * n + i, 0) for i in range(10)]), n)
    files = [path for path in tmp_path.iterdir() if path.suffix == ".npy"]
    assert len(files) <= 8
    sizes = [np.load(path, mmap_mode="r").shape[1] for path in sorted(files)]
    assert sum(sizes) == 2_000
    assert max(sizes) >= 2_000 // (GROWTH + 1)
    assert not KeyIndex(tmp_path).look_up(keys_of([(n, 100 * n, 0) for n in range(200)]))[0].any()


@given(st.lists(KEY, max_size=20), st.integers(0, 5), st.integers(0, 20))
def test_arrow_keeps_the_keys(rows: list[Key], offset: int, length: int) -> None:
    keys = keys_of(rows)
    days = pa.array(keys.day, pa.int32())
    part = keys.to_arrow().slice(offset, length)
    found = Keys.from_arrow(pa.chunked_array([part]), days.slice(offset, length))
    expected = rows[offset : offset + length]
    assert list(zip(found.high.tolist(), found.low.tolist(), found.day.tolist())) == expected  # noqa: B905


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Keys.from_arrow(pa.array([b"short"], pa.binary()), pa.array([0], pa.int32()))


@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "older"])
def test_a_key_file_that_lost_keys_is_noticed(harm: str, tmp_path: Path) -> None:
    index = KeyIndex(tmp_path)
    index.add(keys_of([(i, i, 0) for i in range(5)]), 0)
    older = next(tmp_path.glob("0.*.npy")).read_bytes()
    index.add(keys_of([(i, i, 0) for i in range(9)]), 1)
    (file,) = tmp_path.glob("0.*.npy")
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": file.read_bytes()[:-20], "older": older}[harm])
    with pytest.raises(TornIndex):
        KeyIndex(tmp_path).look_up(keys_of([(7, 7, 0)]))


def test_a_torn_manifest_is_no_index(tmp_path: Path) -> None:
    index = KeyIndex(tmp_path)
    index.add(keys_of([(1, 1, 0)]), 3)
    (tmp_path / "version.json").write_text('{"version": 3, "ke')
    assert KeyIndex(tmp_path).version == -1
