"""The index of event keys on disk: exact duplicates are dropped for ever.

Each day of keys is a few sorted runs, the older ones the larger: a batch adds a small run, and
runs are merged as they grow alike, so that a day of ten million keys costs a batch no more than a
day of ten thousand. The index is a cache: `Lake.rebuild_keys` makes it again.

Runs are not fsynced (hundreds a batch would halve an import); the manifest holds how many keys
each must have, so what a power cut took is noticed and made again.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from yutang.lake.keys import Keys

FORMAT = 2
COLUMNS = 3  # of a run: both halves and the content, one after the other
# A run is merged into the one before it while that is at most this many times as large: the number
# of runs of a day stays near log4(keys / keys of a batch), and a key is copied about as often.
GROWTH = 4
KEPT_OPEN = 48  # runs held mapped: each holds a file handle


class TornIndex(Exception):
    """A run lost keys that were written to it, or an older program made it: only a rebuild
    helps."""


@dataclass
class _State:
    """What the manifest says: the Delta version covered, and the runs of each day, oldest first."""

    version: int = -1
    next_run: int = 0
    runs: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # (number, keys)


class KeyIndex:
    """Sorted runs of keys under `folder`; `version` is the Delta version the index covers.

    One writer; what another process changed meanwhile is noticed by the manifest's inode.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / "version.json"
        self._known: _State | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._open: dict[int, np.ndarray] = {}

    @property
    def version(self) -> int:
        """-1 where there is no index yet (or its manifest is torn)."""
        return self._state().version

    def look_up(self, keys: Keys) -> tuple[np.ndarray, np.ndarray]:
        """(new, reused), both bool (n): new is in neither the index nor an earlier row of this
        batch; reused is known, but stands for another content.

        Raises TornIndex.
        """
        new, reused = np.zeros(len(keys), bool), np.zeros(len(keys), bool)
        state = self._state()
        for day, rows in _by_day(keys):
            part = keys.take(rows)
            order = _sorted(part)
            part = part.take(order)
            first, before = _first_of_each(part)
            known = np.zeros(len(part), bool)
            for number, least in state.runs.get(day, ()):
                run = self._run(day, number, least)
                place = _places(run, part)
                found = (place >= 0) & ~known  # the oldest run that has the key tells its content
                before[found] = run[2][place[found]]
                known |= found
            differs = (before != part.content) & (before != 0) & (part.content != 0)
            new[rows[order]] = first & ~known
            reused[rows[order]] = differs
        return new, reused

    def add(self, keys: Keys, version: int) -> None:
        """Add keys (known ones again is no harm) and note the Delta version they complete.

        Raises TornIndex.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        state, self._known = self._state(), None  # what an error leaves half changed is forgotten
        gone: list[tuple[int, int]] = []
        for day, rows in _by_day(keys):
            part = keys.take(rows)
            made = _unique(np.stack([part.high, part.low, part.content]))
            runs = state.runs.setdefault(day, [])
            while runs and runs[-1][1] <= GROWTH * made.shape[1]:
                number, least = runs.pop()
                made = _unique(np.concatenate([self._run(day, number, least), made], axis=1))
                gone.append((day, number))
            runs.append((state.next_run, made.shape[1]))
            self._store(day, state.next_run, made)
            state.next_run += 1
        state.version = version
        self._write(state)
        for day, number in gone:
            self._open.pop(number, None)
            self._file(day, number).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything; the manifest goes first, so a half-cleared index is an empty one."""
        self._manifest.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._forget()

    def _state(self) -> _State:
        """As the manifest has it, read again only where another process wrote it."""
        try:
            stat = self._manifest.stat()
        except FileNotFoundError:
            self._forget()
            return _State()
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._known is None or stamp != self._stamp:
            self._forget()
            self._known, self._stamp = self._read(), stamp
        return self._known

    def _read(self) -> _State:
        try:
            stored = json.loads(self._manifest.read_bytes())
            if stored["format"] != FORMAT:
                return _State()
            runs = {int(day): [(int(n), int(k)) for n, k in of] for day, of in stored["runs"]}
            return _State(int(stored["version"]), int(stored["next_run"]), runs)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return _State()

    def _write(self, state: _State) -> None:
        temporary = self._manifest.with_suffix(".tmp")
        stored = {
            "format": FORMAT,
            "version": state.version,
            "next_run": state.next_run,
            "runs": list(state.runs.items()),
        }
        temporary.write_text(json.dumps(stored))
        stat = temporary.stat()
        os.replace(temporary, self._manifest)
        self._known, self._stamp = state, (stat.st_ino, stat.st_mtime_ns, stat.st_size)

    def _forget(self) -> None:
        self._known = self._stamp = None
        self._open.clear()

    def _file(self, day: int, number: int) -> Path:
        return self.folder / f"{day}.{number}.npy"

    def _run(self, day: int, number: int, keys: int) -> np.ndarray:
        """A run's keys, sorted by their halves, and their content (uint64, 3 × n), mapped."""
        path, run = self._file(day, number), self._open.pop(number, None)
        try:
            # Whoever reads past the end of a mapped file is killed: look first.
            if path.stat().st_size < keys * COLUMNS * 8:
                raise TornIndex(str(path))
            if run is None:
                run = np.load(path, mmap_mode="r" if keys else None)
        except (FileNotFoundError, ValueError, EOFError) as error:
            raise TornIndex(str(path)) from error
        if run.shape != (COLUMNS, keys):
            raise TornIndex(str(path))
        if len(self._open) >= KEPT_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[number] = run  # the newest used last
        return run

    def _store(self, day: int, number: int, run: np.ndarray) -> None:
        temporary = self._file(day, number).with_suffix(".tmp.npy")
        np.save(temporary, run)
        os.replace(temporary, self._file(day, number))


def _by_day(keys: Keys) -> list[tuple[int, np.ndarray]]:
    if not len(keys):
        return []
    if (keys.day == keys.day[0]).all():  # a stream: nearly always today
        return [(int(keys.day[0]), np.arange(len(keys)))]
    order = np.argsort(keys.day, kind="stable")
    days, starts = np.unique(keys.day[order], return_index=True)
    return list(zip((int(d) for d in days), np.split(order, starts[1:]), strict=True))


def _sorted(part: Keys) -> np.ndarray:
    """The order of the keys by their halves; equal keys stay in their order (int64, n)."""
    order = np.argsort(part.high, kind="stable")
    high = part.high[order]
    if (high[1:] == high[:-1]).any():  # the same key twice, or two that share their high half
        order = np.lexsort((np.arange(len(part)), part.low, part.high))
    return order


def _first_of_each(part: Keys) -> tuple[np.ndarray, np.ndarray]:
    """Of sorted keys: is each the first with its key (bool, n), and that one's content."""
    first = np.ones(len(part), bool)
    first[1:] = (part.high[1:] != part.high[:-1]) | (part.low[1:] != part.low[:-1])
    return first, part.content[np.flatnonzero(first)][np.cumsum(first) - 1]


def _unique(run: np.ndarray) -> np.ndarray:
    """The keys sorted by their halves, of equal ones the first."""
    order = np.argsort(run[0], kind="stable")
    high = run[0][order]
    if not (high[1:] == high[:-1]).any():
        return run[:, order]
    run = run[:, np.lexsort((run[1], run[0]))]  # stable: the first stays the first
    keep = np.ones(run.shape[1], bool)
    keep[1:] = (run[:2, 1:] != run[:2, :-1]).any(axis=0)
    return run[:, keep]


def _places(run: np.ndarray, part: Keys) -> np.ndarray:
    """The place of each (sorted) key of the part in the run, -1 where it is not (int64, n)."""
    if not run.shape[1]:
        return np.full(len(part), -1, np.int64)
    high, low = run[0], run[1]
    left = np.searchsorted(high, part.high, side="left")
    clipped = np.minimum(left, len(high) - 1)
    same_high = high[clipped] == part.high
    place = np.where(same_high & (low[clipped] == part.low), clipped, -1)
    # Two keys that share their high half are astronomically rare; look at the run then.
    for i in np.flatnonzero(same_high & (place < 0)):
        right = np.searchsorted(high, part.high[i], side="right")
        within = np.flatnonzero(low[left[i] : right] == part.low[i])
        place[i] = left[i] + within[0] if len(within) else -1
    return place
