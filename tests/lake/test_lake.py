"""The lake: append once, duplicates for ever, compaction, erasure, catching up after a crash."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yutang.lake import Keys, Lake
from yutang.lake import lake as lake_module

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")


class Dead(Exception):
    """Stands for the process dying at a step."""


def rows_of(numbers: list[int], commit: int = 1, **more: Any) -> pa.Table:
    keys = [hashlib.md5(str(n).encode()).digest() for n in numbers]
    return pa.table(
        {
            "day": [DAYS[n % 3] for n in numbers],
            "event_key": pa.array(keys, pa.binary()),
            "key_day": pa.array([n % 3 for n in numbers], pa.int32()),
            "identity": pa.array(numbers, pa.int64()),
            "time": pa.array(numbers, pa.int64()),
            **{name: pa.array([value] * len(numbers)) for name, value in more.items()},
            "commit_id": pa.array([commit] * len(numbers), pa.int64()),
        }
    )


def keys_of(rows: pa.Table) -> Keys:
    return Keys.from_arrow(rows.column("event_key"), rows.column("key_day"))


def fresh(lake: Lake, numbers: list[int]) -> list[bool]:
    found: list[bool] = lake.fresh("events", keys_of(rows_of(numbers))).tolist()
    return found


def held(lake: Lake) -> list[int]:
    return sorted(lake.scan("events", ["identity"]).column("identity").to_pylist())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_an_empty_lake_answers(lake: Lake) -> None:
    assert lake.version("events") == -1
    assert lake.count("events") == 0
    assert lake.dataset("events") is None
    assert fresh(lake, [1, 1, 2]) == [True, False, True]
    assert lake.delete("events", "identity", [1]) == 0
    assert lake.vacuum("events") == 0
    assert lake.highest("identity") == 0


def test_the_same_position_is_appended_once(lake: Lake) -> None:
    assert lake.append("events", rows_of([1, 2]), journal="j", position=0)
    assert not lake.append("events", rows_of([1, 2]), journal="j", position=0)
    assert lake.append("events", rows_of([3]), journal="j", position=1)
    assert held(lake) == [1, 2, 3]
    assert lake.holds("events", "j", 1)
    assert not lake.holds("events", "j", 2)
    assert not lake.holds("events", "other", 0)


def test_a_position_is_remembered_for_ever(lake: Lake) -> None:
    lake.append("events", rows_of([1]), journal="j", position=0)
    lake.compact("events")
    lake.vacuum("events")
    assert not Lake(lake.root).append("events", rows_of([1]), journal="j", position=0)


def test_known_keys_stay_known(lake: Lake) -> None:
    lake.append("events", rows_of([1, 2]), journal="j", position=0)
    lake.append("events", rows_of([3, 4, 5, 6]), journal="j", position=1)
    lake.compact("events")
    lake.vacuum("events")
    again = Lake(lake.root)
    assert fresh(again, [1, 4, 6, 7]) == [False, False, False, True]
    again.rebuild_keys("events")
    assert fresh(again, [1, 4, 6, 7]) == [False, False, False, True]


@pytest.mark.parametrize("step", ["delta:events", "keys:events"])
def test_the_index_catches_up_after_a_death(step: str, tmp_path: Path) -> None:
    def die(name: str) -> None:
        if name == step:
            raise Dead

    lake = Lake(tmp_path / "lake")
    lake.append("events", rows_of([1]), journal="j", position=0)
    with pytest.raises(Dead):
        Lake(lake.root, die).append("events", rows_of([2, 3]), journal="j", position=1)
    assert fresh(Lake(lake.root), [1, 2, 3, 4]) == [False, False, False, True]
    assert not Lake(lake.root).append("events", rows_of([2, 3]), journal="j", position=1)
    assert held(lake) == [1, 2, 3]


def test_the_index_catches_up_past_a_compaction(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.append("events", rows_of([1]), journal="j", position=0)
    kept = tmp_path / "kept"
    shutil.copytree(lake.root / "_keys", kept)
    for n in range(2, 6):
        lake.append("events", rows_of([n, n + 10]), journal="j", position=n)
    lake.compact("events")
    lake.vacuum("events")
    shutil.rmtree(lake.root / "_keys")
    shutil.copytree(kept, lake.root / "_keys")
    assert fresh(Lake(lake.root), [1, 3, 15, 6]) == [False, False, False, True]


def test_the_key_of_a_removed_row_is_forgotten(lake: Lake) -> None:
    lake.append("events", rows_of([1, 2, 3]), journal="j", position=0)
    assert lake.delete("events", "identity", [2]) == 1
    assert fresh(lake, [1, 2, 3]) == [False, True, False]


def test_it_is_forgotten_also_by_an_index_that_missed_the_removal(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.append("events", rows_of([1, 2, 3]), journal="j", position=0)
    kept = tmp_path / "kept"
    shutil.copytree(lake.root / "_keys", kept)
    lake.delete("events", "identity", [2])
    shutil.rmtree(lake.root / "_keys", ignore_errors=True)
    shutil.copytree(kept, lake.root / "_keys")
    assert fresh(Lake(lake.root), [1, 2, 3]) == [False, True, False]


def test_a_torn_index_is_made_again(lake: Lake) -> None:
    lake.append("events", rows_of([1, 2, 3, 4]), journal="j", position=0)
    for file in (lake.root / "_keys" / "events").glob("*.npy"):
        file.write_bytes(b"")
    assert fresh(lake, [1, 4, 5]) == [False, False, True]
    for file in (lake.root / "_keys" / "events").glob("*.npy"):
        file.write_bytes(b"")
    lake.append("events", rows_of([5]), journal="j", position=1)
    assert fresh(lake, [1, 5, 6]) == [False, False, True]


def test_a_log_folder_without_a_commit_is_no_table(lake: Lake) -> None:
    """So a writer leaves it that died in its very first commit."""
    (lake.path("events") / "_delta_log").mkdir(parents=True)
    assert not lake.exists("events")
    assert lake.append("events", rows_of([1]), journal="j", position=0)
    assert held(lake) == [1]


def test_compaction_merges_only_the_days_asked_for(lake: Lake) -> None:
    for n in range(5):
        lake.append("events", rows_of([n * 3, n * 3 + 1]), journal="j", position=n)
    assert lake.files_per_day("events") == {DAYS[0]: 5, DAYS[1]: 5}
    assert lake.compact("events", [DAYS[0]]) == 5
    assert lake.files_per_day("events") == {DAYS[0]: 1, DAYS[1]: 5}
    assert lake.compact("events", [DAYS[0]]) == 0
    assert lake.count("events") == 10


def test_a_day_is_crowded_above_a_number_of_files(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake_module.FILES_PER_DAY == 50, "as designed"
    monkeypatch.setattr(lake_module, "FILES_PER_DAY", 3)
    for n in range(3):
        lake.append("events", rows_of([n * 3]), journal="j", position=n)
    assert lake.crowded_days("events") == []
    lake.append("events", rows_of([9]), journal="j", position=3)
    assert lake.crowded_days("events") == [DAYS[0]]
    assert lake.tidy("events") == 4
    assert lake.crowded_days("events") == []
    assert held(lake) == [0, 3, 6, 9]


def test_tidying_leaves_what_a_reader_may_still_hold(lake: Lake) -> None:
    lake.append("events", rows_of([1, 2]), journal="j", position=0)
    dataset = lake.dataset("events")
    assert dataset is not None
    lake.delete("events", "identity", [1])
    lake.tidy("events")
    lake.clear_old("events")
    assert dataset.count_rows() == 2
    assert held(lake) == [2]


def everything_on_disk(lake: Lake) -> bytes:
    parts = []
    for path in sorted(lake.path("events").rglob("*")):
        if path.is_file():
            parts.append(path.read_bytes())
            if path.suffix == ".parquet":
                parts.append(repr(pq.read_table(path, partitioning=None).to_pylist()).encode())
    return b"".join(parts)


def test_an_erased_row_is_in_no_older_version(lake: Lake) -> None:
    lake.append("events", rows_of([1, 4], p_name="of-nobody"), journal="j", position=0)
    lake.append("events", rows_of([2, 5], p_name="of-eve"), journal="j", position=1)
    lake.compact("events")
    assert b"of-eve" in everything_on_disk(lake)
    assert lake.delete("events", "identity", [2, 5]) == 2
    assert b"of-eve" in everything_on_disk(lake)
    lake.vacuum("events")
    assert b"of-eve" not in everything_on_disk(lake)
    assert held(Lake(lake.root)) == [1, 4]
    log = sorted((lake.path("events") / "_delta_log").glob("*.json"))
    assert len(log) == 1


def test_a_write_goes_on_after_the_log_was_trimmed(lake: Lake) -> None:
    lake.append("events", rows_of([1, 2, 3]), journal="j", position=0)
    lake.delete("events", "identity", [1])
    lake.vacuum("events")
    lake.append("events", rows_of([4]), journal="j", position=1)
    again = Lake(lake.root)
    assert held(again) == [2, 3, 4]
    assert fresh(again, [1, 2, 4]) == [True, False, False]


def test_files_of_a_writer_that_died_go_with_vacuum(lake: Lake) -> None:
    lake.append("events", rows_of([1]), journal="j", position=0)
    stray = lake.path("events") / f"day={DAYS[1]}" / "part-00000-stray.parquet"
    pq.write_table(pa.table({"identity": [9]}), stray)
    lake.vacuum("events")
    assert not stray.exists()
    assert held(lake) == [1]


def test_rows_are_removed_by_binary_keys(lake: Lake) -> None:
    rows = rows_of([1, 2, 3])
    lake.append("events", rows, journal="j", position=0)
    gone = rows.column("event_key").to_pylist()[:2]
    assert lake.delete("events", "event_key", gone) == 2
    assert held(lake) == [3]


def test_statistics_are_kept_however_many_columns_stand_before(lake: Lake) -> None:
    many = {f"p_{i}": f"value {i}" for i in range(60)}
    rows = rows_of([7, 8], commit=5, **many)
    lake.append("events", rows, journal="j", position=0)
    assert lake.highest("commit_id") == 5
    assert lake.highest("identity") == 8
    log = (lake.path("events") / "_delta_log" / f"{0:020d}.json").read_text()
    stats = [json.loads(line)["add"]["stats"] for line in log.splitlines() if '"add"' in line]
    assert stats
    assert all("value" not in one for one in stats), "no property's values in the log"


def test_new_columns_join_the_table(lake: Lake) -> None:
    lake.append("events", rows_of([1]), journal="j", position=0)
    lake.append("events", rows_of([2], p_new="x"), journal="j", position=1)
    found = lake.scan("events", ["identity", "p_new", "p_unknown"])
    assert found.column_names == ["identity", "p_new"]
    assert sorted(found.column("p_new").to_pylist(), key=str) == [None, "x"]


def test_keys_far_apart_in_time_do_not_meet(lake: Lake) -> None:
    """The same hash on another day is another key: that is how the index is cut."""
    half, none = np.array([1], np.uint64), np.array([0], np.uint64)
    one = Keys(half, half, np.array([0], np.int32), none)
    other = Keys(half, half, np.array([1], np.int32), none)
    rows = rows_of([0]).set_column(1, "event_key", one.to_arrow())
    lake.append("events", rows, journal="j", position=0)
    assert lake.fresh("events", one).tolist() == [False]
    assert lake.fresh("events", other).tolist() == [True]
