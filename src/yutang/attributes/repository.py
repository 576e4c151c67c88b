"""Attribute states in the state database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from yutang.attributes.rules import State
from yutang.catalog.identity_kinds import KINDS
from yutang.state.brand import attributes, identities

BATCH = 500  # values of one IN list
Who = tuple[int, str]  # identity, source

_UPSERT = text(
    "INSERT INTO attributes (identity, name, source, value, time, commit_id)"
    " VALUES (:identity, :name, :source, :value, :time, :commit_id)"
    " ON CONFLICT (identity, name, source) DO UPDATE SET value = excluded.value,"
    " time = excluded.time, commit_id = excluded.commit_id"
)


def states_of(connection: Connection, ids: Iterable[int]) -> dict[Who, dict[str, State]]:
    """(identity, source) → name → state."""
    found: dict[Who, dict[str, State]] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), BATCH):
        query = select(
            attributes.c.identity,
            attributes.c.source,
            attributes.c.name,
            attributes.c.value,
            attributes.c.time,
        ).where(attributes.c.identity.in_(wanted[start : start + BATCH]))
        for identity, source, name, stored, time in connection.execute(query):
            state = State(stored["value"], stored["since"], int(time), stored["kind"])
            found.setdefault((int(identity), source), {})[name] = state
    return found


def said(
    connection: Connection, names: Sequence[str], customers: Sequence[int] | None = None
) -> Iterator[tuple[int, str, str, Any, int]]:
    """(customer, name, source, value, time) of attributes with these names (without regard to case
    and a `$`), by customer; of all, or of a few. What is said of devices is left out: it may be
    that of others who used them."""
    devices = [kind.code for kind in KINDS if kind.strength == "device"]
    query = (
        select(
            identities.c.customer_id, attributes.c.name, attributes.c.source, attributes.c.value,
            attributes.c.time,
        )
        .join(identities, identities.c.id == attributes.c.identity)
        .where(func.lower(func.replace(attributes.c.name, "$", "")).in_(list(names)))
        .where(identities.c.kind.not_in(devices))
        .order_by(identities.c.customer_id, attributes.c.identity)
    )  # fmt: skip
    if customers is not None:
        query = query.where(identities.c.customer_id.in_(list(customers)))
    for customer, name, source, stored, time in connection.execute(query).yield_per(10_000):
        yield int(customer), name, source, stored["value"], int(time)


def put(
    connection: Connection,
    before: Mapping[Who, Mapping[str, State]],
    after: Mapping[Who, Mapping[str, State]],
    commit_id: int,
) -> None:
    """Store what changed."""
    rows = [
        _row(who, name, state, commit_id)
        for who, states in after.items()
        for name, state in states.items()
        if before.get(who, {}).get(name) != state
    ]
    gone = [
        {"identity": who[0], "source": who[1], "name": name}
        for who, states in after.items()
        for name in before.get(who, {})
        if name not in states
    ]
    if gone:
        connection.execute(
            text(
                "DELETE FROM attributes"
                " WHERE identity = :identity AND source = :source AND name = :name"
            ),
            gone,
        )
    if rows:
        connection.execute(_UPSERT, rows)


def add(connection: Connection, states: Mapping[Who, Mapping[str, State]], commit_id: int) -> None:
    """Store states that are not there yet."""
    rows = [
        _row(who, name, state, commit_id)
        for who, found in states.items()
        for name, state in found.items()
    ]
    if rows:
        connection.execute(_UPSERT, rows)


def remove(connection: Connection, ids: Sequence[int]) -> int:
    """Remove all of these identities; the number of rows."""
    gone = 0
    for start in range(0, len(ids), BATCH):
        part = list(ids[start : start + BATCH])
        gone += connection.execute(
            delete(attributes).where(attributes.c.identity.in_(part))
        ).rowcount
    return gone


def clear(connection: Connection) -> None:
    """Remove everything."""
    connection.execute(delete(attributes))


def _row(who: Who, name: str, state: State, commit_id: int) -> dict[str, Any]:
    stored = {"value": state.value, "since": state.since, "kind": state.kind}
    return {
        "identity": who[0],
        "source": who[1],
        "name": name,
        "value": json.dumps(stored, ensure_ascii=False),
        "time": state.time,
        "commit_id": commit_id,
    }
