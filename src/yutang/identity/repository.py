"""Identities, links and customers in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import (
    Column,
    Connection,
    Delete,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from yutang.state import insert_rows, integers
from yutang.state.brand import (
    customers,
    device_segments,
    identities,
    identity_detachments,
    identity_links,
    identity_moves,
    identity_reviews,
    meta,
)

PART = 10_000  # numbers of one IN list


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


class Link(NamedTuple):
    """Evidence that two identities (a < b) are one person; times UTC ms."""

    a: int
    b: int
    evidence: str
    strength: str
    time: int
    at: int


@dataclass
class Pending:
    """What a batch brings and the state does not hold yet. unbinds: (identity, time)."""

    commit_id: int = 0
    source: str = ""
    identities: dict[int, NewIdentity] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    unbinds: list[tuple[int, int]] = field(default_factory=list)


def rows_where(
    connection: Connection, query: Select[Any], column: Column[Any], numbers: Iterable[int]
) -> Iterator[Any]:
    """Rows of the query whose column is one of the numbers, in parts of one IN list."""
    wanted = [int(number) for number in numbers]
    for start in range(0, len(wanted), PART):
        # Literal numbers: a statement may not have so many parameters.
        some = text(f"{column.table.name}.{column.name} IN ({_list(wanted[start : start + PART])})")
        yield from connection.execute(query.where(some))


def delete_where(
    connection: Connection, statement: Delete, column: Column[Any], numbers: Iterable[int]
) -> int:
    """Delete the rows whose column is one of the numbers; how many."""
    wanted, gone = [int(number) for number in numbers], 0
    for start in range(0, len(wanted), PART):
        some = text(f"{column.name} IN ({_list(wanted[start : start + PART])})")
        gone += connection.execute(statement.where(some)).rowcount
    return gone


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def find_many(
    connection: Connection, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """(kind, value) → identity id for those that exist."""
    rows = _joined(
        connection,
        "CREATE TEMPORARY TABLE wanted (kind TEXT, value TEXT)",
        wanted,
        "SELECT i.kind, i.value, i.id FROM wanted w"
        " JOIN identities i ON i.kind = w.kind AND i.value = w.value",
    )
    return {(kind, value): int(id_) for kind, value, id_ in rows}


def find_links(
    connection: Connection, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str, str, int]]:
    """(a, b, evidence, source, time) of the unrevoked links of these pairs."""
    return _joined(
        connection,
        "CREATE TEMPORARY TABLE wanted (a BIGINT, b BIGINT)",
        pairs,
        "SELECT l.a, l.b, l.evidence, l.source, l.time FROM wanted w"
        " JOIN identity_links l ON l.a = w.a AND l.b = w.b WHERE l.revoked_at IS NULL",
    )


def _joined(connection: Connection, make: str, rows: Sequence[Any], query: str) -> list[Any]:
    if not rows:
        return []
    connection.execute(text("DROP TABLE IF EXISTS wanted"))
    connection.execute(text(make))
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    connection.exec_driver_sql(f"INSERT INTO wanted VALUES ({mark}, {mark})", list(rows))
    found = connection.execute(text(query)).all()
    connection.execute(text("DROP TABLE wanted"))
    return [tuple(row) for row in found]


def highest(connection: Connection) -> tuple[int, int]:
    """(largest identity id, largest customer id) ever given; 0 where there was none."""
    identity = connection.execute(select(func.max(identities.c.id))).scalar() or 0
    customer = connection.execute(select(func.max(customers.c.id))).scalar() or 0
    return (
        max(int(identity), highest_ever(connection, "highest_identity")),
        max(int(customer), highest_ever(connection, "highest_customer")),
    )


def highest_ever(connection: Connection, name: str) -> int:
    """The largest id of a kind that was ever given, as far as it is marked."""
    value = connection.execute(select(meta.c.value).where(meta.c.key == name)).scalar()
    return int(value or 0)


def add_customers(connection: Connection, ids: Iterable[int], at: int) -> None:
    insert_rows(connection, customers, ("id", "created_at"), [(id_, at) for id_ in ids])


def write(
    connection: Connection, pending: Pending, customer_of: Mapping[int, int], at: int
) -> None:
    """Write down what a batch brought."""
    insert_rows(
        connection,
        identities,
        ("id", "kind", "value", "shown", "tail", "customer_id", "first_customer", "commit_id",
         "source", "first_seen_at"),
        [
            (one.id, one.kind, one.value, one.shown, one.tail, customer_of[one.id],
             customer_of[one.id], pending.commit_id, pending.source, at)
            for one in pending.identities.values()
        ],
    )  # fmt: skip
    insert_rows(
        connection,
        identity_links,
        ("a", "b", "evidence", "strength", "time", "at", "source"),
        [(*link, pending.source) for link in pending.links],
    )
    insert_rows(
        connection,
        identity_detachments,
        ("identity", "evidence", "source", "time", "at"),
        [(identity, "unbind", pending.source, time, at) for identity, time in pending.unbinds],
    )


def move_identities(connection: Connection, moves: Sequence[tuple[int, int]]) -> None:
    """Give identities (first) to customers (second)."""
    if not moves:
        return
    connection.execute(
        update(identities)
        .where(identities.c.id == bindparam("identity"))
        .values(customer_id=bindparam("customer")),
        [{"identity": identity, "customer": customer} for identity, customer in moves],
    )
    insert_rows(connection, identity_moves, ("identity", "customer"), moves)


def merge_customers(
    connection: Connection, merged: Mapping[int, int], revived: Sequence[int]
) -> None:
    """Point each merged customer to its survivor; revived ones stand for themselves again."""
    if revived:
        connection.execute(
            update(customers).where(customers.c.id.in_(revived)).values(merged_into=None)
        )
    if not merged:
        return
    rows = [{"old": old, "survivor": survivor} for old, survivor in merged.items()]
    for column in (customers.c.id, customers.c.merged_into):
        connection.execute(
            update(customers)
            .where(column == bindparam("old"))
            .values(merged_into=bindparam("survivor")),
            rows,
        )


def oldest_merged(connection: Connection, among: Sequence[int], into: Iterable[int]) -> int:
    """The oldest of these customers that is merged into one of `into` now; 0 = none."""
    query = select(customers.c.id).where(customers.c.merged_into.in_(sorted(into)))
    found = [int(row[0]) for row in rows_where(connection, query, customers.c.id, among)]
    return min(found, default=0)


def segments(connection: Connection, devices: Iterable[int]) -> set[tuple[int, int, int]]:
    """(device, from time, owner) of these devices."""
    table = device_segments.c
    query = select(table.device, table.from_time, table.owner)
    rows = rows_where(connection, query, table.device, devices)
    return {(int(device), int(since), int(owner)) for device, since, owner in rows}


def replace_segments(
    connection: Connection, devices: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> None:
    delete_where(connection, delete(device_segments), device_segments.c.device, devices)
    insert_rows(connection, device_segments, ("device", "from_time", "owner"), sorted(rows))


def ask(connection: Connection, crowded: Mapping[int, int], at: int) -> None:
    """Note identities (→ how many people they tie) for review; what stands there is left alone."""
    table = identity_reviews.c
    known = {row[0] for row in rows_where(connection, select(table.identity), table.identity,
                                          crowded)}  # fmt: skip
    rows = [
        {"identity": identity, "reason": "fan_in", "people": people, "at": at}
        for identity, people in crowded.items()
        if identity not in known
    ]
    if rows:
        connection.execute(insert(identity_reviews), rows)


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
    query = select(identities.c.customer_id)
    return {int(row[0]) for row in rows_where(connection, query, identities.c.id, set(ids))}


def identities_of(connection: Connection, owners: Iterable[int]) -> list[int]:
    """The identities of these customers."""
    query = select(identities.c.id)
    rows = rows_where(connection, query, identities.c.customer_id, set(owners))
    return sorted(int(row[0]) for row in rows)


def customer_array(connection: Connection) -> np.ndarray:
    """Customer by identity id (uint32, index 0 = nobody)."""
    top, _ = highest(connection)
    out = np.zeros(top + 1, np.uint32)
    pairs = integers(connection, select(identities.c.id, identities.c.customer_id))
    out[pairs[:, 0]] = pairs[:, 1]
    return out


def evidence_of(connection: Connection, ids: Iterable[int]) -> list[tuple[int, int, str, str, int]]:
    """(a, b, evidence, source, time) of the unrevoked links of these identities, oldest first."""
    table, wanted = identity_links.c, list(ids)
    query = select(table.id, table.a, table.b, table.evidence, table.source, table.time).where(
        table.revoked_at.is_(None)
    )
    found = {
        int(row[0]): (int(row[1]), int(row[2]), row[3], row[4], int(row[5]))
        for end in (table.a, table.b)
        for row in rows_where(connection, query, end, wanted)
    }
    return [found[id_] for id_ in sorted(found)]
