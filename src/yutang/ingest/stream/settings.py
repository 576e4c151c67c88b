"""How a brand takes tracked events; every value has a default that works."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection

from yutang.errors import BadInput
from yutang.ingest.brand_meta import get_meta, set_meta

KEY = "stream"  # in `meta`


@dataclass(frozen=True)
class StreamSettings:
    """clock_tolerance_ms: a sender's clock that is wrong by less is left alone (the way through
    the net takes time too). late_days, future_ms: facts older or further ahead, by the corrected
    clock, are set aside. keep_ms, keep_bytes: how long, and how much of, what was committed stays
    in the journal for the live view. batch_events: most events of one commit. flush_ms: a few
    events wait at most so long for company."""

    clock_tolerance_ms: int = 60_000
    late_days: int = 180
    future_ms: int = 3_600_000
    keep_ms: int = 15 * 60_000
    keep_bytes: int = 64 << 20
    batch_events: int = 30_000
    flush_ms: int = 600

    def __post_init__(self) -> None:
        for one in fields(self):
            if getattr(self, one.name) < (one.name == "batch_events"):
                raise BadInput("“%(name)s” is too small.", name=one.name)


def load(connection: Connection) -> StreamSettings:
    """The brand's settings; unknown names of an older program are left out."""
    stored = json.loads(get_meta(connection, KEY) or "{}")
    known = {one.name for one in fields(StreamSettings)}
    return StreamSettings(**{name: int(n) for name, n in stored.items() if name in known})


def save(connection: Connection, settings: StreamSettings) -> None:
    """Store the settings."""
    set_meta(connection, KEY, json.dumps(asdict(settings)))
