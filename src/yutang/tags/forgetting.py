"""Rights of a person: what his tags were, and no trace of him left in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, delete, select, update

from yutang.kit.bitmaps import packed
from yutang.state.brand import tag_changes, tag_people
from yutang.tags import repository


def told_of(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Every change that was about one of these customer numbers, oldest first."""
    mine = BitMap(numbers)
    names = {
        row.id: (row.name, group)
        for row, group in _with_groups(connection)
    }  # fmt: skip
    rows = repository.rows_of(connection, customers=list(numbers), limit=1_000_000)
    ids = [
        id_
        for id_, people in repository.blobs(connection, repository.bulk_ids(connection))
        if people & mine
    ]
    for start in range(0, len(ids), repository.FEW):
        rows += repository.rows_of(
            connection, ids=ids[start : start + repository.FEW], limit=repository.FEW
        )
    return [
        {
            "tag": names[row.tag_id][0], "group": names[row.tag_id][1], "action": row.action,
            "kind": row.kind, "by": row.by, "note": row.note, "at": row.at, "until": row.until,
            "undone_at": row.undone_at,
        }
        for row in sorted(rows, key=lambda row: row.id)
    ]  # fmt: skip


def _with_groups(connection: Connection) -> list[tuple[repository.TagRow, str]]:
    homes = {row.id: row.name for row in repository.groups(connection)}
    return [(row, homes[row.group_id]) for row in repository.all_tags(connection)]


def forget(connection: Connection, numbers: Sequence[int]) -> dict[str, int]:
    """Take these customer numbers out of every tag and every change; how many held one."""
    mine, changed = BitMap(numbers), {"tag_people": 0, "tag_changes": 0}
    version = repository.next_epoch(connection)
    for tag_id in connection.execute(select(tag_people.c.tag_id)).scalars().all():
        people = repository.people_of(connection, [tag_id])[tag_id]
        if not people.isdisjoint(mine):
            repository.set_people(connection, tag_id, people - mine, version)
            changed["tag_people"] += 1
    for change_id in repository.bulk_ids(connection):
        people = dict(repository.blobs(connection, [change_id]))[change_id]
        if not people.isdisjoint(mine):
            left = people - mine
            connection.execute(
                update(tag_changes)
                .where(tag_changes.c.id == change_id)
                .values(people=packed(left), size=len(left))
            )
            changed["tag_changes"] += 1
    gone = connection.execute(delete(tag_changes).where(tag_changes.c.customer.in_(list(numbers))))
    changed["tag_changes"] += gone.rowcount
    return changed
