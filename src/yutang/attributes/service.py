"""Attributes of customers, from profile records.

The lake's `profiles` table holds every operation and is the truth; the state table `attributes`
is what they come to by identity and source, changed in the transaction that commits a batch.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import duckdb
import pyarrow.dataset as ds
from sqlalchemy import Connection

from yutang.attributes import columns, repository, trust
from yutang.attributes.choosing import Attribute, Said, of_person
from yutang.attributes.history import Change, changes_of
from yutang.attributes.repository import Who
from yutang.attributes.rules import Operation, State, fold, step
from yutang.identity import Belongings, Identities
from yutang.lake import arrow_of, one_of
from yutang.sequence import Attribute as Column
from yutang.workspace import Workspace

COLUMNS = ("identity", "source", "op", "name", "value", "time", "event_key")
ROWS_AT_ONCE = 100_000


class Attributes:
    """Attributes of one brand's customers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.cache / "attributes"
        self._lock = threading.Lock()
        self._columns: tuple[str, dict[str, Column]] = ("", {})

    def of_customer(self, his: Belongings) -> list[Attribute]:
        """Attributes, by name, of the person to whom this belongs."""
        with self._workspace.db.read() as connection:
            states = repository.states_of(connection, his.whole)
            ranks = trust.ranks(connection)
        for who, found in self._while_his(his):
            states[who] = found
        said = (
            Said(identity, name, source, state)
            for (identity, source), of in states.items()
            for name, state in of.items()
        )
        return of_person(said, ranks)

    def history(self, his: Belongings, name: str) -> list[Change]:
        """All that was said of an attribute, deletions of the whole profile included, newest
        first."""
        named = arrow_of([[one_of("name", [name])], [one_of("op", ["delete"])]])
        where = arrow_of(his.facts()) & named
        rows = self._workspace.lake.scan("profiles", [*COLUMNS, "received_at"], where)
        return changes_of(
            (
                Operation(
                    row["identity"], row["source"], row["op"], row["name"],
                    json.loads(row["value"]), row["time"], row["event_key"],
                ),
                row["received_at"],
            )
            for row in rows.to_pylist()
        )  # fmt: skip

    def said(
        self, connection: Connection, names: Sequence[str], customers: Sequence[int] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """(customer, value by attribute name) of those of whom any of these is said (of all, or of
        a few customers), by number: of the most trusted source, of those alike the latest."""
        ranks = trust.ranks(connection)
        rows = repository.said(connection, names, customers)
        for customer, said in groupby(rows, key=lambda row: row[0]):
            best: dict[str, tuple[tuple[int, int], Any]] = {}
            for _, name, source, value, time in said:
                place = (ranks.get(source, len(ranks)), -time)
                if value is not None and (name not in best or place < best[name][0]):
                    best[name] = (place, value)
            yield customer, {name: value for name, (_, value) in best.items()}

    def priority(self) -> list[str]:
        """Names of sources, the most trusted first."""
        with self._workspace.db.read() as connection:
            return trust.priority(connection)

    def set_priority(self, names: Sequence[str]) -> list[str]:
        """Say which source is believed before which; those left out come last, alike. The order
        of before. Raises BadInput for a source that there is not."""
        with self._workspace.db.write() as connection:
            before = trust.priority(connection)
            trust.set_priority(connection, names)
        return before

    def columns(self) -> dict[str, Column]:
        """Every attribute as an array by customer id, as the worker last left them; the same
        object until it makes them again."""
        manifest = columns.read_manifest(self._folder)
        stamp = manifest["stamp"] if manifest is not None else ""
        with self._lock:
            if manifest is not None and self._columns[0] != stamp:
                self._columns = (stamp, columns.read(self._folder, manifest))
            return self._columns[1]

    def refresh_columns(self, identities: Identities, *, whole: bool = False) -> bool:
        """Make the arrays again where something moved; whether it did. The worker calls it.

        whole: in any case, and nothing of older ones stays on disk."""
        with self._workspace.db.read() as connection:
            stamp = columns.stamp(connection, identities.survivors.stamp(connection))
            manifest = columns.read_manifest(self._folder)
            if manifest is not None and manifest["stamp"] == stamp and not whole:
                return False
            owners, _ = identities.owners.customers_and_kinds(connection)
            values = columns.values_by_customer(connection, owners)
        made = {name: columns.column_of(of) for name, of in sorted(values.items())}
        columns.write(
            self._folder, {name: one for name, one in made.items() if one is not None}, stamp,
            whole=whole,
        )  # fmt: skip
        return True

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
        mine = sorted({identity for identity, _ in wanted or ()})
        where = None if wanted is None else arrow_of([[one_of("identity", mine)]])
        for who, found in groupby(self._stored(where), key=_who):
            if wanted is None or who in wanted:
                seen.add(who)
                yield who, fold(_distinct([*found, *extra.get(who, ())]))
        for who in (wanted or set()) - seen:
            yield who, fold(_distinct(extra.get(who, ())))

    def _while_his(self, his: Belongings) -> Iterator[tuple[Who, dict[str, State]]]:
        """(device, source) → states, from what was said while the device was in his hands."""
        if his.spans:
            for who, found in groupby(self._stored(arrow_of(his.on_devices())), key=_who):
                yield who, fold(_distinct(found))

    def _stored(self, where: ds.Expression | None) -> Iterator[Operation]:
        """Operations in the lake (None: all), by identity and source."""
        dataset = self._workspace.lake.dataset("profiles")
        if dataset is None:
            return
        with duckdb.connect() as db:
            if where is None:
                db.register("profiles", dataset)
            else:
                db.register("profiles", dataset.to_table(columns=list(COLUMNS), filter=where))
            found = db.sql(f"SELECT {', '.join(COLUMNS)} FROM profiles ORDER BY identity, source")
            for batch in found.to_arrow_reader(ROWS_AT_ONCE):
                for identity, source, op, name, value, time, key in zip(
                    *(column.to_pylist() for column in batch.columns), strict=True
                ):
                    yield Operation(identity, source, op, name, json.loads(value), time, key)


def _distinct(operations: Iterable[Operation]) -> list[Operation]:
    return list({one.key: one for one in operations}.values())


def _who(one: Operation) -> Who:
    return one.identity, one.source
