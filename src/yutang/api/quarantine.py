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
    import_id: int | None
    filename: str
    row: int = Field(description="As a spreadsheet counts, for order files; else the line.")
    column: str | None
    reason: str
    because: str = Field(description="The reason as a sentence.")
    remedy: str
    value: str | None
    record: str | None = Field(description="The whole row, where none of it was taken.")
    status: str
    error: str = Field(description="Why its last repair failed.")
    at: int


class Decision(BaseModel):
    """Which rows, by id."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] = Field(min_length=1, max_length=1000)


class ValueRepair(BaseModel):
    """Cast values to their property's type: rows by id, or all open ones of a column."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] | None = Field(None, min_length=1, max_length=1000)
    column: str | None = Field(None, description="Instead of ids: every open value of it.")
    import_id: int | None = None
    value: str | None = Field(None, description="Instead of what came; only with ids.")


class Replay(BaseModel):
    """Corrected rows of one file, as JSON objects."""

    model_config = ConfigDict(extra="forbid")

    records: dict[int, dict[str, Any]] = Field(description="id → the corrected row", min_length=1)


class Done(BaseModel):
    """How many rows it concerned."""

    rows: int


class Replayed(BaseModel):
    """The import that brings the corrected rows."""

    import_id: int


@ROUTES.get("/quarantine")
def list_quarantine(
    reason: str = "",
    column: str = "",
    import_id: Annotated[int | None, Query(alias="import")] = None,
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
        search=search,
    )


@ROUTES.post("/quarantine/dismiss")
def dismiss(decision: Decision, caller: Caller = needs("import")) -> Done:
    """Decide that open rows need nothing. Their records are deleted."""
    rows = caller.brand.quarantine.dismiss(decision.ids, by=caller.name)
    caller.record("quarantine_dismissed", str(rows))
    return Done(rows=rows)


@ROUTES.post("/quarantine/values", status_code=202)
def repair_values(request: Request, repair: ValueRepair, caller: Caller = needs("import")) -> Done:
    """Set values that did not fit, cast to the type of their property."""
    if (repair.ids is None) == (repair.column is None):
        raise BadInput("Give either ids or a column.")
    if repair.ids is not None:
        rows = caller.brand.value_repairs.ask(repair.ids, by=caller.name, value=repair.value)
    else:
        rows = caller.brand.value_repairs.ask_all(
            repair.column, by=caller.name, import_id=repair.import_id
        )
    caller.record("quarantine_repaired", str(rows))
    request.app.state.nudge(caller.key.slug)
    return Done(rows=rows)


@ROUTES.post("/quarantine/replay", status_code=202)
def replay(request: Request, corrected: Replay, caller: Caller = needs("import")) -> Replayed:
    """Bring corrected rows again, through the importer they came by."""
    records = {id_: json.dumps(row, ensure_ascii=False) for id_, row in corrected.records.items()}
    made = caller.brand.repairs.replay(records, by=caller.name)
    caller.record("quarantine_repaired", str(len(records)), {"import": made.id})
    request.app.state.nudge(caller.key.slug)
    return Replayed(import_id=made.id)


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
