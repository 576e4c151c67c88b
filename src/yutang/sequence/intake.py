"""From fact batches to one sorted shard on disk.

Columns are kept apart and spooled to disk when they grow, so that a build of fifty million facts
holds one column at a time in memory. Strings are encoded per batch; the batches' dictionaries are
joined at the end, in Arrow, never row by row in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yutang.errors import BadInput, Damaged
from yutang.sequence.calendar import day_edges
from yutang.sequence.files import save_array, save_strings, sync_folder
from yutang.sequence.kernels.sort import list_by_event, sort_rows
from yutang.sequence.shard import LISTED, Shard
from yutang.sequence.source import ABSENT, DTYPES, Column

# What waits in memory before it goes to the spool files: of all columns, and of one at least.
_SPOOL_BYTES, _LEAST_SPOOL = 96 << 20, 1 << 20
# A property that fewer than a third of the rows carry is stored with its row numbers.
_DENSE_SHARE = 3
_MOST_ROWS = np.iinfo(np.uint32).max
_MOST_EVENTS = np.iinfo(np.uint16).max

_ARROW = {"number": pa.float64(), "string": pa.large_string(), "bool": pa.bool_()}


class Spool:
    """A column that grows: in memory first, then in a file."""

    def __init__(self, path: Path, dtype: Any, most: int) -> None:
        """most: bytes that wait in memory."""
        self.path, self.dtype, self._most = path, np.dtype(dtype), most
        self.count = 0
        self._parts: list[np.ndarray] = []
        self._bytes = 0

    def append(self, values: np.ndarray) -> None:
        values = np.ascontiguousarray(values, self.dtype)
        self.count += values.size
        self._parts.append(values)
        self._bytes += values.nbytes
        if self._bytes > self._most:
            with self.path.open("ab") as handle:
                for part in self._parts:
                    part.tofile(handle)
            self._parts, self._bytes = [], 0

    def read(self) -> np.ndarray:
        parts = [np.fromfile(self.path, self.dtype)] if self.path.exists() else []
        parts += self._parts
        return np.concatenate(parts) if parts else np.empty(0, self.dtype)


class _Property:
    """The present values of one property: row numbers, values, for lists also lengths."""

    def __init__(self, column: Column, folder: Path, number: int, most: int) -> None:
        self.column, self.stem = column, f"p{number}"
        self.rows = Spool(folder / f"{self.stem}.rows", np.uint32, most)
        self.values = Spool(folder / f"{self.stem}.values", DTYPES[column.type], most)
        self.lengths = Spool(folder / f"{self.stem}.lengths", np.int32, most)
        # (how many codes, their dictionary; None where they are codes of the shard set already)
        self.segments: list[tuple[int, pa.Array | None]] = []

    def add(self, array: pa.Array, first_row: int) -> None:
        """The values of one batch, null where absent."""
        if self.column.type == "list":
            self._add_lists(array, first_row)
            return
        if self.column.type == "number":
            array = pc.cast(array, pa.float64(), safe=False)
            present = pc.fill_null(pc.is_finite(array), False)
        else:
            present = pc.is_valid(array)
        at = np.flatnonzero(np.asarray(present))
        if at.size == 0:
            return
        if at.size < len(array):
            array = array.take(pa.array(at))
        self.rows.append(at + first_row)
        self._add_values(array)

    def _add_values(self, array: pa.Array) -> None:
        kind = self.column.type
        if kind == "string":
            self._add_strings(array)
        elif kind == "time":
            if pa.types.is_timestamp(array.type):
                array = pc.cast(array, pa.timestamp("ms"), safe=False)
            self.values.append(np.asarray(pc.cast(array, pa.int64())))
        else:
            self.values.append(np.asarray(pc.cast(array, _ARROW[kind])))

    def _add_strings(self, array: pa.Array) -> None:
        if not pa.types.is_dictionary(array.type):
            array = pc.dictionary_encode(pc.cast(array, pa.large_string()))
        codes = np.asarray(array.indices)
        self.segments.append((codes.size, pc.cast(array.dictionary, pa.large_string())))
        self.values.append(codes)

    def _add_lists(self, array: pa.Array, first_row: int) -> None:
        lengths = np.asarray(pc.fill_null(pc.list_value_length(array), 0))
        at = np.flatnonzero(lengths)
        if at.size == 0:
            return
        flat = pc.list_flatten(array)
        if flat.null_count:
            raise BadInput("The list %(name)s holds an empty value.", name=self.column.name)
        self.rows.append(at + first_row)
        self.lengths.append(lengths[at])
        self._add_strings(flat)

    def add_taken(self, shard: Shard, rows: np.ndarray, first_row: int) -> None:
        """The values of rows of an existing shard (ascending row numbers)."""
        file = shard.column(self.column.name)
        if file is None:
            return
        at, values, lengths = file.take(rows)
        self.rows.append(at + first_row)
        self.values.append(values)
        if self.column.type in ("string", "list"):
            self.segments.append((values.size, None))
        if self.column.type == "list":
            self.lengths.append(lengths)


class Intake:
    """Collects facts in any order and writes them as one shard."""

    def __init__(
        self,
        spool: Path,
        columns: Sequence[Column],
        events: Sequence[str] = (),
        dictionaries: Mapping[str, tuple[pa.ChunkedArray, int]] | None = None,
    ) -> None:
        """`events`, `dictionaries`: codes already given, by the shard set this overlay joins.

        A dictionary comes with the number of its strings that the base shard keeps; the others
        are written again with this shard.
        """
        spool.mkdir(parents=True, exist_ok=True)
        self.events = {name: code for code, name in enumerate(events)}
        self.rows = 0
        self._known = dictionaries or {}
        most = max(_SPOOL_BYTES // (4 + 2 * len(columns)), _LEAST_SPOOL)
        self._customer = Spool(spool / "customer", np.uint32, most)
        self._time = Spool(spool / "time", np.int64, most)
        self._code = Spool(spool / "code", np.uint16, most)
        self._arrival = Spool(spool / "arrival", np.int64, most)
        self._properties = [_Property(c, spool, i, most) for i, c in enumerate(columns)]

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Take a batch of facts."""
        for part in batch.to_batches() if isinstance(batch, pa.Table) else [batch]:
            if part.num_rows:
                self._add_batch(part)

    def customers(self) -> np.ndarray:
        """The distinct customers taken so far (uint32, sorted)."""
        return _by_customer(self._customer.read())[0]

    def _add_batch(self, batch: pa.RecordBatch) -> None:
        first_row = self.rows
        self._customer.append(np.asarray(batch.column("customer")))
        self._time.append(np.asarray(batch.column("time")))
        self._arrival.append(np.asarray(batch.column("arrival")))
        self._code.append(self._event_codes(batch.column("event")))
        names = set(batch.schema.names)
        for item in self._properties:
            if item.column.name in names:
                array = batch.column(item.column.name)
                if array.null_count < len(array):
                    item.add(array, first_row)
        self._grow(batch.num_rows)

    def _event_codes(self, array: pa.Array) -> np.ndarray:
        if not pa.types.is_dictionary(array.type):
            array = pc.dictionary_encode(array)
        used = array.dictionary.to_pylist()
        codes: np.ndarray = np.array(
            [self.events.setdefault(n, len(self.events)) for n in used], np.int64
        )
        if len(self.events) > _MOST_EVENTS:
            raise Damaged("There are more than %(most)d event names.", most=_MOST_EVENTS)
        found: np.ndarray = codes[np.asarray(array.indices)]
        return found

    def add_rows(self, shard: Shard, rows: np.ndarray) -> None:
        """Take rows (ascending row numbers) of an existing shard of the same shard set."""
        if rows.size == 0:
            return
        counts = np.diff(shard.offsets)
        of_row = np.repeat(np.arange(counts.size), counts)[rows]
        self._customer.append(shard.customers[of_row])
        self._time.append(shard.time[rows])
        self._arrival.append(shard.arrival[rows])
        self._code.append(shard.code[rows])
        for item in self._properties:
            item.add_taken(shard, rows, self.rows)
        self._grow(rows.size)

    def _grow(self, rows: int) -> None:
        self.rows += rows
        if self.rows > _MOST_ROWS:
            raise Damaged("One shard holds at most %(most)d facts.", most=_MOST_ROWS)

    def write(self, folder: Path, zone: str) -> dict[str, Any]:
        """Sort and write the shard into `folder`; returns its part of the manifest.

        zone: whose business days the rows of each event are listed with.
        """
        folder.mkdir(parents=True)
        customers, place, offsets = _by_customer(self._customer.read())
        time = self._time.read()
        order = sort_rows(place, offsets, time, self._arrival.read())
        del place
        time = time[order]
        files = save_array(folder, "customers", customers)
        files |= save_array(folder, "offsets", offsets)
        files |= save_array(folder, "time", time)
        files |= save_array(folder, "arrival", self._arrival.read()[order])
        span = [int(time.min()), int(time.max())] if time.size else None
        code = self._code.read()[order]
        files |= save_array(folder, "code", code)
        if span is not None:
            days = day_edges(span[0], span[1], zone)
            made = list_by_event(code, time, offsets, len(self.events), days)
            for name, values in zip(LISTED, made, strict=True):
                files |= save_array(folder, name, values)
            del made
        del time, code
        to = np.empty(order.size, np.uint32)
        to[order] = np.arange(order.size, dtype=np.uint32)
        del order
        columns = {}
        for item in self._properties:
            written = self._write_property(folder, item, to)
            if written is not None:
                columns[item.column.name], made = written
                files |= made
        sync_folder(folder)
        return {
            "folder": folder.name,
            "rows": self.rows,
            "customers": int(customers.size),
            "span": span,
            "columns": columns,
            "files": files,
        }

    def _write_property(
        self, folder: Path, item: _Property, to: np.ndarray
    ) -> tuple[dict[str, Any], dict[str, int]] | None:
        kind, name = item.column.type, item.column.name
        if item.rows.count == 0:
            return None
        files: dict[str, int] = {}
        values = item.values.read()
        if kind in ("string", "list"):
            known, in_base = self._known.get(name, (None, 0))
            values, own = _global_codes(values, item.segments, known, in_base)
            files |= save_strings(folder, item.stem, own)
        at = to[item.rows.read()]
        dense = kind != "list" and at.size * _DENSE_SHARE >= to.size
        if dense:
            full = np.full(to.size, ABSENT[kind], DTYPES[kind])
            full[at] = values
            files |= save_array(folder, item.stem, full)
        else:
            order = np.argsort(at)
            files |= save_array(folder, f"{item.stem}.index", at[order])
            if kind == "list":
                values, offsets = _gather_lists(values, item.lengths.read(), order)
                files |= save_array(folder, f"{item.stem}.offsets", offsets)
            else:
                values = values[order]
            files |= save_array(folder, item.stem, values)
        return {"type": kind, "stem": item.stem, "dense": dense}, files


def _by_customer(customer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct customers (sorted), each row's rank among them, rows before each of them."""
    if customer.size and int(customer.max()) > 4 * customer.size + (1 << 20):
        ids, place, counts = np.unique(customer, return_inverse=True, return_counts=True)
    else:  # dense ids, as they are by design: counting is ten times faster than sorting
        by_id = np.bincount(customer)
        ids = np.flatnonzero(by_id).astype(np.uint32)
        rank = np.cumsum(by_id > 0) - 1
        place, counts = rank[customer], by_id[ids]
    offsets = np.zeros(ids.size + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return ids, place.astype(np.int64, copy=False), offsets


def _global_codes(
    codes: np.ndarray,
    segments: Iterable[tuple[int, pa.Array | None]],
    known: pa.ChunkedArray | None,
    in_base: int,
) -> tuple[np.ndarray, pa.ChunkedArray]:
    """Codes in the shard set's dictionary, and the strings to be written with this shard."""
    segments = list(segments)
    batches = [words for _, words in segments if words is not None]
    known = pa.chunked_array([], type=pa.large_string()) if known is None else known
    uniques = pc.unique(pa.chunked_array(batches, type=pa.large_string()))
    found = pc.index_in(uniques, value_set=known.combine_chunks())
    missing = np.asarray(pc.is_null(found))
    target = np.asarray(pc.fill_null(found, 0)).astype(np.int32)
    target[missing] = len(known) + np.arange(missing.sum(), dtype=np.int32)
    out, first = np.empty(codes.size, np.int32), 0
    for count, words in segments:
        part = codes[first : first + count]
        if words is not None:
            part = target[np.asarray(pc.index_in(words, value_set=uniques))][part]
        out[first : first + count] = part
        first += count
    added = uniques.filter(pa.array(missing))
    return out, pa.chunked_array([*known.slice(in_base).chunks, added], type=pa.large_string())


def _gather_lists(
    values: np.ndarray, lengths: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Reorder lists of codes; returns the codes and their offsets."""
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if lengths.size else lengths
    sorted_lengths = lengths[order]
    offsets = np.zeros(lengths.size + 1, np.int64)
    np.cumsum(sorted_lengths, out=offsets[1:])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sorted_lengths)
    return values[np.repeat(starts[order], sorted_lengths) + within], offsets
