"""Tracked records → queryable in the lake: events a second, and what each part costs an event.

`python benchmarks/stream.py [EVENTS] [--bare] [--decode [--ahead]]` writes requests of 100 events
with 6
properties into a journal, of 200,000 people who are known already, and lets the worker's intake
take them, without a receiver. The records are decoded beforehand, so what is measured is reading
the journal, keys, identities, columns, the lake and the state; `--decode` sends batches of Segment
and decodes them too (its memory is that of the worker), `--ahead` lets a second process do that
while batches are committed, `--bare` leaves out the identities, which
have a benchmark of their own.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from yutang import reading
from yutang.attributes import Attributes
from yutang.catalog.records import Decoded, Limits, Record, Request
from yutang.connectors.tracking import PROTOCOLS
from yutang.identity import Identities, Resolved
from yutang.ingest import Committer
from yutang.ingest.stream import StreamIntake
from yutang.ingest.stream.source_names import SourceName
from yutang.installation import Installation
from yutang.journal import SegmentWriter
from yutang.workspace import Workspace

EVENTS = 600_000
IN_REQUEST = 100
PEOPLE = 200_000
PAGES = 500
PART = 20_000  # records made at once
HOUR_MS = 3_600_000


class Ready:
    """Requests name the records that were made for them beforehand."""

    code = "ready"

    def __init__(self) -> None:
        self.made: list[list[Record]] = []

    @property
    def protocols(self) -> Sequence[Any]:
        return [self]

    def body(self, records: list[Record]) -> tuple[str, bytes]:
        self.made.append(records)
        return "/", str(len(self.made) - 1).encode()

    def claims(self, method: str, path: str) -> bool:
        return True

    def decode(self, request: Request, limits: Limits) -> Decoded:
        return Decoded(self.made[int(request.body)])


class Segment:
    """Requests as Segment's clients send them."""

    protocols = PROTOCOLS

    def __init__(self) -> None:
        self.made: list[list[Record]] = []

    def body(self, records: list[Record]) -> tuple[str, bytes]:
        batch = [
            {
                "type": "track", "event": one.event, "messageId": one.message_id,
                "timestamp": one.time, "anonymousId": one.identities["anonymous_id"],
                "userId": one.identities.get("login_id"), "properties": one.properties,
            }
            for one in records
        ]  # fmt: skip
        return "/v1/batch", msgspec.json.encode({"batch": batch, "sentAt": records[0].sent_at})


class Timed:
    """Passes calls on and adds up their time."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.seconds = 0.0

    def resolve(self, *arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return self.inner.resolve(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - started


def main() -> None:
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    events = numbers[0] if numbers else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation.create(Path(folder) / "home")
        workspace = installation.workspace(installation.add_brand("main", "bench"))
        bare = "--bare" in sys.argv
        identities = Timed(Bare() if bare else Identities(workspace))
        ready = Segment() if "--decode" in sys.argv else Ready()
        stream = StreamIntake(
            workspace, identities, Attributes(workspace), Committer(workspace), ready.protocols,  # type: ignore[arg-type,list-item]
            source_of=lambda _key: SourceName("app", "app"),
            reader=reading.command(Limits()) if "--ahead" in sys.argv else (),
        )  # fmt: skip
        draw = random.Random(7)
        before = workspace.now() - HOUR_MS
        for start in range(0, PEOPLE, PART):
            people = range(start, start + PART)
            part = [record(draw, n, before, person=n) for n in people]
            put(workspace, fill(ready, part, before))
        stream.drain()  # everybody is known, and what is loaded once is loaded
        ready.made.clear()
        first = workspace.lake.count("events")
        now = workspace.now()
        for start in range(0, events, PART):
            part = [record(draw, PEOPLE + start + n, now) for n in range(PART)]
            put(workspace, fill(ready, part, now))
        identities.seconds, batches = 0.0, 0
        started, used = time.perf_counter(), time.process_time()
        while stream.step():
            batches += 1
        seconds, used = time.perf_counter() - started, time.process_time() - used
        assert workspace.lake.count("events") == first + events
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"events                     {events:>12,} in {batches} batches")
        print(f"journal → lake             {events / seconds:>12,.0f} events/s")
        print(f"of it identities           {identities.seconds / events * 1e6:>12.2f} µs/event")
        rest = (seconds - identities.seconds) / events * 1e6
        print(f"the rest                   {rest:>12.2f} µs/event")
        print(f"processor                  {used / events * 1e6:>12.2f} µs/event")
        with_records = "" if "--decode" in sys.argv else " (the records made beforehand too)"
        print(f"largest memory             {peak:>12,.0f} MB{with_records}")


class Bare:
    """Stands for identities that cost nothing."""

    def resolve(self, _connection: Any, columns: Any, **_named: Any) -> Resolved:
        n = len(next(iter(columns.values())))
        return Resolved(np.ones(n, np.int64), np.zeros(n, bool), frozenset(), 0)


def put(workspace: Workspace, requests: Sequence[Request]) -> None:
    writer = SegmentWriter(workspace.journal)
    for start in range(0, len(requests), 50):
        writer.append(requests[start : start + 50])
    writer.close()


def fill(ready: Ready | Segment, records: list[Record], now: int) -> Sequence[Request]:
    requests = []
    for first in range(0, len(records), IN_REQUEST):
        path, body = ready.body(records[first : first + IN_REQUEST])
        requests.append(Request("POST", path, b"", {"user-agent": "bench"}, body, now, "", "key"))
    return requests


def record(draw: random.Random, number: int, now: int, person: int | None = None) -> Record:
    person = draw.randrange(PEOPLE) if person is None else person
    identities = {"anonymous_id": f"a{person:08d}"}
    if person % 2:
        identities["login_id"] = f"member-{person}"
    return Record(
        event=("page_viewed", "product_viewed", "cart_added")[number % 3],
        time=now - draw.randrange(60_000),
        identities=identities,
        properties={
            "page": f"/p/{draw.randrange(PAGES)}", "price": draw.randrange(10_000) / 100,
            "n": number % 7, "first": number % 5 == 0, "ref": "direct",
            "title": f"商品 {draw.randrange(1000)}",
        },
        message_id=f"{number:032x}",
        sent_at=now,
    )  # fmt: skip


if __name__ == "__main__":
    main()
