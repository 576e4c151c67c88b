"""The audit log of one brand: who did what, when, to what. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, or_, select

from yutang.state import Database, brand


@dataclass(frozen=True)
class AuditRow:
    """`at` is UTC milliseconds; `detail` holds what the action needs to be understood later."""

    at: int
    login: str
    action: str
    target: str
    detail: dict[str, Any] | None
    ip: str


class BrandAudit:
    """Writes and reads the audit log in a brand's own state database."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def record(
        self,
        login: str,
        action: str,
        target: str = "",
        detail: dict[str, Any] | None = None,
        ip: str = "",
    ) -> None:
        with self._database.write() as connection:
            self.record_in(connection, login, action, target, detail, ip)

    def record_in(
        self,
        connection: Connection,
        login: str,
        action: str,
        target: str = "",
        detail: dict[str, Any] | None = None,
        ip: str = "",
    ) -> None:
        """The same, inside the caller's transaction."""
        add(connection, brand.audit_log, self._clock(), login, action, target, detail, ip)

    def page(self, *, search: str = "", offset: int = 0, limit: int = 50) -> list[AuditRow]:
        """Newest first."""
        table = brand.audit_log
        query = select(table).order_by(table.c.id.desc()).offset(offset).limit(limit)
        if search:
            query = query.where(_matches(table, search))
        with self._database.read() as connection:
            return [to_row(row) for row in connection.execute(query)]

    def count(self, search: str = "") -> int:
        table = brand.audit_log
        query = select(func.count()).select_from(table)
        if search:
            query = query.where(_matches(table, search))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def add(
    connection: Connection,
    table: Table,
    at: int,
    login: str,
    action: str,
    target: str,
    detail: dict[str, Any] | None,
    ip: str,
) -> None:
    connection.execute(
        insert(table).values(at=at, login=login, action=action, target=target, detail=detail, ip=ip)
    )


def to_row(row: Any) -> AuditRow:
    return AuditRow(row.at, row.login, row.action, row.target or "", row.detail, row.ip or "")


def _matches(table: Table, search: str) -> Any:
    return or_(
        *(
            column.contains(search, autoescape=True)
            for column in (table.c.login, table.c.action, table.c.target)
        )
    )
