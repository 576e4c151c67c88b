"""A predicate means the same where rows are read and where they are deleted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from yutang.lake import Condition, Lake, arrow_of, at_least, below, none_of, one_of
from yutang.lake.conditions import sql_of

NAMES = ("plain", "it's", "a\\b", '"', "", "浏览", "x' OR '1'='1")
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")


def rows() -> pa.Table:
    n = 60
    keys = np.arange(n, dtype=np.int64)
    return pa.table(
        {
            "day": [DAYS[i % 3] for i in range(n)],
            "event": [NAMES[i % len(NAMES)] if i % 11 else None for i in range(n)],
            "identity": pa.array(keys % 5),
            "time": pa.array(keys * 10),
            "event_key": pa.array([int(i).to_bytes(16, "big") for i in keys], pa.binary()),
            "key_day": pa.array(keys.astype(np.int32)),
            "commit_id": pa.array(np.ones(n, np.int64)),
        }
    )


CONDITION = st.one_of(
    st.lists(st.sampled_from(NAMES), max_size=3).map(lambda v: one_of("event", v)),
    st.lists(st.sampled_from(NAMES), max_size=3).map(lambda v: none_of("event", v)),
    st.lists(st.integers(0, 5), max_size=3).map(lambda v: one_of("identity", v)),
    st.integers(-1, 700).map(lambda v: at_least("time", v)),
    st.integers(-1, 700).map(lambda v: below("time", v)),
    st.sampled_from(DAYS).map(lambda v: below("day", v)),
    st.sampled_from(DAYS).map(lambda v: at_least("day", v)),
)
PREDICATE = st.lists(st.lists(CONDITION, min_size=1, max_size=3), max_size=3)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(predicate=PREDICATE)
@example(predicate=[[none_of("event", ["plain"])], [none_of("event", ["it's"])]])
def test_what_is_read_is_what_is_deleted(
    predicate: list[list[Condition]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.append("events", rows(), journal="j", position=1)
    wanted = lake.scan("events", ["event_key"], arrow_of(predicate)).num_rows
    removed = lake.delete_where("events", predicate)
    assert lake.count("events") == 60 - wanted
    assert removed == wanted
    assert lake.scan("events", ["event_key"], arrow_of(predicate)).num_rows == 0


def test_a_quote_ends_no_text() -> None:
    assert one_of("event", ["it's"]).sql == "event IN ('it''s')"


@pytest.mark.parametrize("column", ["a b", "", "1", "x;--", "Name"])
def test_a_column_is_a_plain_name(column: str) -> None:
    with pytest.raises(ValueError, match="column"):
        one_of(column, [1])


def test_no_group_means_every_row(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every row"):
        sql_of([[one_of("identity", [1])], []])
    with pytest.raises(ValueError, match="every row"):
        arrow_of([[]])
    lake = Lake(tmp_path)
    lake.append("events", rows(), journal="j", position=1)
    assert lake.delete_where("events", []) == 0
    assert lake.delete("events", "identity", []) == 0
    assert lake.count("events") == 60
