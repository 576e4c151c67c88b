"""One batch of tracked records on its way to the lake: which of them bring something new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from yutang.catalog.records import Record
from yutang.ingest.events import ARRIVAL_BITS
from yutang.ingest.known_words import Words
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.keys import record_keys
from yutang.ingest.stream.people import People
from yutang.ingest.stream.profiles import Operations, operations_of
from yutang.ingest.stream.settings import StreamSettings
from yutang.ingest.stream.verdicts import Times, Verdicts, judge, times_of
from yutang.kit import clock
from yutang.lake import Keys
from yutang.workspace import Workspace

NO_EVENT = frozenset({"profile", "item", "alias"})  # acts that are no events


@dataclass
class Batch:
    """n records, judged. arrival: int64 (n), unique among all batches; sources: a name a record;
    acts: bool (n) by name of the act, where there is one besides `event`."""

    arrived: Arrived
    words: Words
    arrival: np.ndarray
    sources: list[str]
    acts: dict[str, np.ndarray]
    times: Times
    verdicts: Verdicts

    def __len__(self) -> int:
        return len(self.arrived)

    @property
    def records(self) -> list[Record]:
        return self.arrived.records

    def is_act(self, act: str) -> np.ndarray:
        """bool (n)"""
        return self.acts.get(act, np.zeros(len(self), bool))

    def aside(self, places: np.ndarray, column: str, reason: str) -> None:
        """Set these records aside."""
        self.verdicts.aside += [(i, column, reason) for i in places.tolist()]


def judged(
    connection: Connection,
    arrived: Arrived,
    words: Words,
    settings: StreamSettings,
    version: int,
) -> Batch:
    """Times corrected, and what is taken at all."""
    acts = {record.act for record in arrived.records} - {"event"}
    times = times_of(arrived, settings)
    return Batch(
        arrived=arrived,
        words=words,
        arrival=(version << ARRIVAL_BITS) + np.arange(len(arrived), dtype=np.int64),
        sources=[arrived.names[i] for i in arrived.source],
        acts={
            act: np.array([record.act == act for record in arrived.records], bool) for act in acts
        },
        times=times,
        verdicts=judge(connection, arrived, times, words, settings),
    )


@dataclass
class News:
    """What of a batch the lake does not hold yet.

    events, known: bool (n), new events and those that came before; asked: places of the events
    whose keys were made (int64, increasing), with their `keys`; operations: on attributes.
    """

    events: np.ndarray
    known: np.ndarray
    asked: np.ndarray
    keys: Keys
    operations: Operations

    def keys_of(self, places: np.ndarray) -> Keys:
        """Keys of the events at these places."""
        return self.keys.take(np.searchsorted(self.asked, places))


def find_news(batch: Batch, workspace: Workspace) -> News:
    """Make the keys of all that is taken, and ask the lake which it holds."""
    days = clock.day_numbers(batch.times.own, workspace.zone)
    taken = batch.verdicts.taken & ~batch.verdicts.blocked
    no_event = np.zeros(len(batch), bool)
    for act in NO_EVENT & batch.acts.keys():
        no_event |= batch.acts[act]
    asked = np.flatnonzero(taken & ~no_event)
    records = batch.records
    made = record_keys(_at(records, asked), _at(batch.sources, asked), days[asked])
    fresh, reused = workspace.lake.look_up("events", made.keys)
    readable = np.ones(len(asked), bool)
    readable[made.unreadable] = False
    batch.aside(asked[~readable], "", "malformed_record")
    batch.aside(asked[reused & readable], "", "id_reused")
    events, known = np.zeros(len(batch), bool), np.zeros(len(batch), bool)
    events[asked] = fresh & ~reused & readable
    known[asked] = ~fresh & ~reused & readable
    with_profile = [
        i
        for i, record in enumerate(records)
        if record.profile and record.act != "item" and taken[i]
    ]
    operations = operations_of(records, with_profile, batch.sources, days, workspace.lake)
    batch.verdicts.aside += operations.wrong
    batch.aside(np.unique(operations.at[operations.reused]), "", "id_reused")
    return News(events, known, asked, made.keys, operations)


def named(batch: Batch, news: News) -> np.ndarray:
    """Places (int64) of the records whose identities count: new facts, aliases, and blocked events
    that also say who somebody is."""
    counts = news.events.copy()
    counts[news.operations.at[news.operations.new]] = True
    counts |= batch.is_act("alias") & batch.verdicts.taken
    if batch.verdicts.blocked.any():
        plain = np.array([record.act == "event" for record in batch.records], bool)
        counts |= batch.verdicts.blocked & ~plain
    return np.flatnonzero(counts)


def drop_nobodys(batch: Batch, news: News, people: People) -> None:
    """New facts that name nobody are set aside; those of erased people are just not taken."""
    operations = news.operations
    lost = news.events.copy()
    lost[operations.at[operations.new]] = True
    lost &= (people.primary == 0) & ~people.refused
    batch.aside(np.flatnonzero(lost), "identities", "missing_identity")
    news.events &= people.primary > 0
    operations.new &= people.primary[operations.at] > 0


def _at(values: list[Any], places: np.ndarray) -> list[Any]:
    return values if len(places) == len(values) else [values[i] for i in places.tolist()]
