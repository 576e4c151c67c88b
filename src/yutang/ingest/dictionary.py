"""The event dictionary: names and typed properties, registered on first sight.

A property's type is that of its first value and stays; a value of another type is stored as
absent and quarantined, never coerced. Names are unique without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, delete, insert, select, update

from yutang.catalog.properties import PROJECTED
from yutang.lake import Lake
from yutang.state.brand import event_names, event_properties

TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "time": pa.int64(),
    "list": pa.list_(pa.string()),
}
NAME_LIMIT = 100
MAX_PROPERTIES = 2_000  # columns of the lake; a source that invents names is stopped here


@dataclass(frozen=True)
class Property:
    name: str
    type: str
    field: str
    label: str = ""
    description: str = ""


@dataclass(frozen=True)
class EventName:
    name: str
    label: str
    description: str
    owner: str
    events: int
    first_seen_at: int
    last_seen_at: int | None


def properties(connection: Connection) -> dict[str, Property]:
    """Registered properties by case-folded name."""
    query = select(
        event_properties.c.name_key,
        event_properties.c.name,
        event_properties.c.type,
        event_properties.c.field,
        event_properties.c.label,
        event_properties.c.description,
    ).order_by(event_properties.c.name)
    return {row[0]: Property(*row[1:]) for row in connection.execute(query)}


def register(
    connection: Connection, known: dict[str, Property], name: str, type_: str, at: int
) -> Property | None:
    """The property, made on first sight; None where its name is invalid or there are too many."""
    key = name.casefold()
    if key in known:
        return known[key]
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable() or len(known) >= MAX_PROPERTIES:
        return None
    taken = {one.field for one in known.values()}
    base = "p_" + re.sub(r"[ ,;{}()\n\t=.]", "_", key)
    field, n = base, 2
    while field in taken:
        field, n = f"{base}_{n}", n + 1
    made = Property(name, type_, field)
    connection.execute(
        insert(event_properties).values(
            name_key=key, name=name, type=type_, field=field, first_seen_at=at
        )
    )
    known[key] = made
    return made


def register_projected(connection: Connection, at: int) -> None:
    """Register the properties of order events, so that no sender gives them another type."""
    known = properties(connection)
    for one in PROJECTED:
        register(connection, known, one.name, one.type, at)


def count_events(
    connection: Connection, volumes: Mapping[str, int], *, at: int, last_seen_at: int
) -> None:
    """Add to the volume of each event name, registering new ones."""
    query = select(event_names.c.name, event_names.c.events)
    stored = {name: int(events) for name, events in connection.execute(query)}
    for name, n in volumes.items():
        if name in stored:
            connection.execute(
                update(event_names)
                .where(event_names.c.name == name)
                .values(events=stored[name] + n, last_seen_at=last_seen_at)
            )
        else:
            connection.execute(
                insert(event_names).values(
                    name=name, events=n, first_seen_at=at, last_seen_at=last_seen_at
                )
            )


def recount(connection: Connection, lake: Lake) -> None:
    """Set the volumes anew from the lake; a name that nobody sent and nobody described goes."""
    dataset = lake.dataset("events")
    volumes: dict[str, tuple[int, int]] = {}
    if dataset is not None:
        with duckdb.connect() as db:
            db.register("events", dataset)
            rows = db.execute(
                "SELECT event, count(*), max(received_at) FROM events GROUP BY event"
            ).fetchall()
        volumes = {name: (int(n), int(at)) for name, n, at in rows}
    for one in names(connection):
        n, last = volumes.get(one.name, (0, None))
        mine = event_names.c.name == one.name
        if n or one.label or one.description or one.owner:
            values = {"events": n, "last_seen_at": last}
            connection.execute(update(event_names).where(mine).values(**values))
        else:
            connection.execute(delete(event_names).where(mine))


def names(connection: Connection) -> list[EventName]:
    query = select(
        event_names.c.name,
        event_names.c.label,
        event_names.c.description,
        event_names.c.owner,
        event_names.c.events,
        event_names.c.first_seen_at,
        event_names.c.last_seen_at,
    ).order_by(event_names.c.events.desc(), event_names.c.name)
    return [EventName(*row) for row in connection.execute(query)]
