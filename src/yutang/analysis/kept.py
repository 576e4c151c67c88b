"""Answers that are kept: the same question of the same facts on the same day is counted once.

Bounded in bytes, the answers unused for longest go first. Who asks what is being counted at that
moment waits for it instead of counting it a second time.
"""

from __future__ import annotations

import pickle
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from yutang.analysis.contract import Result

# About 3,000 usual answers; one that is larger than a quarter of it is not kept.
MOST_BYTES = 64_000_000


@dataclass
class _Kept:
    result: Result
    size: int


class Answers:
    """Kept answers of a process; thread-safe. A result is shared: nobody changes it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._busy: dict[Hashable, threading.Event] = {}
        self.bytes = 0

    def get(self, source: Any, question: Hashable, make: Callable[[], Result]) -> Result:
        """The kept answer, else what `make` finds. source: the facts it is asked of, an object
        that stands for one state of them; answers of a state nobody has open any more are not
        found again. What `make` raises is raised to whoever waits, too: he asks himself."""
        key = (weakref.ref(source), question)
        while True:
            with self._lock:
                found = self._kept.get(key)
                if found is not None:
                    self._kept.move_to_end(key)
                    return found.result
                waiting = self._busy.get(key)
                if waiting is None:
                    self._busy[key] = threading.Event()
                    break
            waiting.wait()
        try:
            result = make()
            self._keep(key, result)
            return result
        finally:
            with self._lock:
                self._busy.pop(key).set()

    def _keep(self, key: Hashable, result: Result) -> None:
        size = len(pickle.dumps(result))
        if size > self._most // 4:
            return
        with self._lock:
            self._kept[key] = _Kept(result, size)
            self.bytes += size
            while self.bytes > self._most:
                _, gone = self._kept.popitem(last=False)
                self.bytes -= gone.size
