"""Erase one person from every store, so that no byte and no older version holds him.

Each step is safe to repeat; the receipt row says how far an erasure got, so one that died half-way
is finished by the worker:

  0 asked     somebody asked for it on a page; the worker begins
  1 started   his identities are on the refusal list: nothing of him comes in any more
  2 stores    journal, uploads, quarantine, lake, state; then older lake versions and free pages
  3 done      caches made again, receipt completed
  - stopped   the person was merged or split after it was asked: nothing was removed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yutang.attributes import Attributes
from yutang.catalog.identity_kinds import KINDS
from yutang.consents import forget as forget_consents
from yutang.errors import Busy, NotFound
from yutang.followups import forget as forget_follow_ups
from yutang.identity import Belongings, Identities, Identity, belongings, numbers_of
from yutang.ingest import carry_out, unfinished
from yutang.lake import TABLES, arrow_of
from yutang.linkage import forget as forget_suggestions
from yutang.privacy import repository
from yutang.privacy.repository import Place
from yutang.privacy.traces import Traces
from yutang.segments import forget as forget_in_sets
from yutang.tags import forget as forget_in_tags
from yutang.workspace import Workspace

HASHED = frozenset(kind.code for kind in KINDS if kind.hashed)
KEYS_AT_ONCE = 5_000  # order keys of one predicate
BEHAVIOUR = ("events", "profiles")  # tables whose rows have an identity and a time
OVER = ("done", "stopped")


@dataclass(frozen=True)
class Receipt:
    """Proof of an erasure without personal data. counts: store → rows or files removed."""

    id: int
    at: int
    by: str
    status: str  # asked | started | stores | done | stopped
    counts: dict[str, int]

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def to_json(self) -> dict[str, Any]:
        return {"erasure": self.id, "at": self.at, "by": self.by, "status": self.status,
                "counts": self.counts}  # fmt: skip


@dataclass(frozen=True)
class Extent:
    """What an erasure would remove. shared: devices that others use too; only his time on them
    goes."""

    identities: tuple[Identity, ...]
    shared: tuple[Identity, ...]
    events: int
    orders: int
    attributes: int


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
        purge_journal: Callable[[], object] = lambda: None,
    ) -> None:
        """`step` is told each store that was just cleared; tests kill the process there.

        purge_journal: takes in what trackers sent and removes the raw requests.
        """
        self._workspace = workspace
        self._identities = identities
        self._attributes = attributes
        self._step = step
        self._purge_journal = purge_journal

    # --- asking ------------------------------------------------------------------------------
    def extent(self, customer: int) -> Extent:
        """What erasing this customer would remove. Raises NotFound."""
        members = self._members(customer)
        with self._workspace.db.read() as connection:
            his = belongings(connection, [one.id for one in members])
        events = self._workspace.lake.scan("events", ["identity"], arrow_of(his.facts()))
        return Extent(
            tuple(one for one in members if one.id in his.whole),
            tuple(one for one in members if one.id in his.shared),
            events.num_rows,
            len(self._orders(his)[0]),
            len(self._attributes.of_customer(his)),
        )

    def ask(self, customer: int, *, by: str) -> Receipt:
        """Ask the worker to erase a customer. Raises NotFound; asking twice is asking once."""
        members = self._members(customer)
        for erasure_id, _, _, receipt in self._list():
            if receipt.get("customer") == customer and receipt["status"] not in OVER:
                return self.get(erasure_id)
        with self._workspace.db.write() as connection:
            made = self._add(connection, customer, members, by, "asked")
        return self.get(made)

    def erase(self, kind: str, value: str, *, by: str, rebuild: Rebuild) -> Receipt:
        """Erase the customer who has this identity; the caller holds the writer lock.

        Raises NotFound, and Busy while an import is half done.
        """
        found = self._identities.find(kind, value)
        if found is None:
            raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=kind, value=value)
        members = self._members(found.customer_id)
        self._check_whole()
        with self._workspace.db.write() as connection:
            self._refuse(connection, members)
            erasure_id = self._add(connection, found.customer_id, members, by, "started")
        self._step("started")
        return self._carry_on(erasure_id, rebuild)

    def get(self, erasure_id: int) -> Receipt:
        """Raises NotFound."""
        found = next((one for one in self.receipts() if one.id == erasure_id), None)
        if found is None:
            raise NotFound("There is no erasure %(id)s.", id=erasure_id)
        return found

    def receipts(self) -> list[Receipt]:
        """All erasures, oldest first."""
        return [
            Receipt(id_, at, by, receipt["status"], receipt["counts"])
            for id_, at, by, receipt in self._list()
        ]

    # --- the writer --------------------------------------------------------------------------
    def finish(self, rebuild: Rebuild) -> int:
        """Begin what was asked for and finish what died half-way; the caller holds the writer
        lock. How many there were."""
        left = [one for one in self._list() if one[3]["status"] not in OVER]
        for erasure_id, _, _, receipt in left:
            if receipt["status"] != "asked" or self._begin(erasure_id, receipt):
                self._carry_on(erasure_id, rebuild)
        return len(left)

    def _begin(self, erasure_id: int, receipt: dict[str, Any]) -> bool:
        """Refuse the person from now on; False where he is not the one who was asked for."""
        self._check_whole()
        members = self._identities.of_customer(receipt["customer"])
        with self._workspace.db.write() as connection:
            if [one.id for one in members] != receipt["identities"]:
                repository.set_receipt(connection, erasure_id, {"status": "stopped", "counts": {}})
                return False
            self._refuse(connection, members)
            repository.set_receipt(connection, erasure_id, {**receipt, "status": "started"})
        self._step("started")
        return True

    def _carry_on(self, erasure_id: int, rebuild: Rebuild) -> Receipt:
        """Do what an erasure still lacks."""
        _, _, by, receipt = next(one for one in self._list() if one[0] == erasure_id)
        if receipt["status"] == "started":
            self._purge_journal()  # what it holds of him is dropped: he is refused
            self._step("journal")
            with self._workspace.settled():
                self._clear_stores(erasure_id, by, receipt)
        self._identities.owners.forget()
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
        return self.get(erasure_id)

    def _clear_stores(self, erasure_id: int, by: str, receipt: dict[str, Any]) -> None:
        customer, ids = receipt["customer"], receipt["identities"]
        members = [one for one in self._identities.of_customer(customer) if one.id in ids]
        with self._workspace.db.read() as connection:
            his = belongings(connection, ids)
        alone = [one for one in members if one.id in his.whole]
        traces = Traces(alone, self._workspace.keyed_hash, hashed=HASHED)
        counts = Counter(receipt["counts"])  # of a first attempt that died
        counts["uploads"] += self._delete_uploads(traces)
        orders, rows = self._orders(his)
        rows |= self._rows(his)
        with self._workspace.db.write() as connection:
            counts["quarantine"] += repository.delete_quarantine(connection, traces, rows)
            repository.set_receipt(connection, erasure_id, {**receipt, "counts": dict(counts)})
        self._step("quarantine")
        counts.update(self._delete_facts(his, orders))
        with self._workspace.db.write() as connection:
            repository.set_receipt(connection, erasure_id, {**receipt, "counts": dict(counts)})
        for table in TABLES:
            self._workspace.lake.vacuum(table)
        self._step("lake")
        with self._workspace.db.write() as connection:
            counts["audit"] += repository.hide_in_audit(connection, traces.in_text)
            repository.hide_in_reasons(connection, traces.in_text)
            repository.delete_hand_requests(connection, set(ids), traces.in_text)
            repository.drop_examples(connection)
            counts["attributes"] += self._attributes.forget(connection, his.whole)
            numbers = numbers_of(connection, customer)
            counts["consents"] += forget_consents(connection, numbers)
            counts["follow_ups"] += forget_follow_ups(connection, numbers)
            counts.update(forget_in_sets(connection, numbers))
            counts.update(forget_in_tags(connection, numbers))
            counts["suggestions"] += forget_suggestions(connection, numbers)
            counts.update(self._identities.forget(connection, his.whole, customer))
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

    def _rows(self, his: Belongings) -> set[Place]:
        """Where his behaviour came from: (import, row) of each fact."""
        found: set[Place] = set()
        for table in BEHAVIOUR:
            if self._workspace.lake.exists(table):
                where = arrow_of(his.facts())
                found |= _places(self._workspace.lake.scan(table, ["import_id", "row"], where))
        return found

    def _orders(self, his: Belongings) -> tuple[list[bytes], set[Place]]:
        """Keys of the orders that are his alone, and (import, row) of all his orders."""
        lake = self._workspace.lake
        headers = lake.scan("orders", ["order_key", "identity", "import_id", "row"])
        if not headers.num_rows:
            return [], set()
        mine = pc.is_in(headers.column("identity"), value_set=pa.array(his.whole, pa.int64()))
        rows = _places(headers.filter(mine))
        keys = pc.unique(headers.column("order_key").filter(mine))
        # An order of which another revision names somebody else is that person's order too.
        others = pc.and_(pc.invert(mine), pc.greater(headers.column("identity"), 0))
        shared = pc.unique(headers.column("order_key").filter(others))
        alone = keys.filter(pc.invert(pc.is_in(keys, value_set=shared)))
        lines = lake.scan("order_lines", ["import_id", "row"], pc.field("order_key").isin(alone))
        return alone.to_pylist(), rows | _places(lines)

    def _delete_facts(self, his: Belongings, orders: list[bytes]) -> dict[str, int]:
        lake = self._workspace.lake
        counts: Counter[str] = Counter(dict.fromkeys(TABLES, 0))
        for start in range(0, len(orders), KEYS_AT_ONCE):
            part = orders[start : start + KEYS_AT_ONCE]
            counts["order_lines"] += lake.delete("order_lines", "order_key", part)
            counts["orders"] += lake.delete("orders", "order_key", part)
        counts["orders"] += lake.delete("orders", "identity", his.whole)
        for table in BEHAVIOUR:
            counts[table] += lake.delete_where(table, his.facts())
        return dict(counts)

    # --- inside ------------------------------------------------------------------------------
    def _members(self, customer: int) -> list[Identity]:
        members = self._identities.of_customer(customer)
        if not members:
            raise NotFound("There is no customer %(id)s.", id=customer)
        return members

    def _check_whole(self) -> None:
        with self._workspace.db.read() as connection:
            if unfinished(connection):
                raise Busy("An import is half done.", hint="Let the worker finish it first.")

    def _refuse(self, connection: Any, members: list[Identity]) -> None:
        """A device that went on to others stays theirs: it is not refused."""
        shared = belongings(connection, [one.id for one in members]).shared
        self._identities.refuse(connection, [one for one in members if one.id not in shared])

    def _add(
        self, connection: Any, customer: int, members: list[Identity], by: str, status: str
    ) -> int:
        receipt = {"status": status, "counts": {}, "customer": customer,
                   "identities": [one.id for one in members]}  # fmt: skip
        at = self._workspace.now()
        return repository.add_erasure(connection, at=at, by=by, receipt=receipt)

    def _list(self) -> list[tuple[int, int, str, dict[str, Any]]]:
        with self._workspace.db.read() as connection:
            return repository.list_erasures(connection)


def _places(rows: pa.Table) -> set[Place]:
    if not rows.num_rows:
        return set()
    places = rows.column("row").to_pylist()
    if "import_id" not in rows.column_names:
        return {(None, row) for row in places}
    return set(zip(rows.column("import_id").to_pylist(), places, strict=True))
