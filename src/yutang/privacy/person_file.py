"""Everything of one person as one JSON document: what he may ask for by law (PIPL art. 45).

The document is made piece by piece, so a person of a million events needs no memory. Its format is
described in docs/concepts/privacy.md; `version` goes up when a reader would have to change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yutang.attributes import Attributes
from yutang.consents import words_about
from yutang.customers import Customers
from yutang.errors import Conflict, NotFound
from yutang.followups import written_about
from yutang.identity import Belongings, Identities, Identity, Why, belongings, numbers_of
from yutang.ingest import properties
from yutang.lake import arrow_of
from yutang.linkage import about as suggested
from yutang.privacy import repository
from yutang.privacy.service import HASHED
from yutang.privacy.traces import Traces
from yutang.segments import names_with
from yutang.tags import told_of
from yutang.workspace import Workspace

FORMAT, VERSION = "yutang.person", 1
# How we store a fact, and nothing about a person.
INTERNAL = frozenset(("event_key", "key_day", "content", "arrival", "order_key", "line_key",
                      "commit_id", "import_id", "row", "day"))  # fmt: skip
SEEN = ("title", "phone", "identities", "evidence", "why", "relations")  # elsewhere, or not data
Row = Mapping[str, Any]


class PersonFiles:
    """Exports of single persons of one brand. Reads only."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        attributes: Attributes,
        customers: Callable[[], Customers],
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._attributes = attributes
        self._customers = customers

    def customer_of(self, kind: str, value: str) -> int:
        """Whose identity this is. Raises NotFound."""
        found = self._identities.find(kind, value)
        if found is None:
            raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=kind, value=value)
        return found.customer_id

    def write(self, customer: int, path: Path) -> int:
        """Write the document to a new file only its owner may read, durably; its bytes.

        Raises Conflict where there is such a file, NotFound where there is no such customer.
        """
        pieces = self.pieces(customer)  # raises before the file is made
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise Conflict(
                "There is a file %(file)s already.", hint="Choose another name.", file=path
            ) from error
        try:
            with os.fdopen(handle, "wb") as out:
                for piece in pieces:
                    out.write(piece.encode())
                out.flush()
                os.fsync(out.fileno())
                size = out.tell()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _sync_folder(path.resolve().parent)
        return size

    def pieces(self, customer: int) -> Iterator[str]:
        """The document in pieces of text. Raises NotFound at once."""
        why = self._identities.why(customer)
        with self._workspace.db.read() as connection:
            his = belongings(connection, [one.id for one in why.identities])
        return self._document(why, his)

    # --- inside ------------------------------------------------------------------------------
    def _document(self, why: Why, his: Belongings) -> Iterator[str]:
        head = {"format": FORMAT, "version": VERSION, "brand": self._workspace.slug,
                "made_at": self._workspace.now(), "zone": self._workspace.zone}  # fmt: skip
        yield "{" + ",\n".join(f"{_text(key)}: {_text(value)}" for key, value in head.items())
        yield f',\n"customer": {_text(self._customer(why.customer))}'
        for name, rows in self._sections(why, his):
            yield f",\n{_text(name)}: ["
            comma = "\n"
            for row in rows:
                yield comma + _text(row)
                comma = ",\n"
            yield "\n]"
        yield "\n}\n"

    def _sections(self, why: Why, his: Belongings) -> Iterator[tuple[str, Iterable[Row]]]:
        alone = [one for one in why.identities if one.id in his.whole]
        traces = Traces(alone, self._workspace.keyed_hash, hashed=HASHED)
        ids = [one.id for one in why.identities]
        keys = self._order_keys(his)
        of_state = repository.rows_about
        with self._workspace.db.read() as connection:
            yield "identities", [_identity(one, his) for one in why.identities]
            yield "links", repository.links_about(connection, ids)
            yield "separations", repository.detachments_about(connection, ids)
            yield "device_hands", [asdict(one) for one in why.hands]
            yield "events", self._events(connection, his)
            yield "orders", self._lake_rows("orders", pc.field("order_key").isin(keys))
            yield "order_lines", self._lake_rows("order_lines", pc.field("order_key").isin(keys))
            yield "profile_operations", self._lake_rows("profiles", arrow_of(his.facts()))
            yield "attributes", [asdict(one) for one in self._attributes.of_customer(his)]
            numbers = numbers_of(connection, why.customer)
            yield "consents", [asdict(one) for one in words_about(connection, numbers)]
            yield "follow_ups", [asdict(one) for one in written_about(connection, numbers)]
            yield "segments", names_with(connection, numbers)
            yield "tags", told_of(connection, numbers)
            yield "suggestions", suggested(connection, numbers)
            yield "quarantine", of_state(connection, "quarantine", traces)
            yield "audit", of_state(connection, "audit", traces)
            yield "receipts", repository.erasures_of(connection, why.customer)

    def _customer(self, customer: int) -> Row:
        """What we know and have worked out of him."""
        portrait = vars(self._customers().get(customer))
        with self._workspace.db.read() as connection:
            numbers = repository.customer_rows(connection, customer)
        known = {key: value for key, value in portrait.items() if key not in SEEN}
        known["relations"] = [asdict(one) for one in portrait["relations"]]
        return {"numbers": numbers, **known}

    def _events(self, connection: Any, his: Belongings) -> Iterator[Row]:
        names = {one.field: one.name for one in properties(connection).values()}
        for row in self._lake_rows("events", arrow_of(his.facts())):
            said = {names[key]: value for key, value in row.items() if key in names}
            plain = {key: value for key, value in row.items() if key not in names}
            yield {**plain, "properties": said}

    def _lake_rows(self, table: str, where: pc.Expression) -> Iterator[Row]:
        """Rows without what is null or only ours."""
        lake = self._workspace.lake
        dataset = lake.dataset(table) if lake.exists(table) else None
        if dataset is None:
            return
        columns = [name for name in dataset.schema.names if name not in INTERNAL]
        for batch in dataset.to_batches(columns=columns, filter=where):
            for row in batch.to_pylist():
                yield {key: value for key, value in row.items() if value is not None}

    def _order_keys(self, his: Belongings) -> list[bytes]:
        """Orders of which any revision names him."""
        mine = pc.field("identity").isin(pa.array(his.whole, pa.int64()))
        found = self._workspace.lake.scan("orders", ["order_key"], mine)
        return pc.unique(found.column("order_key")).to_pylist() if found.num_rows else []


def _identity(one: Identity, his: Belongings) -> Row:
    """A phone or an e-mail is known by its keyed hash alone: its masked form stands here."""
    hashed = one.kind in HASHED
    return {"id": one.id, "kind": one.kind, "value": one.shown if hashed else one.value,
            "masked": hashed, "source": one.source, "first_seen_at": one.first_seen_at,
            "shared": one.id in his.shared}  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.item() if hasattr(value, "item") else str(value)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
