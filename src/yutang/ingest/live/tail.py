"""The newest requests of a journal, newest first, within a bound on the bytes that are read."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yutang import journal
from yutang.catalog.records import Request

STEP_BYTES = 256 << 10


@dataclass(frozen=True)
class Stored:
    """A request in the journal: `end` is the offset behind it."""

    segment: str
    end: int
    request: Request


class Tail:
    """Reads backwards, once. `is_whole`: the beginning was reached before the bound."""

    def __init__(self, folder: Path, budget: int) -> None:
        self._folder = folder
        self._left = budget
        self.is_whole = True

    def __iter__(self) -> Iterator[Stored]:
        """Requests of all segments, newest first by the time of receipt. A segment is opened only
        when its last write is newer than what the others still have."""
        unopened = sorted(_written(self._folder))
        heads: list[tuple[int, int, Stored, Iterator[Stored]]] = []
        turn = 0  # no two heads are compared beyond it
        while unopened or heads:
            while unopened and (not heads or unopened[-1][0] >= -heads[0][0]):
                _, path = unopened.pop()
                turn = _push(heads, self._backwards(path), turn)
            if heads:
                _, _, stored, rest = heapq.heappop(heads)
                yield stored
                turn = _push(heads, rest, turn)

    def _backwards(self, path: Path) -> Iterator[Stored]:
        try:
            end = path.stat().st_size
        except FileNotFoundError:
            return
        step = STEP_BYTES
        while end > 0:
            if self._left <= 0:
                self.is_whole = False
                return
            start = max(0, end - step)
            first = journal.next_frame(path, start)
            self._left -= end - start
            if first is None or first >= end:
                if start == 0:
                    return
                step *= 2  # a request larger than the step
                continue
            found, _ = journal.read(path, first, end - first)
            for behind, request in reversed(found):
                if behind <= end and not journal.is_blank(request):
                    yield Stored(path.name, behind, request)
            end, step = first, STEP_BYTES


def _push(
    heads: list[tuple[int, int, Stored, Iterator[Stored]]], rest: Iterator[Stored], turn: int
) -> int:
    stored = next(rest, None)
    if stored is not None:
        heapq.heappush(heads, (-stored.request.received_at, turn, stored, rest))
    return turn + 1


def _written(folder: Path) -> Iterator[tuple[int, Path]]:
    """(UTC ms of the last write, path) of each segment that holds anything."""
    for path in journal.segments(folder):
        try:
            told = path.stat()
        except FileNotFoundError:  # committed and removed this moment
            continue
        if told.st_size:
            yield told.st_mtime_ns // 1_000_000, path


def state_of(folder: Path) -> str:
    """A short text that changes when requests come; cheap."""
    found = [(path.name, at) for at, path in _written(folder)]
    return f"{len(found)}-{max(at for _, at in found)}" if found else ""


def find(folder: Path, segment: str, end: int) -> Stored | None:
    """The request that ends at `end`; None where its segment is gone."""
    path = next((one for one in journal.segments(folder) if one.name == segment), None)
    step = STEP_BYTES
    while path is not None and end > 0:
        start = max(0, end - step)
        first = journal.next_frame(path, start)
        if first is not None and first < end:
            found, _ = journal.read(path, first, end - first)
            at_end = (request for behind, request in found if behind == end)
            request = next(at_end, None)
            if request is None or journal.is_blank(request):
                return None
            return Stored(segment, end, request)
        if start == 0:
            return None
        step *= 2
    return None
