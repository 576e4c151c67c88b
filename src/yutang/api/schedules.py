"""Schedules: a saved report as a file every day, week or month."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.errors import BadInput
from yutang.schedules import Run, Schedule

ROUTES = APIRouter(tags=["schedules"], responses=PROBLEMS)  # type: ignore[arg-type]


class CadenceIn(BaseModel):
    """weekday: Monday is 0; day: of the month; at: HH:MM in the brand's zone."""

    model_config = ConfigDict(extra="forbid")

    every: Literal["day", "week", "month"] = "day"
    at: str = "09:00"
    weekday: int = Field(0, ge=0, le=6)
    day: int = Field(1, ge=1, le=31)


class NewSchedule(BaseModel):
    """Which report or dashboard, when, as what."""

    model_config = ConfigDict(extra="forbid")

    report: int | None = None
    dashboard: int | None = None
    name: str = Field(max_length=120)
    cadence: CadenceIn = CadenceIn()
    format: Literal["xlsx", "csv"] = "xlsx"
    language: Literal["zh", "en"] = "zh"
    keep: int = Field(12, ge=1, le=60)
    logins: list[str] = Field([""], max_length=100)
    webhooks: list[int] = Field([], max_length=50)


class ScheduleChange(BaseModel):
    """What is left out stays. on: go on or pause."""

    model_config = ConfigDict(extra="forbid")

    on: bool | None = None
    name: str | None = Field(None, max_length=120)
    cadence: CadenceIn | None = None
    format: Literal["xlsx", "csv"] | None = None
    language: Literal["zh", "en"] | None = None
    keep: int | None = Field(None, ge=1, le=60)
    logins: list[str] | None = Field(None, max_length=100)
    webhooks: list[int] | None = Field(None, max_length=50)


class ScheduleOut(BaseModel):
    """A schedule; next_at in UTC ms."""

    id: int
    report: int | None
    dashboard: int | None
    name: str
    cadence: dict[str, Any]
    format: str
    language: str
    keep: int
    status: str
    next_at: int | None


class RunOut(BaseModel):
    """A run; `has_file`: it can be downloaded."""

    id: int
    at: int
    status: str
    filename: str
    size: int
    facts_version: int
    error: dict[str, Any] | None
    has_file: bool


@ROUTES.get("/schedules")
def list_schedules(caller: Caller = needs("analyse")) -> list[ScheduleOut]:
    """All schedules, by name."""
    return [_out(one) for one in caller.brand.schedules.list_()]


@ROUTES.post("/schedules", status_code=201)
def create_schedule(new: NewSchedule, caller: Caller = needs("analyse")) -> ScheduleOut:
    """Make files of a report or a dashboard on time."""
    if (new.report is None) == (new.dashboard is None):
        raise BadInput("A schedule is of one report or of one dashboard.")
    brand = caller.brand
    of = brand.reports.get(new.report) if new.report else brand.dashboards.get(new.dashboard)
    settings = new.model_dump(include={"format", "language", "keep", "logins", "webhooks"})
    made = caller.brand.schedules.add(
        of, new.name, new.cadence.model_dump(), settings, by=caller.name
    )
    caller.record("schedule_added", made.name, {"schedule": made.id})
    return _out(made)


@ROUTES.get("/schedules/{schedule_id}")
def get_schedule(schedule_id: int, caller: Caller = needs("analyse")) -> ScheduleOut:
    """One schedule."""
    return _out(caller.brand.schedules.get(schedule_id))


@ROUTES.patch("/schedules/{schedule_id}")
def change_schedule(
    schedule_id: int, new: ScheduleChange, caller: Caller = needs("analyse")
) -> ScheduleOut:
    """Pause, go on, another time, file or receivers."""
    schedules = caller.brand.schedules
    one = schedules.get(schedule_id)
    asked = new.model_dump(exclude_none=True, exclude={"on"})
    if asked:
        kept = {
            "format": one.format, "language": one.language, "keep": one.keep,
            "logins": list(one.channels.logins), "webhooks": list(one.channels.webhooks),
        }  # fmt: skip
        name = asked.pop("name", one.name)
        cadence = asked.pop("cadence", one.cadence.to_json())
        one = schedules.change(schedule_id, name, cadence, {**kept, **asked})
        caller.record("schedule_changed", one.name, {"schedule": one.id})
    if new.on is not None:
        one = schedules.turn(schedule_id, on=new.on)
        action = "schedule_resumed" if new.on else "schedule_paused"
        caller.record(action, one.name, {"schedule": one.id})
    return _out(one)


@ROUTES.post("/schedules/{schedule_id}/run")
def run_schedule(schedule_id: int, caller: Caller = needs("analyse")) -> RunOut:
    """Make the file now."""
    run = caller.brand.schedules.run(schedule_id)
    caller.record("schedule_run", str(schedule_id), {"schedule": schedule_id})
    return _run(run)


@ROUTES.get("/schedules/{schedule_id}/runs")
def list_runs(schedule_id: int, caller: Caller = needs("analyse")) -> list[RunOut]:
    """Its runs, newest first."""
    caller.brand.schedules.get(schedule_id)
    return [_run(one) for one in caller.brand.schedules.runs(schedule_id)]


@ROUTES.get("/schedules/{schedule_id}/runs/{run_id}/file", response_class=FileResponse)
def get_file(schedule_id: int, run_id: int, caller: Caller = needs("analyse")) -> FileResponse:
    """The file of a run."""
    path, name = caller.brand.schedules.file(schedule_id, run_id)
    return FileResponse(path, filename=name, media_type="application/octet-stream")


@ROUTES.delete("/schedules/{schedule_id}", status_code=204)
def delete_schedule(schedule_id: int, caller: Caller = needs("analyse")) -> None:
    """Remove it; for a week the console can bring it back."""
    one = caller.brand.schedules.remove(schedule_id)
    caller.record("schedule_deleted", one.name, {"schedule": one.id})


def _out(one: Schedule) -> ScheduleOut:
    return ScheduleOut(
        id=one.id, report=one.report_id, dashboard=one.dashboard_id, name=one.name,
        cadence=one.cadence.to_json(),
        format=one.format, language=one.language, keep=one.keep, status=one.status,
        next_at=one.next_at,
    )  # fmt: skip


def _run(one: Run) -> RunOut:
    return RunOut(
        id=one.id, at=one.at, status=one.status, filename=one.filename, size=one.size,
        facts_version=one.facts_version, error=dict(one.error) if one.error else None,
        has_file=one.has_file,
    )  # fmt: skip
