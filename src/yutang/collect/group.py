"""Group commit: whatever waits is made durable with one fsync, and then all of it is answered.

While the disk is busy the next group gathers, so the groups grow with the load by themselves. The
event loop makes the bytes of a whole group, a thread of the brand's journal writes them in one
call, and the loop hears back once: they take turns at the interpreter as rarely as can be.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

import structlog

from yutang.catalog.records import Request
from yutang.journal import Group, SegmentWriter
from yutang.kit import clock

log = structlog.get_logger("collect")
GROUP_BYTES = 4 << 20  # so that neither the loop nor those in the group wait long for it
REST_SECONDS = 1.0  # after a failure: until then requests are refused without asking the disk

Ticket = asyncio.Future[Exception | None]  # None: durable; else what went wrong
Waiting = tuple[Request, Ticket]


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be stored: since when (UTC ms), and what the system said."""

    since: int
    why: str


class GroupCommit:
    """One brand's journal in this process. `put` belongs to the event loop."""

    def __init__(
        self,
        writer: SegmentWriter,
        *,
        now: clock.Clock = clock.now_ms,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.writer = writer
        self.trouble: Trouble | None = None
        self._now = now
        self._monotonic = monotonic
        self._rests_until = float("-inf")
        self._waiting: deque[Waiting] = deque()
        self._is_busy = False  # a group is on its way to the disk, or about to be
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> Ticket:
        """Have the request written; the ticket is settled once it is durable, or cannot be."""
        loop = asyncio.get_running_loop()
        ticket: Ticket = loop.create_future()
        self._waiting.append((request, ticket))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._send)  # what else arrives in this turn of the loop goes along
        return ticket

    def is_resting(self) -> bool:
        """Did a write fail a moment ago?"""
        return self.trouble is not None and self._monotonic() < self._rests_until

    def close(self) -> None:
        """End the segment; everybody has been answered before."""
        self._jobs.put(None)
        self._thread.join()

    # --- in the event loop ---
    def _send(self) -> None:
        """The next group, if anybody waits."""
        group: list[Waiting] = []
        size = 0
        while self._waiting and size < GROUP_BYTES:
            group.append(self._waiting.popleft())
            size += len(group[-1][0].body)
        self._is_busy = bool(group)
        if not group:
            self._rest_later()
        elif self.is_resting():
            self._settle(group, OSError("the journal could not be written a moment ago"))
        else:
            try:
                made = self.writer.prepare([request for request, _ in group])
            except Exception as error:  # noqa: BLE001  (nobody else answers those who wait)
                log.error("collect.unwritable", error=type(error).__name__)
                self._settle(group, error)
            else:
                loop = asyncio.get_running_loop()
                self._jobs.put(partial(self._write, made, group, loop))

    def _settle(self, group: list[Waiting], wrong: Exception | None) -> None:
        for _, ticket in group:
            if not ticket.done():
                ticket.set_result(wrong)
        self._send()

    def _rest_later(self) -> None:
        """Nobody waits: end the segment when its time is over, so that its reader may remove it."""
        left = self.writer.seconds_left()
        if self._timer is None and left < float("inf"):
            self._timer = asyncio.get_running_loop().call_later(max(left, 0.0), self._rest)

    def _rest(self) -> None:
        self._timer = None
        if self._is_busy:
            return  # whoever writes next ends it
        if self.writer.seconds_left() <= 0:
            self.writer.close()
        self._rest_later()

    # --- in the journal's thread ---
    def _run(self) -> None:
        while job := self._jobs.get():
            job()
        self.writer.close()

    def _write(self, made: Group, group: list[Waiting], loop: asyncio.AbstractEventLoop) -> None:
        wrong: Exception | None = None
        try:
            self.writer.commit(made)
        # The thread must outlive whatever it meets: nobody else answers those who wait.
        except Exception as error:  # noqa: BLE001
            wrong = self._note(error)
        else:
            if self.trouble is not None:
                log.info("collect.journal_writes_again")
                self.trouble = None
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(self._settle, group, wrong)

    def _note(self, error: Exception) -> Exception:
        why = error.strerror if isinstance(error, OSError) else None
        why = why or type(error).__name__
        if self.trouble is None:
            log.error("collect.journal_failed", error=why)
        self._rests_until = self._monotonic() + REST_SECONDS
        self.trouble = Trouble(self.trouble.since if self.trouble else self._now(), why)
        return error
