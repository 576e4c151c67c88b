"""Quarantine: what could not be taken as it came, kept with its reason until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true, update

from yutang.errors import NotFound
from yutang.state.brand import imports, quarantine
from yutang.workspace import Workspace

SAMPLES = 5
STATUSES = ("open", "repairing", "repaired", "dismissed")


@dataclass(frozen=True)
class QuarantineRow:
    """One row set aside. `record` is the raw row or line, where it was not taken at all; without
    it only one value was left out. `at` is UTC ms. `repair` is what was asked for last, with
    `error` where it failed."""

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
    repair: dict[str, Any] | None

    @property
    def error(self) -> str:
        """Why the last repair failed."""
        return str((self.repair or {}).get("error", ""))


@dataclass(frozen=True)
class Group:
    """Open rows that ail alike: of one reason and column. `samples` are values that came."""

    reason: str
    column: str | None
    kind: str
    rows: int
    imports: int
    samples: tuple[str, ...]


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
        column: str = "",
        source: str = "",
        status: str = "open",
        search: str = "",
        offset: int = 0,
        limit: int | None = 50,
    ) -> list[QuarantineRow]:
        """Newest import first, then in the order of the file; `search` looks into the texts."""
        query = (
            _select()
            .where(_which(import_id, reason, status, column, source, search))
            .order_by(quarantine.c.import_id.desc(), quarantine.c.row, quarantine.c.id)
            .offset(offset)
            .limit(limit)
        )
        with self._workspace.db.read() as connection:
            return [QuarantineRow(*row) for row in connection.execute(query)]

    def count(
        self,
        *,
        import_id: int | None = None,
        reason: str = "",
        column: str = "",
        source: str = "",
        status: str = "open",
        search: str = "",
    ) -> int:
        """How many rows `rows` would give without a limit."""
        which = _which(import_id, reason, status, column, source, search)
        query = select(func.count()).select_from(quarantine).where(which)
        with self._workspace.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def by_source(self) -> list[tuple[str, int]]:
        """(source, open rows), most first."""
        n = func.count()
        query = (
            select(quarantine.c.source, n)
            .where(quarantine.c.status == "open")
            .group_by(quarantine.c.source)
            .order_by(n.desc(), quarantine.c.source)
        )
        with self._workspace.db.read() as connection:
            return [(str(source), int(rows)) for source, rows in connection.execute(query)]

    def groups(self, *, import_id: int | None = None) -> list[Group]:
        """Open rows by reason and column, most first: what one decision can settle."""
        n = func.count()
        keys = (quarantine.c.reason, quarantine.c.column, func.coalesce(imports.c.kind, ""))
        query = (
            select(*keys, n, func.count(quarantine.c.import_id.distinct()))
            .select_from(quarantine.outerjoin(imports, imports.c.id == quarantine.c.import_id))
            .where(_which(import_id, "", "open"))
            .group_by(*keys)
            .order_by(n.desc(), quarantine.c.reason)
        )
        with self._workspace.db.read() as connection:
            return [
                Group(
                    reason,
                    column,
                    kind,
                    int(rows),
                    int(files),
                    _samples(connection, reason, column),
                )
                for reason, column, kind, rows, files in connection.execute(query).all()
            ]

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

    def dismiss_all(
        self, *, reason: str, column: str = "", import_id: int | None = None, by: str
    ) -> int:
        """Dismiss a whole group of open rows."""
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(quarantine)
                .where(_which(import_id, reason, "open", column))
                .values(
                    status="dismissed", resolved_by=by, resolved_at=self._workspace.now(),
                    record=None, repair=None,
                )
            )  # fmt: skip
            return int(done.rowcount)

    def mark(self, ids: Sequence[int], repair: dict[str, Any], *, at: int) -> int:
        """Hand open rows to the worker for repair."""
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(quarantine)
                .where(quarantine.c.id.in_(list(ids)), quarantine.c.status == "open")
                .values(status="repairing", repair={**repair, "at": at})
            )
            return int(done.rowcount)

    def mark_all(
        self,
        repair: dict[str, Any],
        *,
        at: int,
        reason: str,
        column: str,
        import_id: int | None = None,
    ) -> int:
        """Hand all open values of a column to the worker for repair."""
        which = and_(_which(import_id, reason, "open", column), quarantine.c.record.is_(None))
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(quarantine)
                .where(which)
                .values(status="repairing", repair={**repair, "at": at})
            )
            return int(done.rowcount)

    def reopen(
        self, failed: Mapping[int, str], *, records: Mapping[int, str] | None = None
    ) -> None:
        """Repairs that failed: id → why. What was typed stays, to be mended further."""
        if not failed:
            return
        with self._workspace.db.write() as connection:
            query = select(quarantine.c.id, quarantine.c.repair).where(
                quarantine.c.status == "repairing"
            )
            for id_, repair in connection.execute(query).all():
                if id_ in failed:
                    values: dict[str, Any] = {
                        "status": "open",
                        "repair": {**(repair or {}), "error": failed[id_]},
                    }
                    if records and id_ in records:
                        values["record"] = records[id_]
                    connection.execute(
                        update(quarantine).where(quarantine.c.id == id_).values(**values)
                    )

    def resolve(self, ids: Sequence[int], status: str, *, by: str) -> int:
        """Give open rows their end. The record is dropped: it may hold personal data."""
        with self._workspace.db.write() as connection:
            return _resolve(connection, ids, status, by, self._workspace.now())


def _resolve(connection: Connection, ids: Sequence[int], status: str, by: str, at: int) -> int:
    done = connection.execute(
        update(quarantine)
        .where(quarantine.c.id.in_(list(ids)), quarantine.c.status.in_(["open", "repairing"]))
        .values(status=status, resolved_by=by, resolved_at=at, record=None, repair=None)
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
        quarantine.c.repair,
    ).select_from(quarantine.outerjoin(imports, imports.c.id == quarantine.c.import_id))


def _samples(connection: Connection, reason: str, column: str | None) -> tuple[str, ...]:
    same = quarantine.c.column.is_(None) if column is None else quarantine.c.column == column
    query = (
        select(quarantine.c.value)
        .where(quarantine.c.reason == reason, same, quarantine.c.status == "open")
        .where(quarantine.c.value.is_not(None))
        .distinct()
        .limit(SAMPLES)
    )
    return tuple(str(row[0]) for row in connection.execute(query))


def _which(
    import_id: int | None,
    reason: str,
    status: str,
    column: str = "",
    source: str = "",
    search: str = "",
) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    if import_id is not None:
        parts.append(quarantine.c.import_id == import_id)
    if reason:
        parts.append(quarantine.c.reason == reason)
    if status:
        parts.append(quarantine.c.status == status)
    if column:
        parts.append(quarantine.c.column == column)
    if source:
        parts.append(quarantine.c.source == source)
    if search:
        texts = (quarantine.c.column, quarantine.c.value, quarantine.c.record)
        parts.append(or_(*(text.contains(search, autoescape=True) for text in texts)))
    return and_(*parts)
