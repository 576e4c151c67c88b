"""Requests of the journal, decoded: the records of one batch side by side."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from yutang.catalog.records import (
    Bad,
    Decoded,
    Limits,
    Record,
    Request,
    TrackingProtocol,
    protocol_for,
)
from yutang.ingest.stream.robots import is_robot

log = structlog.get_logger("stream")
UNKNOWN_SOURCE = "unknown"  # the source was removed after the receiver took the request
SHOWN_BYTES = 4_000  # of a request that nobody can read, kept in quarantine
SourceOf = Callable[[str], str | None]  # write key → name of the source


@dataclass
class Unread:
    """A record that could not be read, and where it came from."""

    source: str
    received_at: int
    protocol: str
    bad: Bad


@dataclass
class Arrived:
    """n records of one batch, in the order of their receipt.

    received: UTC ms; source: index into `names`; ip: "" where it is not kept; robot: by the user
    agent. `unread` are the records that are none.
    """

    records: list[Record] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    ip: list[str] = field(default_factory=list)
    robot: list[bool] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records)


class Decoding:
    """Decodes requests one after the other into an `Arrived`."""

    def __init__(
        self, protocols: Sequence[TrackingProtocol], source_of: SourceOf, limits: Limits
    ) -> None:
        self._protocols = protocols
        self._source_of = source_of
        self._limits = limits
        self._protocol: dict[tuple[str, str], TrackingProtocol | None] = {}
        self._names: dict[str, int] = {}
        self._place: dict[str, int] = {}  # write key → place in names
        self._last: tuple[Request, int, str] | None = None
        self.arrived = Arrived()

    def take(self, request: Request) -> None:
        """Add what a request holds. A request that breaks a decoder is set aside whole: the
        stream must go on."""
        place = self._source(request.write_key)
        protocol = self._find(request.method, request.path)
        code = protocol.code if protocol is not None else ""
        self._last = (request, place, code)
        decoded = self._decode(protocol, request)
        out = self.arrived
        n = len(decoded.records)
        out.records += decoded.records
        out.received += [request.received_at] * n
        out.source += [place] * n
        out.ip += [request.ip] * n
        agent = request.headers.get("user-agent", "")
        out.robot += [bool(agent) and is_robot(agent)] * n
        for bad in decoded.bad:
            out.unread.append(Unread(out.names[place], request.received_at, code, bad))

    def unread(self) -> Arrived:
        """The last request alone, as one that nobody can read."""
        assert self._last is not None
        request, place, code = self._last
        name = self.arrived.names[place]
        unread = Unread(name, request.received_at, code, _whole(request))
        return Arrived(names=[name], unread=[unread])

    def _decode(self, protocol: TrackingProtocol | None, request: Request) -> Decoded:
        if protocol is None:
            return Decoded([], [_whole(request)])
        try:
            return protocol.decode(request, self._limits)
        except Exception as error:  # noqa: BLE001 - our mistake, and no reason to stop the stream
            # Where, not what: the error's text may hold a value of the request.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "decoder.broke",
                protocol=protocol.code,
                error=type(error).__name__,
                where=f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}",
            )
            return Decoded([], [_whole(request)])

    def _find(self, method: str, path: str) -> TrackingProtocol | None:
        key = (method, path)
        if key not in self._protocol:
            self._protocol[key] = protocol_for(self._protocols, method, path)
        return self._protocol[key]

    def _source(self, write_key: str) -> int:
        place = self._place.get(write_key)
        if place is None:
            name = self._source_of(write_key) or UNKNOWN_SOURCE
            place = self._names.setdefault(name, len(self._names))
            self._place[write_key] = place
            if place == len(self.arrived.names):
                self.arrived.names.append(name)
        return place


def _whole(request: Request) -> Bad:
    """A request that nobody can read, as one bad record."""
    text = (request.body or request.query)[:SHOWN_BYTES].decode("utf-8", "replace")
    return Bad(0, None, "unreadable_request", None, text)
