"""Rows of segments and their versions; sets of people in which nobody erased may stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyroaring import BitMap
from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from yutang.ingest import get_meta, set_meta
from yutang.kit.bitmaps import opened, packed
from yutang.state.brand import model_run_groups, segment_versions, segments

EPOCH = "segments_epoch"  # goes up with every change, so that caches know
_OLD_FIRST = segment_versions.c.id


class Row(NamedTuple):
    """A segment with its newest version, the bitmap aside. Times UTC ms."""

    id: int
    name: str
    kind: str
    description: str
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None
    version: int
    at: int
    facts_version: int
    size: int
    origin: Mapping[str, Any] | None
    by: str


class VersionRow(NamedTuple):
    id: int
    segment_id: int
    at: int
    facts_version: int
    size: int
    origin: Mapping[str, Any] | None
    by: str


def epoch(connection: Connection) -> int:
    return int(get_meta(connection, EPOCH) or 0)


def next_epoch(connection: Connection) -> None:
    set_meta(connection, EPOCH, str(epoch(connection) + 1))


def _newest() -> Select[Any]:
    every = segment_versions.alias()
    newest = select(func.max(every.c.id)).group_by(every.c.segment_id)
    own = ("id", "name", "kind", "description", "created_by", "created_at", "changed_at",
           "archived_at")  # fmt: skip
    its = ("id", "at", "facts_version", "size", "origin", "by")
    columns = [*(segments.c[name] for name in own), *(segment_versions.c[name] for name in its)]
    joined = segments.join(segment_versions, segment_versions.c.segment_id == segments.c.id)
    return select(*columns).select_from(joined).where(segment_versions.c.id.in_(newest))


def all_(connection: Connection) -> list[Row]:
    """Newest first, archived ones included."""
    query = _newest().order_by(segments.c.id.desc())
    return [Row(*row) for row in connection.execute(query)]


def add(
    connection: Connection, *, name: str, description: str, by: str, at: int, rule: Any = None
) -> int:
    made = connection.execute(
        insert(segments)
        .values(
            name=name, kind="static", description=description, rule=rule, created_by=by,
            created_at=at, changed_at=at,
        )
        .returning(segments.c.id)
    )  # fmt: skip
    return int(made.scalar_one())


def change(connection: Connection, segment_id: int, at: int, **values: Any) -> None:
    connection.execute(
        update(segments).where(segments.c.id == segment_id).values(changed_at=at, **values)
    )


def add_version(
    connection: Connection,
    segment_id: int,
    people: BitMap,
    *,
    origin: Mapping[str, Any] | None,
    facts_version: int,
    by: str,
    at: int,
) -> int:
    people.run_optimize()
    made = connection.execute(
        insert(segment_versions)
        .values(
            segment_id=segment_id, at=at, facts_version=facts_version, people=packed(people),
            size=len(people), origin=None if origin is None else dict(origin), by=by,
        )
        .returning(segment_versions.c.id)
    )  # fmt: skip
    return int(made.scalar_one())


def versions(connection: Connection, segment_id: int) -> list[VersionRow]:
    """Newest first."""
    columns = [segment_versions.c[name] for name in VersionRow._fields]
    query = select(*columns).where(segment_versions.c.segment_id == segment_id)
    return [VersionRow(*row) for row in connection.execute(query.order_by(_OLD_FIRST.desc()))]


def drop_versions(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(delete(segment_versions).where(segment_versions.c.id.in_(list(ids))))


def people_of(connection: Connection, ids: Sequence[int]) -> dict[int, BitMap]:
    """Version → its people, by the numbers of its day."""
    query = select(segment_versions.c.id, segment_versions.c.people).where(
        segment_versions.c.id.in_(list(ids))
    )
    return {int(id_): opened(raw) for id_, raw in connection.execute(query)}


# --- rights of a person --------------------------------------------------------------------------
def names_with(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Segments in whose newest version one of these customer numbers stands."""
    rows = all_(connection)
    people = people_of(connection, [row.version for row in rows])
    mine = BitMap(numbers)
    return [
        {"segment": row.id, "name": row.name, "at": row.at}
        for row in rows
        if not people[row.version].isdisjoint(mine)
    ]


def forget(connection: Connection, numbers: Sequence[int]) -> dict[str, int]:
    """Take these customers out of every stored set of people; how many sets held one of them."""
    mine = BitMap(numbers)
    return {
        "segment_versions": _take_out(connection, segment_versions, ("id",), mine),
        "model_run_groups": _take_out(connection, model_run_groups, ("run_id", "label"), mine),
    }


def _take_out(connection: Connection, table: Table, key: tuple[str, ...], numbers: BitMap) -> int:
    changed = 0
    keys = [table.c[name] for name in key]
    for row in connection.execute(select(*keys)).all():  # one bitmap in memory at a time
        here = [column == value for column, value in zip(keys, row, strict=True)]
        raw = connection.execute(select(table.c.people).where(*here)).scalar_one()
        people = opened(raw)
        if people.isdisjoint(numbers):
            continue
        left = people - numbers
        values = {"people": packed(left), "size": len(left)}
        connection.execute(update(table).where(*here).values(**values))
        changed += 1
    if changed and table is segment_versions:
        next_epoch(connection)
    return changed
