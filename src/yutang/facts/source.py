"""`sequence.source.Facts` over the lake, the order book and the identities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from yutang.catalog.properties import ITEM_BOUGHT, ORDER_PAID, ORDER_REFUNDED
from yutang.commerce import OrderBook
from yutang.identity import Identities, LaterOwners, later_owners, owned_at
from yutang.ingest import ARRIVAL_BITS, changed_since, facts_version, properties, unfinished
from yutang.sequence.source import Column
from yutang.workspace import Workspace

BASE = ("identity", "time", "event", "arrival", "commit_id")
FEN = 100.0
BATCH_ROWS = 150_000


class BrandFacts:
    """All facts of a brand, customer by customer, for building shards."""

    def __init__(self, workspace: Workspace, identities: Identities, orders: OrderBook) -> None:
        self._workspace = workspace
        self._identities = identities
        self._orders = orders
        self.zone = workspace.zone

    def version(self) -> int:
        """The facts version the order book stands at: events and orders of one moment."""
        with self._workspace.db.read() as connection:
            return facts_version(connection)

    def _until(self) -> int | None:
        """The newest commit to be read, where a later one is half done."""
        with self._workspace.db.read() as connection:
            return facts_version(connection) if unfinished(connection) else None

    def columns(self) -> Sequence[Column]:
        with self._workspace.db.read() as connection:
            known = properties(connection)
        return [Column(one.name, one.type) for one in known.values()]  # type: ignore[arg-type]

    def changed(self, since: int) -> np.ndarray:
        with self._workspace.db.read() as connection:
            return np.array(changed_since(connection, since), np.uint32)

    def attributes(self) -> Mapping[str, Any]:
        return {}  # they are made from shards, and attached when shards are opened (app.py)

    def batches(self, *, since: int = 0, whole: np.ndarray | None = None) -> Iterator[pa.Table]:
        """Facts of commits later than `since`, and all facts of the customers in `whole`."""
        with self._workspace.db.read() as connection:
            customer_of = self._identities.owners.customers(connection)
            later = later_owners(connection)
        yield from self._events(customer_of, later, since, whole)
        book = self._orders.refresh()
        for make in (_paid, _refunded):
            yield from _of_orders(book.orders, make, since, whole)
        yield from _of_orders(book.lines, _bought, since, whole)

    def _events(
        self, customer_of: np.ndarray, later: LaterOwners, since: int, whole: np.ndarray | None
    ) -> Iterator[pa.Table]:
        dataset = self._workspace.lake.dataset("events")
        if dataset is None:
            return
        with self._workspace.db.read() as connection:
            names = {one.field: one.name for one in properties(connection).values()}
        present = [field for field in names if field in dataset.schema.names]
        where = None
        if since:
            where = ds.field("commit_id") > since
            if whole is not None and len(whole):
                mine = np.flatnonzero(np.isin(customer_of, whole))
                theirs = later.device[np.isin(customer_of[later.owner], whole)]
                mine = np.union1d(mine, theirs)
                where = where | ds.field("identity").isin(pa.array(mine, pa.int64()))
        if (until := self._until()) is not None:
            finished = ds.field("commit_id") <= until
            where = finished if where is None else where & finished
        found = dataset.to_batches(
            columns=[*BASE, *present], filter=where, batch_readahead=1, fragment_readahead=1
        )
        for rows in _large(found):
            identity, time = (np.asarray(rows.column(name)) for name in ("identity", "time"))
            customer = owned_at(customer_of, later, identity, time)
            wanted = customer > 0
            if since and whole is not None and len(later.device):
                # A device of several people brought other people's old facts along.
                new = np.asarray(rows.column("commit_id")) > since
                wanted &= new | np.isin(customer, whole)
            table = pa.table(
                {
                    "customer": pa.array(customer, pa.uint32()),
                    "time": rows.column("time"),
                    "event": rows.column("event"),
                    "arrival": rows.column("arrival"),
                    **{names[field]: rows.column(field) for field in present},
                }
            )
            yield table if wanted.all() else table.filter(pa.array(wanted))


def _large(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches joined to BATCH_ROWS or more: a day's file is too small to work on alone."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= BATCH_ROWS:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks()


def _of_orders(
    rows: pa.Table, make: Any, since: int, whole: np.ndarray | None
) -> Iterator[pa.Table]:
    customer = np.asarray(rows.column("customer"))
    keep = customer > 0
    if since:
        recent = np.asarray(rows.column("first_commit")) > since
        if whole is not None and len(whole):
            recent |= np.isin(customer, whole)
        keep &= recent
    if not keep.any():
        return
    table = make(rows, keep)
    if table.num_rows:
        yield table


def _arrival(rows: pa.Table) -> np.ndarray:
    place = np.arange(rows.num_rows, dtype=np.int64) & ((1 << ARRIVAL_BITS) - 1)
    return (np.asarray(rows.column("first_commit")) << ARRIVAL_BITS) + place


def _projected(
    rows: pa.Table, event: str, keep: np.ndarray, time: str, names: tuple[str, ...], money: Any
) -> pa.Table:
    kept = rows.append_column("arrival", pa.array(_arrival(rows))).filter(pa.array(keep))
    columns = {
        "customer": kept.column("customer"),
        "time": kept.column(time),
        "event": pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(kept.num_rows, np.int32)), pa.array([event])
        ),
        "arrival": kept.column("arrival"),
    }
    for name in names:
        columns[name] = money(kept) if name in ("paid", "refund") else kept.column(name)
    return pa.table(columns)


def _yuan(column: str) -> Any:
    return lambda rows: pc.divide(rows.column(column).cast(pa.float64()), FEN)


def _paid(rows: pa.Table, keep: np.ndarray) -> pa.Table:
    mask = keep & np.asarray(rows.column("paid"))
    return _projected(rows, "order_paid", mask, "paid_at", ORDER_PAID, _yuan("paid_fen"))


def _refunded(rows: pa.Table, keep: np.ndarray) -> pa.Table:
    mask = keep & (np.asarray(rows.column("refund_fen")) > 0)
    return _projected(
        rows, "order_refunded", mask, "refund_at", ORDER_REFUNDED, _yuan("refund_fen")
    )


def _bought(rows: pa.Table, keep: np.ndarray) -> pa.Table:
    sold = np.asarray(rows.column("paid")) & (np.asarray(rows.column("quantity")) > 0)
    return _projected(
        rows, "item_bought", keep & sold, "paid_at", ITEM_BOUGHT, _yuan("item_paid_fen")
    )
