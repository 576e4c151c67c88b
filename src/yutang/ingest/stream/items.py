"""Rows of dimension tables that trackers send: the newest one of each item counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from yutang.catalog.records import Record
from yutang.state.brand import items

BATCH = 300  # (type, id) pairs of one query

_UPSERT = text(
    "INSERT INTO items (type, item_id, properties, source, time, deleted_at)"
    " VALUES (:type, :item_id, :properties, :source, :time, :deleted_at)"
    " ON CONFLICT (type, item_id) DO UPDATE SET properties = excluded.properties,"
    " source = excluded.source, time = excluded.time, deleted_at = excluded.deleted_at"
)


@dataclass(frozen=True)
class ItemRow:
    """What a record makes of an item; `deleted` where it takes it away."""

    type: str
    item_id: str
    properties: str  # JSON, names sorted
    source: str
    time: int
    deleted: bool

    @property
    def rank(self) -> tuple[int, bool, str, str]:
        """The highest counts, in whatever order they come."""
        return self.time, self.deleted, self.properties, self.source


def item_row(record: Record, source: str, time: int) -> ItemRow | None:
    """The row of an item record; None where it names no item."""
    if record.item is None or not all(record.item):
        return None
    deleted = any(operation == "delete" for operation, _, _ in record.profile)
    values: dict[str, Any] = {} if deleted else record.properties
    told = json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
    return ItemRow(record.item[0], record.item[1], told, source, time, deleted)


def store_items(connection: Connection, rows: Sequence[ItemRow]) -> None:
    """Set each item to its newest row. Safe to repeat."""
    newest: dict[tuple[str, str], ItemRow] = {}
    for row in rows:
        key = (row.type, row.item_id)
        if key not in newest or row.rank > newest[key].rank:
            newest[key] = row
    for stored in _stored(connection, list(newest)):
        key = (stored.type, stored.item_id)
        if stored.rank >= newest[key].rank:
            del newest[key]
    if newest:
        connection.execute(
            _UPSERT,
            [
                {
                    "type": row.type, "item_id": row.item_id, "properties": row.properties,
                    "source": row.source, "time": row.time,
                    "deleted_at": row.time if row.deleted else None,
                }
                for row in newest.values()
            ],
        )  # fmt: skip


def _stored(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[ItemRow]:
    found: list[ItemRow] = []
    wanted = set(keys)
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        query = select(
            items.c.type, items.c.item_id, items.c.properties, items.c.source, items.c.time,
            items.c.deleted_at,
        ).where(items.c.item_id.in_([item_id for _, item_id in part]))  # fmt: skip
        for type_, item_id, properties, source, time, deleted_at in connection.execute(query):
            if (type_, item_id) in wanted:
                told = json.dumps(properties, ensure_ascii=False, sort_keys=True)
                deleted = deleted_at is not None
                found.append(ItemRow(type_, item_id, told, source, int(time), deleted))
    return found
