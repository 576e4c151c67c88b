"""Executors: plan → one partial per view → merge.

`Threads` serves one machine: kernels and numpy let go of the interpreter lock. `cluster.Ray` serves
several. Views are cut by customer so that each has about as many rows as the others.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from yutang.sequence.shard import Shard, ShardSet
from yutang.sequence.view import View

T = TypeVar("T")

# Large enough that a view's fixed cost vanishes, small enough that its scratch arrays stay in
# tens of megabytes.
ROWS_PER_VIEW = 2_000_000
_FEWEST_ROWS = 65_536
_VIEWS_PER_THREAD = 4


def threads() -> int:
    """How many threads work at once: the processors this process may use."""
    return len(os.sched_getaffinity(0))


class Executor(Protocol):
    """Whoever runs work over the views of a shard set."""

    def run(self, shards: ShardSet, work: Callable[[View], T]) -> list[T]:
        """`work` of every view, in the order of the views. What `work` returns may be read-only."""
        ...


class Span(NamedTuple):
    """A view by numbers: customers [first, end) of shard `shard` of a set, by position."""

    shard: int
    first: int
    end: int

    def of(self, shards: ShardSet) -> View:
        return View(shards, shards.shards[self.shard], self.first, self.end)


def spans(shards: ShardSet, *, workers: int = 1, most: int = ROWS_PER_VIEW) -> list[Span]:
    """All visible facts as spans of about the same number of rows, at most about `most`."""
    total = sum(shard.rows for shard in shards.shards)
    size = min(max(total // (workers * _VIEWS_PER_THREAD), min(_FEWEST_ROWS, most)), most)
    return [
        Span(number, first, end)
        for number, shard in enumerate(shards.shards)
        for first, end in _cut_shard(shard, max(size, 1))
    ]


def cut(shards: ShardSet, *, workers: int = 1, most: int = ROWS_PER_VIEW) -> list[View]:
    """The same as views."""
    return [span.of(shards) for span in spans(shards, workers=workers, most=most)]


def _cut_shard(shard: Shard, size: int) -> list[tuple[int, int]]:
    if shard.rows == 0:
        return []
    parts = -(-shard.rows // size)
    targets = np.linspace(0, shard.rows, parts + 1)[1:-1]
    cuts = np.unique(np.searchsorted(shard.offsets, targets))
    edges = np.unique(np.concatenate([[0], cuts, [shard.customers.size]])).tolist()
    return list(pairwise(edges))


class Threads:
    """Runs work over the views of a shard set in a pool of threads."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or threads()
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def run(self, shards: ShardSet, work: Callable[[View], T]) -> list[T]:
        """`work` of every view, in the order of the views."""
        views = cut(shards, workers=self.workers)
        if len(views) <= 1 or self.workers == 1:
            return [work(view) for view in views]
        return list(self._threads().map(work, views))

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="kernel")
            return self._pool
