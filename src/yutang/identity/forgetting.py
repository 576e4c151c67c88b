"""Forget a person: keyed hashes on the refusal list, and no row of him left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, update

from yutang.identity import repository
from yutang.identity.evidence import links_touching
from yutang.state import integers
from yutang.state.brand import (
    customers,
    identities,
    identity_detachments,
    identity_links,
    meta,
    refusals,
)

BATCH = 500  # values of one IN list
# Ids of people are never given twice, so that what names a forgotten one names nobody else later.
MARKS = {"highest_identity": identities.c.id, "highest_customer": customers.c.id}


def refuse(
    connection: Connection,
    pairs: Iterable[tuple[str, str]],
    keyed_hash: Callable[[str, str], str],
    at: int,
) -> None:
    """Put (kind, stored value) pairs on the refusal list; those that stand there stay."""
    stored = {row[0] for row in connection.execute(select(refusals.c.value_hash))}
    rows = {keyed_hash(kind, value): kind for kind, value in pairs}
    new = [
        {"kind": kind, "value_hash": digest, "at": at}
        for digest, kind in rows.items()
        if digest not in stored
    ]
    if new:
        connection.execute(insert(refusals), new)


def forget(connection: Connection, ids: Sequence[int]) -> tuple[dict[str, int], set[int]]:
    """Remove identities with all that hangs on them.

    Gives counts, and the identities that were tied to them (devices that others use too).
    """
    _raise_marks(connection)
    mine = set(ids)
    tied = {end for link in links_touching(connection, ids) for end in link[:2]}
    query = "SELECT device FROM device_segments WHERE"
    owned = repository.rows_where(connection, query, "owner", ids)
    neighbours = (tied | {int(row[0]) for row in owned}) - mine
    counts = {"links": 0, "identities": 0}
    for end in ("a", "b"):
        counts["links"] += repository.delete_where(connection, "identity_links", end, ids)
    _remove(connection, ids)
    counts["identities"] = repository.delete_where(connection, "identities", "id", ids)
    return counts, neighbours


def numbers_of(connection: Connection, customer: int) -> list[int]:
    """The customer's number, and those that were merged into it."""
    query = select(customers.c.id).where(customers.c.merged_into == customer)
    return [customer, *(int(row[0]) for row in connection.execute(query))]


def drop_numbers(connection: Connection, numbers: Sequence[int], at: int) -> tuple[int, set[int]]:
    """Remove customers. Identities that still stand under one begin anew, each with a number of
    its own, so that nobody inherits a forgotten person's. Gives how many went, and those."""
    left = repository.identities_of(connection, numbers)
    _, top = repository.highest(connection)
    fresh = {id_: top + 1 + i for i, id_ in enumerate(left)}
    repository.add_customers(connection, fresh.values(), at)
    repository.move_identities(connection, list(fresh.items()))
    connection.execute(
        update(identities)
        .where(identities.c.first_customer.in_(numbers))
        .values(first_customer=identities.c.customer_id)
    )
    gone = connection.execute(delete(customers).where(customers.c.id.in_(numbers)))
    return gone.rowcount, set(left)


def _remove(connection: Connection, ids: Iterable[int]) -> None:
    """Everything but links that names these identities."""
    wanted = list(ids)
    for table, column in (
        ("identity_detachments", "identity"),
        ("identity_reviews", "identity"),
        ("identity_moves", "identity"),
        ("device_segments", "device"),
        ("device_segments", "owner"),
        ("attributes", "identity"),
    ):
        repository.delete_where(connection, table, column, wanted)


def revoke(connection: Connection, sources: Sequence[str], at: int) -> set[int]:
    """Revoke the standing links and unbinds of these sources; the identities they touched."""
    ends: set[int] = set()
    for start in range(0, len(sources), BATCH):
        part = list(sources[start : start + BATCH])
        for table, columns in (
            (identity_links, (identity_links.c.a, identity_links.c.b)),
            (identity_detachments, (identity_detachments.c.identity,)),
        ):
            mine = table.c.source.in_(part) & table.c.revoked_at.is_(None)
            ends.update(np.unique(integers(connection, select(*columns).where(mine))).tolist())
            connection.execute(update(table).where(mine).values(revoked_at=at))
    return ends


def remove_unused(
    connection: Connection, sources: Sequence[str], in_use: np.ndarray
) -> tuple[set[int], set[int]]:
    """Remove identities first brought by these sources that no fact and no link holds.

    in_use: int64 ids that facts carry. Gives them, and the customers they belonged to.
    """
    _raise_marks(connection)
    gone: set[int] = set()
    left: set[int] = set()
    for start in range(0, len(sources), BATCH):
        brought = select(identities.c.id, identities.c.customer_id).where(
            identities.c.source.in_(list(sources[start : start + BATCH]))
        )
        rows = integers(connection, brought)
        rows = rows[~np.isin(rows[:, 0], in_use)]
        held = {end for link in links_touching(connection, rows[:, 0]) for end in link[:2]}
        rows = rows[~np.isin(rows[:, 0], list(held))]
        for end in ("a", "b"):
            repository.delete_where(connection, "identity_links", end, rows[:, 0])
        _remove(connection, rows[:, 0])
        repository.delete_where(connection, "identities", "id", rows[:, 0])
        gone |= set(rows[:, 0].tolist())
        left |= set(rows[:, 1].tolist())
    return gone, left


def highest_ever(connection: Connection, name: str) -> int:
    """The largest id of a kind (a key of MARKS) that was ever given, as far as it is marked."""
    value = connection.execute(select(meta.c.value).where(meta.c.key == name)).scalar()
    return int(value or 0)


def _raise_marks(connection: Connection) -> None:
    for name, column in MARKS.items():
        top = int(connection.execute(select(func.max(column))).scalar() or 0)
        if top <= (marked := highest_ever(connection, name)):
            continue
        if marked:
            connection.execute(update(meta).where(meta.c.key == name).values(value=str(top)))
        else:
            connection.execute(insert(meta).values(key=name, value=str(top)))
