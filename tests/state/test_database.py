"""Transactions and settings of a state database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from yutang.state import Database, insert_rows, integers, open_brand
from yutang.state.brand import identities, identity_links, meta


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return open_brand(tmp_path / "state.db")


def put(db: Database, key: str) -> None:
    with db.write() as connection:
        connection.execute(meta.insert().values(key=key, value=""))


def keys(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(select(meta.c.key).order_by(meta.c.key)).scalars())


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)],
)
def test_it_is_opened_safely(pragma: str, value: object, db: Database) -> None:
    with db.read() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_an_error_rolls_back(db: Database) -> None:
    def break_off() -> None:
        with db.write() as connection:
            connection.execute(meta.insert().values(key="a", value=""))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert keys(db) == []
    put(db, "b")
    assert keys(db) == ["b"]


def test_a_read_writes_nothing(db: Database) -> None:
    with db.read() as connection:
        connection.execute(meta.insert().values(key="a", value=""))
    assert keys(db) == []


def test_a_write_holds_the_lock_from_its_start(db: Database, tmp_path: Path) -> None:
    """Else two that both read first would deadlock half-way."""
    with db.write(), sqlite3.connect(tmp_path / "state.db", timeout=0) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM meta").fetchone() == (0,)


def test_a_reader_sees_one_moment(db: Database) -> None:
    with db.read() as connection:
        assert connection.execute(select(meta.c.key)).all() == []
        put(db, "a")
        assert connection.execute(select(meta.c.key)).all() == []
    assert keys(db) == ["a"]


def test_rows_that_point_to_nothing_are_refused(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as connection:
        connection.execute(
            identity_links.insert().values(a=1, b=2, evidence="", source="", at=0, by="")
        )


def test_the_log_is_emptied(db: Database, tmp_path: Path) -> None:
    put(db, "a-value-to-look-for")
    log = tmp_path / "state.db-wal"
    assert b"a-value-to-look-for" in log.read_bytes()
    assert db.checkpoint()
    assert log.stat().st_size == 0
    with db.write() as connection:
        connection.execute(meta.delete())
    assert db.checkpoint()
    assert b"a-value-to-look-for" not in (tmp_path / "state.db").read_bytes()


def test_many_rows_go_in_and_come_out(db: Database) -> None:
    with db.write() as connection:
        insert_rows(connection, meta, ("key", "value"), [(f"k{i:03d}", str(i)) for i in range(300)])
        insert_rows(connection, meta, ("key", "value"), [])
        found = integers(connection, select(meta.c.value.cast(identities.c.id.type), 7))
    assert found.shape == (300, 2)
    assert found.dtype == np.int64
    assert sorted(found[:, 0]) == list(range(300))
    with db.read() as connection:
        assert integers(connection, select(identities.c.id)).shape == (0, 1)
