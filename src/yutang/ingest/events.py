"""Event chunks → rows of the lake's `events` table."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from sqlalchemy import Connection

from yutang.catalog.events import WITHOUT_PERSON
from yutang.identity import Identities, Resolved
from yutang.ingest import dictionary
from yutang.ingest.casting import MOST_EXACT
from yutang.ingest.claims import claim
from yutang.ingest.commit import Prepared
from yutang.ingest.event_files import EventChunk
from yutang.ingest.event_keys import body, event_keys
from yutang.ingest.imports import source_of
from yutang.ingest.known_words import WordCache, Words
from yutang.ingest.personal import Hash, Rule, conceal, guard
from yutang.ingest.records import Misfit
from yutang.kit import clock
from yutang.kit.clock import parse_time
from yutang.kit.columns import iso_days
from yutang.lake import Keys
from yutang.workspace import Workspace

INT = pa.int64()
ARRIVAL_BITS = 24  # arrival = facts version, then place in the batch (at most 16.7 M rows)


class EventIntake:
    """Turns chunks of one brand's events into facts."""

    def __init__(self, workspace: Workspace, identities: Identities) -> None:
        self._workspace = workspace
        self._identities = identities

    def prepare(
        self,
        connection: Connection,
        version: int,
        chunk: EventChunk,
        *,
        source: str,
        import_id: int,
        position: int | str,
    ) -> Prepared:
        """Rows, counts and misfits of a chunk, whose claims are named after `position`."""
        misfits = list(chunk.misfits)
        keys = event_keys(chunk, source, self._workspace.zone)
        # Known events are resolved too: they are this import's evidence as well.
        resolved = self._identities.resolve(
            connection, chunk.identities or _nobody(chunk), commit_id=version,
            source=source_of(import_id), evidence="event", times=np.asarray(chunk.time, np.int64),
        )  # fmt: skip
        fresh, reused = self._workspace.lake.look_up("events", keys)
        arrival = (version << ARRIVAL_BITS) + np.arange(len(chunk), dtype=np.int64)
        known = np.flatnonzero(~fresh & ~reused)
        claim(
            self._workspace, import_id, position, "events", keys.take(known),
            rows=np.asarray(chunk.row)[known], arrival=arrival[known], commit_id=version,
        )  # fmt: skip
        named = _named(chunk, resolved)
        misfits += _set_aside(chunk, fresh & ~named & ~resolved.refused, reused)
        words = WordCache().get(connection)
        blocked = pc.is_in(
            chunk.event, value_set=pa.array(sorted(words.blocked_events), pa.string())
        )
        is_blocked = fresh & np.asarray(blocked)
        usable = np.flatnonzero(fresh & named & ~resolved.refused & ~is_blocked)
        used = _take(chunk, usable)
        at = self._workspace.now()
        columns, misfit_values, seen = self._properties(connection, words, used, at)
        misfits += misfit_values
        columns["identity"] = pa.array(resolved.primary[usable], INT)
        columns["source"] = pa.repeat(source, len(used))
        columns["import_id"] = pa.repeat(pa.scalar(import_id, INT), len(used))
        rows = self._rows(used, keys.take(usable), columns, arrival[usable], at)
        return Prepared(
            tables={"events": rows.sort_by([("day", "ascending"), ("time", "ascending")])},
            counts=_counts(rows, known, misfits, is_blocked, resolved),
            misfits=misfits,
            changed=resolved.changed,
            volumes={v["values"]: v["counts"] for v in pc.value_counts(used.event).to_pylist()},
            once=[partial(dictionary.count_properties, seen=seen, at=at)],
        )

    def customers_of_import(self, import_id: int) -> int:
        """Distinct customers among the events that an import brought."""
        rows = self._workspace.lake.scan("events", ["identity"], ds.field("import_id") == import_id)
        if not rows.num_rows:
            return 0
        customer = self._identities.customer_array()
        found = np.unique(customer[np.unique(np.asarray(rows.column("identity")))])
        return int(np.count_nonzero(found))

    def _rows(
        self,
        chunk: EventChunk,
        keys: Keys,
        columns: dict[str, pa.Array],
        arrival: np.ndarray,
        at: int,
    ) -> pa.Table:
        n = len(chunk)
        time = np.asarray(chunk.time, np.int64)
        return pa.table(
            {
                "day": iso_days(clock.day_numbers(time, self._workspace.zone)),
                "event": chunk.event,
                "time": chunk.time,
                "client_time": chunk.time,
                "received_at": pa.array(np.full(n, at, np.int64)),
                "arrival": pa.array(arrival),
                "event_key": keys.to_arrow(),
                "key_day": pa.array(keys.day, pa.int32()),
                "content": pa.array(keys.content.view(np.int64)),
                "row": chunk.row,
                **columns,
            }
        )

    def _properties(
        self, connection: Connection, words: Words, chunk: EventChunk, at: int
    ) -> tuple[dict[str, pa.Array], list[Misfit], dictionary.Seen]:
        """Columns of the lake, values that were set aside, and what the dictionary counts."""
        known, keyed_hash = words.properties, self._workspace.keyed_hash
        rows = np.asarray(chunk.row)
        columns: dict[str, pa.Array] = {}
        misfits: list[Misfit] = []
        seen: dictionary.Seen = {}
        for name, values in chunk.properties.items():
            type_ = known[name.casefold()].type if name.casefold() in known else type_of(values)
            if type_ is None:  # nothing but absent values, or objects: no type to see yet
                misfits += _objects(name, values, rows, words.rule, keyed_hash)
                continue
            registered = dictionary.register(connection, known, name, type_, at)
            if registered is None:
                first = int(rows[0]) if len(rows) else 0
                misfits.append(Misfit(first, name, "name_invalid", None, None))
                continue
            if registered.status == "blocked":
                continue
            rule = words.rule_of(registered)
            column, bad = fit(values, registered.type)
            column, hit = guard(column, rule, keyed_hash)
            if hit is not None and rule == "refuse":
                refused = np.flatnonzero(hit).tolist()
                misfits += [Misfit(int(rows[i]), name, "personal_value", None, None)
                            for i in refused]  # fmt: skip
            guarded = hit is not None or registered.privacy in ("hash", "refuse")
            dictionary.see(seen, registered, column, guarded=guarded)
            if registered.field in columns:  # two spellings of one name in one chunk
                column = pc.coalesce(columns[registered.field], column)
            columns[registered.field] = column
            misfits += [
                Misfit(int(rows[i]), name, reason, _text(conceal(value, rule, keyed_hash)), None)
                for i, value, reason in bad
            ]
        return columns, misfits, seen


def _nobody(chunk: EventChunk) -> dict[str, pa.Array]:
    """Identities of a chunk in which nobody is named."""
    return {"external_userid": pa.nulls(len(chunk), pa.string())}


def _named(chunk: EventChunk, resolved: Resolved) -> np.ndarray:
    """Events that are somebody's, or need be nobody's (bool, n)."""
    alone = pc.is_in(chunk.event, value_set=pa.array(sorted(WITHOUT_PERSON), pa.string()))
    named: np.ndarray = (resolved.primary > 0) | np.asarray(alone)
    return named


def _blocked(chunk: EventChunk, words: Words) -> np.ndarray:
    """Events whose name is blocked (bool, n)."""
    names = pa.array(sorted(words.blocked_events), pa.string())
    return np.asarray(pc.is_in(chunk.event, value_set=names))


def _counts(
    rows: pa.Table,
    known: np.ndarray,
    misfits: list[Misfit],
    blocked: np.ndarray,
    resolved: Resolved,
) -> dict[str, int]:
    return {
        "events": rows.num_rows,
        "accepted": rows.num_rows,
        "duplicates": len(known),
        "quarantined": len(misfits),
        "refused": int(resolved.refused.sum()),
        "blocked": int(blocked.sum()),
        "identities": resolved.created,
    }


def _objects(
    name: str, values: pa.Array | list[Any], rows: np.ndarray, rule: Rule, keyed_hash: Hash
) -> list[Misfit]:
    if isinstance(values, pa.Array):
        return []
    return [
        Misfit(int(rows[i]), name, "value_misfit", _text(conceal(value, rule, keyed_hash)), None)
        for i, value in enumerate(values)
        if value is not None
    ]


def _set_aside(chunk: EventChunk, nobody: np.ndarray, reused: np.ndarray) -> list[Misfit]:
    """Whole events to set aside (both bool, n): all identities masked, a sender's id used twice."""
    return [
        Misfit(chunk.row[i].as_py(), column, reason, None, _line(chunk, int(i)))
        for which, column, reason in (
            (nobody, "identities", "missing_identity"),
            (reused, "message_id", "id_reused"),
        )
        for i in np.flatnonzero(which)
    ]


def fit(values: pa.Array | list[Any], type_: str) -> tuple[pa.Array, list[tuple[int, Any, str]]]:
    """The values as a column of the type, absent where they do not fit; and (i, value, reason)."""
    wanted = dictionary.TYPES[type_]
    if isinstance(values, pa.Array):
        made = _cast(values, type_, wanted)
        if made is not None:
            return made, []
        values = values.to_pylist()
    out: list[Any] = []
    bad: list[tuple[int, Any, str]] = []
    for i, value in enumerate(values):
        fitted, reason = (None, "") if value is None else _fit_one(value, type_)
        out.append(fitted)
        if reason:
            bad.append((i, value, reason))
    return pa.array(out, wanted), bad


def _cast(values: pa.Array, type_: str, wanted: pa.DataType) -> pa.Array | None:
    """A whole column at once; None where its values must be looked at one by one."""
    kind = type_of(values)
    if kind not in (type_, None):
        return None
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("ms", values.type.tz), safe=False).cast(wanted)
    if pa.types.is_integer(values.type):
        ends = pc.min_max(values).as_py()
        if max(abs(ends["min"] or 0), abs(ends["max"] or 0)) > MOST_EXACT:
            return None
    return values.cast(wanted)


def _fit_one(value: Any, type_: str) -> tuple[Any, str]:
    """(value as stored, "") or (None, why not). A time may be written as text or a number."""
    if type_ == "time" and not isinstance(value, bool):
        time = parse_time(value)
        return time, "" if time is not None else "value_misfit"
    if _type_of(value) != type_:
        return None, "value_misfit"
    if type_ == "number":
        if isinstance(value, int) and abs(value) > MOST_EXACT:
            return None, "too_large"  # as a float64 it would be another number
        return float(value), ""
    return value, ""


def type_of(values: pa.Array | list[Any]) -> str | None:
    """The type of a column, else of its first value; None where there is none."""
    if not isinstance(values, pa.Array):
        return next((_type_of(v) for v in values if v is not None and _type_of(v)), None)
    kind = values.type
    if pa.types.is_null(kind):
        return None
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_timestamp(kind):
        return "time"
    if pa.types.is_list(kind):
        return "list"
    return "string"


def _type_of(value: object) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "list"
    return None


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _take(chunk: EventChunk, rows: np.ndarray) -> EventChunk:
    if len(rows) == len(chunk):
        return chunk
    index = pa.array(rows, pa.int64())
    return EventChunk(
        row=chunk.row.take(index),
        event=chunk.event.take(index),
        time=chunk.time.take(index),
        message_id=chunk.message_id.take(index),
        identities={kind: column.take(index) for kind, column in chunk.identities.items()},
        properties={
            name: column.take(index) if isinstance(column, pa.Array) else [column[i] for i in rows]
            for name, column in chunk.properties.items()
        },
    )


def _line(chunk: EventChunk, i: int) -> str:
    """The event as a line of an event file."""
    identities, properties = body(chunk, i)
    line = {
        "event": chunk.event[i].as_py(),
        "time": chunk.time[i].as_py(),
        "identities": identities,
        "properties": properties,
    }
    if chunk.message_id[i].is_valid:
        line["message_id"] = chunk.message_id[i].as_py()
    return _text(line)
