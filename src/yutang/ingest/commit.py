"""The commit order: how a batch becomes facts, exactly once, whatever dies when.

  1 journal   the batch stands durable on disk (an import's stored file, the collector's journal)
  2 state     one transaction: facts version, identities, dictionary, quarantine (synchronous=FULL)
  3 lake      each Delta table, carrying (journal, position) as application transaction, fsynced
  4 counters  one transaction: counts, version marked done

A batch that died between two steps is simply committed again: step 2 finds its version (what it
noted stands: a second look at facts in the lake sees only duplicates), step 3 asks the lake what
it holds already, step 4 happens once because the version is then `done`.
The facts version is the id of the commit; every row in the lake carries it as `commit_id`.
A batch runs under the brand's `settled` lock, so that a backup never sees half of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyroaring import BitMap
from sqlalchemy import Connection, func, insert, select, update

from yutang.ingest.dictionary import count_events
from yutang.ingest.moves import carry_out, next_version
from yutang.ingest.records import Misfit, count_up, store_misfits
from yutang.state.brand import commits
from yutang.workspace import Workspace

Step = Callable[[str], None]
EVENT_KINDS = ("events", "stream", "replay")  # commits that bring no orders
SOURCES = "sources"  # in a commit's counts: the counts of each source of a stream's batch


@dataclass
class Prepared:
    """What a batch brings: rows per lake table, counts, misfits, customers to read whole.

    It may be made twice for one batch; then only the rows of the second making count. `sources`
    are counts by source, where a batch has several; `once` is run in the transaction of the first
    making alone, for state that must not be changed twice.
    """

    tables: dict[str, pa.Table]
    counts: dict[str, int]
    misfits: list[Misfit] = field(default_factory=list)
    changed: Iterable[int] = ()
    volumes: Mapping[str, int] = field(default_factory=dict)  # event name → events brought
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    once: Sequence[Callable[[Connection], None]] = ()


Prepare = Callable[[Connection, int], Prepared]


@dataclass(frozen=True)
class _Batch:
    journal: str
    position: int
    kind: str
    source: str
    import_id: int | None
    lake_journal: str


class Committer:
    """Commits batches of one brand; the caller holds the brand's writer lock.

    `step` is told the name of each step after it is done; tests kill the process there.
    """

    def __init__(self, workspace: Workspace, step: Step = lambda _name: None) -> None:
        self._workspace = workspace
        self._step = step

    @property
    def step(self) -> Step:
        return self._step

    def commit(
        self,
        journal: str,
        position: int,
        kind: str,
        prepare: Prepare,
        *,
        source: str,
        import_id: int | None = None,
        lake_journal: str = "",
    ) -> dict[str, int]:
        """Commit one batch and give its counts; a batch committed before is left alone.

        lake_journal: for journals that come by the thousand, the one name under which the lake
        notes them all, with the facts version as position: it holds one transaction per name for
        ever. A batch of it that died must then be committed again before the next one.
        """
        with self._workspace.settled():
            batch = _Batch(journal, position, kind, source, import_id, lake_journal)
            return self._commit(batch, prepare)

    def _commit(self, batch: _Batch, prepare: Prepare) -> dict[str, int]:
        workspace = self._workspace
        with workspace.db.write() as connection:
            known = connection.execute(
                select(commits.c.id, commits.c.status, commits.c.counts).where(
                    commits.c.journal == batch.journal, commits.c.position == batch.position
                )
            ).first()
            if known is not None and known.status == "done":
                return _plain(known.counts)
            version = known.id if known is not None else next_version(connection, workspace)
            prepared = prepare(connection, version)
            counts = dict(known.counts) if known is not None else _stored(prepared)
            if known is None:
                self._note_first(connection, version, prepared, batch)
        self._step("state")
        journal = batch.lake_journal or batch.journal
        position = version if batch.lake_journal else batch.position
        for table, rows in prepared.tables.items():
            if rows.num_rows:
                stamped = rows.append_column(
                    "commit_id", pa.repeat(pa.scalar(version, pa.int64()), rows.num_rows)
                )
                workspace.lake.append(table, stamped, journal=journal, position=position)
            self._step(f"lake:{table}")
        at = workspace.now()
        with workspace.db.write() as connection:
            for source, found in (counts.get(SOURCES) or {batch.source: counts}).items():
                count_up(connection, source, found, at=at, zone=workspace.zone)
            connection.execute(update(commits).where(commits.c.id == version).values(status="done"))
        self._step("counters")
        return _plain(counts)

    def _note_first(
        self, connection: Connection, version: int, prepared: Prepared, batch: _Batch
    ) -> None:
        """What only the first making of a batch knows, since the lake does not hold it yet."""
        at = self._workspace.now()
        connection.execute(
            insert(commits).values(
                id=version,
                at=at,
                kind=batch.kind,
                journal=batch.journal,
                position=batch.position,
                status="prepared",
                counts=_stored(prepared),
                changed=BitMap(prepared.changed).serialize(),
            )
        )
        store_misfits(
            connection, prepared.misfits, source=batch.source, import_id=batch.import_id, at=at
        )
        count_events(connection, prepared.volumes, at=at, last_seen_at=at)
        for work in prepared.once:
            work(connection)

    def note(self, kind: str, journal: str, changed: Iterable[int]) -> int:
        """A facts version without facts: a merge, an undo or an erasure moved these customers."""
        with self._workspace.db.write() as connection:
            return carry_out(connection, self._workspace, kind, journal, changed)


def _stored(prepared: Prepared) -> dict[str, Any]:
    sources = {name: dict(counts) for name, counts in prepared.sources.items()}
    return {**prepared.counts, **({SOURCES: sources} if sources else {})}


def _plain(counts: Mapping[str, Any]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if name != SOURCES}


def facts_version(connection: Connection) -> int:
    """The newest facts version up to which all are finished (0 = no facts yet).

    Caches hold exactly the facts up to it: rows of a batch that died half-way are in the lake
    already, and would else be counted twice when it is finished.
    """
    half_done = select(func.min(commits.c.id)).where(commits.c.status == "prepared")
    first = connection.execute(half_done).scalar()
    query = select(func.max(commits.c.id)).where(commits.c.status == "done")
    if first is not None:
        query = query.where(commits.c.id < first)
    return int(connection.execute(query).scalar() or 0)


def changed_since(connection: Connection, version: int) -> BitMap:
    """Customers whose facts must be read whole after `version`."""
    found = BitMap()
    query = select(commits.c.changed).where(commits.c.id > version, commits.c.status == "done")
    for (blob,) in connection.execute(query):
        if blob:
            found |= BitMap.deserialize(blob)
    return found


def moved_by_events(connection: Connection, since: int, until: int) -> BitMap | None:
    """Customers whose facts moved in the versions after `since` up to `until`, where these brought
    nothing but events; None where something else happened."""
    query = select(commits.c.kind, commits.c.changed).where(
        commits.c.id > since, commits.c.id <= until, commits.c.status == "done"
    )
    found = BitMap()
    for kind, blob in connection.execute(query):
        if kind not in EVENT_KINDS:
            return None
        if blob:
            found |= BitMap.deserialize(blob)
    return found


def kinds_since(connection: Connection, version: int) -> set[str]:
    """Kinds of the finished commits after `version`."""
    query = select(commits.c.kind).where(commits.c.id > version, commits.c.status == "done")
    return {kind for (kind,) in connection.execute(query.distinct())}


def unfinished(connection: Connection) -> list[tuple[str, int]]:
    """(journal, position) of batches that died on the way."""
    query = select(commits.c.journal, commits.c.position).where(commits.c.status == "prepared")
    return [(journal, int(position)) for journal, position in connection.execute(query)]


def totals(connection: Connection) -> Mapping[str, int]:
    """Sum of each counter over all sources and days."""
    from yutang.state.brand import counters

    query = select(counters.c.name, func.sum(counters.c.n)).group_by(counters.c.name)
    return {name: int(n) for name, n in connection.execute(query)}
