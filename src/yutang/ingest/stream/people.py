"""Who the records of a batch are about: asks the identities, source by source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from yutang.catalog.events import WITHOUT_PERSON
from yutang.catalog.records import Record
from yutang.identity import Identities
from yutang.ingest.stream.arrived import Arrived
from yutang.ingest.stream.batch import Batch, News

# What a record's act says of its identities (identity_links.evidence).
EVIDENCE = {"login": "login", "bind": "bind", "alias": "alias"}


@dataclass
class People:
    """primary: int64 (n), 0 = nobody or not asked; refused: bool (n); customers whose facts moved;
    created: source → new identities."""

    primary: np.ndarray
    refused: np.ndarray
    changed: set[int] = field(default_factory=set)
    created: dict[str, int] = field(default_factory=dict)


def resolve(
    identities: Identities,
    connection: Connection,
    batch: Batch,
    rows: np.ndarray,
    *,
    commit_id: int,
) -> People:
    """Resolve the records at `rows` (int64, increasing)."""
    n, arrived, times = len(batch), batch.arrived, batch.times.time
    people = People(np.zeros(n, np.int64), np.zeros(n, bool))
    for code in sorted(set(batch.source[rows].tolist()), key=lambda one: batch.sources[one].name):
        source = batch.sources[code].name
        mine = rows[batch.source[rows] == code]
        place = {int(row): i for i, row in enumerate(mine)} if arrived.special else {}
        special = [(place[i], one) for i, one in arrived.special.items() if i in place]
        found = identities.resolve(
            connection,
            _columns(arrived, mine),
            commit_id=commit_id,
            source=source,
            evidence=_evidence(special, len(mine)),
            times=times[mine],
            same=[(i, *pair) for i, record in special for pair in record.same],
            unbinds=[
                (kind, value, int(times[mine[i]]))
                for i, record in special
                if record.act == "unbind"
                for kind, value in record.identities.items()
            ],
        )
        if len(found.primary):
            people.primary[mine] = found.primary
            people.refused[mine] = found.refused
        people.changed |= found.changed
        people.created[source] = found.created
    return people


def drop_nobodys(batch: Batch, news: News, people: People) -> None:
    """New facts that name nobody are set aside; those of erased people are just not taken."""
    operations = news.operations
    lost = news.events.copy()
    lost[operations.at[operations.new]] = True
    codes = [i for i, name in enumerate(batch.arrived.events) if name in WITHOUT_PERSON]
    alone = np.isin(batch.arrived.event, codes) & ~people.refused
    lost &= (people.primary == 0) & ~people.refused & ~alone
    batch.aside(np.flatnonzero(lost), "identities", "missing_identity")
    news.events &= (people.primary > 0) | alone
    operations.new &= people.primary[operations.at] > 0


def _columns(arrived: Arrived, rows: np.ndarray) -> dict[str, pa.Array]:
    """The identities that these rows have, by kind."""
    if len(rows) == len(arrived):
        return arrived.identities
    places = pa.array(rows)
    taken = {kind: column.take(places) for kind, column in arrived.identities.items()}
    return {kind: column for kind, column in taken.items() if column.null_count < len(column)}


def _evidence(special: Sequence[tuple[int, Record]], n: int) -> str | list[str]:
    found = [(i, EVIDENCE[record.act]) for i, record in special if record.act in EVIDENCE]
    if not found:
        return "event"
    evidence = ["event"] * n
    for i, code in found:
        evidence[i] = code
    return evidence
