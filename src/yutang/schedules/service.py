"""Saved reports as files on time: made, changed, run when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from yutang.errors import BadInput, NotFound, YutangError
from yutang.kit.clock import DAY_MS
from yutang.kit.messages import mark
from yutang.kit.sheets import Sheet
from yutang.notices import Channels, Desk, Message
from yutang.reports import Dashboard, Report
from yutang.schedules import files
from yutang.schedules.cadence import Cadence, next_run, read_cadence
from yutang.state.brand import schedule_runs, schedules
from yutang.state.due import schedules_due
from yutang.workspace import Workspace

log = structlog.get_logger("schedules")

NAME_LENGTH = 120
MOST = 100  # of a brand
FORMATS = ("xlsx", "csv")
LANGUAGES = ("zh", "en")
KEPT_RUNS = (1, 12, 60)  # least, usual, most
KEPT_BYTES = 500_000_000  # of a brand: the oldest files go first
UNDO_MS = 7 * DAY_MS
TURN_MS = 60_000
READY = mark("“%(name)s” of %(day)s is ready.")
FAILED = mark("“%(name)s” could not be made: %(why)s")
CRASHED = mark("something went wrong on our side; it was written to the log")

# What a schedule's files are made of: (number, language) → tables.
SheetsOf = Callable[[int, str], Sequence[Sheet]]


@dataclass(frozen=True)
class Schedule:
    """A schedule of a report or of a dashboard."""

    id: int
    report_id: int | None
    dashboard_id: int | None
    name: str
    cadence: Cadence
    format: str
    language: str
    keep: int
    channels: Channels
    status: str
    next_at: int | None
    created_by: str


@dataclass(frozen=True)
class Run:
    """One run. has_file: it can be downloaded."""

    id: int
    schedule_id: int
    at: int
    status: str
    filename: str
    size: int
    facts_version: int
    error: Mapping[str, Any] | None
    has_file: bool


class Schedules:
    """The schedules of one brand. sheets, board_sheets: make the tables of a report, of a
    dashboard."""

    def __init__(
        self,
        workspace: Workspace,
        desk: Desk,
        sheets: SheetsOf,
        board_sheets: SheetsOf,
        facts_version: Callable[[], int],
    ) -> None:
        self._workspace = workspace
        self._desk = desk
        self._sheets = sheets
        self._facts_version = facts_version
        self._board_sheets = board_sheets

    # --- made and changed ----------------------------------------------------------------------
    def list_(self) -> list[Schedule]:
        """By name; without those that were removed."""
        query = select(schedules).where(schedules.c.status != "removed").order_by(schedules.c.name)
        with self._workspace.db.read() as connection:
            return [_schedule(row) for row in connection.execute(query)]

    def get(self, schedule_id: int) -> Schedule:
        """Raises NotFound."""
        query = select(schedules).where(
            schedules.c.id == schedule_id, schedules.c.status != "removed"
        )
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such schedule.")
        return _schedule(row)

    def add(
        self, of: Report | Dashboard, name: str, cadence: Mapping[str, Any],
        settings: Mapping[str, Any], *, by: str,
    ) -> Schedule:  # fmt: skip
        """A new schedule of a saved report or a dashboard. Raises BadInput."""
        is_board = isinstance(of, Dashboard)
        values = self._checked(name, cadence, settings, is_board=is_board)
        values["dashboard_id" if is_board else "report_id"] = of.id
        if isinstance(of, Report) and of.model == "sql":
            raise BadInput(
                "A question in SQL cannot be sent on time: its rows may be about persons.",
                hint="Save the number as a report of a model, such as events.",
            )
        with self._workspace.db.write() as connection:
            count = select(func.count(schedules.c.id)).where(schedules.c.status != "removed")
            if connection.execute(count).scalar_one() >= MOST:
                raise BadInput("A brand has at most %(n)s schedules.", n=MOST)
            query = insert(schedules).values(
                created_by=by, created_at=self._workspace.now(), **values
            )
            new = connection.execute(query.returning(schedules.c.id)).scalar_one()
        return self.get(int(new))

    def change(
        self, schedule_id: int, name: str, cadence: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Schedule:
        """Raises BadInput, NotFound."""
        is_board = self.get(schedule_id).dashboard_id is not None
        self._set(schedule_id, **self._checked(name, cadence, settings, is_board=is_board))
        return self.get(schedule_id)

    def turn(self, schedule_id: int, *, on: bool) -> Schedule:
        """Pause it, or go on with the next time that is due."""
        one = self.get(schedule_id)
        again = next_run(one.cadence, self._workspace.now(), self._workspace.zone)
        self._set(schedule_id, status="on" if on else "off", next_at=again if on else None)
        return self.get(schedule_id)

    def remove(self, schedule_id: int) -> Schedule:
        """Remove it; `restore` brings it back, with its files, for a week."""
        one = self.get(schedule_id)
        self._set(schedule_id, status="removed", next_at=self._workspace.now())
        return one

    def restore(self, schedule_id: int) -> Schedule:
        """Take a removal back. Raises NotFound."""
        gone = schedules.c.status == "removed"
        with self._workspace.db.write() as connection:
            connection.execute(
                update(schedules).where(schedules.c.id == schedule_id, gone).values(status="off")
            )
        return self.turn(schedule_id, on=True)

    def runs(self, schedule_id: int | None = None, *, limit: int = 100) -> list[Run]:
        """Newest first."""
        query = select(schedule_runs).order_by(schedule_runs.c.id.desc()).limit(limit)
        if schedule_id is not None:
            query = query.where(schedule_runs.c.schedule_id == schedule_id)
        with self._workspace.db.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def file(self, schedule_id: int, run_id: int) -> tuple[Path, str]:
        """Where a run's file lies, and what it is called. Raises NotFound."""
        self.get(schedule_id)
        query = select(schedule_runs).where(
            schedule_runs.c.id == run_id, schedule_runs.c.schedule_id == schedule_id
        )
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such file.")
        return files.path_of(self._workspace, row.stored_as), row.filename

    # --- run -----------------------------------------------------------------------------------
    def run_due(self) -> int:
        """Run what is due, for the length of a turn: how many ran. Times that were missed while
        nothing ran are made up for once."""
        began, ran = self._workspace.now(), 0
        query = select(schedules).where(schedules_due(began)).order_by(schedules.c.next_at)
        with self._workspace.db.read() as connection:
            due = [_schedule(row) for row in connection.execute(query)]
        for one in due:
            if self._workspace.now() - began > TURN_MS:
                break
            again = next_run(one.cadence, self._workspace.now(), self._workspace.zone)
            mine = (schedules.c.id == one.id) & (schedules.c.next_at == one.next_at)
            with self._workspace.db.write() as connection:  # whoever moves it on runs it
                query_ = update(schedules).where(mine, schedules_due(began)).values(next_at=again)
                claimed = connection.execute(query_).rowcount == 1
            if claimed:
                self.run(one.id)
                ran += 1
        return ran

    def run(self, schedule_id: int) -> Run:
        """Make its file now and tell whom it concerns. Raises NotFound."""
        one = self.get(schedule_id)
        now = self._workspace.now()
        day = datetime.fromtimestamp(now / 1000, ZoneInfo(self._workspace.zone)).date()
        values: dict[str, Any] = {"status": "done", "at": now, "schedule_id": one.id}
        params: dict[str, Any] = {"name": one.name, "day": day.isoformat()}
        message = Message("schedule", READY, params, f"alerts/schedules/{one.id}")
        try:
            values["facts_version"] = self._facts_version()
            stored, size = files.write(self._workspace, self._tables(one), one.format)
            name = f"{_plain(one.name)} {day.isoformat()}.{one.format}"
            values |= {"stored_as": stored, "size": size, "filename": name}
        except (MemoryError, OperationalError):
            raise  # the machine's fault
        except Exception as error:
            if not isinstance(error, YutangError):
                log.error("schedule.broke", brand=self._workspace.slug, exc_info=error)
            why = error.message if isinstance(error, YutangError) else CRASHED
            given = error.params if isinstance(error, YutangError) else {}
            told = {key: str(value)[:200] for key, value in given.items()}
            values |= {"status": "failed", "error": {"message": why, "params": told}}
            params |= {"why": why, "why_params": told}
            message = Message("schedule", FAILED, params, message.link, "bad")
        with self._workspace.db.write() as connection:
            query = insert(schedule_runs).values(values).returning(schedule_runs)
            run = _run(connection.execute(query).one())
            self._desk.tell_in(connection, message, one.channels)
        self._make_room(one)
        return run

    def sweep(self) -> None:
        """Forget schedules that were removed a week ago, with their files."""
        now = self._workspace.now()
        old = (schedules.c.status == "removed") & (schedules.c.next_at < now - UNDO_MS)
        gone = select(schedules.c.id).where(old)
        named = select(schedule_runs.c.stored_as).where(schedule_runs.c.schedule_id.in_(gone))
        with self._workspace.db.write() as connection:
            stored = list(connection.execute(named).scalars())
            connection.execute(delete(schedule_runs).where(schedule_runs.c.schedule_id.in_(gone)))
            connection.execute(delete(schedules).where(old))
            rest = set(connection.execute(select(schedule_runs.c.stored_as)).scalars())
        for name in stored:
            files.remove(self._workspace, name)
        files.sweep(self._workspace, rest, (now - DAY_MS) / 1000)

    # --- inside --------------------------------------------------------------------------------
    def _tables(self, one: Schedule) -> Sequence[Sheet]:
        if one.report_id is not None:
            return self._sheets(one.report_id, one.language)
        if one.dashboard_id is None:
            raise NotFound("There is no such report any more.")
        return self._board_sheets(one.dashboard_id, one.language)

    def _checked(
        self, name: str, cadence: Mapping[str, Any], settings: Mapping[str, Any], *, is_board: bool
    ) -> dict[str, Any]:
        name, read = name.strip(), read_cadence(cadence)
        if not 0 < len(name) <= NAME_LENGTH:
            raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
        kind, language = settings.get("format", "xlsx"), settings.get("language", "zh")
        if is_board and kind != "xlsx":
            raise BadInput(
                "A dashboard has a table for each card: it is sent as xlsx.",
                hint="Choose xlsx, or schedule one of its reports.",
            )
        if kind not in FORMATS or language not in LANGUAGES:
            raise BadInput("A file is csv or xlsx, in Chinese or English.")
        keep = settings.get("keep", KEPT_RUNS[1])
        if not isinstance(keep, int) or not KEPT_RUNS[0] <= keep <= KEPT_RUNS[2]:
            raise BadInput(
                "Between %(least)s and %(most)s files are kept.",
                least=KEPT_RUNS[0],
                most=KEPT_RUNS[2],
            )
        channels = Channels.of(settings)
        kept = {"format": kind, "language": language, "keep": keep,
                "logins": list(channels.logins), "webhooks": list(channels.webhooks)}  # fmt: skip
        again = next_run(read, self._workspace.now(), self._workspace.zone)
        return {"name": name, "cadence": read.to_json(), "settings": kept, "next_at": again}

    def _make_room(self, one: Schedule) -> None:
        """Remove the files of the schedule's oldest runs, and the brand's oldest over its size."""
        table = schedule_runs.c
        query = select(table.id, table.schedule_id, table.stored_as, table.size)
        query = query.where(table.stored_as != "").order_by(table.id.desc())
        with self._workspace.db.read() as connection:
            rows = list(connection.execute(query))
        mine, size, gone = 0, 0, []
        for row in rows:
            mine += row.schedule_id == one.id
            size += row.size
            if (row.schedule_id == one.id and mine > one.keep) or size > KEPT_BYTES:
                gone.append(row)
        for row in gone:
            files.remove(self._workspace, row.stored_as)
        with self._workspace.db.write() as connection:
            ids = [row.id for row in gone]
            connection.execute(
                update(schedule_runs).where(table.id.in_(ids)).values(stored_as="", size=0)
            )

    def _set(self, schedule_id: int, **values: Any) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(
                update(schedules).where(schedules.c.id == schedule_id).values(**values)
            )


def _plain(name: str) -> str:
    """A name that any system takes for a file."""
    return "".join("_" if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in name)[:80]


def _schedule(row: Any) -> Schedule:
    said = row.settings
    return Schedule(
        row.id, row.report_id, row.dashboard_id, row.name, read_cadence(row.cadence),
        said.get("format", "xlsx"), said.get("language", "zh"), said.get("keep", KEPT_RUNS[1]),
        Channels.of(said), row.status, row.next_at, row.created_by,
    )  # fmt: skip


def _run(row: Any) -> Run:
    return Run(
        row.id, row.schedule_id, row.at, row.status, row.filename, row.size, row.facts_version,
        row.error, bool(row.stored_as),
    )  # fmt: skip
