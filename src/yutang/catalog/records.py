"""What tracking clients send, in one shape: requests as they came, records as we read them.

A protocol (connectors/sensors, segment, posthog, plain_json) says which requests are its own, whose
they are, how they are answered and what they hold. The receiver writes requests down before it
answers; the worker decodes them later. A protocol is pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec


class Request(msgspec.Struct, array_like=True, gc=False):
    """One HTTP request as the journal keeps it. Text is what the client sent, bytes untouched.

    query: the raw query string. headers: lower-case names, only those a protocol asks for
    (`KEPT_HEADERS`). received_at: UTC ms. ip: as the settings let it be kept, else "".
    write_key: whose it is, filled in by the receiver.
    """

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    body: bytes
    received_at: int
    ip: str = ""
    write_key: str = ""


# What a protocol looks at, to answer (host and x-forwarded-proto: the address a browser's settings
# must name) or to decode.
KEPT_HEADERS = (
    "access-control-request-headers",
    "authorization",
    "content-encoding",
    "content-type",
    "dry-run",
    "host",
    "origin",
    "user-agent",
    "x-forwarded-proto",
)
# Those of them that still mean something once the answer is given: the journal needs no others.
JOURNAL_HEADERS = ("content-encoding", "content-type", "user-agent")


class Record(msgspec.Struct, gc=False):
    """One thing a client said.

    act: `event`, or an event that also says who somebody is: `login` (all identities are one
    person who logged in now), `bind` (they are one person), `unbind` (`identities` holds only what
    is taken away); or no event at all: `profile` (attributes of a person), `item` (a row of a
    dimension table), `alias` (identities and `same` are one person, nothing else happened).
    event: its name, "" where there is none. time: ms by the sender's clock, None where he named
    none. identities: canonical kind (catalog.identity_kinds) → value. message_id: the sender's id,
    None where he has none: then the whole record tells two events apart. sent_at: ms by the
    sender's clock when he sent it, to correct `time`. same: further (kind, value) that are the same
    person, for kinds that occur twice (the id an alias or a sign-up replaces).
    profile: (operation, attribute, value), operations `set`, `set_once`, `increment`, `append`,
    `unset`, `delete` (whole profile, attribute ""). item: (type, id) of act `item`; a deleted row
    has the profile ((`delete`, "", None),).
    old_allowed: the sender says that the time may be as old as it likes.
    misfits: (property, reason, value) of what was left out of `properties` (catalog.reasons).
    raw: the record as it came, transport fields included: for the quarantine and the live view.
    write_key: whose it is where the record itself says so; it goes before that of the request.
    """

    event: str
    time: int | None
    identities: dict[str, str]
    properties: dict[str, Any]
    message_id: str | None = None
    sent_at: int | None = None
    act: str = "event"
    same: tuple[tuple[str, str], ...] = ()
    profile: tuple[tuple[str, str, Any], ...] = ()
    item: tuple[str, str] | None = None
    old_allowed: bool = False
    misfits: tuple[tuple[str, str, Any], ...] = ()
    raw: Any = None
    write_key: str = ""


class Bad(msgspec.Struct, gc=False):
    """A record that cannot be used: its place in the request, which field, why, and itself."""

    position: int
    column: str | None
    reason: str
    value: str | None
    raw: Any


class Decoded(msgspec.Struct, gc=False):
    """What one request held."""

    records: list[Record]
    bad: list[Bad] = []


class Refused(Exception):
    """A request that is not taken at all: an HTTP status, and why in one sentence."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Reply(msgspec.Struct, gc=False):
    """What the receiver answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


class TrackingProtocol(Protocol):
    """The pure side of one tracking protocol."""

    code: str

    def claims(self, method: str, path: str) -> bool:
        """Is a request to this path (any prefix allowed) one of ours?"""
        ...

    def write_key(self, request: Request) -> str:
        """Whose request it is; "" where it does not say. Cheap."""
        ...

    def reply(self, request: Request) -> Reply:
        """The answer once the request stands on the disk. For requests that carry nothing (a
        preflight, browser settings) `stores` is false and this is all there is. Raises Refused
        for a damaged request (a wrong crc, an encrypted body). Cheap: the request's records are
        not decoded here, debug requests excepted."""
        ...

    def stores(self, request: Request) -> bool:
        """Does the request carry records to keep?"""
        ...

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        """The answer that makes this protocol's clients do the right thing: try again for 5xx and
        429, drop for 4xx; with the CORS headers a browser needs to see it."""
        ...

    def decode(self, request: Request, limits: Limits) -> Decoded:
        """The records of a stored request. Never raises for what a client sent: what cannot be
        read is in `bad`."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """The sizes at which a request or record is set aside."""

    body: int = 10_000_000  # bytes as sent
    inflated: int = 50_000_000  # bytes after decompression
    records: int = 1_000  # in one request
    properties: int = 300  # of one record
    nesting: int = 5  # levels of lists and objects in one property
    text: int = 8_191  # characters of one text value


def protocol_for(
    protocols: Sequence[TrackingProtocol], method: str, path: str
) -> TrackingProtocol | None:
    """The first protocol that claims the request."""
    return next((one for one in protocols if one.claims(method, path)), None)
