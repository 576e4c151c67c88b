"""What makes an event one: its key, and a hash of what came with it."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yutang.ingest.casting import MOST_EXACT
from yutang.ingest.event_files import EventChunk
from yutang.kit import clock
from yutang.lake import Keys


def event_keys(chunk: EventChunk, source: str, zone: str) -> Keys:
    """Event keys: hash of (source, sender's id or else the whole record, name, own time)."""
    time = np.asarray(chunk.time, np.int64)
    identity = pc.if_else(
        pc.is_valid(chunk.message_id),
        pc.binary_join_element_wise("id", chunk.message_id, "\x1f"),
        pa.nulls(len(chunk), pa.string()),
    )
    missing = pc.indices_nonzero(pc.is_null(chunk.message_id)).to_pylist()
    if missing:
        texts = identity.to_pylist()
        for i in missing:
            texts[i] = "record\x1f" + _record(chunk, i)
        identity = pa.array(texts, pa.string())
    table = pa.table({"i": identity, "e": chunk.event, "t": chunk.time})
    digests = _md5(table, ["?", "i", "e", "t"], [source])
    return Keys.from_arrow(digests, clock.day_numbers(time, zone), _content(chunk))


def _content(chunk: EventChunk) -> np.ndarray:
    """A hash of what came under each sender's id (uint64, n), 0 where there is none: then the
    key itself is made of the whole record."""
    named = np.asarray(pc.is_valid(chunk.message_id))
    if not named.any():
        return np.zeros(len(chunk), np.uint64)
    parts: dict[str, pa.Array] = {}
    pieces: list[str] = []
    names: list[str] = []
    columns = [
        *(("i" + kind, values) for kind, values in sorted(chunk.identities.items())),
        *(("p" + name, values) for name, values in sorted(chunk.properties.items())),
    ]
    for name, values in columns:
        for kind, array in _plain(values).items():
            parts[f"c{len(parts)}"] = array
            pieces.append(f"? || c{len(parts) - 1}::VARCHAR")
            names.append(f"{name}{kind}=")
    if not parts:
        return named.astype(np.uint64)
    digests = _md5(pa.table(parts), pieces, names)
    hashes = Keys.from_arrow(digests, np.zeros(len(chunk), np.int32)).high
    return np.where(named, np.maximum(hashes, 1), 0).astype(np.uint64)


def _plain(values: pa.Array | list[Any]) -> dict[str, pa.Array]:
    """The values by kind, spelt the same way whatever file they came in: 5 and 5.0 are one."""
    if isinstance(values, pa.Array):
        type_ = values.type
        if pa.types.is_null(type_):
            return {}
        if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
            return {"n": pc.cast(values, pa.float64(), safe=False)}  # big integers may share a hash
        if pa.types.is_boolean(type_):
            return {"b": values}
        if pa.types.is_string(type_) or pa.types.is_timestamp(type_):
            return {"s": values}
        values = values.to_pylist()
    made: dict[str, list[Any]] = {kind: [None] * len(values) for kind in "nbsj"}
    for i, value in enumerate(values):
        kind, plain = _spelt(value)
        made[kind][i] = plain
    types = {"n": pa.float64(), "b": pa.bool_(), "s": pa.string(), "j": pa.string()}
    return {kind: pa.array(column, types[kind]) for kind, column in made.items()}


def _spelt(value: Any) -> tuple[str, Any]:
    """(kind, value) of a single value; n number, b bool, s text, j anything else as JSON."""
    if value is None or isinstance(value, str):
        return "s", value
    if isinstance(value, bool):
        return "b", value
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= MOST_EXACT):
        return "n", float(value)
    return "j", msgspec.json.encode(value, order="deterministic").decode()


def _md5(table: pa.Table, pieces: list[str], params: list[str]) -> pa.ChunkedArray:
    """16-byte hashes of the pieces (SQL with parameters) joined, nulls left out, one a row."""
    with duckdb.connect() as db:
        db.register("batch", table)
        query = f"SELECT unhex(md5(concat_ws(chr(31), {', '.join(pieces)}))) AS digest FROM batch"
        return db.sql(query, params=params).to_arrow_table().column("digest")


def _record(chunk: EventChunk, i: int) -> str:
    """The whole record without transport fields, always spelt the same way."""
    return msgspec.json.encode(body(chunk, i), order="deterministic").decode()


def body(chunk: EventChunk, i: int) -> list[dict[str, Any]]:
    """[identities, properties] of one event; 5.0 and 5 are one number, as they are in JSON."""
    identities = {k: column[i].as_py() for k, column in chunk.identities.items()}
    properties: dict[str, Any] = {}
    for name, column in chunk.properties.items():
        value = column[i].as_py() if isinstance(column, pa.Array) else column[i]
        whole = isinstance(value, float) and value.is_integer() and abs(value) <= MOST_EXACT
        properties[name] = int(value) if whole else value
    return [{k: v for k, v in part.items() if v is not None} for part in (identities, properties)]
