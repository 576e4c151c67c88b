"""The alerts of one brand: made, changed, paused, snoozed, removed; looked at when they are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from yutang.alerts.asking import Asker, check_report, watch_of
from yutang.alerts.looking import Look, Preview, broken, look, preview
from yutang.alerts.periods import next_end
from yutang.alerts.records import Alert, AlertEvent
from yutang.alerts.rule import Rule, read_rule
from yutang.alerts.speaking import word_for
from yutang.alerts.words import message_of
from yutang.analysis import Result
from yutang.errors import BadInput, NotFound, YutangError
from yutang.kit.clock import DAY_MS
from yutang.kit.messages import mark
from yutang.notices import Channels, Desk
from yutang.reports import Report, Reports
from yutang.state.brand import alert_events, alerts
from yutang.state.due import alerts_due
from yutang.workspace import Workspace

log = structlog.get_logger("alerts")

NAME_LENGTH = 120
MOST = 200  # of a brand
HISTORY = 200  # changes shown
UNDO_MS = 7 * DAY_MS
LONGEST_SNOOZE_DAYS = 90
CRASHED = mark("something went wrong on our side; it was written to the log")
TURN_MS = 30_000  # of one brand: what is left is looked at a minute later


class Alerts:
    """The alerts of one brand."""

    def __init__(self, workspace: Workspace, reports: Reports, asker: Asker, desk: Desk) -> None:
        self._workspace = workspace
        self._reports = reports
        self._asker = asker
        self._desk = desk

    # --- made and changed ----------------------------------------------------------------------
    def list_(self) -> list[Alert]:
        """Firing ones first, then by name; without those that were removed."""
        query = select(alerts).where(alerts.c.status != "removed")
        with self._workspace.db.read() as connection:
            found = [_alert(row) for row in connection.execute(query)]
        order = {"firing": 0, "broken": 1, "late": 2}
        return sorted(found, key=lambda one: (order.get(one.state, 3), one.name, one.id))

    def get(self, alert_id: int) -> Alert:
        """Raises NotFound."""
        query = select(alerts).where(alerts.c.id == alert_id, alerts.c.status != "removed")
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such alert.")
        return _alert(row)

    def checked(self, report: Report, rule: Mapping[str, Any], now: Result | None = None) -> Rule:
        """The rule with what it watches held against the report's answer of now, if it is known.

        Raises BadInput, NotFound.
        """
        read = read_rule(rule)
        watch = watch_of(
            now or self._asker.answer(report),
            read.watch.table, read.watch.cell, read.watch.column,
        )  # fmt: skip
        return read_rule({**rule, "watch": watch.model_dump()})

    def preview(self, report: Report, rule: Rule) -> Preview:
        """What the rule would have said of the last periods. Raises BadInput, NotFound."""
        check_report(report)
        return preview(self._asker, report, rule)

    def add(
        self, report_id: int, name: str, rule: Mapping[str, Any], channels: Channels, *, by: str
    ) -> Alert:
        """A new alert; it is looked at within a minute. Raises BadInput, NotFound."""
        read, name = self.checked(self._reports.get(report_id), rule), _checked(name)
        with self._workspace.db.write() as connection:
            count = select(func.count(alerts.c.id)).where(alerts.c.status != "removed")
            if connection.execute(count).scalar_one() >= MOST:
                raise BadInput("A brand has at most %(n)s alerts.", n=MOST)
            query = insert(alerts).values(
                report_id=report_id, name=name, rule=read.model_dump(), channels=_stored(channels),
                created_by=by, created_at=self._workspace.now(),
            )  # fmt: skip
            new = connection.execute(query.returning(alerts.c.id)).scalar_one()
        return self.get(int(new))

    def change(
        self, alert_id: int, name: str, rule: Mapping[str, Any], channels: Channels
    ) -> Alert:
        """Another rule, name or channels; it is judged anew. Raises BadInput, NotFound."""
        before = self.get(alert_id)
        read = self.checked(self._reports.get(before.report_id), rule)
        self._set(
            alert_id,
            name=_checked(name),
            rule=read.model_dump(),
            channels=_stored(channels),
            state="",
            seen=None,
            next_at=None,
        )
        return self.get(alert_id)

    def turn(self, alert_id: int, *, on: bool) -> Alert:
        """Pause it, or go on; it is then looked at within a minute."""
        self.get(alert_id)
        self._set(alert_id, status="on" if on else "off", next_at=None)
        return self.get(alert_id)

    def snooze(self, alert_id: int, days: int) -> Alert:
        """Tell nobody for so many days (0: tell again); looks and history go on."""
        if not 0 <= days <= LONGEST_SNOOZE_DAYS:
            raise BadInput("An alert can be quiet for 1 to %(n)s days.", n=LONGEST_SNOOZE_DAYS)
        one = self.get(alert_id)
        until = self._workspace.now() + days * DAY_MS if days else 0
        self._set(alert_id, channels={**one.channels, "quiet_until": until})
        return self.get(alert_id)

    def remove(self, alert_id: int) -> Alert:
        """Remove it; `restore` brings it back for a week."""
        one = self.get(alert_id)
        self._set(alert_id, status="removed", checked_at=self._workspace.now())
        return one

    def restore(self, alert_id: int) -> Alert:
        """Take a removal back. Raises NotFound."""
        query = update(alerts).where(alerts.c.id == alert_id, alerts.c.status == "removed")
        with self._workspace.db.write() as connection:
            connection.execute(query.values(status="on", next_at=None))
        return self.get(alert_id)

    def history(self, alert_id: int) -> list[AlertEvent]:
        """Changes of state, newest first."""
        query = (
            select(alert_events)
            .where(alert_events.c.alert_id == alert_id)
            .order_by(alert_events.c.id.desc())
            .limit(HISTORY)
        )
        with self._workspace.db.read() as connection:
            return [AlertEvent(row.at, row.state, row.detail) for row in connection.execute(query)]

    # --- looked at -----------------------------------------------------------------------------
    def look_due(self, facts_version: int) -> int:
        """Look at what is due, for the length of a turn: how many were looked at."""
        began, looked = self._workspace.now(), 0
        with self._workspace.db.read() as connection:
            query = select(alerts.c.id).where(alerts_due(began, facts_version))
            due = list(connection.execute(query.order_by(alerts.c.checked_at)).scalars())
        for alert_id in due:
            if self._workspace.now() - began > TURN_MS:
                break
            self.look(int(alert_id), facts_version)
            looked += 1
        return looked

    def look(self, alert_id: int, facts_version: int) -> Look:
        """Look now, keep what was seen and tell whom it concerns. Raises NotFound."""
        one = self.get(alert_id)
        try:
            seen = look(self._asker, self._reports.get(one.report_id), one.rule)
        except YutangError as error:
            seen = broken(error)
        except (OSError, MemoryError, OperationalError):
            raise  # the machine's fault: it is tried again
        except Exception as error:
            log.error("alert.broke", brand=self._workspace.slug, alert=alert_id, exc_info=error)
            seen = broken(YutangError(CRASHED))
        with self._workspace.db.write() as connection:
            self._keep(connection, one, seen, facts_version)
        return seen

    def sweep(self) -> None:
        """Forget what was removed a week ago."""
        old = select(alerts.c.id).where(
            alerts.c.status == "removed", alerts.c.checked_at < self._workspace.now() - UNDO_MS
        )
        with self._workspace.db.write() as connection:
            connection.execute(delete(alert_events).where(alert_events.c.alert_id.in_(old)))
            connection.execute(delete(alerts).where(alerts.c.id.in_(old)))

    # --- inside --------------------------------------------------------------------------------
    def _keep(self, connection: Connection, one: Alert, seen: Look, facts_version: int) -> None:
        """State, history, notices and posts of a look, all or nothing."""
        now = self._workspace.now()
        since = now if seen.state != one.state else int(one.seen.get("since", now))
        told, told_at = one.seen.get("told", ""), int(one.seen.get("told_at", 0))
        word = word_for(
            seen.state, told, since=since, told_at=told_at, now=now,
            remind_days=one.rule.remind_days,
        )  # fmt: skip
        if seen.state != one.state:
            connection.execute(
                insert(alert_events).values(
                    alert_id=one.id, at=now, state=seen.state, detail=seen.to_json()
                )
            )
        if word and not one.is_quiet(now):
            message = message_of(one, seen, word, self._workspace.zone)
            self._desk.tell_in(connection, message, Channels.of(one.channels))
            told, told_at = seen.state, now
        kept = seen.to_json() | {
            "since": since, "told": told, "told_at": told_at, "facts_version": facts_version
        }  # fmt: skip
        connection.execute(
            update(alerts)
            .where(alerts.c.id == one.id, alerts.c.status == one.status)
            .values(
                state=seen.state,
                seen=kept,
                checked_at=now,
                next_at=next_end(one.rule.watch.unit, now, self._workspace.zone),
            )
        )

    def _set(self, alert_id: int, **values: Any) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**values))


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    return name


def _stored(channels: Channels) -> dict[str, Any]:
    return {"logins": list(channels.logins), "webhooks": list(channels.webhooks)}


def _alert(row: Any) -> Alert:
    return Alert(
        row.id, row.report_id, row.name, Rule.model_validate(row.rule), row.channels, row.status,
        row.state, row.seen or {}, row.checked_at, row.created_by, row.created_at,
    )  # fmt: skip
