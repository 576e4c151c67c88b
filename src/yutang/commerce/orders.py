"""Canonical order tables → rows of the lake's `orders` and `order_lines`.

Both tables are revisions: a row is dropped only where the same content is known for the same
order; which revision counts is decided when orders are read (commerce.current).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from yutang.catalog.identity_kinds import BY_CODE
from yutang.catalog.orders import STATUS_RANK
from yutang.catalog.platforms import PLATFORMS
from yutang.commerce.shops import register_shops
from yutang.identity import Identities
from yutang.ingest import Misfit, Prepared, claim, source_of
from yutang.kit import clock
from yutang.kit.columns import iso_days
from yutang.lake import Keys
from yutang.workspace import Workspace

PERSONAL = ("buyer", "buyer_kind", "phone", "member_no")  # become identities, never stored
NO_TIME_DAY = 0  # an order file without any time: 1970-01-01, shown as "no date"

_WHENS = " ".join(f"WHEN '{code}' THEN {rank}" for code, rank in STATUS_RANK.items())
_STATUS_RANK = f"CASE status {_WHENS} ELSE 0 END"
_ORDER_TIME = "coalesce(paid_at, created_at, finished_at, shipped_at, closed_at, rank_at, 0)"


@dataclass(frozen=True)
class OrderBatch:
    """Canonical tables (catalog.orders) of whole orders: n orders and m lines."""

    orders: pa.Table
    lines: pa.Table


def split(batch: OrderBatch, lines_per_part: int) -> list[OrderBatch]:
    """Parts of whole orders, sorted by day, each of about `lines_per_part` lines or orders."""
    size = max(batch.orders.num_rows, batch.lines.num_rows)
    if size <= lines_per_part:
        return [batch]
    parts = -(-size // lines_per_part)
    with duckdb.connect() as db:
        db.register("orders", batch.orders)
        db.register("lines", batch.lines)
        db.execute(
            "CREATE TEMP TABLE placed AS SELECT platform, shop, order_id, ntile(?) OVER"
            f" (ORDER BY {_ORDER_TIME}, platform, shop, order_id) AS part FROM orders",
            [parts],
        )
        out = []
        for part in range(1, parts + 1):
            mine = f"SELECT platform, shop, order_id FROM placed WHERE part = {part}"
            out.append(
                OrderBatch(
                    *(
                        db.sql(
                            f"SELECT t.* FROM {name} t SEMI JOIN ({mine}) p"
                            " USING (platform, shop, order_id) ORDER BY row"
                        ).to_arrow_table()
                        for name in ("orders", "lines")
                    )
                )
            )
    return out


class OrderIntake:
    """Turns canonical orders of one brand into facts."""

    def __init__(self, workspace: Workspace, identities: Identities) -> None:
        self._workspace = workspace
        self._identities = identities

    def prepare(
        self,
        connection: Connection,
        version: int,
        batch: OrderBatch,
        *,
        import_id: int,
        position: int | str,
        misfits: list[Misfit],
    ) -> Prepared:
        """Rows, counts and misfits of whole orders; see Committer.commit.

        position: names this part of the import, for its claims.
        """
        at = self._workspace.now()
        register_shops(connection, batch.orders, at=at)
        resolved = self._identities.resolve(
            connection,
            _identity_columns(batch.orders),
            commit_id=version,
            source=source_of(import_id),
            evidence="order",
        )
        identity = pa.array(resolved.primary, pa.int64())
        with duckdb.connect() as db:
            headers = self._headers(db, batch.orders, identity, resolved.refused)
            lines = self._lines(db, headers, batch.lines)
        known = self._known(headers)
        tables, dropped = {}, {}
        for name, rows in (("orders", headers), ("order_lines", lines)):
            tables[name] = self._fresh_rows(name, rows, import_id, position, version)
            dropped[name] = rows.num_rows - tables[name].num_rows
        changed = set(resolved.changed) | self._owners(known, tables, connection)
        counts = {
            "orders": tables["orders"].num_rows,
            "lines": tables["order_lines"].num_rows,
            "accepted": tables["orders"].num_rows + tables["order_lines"].num_rows,
            "duplicates": dropped["order_lines"] if batch.lines.num_rows else dropped["orders"],
            "quarantined": len(misfits),
            "refused": int(resolved.refused.sum()),
            "identities": resolved.created,
            **_money(tables["orders"]),
        }
        return Prepared(tables=tables, counts=counts, misfits=misfits, changed=changed)

    def _fresh_rows(
        self, name: str, rows: pa.Table, import_id: int, position: int | str, version: int
    ) -> pa.Table:
        """Rows of a lake table that it does not hold yet; what it holds is claimed."""
        days = clock.day_numbers(np.asarray(rows.column("at"), np.int64), self._workspace.zone)
        keys = Keys.from_arrow(rows.column("key_digest"), days)
        new = self._workspace.lake.fresh(name, keys)
        old = np.flatnonzero(~new)
        claim(
            self._workspace, import_id, position, name, keys.take(old),
            rows=np.asarray(rows.column("row"))[old], arrival=old, commit_id=version,
        )  # fmt: skip
        extra = {
            "day": iso_days(days),
            "event_key": rows.column("key_digest"),
            "key_day": pa.array(days, pa.int32()),
            "order_key": rows.column("order_digest"),
            "import_id": pa.repeat(pa.scalar(import_id, pa.int64()), len(days)),
            "imported_at": pa.repeat(pa.scalar(self._workspace.now(), pa.int64()), len(days)),
        }
        plain = rows.drop_columns(["key_digest", "order_digest", "at"])
        for column, values in extra.items():
            plain = plain.append_column(column, values)
        return plain if new.all() else plain.filter(pa.array(new))

    def _headers(
        self,
        db: duckdb.DuckDBPyConnection,
        orders: pa.Table,
        identity: pa.Array,
        refused: np.ndarray,
    ) -> pa.Table:
        """Header rows with status rank, order key and content key."""
        table = orders.append_column("identity", identity)
        if refused.any():
            table = table.filter(pa.array(~refused))
        table = table.drop_columns([name for name in PERSONAL if name in table.column_names])
        content = [name for name in table.column_names if name != "row"]
        db.register("headers", table)
        return db.sql(
            f"SELECT *, {_STATUS_RANK} AS status_rank, {_ORDER_TIME} AS at,"
            f" {_md5('order_digest', _order_key())}, {_md5('key_digest', content)} FROM headers"
        ).to_arrow_table()

    def _lines(self, db: duckdb.DuckDBPyConnection, headers: pa.Table, lines: pa.Table) -> pa.Table:
        """Item rows ranked like their header: an older export does not turn the clock back."""
        content = [f"l.{name}" for name in lines.column_names if name != "row"]
        db.register("item_lines", lines)
        db.register("keyed", headers)
        return db.sql(
            "SELECT l.*, h.rank_at, h.status_rank, coalesce(l.bought_at, 0) AS at, h.order_digest,"
            f" {_md5('key_digest', [*content, 'h.rank_at', 'h.status_rank'])} FROM item_lines l"
            " JOIN keyed h USING (platform, shop, order_id)"
        ).to_arrow_table()

    def _known(self, headers: pa.Table) -> np.ndarray:
        """Order keys (high halves) of the batch that the lake held before."""
        stored = self._workspace.lake.scan("orders", ["order_key"])
        if not stored.num_rows:
            return np.empty(0, np.uint64)
        held = _halves(stored.column("order_key"))
        # Every line has its header in the batch, so the headers name all orders.
        return np.intersect1d(_halves(headers.column("order_digest")), held)

    def _owners(
        self, known: np.ndarray, tables: dict[str, pa.Table], connection: Connection
    ) -> set[int]:
        """Customers, of now and of before, of known orders that got a new revision."""
        touched = [_halves(rows.column("order_key")) for rows in tables.values() if rows.num_rows]
        revised = np.intersect1d(known, np.concatenate(touched)) if touched else known[:0]
        if not len(revised):
            return set()
        stored = self._workspace.lake.scan("orders", ["order_key", "identity"])
        rows = pa.concat_tables(
            [stored, tables["orders"].select(stored.column_names)], promote_options="default"
        )
        mine = np.isin(_halves(rows.column("order_key")), revised)
        owners = np.unique(np.asarray(rows.column("identity"))[mine])
        return self._identities.customers_of(connection, owners)


# SQL of what an order is worth; `commerce.current` reads orders by the same three lines.
PAID_FEN = "coalesce(paid_fen, lines_paid_fen, 0)"
REFUND_FEN = "coalesce(refund_fen, lines_refund_fen, 0)"
IS_PAID = (
    f"{PAID_FEN} > 0 AND (status IS NULL OR status IN ('paid', 'shipped', 'finished') OR"
    " (status = 'closed' AND (paid_at IS NOT NULL OR coalesce(refund_fen, 0) > 0)))"
)


def _order_key(prefix: str = "") -> list[str]:
    """SQL of what makes an order one: platform, shop, number; without the shop where a platform
    numbers the orders of all its shops together, since its item files do not name the shop."""
    together = ", ".join(f"'{one.code}'" for one in PLATFORMS if one.one_number_space)
    shop = f"CASE WHEN {prefix}platform IN ({together}) THEN '' ELSE {prefix}shop END"
    return [f"{prefix}platform", shop, f"{prefix}order_id"]


def _md5(name: str, columns: list[str]) -> str:
    """SQL of a 16-byte hash of the columns; null and '' stay different. (Through hex it is four
    times as fast as DuckDB's number functions.)"""
    parts = ", chr(31), ".join(f"coalesce(CAST({c} AS VARCHAR), chr(30))" for c in columns)
    return f"unhex(md5(concat({parts}))) AS {name}"


def _money(orders: pa.Table) -> dict[str, int]:
    """Paid orders, paid and refunded fen of the header rows."""
    with duckdb.connect() as db:
        db.register("headers", orders)
        row = db.execute(
            f"SELECT count(*) FILTER ({IS_PAID}), coalesce(sum({PAID_FEN}) FILTER ({IS_PAID}), 0),"
            f" coalesce(sum({REFUND_FEN}), 0) FROM headers"
        ).fetchone()
    assert row is not None
    return {"orders_paid": int(row[0]), "paid_fen": int(row[1]), "refund_fen": int(row[2])}


def _halves(digests: pa.ChunkedArray) -> np.ndarray:
    """The first halves of 16-byte digests (uint64, n): enough to tell orders apart."""
    return Keys.from_arrow(digests, np.zeros(len(digests), np.int32)).high


def _identity_columns(orders: pa.Table) -> dict[str, pa.Array]:
    """Identity kind → text values, from buyer + buyer_kind, phone and member number."""
    kinds = orders.column("buyer_kind").combine_chunks().cast(pa.string())
    buyer = orders.column("buyer").combine_chunks()
    columns: dict[str, pa.Array] = {}
    for kind in pc.unique(kinds).to_pylist():
        if kind is not None:
            mine = pc.fill_null(pc.equal(kinds, kind), False)
            columns[kind] = pc.if_else(mine, buyer, pa.scalar(None, pa.string()))
    for kind in ("phone", "member_no"):
        values = orders.column(kind).combine_chunks()
        if values.null_count < len(values):
            columns[kind] = pc.coalesce(columns[kind], values) if kind in columns else values
    return columns or {next(iter(BY_CODE)): pa.nulls(orders.num_rows, pa.string())}
