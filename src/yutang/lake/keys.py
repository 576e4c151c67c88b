"""The index of event keys: exact duplicates are dropped for ever.

A key is 128 bits and belongs to the day of its uncorrected time; 64 more bits say what came with
it, where that is known, so that a sender who uses an id twice is noticed. One file a day holds
the sorted keys, so a batch touches only its own days. The index is a cache: `Lake.rebuild_keys`
makes it again. (Measured: 60,000 keys against 100 M sorted keys in 400 day files take 0.07 s.)

Key files are not fsynced (hundreds a batch would halve an import); the manifest holds how many
keys each must have, so what a power cut took is noticed and made again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Keys:
    """n keys: `high` and `low` halves (uint64, n) and their `day` (int32, days since 1970).

    content: a hash of what each key stands for (uint64, n), 0 where nobody asks.
    """

    high: np.ndarray
    low: np.ndarray
    day: np.ndarray
    content: np.ndarray

    def __len__(self) -> int:
        return len(self.high)

    @classmethod
    def empty(cls) -> Keys:
        none = np.empty(0, np.uint64)
        return cls(none, none, np.empty(0, np.int32), none)

    @classmethod
    def from_arrow(
        cls,
        keys: pa.ChunkedArray | pa.Array,
        days: pa.ChunkedArray | pa.Array | np.ndarray,
        content: np.ndarray | None = None,
    ) -> Keys:
        """From 16-byte binaries, int32 days and, where it is known, the content (uint64)."""
        chunks = keys.chunks if isinstance(keys, pa.ChunkedArray) else [keys]
        data = b"".join(_bytes(chunk) for chunk in chunks)
        pairs = np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(-1, 2)
        content = np.zeros(len(pairs), np.uint64) if content is None else content
        return cls(pairs[:, 0], pairs[:, 1], np.asarray(days).astype(np.int32), content)

    def to_arrow(self) -> pa.Array:
        """16-byte binaries."""
        data = np.stack([self.high, self.low], axis=1).astype(">u8").tobytes()
        offsets = np.arange(0, len(data) + 1, 16, dtype=np.int32)
        return pa.Array.from_buffers(
            pa.binary(), len(self), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        )

    def take(self, rows: np.ndarray) -> Keys:
        return Keys(self.high[rows], self.low[rows], self.day[rows], self.content[rows])


COLUMNS = 3  # of a key file: both halves and the content


class TornIndex(Exception):
    """A key file lost keys that were written to it, or an older program made it: only a rebuild
    helps."""


class KeyIndex:
    """Sorted key files under `folder`; `version` is the Delta version the index covers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / "version.json"

    @property
    def version(self) -> int:
        """-1 where there is no index yet (or its manifest is torn)."""
        return self._state()[0]

    def _state(self) -> tuple[int, dict[str, int]]:
        """(version, keys by day) as the manifest has them."""
        try:
            stored = json.loads(self._manifest.read_bytes())
            return int(stored["version"]), dict(stored["keys"])
        except (FileNotFoundError, ValueError, KeyError):
            return -1, {}

    def look_up(self, keys: Keys) -> tuple[np.ndarray, np.ndarray]:
        """(new, reused), both bool (n): new is in neither the index nor an earlier row of this
        batch; reused is known, but stands for another content.

        Raises TornIndex.
        """
        new, reused = np.zeros(len(keys), bool), np.zeros(len(keys), bool)
        counts = self._state()[1]
        for day, rows in _by_day(keys):
            part = keys.take(rows)
            stored = self._load(day, counts)
            place = _places(stored, part)
            first = _first_of_each(part)
            itself = first == np.arange(len(part))
            before = part.content[first]
            if len(stored):
                before = np.where(place >= 0, stored[place, 2], before)
            differs = (before != part.content) & (before != 0) & (part.content != 0)
            new[rows] = itself & (place < 0)
            reused[rows] = differs
        return new, reused

    def add(self, keys: Keys, version: int) -> None:
        """Add keys (known ones again is no harm) and note the Delta version they complete.

        Raises TornIndex.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        counts = self._state()[1]
        for day, rows in _by_day(keys):
            part = keys.take(rows)
            old = self._load(day, counts)
            added = np.stack([part.high, part.low, part.content], axis=1)
            merged = np.concatenate([old, added])
            merged = merged[np.lexsort((merged[:, 1], merged[:, 0]))]  # stable: the first stays
            keep = np.ones(len(merged), bool)
            keep[1:] = (merged[1:, :2] != merged[:-1, :2]).any(axis=1)
            self._store(day, merged[keep])
            counts[str(day)] = int(keep.sum())
        temporary = self._manifest.with_suffix(".tmp")
        temporary.write_text(json.dumps({"version": version, "keys": counts}))
        os.replace(temporary, self._manifest)

    def clear(self) -> None:
        """Forget everything; the manifest goes first, so a half-cleared index is an empty one."""
        self._manifest.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, day: int) -> Path:
        return self.folder / f"{day}.npy"

    def _load(self, day: int, counts: Mapping[str, int]) -> np.ndarray:
        """The day's keys, sorted, and their content (uint64, n × 3). A crash may leave more than
        the manifest knows; fewer means that some were lost."""
        path, least = self._file(day), counts.get(str(day), 0)
        try:
            stored: np.ndarray = np.load(path)
        except FileNotFoundError:
            stored = np.empty((0, COLUMNS), np.uint64)
        except (ValueError, EOFError) as error:
            raise TornIndex(str(path)) from error
        if len(stored) < least or stored.shape[1:] != (COLUMNS,):
            raise TornIndex(str(path))
        return stored

    def _store(self, day: int, pairs: np.ndarray) -> None:
        temporary = self._file(day).with_suffix(".tmp.npy")
        np.save(temporary, pairs)
        os.replace(temporary, self._file(day))


def _bytes(chunk: pa.Array) -> bytes:
    """The 16-byte values of one chunk, end to end."""
    offsets = np.frombuffer(chunk.buffers()[1], np.int32)[
        chunk.offset : chunk.offset + len(chunk) + 1
    ]
    if len(chunk) == 0:
        return b""
    if not (np.diff(offsets) == 16).all():
        raise ValueError("event keys have 16 bytes")
    values: bytes = chunk.buffers()[2].to_pybytes()
    return values[offsets[0] : offsets[-1]]


def _by_day(keys: Keys) -> list[tuple[int, np.ndarray]]:
    if not len(keys):
        return []
    order = np.argsort(keys.day, kind="stable")
    days, starts = np.unique(keys.day[order], return_index=True)
    return list(zip((int(d) for d in days), np.split(order, starts[1:]), strict=True))


def _first_of_each(part: Keys) -> np.ndarray:
    """For each row the place of the first row with its key (int64, n)."""
    order = np.lexsort((np.arange(len(part)), part.low, part.high))
    high, low = part.high[order], part.low[order]
    first = np.ones(len(part), bool)
    first[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    out = np.empty(len(part), np.int64)
    out[order] = order[np.flatnonzero(first)][np.cumsum(first) - 1]
    return out


def _places(stored: np.ndarray, part: Keys) -> np.ndarray:
    """The place of each key of the part in the sorted keys, -1 where it is not (int64, n)."""
    if not len(stored):
        return np.full(len(part), -1, np.int64)
    left = np.searchsorted(stored[:, 0], part.high, side="left")
    clipped = np.minimum(left, len(stored) - 1)
    same_high = stored[clipped, 0] == part.high
    place = np.where(same_high & (stored[clipped, 1] == part.low), clipped, -1)
    # Two keys that share their high half are astronomically rare; look at the run then.
    for i in np.flatnonzero(same_high & (place < 0)):
        right = np.searchsorted(stored[:, 0], part.high[i], side="right")
        within = np.flatnonzero(stored[left[i] : right, 1] == part.low[i])
        place[i] = left[i] + within[0] if len(within) else -1
    return place
