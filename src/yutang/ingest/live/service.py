"""The live view: events arriving now, for the engineer who installs an SDK.

It reads the newest part of the journal each time it is asked and keeps nothing: receivers write
it, the worker removes it some minutes after it was committed.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import func, select

from yutang import journal
from yutang.catalog.records import Decoded, Limits, Request, TrackingProtocol, protocol_for
from yutang.ingest.live.records import (
    Found,
    LiveRecord,
    found_in,
    matches,
    row_of,
    unreadable,
)
from yutang.ingest.live.tail import Stored, Tail, find, state_of
from yutang.ingest.sources import Source
from yutang.state.brand import commits
from yutang.workspace import Workspace

log = structlog.get_logger("live")
MOST = 200  # records at once
# What one look may cost: some hundredths of a second on an idle machine, half a second in all for
# a search that finds nothing.
READ_BYTES = 8 << 20
LOOKED_AT = 20_000
GLANCE_BYTES = 1 << 20  # for what needs no more than the last seconds of a busy source
SEPARATOR = "_"  # of the parts of a place; stands in no segment's name


@dataclass(frozen=True)
class Ask:
    """text: words that must all occur; source: its name; problems: only records with one;
    budget: bytes of the journal that may be read; most: records that may be looked at."""

    text: str = ""
    source: str = ""
    problems: bool = False
    limit: int = MOST
    budget: int = READ_BYTES
    most: int = LOOKED_AT


@dataclass(frozen=True)
class Look:
    """rows: newest first. looked_at: how many records were looked through, back to `since` (UTC ms;
    None: none is there). is_whole: all that the journal keeps was looked through. state: changes
    when the journal does."""

    rows: tuple[LiveRecord, ...]
    looked_at: int
    since: int | None
    is_whole: bool
    state: str


@dataclass(frozen=True)
class Waiting:
    """What receivers wrote and the worker has not committed: bytes, segments that hold them, and
    when the oldest request came (UTC ms; None: nothing waits)."""

    bytes: int
    segments: int
    oldest_at: int | None
    kept_bytes: int


class Listed(Protocol):
    """Where sources are known (`Sources`)."""

    def list_(self) -> list[Source]: ...


@dataclass
class _Names:
    """Write key → source's name; positions: segment → committed up to."""

    sources: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)


class Live:
    """The live view of one brand."""

    def __init__(
        self,
        workspace: Workspace,
        sources: Listed,
        protocols: Sequence[TrackingProtocol],
        limits: Limits,
    ) -> None:
        self._workspace = workspace
        self._sources = sources
        self._protocols = tuple(protocols)
        self._limits = limits

    def state(self) -> str:
        """A text that changes when requests come: whoever saw it need not look again."""
        return state_of(self._workspace.journal)

    def look(self, ask: Ask) -> Look:
        """The newest records that match."""
        state = self.state()
        names = self._names()
        tail = Tail(self._workspace.journal, ask.budget)
        terms = ask.text.casefold().split()
        rows: list[LiveRecord] = []
        looked_at, since, is_cut = 0, None, False
        for stored, protocol, found in self._records(tail):
            looked_at, since = looked_at + 1, stored.request.received_at
            source = names.sources.get(found.write_key or stored.request.write_key, "")
            if (
                (not ask.problems or found.is_problem)
                and (not ask.source or source == ask.source)
                and matches(found, source, terms)
            ):
                rows.append(_row(stored, protocol, found, source, names))
            if len(rows) >= min(ask.limit, MOST) or looked_at >= ask.most:
                is_cut = True
                break
        return Look(tuple(rows), looked_at, since, tail.is_whole and not is_cut, state)

    def find(self, place: str) -> LiveRecord | None:
        """One record; None where its request is no longer kept."""
        name, _, rest = place.partition(SEPARATOR)
        end, _, index = rest.partition(SEPARATOR)
        if not (end.isascii() and end.isdigit() and index.isascii() and index.isdigit()):
            return None
        stored = find(self._workspace.journal, f"{name}.journal", int(end))
        if stored is None:
            return None
        protocol, decoded = self._decode(stored.request)
        found = next((one for one in found_in(decoded) if one.index == int(index)), None)
        if found is None:
            return None
        names = self._names()
        source = names.sources.get(found.write_key or stored.request.write_key, "")
        return _row(stored, protocol, found, source, names)

    def last_seen(self) -> dict[str, int]:
        """Source → when its newest request came (UTC ms), of those the journal still keeps."""
        names = {key.key: one.name for one in self._sources.list_() for key in one.keys}
        found: dict[str, int] = {}
        for stored in Tail(self._workspace.journal, GLANCE_BYTES):
            source = names.get(stored.request.write_key)
            if source is not None:
                found.setdefault(source, stored.request.received_at)
        return found

    def waiting(self) -> Waiting:
        """How far behind the worker is."""
        positions = self._positions()
        waits, kept, held, oldest = 0, 0, 0, None
        for path in journal.segments(self._workspace.journal):
            done = positions.get(path.name, 0)
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                continue
            kept += size
            if size > done:
                first, _ = journal.read(path, done, 1)
                if first:  # else a torn end, which nobody was told is stored
                    waits, held = waits + size - done, held + 1
                    at = first[0][1].received_at
                    oldest = at if oldest is None else min(at, oldest)
        return Waiting(waits, held, oldest, kept)

    # --- inside ------------------------------------------------------------------------------
    def _records(self, tail: Tail) -> Iterator[tuple[Stored, str, Found]]:
        for stored in tail:
            protocol, decoded = self._decode(stored.request)
            for found in reversed(found_in(decoded)):
                yield stored, protocol, found

    def _decode(self, request: Request) -> tuple[str, Decoded]:
        protocol = protocol_for(self._protocols, request.method, request.path)
        if protocol is None:
            return "", unreadable(request)
        try:
            return protocol.code, protocol.decode(request, self._limits)
        except Exception as error:  # noqa: BLE001 - our mistake; the others are shown all the same
            # Where, not what: the error's text may hold a value of the request.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
            log.error("live.broke", error=type(error).__name__, where=where)
            return protocol.code, unreadable(request)

    def _names(self) -> _Names:
        keys = {key.key: one.name for one in self._sources.list_() for key in one.keys}
        return _Names(keys, self._positions())

    def _positions(self) -> dict[str, int]:
        there = [path.name for path in journal.segments(self._workspace.journal)]
        if not there:
            return {}
        query = (
            select(commits.c.journal, func.max(commits.c.position))
            .where(commits.c.journal.in_(there), commits.c.status == "done")
            .group_by(commits.c.journal)
        )
        with self._workspace.db.read() as connection:
            return {str(name): int(end) for name, end in connection.execute(query)}


def _row(stored: Stored, protocol: str, found: Found, source: str, names: _Names) -> LiveRecord:
    name = stored.segment.removesuffix(".journal")
    return row_of(
        found,
        stored.request,
        place=SEPARATOR.join((name, str(stored.end), str(found.index))),
        source=source,
        protocol=protocol,
        stored=names.positions.get(stored.segment, 0) >= stored.end,
    )
