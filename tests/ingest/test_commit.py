"""The committer: versions, replays, counts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Connection, select

from tests.lake.test_lake import rows_of
from tests.small_brand import SmallBrand, open_brand_at, write_events
from yutang.errors import BadInput
from yutang.ingest import (
    Committer,
    Misfit,
    Prepared,
    changed_since,
    facts_version,
    totals,
    unfinished,
)
from yutang.kit import locks
from yutang.state.brand import commits, event_names, quarantine


class Dead(Exception):
    """Stands for the process dying at a step."""


class Sender:
    """Prepares one batch, and counts how often it was asked."""

    def __init__(self, numbers: list[int]) -> None:
        self.rows = rows_of(numbers).drop_columns(["commit_id"])
        self.asked = 0

    def __call__(self, _connection: Connection, _version: int) -> Prepared:
        self.asked += 1
        return Prepared(
            tables={"events": self.rows, "orders": self.rows.slice(0, 0)},
            counts={"events": self.rows.num_rows, "accepted": self.rows.num_rows},
            misfits=[Misfit(1, "x", "value_misfit", "1", None)],
            changed=[self.asked],
            volumes={"page_viewed": self.rows.num_rows},
        )


@pytest.fixture
def brand(tmp_path: Path) -> SmallBrand:
    return open_brand_at(tmp_path / "home")


def commit(brand: SmallBrand, committer: Committer, sender: Sender, position: int = 0) -> int:
    counts = committer.commit("test:1", position, "events", sender, source="test")
    with brand.workspace.db.read() as connection:
        version = facts_version(connection)
    assert counts["events"] == sender.rows.num_rows
    return version


def test_versions_grow_by_one(brand: SmallBrand) -> None:
    versions = [commit(brand, brand.committer, Sender([n]), n) for n in range(3)]
    assert versions == [1, 2, 3]
    rows = brand.workspace.lake.scan("events", ["identity", "commit_id"]).to_pylist()
    assert {row["identity"]: row["commit_id"] for row in rows} == {0: 1, 1: 2, 2: 3}


def test_a_finished_batch_is_not_prepared_again(brand: SmallBrand) -> None:
    sender = Sender([1, 2])
    commit(brand, brand.committer, sender)
    commit(brand, brand.committer, sender)
    assert sender.asked == 1
    assert brand.workspace.lake.count("events") == 2


@pytest.mark.parametrize("step", ["state", "lake:events", "counters"])
def test_what_was_noted_first_stands(step: str, brand: SmallBrand) -> None:
    def die(name: str) -> None:
        if name == step:
            raise Dead

    sender = Sender([1, 2])
    with pytest.raises(Dead):
        commit(brand, Committer(brand.workspace, die), sender)
    assert commit(brand, brand.committer, sender) == 1
    with brand.workspace.db.read() as connection:
        assert unfinished(connection) == []
        assert totals(connection) == {"accepted": 2}
        assert changed_since(connection, 0).to_array().tolist() == [1]
        assert len(connection.execute(select(quarantine.c.id)).all()) == 1
        assert connection.execute(select(event_names.c.events)).scalars().all() == [2]
    assert brand.workspace.lake.count("events") == 2


def test_a_refused_batch_leaves_nothing(brand: SmallBrand) -> None:
    def refuse(_connection: Connection, _version: int) -> Prepared:
        raise BadInput("No.")

    with pytest.raises(BadInput):
        brand.committer.commit("test:1", 0, "events", refuse, source="test")
    with brand.workspace.db.read() as connection:
        assert connection.execute(select(commits.c.id)).all() == []


def test_a_version_is_above_those_in_the_lake(brand: SmallBrand) -> None:
    """A state restored from before must not give a facts version twice."""
    high = rows_of([1], commit=41)
    brand.workspace.lake.append("events", high, journal="lost", position=0)
    assert commit(brand, brand.committer, Sender([2])) == 42


def test_nobody_else_settles_while_a_batch_is_committed(brand: SmallBrand) -> None:
    def look(_name: str) -> None:
        with locks.exclusive(brand.workspace.root / "commit.lock", wait=False) as free:
            seen.append(free)

    seen: list[bool] = []
    commit(brand, Committer(brand.workspace, look), Sender([1]))
    assert seen
    assert not any(seen)


def test_the_same_file_a_month_later_adds_nothing(brand: SmallBrand, tmp_path: Path) -> None:
    file = write_events(tmp_path / "events")
    brand.take("events", file)
    before = brand.workspace.lake.count("events")
    brand.workspace.now = lambda: 1_790_000_000_000 + 30 * 86_400_000
    again = brand.take("events", file)
    assert again.result is not None
    assert again.result["events"] == 0
    assert again.result["duplicates"] == 216  # 200 events, 16 of them written twice
    assert brand.workspace.lake.count("events") == before


def test_an_empty_table_is_not_committed(brand: SmallBrand) -> None:
    commit(brand, brand.committer, Sender([1]))
    assert not brand.workspace.lake.exists("orders")
    assert isinstance(brand.workspace.lake.scan("orders", ["identity"]), pa.Table)
