"""Requests of the journal → the records they hold, one request after the other."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
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
SHOWN_BYTES = 4_000  # of a request that nobody can read, kept in quarantine


@dataclass
class Unread:
    """A record that could not be read, and where it came from. key: index into the write keys."""

    key: int
    received_at: int
    protocol: str
    bad: Bad


@dataclass
class Taken:
    """What m requests hold, in the order of their receipt: n records in `records`.

    Of each request: how many records (count), when it came (received, UTC ms), under which write
    key (index into `keys`), from where ("" where it is not kept), whether a robot sent it, and the
    offset behind its frame (end).
    """

    records: list[Record] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    key: list[int] = field(default_factory=list)
    ip: list[str] = field(default_factory=list)
    robot: list[bool] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def add(
        self, records: Sequence[Record], *, received: int, key: int, ip: str = "",
        robot: bool = False, end: int = 0,
    ) -> None:  # fmt: skip
        """One request more."""
        self.records += records
        self.count.append(len(records))
        self.received.append(received)
        self.key.append(key)
        self.ip.append(ip)
        self.robot.append(robot)
        self.end.append(end)

    def key_of(self, write_key: str) -> int:
        """The write key's index. (There are few in one batch.)"""
        if write_key not in self.keys:
            self.keys.append(write_key)
        return self.keys.index(write_key)


class Decoding:
    """Decodes requests one after the other. Pure but for the log."""

    def __init__(self, protocols: Sequence[TrackingProtocol], limits: Limits) -> None:
        self._protocols = protocols
        self._limits = limits
        self._protocol: dict[tuple[str, str], TrackingProtocol | None] = {}
        self._last: Request | None = None
        self.taken = Taken()

    def take(self, request: Request, end: int = 0) -> None:
        """Add what a request holds; end: the offset behind its frame. A request that breaks a
        decoder is set aside whole: the stream must go on."""
        self._last = request
        key = self.taken.key_of(request.write_key)
        protocol = self._find(request.method, request.path)
        code = protocol.code if protocol is not None else ""
        decoded = self._decode(protocol, request)
        agent = request.headers.get("user-agent", "")
        self.taken.add(
            decoded.records, received=request.received_at, key=key, ip=request.ip,
            robot=bool(agent) and is_robot(agent), end=end,
        )  # fmt: skip
        self.taken.unread += [
            Unread(key, request.received_at, code, bad) for bad in decoded.bad
        ]  # fmt: skip

    def unread(self) -> Taken:
        """The last request alone, as one that nobody can read."""
        assert self._last is not None
        request = self._last
        protocol = self._find(request.method, request.path)
        code = protocol.code if protocol is not None else ""
        unread = Unread(0, request.received_at, code, _whole(request))
        return Taken(keys=[request.write_key], unread=[unread])

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


def _whole(request: Request) -> Bad:
    """A request that nobody can read, as one bad record."""
    text = (request.body or request.query)[:SHOWN_BYTES].decode("utf-8", "replace")
    return Bad(0, None, "unreadable_request", None, text)
