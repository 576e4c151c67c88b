"""Repair quarantined rows: corrected, they become a small file that goes through the importer.

So a repair is an import like any other: idempotent, counted, undone whole. Rows of an order that
is known already are refused: its other rows are not in the small file, so it would read as an
order of these rows alone. The remedy is to export that order again whole.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from yutang.commerce.current import OrderBook
from yutang.commerce.importer import OrderReader
from yutang.errors import BadInput
from yutang.ingest import Import, Imports, Quarantine, QuarantineRow
from yutang.workspace import Workspace

ORDER_KEY = ("platform", "shop", "order_id")
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
            self._refuse_known(origin, text)
        made = self._imports.add(io.BytesIO(text), kind=origin.kind, filename=name, by=by)
        self._imports.queue(
            made.id,
            preset=origin.preset,
            mapping=origin.mapping,
            platform=origin.platform,
            shop=origin.shop,
        )
        self._quarantine.resolve([row.id for row in rows], "repaired", by=by)
        return made

    def _refuse_known(self, origin: Import, text: bytes) -> None:
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
        known = self._orders.current().orders.select(list(ORDER_KEY))
        for key in read.orders.select(list(ORDER_KEY)).to_pylist():
            same = [pc.equal(known.column(name), key[name]) for name in ORDER_KEY]
            if pc.any(pc.and_(pc.and_(same[0], same[1]), same[2])).as_py():
                raise BadInput(
                    "Order %(order)s is known already from its other rows.",
                    hint="Export this order again whole and import it: the newer export counts.",
                    order=key["order_id"],
                )


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
