"""Who the records of a batch are about: asks the identities, source by source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from sqlalchemy import Connection

from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.records import Record
from yutang.identity import Identities
from yutang.ingest.stream.columns import text_columns

# What a record's act says of its identities (identity_links.evidence).
EVIDENCE = {"login": "login", "bind": "bind", "alias": "alias"}
ORDER = {"person": 0, "app": 1, "device": 2}


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
    records: Sequence[Record],
    sources: Sequence[str],
    rows: np.ndarray,
    times: np.ndarray,
    *,
    commit_id: int,
) -> People:
    """Resolve the records at `rows` (int64, increasing); times: corrected ms of all n records."""
    n = len(records)
    people = People(np.zeros(n, np.int64), np.zeros(n, bool))
    of_source: dict[str, list[int]] = {}
    for i in rows.tolist():
        of_source.setdefault(sources[i], []).append(i)
    for source, places in sorted(of_source.items()):
        mine = np.array(places, np.int64)
        part = [records[i] for i in places]
        found = identities.resolve(
            connection,
            text_columns([_named(one) if one.act == "unbind" else one.identities for one in part]),
            commit_id=commit_id,
            source=source,
            evidence=_evidence(part),
            times=times[mine],
            same=[(i, *pair) for i, record in enumerate(part) for pair in record.same],
            unbinds=[
                (kind, value, int(time))
                for record, time in zip(part, times[mine], strict=True)
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


def _named(record: Record) -> dict[str, str]:
    """The identities that stand together. What an unbinding takes away does not: then only the
    strongest says whose event it is."""
    if len(record.identities) < 2:
        return record.identities
    strongest = min(record.identities, key=lambda kind: ORDER[kind_of(kind).strength])
    return {strongest: record.identities[strongest]}


def _evidence(records: Sequence[Record]) -> str | list[str]:
    acts = [record.act for record in records]
    if not EVIDENCE.keys() & set(acts):
        return "event"
    return list(map(EVIDENCE.get, acts, repeat("event")))
