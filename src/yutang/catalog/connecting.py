"""The ports between a platform's connector and the features that keep what it brings.

A connector implements ``Reader`` and ``Decoder``; the feature that keeps relations
implements ``Keeper``; the composition root puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from yutang.catalog.relations import Change


class Failure(StrEnum):
    """What a platform's refusal asks of us."""

    WAIT = "wait"  # a limit: the same call is right again after ``wait_s``
    STOP = "stop"  # this connection must not call again until somebody mends it
    REFUSED = "refused"  # this call is not allowed; others may go on
    MISSING = "missing"  # this one thing is not there (any more); go on with the next
    UNKNOWN = "unknown"  # nobody knows whether it was done (cut off, timed out)


class PlatformError(Exception):
    """A platform said no, or nothing.

    ``code`` is the platform's number as text (``http`` and ``network`` where there was
    none), ``place`` the name of the call; ``wait_s`` counts seconds.
    """

    def __init__(
        self, failure: Failure, code: str, place: str, detail: str = "", wait_s: float = 0.0
    ) -> None:
        super().__init__(f"{place}: {code} {detail}".rstrip())
        self.failure = failure
        self.code = code
        self.place = place
        self.detail = detail
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Skipped:
    """One thing that could not be read, and why."""

    id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of a reading brought.

    ``cursor`` is opaque text that goes on from here also in another process;
    ``None`` says that this kind was read to its end. ``total`` is how many there will
    be, where that is known.
    """

    records: tuple[Any, ...]
    cursor: str | None
    skipped: tuple[Skipped, ...] = ()
    total: int | None = None


class Reader(Protocol):
    """Reads what a platform holds, kind by kind, in steps that may be repeated."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there are, in the order in which they must be read."""

    def read(self, kind: str, cursor: str) -> Batch:
        """The step that follows ``cursor`` (empty: the first); raises ``PlatformError``."""

    def read_one(self, kind: str, id: str) -> Batch:
        """One thing as it is now: no record where the platform no longer has it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What keeping some records changed here."""

    read: int = 0
    created: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.read + other.read,
            self.created + other.created,
            self.changed + other.changed,
            self.removed + other.removed,
        )


class Keeper(Protocol):
    """Keeps what was read. Each call may come twice with the same records."""

    def keep(self, kind: str, records: Iterable[Any], *, reading: int, at: int) -> Counts:
        """Keep records that ``reading`` (its number) found at ``at``."""

    def finish(self, kind: str, *, reading: int, started_at: int, at: int) -> Counts:
        """A whole reading came to its end: what it did not show is no more.

        What was added or changed since ``started_at`` by other means stays.
        """


@dataclass(frozen=True, slots=True)
class Opened:
    """A callback that was verified and decrypted.

    ``body`` is the decrypted text, whose hash is its identity; ``name`` is what pages
    call it (``change_external_contact.add_external_contact``).
    """

    body: bytes
    name: str
    changes: tuple[Change, ...]


class Refused(Exception):
    """A callback that is not the platform's (``status`` 403) or cannot be read (400)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Decoder(Protocol):
    """Verifies, decrypts and reads callbacks of one account."""

    def check_url(self, query: Mapping[str, str]) -> str:
        """The text to answer a URL check with; raises ``Refused``."""

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """Verify and decrypt; raises ``Refused``. The time stamp's age is not checked."""

    def decode(self, body: bytes) -> Opened:
        """Read a decrypted body that was stored earlier."""
