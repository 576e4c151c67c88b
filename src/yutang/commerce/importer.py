"""Run an import of an order file, whatever platform it comes from.

Reading is the connectors' business: `app.py` hands in an `OrderReader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from sqlalchemy import Connection

from yutang.commerce.orders import OrderBatch, OrderIntake, split
from yutang.identity import Identities
from yutang.ingest import Committer, Import, Misfit, Prepared, Progress
from yutang.workspace import Workspace

LINES_PER_COMMIT = 1_500_000  # a million rows or more at a time (design §4)
SOURCE = "file"


class ReadOrders(Protocol):
    """What a reader gives: canonical tables (catalog.orders), row errors, the preset it used."""

    @property
    def preset(self) -> str: ...
    @property
    def orders(self) -> pa.Table: ...
    @property
    def lines(self) -> pa.Table: ...
    @property
    def errors(self) -> pa.Table: ...


class OrderReader(Protocol):
    def __call__(
        self,
        path: Path,
        *,
        preset: str,
        mapping: Mapping[str, Any] | None,
        platform: str,
        shop: str,
        zone: str,
    ) -> ReadOrders: ...


class OrderImports:
    """Runner for `imports` of kind "orders"."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        committer: Committer,
        reader: OrderReader,
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._committer = committer
        self._intake = OrderIntake(workspace, identities)
        self._reader = reader

    def run(self, one: Import, path: Path, progress: Progress) -> dict[str, Any]:
        """Read the file, commit whole orders day by day; parts committed before are left alone."""
        progress("reading", 0, 0)
        read = self._reader(
            path,
            preset=one.preset,
            mapping=one.mapping,
            platform=one.platform,
            shop=one.shop,
            zone=self._workspace.zone,
        )
        misfits = [
            Misfit(row["row"], row["column"], row["reason"], row["value"], row["record"])
            for row in read.errors.to_pylist()
        ]
        names = ("lines", "orders", "orders_paid", "paid_fen", "refund_fen", "duplicates",
                 "quarantined", "refused")  # fmt: skip
        total = dict.fromkeys(names, 0)
        all_rows = max(read.lines.num_rows, read.orders.num_rows)
        done = 0
        for position, part in enumerate(
            split(OrderBatch(read.orders, read.lines), LINES_PER_COMMIT)
        ):
            progress("storing", done, all_rows)
            counts = self._committer.commit(
                f"import:{one.id}",
                position,
                "orders",
                partial(self._prepare, part, one.id, position, [] if position else misfits),
                source=SOURCE,
                import_id=one.id,
            )
            done += max(part.lines.num_rows, part.orders.num_rows)
            for name in names:
                total[name] += counts.get(name, 0)
        progress("compacting", done, all_rows)
        self._compact()
        return {"preset": read.preset, **total, "customers": self._customers(one.id)}

    def _prepare(
        self,
        part: OrderBatch,
        import_id: int,
        position: int,
        misfits: list[Misfit],
        connection: Connection,
        version: int,
    ) -> Prepared:
        return self._intake.prepare(
            connection, version, part, import_id=import_id, position=position, misfits=misfits
        )

    def _compact(self) -> None:
        lake = self._workspace.lake
        for table in ("orders", "order_lines"):
            if crowded := lake.crowded_days(table):
                lake.compact(table, crowded)

    def _customers(self, import_id: int) -> int:
        rows = self._workspace.lake.scan("orders", ["identity"], ds.field("import_id") == import_id)
        if not rows.num_rows:
            return 0
        customer = self._identities.customer_array()
        found = customer[np.unique(np.asarray(rows.column("identity")))]
        return len(np.unique(found[found > 0]))
