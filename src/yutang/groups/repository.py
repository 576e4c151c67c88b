"""Rows of groups: what people say about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from yutang.ingest import get_meta, set_meta
from yutang.state.brand import groups

EPOCH = "groups_epoch"  # goes up with every change, so that caches know


class Row(NamedTuple):
    """Times UTC ms; empty texts: as the events say, or not set."""

    key: str
    name: str = ""
    purpose: str = ""
    owner: str = ""
    status: str = "active"
    dissolve_on: str = ""
    carries_over_to: str = ""
    note: str = ""
    changed_by: str = ""
    created_at: int = 0
    changed_at: int = 0


_COLUMNS = [groups.c[name] for name in Row._fields]


def epoch(connection: Connection) -> int:
    return int(get_meta(connection, EPOCH) or 0)


def all_(connection: Connection) -> dict[str, Row]:
    """Key → row."""
    query = select(*_COLUMNS).order_by(groups.c.id)
    return {row[0]: Row(*row) for row in connection.execute(query)}


def put(connection: Connection, key: str, values: Mapping[str, str], *, by: str, at: int) -> None:
    """Set these texts of a group; a first word about it makes its row."""
    new = {**values, "changed_by": by, "changed_at": at}
    done = connection.execute(update(groups).where(groups.c.key == key).values(**new))
    if not done.rowcount:
        connection.execute(insert(groups).values(key=key, created_at=at, **new))
    set_meta(connection, EPOCH, str(epoch(connection) + 1))
