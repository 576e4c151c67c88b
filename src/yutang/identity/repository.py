"""Identities, links and customers in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, bindparam, func, select, text, update

from yutang.identity import forgetting
from yutang.state import insert_rows, integers
from yutang.state.brand import customers, identities, identity_links


@dataclass(frozen=True)
class Identity:
    id: int
    kind: str
    value: str
    shown: str
    customer_id: int
    source: str
    first_seen_at: int


@dataclass(frozen=True)
class NewIdentity:
    id: int
    kind: str
    value: str
    shown: str
    tail: str


def find_many(
    connection: Connection, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, value) → (identity id, customer id) for those that exist."""
    if not wanted:
        return {}
    connection.execute(text("DROP TABLE IF EXISTS wanted"))
    connection.execute(text("CREATE TEMPORARY TABLE wanted (kind TEXT, value TEXT)"))
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    connection.exec_driver_sql(f"INSERT INTO wanted VALUES ({mark}, {mark})", list(wanted))
    rows = connection.execute(
        text(
            "SELECT i.kind, i.value, i.id, i.customer_id FROM wanted w"
            " JOIN identities i ON i.kind = w.kind AND i.value = w.value"
        )
    ).all()
    connection.execute(text("DROP TABLE wanted"))
    return {(kind, value): (int(id_), int(customer)) for kind, value, id_, customer in rows}


def highest(connection: Connection) -> tuple[int, int]:
    """(largest identity id, largest customer id) ever given; 0 where there was none."""
    identity = connection.execute(select(func.max(identities.c.id))).scalar() or 0
    customer = connection.execute(select(func.max(customers.c.id))).scalar() or 0
    return (
        max(int(identity), forgetting.highest_ever(connection, "highest_identity")),
        max(int(customer), forgetting.highest_ever(connection, "highest_customer")),
    )


def add_customers(connection: Connection, ids: Iterable[int], at: int) -> None:
    insert_rows(connection, customers, ("id", "created_at"), [(id_, at) for id_ in ids])


def add_identities(
    connection: Connection,
    new: Iterable[NewIdentity],
    customer_of: Mapping[int, int],
    *,
    commit_id: int,
    source: str,
    at: int,
) -> None:
    insert_rows(
        connection,
        identities,
        ("id", "kind", "value", "shown", "tail", "customer_id", "commit_id", "source",
         "first_seen_at"),
        [
            (one.id, one.kind, one.value, one.shown, one.tail, customer_of[one.id], commit_id,
             source, at)
            for one in new
        ],
    )  # fmt: skip


def add_links(
    connection: Connection,
    pairs: Sequence[tuple[int, int]],
    *,
    evidence: str,
    source: str,
    at: int,
) -> None:
    """Append links; a link that stands already with the same source is not repeated."""
    if not pairs:
        return
    query = select(identity_links.c.a, identity_links.c.b).where(identity_links.c.source == source)
    present = set(map(tuple, integers(connection, query).tolist()))
    insert_rows(
        connection,
        identity_links,
        ("a", "b", "evidence", "source", "time", "at"),
        [(a, b, evidence, source, at, at) for a, b in pairs if (a, b) not in present],
    )


def merge_customers(connection: Connection, merged: Mapping[int, int]) -> None:
    """Point each merged customer, and all its identities, to the survivor."""
    if not merged:
        return
    rows = [{"old": old, "survivor": survivor} for old, survivor in merged.items()]
    connection.execute(
        update(customers)
        .where(customers.c.id == bindparam("old"))
        .values(merged_into=bindparam("survivor")),
        rows,
    )
    connection.execute(
        update(customers)
        .where(customers.c.merged_into == bindparam("old"))
        .values(merged_into=bindparam("survivor")),
        rows,
    )
    connection.execute(
        update(identities)
        .where(identities.c.customer_id == bindparam("old"))
        .values(customer_id=bindparam("survivor")),
        rows,
    )


def customer_array(connection: Connection) -> np.ndarray:
    """Customer by identity id (uint32, index 0 = nobody)."""
    top, _ = highest(connection)
    out = np.zeros(top + 1, np.uint32)
    pairs = integers(connection, select(identities.c.id, identities.c.customer_id))
    out[pairs[:, 0]] = pairs[:, 1]
    return out


def of_customer(connection: Connection, customer: int) -> list[Identity]:
    query = (
        select(
            identities.c.id,
            identities.c.kind,
            identities.c.value,
            identities.c.shown,
            identities.c.customer_id,
            identities.c.source,
            identities.c.first_seen_at,
        )
        .where(identities.c.customer_id == customer)
        .order_by(identities.c.id)
    )
    return [Identity(*row) for row in connection.execute(query).all()]


def customers_of(connection: Connection, ids: Iterable[int]) -> set[int]:
    """The customers of these identities."""
    wanted = set(ids)
    if not wanted:
        return set()
    pairs = integers(connection, select(identities.c.id, identities.c.customer_id))
    return set(pairs[np.isin(pairs[:, 0], list(wanted)), 1].tolist())


def known_customers(connection: Connection, ids: Iterable[int], device: Iterable[str]) -> set[int]:
    """Those of the customers who have an identity that is more than a device."""
    found: set[int] = set()
    wanted, kinds = sorted(set(ids)), list(device)
    for part in range(0, len(wanted), 500):
        query = (
            select(identities.c.customer_id)
            .where(identities.c.customer_id.in_(wanted[part : part + 500]))
            .where(identities.c.kind.not_in(kinds))
            .distinct()
        )
        found.update(int(row[0]) for row in connection.execute(query))
    return found
