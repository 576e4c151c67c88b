"""The event dictionary: names and typed properties, registered on first sight.

A property's type is that of its first value and stays; a value of another type is stored as
absent and quarantined, never coerced. Names are unique without regard to case.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, delete, insert, select, text, update

from yutang.catalog.properties import PROJECTED
from yutang.ingest.brand_meta import get_meta, set_meta
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
STRICT = "dictionary_strict"  # in `meta`: "1" where what is not in the dictionary is set aside
EPOCH = "dictionary_epoch"  # in `meta`: grows with each change, so that a cached view knows its age
EXAMPLES = 5  # values kept per property
EXAMPLE_LENGTH = 60
LOOKED_AT = 4 * EXAMPLES  # values of a column until its examples are taken
Seen = dict[str, tuple[int, Sequence[str] | None]]  # property key → (values, new examples or None)


@dataclass(frozen=True)
class Property:
    """One property. status: "" | blocked; privacy: "" (the brand's rule) | allow | hash | refuse;
    events: how many tracked events brought a value; examples: a few values as text."""

    name: str
    type: str
    field: str
    label: str = ""
    description: str = ""
    owner: str = ""
    status: str = ""
    privacy: str = ""
    events: int = 0
    first_seen_at: int = 0
    last_seen_at: int | None = None
    examples: Sequence[str] = dataclasses.field(default=(), hash=False)


@dataclass(frozen=True)
class EventName:
    name: str
    label: str
    description: str
    owner: str
    events: int
    first_seen_at: int
    last_seen_at: int | None
    status: str = ""  # "" taken | blocked


def epoch(connection: Connection) -> int:
    """How often the dictionary was changed; what this transaction changed is counted too."""
    return int(get_meta(connection, EPOCH) or 0)


def note_change(connection: Connection) -> None:
    """Whoever changes names, properties or rules says so, so that no cached view outlives it."""
    set_meta(connection, EPOCH, str(epoch(connection) + 1))


def properties(connection: Connection) -> dict[str, Property]:
    """Registered properties by case-folded name."""
    query = select(
        event_properties.c.name_key,
        event_properties.c.name,
        event_properties.c.type,
        event_properties.c.field,
        event_properties.c.label,
        event_properties.c.description,
        event_properties.c.owner,
        event_properties.c.status,
        event_properties.c.privacy,
        event_properties.c.events,
        event_properties.c.first_seen_at,
        event_properties.c.last_seen_at,
        event_properties.c.examples,
    ).order_by(event_properties.c.name)
    found = {}
    for row in connection.execute(query):
        values = list(row)
        values[-1] = tuple(values[-1] or ())
        found[str(values[0])] = Property(*values[1:])
    return found


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
    made = Property(name, type_, field, first_seen_at=at)
    connection.execute(
        insert(event_properties).values(
            name_key=key, name=name, type=type_, field=field, first_seen_at=at
        )
    )
    note_change(connection)
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
    if volumes:
        connection.execute(
            text(
                "INSERT INTO event_names (name, label, description, owner, events, first_seen_at,"
                " last_seen_at, status) VALUES (:name, '', '', '', :n, :at, :last, '')"
                " ON CONFLICT (name) DO UPDATE SET events = event_names.events + excluded.events,"
                " last_seen_at = excluded.last_seen_at"
            ),
            [{"name": name, "n": n, "at": at, "last": last_seen_at} for name, n in volumes.items()],
        )


def see(seen: Seen, known: Property, column: pa.Array, *, guarded: bool) -> None:
    """Count a column of a property, and take examples from it where it is not guarded."""
    examples: list[str] | None = None
    if not guarded and len(known.examples) < EXAMPLES:
        taken = list(known.examples)
        for value in column.slice(0, LOOKED_AT).to_pylist():
            shown = None if value is None else example_of(value)
            if shown and shown not in taken and len(taken) < EXAMPLES:
                taken.append(shown)
        if len(taken) > len(known.examples):
            examples = taken
            # A view that is kept knows them from now on.
            object.__setattr__(known, "examples", tuple(taken))
    key = known.name.casefold()
    before = seen.get(key, (0, None))
    seen[key] = (before[0] + len(column) - column.null_count, examples or before[1])


def count_properties(connection: Connection, seen: Seen, *, at: int) -> None:
    """Add to the volume of properties."""
    if not seen:
        return
    connection.execute(
        text(
            "UPDATE event_properties SET events = events + :n, last_seen_at = :at"
            " WHERE name_key = :key"
        ),
        [{"key": key, "n": n, "at": at} for key, (n, _) in seen.items()],
    )
    for key, (_, examples) in seen.items():
        if examples is not None:
            mine = event_properties.c.name_key == key
            connection.execute(update(event_properties).where(mine).values(examples=list(examples)))


def example_of(value: Any) -> str:
    """A value as a short text, for people to see what a property holds."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= EXAMPLE_LENGTH else shown[: EXAMPLE_LENGTH - 1] + "…"


def recount(connection: Connection, lake: Lake) -> None:
    """Set the volumes anew from the lake; a name that nobody sent and nobody described goes.

    One that was let in by hand never had events, and in strict mode no name goes: what comes under
    it would be set aside.
    """
    dataset = lake.dataset("events")
    volumes: dict[str, tuple[int, int]] = {}
    if dataset is not None:
        with duckdb.connect() as db:
            db.register("events", dataset)
            rows = db.execute(
                "SELECT event, count(*), max(received_at) FROM events GROUP BY event"
            ).fetchall()
        volumes = {name: (int(n), int(at)) for name, n, at in rows}
    strict = get_meta(connection, STRICT) == "1"
    for one in names(connection):
        n, last = volumes.get(one.name, (0, None))
        mine = event_names.c.name == one.name
        kept = one.label or one.description or one.owner or one.status or strict
        if n or kept or not one.events:
            values = {"events": n, "last_seen_at": last}
            connection.execute(update(event_names).where(mine).values(**values))
        else:
            connection.execute(delete(event_names).where(mine))
    note_change(connection)


def names(connection: Connection) -> list[EventName]:
    query = select(
        event_names.c.name,
        event_names.c.label,
        event_names.c.description,
        event_names.c.owner,
        event_names.c.events,
        event_names.c.first_seen_at,
        event_names.c.last_seen_at,
        event_names.c.status,
    ).order_by(event_names.c.events.desc(), event_names.c.name)
    return [EventName(*row) for row in connection.execute(query)]
