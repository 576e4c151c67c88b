"""Take one import back, whole, as if it had never been there.

Rows that other live imports claim pass on to them; all other rows of the import go, and with them
its evidence about people. Each step is one commit and safe to repeat, and none ever shows a row
twice, so a worker that died half-way just begins again. What stays: the counters of what was
received, and the types of properties that this import was the first to bring.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from sqlalchemy import Connection, select, update

from yutang.identity import Identities
from yutang.ingest import claims, dictionary
from yutang.ingest.commit import Committer
from yutang.ingest.imports import Import, Imports, source_of
from yutang.ingest.moves import carry_out, plan
from yutang.lake import IMPORTED, Keys
from yutang.state.brand import commits, imports, quarantine
from yutang.workspace import Workspace

# The columns that say when a row arrived; a claimed row takes its new owner's.
ARRIVED = {"events": "received_at", "orders": "imported_at", "order_lines": "imported_at"}


def undo(
    workspace: Workspace,
    identities: Identities,
    committer: Committer,
    all_imports: Imports,
    one: Import,
) -> None:
    """Undo an import; the caller holds the brand's writer lock."""
    journal = f"undo:{one.id}"
    with workspace.settled():
        plan(workspace, "undo", journal, lambda: _touched(workspace, identities, one.id))
        with workspace.db.read() as connection:
            live = claims.live_imports(connection) - {one.id}
        for table in IMPORTED:
            _hand_over(workspace, table, one.id, live)
            committer.step(f"handed over:{table}")
            workspace.lake.delete(table, "import_id", [one.id])
            committer.step(f"removed:{table}")
        in_use = _in_use(workspace)
        with workspace.db.write() as connection:
            changed = identities.withdraw(connection, _dead_sources(connection, one.id), in_use)
            dictionary.recount(connection, workspace.lake)
            _close(connection, workspace, one.id)
            carry_out(connection, workspace, "undo", journal, changed)
    committer.step("undone")
    claims.drop_claims(workspace, one.id)
    all_imports.path(one).unlink(missing_ok=True)


def _touched(workspace: Workspace, identities: Identities, import_id: int) -> set[int]:
    """Customers of the import's events, and of all revisions of its orders."""
    lake, mine = workspace.lake, ds.field("import_id") == import_id
    found: list[np.ndarray] = []
    events = lake.scan("events", ["identity"], mine)
    if events.num_rows:
        found.append(np.unique(np.asarray(events.column("identity"))))
    orders = [
        rows.column("order_key")
        for table in ("orders", "order_lines")
        if (rows := lake.scan(table, ["order_key"], mine)).num_rows
    ]
    if orders:
        wanted = pc.unique(pa.chunked_array([c for column in orders for c in column.chunks]))
        everything = lake.scan("orders", ["order_key", "identity"])
        hit = pc.is_in(everything.column("order_key"), value_set=wanted)
        found.append(np.unique(np.asarray(everything.column("identity").filter(hit))))
    if not found:
        return set()
    customer = identities.customer_array()
    ids = np.unique(np.concatenate(found))
    owners = customer[ids[ids < len(customer)]]
    return {int(one) for one in np.unique(owners) if one}


def _hand_over(workspace: Workspace, table: str, import_id: int, live: set[int]) -> None:
    """Give claimed rows to their claimants, in one commit; their quarantine rows go along."""
    claimed = claims.claims_of_others(workspace, import_id, table, live)
    if not len(claimed):
        return
    rows = workspace.lake.scan(
        table, ["day", "event_key", "row"], ds.field("import_id") == import_id
    )
    if not rows.num_rows:
        return
    nothing = np.zeros(len(claimed), np.uint64)
    wanted = Keys(claimed["high"], claimed["low"], nothing.astype(np.int32), nothing).to_arrow()
    found = pc.index_in(rows.column("event_key"), value_set=wanted)
    place = np.asarray(pc.fill_null(found, -1))
    taken = np.flatnonzero(place >= 0)
    mine = claimed[place[taken]]
    kept = rows.take(pa.array(taken))
    changes = {
        "day": kept.column("day"),
        "event_key": kept.column("event_key"),
        "import_id": mine["owner"],
        "row": mine["row"],
        "commit_id": mine["commit_id"],
        ARRIVED[table]: mine["at"],
    }
    if table == "events":
        changes["arrival"] = mine["arrival"]
        # First the quarantine: after the commit nobody knows any more which row became which.
        _move_misfits(workspace, import_id, np.asarray(kept.column("row")), mine)
    workspace.lake.amend(table, pa.table(changes), where=f"t.import_id = {import_id}")


def _move_misfits(
    workspace: Workspace, import_id: int, old_rows: np.ndarray, new: np.ndarray
) -> None:
    """Values that did not fit belong to the row's new owner from now on."""
    place = {int(row): i for i, row in enumerate(old_rows)}
    with workspace.db.write() as connection:
        found = connection.execute(
            select(quarantine.c.id, quarantine.c.row).where(
                quarantine.c.import_id == import_id, quarantine.c.record.is_(None)
            )
        )
        for id_, row in found.all():
            if row in place:
                to = new[place[row]]
                connection.execute(
                    update(quarantine)
                    .where(quarantine.c.id == id_)
                    .values(import_id=int(to["owner"]), row=int(to["row"]))
                )


def _in_use(workspace: Workspace) -> np.ndarray:
    """Identities that facts carry (int64, sorted)."""
    found = [np.zeros(0, np.int64)]
    for table in ("events", "orders", "profiles"):
        dataset = workspace.lake.dataset(table)
        if dataset is not None:
            found += [
                np.unique(np.asarray(batch.column("identity")))
                for batch in dataset.to_batches(columns=["identity"])
            ]
    return np.unique(np.concatenate(found))


def _dead_sources(connection: Connection, import_id: int) -> list[str]:
    """This import and all undone ones: an identity they brought may have outlived them."""
    query = select(imports.c.id).where(imports.c.status == "undone")
    return [source_of(import_id), *(source_of(int(row[0])) for row in connection.execute(query))]


def _leave_misfits(connection: Connection, import_id: int) -> None:
    """Rows set aside go to the next import of the same file, which did not set them aside again."""
    mine = select(imports.c.sha256).where(imports.c.id == import_id).scalar_subquery()
    alive = ("done", "running", "failed", "queued")
    query = (
        select(imports.c.id)
        .where(imports.c.sha256 == mine, imports.c.id > import_id, imports.c.status.in_(alive))
        .order_by(imports.c.id)
    )
    heir = connection.execute(query).scalar()
    if heir is not None:
        connection.execute(
            update(quarantine)
            .where(quarantine.c.import_id == import_id, quarantine.c.record.is_not(None))
            .values(import_id=heir)
        )


def _close(connection: Connection, workspace: Workspace, import_id: int) -> None:
    at = workspace.now()
    _leave_misfits(connection, import_id)
    connection.execute(
        update(quarantine)
        .where(quarantine.c.import_id == import_id)
        .where(quarantine.c.status.in_(["open", "repairing"]))
        .values(status="dismissed", resolved_at=at, resolved_by="undo")
    )
    # A part that died between two steps will never be finished.
    connection.execute(
        update(commits)
        .where(commits.c.journal == source_of(import_id), commits.c.status == "prepared")
        .values(status="done")
    )
    connection.execute(
        update(imports).where(imports.c.id == import_id).values(status="undone", finished_at=at)
    )
