"""One batch of tracked records → facts, as `ingest.commit` takes them.

times and verdicts → keys: what is new → who it is about → columns → rows, misfits, counts
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from yutang.attributes import Attributes
from yutang.identity import Identities
from yutang.ingest import dictionary
from yutang.ingest.commit import Prepared
from yutang.ingest.known_words import WordCache
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.batch import Batch, News, drop_nobodys, find_news, judged, named
from yutang.ingest.stream.columns import Columns, PropertyColumns, gather
from yutang.ingest.stream.items import ItemRow, item_row, store_items
from yutang.ingest.stream.people import People, resolve
from yutang.ingest.stream.profiles import changes, profile_rows
from yutang.ingest.stream.settings import StreamSettings
from yutang.ingest.stream.tally import counts_of, misfits_of
from yutang.kit import clock
from yutang.kit.columns import iso_days
from yutang.workspace import Workspace

Once = Callable[[Connection], None]


class Preparing:
    """Makes tracked records of one brand into facts; for the one writer."""

    def __init__(
        self, workspace: Workspace, identities: Identities, attributes: Attributes
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._attributes = attributes
        self.words = WordCache()

    def prepare(
        self, arrived: Arrived, settings: StreamSettings, connection: Connection, version: int
    ) -> Prepared:
        """What the batch brings, inside the transaction that notes it."""
        words, workspace = self.words.get(connection), self._workspace
        batch = judged(connection, arrived, words, settings, version)
        news = find_news(batch, workspace)
        people = resolve(
            self._identities, connection, batch.records, batch.sources, named(batch, news),
            batch.times.time, commit_id=version,
        )  # fmt: skip
        drop_nobodys(batch, news, people)
        stored = np.flatnonzero(news.events)
        columns = self._columns(connection, batch, stored)
        self.words.settle(connection)
        events = _event_rows(batch, news, people, columns, stored, workspace.zone)
        tables, once = {"events": events}, [self._count(columns)]
        operations = changes(
            news.operations, people.primary, batch.times.time, batch.sources, words,
            workspace.keyed_hash,
        )  # fmt: skip
        if operations:
            tables["profiles"] = profile_rows(
                news.operations, operations, batch.arrival, batch.times.received, workspace.zone
            )
            once.append(partial(self._attributes.take, operations=operations, commit_id=version))
        items, is_item = _items(batch)
        if items:
            once.append(partial(store_items, rows=items))
        misfits = misfits_of(connection, batch, stored, columns.misfits, workspace.keyed_hash)
        sources = counts_of(batch, news, people, is_item, misfits)
        volumes = pc.value_counts(events.column("event").combine_chunks()).to_pylist()
        return Prepared(
            tables=tables,
            counts=_sum(sources),
            misfits=misfits,
            changed=people.changed,
            volumes={one["values"]: one["counts"] for one in volumes},
            sources=sources,
            once=once,
        )

    def _columns(self, connection: Connection, batch: Batch, stored: np.ndarray) -> Columns:
        """Property columns of the events at `stored`."""
        rows, records, ips = stored.tolist(), batch.records, batch.arrived.ip
        gathered = gather([records[i].properties for i in rows])
        robots = np.flatnonzero(np.array(batch.arrived.robot, bool)[stored]).tolist()
        if robots:
            gathered.found["$is_robot"] = (robots, [True] * len(robots))
        told = dict(zip(*gathered.found.get("$ip", ([], [])), strict=True))
        seen = {k: ip for k, i in enumerate(rows) if (ip := ips[i])}
        if seen:  # a server that tells its visitor's address knows it better than we do
            merged = dict(sorted((seen | told).items()))
            gathered.found["$ip"] = (list(merged), list(merged.values()))
        at, keyed_hash = self._workspace.now(), self._workspace.keyed_hash
        return PropertyColumns(connection, batch.words, keyed_hash, at).make(gathered)

    def _count(self, columns: Columns) -> Once:
        at = self._workspace.now()
        return partial(dictionary.count_properties, seen=columns.seen, at=at)


def _event_rows(
    batch: Batch, news: News, people: People, columns: Columns, stored: np.ndarray, zone: str
) -> pa.Table:
    """Rows of the lake's `events`."""
    keys, times = news.keys_of(stored), batch.times
    time = times.time[stored]
    records = batch.records
    names = pa.array([records[i].event for i in stored.tolist()], pa.string())
    place = np.array(batch.arrived.source, np.int32)[stored]
    return pa.table(
        {
            "day": iso_days(clock.day_numbers(time, zone)),
            "event": names.dictionary_encode(),
            "time": time,
            "client_time": times.own[stored],
            "received_at": times.received[stored],
            "arrival": batch.arrival[stored],
            "event_key": keys.to_arrow(),
            "key_day": pa.array(keys.day, pa.int32()),
            "content": keys.content.view(np.int64),
            # No file has this row: its arrival stands for it, unique among all batches.
            "row": batch.arrival[stored],
            "identity": people.primary[stored],
            "source": pa.DictionaryArray.from_arrays(
                pa.array(place), pa.array(batch.arrived.names, pa.string())
            ),
            "import_id": pa.nulls(len(stored), pa.int64()),
            **columns.made,
        }
    )


def _items(batch: Batch) -> tuple[list[ItemRow], np.ndarray]:
    """Rows of dimension tables, and which records they are (bool, n)."""
    is_item = batch.is_act("item") & batch.verdicts.taken
    found = []
    for i in np.flatnonzero(is_item).tolist():
        row = item_row(batch.records[i], batch.sources[i], int(batch.times.time[i]))
        if row is None:
            is_item[i] = False
            batch.aside(np.array([i]), "item", "malformed_record")
        else:
            found.append(row)
    return found, is_item


def _sum(sources: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in sources.values():
        for name, n in counts.items():
            total[name] = total.get(name, 0) + n
    return {"events": 0, **total}
