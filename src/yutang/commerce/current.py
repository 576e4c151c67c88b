"""What each order is now: the highest revision known, one row an order, one row a line.

A cache (Arrow files under cache/orders) made from the lake; `yutang rebuild` makes it again.

Rank: the platform's modified time, else the latest of its times; then status; then import time.
Each field takes the highest-ranking revision that has it, so a list file and a detail file of the
same orders complete each other and count once. An explicit order amount wins over the sum of
lines.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap
from sqlalchemy import Connection, select

from yutang.catalog.platforms import PLATFORMS
from yutang.commerce.orders import IS_PAID, PAID_FEN, REFUND_FEN
from yutang.errors import Damaged
from yutang.identity import Identities
from yutang.ingest import facts_version, moved_by_events, unfinished
from yutang.kit import clock
from yutang.lake import Lake
from yutang.state.brand import shops
from yutang.workspace import Workspace

RANKED = (
    "status", "created_at", "paid_at", "shipped_at", "finished_at", "closed_at", "paid_fen",
    "lines_paid_fen", "refund_fen", "lines_refund_fen", "freight_fen", "platform_discount_fen",
    "shop_discount_fen", "quantity", "channel", "store", "guide", "province", "city",
)  # fmt: skip
LINE_RANKED = (
    "item_id", "sku_id", "sku_code", "title", "spec", "category", "brand", "quantity",
    "unit_price_fen", "item_paid_fen", "refund_fen", "refund_status", "bought_at",
)  # fmt: skip
_RANK_COLUMNS = ("rank_at", "status_rank", "imported_at", "commit_id", "row")
HEADER_COLUMNS = (
    "order_key", "platform", "shop", "order_id", "identity", *RANKED, *_RANK_COLUMNS
)  # fmt: skip
LINE_REVISION_COLUMNS = ("order_key", "line_id", *LINE_RANKED, *_RANK_COLUMNS)
KEEP_GENERATIONS = 2


@dataclass(frozen=True)
class CurrentOrders:
    """One facts version's orders, memory-mapped.

    orders: order (int32 number), customer uint32 (0 = nobody), platform, shop, domain, order_id,
      status, paid bool, paid_at ms, day int32 (business day of payment), paid_fen, refund_fen,
      refund_at ms, quantity, channel, store, guide, province, city, first_commit
    lines: order (row of `orders`), customer, item_id, title, category, brand, quantity,
      item_paid_fen, refund_fen, first_commit, paid, paid_at, platform, shop, domain
    """

    version: int
    orders: pa.Table
    lines: pa.Table


class OrderBook:
    """The current orders of one brand."""

    def __init__(self, workspace: Workspace, identities: Identities) -> None:
        self._workspace = workspace
        self._identities = identities
        self._open: CurrentOrders | None = None
        self._folder = ""  # the generation that is open: one facts version may be made twice

    @property
    def _root(self) -> Path:
        return self._workspace.cache / "orders"

    def current(self) -> CurrentOrders:
        """The newest made version (empty before the first refresh)."""
        try:
            return self._newest()
        except Damaged:
            # The worker may have switched and cleaned up between our two reads: look once more.
            return self._newest()

    def _newest(self) -> CurrentOrders:
        pointer = self._root / "current.json"
        if not pointer.exists():
            return CurrentOrders(0, *_empty())
        version, folder = json.loads(pointer.read_text()).values()
        if self._open is None or self._folder != folder:
            self._open = CurrentOrders(
                version,
                _map(self._root / folder / "orders.arrow"),
                _map(self._root / folder / "lines.arrow"),
            )
            self._folder = folder
        if self._open.version != version:
            self._open = replace(self._open, version=version)
        return self._open

    def refresh(self, *, whole: bool = False) -> CurrentOrders:
        """Make the orders of the newest facts version (the writer only)."""
        with self._workspace.db.read() as connection:
            version = facts_version(connection)
            half_done = bool(unfinished(connection))
            if not whole and self._advance(connection, version):
                return self.current()
        orders, lines = self._make(version if half_done else None)
        folder = f"{version}-{self._workspace.now()}"
        target = self._root / folder
        target.mkdir(parents=True, exist_ok=True)
        _write(target / "orders.arrow", orders)
        _write(target / "lines.arrow", lines)
        self._switch(version, folder)
        self._open = None
        generations = sorted(
            (path for path in self._root.iterdir() if path.is_dir()),
            key=lambda path: path.stat().st_mtime_ns,
        )
        for old in generations[:-1] if whole else generations[:-KEEP_GENERATIONS]:
            shutil.rmtree(old, ignore_errors=True)
        return self.current()

    def _advance(self, connection: Connection, version: int) -> bool:
        """Is the made book still right at this version? A stream commits each second, and mostly
        moves nobody who ever bought."""
        now = self.current()
        if now.version == version:
            return True
        moved = moved_by_events(connection, now.version, version)
        if not now.version or moved is None or moved & _buyers(now):
            return False
        self._switch(version, self._folder)
        return True

    def _switch(self, version: int, folder: str) -> None:
        temporary = self._root / "current.tmp"
        temporary.write_text(json.dumps({"version": version, "folder": folder}))
        os.replace(temporary, self._root / "current.json")

    def _make(self, until: int | None) -> tuple[pa.Table, pa.Table]:
        """Orders and lines as the lake has them; of commits up to `until`, where that is given."""
        lake = self._workspace.lake
        if not lake.exists("orders"):
            return _empty()
        customer = self._identities.customer_array()
        with self._workspace.db.read() as connection:
            known = connection.execute(select(shops.c.platform, shops.c.shop, shops.c.domain)).all()
        spill = self._workspace.cache / "spill"
        shutil.rmtree(spill, ignore_errors=True)  # of a process that died
        with duckdb.connect(config={"temp_directory": str(spill)}) as db:
            _load(db, "revisions", lake, "orders", HEADER_COLUMNS, until)
            db.register("customer_of", _customer_table(customer))
            db.register(
                "shops",
                pa.table(
                    {
                        name: pa.array([row[i] for row in known], pa.string())
                        for i, name in enumerate(("platform", "shop", "domain"))
                    }
                ),
            )
            _fold(db, "revisions", ("order_key",), RANKED, _HEADER_PICKS)
            orders = db.sql(_ORDERS_SQL).to_arrow_table()
            days = clock.day_numbers(
                np.asarray(orders.column("paid_at"), np.int64), self._workspace.zone
            )
            orders = orders.append_column("day", pa.array(days, pa.int32()))
            db.execute("CREATE TEMP TABLE numbered AS SELECT * FROM orders")
            if not lake.exists("order_lines"):
                lines = _empty()[1]
            else:
                _load(db, "line_revisions", lake, "order_lines", LINE_REVISION_COLUMNS, until)
                _fold(db, "line_revisions", ("order_key", "line_id"), LINE_RANKED, _LINE_PICKS)
                lines = _with_order(db.sql(_LINES_SQL).to_arrow_table(), orders)
        return orders.drop_columns(["order_key"]), lines


def _buyers(book: CurrentOrders) -> BitMap:
    """Customers who have orders."""
    return BitMap(pc.unique(book.orders.column("customer")).to_numpy())


_RANK = (
    "{'a': coalesce(rank_at, 0), 'b': status_rank, 'c': imported_at, 'd': commit_id, 'e': \"row\"}"
)


_LABELS = ", ".join(f"'{platform.zh}'" for platform in PLATFORMS)
_HEADER_PICKS = {
    "platform": "any_value(platform)",
    # A file that names no shop is given its platform's label: a real name wins over it.
    "shop": f"arg_max(shop, {{'named': shop NOT IN ({_LABELS}), 'rank': rank}})",
    "order_id": "any_value(order_id)",
    "identity": "arg_max(nullif(identity, 0), rank)",
    "first_commit": "min(commit_id)",
}
_LINE_PICKS = {"first_commit": "min(commit_id)", "row": 'min("row")'}
_PLAIN = {"first_commit": "commit_id", "identity": "nullif(identity, 0)"}


def _load(
    db: duckdb.DuckDBPyConnection,
    name: str,
    lake: Lake,
    table: str,
    columns: tuple[str, ...],
    until: int | None,
) -> None:
    """One pass over the lake's many day files; what follows reads DuckDB's own table, which spills
    to disk where the memory does not hold it. (DuckDB opens small files twice as fast as Arrow.)"""
    present = set(lake.fields(table))
    names = ", ".join(f'"{column}"' for column in columns if column in present)
    files = [str(lake.path(table) / name) for name in lake.files(table)]
    if not files:  # everything was undone or erased
        db.register("none", lake.scan(table, columns))
        db.execute(f"CREATE TEMP TABLE {name} AS SELECT {names} FROM none")
        return
    finished = "" if until is None else f" WHERE commit_id <= {int(until)}"
    db.execute(
        f"CREATE TEMP TABLE {name} AS SELECT {names}"
        f" FROM read_parquet(?, hive_partitioning=false, union_by_name=true){finished}",
        [files],
    )


def _fold(
    db: duckdb.DuckDBPyConnection,
    source: str,
    key: tuple[str, ...],
    ranked: tuple[str, ...],
    picks: dict[str, str],
) -> None:
    """Make table `folded_<source>`: one row per key, each field of its highest-ranking revision.

    Most keys have one revision and pass as they are; only the others are folded. (Measured: 1.5 M
    lines 1 s instead of 5 s.) DuckDB's arg_max leaves out rows where the field is null.
    """
    keys, plain = ", ".join(key), [*ranked, *picks]
    single = ", ".join(f'{_PLAIN.get(name, _quoted(name))} AS "{name}"' for name in plain)
    best = [f"arg_max({name}, rank) AS {name}" for name in ranked]
    best += [f'{sql} AS "{name}"' for name, sql in picks.items()]
    db.execute(
        f"CREATE TEMP TABLE repeated AS SELECT {keys} FROM {source}"
        " GROUP BY ALL HAVING count(*) > 1"
    )
    found = db.execute("SELECT count(*) FROM repeated").fetchone()
    assert found is not None
    once = f"SELECT {keys}, {single} FROM {source}"
    if found[0]:
        once += f" ANTI JOIN repeated USING ({keys})"
        once += (
            f" UNION ALL BY NAME SELECT {keys}, {', '.join(best)} FROM (SELECT s.*, {_RANK} AS rank"
            f" FROM {source} s SEMI JOIN repeated USING ({keys})) GROUP BY {keys}"
        )
    # Where nothing is repeated there is nothing to copy.
    made = "TABLE" if found[0] else "VIEW"
    db.execute(f"CREATE TEMP {made} folded_{source} AS {once}")
    db.execute("DROP TABLE repeated")


def _quoted(name: str) -> str:
    return f'"{name}"'


_ORDERS_SQL = f"""
SELECT
  (row_number() OVER (ORDER BY coalesce(c.customer, 0), moment, f.order_key) - 1)::INTEGER
    AS "order",
  order_key, coalesce(c.customer, 0)::UINTEGER AS customer, f.platform, f.shop,
  coalesce(s.domain, 'public') AS domain, order_id, status,
  {IS_PAID} AS paid, moment AS paid_at, {PAID_FEN}::BIGINT AS paid_fen,
  {REFUND_FEN}::BIGINT AS refund_fen,
  coalesce(closed_at, finished_at, moment) AS refund_at, coalesce(quantity, 0) AS quantity,
  coalesce(freight_fen, 0)::BIGINT AS freight_fen, channel, store, guide, province, city,
  first_commit
FROM (SELECT *, coalesce(paid_at, created_at, finished_at, shipped_at, closed_at, 0) AS moment
      FROM folded_revisions) f
LEFT JOIN customer_of c ON c.identity = f.identity
LEFT JOIN shops s ON s.platform = f.platform AND s.shop = f.shop
ORDER BY 1
"""


_LINES_SQL = """
SELECT o."order", l.item_id, l.sku_id, l.title, l.spec, l.category, l.brand,
  coalesce(l.quantity, 0) AS quantity, coalesce(l.item_paid_fen, 0)::BIGINT AS item_paid_fen,
  coalesce(l.refund_fen, 0)::BIGINT AS refund_fen, l.first_commit, l.line_id
FROM folded_line_revisions l JOIN numbered o USING (order_key)
-- A list file joins the titles of an order in one cell; the item file of the same order, which has
-- numbers and amounts, replaces those lines.
WHERE NOT (l.line_id LIKE '#%' AND l.item_paid_fen IS NULL AND EXISTS (
  FROM folded_line_revisions better
  WHERE better.order_key = l.order_key AND better.line_id NOT LIKE '#%'))
ORDER BY o."order", l."row", l.line_id
"""
OF_ORDER = ("customer", "paid", "paid_at", "platform", "shop", "domain", "order_id")


def _with_order(lines: pa.Table, orders: pa.Table) -> pa.Table:
    """Lines with what their order says, taken by the order's number."""
    number = lines.column("order").combine_chunks()
    for name in OF_ORDER:
        column = orders.column(name).combine_chunks()
        if pa.types.is_string(column.type) and name != "order_id":
            column = column.dictionary_encode()
        lines = lines.append_column(name, column.take(number))
    return lines.select(list(LINE_COLUMNS))


def _customer_table(customer: np.ndarray) -> pa.Table:
    ids = np.flatnonzero(customer)
    return pa.table({"identity": ids.astype(np.int64), "customer": customer[ids]})


def _write(path: Path, table: pa.Table) -> None:
    coded = table
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and field.name not in ("order_id", "line_id"):
            column = table.column(i).combine_chunks().dictionary_encode()
            coded = coded.set_column(i, field.name, column)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, coded.schema) as writer:
        writer.write_table(coded.combine_chunks())


def _map(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise Damaged(
            "The cache of current orders is unreadable.", hint="Run `yutang rebuild`."
        ) from error


ORDER_COLUMNS: dict[str, pa.DataType] = {
    "order": pa.int32(),
    "customer": pa.uint32(),
    **{n: pa.string() for n in ("platform", "shop", "domain", "order_id", "status")},
    "paid": pa.bool_(),
    **{n: pa.int64() for n in ("paid_at", "paid_fen", "refund_fen", "refund_at")},
    "quantity": pa.float64(),
    "freight_fen": pa.int64(),
    **{n: pa.string() for n in ("channel", "store", "guide", "province", "city")},
    "first_commit": pa.int64(),
    "day": pa.int32(),
}
LINE_COLUMNS: dict[str, pa.DataType] = {
    "order": pa.int32(),
    "customer": pa.uint32(),
    **{n: pa.string() for n in ("item_id", "sku_id", "title", "spec", "category", "brand")},
    "quantity": pa.float64(),
    **{n: pa.int64() for n in ("item_paid_fen", "refund_fen", "first_commit")},
    "paid": pa.bool_(),
    "paid_at": pa.int64(),
    **{n: pa.string() for n in ("platform", "shop", "domain", "order_id", "line_id")},
}


def _empty() -> tuple[pa.Table, pa.Table]:
    return (
        pa.schema(list(ORDER_COLUMNS.items())).empty_table(),
        pa.schema(list(LINE_COLUMNS.items())).empty_table(),
    )
