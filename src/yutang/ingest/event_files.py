"""Event files: NDJSON lines and the column form in Parquet, read in bounded chunks.

NDJSON line: {"event", "time", "identities": {kind: value}, "properties": {}, "message_id"?}
Parquet: columns event, time (int64 ms, timestamp or text), message_id, `identity.<kind>` (text)
and `property.<name>` (typed). Both give the same `EventChunk`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yutang.catalog.events import WITHOUT_PERSON
from yutang.errors import BadInput
from yutang.ingest.records import Misfit
from yutang.kit.clock import EARLIEST, LATEST, SECONDS_BELOW, parse_time

CHUNK_LINES = 250_000
PARQUET_ROWS = 2_000_000  # a commit of a million rows or more keeps day files large (design §4)
LINE_LIMIT = 1_000_000  # bytes of one line
KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")  # identity kinds, as catalog.reasons asks for them
PARQUET_MAGIC = b"PAR1"


@dataclass
class EventChunk:
    """n events in columns, and the lines that are none.

    row int64 · event string · time int64 ms · message_id string|null · identities kind → string
    column · properties name → typed Arrow column or a list of mixed Python values
    """

    row: pa.Array
    event: pa.Array
    time: pa.Array
    message_id: pa.Array
    identities: dict[str, pa.Array]
    properties: dict[str, pa.Array | list[Any]]
    misfits: list[Misfit] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.row)


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == PARQUET_MAGIC


def read_chunks(path: Path) -> Iterator[EventChunk]:
    """The file's events, chunk by chunk; the same file always gives the same chunks.

    Raises BadInput where the file is not an event file at all.
    """
    yield from (_parquet_chunks(path) if is_parquet(path) else _json_chunks(path))


# --- NDJSON ------------------------------------------------------------------------------------
def _json_chunks(path: Path) -> Iterator[EventChunk]:
    builder = _Builder()
    any_event = False
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), start=1):
            builder.take(number, line)
            if builder.size >= CHUNK_LINES:
                any_event = True
                yield builder.chunk()
                builder = _Builder()
    if (
        not any_event
        and not builder.size
        and all(misfit.reason == "malformed_json" for misfit in builder.misfits)
        and builder.misfits
    ):
        raise BadInput(
            "The file holds no line of JSON.",
            hint="An event file has one JSON object per line, or is Parquet.",
        )
    if builder.size or builder.misfits:
        yield builder.chunk()


def _lines(file: Any) -> Iterator[bytes]:
    """Lines of at most LINE_LIMIT + 1 bytes: one without an end cannot fill the memory."""
    while line := file.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            while (rest := file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
        yield line


_decoder = msgspec.json.Decoder()


class _Builder:
    def __init__(self) -> None:
        self.size = 0
        self.misfits: list[Misfit] = []
        self._row: list[int] = []
        self._event: list[str] = []
        self._time: list[int] = []
        self._message: list[str | None] = []
        self._identities: dict[str, list[str | None]] = {}
        self._properties: dict[str, list[Any]] = {}

    def take(self, row: int, line: bytes) -> None:
        text = line.strip().removeprefix(b"\xef\xbb\xbf")
        if not text:
            return
        if len(line) > LINE_LIMIT:
            self._refuse(row, None, "too_large", str(len(line)), None)
            return
        try:
            record = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._refuse(row, None, "malformed_json", None, text.decode("utf-8", "replace"))
            return
        if not isinstance(record, dict):
            self._refuse(row, None, "malformed_json", None, text.decode("utf-8", "replace"))
            return
        event = record.get("event")
        raw = text.decode("utf-8", "replace")
        if not isinstance(event, str) or not event.strip():
            self._refuse(row, "event", "missing_event_name", _shown(event), raw)
            return
        if record.get("time") is None:
            self._refuse(row, "time", "missing_time", None, raw)
            return
        time = parse_time(record["time"])
        if time is None:
            self._refuse(row, "time", "unreadable_time", _shown(record["time"]), raw)
            return
        if not EARLIEST <= time < LATEST:
            self._refuse(row, "time", "time_out_of_range", _shown(record["time"]), raw)
            return
        alone = event.strip() in WITHOUT_PERSON
        identities = record.get("identities") or ({} if alone else None)
        named = isinstance(identities, dict) and any(_is_id(v) for v in identities.values())
        if not isinstance(identities, dict) or not (named or alone):
            self._refuse(row, "identities", "missing_identity", _shown(identities), raw)
            return
        for kind in identities:
            if not KIND.fullmatch(kind):
                self._refuse(row, "identities", "unknown_identity_kind", kind, raw)
                return
        properties = record.get("properties") or {}
        if not isinstance(properties, dict):
            self._refuse(row, "properties", "malformed_json", _shown(properties), raw)
            return
        message = record.get("message_id")
        self._append(row, event.strip(), time, message, identities, properties)

    def _append(
        self,
        row: int,
        event: str,
        time: int,
        message: object,
        identities: dict[str, Any],
        properties: dict[str, Any],
    ) -> None:
        at = self.size
        self._row.append(row)
        self._event.append(event)
        self._time.append(time)
        self._message.append(None if message in (None, "") else str(message))
        for kind, value in identities.items():
            if _is_id(value):
                column = self._identities.setdefault(kind, [])
                column.extend([None] * (at - len(column)))
                column.append(str(value))
        for name, value in properties.items():
            if value is not None:
                column = self._properties.setdefault(name, [])
                column.extend([None] * (at - len(column)))
                column.append(value)
        self.size = at + 1

    def chunk(self) -> EventChunk:
        n = self.size
        for column in (*self._identities.values(), *self._properties.values()):
            column.extend([None] * (n - len(column)))
        return EventChunk(
            row=pa.array(self._row, pa.int64()),
            event=pa.array(self._event, pa.string()),
            time=pa.array(self._time, pa.int64()),
            message_id=pa.array(self._message, pa.string()),
            identities={k: pa.array(v, pa.string()) for k, v in self._identities.items()},
            properties=dict(self._properties),
            misfits=self.misfits,
        )

    def _refuse(
        self, row: int, column: str | None, reason: str, value: str | None, record: str | None
    ) -> None:
        self.misfits.append(Misfit(row, column, reason, value, record))


def _is_id(value: object) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int) and not isinstance(value, bool)
    )


def _shown(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


# --- Parquet -----------------------------------------------------------------------------------
def _parquet_chunks(path: Path) -> Iterator[EventChunk]:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise BadInput("The file is not readable Parquet: %(why)s", why=str(error)) from error
    names = file.schema_arrow.names
    for needed in ("event", "time"):
        if needed not in names:
            raise BadInput(
                "The Parquet file has no column “%(column)s”.",
                hint="An event file has the columns event, time, identity.<kind>, property.<name>.",
                column=needed,
            )
    if not any(name.startswith("identity.") for name in names):
        raise BadInput(
            "The Parquet file has no identity column.",
            hint="Name the columns identity.<kind>, for example identity.phone.",
        )
    for name in names:
        kind = name.removeprefix("identity.")
        if kind != name and not KIND.fullmatch(kind):
            raise BadInput(
                "“%(kind)s” cannot be a kind of identity.",
                hint="Kinds have lower-case letters, digits and underscores.",
                kind=kind,
            )
    first = 1
    for batch in file.iter_batches(batch_size=PARQUET_ROWS):
        yield _from_table(pa.Table.from_batches([batch]).combine_chunks(), first)
        first += batch.num_rows


def _from_table(table: pa.Table, first: int) -> EventChunk:
    row = pa.array(range(first, first + table.num_rows), pa.int64())
    time = _time_column(table.column("time"))
    event = pc.utf8_trim_whitespace(table.column("event").cast(pa.string()).combine_chunks())
    identities = {
        name.removeprefix("identity."): _filled(table.column(name))
        for name in table.column_names
        if name.startswith("identity.")
    }
    nobody = pa.array([True] * table.num_rows)
    for column in identities.values():
        nobody = pc.and_(nobody, pc.is_null(column))
    alone = pc.is_in(event, value_set=pa.array(sorted(WITHOUT_PERSON), pa.string()))
    nobody = pc.and_(nobody, pc.invert(alone))
    unnamed = pc.fill_null(pc.equal(pc.utf8_length(event), 0), True)
    outside = pc.or_(pc.less(time, EARLIEST), pc.greater_equal(time, LATEST))
    bad = (
        (unnamed, "event", "missing_event_name"),
        (pc.is_null(table.column("time").combine_chunks()), "time", "missing_time"),
        (pc.is_null(time), "time", "unreadable_time"),
        (pc.fill_null(outside, False), "time", "time_out_of_range"),
        (nobody, "identities", "missing_identity"),
    )
    misfits, keep = [], pa.array([True] * table.num_rows)
    for mask, column, reason in bad:
        for i in pc.indices_nonzero(pc.and_(mask, keep)).to_pylist():
            found = table.slice(i, 1).to_pylist()[0]
            value = _shown(found["time"]) if column == "time" else None
            misfits.append(Misfit(first + i, column, reason, value, _line_of(found)))
        keep = pc.and_(keep, pc.invert(mask))
    message = (
        _filled(table.column("message_id"))
        if "message_id" in table.column_names
        else pa.nulls(table.num_rows, pa.string())
    )
    properties: dict[str, pa.Array | list[Any]] = {
        name.removeprefix("property."): _property(table.column(name).combine_chunks(), keep)
        for name in table.column_names
        if name.startswith("property.")
    }
    return EventChunk(
        row=row.filter(keep),
        event=event.filter(keep),
        time=time.filter(keep),
        message_id=message.filter(keep),
        identities={kind: column.filter(keep) for kind, column in identities.items()},
        properties=properties,
        misfits=misfits,
    )


def _filled(column: pa.ChunkedArray) -> pa.Array:
    """As text, null where it is empty."""
    text = column.cast(pa.string()).combine_chunks()
    empty = pc.fill_null(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(text)), 0), False)
    return pc.if_else(empty, pa.scalar(None, pa.string()), text)


def _line_of(row: dict[str, Any]) -> str:
    """A row of the column form as the line it stands for, so that it can be mended and replayed."""
    line: dict[str, Any] = {"event": row["event"], "time": row["time"]}
    for part, prefix in (("identities", "identity."), ("properties", "property.")):
        line[part] = {
            name.removeprefix(prefix): value
            for name, value in row.items()
            if name.startswith(prefix) and value is not None
        }
    if row.get("message_id"):
        line["message_id"] = row["message_id"]
    return json.dumps(line, ensure_ascii=False, default=str)


def _property(column: pa.Array, keep: pa.Array) -> pa.Array:
    kept = column.filter(keep)
    if pa.types.is_dictionary(kept.type):
        kept = kept.cast(kept.type.value_type)
    return kept


def _time_column(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        stamped = column.cast(pa.timestamp("ms", column.type.tz), safe=False)
        return stamped.cast(pa.int64()).combine_chunks()
    if pa.types.is_integer(column.type):
        ms = column.cast(pa.int64()).combine_chunks()
        small = pc.less(pc.abs(ms), SECONDS_BELOW)
        return pc.if_else(small, pc.multiply(ms, 1000), ms)
    return pa.array([parse_time(value) for value in column.to_pylist()], pa.int64())
