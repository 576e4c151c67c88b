"""The tables that SQL sees: facts and people as the console counts them.

    events       one row an event; `customer` is whoever it belongs to today
    orders       one row an order, as it is now
    order_lines  one row a line of an order
    customers    one row a living customer

Times are TIMESTAMP in the brand's zone, days DATE, money whole fen. Batches that are half done are
left out, as in every cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import duckdb
import numpy as np
import pyarrow as pa

from yutang.commerce import OrderBook
from yutang.customers import ROLES, SOURCES, STAGES, Customers, Snapshot, views
from yutang.identity import Identities, later_owners
from yutang.ingest import facts_version, properties
from yutang.workspace import Workspace

# Of the lake's `events`; properties follow under their own names.
OWN = {"event": "event", "time": "time", "received_at": "received_at", "source": "source"}
TIMES = (
    "first_order_at", "last_order_at", "first_seen_at", "last_seen_at", "last_interaction_at",
)  # fmt: skip
# Columns of the customers that are codes, and what each number is called.
CODED = {
    "stage": list(STAGES), "role": list(ROLES), "nes": list(views.NES), "aipl": list(views.AIPL),
    "five_a": list(views.FIVE_A), "value_tier": list(views.TIERS),
    "fatigue": list(views.FATIGUES), "interval_source": list(SOURCES),
    "limit_source": list(SOURCES),
}  # fmt: skip
WORDED = ("source", "channel", "category")  # codes into the snapshot's words


@dataclass(frozen=True)
class TableColumn:
    name: str
    type: str  # as DuckDB calls it


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[TableColumn, ...]


class Tables:
    """Binds the tables of one brand to a connection."""

    def __init__(
        self, workspace: Workspace, identities: Identities, orders: OrderBook, customers: Customers
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._orders = orders
        self._customers = customers
        self._makers: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {
            "events": self._events,
            "orders": self._order_rows,
            "order_lines": self._order_lines,
            "customers": self._customer_rows,
        }

    def bind(self, db: duckdb.DuckDBPyConnection) -> int:
        """Make the views; the facts version they stand at."""
        for make in self._makers.values():
            make(db)
        return self._orders.current().version

    def described(self, db: duckdb.DuckDBPyConnection) -> list[Table]:
        """The bound tables with their columns."""
        found = []
        for name in self._makers:
            rows = db.execute(f"DESCRIBE {name}").fetchall()
            found.append(Table(name, tuple(TableColumn(row[0], row[1]) for row in rows)))
        return found

    # --- inside ------------------------------------------------------------------------------
    def _moment(self, column: str) -> str:
        """UTC ms as the brand's clock shows it; 0 and less are no time."""
        zone = self._workspace.zone.replace("'", "''")
        return (
            f"CASE WHEN {column} > 0 THEN timezone('{zone}', make_timestamptz({column} * 1000)) END"
        )

    def _events(self, db: duckdb.DuckDBPyConnection) -> None:
        with self._workspace.db.read() as connection:
            customer = self._identities.owners.customers(connection)
            later = later_owners(connection)
            known = properties(connection)
            version = facts_version(connection)
        ids = np.arange(len(customer), dtype=np.int64)
        db.register("_owners", pa.table({"identity": ids, "customer": customer}))
        db.register(
            "_hands",
            pa.table(
                {"identity": later.device, "since": later.since, "customer": customer[later.owner]}
            ),
        )
        dataset = self._workspace.lake.dataset("events")
        if dataset is None:
            db.execute(
                "CREATE TEMP VIEW events AS SELECT NULL::UINTEGER AS customer, NULL::VARCHAR AS"
                " event, NULL::TIMESTAMP AS time, NULL::DATE AS day WHERE false"
            )
            return
        db.register("_events", dataset)
        there = set(dataset.schema.names)
        taken = {"customer", "day", "identity", *OWN}
        columns = [
            f"e.{_quoted(one.field)} AS {_quoted(_free(one.name, taken))}"
            for one in known.values()
            if one.field in there
        ]
        db.execute(
            "CREATE TEMP VIEW events AS SELECT"
            " coalesce(h.customer, o.customer)::UINTEGER AS customer, e.event::VARCHAR AS event,"
            f" {self._moment('e.time')} AS time, CAST({self._moment('e.time')} AS DATE) AS day,"
            f" {self._moment('e.received_at')} AS received_at, e.source::VARCHAR AS source,"
            f" e.identity AS identity{''.join(f', {column}' for column in columns)}"
            " FROM _events e LEFT JOIN _owners o ON o.identity = e.identity"
            " ASOF LEFT JOIN _hands h ON h.identity = e.identity AND h.since <= e.time"
            f" WHERE e.commit_id <= {version} AND coalesce(h.customer, o.customer) > 0"
        )

    def _order_rows(self, db: duckdb.DuckDBPyConnection) -> None:
        self._of_orders(db, "orders", self._orders.current().orders, ("paid_at", "refund_at"))

    def _order_lines(self, db: duckdb.DuckDBPyConnection) -> None:
        self._of_orders(db, "order_lines", self._orders.current().lines, ("paid_at",))

    def _of_orders(
        self, db: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, times: tuple[str, ...]
    ) -> None:
        db.register(f"_{name}", rows)
        shown = [f"{self._moment(time)} AS {time}" for time in times]
        if "day" in rows.column_names:
            shown.append("DATE '1970-01-01' + day AS day")
        db.execute(
            f'CREATE TEMP VIEW {name} AS SELECT * EXCLUDE ("order", first_commit)'
            f" REPLACE ({', '.join(shown)}) FROM _{name}"
        )

    def _customer_rows(self, db: duckdb.DuckDBPyConnection) -> None:
        db.register("_customers", _customer_table(self._customers.snapshot()))
        shown = ", ".join(f"{self._moment(time)} AS {time}" for time in TIMES)
        db.execute(f"CREATE TEMP VIEW customers AS SELECT * REPLACE ({shown}) FROM _customers")


def _customer_table(snapshot: Snapshot) -> pa.Table:
    people = snapshot.people
    ids = np.flatnonzero(people.alive)
    plain = {
        one.name: getattr(people, one.name)[ids]
        for one in fields(people)
        if one.name not in (*CODED, *WORDED, "alive", "domains", "lead_at", "koc_at")
    }
    named = {
        name: pa.DictionaryArray.from_arrays(
            pa.array(getattr(people, name)[ids].astype(np.int32)), pa.array(texts, pa.string())
        )
        for name, texts in CODED.items()
    }
    coded = {name: _worded(getattr(people, name)[ids], snapshot.words.get(name, []))
             for name in WORDED}  # fmt: skip
    return pa.table({"customer": ids.astype(np.uint32), **named, **coded, **plain})


def _worded(codes: np.ndarray, words: list[str]) -> pa.Array:
    """Texts by code, null where it is negative."""
    return pa.array([*words, None], pa.string()).take(
        pa.array(np.where(codes < 0, len(words), codes))
    )


def _free(name: str, taken: set[str]) -> str:
    """A property's name, or with a dash behind it where a column is called so already."""
    while name.casefold() in taken:
        name += "_"
    taken.add(name.casefold())
    return name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
