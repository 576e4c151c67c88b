"""What goes with a report or a dashboard when it is removed, inside that transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, select

from yutang.state.brand import alert_events, alerts, schedule_runs, schedules

# Files that schedules leave, below the brand's folder.
FILES = "reports"


def forget_alerts(connection: Connection, which: ColumnElement[bool]) -> None:
    """Alerts with what happened to them."""
    gone = select(alerts.c.id).where(which)
    connection.execute(delete(alert_events).where(alert_events.c.alert_id.in_(gone)))
    connection.execute(delete(alerts).where(which))


def forget_schedules(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    """Schedules with their runs. Gives their files, below FILES: the caller deletes
    them after the transaction, since a file cannot be rolled back."""
    run = schedule_runs.c
    gone = select(schedules.c.id).where(which)
    kept = select(run.stored_as).where(run.schedule_id.in_(gone), run.stored_as != "")
    files = [str(name) for name in connection.execute(kept).scalars()]
    connection.execute(delete(schedule_runs).where(run.schedule_id.in_(gone)))
    connection.execute(delete(schedules).where(which))
    return files
