"""Imports: hand in a file, follow it, see what was set aside, take it back."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.api.quarantine import QuarantineOut, Status, page_of_rows
from yutang.errors import BadInput

ROUTES = APIRouter(tags=["imports"], responses=PROBLEMS)  # type: ignore[arg-type]


class ImportOut(BaseModel):
    """An import and how far it is. `result` is there once it is done, `error` when it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["orders", "events"]
    filename: str
    size: int
    preset: str
    platform: str
    shop: str
    status: Literal["uploaded", "queued", "running", "done", "failed", "undoing", "undone"]
    step: str
    done_rows: int
    total_rows: int
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    created_by: str
    created_at: int
    started_at: int | None
    finished_at: int | None


@ROUTES.get("/imports")
def list_imports(
    caller: Caller = needs("import"), cursor: Cursor = "", limit: Limit = 50
) -> Page[ImportOut]:
    """Imports, newest first."""
    before = offset_of(cursor) or None
    found = caller.brand.imports.list_(limit=limit + 1, before=before)
    more = cursor_at(found[limit - 1].id) if len(found) > limit else None
    rows = [ImportOut.model_validate(one) for one in found[:limit]]
    return Page[ImportOut](rows=rows, next_cursor=more)


@ROUTES.post("/imports", status_code=202)
def add_import(
    request: Request,
    file: Annotated[UploadFile, File(description="CSV, XLSX, Parquet, or NDJSON for events.")],
    kind: Annotated[Literal["orders", "events"], Form()],
    preset: Annotated[str, Form(description="How to read it (else recognised).")] = "",
    mapping: Annotated[str, Form(description="A mapping as JSON, instead of a preset.")] = "",
    platform: Annotated[str, Form(description="Where the file does not say.")] = "",
    shop: Annotated[str, Form(description="Where the file does not say.")] = "",
    caller: Caller = needs("import"),
) -> ImportOut:
    """Hand in a file; it is stored durably and queued. Facts known already are not added again."""
    brand = caller.brand
    how = _mapping(mapping) or brand.saved_mapping(preset)
    limit = request.app.state.services.settings.upload_limit_mb * 1_000_000
    added = brand.imports.add(
        file.file, kind=kind, filename=file.filename or "upload", by=caller.name, limit=limit
    )
    brand.imports.queue(added.id, preset=preset, mapping=how, platform=platform, shop=shop)
    caller.record("import_uploaded", added.filename, {"import": added.id})
    request.app.state.nudge(caller.key.slug)
    return ImportOut.model_validate(brand.imports.get(added.id))


@ROUTES.get("/imports/{import_id}")
def get_import(import_id: int, caller: Caller = needs("import")) -> ImportOut:
    """One import and how far it is."""
    return ImportOut.model_validate(caller.brand.imports.get(import_id))


@ROUTES.get("/imports/{import_id}/errors")
def list_errors(
    import_id: int,
    status: Status = "all",
    cursor: Cursor = "",
    limit: Limit = 100,
    caller: Caller = needs("import"),
) -> Page[QuarantineOut]:
    """The rows of an import that were set aside, with reason and remedy."""
    caller.brand.imports.get(import_id)
    return page_of_rows(caller, status=status, cursor=cursor, limit=limit, import_id=import_id)


@ROUTES.post("/imports/{import_id}/undo", status_code=202)
def undo_import(request: Request, import_id: int, caller: Caller = needs("import")) -> ImportOut:
    """Take a finished import back, whole; rows that other imports also brought stay."""
    one = caller.brand.imports.get(import_id)
    caller.brand.imports.ask_undo(import_id)
    caller.record("import_undone", one.filename, {"import": import_id})
    request.app.state.nudge(caller.key.slug)
    return ImportOut.model_validate(caller.brand.imports.get(import_id))


def _mapping(text: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput("The mapping is no valid JSON.") from error
    if not isinstance(found, dict):
        raise BadInput("The mapping is a JSON object.")
    return found
