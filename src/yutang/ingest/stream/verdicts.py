"""What becomes of each record before anything is stored: its times, and whether it is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from yutang.ingest.known_words import Words, unknown_events
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.settings import StreamSettings
from yutang.kit.clock import DAY_MS, EARLIEST, LATEST

# Made from orders when a shard is built; a sender's would count money twice (catalog.events).
RESERVED = frozenset({"order_paid", "order_refunded", "item_bought"})


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
    error = arrived.received - arrived.sent
    error[np.abs(error) <= settings.clock_tolerance_ms] = 0
    error[~arrived.timed] = 0
    return Times(arrived.own, arrived.own + error, arrived.received)


def judge(
    connection: Connection,
    arrived: Arrived,
    times: Times,
    words: Words,
    settings: StreamSettings,
) -> Verdicts:
    """Which records are taken; the others with their reason."""
    future = times.time > times.received + settings.future_ms
    late = (times.time < times.received - settings.late_days * DAY_MS) & ~arrived.old
    # No sender may leave the years that have business days, by either clock.
    future |= (times.time >= LATEST) | (times.own >= 2 * LATEST)
    late = (late | (times.time < EARLIEST) | (times.own < -LATEST)) & ~future
    outside = late | future
    aside = [(i, "time", "time_out_of_range") for i in np.flatnonzero(outside).tolist()]
    taken = ~outside
    for i in arrived.record_keys.unreadable:
        if taken[i]:
            taken[i] = False
            aside.append((i, "", "malformed_record"))
    strange = _strange_events(connection, arrived.events, words)
    for code, event in enumerate(arrived.events):
        if event in strange:
            places = np.flatnonzero(taken & (arrived.event == code))
            taken[places] = False
            aside += [(i, "event", strange[event]) for i in places.tolist()]
    blocked = [code for code, event in enumerate(arrived.events) if event in words.blocked_events]
    return Verdicts(taken, aside, taken & np.isin(arrived.event, blocked), late, future)


def _strange_events(connection: Connection, events: list[str], words: Words) -> dict[str, str]:
    """event name → why records of this name are set aside."""
    names = {event for event in events if event}
    found = dict.fromkeys(names & RESERVED, "reserved_event")
    found |= {name: "name_invalid" for name in names if len(name) > 200 or not name.isprintable()}
    if words.strict:
        unknown = unknown_events(connection, names - words.blocked_events - set(found))
        found |= {name: "not_in_dictionary" for name in unknown if not name.startswith("$")}
    return found
