"""What could not be taken as it came, and how much did: quarantine rows and counters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from yutang.kit import clock
from yutang.state import insert_rows
from yutang.state.brand import counters, imports, quarantine

VALUE_LIMIT = 500  # characters of a value kept in quarantine
RECORD_LIMIT = 20_000
COUNTED = ("accepted", "duplicates", "quarantined", "refused")


@dataclass(frozen=True)
class Misfit:
    """One value or record we could not take: where, why (catalog.reasons), and what it was."""

    row: int
    column: str | None
    reason: str
    value: str | None
    record: str | None


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
         "resolved_by"),
        [
            (
                import_id,
                source,
                one.row,
                one.column,
                one.reason,
                None if one.value is None else one.value[:VALUE_LIMIT],
                None if one.record is None else one.record[:RECORD_LIMIT],
                at,
                "open",
                "",
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
    for name in COUNTED:
        n = counts.get(name, 0)
        if not n:
            continue
        key = (counters.c.source == source) & (counters.c.name == name) & (counters.c.day == day)
        stored = connection.execute(select(counters.c.n).where(key)).scalar()
        if stored is None:
            connection.execute(insert(counters).values(source=source, name=name, day=day, n=n))
        else:
            connection.execute(update(counters).where(key).values(n=stored + n))
