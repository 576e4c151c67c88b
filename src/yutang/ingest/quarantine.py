"""Quarantine: what could not be taken as it came, kept with its reason until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    func,
    select,
    update,
)

from yutang.errors import NotFound
from yutang.ingest.quarantine_query import samples_of, select_rows, what_is, which
from yutang.state.brand import imports, quarantine
from yutang.workspace import Workspace

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

    @property
    def tracked(self) -> bool:
        """Did a tracker send it (and no file)? Then `filename` is its source, `row` its arrival."""
        return self.import_id is None


@dataclass(frozen=True)
class Group:
    """Open rows that ail alike: of one reason and column. `samples` are values that came; what:
    value (of events that were taken without it) | record (of a tracker) | row (of a file)."""

    reason: str
    column: str | None
    kind: str
    rows: int
    imports: int
    samples: tuple[str, ...]
    what: str = "row"


@dataclass(frozen=True)
class Progress:
    """What became of the repairs asked for since a moment: rows that the worker still holds (of
    whoever asked), those repaired, and those that came back with an error."""

    waiting: int
    repaired: int
    failed: int


class Quarantine:
    """The quarantine of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def counts(
        self, *, import_id: int | None = None, status: str = "open", source: str = ""
    ) -> list[tuple[str, int]]:
        """(reason, rows), most first; every status where `status` is empty."""
        query = (
            select(quarantine.c.reason, func.count())
            .where(which(import_id=import_id, status=status, source=source))
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
        """Newest import first, then in the order of the file; what trackers sent comes after, the
        newest first. `search` looks into the texts."""
        wanted = which(import_id=import_id, reason=reason, status=status, column=column,
                       source=source, search=search)  # fmt: skip
        arrived = case((quarantine.c.import_id.is_(None), -quarantine.c.row))
        order = (quarantine.c.import_id.desc(), arrived, quarantine.c.row, quarantine.c.id)
        query = select_rows().where(wanted).order_by(*order).offset(offset).limit(limit)
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
        wanted = which(import_id=import_id, reason=reason, status=status, column=column,
                       source=source, search=search)  # fmt: skip
        query = select(func.count()).select_from(quarantine).where(wanted)
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

    def groups(self, *, import_id: int | None = None, limit: int | None = None) -> list[Group]:
        """Open rows by reason and column, most first: what one decision can settle."""
        n = func.count()
        keys = (
            quarantine.c.reason,
            quarantine.c.column,
            func.coalesce(imports.c.kind, ""),
            what_is().label("what"),
        )
        query = (
            select(*keys, n, func.count(quarantine.c.import_id.distinct()))
            .select_from(quarantine.outerjoin(imports, imports.c.id == quarantine.c.import_id))
            .where(which(import_id=import_id))
            .group_by(*keys)
            .order_by(n.desc(), quarantine.c.reason)
            .limit(limit)
        )
        with self._workspace.db.read() as connection:
            found = connection.execute(query).all()
            samples = samples_of(connection) if found else {}
        return [
            Group(reason, column, kind, int(rows), int(files), samples.get((reason, column), ()),
                  what)
            for reason, column, kind, what, rows, files in found
        ]  # fmt: skip

    def asked(self) -> dict[int, dict[str, Any]]:
        """Rows that the worker holds, with what was asked for."""
        query = select(quarantine.c.id, quarantine.c.repair).where(
            quarantine.c.status == "repairing"
        )
        with self._workspace.db.read() as connection:
            return {int(id_): dict(asked or {}) for id_, asked in connection.execute(query)}

    def records(
        self, *, reason: str, column: str = "", source: str = "", value: str = ""
    ) -> dict[int, dict[str, Any]]:
        """Open records of trackers of one reason, with the notes of how they are read."""
        query = select(quarantine.c.id, quarantine.c.repair).where(
            which(reason=reason, column=column, source=source, value=value, what="record")
        )
        with self._workspace.db.read() as connection:
            return {int(id_): dict(note or {}) for id_, note in connection.execute(query)}

    def progress(self, since: int) -> Progress:
        """What became of the repairs asked for since a moment (UTC ms)."""
        repairing = quarantine.c.status == "repairing"
        repaired = and_(quarantine.c.status == "repaired", quarantine.c.resolved_at >= since)
        failed = and_(
            quarantine.c.status == "open",
            quarantine.c.repair["at"].as_integer() >= since,
            quarantine.c.repair["error"].as_string() != "",
        )
        parts = (repairing, repaired, failed)
        query = select(*(func.count().filter(one) for one in parts)).select_from(quarantine)
        with self._workspace.db.read() as connection:
            return Progress(*(int(n) for n in connection.execute(query).one()))

    def get(self, ids: Sequence[int]) -> list[QuarantineRow]:
        """These rows, in order of their ids. Raises NotFound where one is missing."""
        found = self.find(ids)
        if not found or len(found) != len(set(ids)):
            raise NotFound("There is no such row in quarantine.")
        return found

    def find(self, ids: Sequence[int]) -> list[QuarantineRow]:
        """Those of these rows that are still there, in order of their ids."""
        query = select_rows().where(quarantine.c.id.in_(sorted(set(ids)))).order_by(quarantine.c.id)
        with self._workspace.db.read() as connection:
            return [QuarantineRow(*row) for row in connection.execute(query)]

    def dismiss(self, ids: Sequence[int], *, by: str) -> int:
        """Decide that open rows need nothing; returns how many there were."""
        return self.resolve(ids, "dismissed", by=by)

    def dismiss_all(
        self,
        *,
        reason: str,
        column: str = "",
        source: str = "",
        value: str = "",
        what: str = "",
        import_id: int | None = None,
        by: str,
    ) -> int:
        """Dismiss a whole group of open rows; what: as `Group.what` names them, "" all."""
        wanted = which(import_id=import_id, reason=reason, column=column, source=source,
                       value=value, what=what)  # fmt: skip
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(quarantine)
                .where(wanted)
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

    def mark_each(self, asked: Mapping[int, dict[str, Any]], *, at: int) -> int:
        """Hand open rows to the worker, each with a repair of its own."""
        with self._workspace.db.write() as connection:
            query = select(quarantine.c.id).where(
                quarantine.c.id.in_(list(asked)), quarantine.c.status == "open"
            )
            values = [
                {"one": id_, "asked": {**asked[id_], "at": at}}
                for (id_,) in connection.execute(query).all()
            ]
            if values:
                connection.execute(
                    update(quarantine)
                    .where(quarantine.c.id == bindparam("one"))
                    .values(status="repairing", repair=bindparam("asked")),
                    values,
                )
        return len(values)

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
        wanted = which(import_id=import_id, reason=reason, column=column, what="value")
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(quarantine)
                .where(wanted)
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
