"""A shop turned out to be private, public or a store: its customers' facts are read anew.

The shop's own row changes at once; the worker then notes whose order events carry the old domain,
since only it knows that the order book is complete.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, insert, select, update

from yutang.commerce.current import OrderBook
from yutang.ingest import carry_out, next_version
from yutang.state.brand import meta, shops
from yutang.workspace import Workspace

CHANGED = "shops_changed"


def note_domain(connection: Connection, shop_id: int) -> None:
    """Remember for the worker that this shop's domain changed."""
    stored = connection.execute(select(meta.c.value).where(meta.c.key == CHANGED)).scalar()
    ids = sorted({shop_id, *json.loads(stored or "[]")})
    if stored is None:
        connection.execute(insert(meta).values(key=CHANGED, value=json.dumps(ids)))
    else:
        connection.execute(update(meta).where(meta.c.key == CHANGED).values(value=json.dumps(ids)))


def tell_domains(workspace: Workspace, orders: OrderBook) -> int:
    """Make the changed domains a new facts version (the writer only); the customers concerned."""
    with workspace.db.read() as connection:
        stored = connection.execute(select(meta.c.value).where(meta.c.key == CHANGED)).scalar()
        if stored is None:
            return 0
        ids = json.loads(stored)
        mine = connection.execute(
            select(shops.c.platform, shops.c.shop).where(shops.c.id.in_(ids))
        ).all()
    book = orders.refresh().orders
    customers = np.zeros(0, np.uint32)
    for platform, shop in mine:
        here = pc.and_(_is(book, "platform", platform), _is(book, "shop", shop))
        found = np.unique(np.asarray(book.column("customer").filter(here)))
        customers = np.union1d(customers, found)
    touched = [int(one) for one in customers if one]
    with workspace.db.write() as connection:
        version = next_version(connection, workspace)
        carry_out(connection, workspace, "shops", f"shops:{version}", touched)
        # A shop that was changed meanwhile stays noted for the next time.
        connection.execute(delete(meta).where(meta.c.key == CHANGED, meta.c.value == stored))
    return len(touched)


def _is(book: pa.Table, column: str, value: str) -> pa.ChunkedArray:
    return pc.equal(book.column(column).cast(pa.string()), value)
