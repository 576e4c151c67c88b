"""Quarantine: what could not be taken as it came, kept with its reason until somebody decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, true, update

from yutang.errors import NotFound
from yutang.state.brand import imports, quarantine
from yutang.workspace import Workspace

STATUSES = ("open", "repaired", "dismissed")


@dataclass(frozen=True)
class QuarantineRow:
    """One row set aside. `record` is the raw row or line, where it was not taken at all; without
    it only one value was left out. `at` and `resolved_at` are UTC ms."""

    id: int
    import_id: int | None
    filename: str
    kind: str
    row: int
    column: str | None
    reason: str
    value: str | None
    record: str | None
    at: int
    status: str
    resolved_by: str


class Quarantine:
    """The quarantine of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def counts(
        self, *, import_id: int | None = None, status: str = "open"
    ) -> list[tuple[str, int]]:
        """(reason, rows), most first; every status where `status` is empty."""
        query = (
            select(quarantine.c.reason, func.count())
            .where(_which(import_id, "", status))
            .group_by(quarantine.c.reason)
            .order_by(func.count().desc(), quarantine.c.reason)
        )
        with self._workspace.db.read() as connection:
            return [(str(reason), int(n)) for reason, n in connection.execute(query)]

    def rows(
        self,
        *,
        import_id: int | None = None,
        reason: str = "",
        status: str = "open",
        offset: int = 0,
        limit: int = 50,
    ) -> list[QuarantineRow]:
        """Newest import first, then in the order of the file."""
        query = (
            _select()
            .where(_which(import_id, reason, status))
            .order_by(quarantine.c.import_id.desc(), quarantine.c.row, quarantine.c.id)
            .offset(offset)
            .limit(limit)
        )
        with self._workspace.db.read() as connection:
            return [QuarantineRow(*row) for row in connection.execute(query)]

    def get(self, ids: Sequence[int]) -> list[QuarantineRow]:
        """These rows, in order of their ids. Raises NotFound where one is missing."""
        wanted = sorted(set(ids))
        query = _select().where(quarantine.c.id.in_(wanted)).order_by(quarantine.c.id)
        with self._workspace.db.read() as connection:
            found = [QuarantineRow(*row) for row in connection.execute(query)]
        if not wanted or len(found) != len(wanted):
            raise NotFound("There is no such row in quarantine.")
        return found

    def dismiss(self, ids: Sequence[int], *, by: str) -> int:
        """Decide that open rows need nothing; returns how many there were."""
        return self.resolve(ids, "dismissed", by=by)

    def resolve(self, ids: Sequence[int], status: str, *, by: str) -> int:
        """Give open rows their end. The record is dropped: it may hold personal data."""
        with self._workspace.db.write() as connection:
            return _resolve(connection, ids, status, by, self._workspace.now())


def _resolve(connection: Connection, ids: Sequence[int], status: str, by: str, at: int) -> int:
    done = connection.execute(
        update(quarantine)
        .where(quarantine.c.id.in_(list(ids)), quarantine.c.status == "open")
        .values(status=status, resolved_by=by, resolved_at=at, record=None)
    )
    return int(done.rowcount)


def _select() -> Any:
    return select(
        quarantine.c.id,
        quarantine.c.import_id,
        func.coalesce(imports.c.filename, quarantine.c.source),
        func.coalesce(imports.c.kind, ""),
        quarantine.c.row,
        quarantine.c.column,
        quarantine.c.reason,
        quarantine.c.value,
        quarantine.c.record,
        quarantine.c.at,
        quarantine.c.status,
        quarantine.c.resolved_by,
    ).select_from(quarantine.outerjoin(imports, imports.c.id == quarantine.c.import_id))


def _which(import_id: int | None, reason: str, status: str) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    if import_id is not None:
        parts.append(quarantine.c.import_id == import_id)
    if reason:
        parts.append(quarantine.c.reason == reason)
    if status:
        parts.append(quarantine.c.status == status)
    return and_(*parts)
