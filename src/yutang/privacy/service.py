"""Erase one person from every store, so that no byte and no older version holds him.

Each step is safe to repeat; the receipt row says how far an erasure got, so one that died half-way
is finished by the worker:

  1 started   his identities are on the refusal list: nothing of him comes in any more
  2 stores    uploads, quarantine, lake, state; then older lake versions and free pages
  3 done      the journal of trackers, caches made again, receipt completed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from yutang.attributes import Attributes
from yutang.catalog.identity_kinds import KINDS
from yutang.errors import Busy, NotFound
from yutang.identity import Identities
from yutang.ingest import carry_out, unfinished
from yutang.lake import TABLES
from yutang.privacy import repository
from yutang.privacy.traces import Traces
from yutang.workspace import Workspace

HASHED = frozenset(kind.code for kind in KINDS if kind.hashed)
KEYS_AT_ONCE = 5_000  # order keys of one predicate


@dataclass(frozen=True)
class Receipt:
    """Proof of an erasure without personal data. counts: store → rows or files removed."""

    id: int
    at: int
    by: str
    status: str  # started | stores | done
    counts: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        return {"erasure": self.id, "at": self.at, "by": self.by, "status": self.status,
                "counts": self.counts}  # fmt: skip


Rebuild = Callable[[], None]  # makes every cache of the brand again


class Privacy:
    """Erasures of one brand."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        attributes: Attributes,
        step: Callable[[str], None] = lambda _name: None,
        *,
        purge_journal: Callable[[int], bool] = lambda _before: True,
    ) -> None:
        """`step` is told each store that was just cleared; tests kill the process there.

        purge_journal: removes the requests that trackers sent before a moment (UTC ms); false while
        a receiver may still write among them.
        """
        self._workspace = workspace
        self._identities = identities
        self._attributes = attributes
        self._step = step
        self._purge_journal = purge_journal

    def erase(self, kind: str, value: str, *, by: str, rebuild: Rebuild) -> Receipt:
        """Erase the customer who has this identity; the caller holds the writer lock.

        Raises NotFound, and Busy while an import is half done.
        """
        found = self._identities.find(kind, value)
        if found is None:
            raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=kind, value=value)
        with self._workspace.db.read() as connection:
            if unfinished(connection):
                raise Busy("An import is half done.", hint="Let the worker finish it first.")
        members = self._identities.of_customer(found.customer_id)
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            self._identities.refuse(connection, members)
            erasure_id = repository.add_erasure(
                connection, at=at, by=by, receipt={
                    "status": "started", "counts": {}, "customer": found.customer_id,
                    "identities": [one.id for one in members],
                },
            )  # fmt: skip
        self._step("started")
        return self._carry_on(erasure_id, rebuild)

    def finish(self, rebuild: Rebuild) -> int:
        """Finish what died half-way; the caller holds the writer lock. How many were left."""
        left = [one for one in self._list() if one[3]["status"] != "done"]
        for erasure_id, *_ in left:
            self._carry_on(erasure_id, rebuild)
        return len(left)

    def receipts(self) -> list[Receipt]:
        """All erasures, oldest first."""
        return [
            Receipt(id_, at, by, receipt["status"], receipt["counts"])
            for id_, at, by, receipt in self._list()
        ]

    def _list(self) -> list[tuple[int, int, str, dict[str, Any]]]:
        with self._workspace.db.read() as connection:
            return repository.list_erasures(connection)

    def _carry_on(self, erasure_id: int, rebuild: Rebuild) -> Receipt:
        """Do what an erasure still lacks."""
        _, at, by, receipt = next(one for one in self._list() if one[0] == erasure_id)
        if receipt["status"] == "started":
            with self._workspace.settled():
                self._clear_stores(erasure_id, by, receipt)
        if not self._purge_journal(at):
            raise Busy(
                "A receiver still writes the journal of before the erasure.",
                hint="The worker finishes it shortly; until then its receipt says so.",
            )
        self._step("journal")
        rebuild()
        self._step("caches")
        # Pages of before the erasure stand in the state's write-ahead log.
        if not self._workspace.db.checkpoint():
            raise Busy(
                "Another process still reads the state as it was before the erasure.",
                hint="The worker finishes it shortly; until then its receipt says so.",
            )
        self._step("log")
        with self._workspace.db.write() as connection:
            counts = repository.get_receipt(connection, erasure_id)["counts"]
            repository.set_receipt(connection, erasure_id, {"status": "done", "counts": counts})
        return next(one for one in self.receipts() if one.id == erasure_id)

    def _clear_stores(self, erasure_id: int, by: str, receipt: dict[str, Any]) -> None:
        customer, ids = receipt["customer"], receipt["identities"]
        members = [one for one in self._identities.of_customer(customer) if one.id in ids]
        traces = Traces(members, self._workspace.keyed_hash, hashed=HASHED)
        counts = Counter(receipt["counts"])  # of a first attempt that died
        counts["uploads"] += self._delete_uploads(traces)
        orders, rows = self._facts(ids)
        with self._workspace.db.write() as connection:
            counts["quarantine"] += repository.delete_quarantine(connection, traces, rows)
            repository.set_receipt(connection, erasure_id, {**receipt, "counts": dict(counts)})
        self._step("quarantine")
        for table, removed in self._delete_facts(ids, orders).items():
            counts[table] += removed
        with self._workspace.db.write() as connection:
            repository.set_receipt(connection, erasure_id, {**receipt, "counts": dict(counts)})
        for table in TABLES:
            self._workspace.lake.vacuum(table)
        self._step("lake")
        with self._workspace.db.write() as connection:
            counts["audit"] += repository.hide_in_audit(connection, traces.in_text)
            repository.drop_examples(connection)
            counts["attributes"] += self._attributes.forget(connection, ids)
            counts.update(self._identities.forget(connection, ids, customer))
            carry_out(connection, self._workspace, "erase", f"erase:{erasure_id}", [customer])
            after = {"status": "stores", "counts": dict(counts)}
            repository.set_receipt(connection, erasure_id, after)
            repository.add_audit(connection, self._workspace.now(), by, str(erasure_id), after)
        self._step("state")

    def _delete_uploads(self, traces: Traces) -> int:
        """Delete uploads that hold the person, and say so at their imports."""
        folder, gone = self._workspace.files / "uploads", 0
        with self._workspace.db.read() as connection:
            waiting = repository.uploads_waiting(connection)
        for import_id, stored in waiting:
            path = folder / stored
            if path.exists() and traces.in_file(path):
                with self._workspace.db.write() as connection:
                    repository.fail_import(connection, import_id, self._workspace.now())
                path.unlink()
                gone += 1
        return gone

    def _facts(self, ids: Sequence[int]) -> tuple[list[bytes], set[tuple[int | None, int]]]:
        """Keys of the orders that are his alone, and (import, row) of all his facts; tracked ones
        have no import, and a row of their own."""
        lake = self._workspace.lake
        mine = pa.array(ids, pa.int64())
        his_rows = ds.field("identity").isin(mine)
        rows = _places(lake.scan("events", ["import_id", "row"], his_rows))
        rows |= _places(lake.scan("profiles", ["row"], his_rows))
        headers = lake.scan("orders", ["order_key", "identity", "import_id", "row"])
        if not headers.num_rows:
            return [], rows
        his = pc.is_in(headers.column("identity"), value_set=mine)
        rows |= _places(headers.filter(his))
        keys = pc.unique(headers.column("order_key").filter(his))
        # An order of which another revision names somebody else is that person's order too.
        others = pc.and_(pc.invert(his), pc.greater(headers.column("identity"), 0))
        shared = pc.unique(headers.column("order_key").filter(others))
        alone = keys.filter(pc.invert(pc.is_in(keys, value_set=shared)))
        lines = lake.scan("order_lines", ["import_id", "row"], ds.field("order_key").isin(alone))
        return alone.to_pylist(), rows | _places(lines)

    def _delete_facts(self, ids: Sequence[int], orders: list[bytes]) -> dict[str, int]:
        lake = self._workspace.lake
        counts = dict.fromkeys(TABLES, 0)
        for start in range(0, len(orders), KEYS_AT_ONCE):
            part = orders[start : start + KEYS_AT_ONCE]
            counts["order_lines"] += lake.delete("order_lines", "order_key", part)
            counts["orders"] += lake.delete("orders", "order_key", part)
        for table in ("orders", "events", "profiles"):
            counts[table] += lake.delete(table, "identity", ids)
        return counts


def _places(rows: pa.Table) -> set[tuple[int | None, int]]:
    if not rows.num_rows:
        return set()
    places = rows.column("row").to_pylist()
    if "import_id" not in rows.column_names:
        return {(None, row) for row in places}
    return set(zip(rows.column("import_id").to_pylist(), places, strict=True))
