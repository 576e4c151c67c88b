"""Is a source received? One real event is sent the way its SDK would, and followed.

What the pages show is derived from the journal alone, so a test can be looked at again as long as
its request is kept.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from yutang.catalog.records import Request
from yutang.errors import BadInput
from yutang.ingest.live.records import LiveRecord
from yutang.ingest.live.service import Ask, Live
from yutang.ingest.sources import Source

EVENT = "yutang_self_test"
VISITOR = "yutang-self-test"  # whose event it is: one visitor, so that no customer is made up twice
MARKER = "test_id"  # the property that tells one test from another
WAIT_SECONDS = 2.0  # for the journal: an answered request is there already
PAUSE_SECONDS = 0.1
ENDED_WAIT_MS = 15_000  # the worker looks several times a second; longer, and it is not running


@dataclass(frozen=True)
class Answer:
    """What the receiver said. status 0: it could not be reached; `why` then says what happened."""

    status: int
    why: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Outcome:
    """How far a test's event came. answer: None where it was not asked for now. record: as the live
    view shows it, None = not in the journal."""

    answer: Answer | None
    record: LiveRecord | None

    @property
    def is_decoded(self) -> bool:
        return self.record is not None and self.record.event == EVENT and not self.record.problems

    @property
    def is_stored(self) -> bool:
        return self.record is not None and self.record.stored


# (source, event, visitor, a property's name, its value)
MakeRequest = Callable[[Source, str, str, str, str], Request]
Send = Callable[[Request], Answer]


class SelfTest:
    """Self-tests of one brand's sources."""

    def __init__(self, live: Live, make_request: MakeRequest, send: Send) -> None:
        self._live = live
        self._make_request = make_request
        self._send = send

    def run(self, source: Source) -> Outcome:
        """Send, and wait until it stands in the journal. Raises BadInput."""
        if not source.key:
            raise BadInput(
                "The source “%(name)s” has no valid write key.",
                hint="Give it a new key first.",
                name=source.name,
            )
        marker = secrets.token_hex(8)
        answer = self._send(self._make_request(source, EVENT, VISITOR, MARKER, marker))
        until = time.monotonic() + WAIT_SECONDS
        record = None
        while answer.is_success and record is None:
            found = self._live.look(Ask(text=f"{MARKER}={marker}", limit=1)).rows
            record = found[0] if found else None
            if record is None:
                if time.monotonic() > until:
                    break
                time.sleep(PAUSE_SECONDS)
        return Outcome(answer, record)

    def look(self, place: str) -> Outcome:
        """How far the event of an earlier test has come."""
        record = self._live.find(place)
        return Outcome(None, record if record is not None and record.event == EVENT else None)
