"""Group commit: one thread per brand makes everything durable that waits, with one fsync.

While the disk is busy the next group gathers, so the groups grow with the load by themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from yutang.catalog.records import Request
from yutang.journal import SegmentWriter
from yutang.kit import clock

log = structlog.get_logger("collect")
GROUP_BYTES = 8 << 20  # so that nobody waits long for a group, and its buffer stays small
REST_SECONDS = 1.0  # after a failure: until then requests are refused without asking the disk

# (tickets, what went wrong or None): called in the group's thread.
Settle = Callable[[list[Any], Exception | None], None]


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be stored: since when (UTC ms), and what the system said."""

    since: int
    why: str


class GroupCommit:
    """One brand's journal in this process."""

    def __init__(
        self,
        writer: SegmentWriter,
        settle: Settle,
        *,
        now: clock.Clock = clock.now_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.writer = writer
        self.trouble: Trouble | None = None
        self._settle = settle
        self._now = now
        self._monotonic = monotonic
        self._rests_until = float("-inf")
        self._waiting: SimpleQueue[tuple[Request, Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, request: Request, ticket: Any) -> None:
        """Have the request written; its ticket is settled once it is durable, or cannot be."""
        self._waiting.put((request, ticket))

    def is_resting(self) -> bool:
        """Did a write fail a moment ago?"""
        return self.trouble is not None and self._monotonic() < self._rests_until

    def close(self) -> None:
        """Write what waits and end the segment."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            group, going = self._gather()
            if group:
                self._commit(group)
            elif self.writer.seconds_left() <= 0:
                self.writer.close()  # nobody came for a while: the reader may remove it
        self.writer.close()

    def _gather(self) -> tuple[list[tuple[Request, Any]], bool]:
        """What waits now, at least one unless the segment's time is over; and: shall we go on?"""
        left = self.writer.seconds_left()
        try:
            one = self._waiting.get(timeout=None if left == float("inf") else max(left, 0.0))
        except Empty:
            return [], True
        group, size = [], 0
        while one is not None:
            group.append(one)
            size += len(one[0].body)
            if size >= GROUP_BYTES:
                return group, True
            try:
                one = self._waiting.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _commit(self, group: list[tuple[Request, Any]]) -> None:
        wrong: Exception | None = None
        if self.is_resting():
            wrong = OSError("the journal could not be written a moment ago")
        else:
            try:
                self.writer.append([request for request, _ in group])
                if self.trouble is not None:
                    log.info("collect.journal_writes_again")
                    self.trouble = None
            # The thread must outlive whatever it meets: nobody else answers those who wait.
            except Exception as error:  # noqa: BLE001
                wrong = error
                self._note(error)
        self._settle([ticket for _, ticket in group], wrong)

    def _note(self, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) else None
        why = why or type(error).__name__
        if self.trouble is None:
            log.error("collect.journal_failed", error=why)
        self._rests_until = self._monotonic() + REST_SECONDS
        self.trouble = Trouble(self.trouble.since if self.trouble else self._now(), why)
