"""Stretches of a journal segment, read and decoded: what a batch is made of. Needs no state."""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from yutang.catalog.records import Limits, Record, TrackingProtocol
from yutang.ingest.stream.arrived import Arrived, arrange
from yutang.ingest.stream.decoding import Decoding, Taken
from yutang.ingest.stream.segments import READ_BYTES, frames

MOST_BYTES = 24 << 20  # of one batch: what it takes in memory is several times that


class Budget(NamedTuple):
    """Where a stretch ends: behind the request that reaches so many records or requests, or the
    frame that ends at or behind `until`."""

    records: int
    requests: int | None = None
    until: int | None = None


@dataclass
class Stretch:
    """The requests of a segment from `start` on, and the offset behind the last.

    ends: the offset behind each request, and the place behind its last record.
    """

    path: Path
    start: int
    end: int
    requests: int
    arrived: Arrived
    ends: Sequence[tuple[int, int]]


class Stretches:
    """Reads stretches of journal segments."""

    def __init__(self, protocols: Sequence[TrackingProtocol], limits: Limits) -> None:
        self._protocols = protocols
        self._limits = limits

    def read(
        self, path: Path, start: int, budget: Budget, types: Mapping[str, str] | None = None
    ) -> Stretch | None:
        """The stretch from an offset on; None where nothing whole is there. types: `arrange`."""
        with no_garbage_collection():
            taken = self._take(path, start, budget).taken
            if not taken.end:
                return None
            return _stretch(path, start, taken, arrange(taken, types))

    def unreadable(self, one: Stretch) -> Stretch:
        """The same with its last request as one that nobody can read."""
        decoding = self._take(one.path, one.start, Budget(0, until=one.end))
        taken = decoding.unread()
        return Stretch(one.path, one.start, one.end, 1, arrange(taken), [])

    def again(self, one: Stretch) -> None:
        """Let the records of a stretch that came without them be asked for: each request is
        decoded when one of its records is."""
        known: dict[int, list[Record]] = {}
        last = [place for _, place in one.ends]

        def whole(place: int) -> Record:
            nth = bisect_right(last, place)
            before = one.ends[nth - 1] if nth else (one.start, 0)
            if nth not in known:
                only = Budget(0, until=one.ends[nth][0])
                decoding = self._take(one.path, before[0], only, read_bytes=1)
                known[nth] = decoding.taken.records
            return known[nth][place - before[1]]

        one.arrived.whole = whole

    def _take(
        self, path: Path, start: int, budget: Budget, *, read_bytes: int = READ_BYTES
    ) -> Decoding:
        decoding = Decoding(self._protocols, self._limits)
        taken = decoding.taken
        for end, request in frames(path, start, read_bytes):
            if budget.until is not None and end > budget.until:
                break
            decoding.take(request, end)
            if budget.until is not None:
                continue
            if len(taken.records) >= budget.records or end - start >= MOST_BYTES:
                break
            if budget.requests is not None and len(taken.end) >= budget.requests:
                break
        return decoding


def nothing(path: Path, end: int) -> Stretch:
    """A stretch without a request, that ends there."""
    return Stretch(path, end, end, 0, arrange(Taken()), [])


def _stretch(path: Path, start: int, taken: Taken, arrived: Arrived) -> Stretch:
    ends = list(zip(taken.end, accumulate(taken.count), strict=True))
    return Stretch(path, start, taken.end[-1], len(taken.end), arrived, ends)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """A batch makes a hundred thousand objects that live exactly as long as it does: looking for
    garbage among them costs a tenth of its time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
