"""Identities, links and customers in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from yutang.state import insert_rows
from yutang.state.brand import (
    customers,
    device_segments,
    identities,
    identity_detachments,
    identity_links,
    identity_moves,
    identity_reviews,
)

PART = 10_000  # numbers of one IN list
VALUES = 5_000  # parameters of one statement


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
    connection: Connection, query: str, column: str, numbers: Iterable[int]
) -> Iterator[Any]:
    """Rows of "SELECT … WHERE …" whose column is one of the numbers.

    The numbers stand in the statement: so many parameters it could not have, and a statement that
    SQLAlchemy compiles anew each time costs more than it asks.
    """
    wanted = [int(number) for number in numbers]
    for start in range(0, len(wanted), PART):
        part = _list(wanted[start : start + PART])
        yield from connection.exec_driver_sql(f"{query} {column} IN ({part})").fetchall()


def delete_where(connection: Connection, table: str, column: str, numbers: Iterable[int]) -> int:
    """Delete the rows of a table whose column is one of the numbers; how many."""
    wanted, gone = [int(number) for number in numbers], 0
    for start in range(0, len(wanted), PART):
        part = _list(wanted[start : start + PART])
        statement = f"DELETE FROM {table} WHERE {column} IN ({part})"
        gone += connection.exec_driver_sql(statement).rowcount
    return gone


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def find_many(
    connection: Connection, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """(kind, value) → identity id for those that exist."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    by_kind: dict[str, list[str]] = {}
    for kind, value in wanted:
        by_kind.setdefault(kind, []).append(value)
    found: dict[tuple[str, str], int] = {}
    for kind, values in by_kind.items():
        for start in range(0, len(values), VALUES):
            part = values[start : start + VALUES]
            rows = connection.exec_driver_sql(
                f"SELECT value, id FROM identities WHERE kind = {mark}"
                f" AND value IN ({', '.join([mark] * len(part))})",
                (kind, *part),
            )
            found.update(((kind, value), id_) for value, id_ in rows.fetchall())
    return found


def find_links(
    connection: Connection, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str, str, int, str]]:
    """(a, b, evidence, source, time, strength) of the unrevoked links of these pairs."""
    found: list[Any] = []
    for start in range(0, len(pairs), PART):
        part = ", ".join(f"({int(a)}, {int(b)})" for a, b in pairs[start : start + PART])
        found += connection.exec_driver_sql(
            "SELECT a, b, evidence, source, time, strength FROM identity_links"
            f" WHERE (a, b) IN (VALUES {part}) AND revoked_at IS NULL"
        ).fetchall()
    return found


def highest(connection: Connection) -> tuple[int, int]:
    """(largest identity id, largest customer id) ever given; 0 where there was none."""
    row = connection.exec_driver_sql(
        "SELECT (SELECT max(id) FROM identities), (SELECT max(id) FROM customers),"
        " (SELECT value FROM meta WHERE key = 'highest_identity'),"
        " (SELECT value FROM meta WHERE key = 'highest_customer')"
    ).fetchone()
    assert row is not None
    identity, customer, identity_mark, customer_mark = (int(value or 0) for value in row)
    return max(identity, identity_mark), max(customer, customer_mark)


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


def repoint(connection: Connection, into: Mapping[int, int]) -> None:
    """Of customers that are merged: whom they are merged into now."""
    if into:
        connection.execute(
            update(customers)
            .where(customers.c.id == bindparam("old"), customers.c.merged_into.is_not(None))
            .values(merged_into=bindparam("survivor")),
            [{"old": old, "survivor": survivor} for old, survivor in into.items()],
        )


def oldest_merged(connection: Connection, among: Sequence[int], into: Iterable[int]) -> int:
    """The oldest of these customers that is merged into one of `into` now; 0 = none."""
    query = f"SELECT id FROM customers WHERE merged_into IN ({_list(sorted(into))}) AND"
    found = [int(row[0]) for row in rows_where(connection, query, "id", among)]
    return min(found, default=0)


def segments(connection: Connection, devices: Iterable[int]) -> set[tuple[int, int, int]]:
    """(device, from time, owner) of these devices."""
    query = "SELECT device, from_time, owner FROM device_segments WHERE"
    rows = rows_where(connection, query, "device", devices)
    return {(int(device), int(since), int(owner)) for device, since, owner in rows}


def replace_segments(
    connection: Connection, devices: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> None:
    delete_where(connection, "device_segments", "device", devices)
    insert_rows(connection, device_segments, ("device", "from_time", "owner"), sorted(rows))


def ask(connection: Connection, crowded: Mapping[int, int], at: int) -> None:
    """Note identities (→ how many people they tie) for review; what stands there is left alone."""
    query = "SELECT identity FROM identity_reviews WHERE"
    known = {row[0] for row in rows_where(connection, query, "identity", crowded)}
    rows = [
        {"identity": identity, "reason": "fan_in", "people": people, "at": at}
        for identity, people in crowded.items()
        if identity not in known
    ]
    if rows:
        connection.execute(insert(identity_reviews), rows)


def held(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of the identities that join nobody: they wait for a review, or were put apart."""
    query = "SELECT identity FROM identity_reviews WHERE status <> 'joined' AND"
    return {int(row[0]) for row in rows_where(connection, query, "identity", ids)}


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


def get_many(connection: Connection, ids: Iterable[int]) -> dict[int, Identity]:
    query = "SELECT id, kind, value, shown, customer_id, source, first_seen_at FROM identities"
    rows = rows_where(connection, f"{query} WHERE", "id", sorted(set(ids)))
    return {int(row[0]): Identity(*row) for row in rows}


def customers_of(connection: Connection, ids: Iterable[int]) -> set[int]:
    """The customers of these identities."""
    query = "SELECT customer_id FROM identities WHERE"
    return {int(row[0]) for row in rows_where(connection, query, "id", set(ids))}


def identities_of(connection: Connection, owners: Iterable[int]) -> list[int]:
    """The identities of these customers."""
    query = "SELECT id FROM identities WHERE"
    return sorted(int(row[0]) for row in rows_where(connection, query, "customer_id", set(owners)))


def evidence_of(connection: Connection, ids: Iterable[int]) -> list[tuple[int, int, str, str, int]]:
    """(a, b, evidence, source, time) of the unrevoked links of these identities, oldest first."""
    wanted = _list(sorted(set(ids)) or [0])
    rows = connection.exec_driver_sql(
        "SELECT a, b, evidence, source, time FROM identity_links WHERE revoked_at IS NULL"
        f" AND (a IN ({wanted}) OR b IN ({wanted})) ORDER BY id"
    )
    return [(int(a), int(b), e, s, int(time)) for a, b, e, s, time in rows.fetchall()]
