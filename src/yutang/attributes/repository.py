"""Attribute states in the state database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, text

from yutang.attributes.rules import State
from yutang.state.brand import attributes

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
