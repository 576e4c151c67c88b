"""Saved reports of one brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from yutang.errors import BadInput, Conflict, NotFound
from yutang.state.brand import alert_events, alerts, saved_reports, schedule_runs, schedules
from yutang.workspace import Workspace

NAME_LENGTH = 120
COLUMNS = [
    saved_reports.c[name] for name in ("id", "name", "model", "params", "created_by", "created_at")
]


@dataclass(frozen=True)
class Report:
    """`params` are the model's parameters as the API takes them; `range` may stand for `from` and
    `to` (ranges.py)."""

    id: int
    name: str
    model: str
    params: Mapping[str, Any]
    created_by: str
    created_at: int


class Reports:
    """Saved reports; the caller has checked the parameters against the model."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list_(self) -> list[Report]:
        """Newest first."""
        query = select(*COLUMNS).order_by(saved_reports.c.id.desc())
        with self._workspace.db.read() as connection:
            return [Report(*row) for row in connection.execute(query)]

    def get(self, report_id: int) -> Report:
        query = select(*COLUMNS).where(saved_reports.c.id == report_id)
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such report.")
        return Report(*row)

    def add(self, name: str, model: str, params: Mapping[str, Any], *, by: str) -> Report:
        name = _checked(name)
        with self._workspace.db.write() as connection:
            new = connection.execute(
                insert(saved_reports)
                .values(
                    name=name,
                    model=model,
                    params=dict(params),
                    created_by=by,
                    created_at=self._workspace.now(),
                )
                .returning(saved_reports.c.id)
            ).scalar_one()
        return self.get(int(new))

    def rename(self, report_id: int, name: str) -> Report:
        self.get(report_id)
        with self._workspace.db.write() as connection:
            connection.execute(
                update(saved_reports)
                .where(saved_reports.c.id == report_id)
                .values(name=_checked(name))
            )
        return self.get(report_id)

    def remove(self, report_id: int) -> None:
        """Raises NotFound; Conflict where something is made of it."""
        one = self.get(report_id)
        try:
            with self._workspace.db.write() as connection:
                _forget_removed(connection, report_id)
                connection.execute(delete(saved_reports).where(saved_reports.c.id == report_id))
        except IntegrityError:
            raise Conflict(
                "“%(name)s” is used by an alert, a schedule or a dashboard.",
                hint="Delete those first.",
                name=one.name,
            ) from None


def _forget_removed(connection: Connection, report_id: int) -> None:
    """Alerts and schedules that were removed, and wait only for somebody to change his mind."""
    for table, events, of in (
        (alerts, alert_events, alert_events.c.alert_id),
        (schedules, schedule_runs, schedule_runs.c.schedule_id),
    ):
        gone = (table.c.report_id == report_id) & (table.c.status == "removed")
        connection.execute(delete(events).where(of.in_(select(table.c.id).where(gone))))
        connection.execute(delete(table).where(gone))


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    return name
