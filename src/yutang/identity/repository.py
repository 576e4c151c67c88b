"""Identities, links and customers in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

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
    connection.execute(
        text("INSERT INTO wanted (kind, value) VALUES (:kind, :value)"),
        [{"kind": kind, "value": value} for kind, value in wanted],
    )
    rows = connection.execute(
        text(
            "SELECT i.kind, i.value, i.id, i.customer_id FROM wanted w"
            " JOIN identities i ON i.kind = w.kind AND i.value = w.value"
        )
    ).all()
    connection.execute(text("DROP TABLE wanted"))
    return {(kind, value): (int(id_), int(customer)) for kind, value, id_, customer in rows}


def highest(connection: Connection) -> tuple[int, int]:
    """(largest identity id, largest customer id); 0 where there is none."""
    identity = connection.execute(select(func.max(identities.c.id))).scalar() or 0
    customer = connection.execute(select(func.max(customers.c.id))).scalar() or 0
    return int(identity), int(customer)


def add_customers(connection: Connection, ids: Iterable[int], at: int) -> None:
    rows = [{"id": id_, "created_at": at} for id_ in ids]
    if rows:
        connection.execute(insert(customers), rows)


def add_identities(
    connection: Connection,
    new: Iterable[NewIdentity],
    customer_of: Mapping[int, int],
    *,
    commit_id: int,
    source: str,
    at: int,
) -> None:
    rows = [
        {
            "id": one.id,
            "kind": one.kind,
            "value": one.value,
            "shown": one.shown,
            "tail": one.tail,
            "customer_id": customer_of[one.id],
            "commit_id": commit_id,
            "source": source,
            "first_seen_at": at,
        }
        for one in new
    ]
    if rows:
        connection.execute(insert(identities), rows)


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
    ids = sorted({a for a, _ in pairs})
    present: set[tuple[int, int]] = set()
    for part in range(0, len(ids), 500):
        query = select(identity_links.c.a, identity_links.c.b).where(
            identity_links.c.source == source, identity_links.c.a.in_(ids[part : part + 500])
        )
        present.update((int(a), int(b)) for a, b in connection.execute(query))
    rows = [
        {"a": a, "b": b, "evidence": evidence, "source": source, "at": at, "by": ""}
        for a, b in pairs
        if (a, b) not in present
    ]
    if rows:
        connection.execute(insert(identity_links), rows)


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
    rows = connection.execute(select(identities.c.id, identities.c.customer_id)).all()
    if rows:
        pairs = np.array(rows, np.int64)
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
