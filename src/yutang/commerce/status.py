"""What a brand holds, in numbers: `yutang status` and the foot of the console."""

from __future__ import annotations

from sqlalchemy import func, select

from yutang.commerce.current import OrderBook
from yutang.ingest import Imports, facts_version, unfinished
from yutang.state.brand import identities, quarantine
from yutang.workspace import Workspace


def status_of(workspace: Workspace, orders: OrderBook, imports: Imports) -> dict[str, int]:
    """Counts of facts and people; `pending` = imports to run plus batches that died on the way."""
    with workspace.db.read() as connection:
        open_rows = select(func.count()).select_from(quarantine)
        people, known, waiting = connection.execute(
            select(
                func.count(identities.c.customer_id.distinct()),
                func.count(identities.c.id),
                open_rows.where(quarantine.c.status == "open").scalar_subquery(),
            )
        ).one()
        found = {
            "customers": int(people),
            "identities": int(known),
            "quarantined": int(waiting),
            "pending": len(unfinished(connection)),
            "facts_version": facts_version(connection),
        }
    found["pending"] += len(imports.due())
    book = orders.current()
    return {
        "events": workspace.lake.count("events"),
        "orders": book.orders.num_rows,
        "order_lines": book.lines.num_rows,
        **found,
    }
