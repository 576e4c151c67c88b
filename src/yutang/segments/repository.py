"""Rows of segments and their versions; sets of people in which nobody erased may stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyroaring import BitMap
from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from yutang.ingest import get_meta, set_meta
from yutang.kit.bitmaps import opened, packed
from yutang.state.brand import model_run_groups, segment_changes, segment_versions, segments

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
    connection: Connection, *, name: str, description: str, by: str, at: int, kind: str = "static"
) -> int:
    made = connection.execute(
        insert(segments)
        .values(
            name=name, kind=kind, description=description, created_by=by, created_at=at,
            changed_at=at,
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


def renew_version(
    connection: Connection, version: int, people: BitMap | None, *, facts_version: int, at: int
) -> None:
    """A version was asked again: nobody changed (None), or these are its people now."""
    values: dict[str, Any] = {"facts_version": facts_version, "at": at}
    if people is not None:
        people.run_optimize()
        values |= {"people": packed(people), "size": len(people)}
    connection.execute(
        update(segment_versions).where(segment_versions.c.id == version).values(**values)
    )


class ChangeRow(NamedTuple):
    """Who came and who went; size: of the segment afterwards."""

    id: int
    at: int
    facts_version: int
    entered_size: int
    left_size: int
    size: int


def add_change(
    connection: Connection, segment_id: int, before: BitMap, after: BitMap, *, facts: int, at: int
) -> None:
    """Write down who entered and who left; nothing where nobody did."""
    entered, left = after - before, before - after
    if entered or left:
        connection.execute(
            insert(segment_changes).values(
                segment_id=segment_id, at=at, facts_version=facts, entered=packed(entered),
                left=packed(left), entered_size=len(entered), left_size=len(left),
                size=len(after),
            )
        )  # fmt: skip


def changes(
    connection: Connection, segment_id: int, *, since: int = 0, most: int = 400
) -> list[ChangeRow]:
    """Those after `since` (UTC ms), newest first."""
    c = segment_changes.c
    query = (
        select(*(c[name] for name in ChangeRow._fields))
        .where(c.segment_id == segment_id, c.at > since)
        .order_by(c.id.desc())
        .limit(most)
    )
    return [ChangeRow(*row) for row in connection.execute(query)]


def changed(connection: Connection, change_id: int) -> tuple[BitMap, BitMap] | None:
    """Who entered and who left, by the numbers of that day."""
    c = segment_changes.c
    query = select(c.entered, c.left).where(c.id == change_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (opened(row[0]), opened(row[1]))


def drop_changes(connection: Connection, before: int) -> None:
    """Forget changes older than this moment (UTC ms)."""
    connection.execute(delete(segment_changes).where(segment_changes.c.at < before))


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
        "segment_changes": _take_out_of_changes(connection, mine),
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


def _take_out_of_changes(connection: Connection, numbers: BitMap) -> int:
    c, gone = segment_changes.c, 0
    for id_ in connection.execute(select(c.id)).scalars().all():
        found = changed(connection, id_)
        assert found is not None
        if all(people.isdisjoint(numbers) for people in found):
            continue
        entered, left = (people - numbers for people in found)
        values = {
            "entered": packed(entered), "left": packed(left), "entered_size": len(entered),
            "left_size": len(left),
        }  # fmt: skip
        connection.execute(update(segment_changes).where(c.id == id_).values(**values))
        gone += 1
    return gone
