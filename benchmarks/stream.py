"""Tracked records → queryable in the lake: events a second, and what each part costs an event.

`python benchmarks/stream.py [EVENTS]` writes requests of 100 events with 6 properties into a
journal and lets the worker's intake take them, without a receiver and with records that are
decoded beforehand: so what is measured is reading the journal, keys, identities, columns, the lake
and the state. Beside it: the share of the identities, which have a benchmark of their own.
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

import numpy as np

from yutang.attributes import Attributes
from yutang.catalog.records import Decoded, Limits, Record, Request
from yutang.identity import Identities, Resolved
from yutang.ingest import Committer
from yutang.ingest.stream import StreamIntake
from yutang.installation import Installation
from yutang.journal import SegmentWriter

EVENTS = 600_000
IN_REQUEST = 100
PEOPLE = 200_000
PAGES = 500


class Ready:
    """Requests name the records that were made for them beforehand."""

    code = "ready"

    def __init__(self) -> None:
        self.made: list[list[Record]] = []

    def claims(self, method: str, path: str) -> bool:
        return True

    def decode(self, request: Request, limits: Limits) -> Decoded:
        return Decoded(self.made[int(request.body)])


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
        ready = Ready()
        stream = StreamIntake(
            workspace, identities, Attributes(workspace), Committer(workspace), [ready],  # type: ignore[arg-type,list-item]
            source_of=lambda _key: "app",
        )  # fmt: skip
        requests = fill(ready, events, workspace.now())
        writer = SegmentWriter(workspace.journal)
        for start in range(0, len(requests), 50):
            writer.append(requests[start : start + 50])
        writer.close()
        stream.step()  # loads what is loaded once
        identities.seconds, batches = 0.0, 0
        events -= (first := workspace.lake.count("events"))
        started, used = time.perf_counter(), time.process_time()
        while stream.step():
            batches += 1
        seconds, used = time.perf_counter() - started, time.process_time() - used
        events += first
        assert workspace.lake.count("events") == events
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"events                     {events:>12,} in {batches} batches")
        print(f"journal → lake             {events / seconds:>12,.0f} events/s")
        print(f"of it identities           {identities.seconds / events * 1e6:>12.2f} µs/event")
        rest = (seconds - identities.seconds) / events * 1e6
        print(f"the rest                   {rest:>12.2f} µs/event")
        print(f"processor                  {used / events * 1e6:>12.2f} µs/event")
        print(f"largest memory             {peak:>12,.0f} MB (the records made beforehand too)")


class Bare:
    """Stands for identities that cost nothing."""

    def resolve(self, _connection: Any, columns: Any, **_named: Any) -> Resolved:
        n = len(next(iter(columns.values())))
        return Resolved(np.ones(n, np.int64), np.zeros(n, bool), frozenset(), 0)


def fill(ready: Ready, events: int, now: int) -> Sequence[Request]:
    draw = random.Random(7)
    requests = []
    for first in range(0, events, IN_REQUEST):
        ready.made.append([record(draw, first + i, now) for i in range(IN_REQUEST)])
        body = str(len(ready.made) - 1).encode()
        requests.append(Request("POST", "/", b"", {"user-agent": "bench"}, body, now, "", "key"))
    return requests


def record(draw: random.Random, number: int, now: int) -> Record:
    person = draw.randrange(PEOPLE)
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
