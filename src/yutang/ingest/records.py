"""What could not be taken as it came, and how much did: quarantine rows and counters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from yutang.kit import clock
from yutang.state import insert_rows
from yutang.state.brand import imports, quarantine

VALUE_LIMIT = 500  # characters of a value kept in quarantine
RECORD_LIMIT = 20_000
# accepted: facts stored · duplicates: known already · quarantined: values and records set aside ·
# refused: of erased people · late, future: set aside for their time · rejected: unreadable records,
# set aside · blocked: events that the dictionary lets drop · robots: accepted, but of a robot
COUNTED = (
    "accepted", "duplicates", "quarantined", "refused", "late", "future", "rejected", "blocked",
    "robots",
)  # fmt: skip


@dataclass(frozen=True)
class Misfit:
    """One value or record we could not take: where, why (catalog.reasons), and what it was.

    A stream's batch holds records of many sources and moments: then each says its own `source`,
    and when it was received (`at`, UTC ms). `note` is what a repair must know beside the record.
    """

    row: int
    column: str | None
    reason: str
    value: str | None
    record: str | None
    source: str | None = None
    at: int | None = None
    note: dict[str, Any] | None = None


def store_misfits(
    connection: Connection,
    misfits: Iterable[Misfit],
    *,
    source: str,
    import_id: int | None,
    at: int,
) -> None:
    """Write misfits down; those of a file that was imported before, row for row, stand already."""
    known = _known(connection, import_id) if import_id is not None else set()
    insert_rows(
        connection,
        quarantine,
        ("import_id", "source", "row", "column", "reason", "value", "record", "at", "status",
         "resolved_by", "repair"),
        [
            (
                import_id,
                source if one.source is None else one.source,
                one.row,
                one.column,
                one.reason,
                None if one.value is None else one.value[:VALUE_LIMIT],
                None if one.record is None else one.record[:RECORD_LIMIT],
                at if one.at is None else one.at,
                "open",
                "",
                None if one.note is None else json.dumps(one.note, ensure_ascii=False),
            )
            for one in misfits
            if (one.row, one.column, one.reason) not in known
        ],
    )  # fmt: skip


def _known(connection: Connection, import_id: int) -> set[tuple[int, str | None, str]]:
    """(row, column, reason) of what was set aside of earlier imports of the same file."""
    same = select(imports.c.sha256).where(imports.c.id == import_id).scalar_subquery()
    query = (
        select(quarantine.c.row, quarantine.c.column, quarantine.c.reason)
        .join(imports, imports.c.id == quarantine.c.import_id)
        .where(imports.c.sha256 == same, imports.c.id < import_id)
        .where(imports.c.status != "undone")
    )
    return {(int(row), column, reason) for row, column, reason in connection.execute(query)}


def count_up(
    connection: Connection, source: str, counts: Mapping[str, int], *, at: int, zone: str
) -> None:
    """Add to the counters of a source for today."""
    day = clock.iso_day(at, zone)
    rows = [
        {"source": source, "name": name, "day": day, "n": n}
        for name in COUNTED
        if (n := counts.get(name, 0))
    ]
    if rows:
        connection.execute(
            text(
                "INSERT INTO counters (source, name, day, n) VALUES (:source, :name, :day, :n)"
                " ON CONFLICT (source, name, day) DO UPDATE SET n = counters.n + excluded.n"
            ),
            rows,
        )
