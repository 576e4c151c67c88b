"""Repair quarantined rows: corrected, they become a small file that goes through the importer.

So a repair is an import like any other: idempotent, counted, undone whole; until it is done the
rows stay `repairing`, and if it fails they come back with what was typed. Rows of an order that
is known already, or has other rows in quarantine, are refused: those are not in the small file, so
it would read as an order of these rows alone. The remedy is to export that order again whole.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yutang.commerce.current import OrderBook
from yutang.commerce.importer import OrderReader
from yutang.errors import BadInput
from yutang.ingest import FINISHED, Import, Imports, Quarantine, QuarantineRow
from yutang.workspace import Workspace

MOST_ROWS = 1_000


class Repairs:
    """Repairs quarantined rows of one brand."""

    def __init__(
        self,
        workspace: Workspace,
        imports: Imports,
        quarantine: Quarantine,
        orders: OrderBook,
        reader: OrderReader,
    ) -> None:
        self._workspace = workspace
        self._imports = imports
        self._quarantine = quarantine
        self._orders = orders
        self._reader = reader

    def replay(self, records: Mapping[int, str], *, by: str) -> Import:
        """Queue an import of corrected rows: quarantine id → corrected record (JSON).

        All rows come from one import. Raises BadInput where a record is no JSON object, where a
        row was taken but for one value, or where its order is known already.
        """
        rows = self._quarantine.get(list(records))
        if len(rows) > MOST_ROWS:
            raise BadInput("At most %(n)d rows can be repaired at once.", n=MOST_ROWS)
        if len({row.import_id for row in rows}) != 1 or rows[0].import_id is None:
            raise BadInput("Repair the rows of one file at a time.")
        for row in rows:
            if row.record is None or row.status != "open":
                raise BadInput(
                    "Row %(row)d was taken but for one value; there is nothing to bring again.",
                    hint="Correct it at its source, or dismiss it.",
                    row=row.row,
                )
        origin = self._imports.get(rows[0].import_id)
        parsed = [_parsed(records[row.id], row) for row in rows]
        name, text = _file(origin, parsed)
        if origin.kind == "orders":
            self._refuse_known(origin, text, {row.id for row in rows})
        made = self._imports.add(io.BytesIO(text), kind=origin.kind, filename=name, by=by)
        self._imports.queue(
            made.id,
            preset=origin.preset,
            mapping=origin.mapping,
            platform=origin.platform,
            shop=origin.shop,
        )
        for row in rows:
            asked = {"by": by, "import": made.id, "typed": records[row.id]}
            self._quarantine.mark([row.id], asked, at=self._workspace.now())
        return made

    def settle(self) -> None:
        """Close the rows whose small import is finished (the worker, after the imports)."""
        for row in self._quarantine.rows(status="repairing", limit=None):
            asked = row.repair or {}
            if "import" not in asked:
                continue
            one = self._imports.get(int(asked["import"]))
            if one.status == "done":
                self._quarantine.resolve([row.id], "repaired", by=str(asked.get("by", "")))
            elif one.status in FINISHED:
                why = str((one.error or {}).get("message", "the import was undone"))
                self._quarantine.reopen({row.id: why}, records={row.id: asked["typed"]})

    def _refuse_known(self, origin: Import, text: bytes, ids: set[int]) -> None:
        with tempfile.NamedTemporaryFile(suffix=".csv", dir=self._workspace.files) as file:
            file.write(text)
            file.flush()
            read = self._reader(
                Path(file.name),
                preset=origin.preset,
                mapping=origin.mapping,
                platform=origin.platform,
                shop=origin.shop,
                zone=self._workspace.zone,
            )
        if read.errors.num_rows:
            wrong = read.errors.slice(0, 1).to_pylist()[0]
            raise BadInput(
                "It still cannot be read: column “%(column)s”, value “%(value)s”.",
                hint="Correct that value and try again.",
                column=wrong["column"] or "–",
                value=wrong["value"] or "–",
            )
        partial = self._known(read.orders) or self._others(origin, read.orders, ids)
        if partial is not None:
            raise BadInput(
                "Order %(order)s has other rows than these.",
                hint="Export this order again whole and import it: the newer export counts.",
                order=partial,
            )

    def _known(self, orders: pa.Table) -> str | None:
        """An order of these that is known already."""
        book = self._orders.current().orders.select(["platform", "order_id"])
        same = pc.is_in(book.column("order_id"), value_set=orders.column("order_id"))
        known = {(row["platform"], row["order_id"]) for row in book.filter(same).to_pylist()}
        mine = orders.select(["platform", "order_id"]).to_pylist()
        return next(
            (row["order_id"] for row in mine if (row["platform"], row["order_id"]) in known), None
        )

    def _others(self, origin: Import, orders: pa.Table, ids: set[int]) -> str | None:
        """An order of these that has a row in quarantine which is not repaired with them."""
        wanted = set(orders.column("order_id").to_pylist())
        for row in self._quarantine.rows(import_id=origin.id, limit=None):
            if row.id not in ids and row.record is not None:
                cells = {str(cell).strip() for cell in _parsed(row.record, row).values()}
                if cells & wanted:
                    return str(min(cells & wanted))
        return None


def _parsed(text: str, row: QuarantineRow) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError as error:
        raise BadInput("Row %(row)d is no valid JSON.", row=row.row) from error
    if not isinstance(record, dict) or not record:
        raise BadInput("Row %(row)d must be a JSON object.", row=row.row)
    return record


def _file(origin: Import, records: Sequence[Mapping[str, Any]]) -> tuple[str, bytes]:
    """(name, content) of the small file."""
    stem = Path(origin.filename).stem[:80]
    if origin.kind == "events":
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        return f"{stem}-repaired.ndjson", lines.encode()
    header = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for record in records:
        writer.writerow(["" if record.get(name) is None else record[name] for name in header])
    return f"{stem}-repaired.csv", out.getvalue().encode()
