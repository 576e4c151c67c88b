"""Saved reports of one brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.reports.belongings import FILES, forget_alerts, forget_schedules
from yutang.state.brand import (
    alerts,
    dashboard_cards,
    dashboards,
    model_runs,
    saved_reports,
    schedules,
)
from yutang.workspace import Workspace

NAME_LENGTH = 120
COLUMNS = [
    saved_reports.c[name]
    for name in ("id", "name", "model", "params", "created_by", "created_at", "changed_at")
]


@dataclass(frozen=True)
class Report:
    """`params` are the model's parameters as the API takes them; `range` may stand for `from` and
    `to` (ranges.py). changed_at: when another question was saved over it, UTC ms."""

    id: int
    name: str
    model: str
    params: Mapping[str, Any]
    created_by: str
    created_at: int
    changed_at: int | None = None


@dataclass(frozen=True)
class Uses:
    """Where a report stands, by name."""

    dashboards: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.dashboards or self.alerts or self.schedules)


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
        name = checked_name(name)
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

    def change(self, report_id: int, model: str, params: Mapping[str, Any]) -> Report:
        """Save another question over it; where it stands, the new one is answered from now on."""
        self.get(report_id)
        values = {"model": model, "params": dict(params), "changed_at": self._workspace.now()}
        self._set(report_id, **values)
        return self.get(report_id)

    def rename(self, report_id: int, name: str) -> Report:
        self.get(report_id)
        self._set(report_id, name=checked_name(name))
        return self.get(report_id)

    def _set(self, report_id: int, **values: Any) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(
                update(saved_reports).where(saved_reports.c.id == report_id).values(**values)
            )

    def uses(self, report_id: int) -> Uses:
        """On which dashboards, alerts and schedules it stands."""
        return self.all_uses(report_id).get(report_id, Uses())

    def all_uses(self, report_id: int | None = None) -> dict[int, Uses]:
        """The same of every report that stands anywhere, or of one."""
        card = dashboard_cards.c
        on_boards = (
            select(card.report_id, dashboards.c.name)
            .join(dashboards, dashboards.c.id == card.dashboard_id)
            .where(card.position >= 0)
            .distinct()
        )
        queries = {
            "dashboards": (card.report_id, on_boards),
            **{
                table.name: (
                    table.c.report_id,
                    select(table.c.report_id, table.c.name).where(table.c.status != "removed"),
                )
                for table in (alerts, schedules)
            },
        }
        found: dict[int, dict[str, list[str]]] = {}
        with self._workspace.db.read() as connection:
            for kind, (column, query) in queries.items():
                wanted = column == report_id if report_id is not None else column.is_not(None)
                for of, name in connection.execute(query.where(wanted)):
                    found.setdefault(int(of), {}).setdefault(kind, []).append(name)
        return {
            of: Uses(**{kind: tuple(sorted(names)) for kind, names in kinds.items()})
            for of, kinds in found.items()
        }

    def remove(self, report_id: int) -> None:
        """The report with its cards, alerts and schedules, at once; runs it was asked in stay."""
        self.get(report_id)
        with self._workspace.db.write() as connection:
            card = dashboard_cards.c
            stood = select(card.dashboard_id).where(card.report_id == report_id)
            connection.execute(
                update(dashboards)
                .where(dashboards.c.id.in_(stood))
                .values(changed_at=self._workspace.now())
            )
            connection.execute(delete(dashboard_cards).where(card.report_id == report_id))
            forget_alerts(connection, alerts.c.report_id == report_id)
            files = forget_schedules(connection, schedules.c.report_id == report_id)
            connection.execute(
                update(model_runs).where(model_runs.c.report_id == report_id).values(report_id=None)
            )
            connection.execute(delete(saved_reports).where(saved_reports.c.id == report_id))
        for name in files:
            (self._workspace.root / FILES / name).unlink(missing_ok=True)


def checked_name(name: str) -> str:
    """A name without space around it. Raises BadInput."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    return name
