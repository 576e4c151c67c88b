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
from yutang.ingest.stream.batch import Batch, News, find_news, judged, named
from yutang.ingest.stream.columns import Columns, PropertyColumns, Values
from yutang.ingest.stream.items import ItemRow, item_row, store_items
from yutang.ingest.stream.people import People, drop_nobodys, resolve
from yutang.ingest.stream.profiles import changes, profile_rows
from yutang.ingest.stream.settings import StreamSettings
from yutang.ingest.stream.source_names import SourceOf
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

    def types(self) -> dict[str, str]:
        """Types of the properties that are known and wanted, by case-folded name."""
        return self.words.types()

    def prepare(
        self,
        arrived: Arrived,
        source_of: SourceOf,
        settings: StreamSettings,
        connection: Connection,
        version: int,
    ) -> Prepared:
        """What the batch brings, inside the transaction that notes it."""
        words, workspace = self.words.get(connection), self._workspace
        batch = judged(connection, arrived, source_of, words, settings, version)
        news = find_news(batch, workspace)
        people = resolve(self._identities, connection, batch, named(batch, news), commit_id=version)
        drop_nobodys(batch, news, people)
        stored = np.flatnonzero(news.events)
        columns = self._columns(connection, batch, stored)
        self.words.settle(connection)
        events = _event_rows(batch, news, people, columns, stored, workspace.zone)
        tables, once = {"events": events}, [self._count(columns)]
        operations = changes(
            news.operations, people.primary, batch.times.time, batch.source_of, words,
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
        arrived, n = batch.arrived, len(stored)
        place = np.full(len(batch), -1, np.int64)
        place[stored] = np.arange(n)
        found = {name: values.at(place) for name, values in arrived.values.items()}
        robots = np.flatnonzero(arrived.robot[stored])
        if len(robots):
            found["$is_robot"] = Values(robots, [True] * len(robots))
        if arrived.ip.null_count < len(arrived):
            seen = arrived.ip.take(pa.array(stored))
            found["$ip"] = _addresses(seen, found.get("$ip"))
        at, keyed_hash = self._workspace.now(), self._workspace.keyed_hash
        return PropertyColumns(connection, batch.words, keyed_hash, at).make(found, n)

    def _count(self, columns: Columns) -> Once:
        at = self._workspace.now()
        return partial(dictionary.count_properties, seen=columns.seen, at=at)


def _addresses(seen: pa.Array, told: Values | None) -> Values:
    """Where n events came from: a server that tells its visitor's address knows it better than
    the connection does. seen: text (n)."""
    if told is None or not len(told):
        return Values(np.flatnonzero(np.asarray(seen.is_valid())), [], seen.drop_null())
    found = {i: ip for i, ip in enumerate(seen.to_pylist()) if ip is not None}
    plain = told.plain if told.column is None else told.column.to_pylist()
    found |= dict(zip(told.rows.tolist(), plain, strict=True))
    rows = sorted(found)
    return Values(np.array(rows, np.int64), [found[i] for i in rows])


def _event_rows(
    batch: Batch, news: News, people: People, columns: Columns, stored: np.ndarray, zone: str
) -> pa.Table:
    """Rows of the lake's `events`."""
    keys, times = news.keys_of(stored), batch.times
    time = times.time[stored]
    events = pa.array(batch.arrived.events, pa.string())
    sources = pa.array([source.name for source in batch.sources], pa.string())
    return pa.table(
        {
            "day": iso_days(clock.day_numbers(time, zone)),
            "event": pa.DictionaryArray.from_arrays(batch.arrived.event[stored], events),
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
                batch.source[stored].astype(np.int32), sources
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
        row = item_row(batch.record(i), batch.source_of(i).name, int(batch.times.time[i]))
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
