"""Attributes of customers, from profile records.

The lake's `profiles` table holds every operation and is the truth; the state table `attributes`
is what they come to by identity and source, changed in the transaction that commits a batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from sqlalchemy import Connection, select, text

from yutang.attributes import repository
from yutang.attributes.repository import Who
from yutang.attributes.rules import Attribute, Operation, Said, State, fold, of_person, step
from yutang.lake import arrow_of, one_of
from yutang.state.brand import meta
from yutang.workspace import Workspace

PRIORITY = "attribute_sources"  # in `meta`: names of sources, the most trusted first
COLUMNS = ("identity", "source", "op", "name", "value", "time", "event_key")
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Change:
    """One operation as it was told: time, receipt UTC ms."""

    operation: str
    name: str
    value: Any
    source: str
    time: int
    received_at: int


class Attributes:
    """Attributes of one brand's customers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of_customer(self, ids: Sequence[int]) -> list[Attribute]:
        """Attributes, by name, of somebody with these identities (ids)."""
        with self._workspace.db.read() as connection:
            states = repository.states_of(connection, ids)
            priority = _priority(connection)
        said = (
            Said(identity, name, source, state)
            for (identity, source), of in states.items()
            for name, state in of.items()
        )
        return of_person(said, priority)

    def history(self, ids: Sequence[int], name: str) -> list[Change]:
        """All that was said of an attribute, deletions of the whole profile included, newest
        first."""
        mine = ds.field("identity").isin(pa.array(list(ids), pa.int64()))
        named = arrow_of([[one_of("name", [name])], [one_of("op", ["delete"])]])
        rows = self._workspace.lake.scan("profiles", [*COLUMNS, "received_at"], mine & named)
        found = [
            Change(
                row["op"], row["name"], json.loads(row["value"]), row["source"], row["time"],
                row["received_at"],
            )
            for row in rows.to_pylist()
        ]  # fmt: skip
        return sorted(found, key=lambda one: (-one.time, -one.received_at))

    def priority(self) -> list[str]:
        """Names of sources, the most trusted first."""
        with self._workspace.db.read() as connection:
            return _priority(connection)

    def set_priority(self, sources: Sequence[str]) -> None:
        """Say which source is believed before which; those left out come last, alike."""
        with self._workspace.db.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO meta (key, value) VALUES (:key, :value)"
                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
                ),
                {"key": PRIORITY, "value": json.dumps(list(dict.fromkeys(sources)))},
            )

    # --- the writer ----------------------------------------------------------------------------
    def take(self, connection: Connection, operations: Sequence[Operation], commit_id: int) -> None:
        """Change the attributes by operations that the lake does not hold yet, once."""
        before = repository.states_of(connection, (one.identity for one in operations))
        after: dict[Who, dict[str, State]] = {}
        again: set[Who] = set()
        for one in sorted(operations, key=lambda one: (one.time, one.key)):
            who = (one.identity, one.source)
            states = after.setdefault(who, dict(before.get(who, {})))
            if who not in again and not step(states, one):
                again.add(who)
        for who, found in self._folded(again, operations):
            after[who] = found
        repository.put(connection, before, after, commit_id)

    def rebuild(self) -> int:
        """Make all states again from the lake; the number of (identity, source) pairs."""
        made = 0
        with self._workspace.db.write() as connection:
            repository.clear(connection)
            newest = self._workspace.lake.highest("commit_id")
            for who, found in self._folded(None, ()):
                repository.add(connection, {who: found}, newest)
                made += 1
        return made

    def forget(self, connection: Connection, ids: Sequence[int]) -> int:
        """Remove the attributes of these identities; the number of rows."""
        return repository.remove(connection, ids)

    # --- inside --------------------------------------------------------------------------------
    def _folded(
        self, wanted: set[Who] | None, more: Sequence[Operation]
    ) -> Iterator[tuple[Who, dict[str, State]]]:
        """(identity, source) → states, from all operations in the lake (None: of everybody) and
        those beside it."""
        if wanted is not None and not wanted:
            return
        extra: dict[Who, list[Operation]] = {}
        for one in more:
            extra.setdefault((one.identity, one.source), []).append(one)
        seen = set()
        for who, found in groupby(self._stored(wanted), key=lambda one: (one.identity, one.source)):
            if wanted is None or who in wanted:
                seen.add(who)
                yield who, fold(_distinct([*found, *extra.get(who, ())]))
        for who in (wanted or set()) - seen:
            yield who, fold(_distinct(extra.get(who, ())))

    def _stored(self, wanted: set[Who] | None) -> Iterator[Operation]:
        """Operations in the lake, by identity and source."""
        dataset = self._workspace.lake.dataset("profiles")
        if dataset is None:
            return
        with duckdb.connect() as db:
            if wanted is None:
                db.register("profiles", dataset)
            else:
                mine = pa.array(sorted({identity for identity, _ in wanted}), pa.int64())
                chosen = dataset.to_table(
                    columns=list(COLUMNS), filter=ds.field("identity").isin(mine)
                )
                db.register("profiles", chosen)
            found = db.sql(f"SELECT {', '.join(COLUMNS)} FROM profiles ORDER BY identity, source")
            for batch in found.to_arrow_reader(ROWS_AT_ONCE):
                for identity, source, op, name, value, time, key in zip(
                    *(column.to_pylist() for column in batch.columns), strict=True
                ):
                    yield Operation(identity, source, op, name, json.loads(value), time, key)


def _distinct(operations: Iterable[Operation]) -> list[Operation]:
    return list({one.key: one for one in operations}.values())


def _priority(connection: Connection) -> list[str]:
    stored = connection.execute(select(meta.c.value).where(meta.c.key == PRIORITY)).scalar()
    return [str(one) for one in json.loads(stored or "[]")]
