"""What becomes of each record before anything is stored: its times, and whether it is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from yutang.catalog.records import Record
from yutang.ingest.known_words import Words, unknown_events
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.settings import StreamSettings
from yutang.kit.clock import DAY_MS, EARLIEST, LATEST

# Made from orders when a shard is built; a sender's would count money twice (catalog.events).
RESERVED = frozenset({"order_paid", "order_refunded", "item_bought"})
FAR = 2**62  # of a time that no clock shows


@dataclass
class Times:
    """own: by the sender's clock, or of receipt where he named none; time: corrected; received.

    All int64 ms (n).
    """

    own: np.ndarray
    time: np.ndarray
    received: np.ndarray


@dataclass
class Verdicts:
    """taken: bool (n); aside: (place, column, reason) of those set aside; blocked: places of
    events that are dropped though what they say of identities counts; late, future: bool (n)."""

    taken: np.ndarray
    aside: list[tuple[int, str, str]]
    blocked: np.ndarray
    late: np.ndarray
    future: np.ndarray


def times_of(arrived: Arrived, settings: StreamSettings) -> Times:
    """Correct each time by the error of its sender's clock, where that is known and matters."""
    records = arrived.records
    received = np.array(arrived.received, np.int64)
    own = _times([record.time for record in records], received)
    sent = _times([record.sent_at for record in records], received)
    error = received - sent
    error[np.abs(error) <= settings.clock_tolerance_ms] = 0
    unnamed = np.array([record.time is None for record in records], bool)
    error[unnamed] = 0
    return Times(own, own + error, received)


def judge(
    connection: Connection,
    arrived: Arrived,
    times: Times,
    words: Words,
    settings: StreamSettings,
) -> Verdicts:
    """Which records are taken; the others with their reason."""
    records, n = arrived.records, len(arrived)
    future = times.time > times.received + settings.future_ms
    late = times.time < times.received - settings.late_days * DAY_MS
    if late.any():
        late &= ~np.array([record.old_allowed for record in records], bool)
    # No sender may leave the years that have business days, by either clock.
    future |= (times.time >= LATEST) | (times.own >= 2 * LATEST)
    late = (late | (times.time < EARLIEST) | (times.own < -LATEST)) & ~future
    outside = late | future
    aside = [(i, "time", "time_out_of_range") for i in np.flatnonzero(outside).tolist()]
    taken = ~outside
    blocked = np.zeros(n, bool)
    strange = _strange_events(connection, records, words)
    if strange or not words.blocked_events.isdisjoint(record.event for record in records):
        for i in np.flatnonzero(taken).tolist():
            event = records[i].event
            if event in strange:
                taken[i] = False
                aside.append((i, "event", strange[event]))
            elif event in words.blocked_events:
                blocked[i] = True
    return Verdicts(taken, aside, blocked, late, future)


def _strange_events(connection: Connection, records: list[Record], words: Words) -> dict[str, str]:
    """event name → why records of this name are set aside."""
    names = {record.event for record in records if record.event}
    found = dict.fromkeys(names & RESERVED, "reserved_event")
    found |= {name: "name_invalid" for name in names if len(name) > 200 or not name.isprintable()}
    if words.strict:
        unknown = unknown_events(connection, names - words.blocked_events - set(found))
        found |= {name: "not_in_dictionary" for name in unknown if not name.startswith("$")}
    return found


def _times(values: list[int | None], received: np.ndarray) -> np.ndarray:
    """int64 (n); the time of receipt where there is none."""
    missing = [value is None for value in values]
    try:
        made = np.array([0 if value is None else value for value in values], np.int64)
    except (OverflowError, TypeError, ValueError):
        made = np.array([_bounded(value) for value in values], np.int64)
    return np.where(missing, received, made)


def _bounded(value: object) -> int:
    return max(-FAR, min(FAR, value)) if isinstance(value, int) else -FAR
