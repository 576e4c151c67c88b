"""Forget a person: keyed hashes on the refusal list, and no row of him left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from yutang.state.brand import customers, identities, identity_links, meta, refusals

BATCH = 500  # values of one IN list
# Ids of people are never given twice, so that what names a forgotten one names nobody else later.
MARKS = {"highest_identity": identities.c.id, "highest_customer": customers.c.id}


def refuse(
    connection: Connection,
    pairs: Iterable[tuple[str, str]],
    keyed_hash: Callable[[str, str], str],
    at: int,
) -> None:
    """Put (kind, stored value) pairs on the refusal list; those that stand there stay."""
    stored = {row[0] for row in connection.execute(select(refusals.c.value_hash))}
    rows = {keyed_hash(kind, value): kind for kind, value in pairs}
    new = [
        {"kind": kind, "value_hash": digest, "at": at}
        for digest, kind in rows.items()
        if digest not in stored
    ]
    if new:
        connection.execute(insert(refusals), new)


def forget(connection: Connection, ids: Sequence[int], customer: int) -> dict[str, int]:
    """Remove identities, their links, their customer and those merged into him; counts."""
    _raise_marks(connection)
    counts = {"links": 0, "identities": 0}
    for start in range(0, len(ids), BATCH):
        part = list(ids[start : start + BATCH])
        ends = identity_links.c.a.in_(part) | identity_links.c.b.in_(part)
        counts["links"] += connection.execute(delete(identity_links).where(ends)).rowcount
    for start in range(0, len(ids), BATCH):
        part = list(ids[start : start + BATCH])
        gone = connection.execute(delete(identities).where(identities.c.id.in_(part)))
        counts["identities"] += gone.rowcount
    merged = connection.execute(delete(customers).where(customers.c.merged_into == customer))
    own = connection.execute(delete(customers).where(customers.c.id == customer))
    return {**counts, "customers": merged.rowcount + own.rowcount}


def highest_ever(connection: Connection, name: str) -> int:
    """The largest id of a kind (a key of MARKS) that was ever given, as far as it is marked."""
    value = connection.execute(select(meta.c.value).where(meta.c.key == name)).scalar()
    return int(value or 0)


def _raise_marks(connection: Connection) -> None:
    for name, column in MARKS.items():
        top = int(connection.execute(select(func.max(column))).scalar() or 0)
        if top <= (marked := highest_ever(connection, name)):
            continue
        if marked:
            connection.execute(update(meta).where(meta.c.key == name).values(value=str(top)))
        else:
            connection.execute(insert(meta).values(key=name, value=str(top)))
