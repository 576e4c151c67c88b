"""State rows of an erasure: its receipt, and what names the person outside identities."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from yutang.ingest import note_change
from yutang.privacy.traces import Traces
from yutang.state.brand import (
    audit_log,
    customers,
    erasures,
    event_properties,
    hand_requests,
    identity_detachments,
    identity_links,
    imports,
    quarantine,
)

BATCH = 500  # values of one IN list
Place = tuple[int | None, int]  # (import, row) of a fact; tracked ones have no import
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


def delete_quarantine(connection: Connection, traces: Traces, rows: set[Place]) -> int:
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


def hide_in_reasons(connection: Connection, named: Callable[[str], bool]) -> int:
    """Take the person's values out of the reasons of decisions about others."""
    changed = 0
    for table in (identity_links, identity_detachments):
        query = select(table.c.id, table.c.note).where(table.c.note != "")
        gone = [id_ for id_, note in connection.execute(query).all() if named(note)]
        changed += len(gone)
        for id_ in gone:
            connection.execute(update(table).where(table.c.id == id_).values(note=HIDDEN))
    return changed


def delete_hand_requests(
    connection: Connection, ids: set[int], named: Callable[[str], bool]
) -> None:
    """Remove requests for decisions that are about the person."""
    query = select(hand_requests.c.id, hand_requests.c.args, hand_requests.c.note)
    gone = [
        id_
        for id_, args, note in connection.execute(query).all()
        if ids & {args.get("a"), args.get("b"), *args.get("identities", ())} or named(note)
    ]
    for start in range(0, len(gone), BATCH):
        part = gone[start : start + BATCH]
        connection.execute(delete(hand_requests).where(hand_requests.c.id.in_(part)))


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


# --- what is told to the person himself ----------------------------------------------------------
def links_about(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Evidence between his identities, revoked evidence included."""
    inside = set(ids)
    columns = [one for one in identity_links.c if one.name != "at"]
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), BATCH):
        query = select(*columns).where(identity_links.c.a.in_(list(ids[start : start + BATCH])))
        rows = connection.execute(query.order_by(identity_links.c.id)).mappings()
        found += [dict(row) for row in rows if row["b"] in inside]
    return found


def detachments_about(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Where his identities were unbound or taken apart."""
    table, found = identity_detachments, []
    for start in range(0, len(ids), BATCH):
        mine = table.c.identity.in_(list(ids[start : start + BATCH]))
        found += [dict(row) for row in connection.execute(select(table).where(mine)).mappings()]
    return found


def customer_rows(connection: Connection, customer: int) -> list[dict[str, Any]]:
    """His number, and those that were merged into it."""
    mine = (customers.c.id == customer) | (customers.c.merged_into == customer)
    query = select(customers.c.id, customers.c.created_at).where(mine).order_by(customers.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def rows_about(connection: Connection, store: str, traces: Traces) -> Iterator[dict[str, Any]]:
    """Rows of the quarantine or the audit log in which his values stand."""
    if store == "quarantine":
        query = select(quarantine)
        for row in connection.execute(query).mappings():
            if traces.in_record(row["record"]) or (row["value"] and traces.in_text(row["value"])):
                names = ("source", "row", "column", "reason", "value", "record", "at", "status")
                yield {name: row[name] for name in names}
        return
    for row in connection.execute(select(audit_log)).mappings():
        detail = json.dumps(row["detail"] or {}, ensure_ascii=False)
        if traces.in_text(row["target"] or "") or traces.in_text(detail):
            yield {name: row[name] for name in ("at", "login", "action", "target", "detail")}


def erasures_of(connection: Connection, customer: int) -> list[dict[str, Any]]:
    """Erasures of him that were asked for and are not done."""
    return [
        {"erasure": id_, "at": at, "by": by, "status": receipt["status"]}
        for id_, at, by, receipt in list_erasures(connection)
        if receipt.get("customer") == customer
    ]
