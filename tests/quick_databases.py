"""New databases as copies of one that was migrated: a test's installation costs milliseconds.

The migrations themselves are tested in tests/state, which makes every database the long way.
"""

from __future__ import annotations

import sqlite3

from yutang.state import Database, database

MIGRATE = database._upgrade
_made: dict[str, sqlite3.Connection] = {}


def upgrade(new: Database, kind: str) -> None:
    """In place of `state.database._upgrade`."""
    if not new.is_sqlite or database._current(new) is not None:
        MIGRATE(new, kind)
        return
    with new.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        if kind in _made:
            _made[kind].backup(raw)
            return
    MIGRATE(new, kind)
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    raw.backup(kept)
    _made[kind] = kept
