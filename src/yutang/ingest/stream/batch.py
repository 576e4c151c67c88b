"""One batch of tracked records on its way to the lake: which of them bring something new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from yutang.catalog.records import Record
from yutang.ingest.events import ARRIVAL_BITS
from yutang.ingest.known_words import Words
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.profiles import Operations, operations_of
from yutang.ingest.stream.settings import StreamSettings
from yutang.ingest.stream.source_names import SourceName, SourceOf
from yutang.ingest.stream.verdicts import Times, Verdicts, judge, times_of
from yutang.kit import clock
from yutang.lake import Keys
from yutang.workspace import Workspace

NO_EVENT = frozenset({"profile", "item", "alias"})  # acts that are no events


@dataclass
class Batch:
    """n records, judged. arrival: int64 (n), unique among all batches; sources, with source:
    int64 (n), index into them."""

    arrived: Arrived
    words: Words
    arrival: np.ndarray
    sources: list[SourceName]
    source: np.ndarray
    key_source: np.ndarray  # index into sources, by write key
    times: Times
    verdicts: Verdicts

    def __len__(self) -> int:
        return len(self.arrived)

    def record(self, place: int) -> Record:
        return self.arrived.record(place)

    def source_of(self, place: int) -> SourceName:
        return self.sources[int(self.source[place])]

    def is_act(self, act: str) -> np.ndarray:
        """bool (n)"""
        return self.arrived.acts.get(act, np.zeros(len(self), bool))

    def aside(self, places: np.ndarray, column: str, reason: str) -> None:
        """Set these records aside."""
        self.verdicts.aside += [(i, column, reason) for i in places.tolist()]


def judged(
    connection: Connection,
    arrived: Arrived,
    source_of: SourceOf,
    words: Words,
    settings: StreamSettings,
    version: int,
) -> Batch:
    """Whose all is, times corrected, and what is taken at all."""
    places: dict[SourceName, int] = {}
    key_source = np.array(
        [places.setdefault(source_of(key), len(places)) for key in arrived.keys], np.int64
    )
    times = times_of(arrived, settings)
    return Batch(
        arrived=arrived,
        words=words,
        arrival=(version << ARRIVAL_BITS) + np.arange(len(arrived), dtype=np.int64),
        sources=list(places),
        source=key_source[arrived.key],
        key_source=key_source,
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
    arrived = batch.arrived
    days = clock.day_numbers(batch.times.own, workspace.zone)
    taken = batch.verdicts.taken & ~batch.verdicts.blocked
    no_event = np.zeros(len(batch), bool)
    for act in NO_EVENT & arrived.acts.keys():
        no_event |= arrived.acts[act]
    asked = np.flatnonzero(taken & ~no_event)
    marks = [source.mark for source in batch.sources]
    keys = arrived.record_keys.of_sources(marks, batch.source, days).take(asked)
    fresh, reused = workspace.lake.look_up("events", keys)
    batch.aside(asked[reused], "", "id_reused")
    events, known = np.zeros(len(batch), bool), np.zeros(len(batch), bool)
    events[asked] = fresh & ~reused
    known[asked] = ~fresh & ~reused
    operations = operations_of(arrived.special, taken, batch.source_of, days, workspace.lake)
    batch.verdicts.aside += operations.wrong
    batch.aside(np.unique(operations.at[operations.reused]), "", "id_reused")
    return News(events, known, asked, keys, operations)


def named(batch: Batch, news: News) -> np.ndarray:
    """Places (int64) of the records whose identities count: new facts, aliases, and blocked events
    that also say who somebody is."""
    counts = news.events.copy()
    counts[news.operations.at[news.operations.new]] = True
    counts |= batch.is_act("alias") & batch.verdicts.taken
    for act in batch.arrived.acts:
        counts |= batch.verdicts.blocked & batch.is_act(act)
    return np.flatnonzero(counts)
