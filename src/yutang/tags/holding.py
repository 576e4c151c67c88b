"""Who has which tag today, kept in memory until something changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.identity import Identities
from yutang.sequence.memberships import ids_of
from yutang.tags import repository, rules
from yutang.tags.model import Change, Tag, TagGroup
from yutang.tags.repository import ChangeRow, GroupRow, TagRow


@dataclass(frozen=True)
class State:
    """stamp: (tags' epoch, identities …); stored: by the numbers people were given a tag under;
    people: by those of today, one tag of an exclusive group; merged, into: numbers (ascending) that
    were merged, and whose they are."""

    stamp: tuple[int, ...] = ()
    groups: dict[int, GroupRow] = field(default_factory=dict)
    tags: dict[int, TagRow] = field(default_factory=dict)
    stored: dict[int, BitMap] = field(default_factory=dict)
    people: dict[int, BitMap] = field(default_factory=dict)
    merged: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    into: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def numbers_of(self, customer: int) -> tuple[int, BitMap]:
        """Who a customer number is today, and all numbers of his."""
        at = int(np.searchsorted(self.merged, customer))
        if at < self.merged.size and self.merged[at] == customer:
            customer = int(self.into[at])
        return customer, BitMap([customer, *self.merged[self.into == customer].tolist()])

    def siblings(self, tag_id: int) -> list[int]:
        """The other tags of its group, where that is exclusive."""
        group = self.tags[tag_id].group_id
        if not self.groups[group].exclusive:
            return []
        return [one.id for one in self.tags.values() if one.group_id == group and one.id != tag_id]


class Holding:
    """Reads what changed since it was read last: a tag whose people did not change keeps the very
    bitmap, so that whoever keeps something made of it knows that it still holds."""

    def __init__(self, identities: Identities) -> None:
        self._survivors = identities.survivors
        self._lock = threading.Lock()
        self._state = State()

    def now(self, connection: Connection) -> State:
        stamp = self._survivors.stamp(connection, repository.EPOCH)
        with self._lock:
            held = self._state
        if held.stamp == stamp:
            return held
        made = self._read(connection, stamp, held)
        with self._lock:
            self._state = made
        return made

    def _read(self, connection: Connection, stamp: tuple[int, ...], held: State) -> State:
        groups = {row.id: row for row in repository.groups(connection)}
        tags = {row.id: row for row in repository.all_tags(connection)}
        same = {
            id_ for id_, row in tags.items()
            if id_ in held.tags and held.tags[id_].version == row.version
        }  # fmt: skip
        stored = repository.people_of(connection, [id_ for id_ in tags if id_ not in same])
        stored = {id_: held.stored[id_] if id_ in same else stored[id_] for id_ in tags}
        follow = self._survivors.follower(connection)
        still = held.stamp[1:] == stamp[1:]
        people = {
            id_: held.people[id_] if still and id_ in same else follow(stored[id_]) for id_ in tags
        }
        made = State(stamp, groups, tags, stored, people, *self._survivors.merges(connection))
        for group in groups.values():
            if group.exclusive:
                self._keep_one(connection, group, made, held if still else State(), same)
        return made

    def _keep_one(
        self, connection: Connection, group: GroupRow, made: State, held: State, same: set[int]
    ) -> None:
        """Of an exclusive group everybody has one tag: merges may have brought together two."""
        mine = [row.id for row in made.tags.values() if row.group_id == group.id]
        before = {row.id for row in held.tags.values() if row.group_id == group.id}
        was = held.groups.get(group.id)
        if before == set(mine) <= same and was is not None and was.exclusive:
            return
        follow = self._survivors.follower(connection)
        whole = {id_: follow(made.stored[id_]) for id_ in mine}
        several = rules.shared(whole)
        if not several:
            made.people.update({i: one for i, one in whole.items() if made.people[i] != one})
            return
        given = {id_: self._given(connection, id_, made.stored[id_], several) for id_ in mine}
        kept = rules.newest_only(whole, given)
        made.people.update({id_: one for id_, one in kept.items() if made.people[id_] != one})

    def _given(
        self, connection: Connection, tag_id: int, stored: BitMap, several: BitMap
    ) -> tuple[np.ndarray, np.ndarray]:
        """(customers of today, id of the change that gave them the tag), of these who have it."""
        numbers = ids_of(stored & self._survivors.numbers(connection, several))
        last, _ = words_of(connection, tag_id, numbers)
        return self._survivors.today(connection, numbers), last


def words_of(
    connection: Connection, tag_id: int, numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each of these numbers (uint32, ascending) the newest standing change of a tag."""
    few = numbers.tolist() if numbers.size <= repository.FEW else None
    return rules.last_words(
        numbers,
        repository.singles_of(connection, tag_id, few),
        repository.bulks_of(connection, tag_id),
    )


def is_archived(tag_id: int, state: State) -> bool:
    """Whether a tag, or its group, is archived."""
    tag = state.tags[tag_id]
    return tag.archived_at is not None or state.groups[tag.group_id].archived_at is not None


def as_group(group_id: int, state: State) -> TagGroup:
    row = state.groups[group_id]
    tags = sum(one.group_id == group_id and one.archived_at is None for one in state.tags.values())
    return TagGroup(
        id=row.id, name=row.name, code=row.code, description=row.description,
        exclusive=bool(row.exclusive), position=row.position, tags=tags,
        created_by=row.created_by, created_at=row.created_at, changed_at=row.changed_at,
        archived_at=row.archived_at,
    )  # fmt: skip


def as_tag(tag_id: int, state: State) -> Tag:
    row = state.tags[tag_id]
    return Tag(
        id=row.id, group_id=row.group_id, group=state.groups[row.group_id].name, name=row.name,
        description=row.description, kind=row.kind, colour=row.colour, valid_days=row.valid_days,
        set_by=row.set_by, rule=row.rule, behaviour=row.behaviour, position=row.position,
        people=len(state.people[tag_id]), created_by=row.created_by, created_at=row.created_at,
        changed_at=row.changed_at, archived_at=row.archived_at,
    )  # fmt: skip


def as_change(row: ChangeRow, state: State) -> Change:
    tag = state.tags[row.tag_id]
    return Change(
        id=row.id, tag_id=row.tag_id, tag=tag.name, group=state.groups[tag.group_id].name,
        action=row.action, size=row.size, kind=row.kind, by=row.by, note=row.note, at=row.at,
        until=row.until, undone_at=row.undone_at, undone_by=row.undone_by, job=row.job,
        part_of=row.part_of,
    )  # fmt: skip
