"""Shards: facts sorted by customer, time and arrival, memory-mapped, read by the kernels.

A shard set is one immutable base and at most one overlay. Customers touched since the base was
built are masked in the base and stand whole in the overlay, so every customer is in exactly one
shard and counts of people add up. Reading needs no lock: a set keeps the files it has opened even
when the worker has switched to newer ones.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from yutang.errors import Damaged, NotFound
from yutang.sequence.calendar import day_edges
from yutang.sequence.files import (
    POINTER,
    check_files,
    frozen,
    load_array,
    load_strings,
    read_pointer,
)
from yutang.sequence.kernels.picking import find_rows
from yutang.sequence.source import ABSENT, DTYPES, Attribute, Column, PropertyType

# A reader that finds a generation removed under it starts again from the pointer.
_TRIES = 20
# Walking along an index beats searching it up to so many of its entries for each row.
_WALK = 16
_NO_KEEP = frozen(np.empty(0, np.bool_))
_NO_DAYS = frozen(np.empty(0, np.int64))
# Files of the lists by event, as `list_by_event` makes them.
LISTED = ("listed.offsets", "listed.rows", "listed.who", "listed.day")
_LISTED_TYPES = (np.uint32, np.uint32, np.uint16)


class Listed(NamedTuple):
    """The rows of one event, ascending, and each row's customer position (both uint32, counted in
    the shard) and business day (uint16, a position in the shard's `days`)."""

    rows: np.ndarray
    who: np.ndarray
    day: np.ndarray

    def between(self, first: int, end: int) -> Listed:
        """Those in rows [first, end)."""
        a, b = np.searchsorted(self.rows, np.array((first, end), np.uint32))
        return Listed(self.rows[a:b], self.who[a:b], self.day[a:b])


class PropertyFile:
    """One property of one shard, dense or sparse."""

    def __init__(self, folder: Path, rows: int, entry: Mapping[str, Any]) -> None:
        stem: str = entry["stem"]
        self.type: PropertyType = entry["type"]
        self.rows = rows
        self.values = load_array(folder, stem)
        self.index = None if entry["dense"] else load_array(folder, f"{stem}.index")
        self.offsets = load_array(folder, f"{stem}.offsets") if self.type == "list" else None
        self.words = load_strings(folder, stem) if self.type in ("string", "list") else None

    def read(self, first: int, end: int) -> np.ndarray:
        """Values of rows [first, end), absent ones filled in (not for lists)."""
        if self.index is None:
            return self.values[first:end]
        a, b = self._places(np.array((first, end)))
        out = np.full(end - first, ABSENT[self.type], DTYPES[self.type])
        out[self.index[a:b].astype(np.int64) - first] = self.values[a:b]
        return frozen(out)

    def read_lists(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Lists of rows [first, end): offsets (one more than rows) and their codes."""
        assert self.index is not None
        assert self.offsets is not None
        a, b = self._places(np.array((first, end)))
        offsets = np.zeros(end - first + 1, np.int64)
        lengths = np.diff(self.offsets[a : b + 1])
        offsets[self.index[a:b].astype(np.int64) - first + 1] = lengths
        np.cumsum(offsets, out=offsets)
        return frozen(offsets), self.values[self.offsets[a] : self.offsets[b]]

    def _places(self, rows: np.ndarray) -> np.ndarray:
        """Where `rows` stand, or would, in the index. Of its own type: numpy would copy all of it
        into that of `rows`."""
        assert self.index is not None
        return np.searchsorted(self.index, rows.astype(self.index.dtype))

    def _find(self, rows: np.ndarray) -> np.ndarray:
        """Place in the index of each of ascending `rows`, -1 for absent ones."""
        assert self.index is not None
        if not rows.size:
            return np.empty(0, np.int64)
        first, end = self._places(rows[[0, -1]])
        if end - first <= _WALK * rows.size:
            return np.asarray(find_rows(self.index, frozen(rows.astype(np.int64)), int(first)))
        found = self._places(rows)
        found[found == self.index.size] = 0
        return np.where(self.index[found] == rows, found, -1)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Present values among ascending `rows`: positions in `rows`, values, list lengths."""
        none = np.empty(0, np.int32)
        if self.index is None:
            values = self.values[rows]
            absent = ABSENT[self.type]
            present = ~np.isnan(values) if self.type == "number" else values != absent
            at = np.flatnonzero(present)
            return at, values[at], none
        found = self._find(rows)
        at = np.flatnonzero(found >= 0)
        found = found[at]
        if self.offsets is None:
            return at, self.values[found], none
        lengths = np.diff(self.offsets)[found]
        ends = np.cumsum(lengths)
        steps = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - lengths, lengths)
        return at, self.values[np.repeat(self.offsets[found], lengths) + steps], lengths


class Shard:
    """One immutable sorted shard.

    customers: uint32, sorted, distinct; offsets: int64, one more, their rows; time: int64 ms UTC,
    code: uint16 event code, arrival: int64, by row; keep: bool by customer, empty = all; days:
    int64 starts of the business days from the first fact to the last, and of the one after.
    """

    def __init__(self, folder: Path, entry: Mapping[str, Any], zone: str) -> None:
        check_files(folder, entry["files"])
        self.customers = load_array(folder, "customers")
        self.offsets = load_array(folder, "offsets")
        self.time = load_array(folder, "time")
        self.code = load_array(folder, "code")
        self.arrival = load_array(folder, "arrival")
        self.keep = _NO_KEEP
        self.days = _NO_DAYS
        self._listed: list[np.ndarray] = []
        if self.rows:
            self.days = frozen(day_edges(entry["span"][0], entry["span"][1], zone))
            self._listed = [load_array(folder, name) for name in LISTED]
        # Mapping a file is cheap and reads nothing; it also holds the file when it is unlinked.
        self._columns = {
            name: PropertyFile(folder, int(entry["rows"]), column)
            for name, column in entry["columns"].items()
        }

    @property
    def rows(self) -> int:
        return self.time.size

    def column(self, name: str) -> PropertyFile | None:
        """The property's file; None where no row of this shard has the property."""
        return self._columns.get(name)

    def listed(self, code: int) -> Listed:
        """The rows of an event; none of one that is new since this shard was written."""
        if not self._listed or code + 1 >= self._listed[0].size:
            return Listed(*(frozen(np.empty(0, kind)) for kind in _LISTED_TYPES))
        first, end = self._listed[0][code : code + 2].tolist()
        return Listed(*(values[first:end] for values in self._listed[1:]))

    def mask(self, customers: np.ndarray) -> None:
        """Hide `customers` (uint32, sorted): they stand in the overlay, or are gone."""
        keep = np.ones(self.customers.size, np.bool_)
        if self.customers.size:
            at = np.searchsorted(self.customers, customers)
            at[at == self.customers.size] = 0
            keep[at[self.customers[at] == customers]] = False
        self.keep = frozen(keep)

    def rows_of(self, customers: np.ndarray) -> np.ndarray:
        """Ascending row numbers of `customers` (uint32, sorted), hidden ones left out."""
        keep = np.isin(self.customers, customers, assume_unique=True)
        if self.keep.size:
            keep &= self.keep
        return np.flatnonzero(np.repeat(keep, np.diff(self.offsets)))


class ShardSet:
    """The shards of one brand at one facts version, ready for analysis."""

    def __init__(
        self, folder: Path, manifest: Mapping[str, Any], attributes: Mapping[str, Attribute]
    ) -> None:
        self.folder, self.manifest = folder, manifest
        self.facts_version: int = manifest["facts_version"]
        self.zone: str = manifest["zone"]
        self.attributes = attributes
        self.columns = {c.name: c for c in (Column(*pair) for pair in manifest["columns"])}
        self.event_names: list[str] = manifest["events"]
        self.event_codes = {name: code for code, name in enumerate(self.event_names)}
        self.shards = [Shard(folder / manifest["base"]["folder"], manifest["base"], self.zone)]
        overlay = manifest.get("overlay")
        self.masked = np.empty(0, np.uint32)
        spans = [manifest["base"]["span"]]
        if overlay is not None:
            self.masked = load_array(folder / overlay["folder"], "masked")
            self.shards[0].mask(self.masked)
            self.shards.append(Shard(folder / overlay["folder"], overlay, self.zone))
            spans.append(overlay["span"])
        known = [span for span in spans if span]
        self.span = (min(s[0] for s in known), max(s[1] for s in known)) if known else None

    @property
    def facts(self) -> int:
        """How many facts are visible."""
        base = self.shards[0]
        hidden = int(np.diff(base.offsets)[~base.keep].sum()) if base.keep.size else 0
        return sum(shard.rows for shard in self.shards) - hidden

    def dictionary(self, name: str) -> pa.ChunkedArray:
        """Strings of a string or list property; a code is a position in it."""
        files = [shard.column(name) for shard in self.shards]
        words = [file.words for file in files if file is not None and file.words is not None]
        return pa.chunked_array(
            [chunk for part in words for chunk in part.chunks], type=pa.large_string()
        )


def open_shards(folder: Path, attributes: Mapping[str, Attribute] | None = None) -> ShardSet:
    """The current shard set of a cache folder. Raises NotFound where none was built."""
    for attempt in range(_TRIES):
        manifest = read_pointer(folder)
        if manifest is None:
            raise NotFound(
                "The analysis cache has not been built yet.",
                hint="`yutang rebuild` builds it.",
            )
        try:
            return ShardSet(folder, manifest, attributes or {})
        except FileNotFoundError:
            # The worker switched and cleaned up between our two reads; if the pointer still says
            # the same, the files are really gone.
            if attempt and read_pointer(folder) == manifest:
                break
    raise Damaged(
        "The analysis cache lacks files its pointer names.",
        hint="`yutang rebuild` makes the cache again.",
    )


class ShardCache:
    """Keeps the current shard set of each folder open, and opens it again when it is switched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Path, tuple[tuple[int, int], ShardSet]] = {}

    def get(self, folder: Path, attributes: Mapping[str, Attribute] | None = None) -> ShardSet:
        """The current set; `attributes` are attached when it is opened."""
        try:
            stat = (folder / POINTER).stat()
        except FileNotFoundError:
            return open_shards(folder)
        stamp = (stat.st_mtime_ns, stat.st_ino)
        with self._lock:
            held = self._open.get(folder)
            if held is None or held[0] != stamp:
                held = (stamp, open_shards(folder, attributes))
                self._open[folder] = held
            return held[1]
