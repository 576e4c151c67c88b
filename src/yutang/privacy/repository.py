"""State rows of an erasure: its receipt, and what names the person outside identities."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from yutang.ingest import note_change
from yutang.privacy.traces import Traces
from yutang.state.brand import audit_log, erasures, event_properties, imports, quarantine

BATCH = 500  # values of one IN list
HIDDEN = "（已删除 erased）"


def add_erasure(connection: Connection, *, at: int, by: str, receipt: dict[str, Any]) -> int:
    made = connection.execute(insert(erasures).values(at=at, by=by, receipt=receipt))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def set_receipt(connection: Connection, erasure_id: int, receipt: dict[str, Any]) -> None:
    connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(receipt=receipt))


def get_receipt(connection: Connection, erasure_id: int) -> dict[str, Any]:
    query = select(erasures.c.receipt).where(erasures.c.id == erasure_id)
    receipt: dict[str, Any] = connection.execute(query).scalar_one()
    return receipt


def add_audit(
    connection: Connection, at: int, by: str, erasure: str, receipt: dict[str, Any]
) -> None:
    connection.execute(
        insert(audit_log).values(
            at=at, login=by, action="person.erased", target=erasure, detail=receipt, ip=""
        )
    )


def list_erasures(connection: Connection) -> list[tuple[int, int, str, dict[str, Any]]]:
    """(id, at, by, receipt), oldest first."""
    query = select(erasures.c.id, erasures.c.at, erasures.c.by, erasures.c.receipt)
    return [(int(i), int(at), by, receipt) for i, at, by, receipt in connection.execute(query)]


def delete_quarantine(
    connection: Connection, traces: Traces, rows: set[tuple[int | None, int]]
) -> int:
    """Remove what was quarantined of the person: of his facts' (import, row), or naming him."""
    query = select(
        quarantine.c.id,
        quarantine.c.import_id,
        quarantine.c.row,
        quarantine.c.value,
        quarantine.c.record,
        quarantine.c.repair,
    )
    gone = [
        int(one.id)
        for one in connection.execute(query)
        if (one.import_id, one.row) in rows
        or traces.in_record(one.record)
        or (one.value and traces.in_text(one.value))
        or traces.in_record(str((one.repair or {}).get("typed") or ""))
    ]
    for start in range(0, len(gone), BATCH):
        part = gone[start : start + BATCH]
        connection.execute(delete(quarantine).where(quarantine.c.id.in_(part)))
    return len(gone)


def drop_examples(connection: Connection) -> None:
    """Forget the examples of all properties: nobody knows whose they were, and new events bring
    new ones."""
    connection.execute(update(event_properties).values(examples=None))
    note_change(connection)


def hide_in_audit(connection: Connection, named: Callable[[str], bool]) -> int:
    """Take the person's values out of the audit log; the rest of each row stays."""
    changed = 0
    query = select(audit_log.c.id, audit_log.c.target, audit_log.c.detail)
    for id_, target, detail in connection.execute(query).all():
        values: dict[str, Any] = {}
        if target and named(target):
            values["target"] = HIDDEN
        if detail is not None and named(json.dumps(detail, ensure_ascii=False)):
            values["detail"] = {"erased": True}
        if values:
            connection.execute(update(audit_log).where(audit_log.c.id == id_).values(**values))
            changed += 1
    return changed


def uploads_waiting(connection: Connection) -> list[tuple[int, str]]:
    """(import, name of its stored file) of the uploads that are still due or may be run again."""
    query = select(imports.c.id, imports.c.stored_as).where(
        imports.c.status.not_in(["done", "undone"])
    )
    return [(int(id_), stored) for id_, stored in connection.execute(query)]


def fail_import(connection: Connection, import_id: int, at: int) -> None:
    template = "The file held a person who was erased meanwhile, so it was deleted."
    hint = "Export the file again without this person, and import it."
    error = {
        "code": "erased",
        "message": f"{template} {hint}",
        "template": template,
        "hint": hint,
        "params": {},
    }
    connection.execute(
        update(imports)
        .where(imports.c.id == import_id)
        .values(status="failed", error=error, finished_at=at)
    )
