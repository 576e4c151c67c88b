"""What one process received, by source; and how many bytes wait in its memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from yutang.catalog.records import Refused


class TurnedAway(Refused):
    """A request refused by the receiver itself; `reason` is what it is counted under."""

    def __init__(self, status: int, why: str, reason: str) -> None:
        super().__init__(status, why)
        self.reason = reason


@dataclass
class Received:
    """One source's requests in this process: taken, their bytes, and refused by reason."""

    requests: int = 0
    bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Counters:
    """`Received` by (brand, source); requests of nobody stand under ("", "")."""

    def __init__(self) -> None:
        self.by_source: dict[tuple[str, str], Received] = {}

    def of(self, brand: str = "", source: str = "") -> Received:
        found = self.by_source.get((brand, source))
        if found is None:
            found = self.by_source[brand, source] = Received()
        return found


class Queue:
    """The bytes of requests that were read and are not durable yet, and their bound."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self.requests = 0

    def enter(self) -> Hold:
        """A request begins. Raises TurnedAway where too much waits already."""
        if self.bytes >= self.limit:
            raise _busy()
        return Hold(self)


class Hold:
    """One request's share of the queue."""

    __slots__ = ("_queue", "size")

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.size = 0
        queue.requests += 1

    def add(self, size: int) -> None:
        """More of it was read. Raises TurnedAway where the bound would be passed."""
        if self._queue.bytes + size > self._queue.limit:
            raise _busy()
        self._queue.bytes += size
        self.size += size

    def leave(self) -> None:
        self._queue.bytes -= self.size
        self._queue.requests -= 1


def _busy() -> TurnedAway:
    return TurnedAway(503, "Too much is waiting to be stored. Send it again shortly.", "busy")
