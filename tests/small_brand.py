"""A brand with a few hundred facts: built in milliseconds, dumped whole, the same every time.

The order reader takes the canonical tables from a Parquet pair, so that no test of storage
depends on a platform's file format.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select

from yutang.catalog.orders import ORDER_LINES, ORDERS, ROW_ERRORS
from yutang.commerce import OrderBook, OrderImports
from yutang.facts import BrandFacts
from yutang.identity import Identities
from yutang.ingest import Committer, EventImports, EventIntake, Import, Imports
from yutang.installation import Installation
from yutang.lake import TABLES, Lake
from yutang.state import brand as tables
from yutang.workspace import Workspace

NOW = 1_790_000_000_000
START = 1_780_000_000_000
HOUR = 3_600_000

Step = Callable[[str], None]


def nothing(_name: str) -> None:
    """A step at which nobody dies."""


def stopped() -> int:
    """A clock that stands still."""
    return NOW


@dataclass
class CanonicalFile:
    """What an order reader gives, read back from the file that `write_orders` made."""

    preset: str
    orders: pa.Table
    lines: pa.Table
    errors: pa.Table


def read_canonical(path: Path, **_how: object) -> CanonicalFile:
    rows = pq.read_table(path)
    orders = pa.Table.from_pylist(json.loads(rows.column("orders")[0].as_py()), ORDERS)
    lines = pa.Table.from_pylist(json.loads(rows.column("lines")[0].as_py()), ORDER_LINES)
    errors = pa.Table.from_pylist(json.loads(rows.column("errors")[0].as_py()), ROW_ERRORS)
    return CanonicalFile("canonical", orders, lines, errors)


class SmallBrand:
    """The parts of one brand that move facts, without pages or a worker."""

    def __init__(self, workspace: Workspace, step: Step = nothing) -> None:
        self.workspace = workspace
        self.identities = Identities(workspace)
        self.committer = Committer(workspace, step)
        self.orders = OrderBook(workspace, self.identities)
        self.facts = BrandFacts(workspace, self.identities, self.orders)
        self.imports = Imports(
            workspace,
            {
                "orders": OrderImports(workspace, self.identities, self.committer, read_canonical),
                "events": EventImports(self.committer, EventIntake(workspace, self.identities)),
            },
            step,
        )

    def take(self, kind: str, path: Path) -> Import:
        """Import a file from beginning to end."""
        added = self.imports.add(path, kind=kind, filename=path.name)
        self.imports.queue(added.id)
        self.finish()
        return self.imports.get(added.id)

    def finish(self) -> None:
        """Everything due, as the worker does it."""
        with self.workspace.writer():
            for one in self.imports.due():
                self.imports.run(one.id)
            self.imports.sweep()

    def dump(self) -> dict[str, Any]:
        """Every row of state and lake, and the files, comparable with those of another run."""
        found: dict[str, Any] = {}
        with self.workspace.db.read() as connection:
            for table in tables.metadata.sorted_tables:
                rows = [tuple(row) for row in connection.execute(select(table))]
                found[table.name] = sorted(map(repr, rows))
        for name in TABLES:
            dataset = self.workspace.lake.dataset(name)
            rows = dataset.to_table().to_pylist() if dataset else []
            found[f"lake:{name}"] = sorted(repr(sorted(row.items())) for row in rows)
        uploads = self.workspace.files / "uploads"
        found["uploads"] = len(list(uploads.iterdir())) if uploads.exists() else 0
        return found


def open_brand_at(home: Path, step: Step = nothing) -> SmallBrand:
    """The brand `main` of an installation folder, made where there is none; time stands still."""
    installation = Installation.create(home)
    row = installation.find_brand("main") or installation.add_brand("main", "Pond", now=stopped)
    workspace = installation.workspace(row, stopped)
    return SmallBrand(replace(workspace, lake=Lake(workspace.root / "lake", step)), step)


def write_events(path: Path, *, first: int = 0, count: int = 200, people: int = 20) -> Path:
    """NDJSON with repeated lines, values that do not fit, people known by two kinds, garbage."""
    with path.open("w", encoding="utf-8") as out:
        for i in range(first, first + count):
            who = {"member_no": f"m{i % people}"}
            if i % 7 == 0:
                who["openid"] = f"o{i % people}"
            line = {
                "event": "page_viewed" if i % 3 else "cart_added",
                "time": START + i * HOUR,
                "identities": who,
                "properties": {"depth": i % 5 if i % 11 else "deep", "page": f"p{i % 9}"},
            }
            out.write(json.dumps(line) + "\n")
            if i % 13 == 0:
                out.write(json.dumps(line) + "\n")
        out.write("this is no event\n")
    return path


def order(number: int, member: str | None, *, paid_fen: int = 9_900, **more: Any) -> dict[str, Any]:
    """One canonical order row."""
    at = START + number * HOUR
    row = dict.fromkeys(ORDERS.names)
    row |= {
        "row": number + 2, "platform": "tmall", "shop": "flagship", "order_id": f"T{number:06d}",
        "rank_at": at, "status": "finished", "created_at": at, "paid_at": at,
        "paid_fen": paid_fen, "quantity": 2.0, "member_no": member,
    }  # fmt: skip
    return row | more


def line(number: int, ordinal: int, **more: Any) -> dict[str, Any]:
    """One canonical item row of that order."""
    row = dict.fromkeys(ORDER_LINES.names)
    row |= {
        "row": number + 2, "platform": "tmall", "shop": "flagship", "order_id": f"T{number:06d}",
        "line_id": f"#{ordinal}", "item_id": f"i{number % 6}", "title": f"item {number % 6}",
        "quantity": 1.0, "item_paid_fen": 4_950, "bought_at": START + number * HOUR,
    }  # fmt: skip
    return row | more


def write_order_file(
    path: Path,
    orders: list[dict[str, Any]],
    lines: list[dict[str, Any]],
    errors: list[dict[str, Any]] | None = None,
) -> Path:
    parts = {"orders": orders, "lines": lines, "errors": errors or []}
    pq.write_table(pa.table({name: [json.dumps(rows)] for name, rows in parts.items()}), path)
    return path


def write_orders(path: Path, *, first: int = 0, count: int = 60, people: int = 20) -> Path:
    """Orders of two items each, of the same members as the events, some of nobody."""
    numbers = range(first, first + count)
    misfit = {"row": 999, "column": "paid_fen", "reason": "amount_unreadable", "value": "x",
              "record": '{"金额": "x"}'}  # fmt: skip
    return write_order_file(
        path,
        [order(i, None if i % 10 == 9 else f"m{i % people}") for i in numbers],
        [line(i, ordinal) for i in numbers for ordinal in (1, 2)],
        [misfit],
    )
