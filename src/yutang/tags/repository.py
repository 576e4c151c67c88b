"""Rows of tags: groups, tags, who has them, their changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from pyroaring import BitMap
from sqlalchemy import ColumnElement, Connection, case, func, insert, select, update

from yutang.ingest import get_meta, note_due, set_meta
from yutang.kit.bitmaps import opened, packed
from yutang.state import integers
from yutang.state.brand import tag_changes, tag_groups, tag_people, tags
from yutang.tags.rules import ACTIONS, KEEP, Bulk

EPOCH = "tags_epoch"  # goes up with every change, so that caches know
_UNDONE_EXPIRY = (tag_changes.c.action == "expire") & tag_changes.c.undone_at.is_not(None)
_CODES = case(
    (_UNDONE_EXPIRY, KEEP), *((tag_changes.c.action == name, n) for name, n in ACTIONS.items())
)
_WITHOUT_PEOPLE = [column for column in tag_changes.c if column.name != "people"]
FEW = 500  # numbers of one IN list


class GroupRow(NamedTuple):
    id: int
    name: str
    code: str
    description: str
    exclusive: int
    position: int
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None


class TagRow(NamedTuple):
    id: int
    group_id: int
    name: str
    description: str
    kind: str
    colour: str
    valid_days: int
    set_by: str
    rule: dict[str, Any] | None
    behaviour: dict[str, Any] | None
    position: int
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None
    expires_at: int | None
    version: int


class ChangeRow(NamedTuple):
    """A change without its bitmap."""

    id: int
    tag_id: int
    action: str
    customer: int | None
    size: int
    kind: str
    by: str
    note: str
    at: int
    until: int | None
    undone_at: int | None
    undone_by: str
    job: str
    part_of: int | None


def epoch(connection: Connection) -> int:
    return int(get_meta(connection, EPOCH) or 0)


def next_epoch(connection: Connection) -> int:
    new = epoch(connection) + 1
    set_meta(connection, EPOCH, str(new))
    note_due(connection)  # segments may ask for tags
    return new


# --- groups and tags -----------------------------------------------------------------------------
def groups(connection: Connection) -> list[GroupRow]:
    query = select(tag_groups).order_by(tag_groups.c.position, tag_groups.c.id)
    return [GroupRow(*row) for row in connection.execute(query)]


def all_tags(connection: Connection) -> list[TagRow]:
    query = select(tags).order_by(tags.c.position, tags.c.id)
    return [TagRow(*row) for row in connection.execute(query)]


def get_tag(connection: Connection, tag_id: int) -> TagRow | None:
    row = connection.execute(select(tags).where(tags.c.id == tag_id)).first()
    return TagRow(*row) if row else None


def add_group(connection: Connection, **values: Any) -> int:
    place = select(func.coalesce(func.max(tag_groups.c.position), 0) + 1).scalar_subquery()
    made = insert(tag_groups).values(position=place, **values).returning(tag_groups.c.id)
    return int(connection.execute(made).scalar_one())


def add_tag(connection: Connection, **values: Any) -> int:
    place = select(func.coalesce(func.max(tags.c.position), 0) + 1).scalar_subquery()
    made = insert(tags).values(position=place, **values).returning(tags.c.id)
    tag_id = int(connection.execute(made).scalar_one())
    connection.execute(insert(tag_people).values(tag_id=tag_id, people=packed(())))
    return tag_id


def change_group(connection: Connection, group_id: int, **values: Any) -> None:
    connection.execute(update(tag_groups).where(tag_groups.c.id == group_id).values(**values))


def change_tag(connection: Connection, tag_id: int, **values: Any) -> None:
    connection.execute(update(tags).where(tags.c.id == tag_id).values(**values))


# --- who has them --------------------------------------------------------------------------------
def people_of(connection: Connection, ids: Sequence[int]) -> dict[int, BitMap]:
    """Tag → its people, by the numbers they were given it under."""
    query = select(tag_people).where(tag_people.c.tag_id.in_(list(ids)))
    return {int(tag): opened(raw) for tag, raw in connection.execute(query)}


def set_people(connection: Connection, tag_id: int, people: BitMap, version: int) -> None:
    people.run_optimize()
    connection.execute(
        update(tag_people).where(tag_people.c.tag_id == tag_id).values(people=packed(people))
    )
    connection.execute(update(tags).where(tags.c.id == tag_id).values(version=version))


def expires_before(connection: Connection, tag_id: int, until: int | None) -> None:
    """Note that somebody's time is over at `until`, where nobody's is before."""
    if until is not None:
        earlier = tags.c.expires_at.is_(None) | (tags.c.expires_at > until)
        connection.execute(
            update(tags).where(tags.c.id == tag_id, earlier).values(expires_at=until)
        )


def next_expiry(connection: Connection, tag_id: int, now: int) -> int | None:
    """When the next addition of a tag that still stands is over time, after `now`."""
    found = connection.execute(
        select(func.min(tag_changes.c.until)).where(
            tag_changes.c.tag_id == tag_id,
            tag_changes.c.until > now,
            tag_changes.c.undone_at.is_(None),
        )
    ).scalar()
    return None if found is None else int(found)


# --- changes -------------------------------------------------------------------------------------
def add_change(connection: Connection, people: BitMap, **values: Any) -> int:
    """Note a change of these numbers; its id."""
    size = len(people)
    one = people.min() if size == 1 else None
    if one is None:
        people.run_optimize()
    values |= {"customer": one, "people": None if size == 1 else packed(people), "size": size}
    made = insert(tag_changes).values(**values).returning(tag_changes.c.id)
    return int(connection.execute(made).scalar_one())


def add_singles(
    connection: Connection,
    tag_id: int,
    action: str,
    rows: Sequence[tuple[int, int, int | None, str, str]],
) -> None:
    """Note changes of single numbers that a platform told: (number, at, until, by, note)."""
    same = {"tag_id": tag_id, "action": action, "size": 1, "kind": "platform"}
    names = ("customer", "at", "until", "by", "note")
    for start in range(0, len(rows), 10_000):
        part = rows[start : start + 10_000]
        connection.execute(
            insert(tag_changes), [{**same, **dict(zip(names, row, strict=True))} for row in part]
        )


def times_of(connection: Connection, tag_id: int, ids: np.ndarray) -> np.ndarray:
    """When these changes of a tag were (UTC ms); -1 for the id 0."""
    if not ids.any():
        return np.full(ids.size, -1, np.int64)
    query = select(tag_changes.c.id, tag_changes.c.at).where(tag_changes.c.tag_id == tag_id)
    rows = integers(connection, query.order_by(tag_changes.c.id))
    at = np.minimum(np.searchsorted(rows[:, 0], ids), len(rows) - 1)
    return np.where(ids > 0, rows[at, 1], -1)


def get_change(connection: Connection, change_id: int) -> ChangeRow | None:
    query = select(*_WITHOUT_PEOPLE).where(tag_changes.c.id == change_id)
    row = connection.execute(query).first()
    return ChangeRow(*row) if row else None


def with_parts(connection: Connection, change_id: int) -> list[ChangeRow]:
    """A change, and what it replaced."""
    query = select(*_WITHOUT_PEOPLE).where(
        (tag_changes.c.id == change_id) | (tag_changes.c.part_of == change_id)
    )
    return [ChangeRow(*row) for row in connection.execute(query.order_by(tag_changes.c.id))]


def of_job(connection: Connection, job: str) -> list[ChangeRow]:
    query = select(*_WITHOUT_PEOPLE).where(tag_changes.c.job == job).order_by(tag_changes.c.id)
    return [ChangeRow(*row) for row in connection.execute(query)]


def about(connection: Connection, row: ChangeRow) -> BitMap:
    """The numbers a change is about."""
    if row.customer is not None:
        return BitMap([row.customer])
    query = select(tag_changes.c.people).where(tag_changes.c.id == row.id)
    return opened(connection.execute(query).scalar_one())


def mark_undone(connection: Connection, ids: Sequence[int], at: int, by: str) -> None:
    where = tag_changes.c.id.in_(list(ids))
    connection.execute(update(tag_changes).where(where).values(undone_at=at, undone_by=by))


def singles_of(
    connection: Connection,
    tag_id: int,
    numbers: Sequence[int] | None = None,
    *,
    kept: bool = False,
) -> np.ndarray:
    """Standing changes of single numbers: (id, number, action's code), ascending by id; with
    `kept` also expiries that were taken back, as KEEP."""
    query = select(tag_changes.c.id, tag_changes.c.customer, _CODES).where(
        tag_changes.c.tag_id == tag_id, tag_changes.c.customer.is_not(None), _standing(kept)
    )
    if numbers is not None and len(numbers) <= FEW:
        query = query.where(tag_changes.c.customer.in_(list(numbers)))
    return integers(connection, query.order_by(tag_changes.c.id))


def bulks_of(connection: Connection, tag_id: int, *, kept: bool = False) -> Iterable[Bulk]:
    """Standing changes of several numbers, oldest first, one in memory at a time."""
    query = select(tag_changes.c.id, _CODES, tag_changes.c.people).where(
        tag_changes.c.tag_id == tag_id, tag_changes.c.customer.is_(None), _standing(kept)
    )
    for id_, code, raw in connection.execute(query.order_by(tag_changes.c.id)):
        yield Bulk(int(id_), int(code), opened(raw))


def _standing(kept: bool) -> ColumnElement[bool]:
    stands = tag_changes.c.undone_at.is_(None)
    return stands | (tag_changes.c.action == "expire") if kept else stands


def words_of_all(
    connection: Connection, ids: Sequence[int]
) -> dict[int, tuple[np.ndarray, list[Bulk]]]:
    """Tag → its standing changes of single numbers and of several, as `singles_of` and `bulks_of`
    give them; two questions for all tags."""
    mine = (tag_changes.c.tag_id.in_(list(ids)), tag_changes.c.undone_at.is_(None))
    single = select(tag_changes.c.tag_id, tag_changes.c.id, tag_changes.c.customer, _CODES).where(
        *mine, tag_changes.c.customer.is_not(None)
    )
    singles = integers(connection, single.order_by(tag_changes.c.id))
    bulks: dict[int, list[Bulk]] = {id_: [] for id_ in ids}
    large = select(tag_changes.c.tag_id, tag_changes.c.id, _CODES, tag_changes.c.people).where(
        *mine, tag_changes.c.customer.is_(None)
    )
    for tag, id_, code, raw in connection.execute(large.order_by(tag_changes.c.id)):
        bulks[tag].append(Bulk(int(id_), int(code), opened(raw)))
    order = np.argsort(singles[:, 0], kind="stable")
    singles = singles[order]
    edges = (
        np.searchsorted(singles[:, 0], np.array([*ids], np.int64)),
        np.searchsorted(singles[:, 0], np.array([*ids], np.int64), "right"),
    )
    return {
        id_: (singles[first:end, 1:], bulks[id_])
        for id_, first, end in zip(ids, *(edge.tolist() for edge in edges), strict=True)
    }


def additions(connection: Connection, ids: Sequence[int]) -> tuple[np.ndarray, list[str]]:
    """Standing additions of tags: rows (id, at, 1 if by hand), ascending by id; and by whom."""
    query = select(tag_changes.c.id, tag_changes.c.at, tag_changes.c.kind, tag_changes.c.by).where(
        tag_changes.c.tag_id.in_(list(ids)),
        tag_changes.c.undone_at.is_(None),
        tag_changes.c.action == "add",
    )
    rows = connection.execute(query.order_by(tag_changes.c.id)).all()
    numbers = [(row.id, row.at, int(row.kind == "manual")) for row in rows]
    return np.array(numbers, np.int64).reshape(-1, 3), [row.by for row in rows]


def over_time(connection: Connection, tag_id: int, now: int) -> np.ndarray:
    """Ids of standing additions whose time is over by `now`."""
    query = select(tag_changes.c.id).where(
        tag_changes.c.tag_id == tag_id,
        tag_changes.c.until <= now,
        tag_changes.c.undone_at.is_(None),
    )
    return integers(connection, query)[:, 0]


def rows_of(
    connection: Connection,
    *,
    tag_id: int | None = None,
    ids: Sequence[int] | None = None,
    customers: Sequence[int] | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[ChangeRow]:
    """Changes without their bitmaps, newest first."""
    query = select(*_WITHOUT_PEOPLE).order_by(tag_changes.c.id.desc()).limit(limit).offset(offset)
    if tag_id is not None:
        query = query.where(tag_changes.c.tag_id == tag_id)
    if ids is not None:
        query = query.where(tag_changes.c.id.in_(list(ids)))
    if customers is not None:
        query = query.where(tag_changes.c.customer.in_(list(customers)))
    return [ChangeRow(*row) for row in connection.execute(query)]


def rows_about(connection: Connection, numbers: Sequence[int]) -> list[ChangeRow]:
    """Changes of these numbers, and all changes of several numbers, newest first."""
    query = select(*_WITHOUT_PEOPLE).where(
        tag_changes.c.customer.in_(list(numbers))
        | (tag_changes.c.customer.is_(None) & (tag_changes.c.size > 0))
    )
    return [ChangeRow(*row) for row in connection.execute(query.order_by(tag_changes.c.id.desc()))]


def last_changed(connection: Connection) -> dict[int, int]:
    """Tag → when its people changed last (UTC ms)."""
    query = select(tag_changes.c.tag_id, func.max(tag_changes.c.at)).where(
        tag_changes.c.undone_at.is_(None)
    )
    return {
        int(tag): int(at) for tag, at in connection.execute(query.group_by(tag_changes.c.tag_id))
    }


def count_changes(connection: Connection, tag_id: int) -> int:
    query = select(func.count()).where(tag_changes.c.tag_id == tag_id)
    return int(connection.execute(query).scalar_one())


def bulk_ids(connection: Connection, tag_ids: Sequence[int] | None = None) -> list[int]:
    """Changes of several numbers, newest first."""
    query = select(tag_changes.c.id).where(tag_changes.c.customer.is_(None), tag_changes.c.size > 0)
    if tag_ids is not None:
        query = query.where(tag_changes.c.tag_id.in_(list(tag_ids)))
    rows = connection.execute(query.order_by(tag_changes.c.id.desc()))
    return [int(row[0]) for row in rows]


def blobs(connection: Connection, ids: Sequence[int]) -> Iterable[tuple[int, BitMap]]:
    for start in range(0, len(ids), FEW):
        part = list(ids[start : start + FEW])
        query = select(tag_changes.c.id, tag_changes.c.people).where(tag_changes.c.id.in_(part))
        for id_, raw in connection.execute(query):
            yield int(id_), opened(raw)


def sums_by_quarter(connection: Connection, tag_id: int) -> np.ndarray:
    """(quarter of an hour since 1970, action's code, people) of standing changes."""
    quarter = tag_changes.c.at // 900_000
    query = select(quarter, _CODES, func.sum(tag_changes.c.size)).where(
        tag_changes.c.tag_id == tag_id, tag_changes.c.undone_at.is_(None)
    )
    return integers(connection, query.group_by(quarter, _CODES))
