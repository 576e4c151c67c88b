"""Quarantine: what was set aside, why, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, following, offset_of
from yutang.catalog.reasons import reason_of
from yutang.errors import BadInput
from yutang.ingest import QuarantineRow

ROUTES = APIRouter(tags=["quarantine"], responses=PROBLEMS)  # type: ignore[arg-type]
Status = Literal["open", "repairing", "repaired", "dismissed", "all"]


class QuarantineOut(BaseModel):
    """A row or a value that could not be taken as it came."""

    id: int
    import_id: int | None = Field(description="Null: a tracker sent it.")
    filename: str = Field(description="Of the import, else the name of the source.")
    what: Literal["value", "record", "row"] = Field(
        description="One value of an event that was taken without it; the whole record of a"
        " tracker; the whole row of a file."
    )
    row: int = Field(
        description="As a spreadsheet counts, for order files; the line of other files; else a"
        " number that orders what arrived."
    )
    column: str | None
    reason: str
    because: str = Field(description="The reason as a sentence.")
    remedy: str
    value: str | None
    record: str | None = Field(description="The whole row, where none of it was taken.")
    status: str
    error: str = Field(description="Why its last repair failed.")
    at: int


class Alike(BaseModel):
    """Open rows of one reason."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    column: str = Field("", description="Only those of this column.")
    source: str = Field("", description="Only those of this source.")


class Decision(BaseModel):
    """Which rows: by id, or all open ones that ail alike."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] | None = Field(None, min_length=1, max_length=1000)
    all: Alike | None = None


class ValueRepair(BaseModel):
    """Cast values to their property's type: rows by id, or all open ones of a column."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] | None = Field(None, min_length=1, max_length=1000)
    column: str | None = Field(None, description="Instead of ids: every open value of it.")
    import_id: int | None = None
    value: str | None = Field(None, description="Instead of what came; only with ids.")
    to: str = Field(
        "",
        description="Store them under this property instead; a new one gets the type of the value.",
    )


class Replay(BaseModel):
    """Corrected rows of one file, or corrected records of trackers, as JSON objects."""

    model_config = ConfigDict(extra="forbid")

    records: dict[int, dict[str, Any]] = Field(description="id → the corrected row", min_length=1)


class Done(BaseModel):
    """How many rows it concerned."""

    rows: int


class Replayed(BaseModel):
    """How many rows are on their way; of rows of a file, the import that brings them."""

    rows: int
    import_id: int | None


class ProgressOut(BaseModel):
    """What became of repairs: waiting are those that the worker still holds, whoever asked."""

    model_config = ConfigDict(from_attributes=True)

    waiting: int
    repaired: int
    failed: int = Field(description="Open again; the row's `error` says why.")


@ROUTES.get("/quarantine")
def list_quarantine(
    reason: str = "",
    column: str = "",
    import_id: Annotated[int | None, Query(alias="import")] = None,
    source: str = "",
    status: Status = "open",
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
    caller: Caller = needs("import"),
) -> Page[QuarantineOut]:
    """Rows set aside, newest import first."""
    return page_of_rows(
        caller,
        status=status,
        cursor=cursor,
        limit=limit,
        import_id=import_id,
        reason=reason,
        column=column,
        source=source,
        search=search,
    )


@ROUTES.get("/quarantine/progress")
def read_progress(
    since: Annotated[int, Query(ge=0, description="UTC ms")] = 0, caller: Caller = needs("import")
) -> ProgressOut:
    """How far the repairs are that were asked for since a moment."""
    return ProgressOut.model_validate(caller.brand.quarantine.progress(since))


@ROUTES.post("/quarantine/dismiss")
def dismiss(decision: Decision, caller: Caller = needs("import")) -> Done:
    """Decide that open rows need nothing. Their records are deleted."""
    if (decision.ids is None) == (decision.all is None):
        raise BadInput("Give either ids or what ails alike.")
    if decision.ids is not None:
        rows = caller.brand.quarantine.dismiss(decision.ids, by=caller.name)
    else:
        assert decision.all is not None
        which = decision.all.model_dump()
        rows = caller.brand.quarantine.dismiss_all(**which, by=caller.name)
    caller.record("quarantine_dismissed", str(rows))
    return Done(rows=rows)


@ROUTES.post("/quarantine/values", status_code=202)
def repair_values(request: Request, repair: ValueRepair, caller: Caller = needs("import")) -> Done:
    """Set values that did not fit, cast to the type of their property or under another name."""
    if (repair.ids is None) == (repair.column is None):
        raise BadInput("Give either ids or a column.")
    service, by = caller.brand.value_repairs, caller.name
    if repair.ids is not None:
        rows = service.ask(repair.ids, by=by, value=repair.value, to=repair.to)
    else:
        rows = service.ask_all(repair.column, by=by, import_id=repair.import_id, to=repair.to)
    caller.record("quarantine_repaired", str(rows), {"to": repair.to} if repair.to else None)
    request.app.state.nudge(caller.key.slug)
    return Done(rows=rows)


@ROUTES.post("/quarantine/replay", status_code=202)
def replay(request: Request, corrected: Replay, caller: Caller = needs("import")) -> Replayed:
    """Bring corrected rows again: records as their source, rows through their file's importer."""
    records = {id_: json.dumps(row, ensure_ascii=False) for id_, row in corrected.records.items()}
    tracked = [row.tracked for row in caller.brand.quarantine.get(list(records))]
    if any(tracked) and not all(tracked):
        raise BadInput("Bring rows of a file and records of trackers in requests of their own.")
    if tracked[0]:
        caller.brand.replays.replay(records, by=caller.name)
        made = None
    else:
        made = caller.brand.repairs.replay(records, by=caller.name).id
    detail = {"import": made} if made is not None else None
    caller.record("quarantine_repaired", str(len(records)), detail)
    request.app.state.nudge(caller.key.slug)
    return Replayed(rows=len(records), import_id=made)


@ROUTES.post("/quarantine/replay-all", status_code=202)
def replay_all(request: Request, alike: Alike, caller: Caller = needs("import")) -> Done:
    """Bring all open records of trackers of one reason again as they are: after the rule that set
    them aside was changed."""
    rows = caller.brand.replays.replay_all(**alike.model_dump(), by=caller.name)
    caller.record("quarantine_repaired", str(rows), {"reason": alike.reason})
    request.app.state.nudge(caller.key.slug)
    return Done(rows=rows)


def page_of_rows(
    caller: Caller, *, status: str, cursor: str, limit: int, **which: Any
) -> Page[QuarantineOut]:
    """A page of quarantine rows; `which` as `Quarantine.rows` takes it."""
    offset, service = offset_of(cursor), caller.brand.quarantine
    which["status"] = "" if status == "all" else status
    total = service.count(**which)
    rows = service.rows(**which, offset=offset, limit=limit)
    return Page[QuarantineOut](
        rows=[_out(row) for row in rows],
        total=total,
        next_cursor=following(offset, limit, total),
    )


def _out(row: QuarantineRow) -> QuarantineOut:
    reason = reason_of(row.reason)
    return QuarantineOut(
        id=row.id,
        import_id=row.import_id,
        filename=row.filename,
        what="value" if row.record is None else "record" if row.tracked else "row",
        row=row.row,
        column=row.column,
        reason=row.reason,
        because=reason.en,
        remedy=reason.remedy_en,
        value=row.value,
        record=row.record,
        status=row.status,
        error=row.error,
        at=row.at,
    )
