"""Values of stored rows are set in one commit, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.lake.test_lake import rows_of
from yutang.lake import Keys, Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(tmp_path / "lake")
    made.append("events", rows_of(list(range(20))), journal="a", position=0)
    return made


def stored(lake: Lake) -> list[dict[str, Any]]:
    dataset = lake.dataset("events")
    assert dataset is not None
    return sorted(dataset.to_table().to_pylist(), key=lambda row: row["event_key"])


def test_only_the_named_rows_and_columns_change(lake: Lake) -> None:
    before = stored(lake)
    wanted = before[3:6]
    changes = pa.table(
        {
            "day": [row["day"] for row in wanted],
            "event_key": pa.array([row["event_key"] for row in wanted], pa.binary()),
            "commit_id": [101, 102, 103],
        }
    )
    versions = lake.version("events")
    assert lake.amend("events", changes) == 3
    assert lake.version("events") == versions + 1
    expected = [dict(row) for row in before]
    for row, value in zip(expected[3:6], (101, 102, 103), strict=True):
        row["commit_id"] = value
    assert stored(lake) == expected
    assert lake.amend("events", changes) == 3  # again is no harm
    assert stored(lake) == expected


def test_a_condition_on_the_old_row_holds(lake: Lake) -> None:
    row = stored(lake)[0]
    changes = pa.table(
        {
            "day": [row["day"]],
            "event_key": pa.array([row["event_key"]], pa.binary()),
            "commit_id": [99],
        }
    )
    assert lake.amend("events", changes, where="t.commit_id = 12345") == 0
    assert lake.amend("events", changes, where=f"t.commit_id = {row['commit_id']}") == 1


def test_the_key_index_stays_good(lake: Lake) -> None:
    rows = stored(lake)
    changes = pa.table(
        {
            "day": [row["day"] for row in rows],
            "event_key": pa.array([row["event_key"] for row in rows], pa.binary()),
            "commit_id": [7] * len(rows),
        }
    )
    lake.amend("events", changes)
    assert lake.keys_behind("events") == 0
    table = lake.scan("events", ["event_key", "key_day"])
    keys = Keys.from_arrow(table.column("event_key"), table.column("key_day"))
    assert not lake.fresh("events", keys).any()
    other = Keys(keys.high + np.uint64(1), keys.low, keys.day, keys.content)
    assert lake.fresh("events", other).all()


def test_nothing_to_change_makes_no_version(lake: Lake) -> None:
    empty = pa.table(
        {"day": pa.array([], pa.string()), "event_key": pa.array([], pa.binary()), "commit_id": []}
    )
    version = lake.version("events")
    assert lake.amend("events", empty) == 0
    assert lake.amend("orders", empty) == 0
    assert lake.version("events") == version


def test_a_column_that_the_table_does_not_have_yet_is_made(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    rows = rows_of([1, 2])
    lake.append("events", rows, journal="j", position=0)
    changes = rows.slice(0, 1).select(["day", "event_key"])
    assert lake.amend("events", changes.append_column("p_new", pa.array(["x"]))) == 1
    found = lake.scan("events", ["identity", "p_new"]).to_pylist()
    assert {row["identity"]: row["p_new"] for row in found} == {1: "x", 2: None}
