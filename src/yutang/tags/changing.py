"""Giving and taking tags, inside one transaction; every change can be taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.errors import BadInput, Conflict, NotFound
from yutang.identity import Identities
from yutang.sequence.memberships import ids_of
from yutang.tags import repository, rules
from yutang.tags.holding import Holding, State, words_of
from yutang.tags.model import Done
from yutang.tags.repository import ChangeRow, TagRow


@dataclass(frozen=True)
class Act:
    """Who does something, how and when (UTC ms). until: instead of the tag's own validity."""

    kind: str
    by: str
    note: str
    at: int
    job: str = ""


@dataclass(frozen=True)
class Saying:
    """What somebody else says of one customer: at (UTC ms) he got or lost a tag."""

    customer: int
    at: int
    by: str
    note: str


class Changing:
    """The acts. The state they read is that of their own transaction."""

    def __init__(self, identities: Identities, holding: Holding) -> None:
        self._survivors = identities.survivors
        self._holding = holding

    # --- giving ------------------------------------------------------------------------------
    def add(self, connection: Connection, tag_ids: Sequence[int], people: BitMap, act: Act) -> Done:
        """Give tags to customers. Raises BadInput for two tags of one exclusive group."""
        state = self._holding.now(connection)
        people = self._survivors.follow(connection, people)
        _check_apart(state, tag_ids)
        version, stored = repository.next_epoch(connection), dict(state.stored)
        ids: list[int] = []
        counts: Counter[str] = Counter()
        for tag_id in tag_ids:
            tag = state.tags[tag_id]
            new = people - state.people[tag_id]
            counts["already"] += len(people) - len(new)
            # Who has it still has it for as long again; what never ends is not given twice.
            given = people if tag.valid_days else new
            if not given:
                continue
            until = rules.until_of(act.at, tag.valid_days)
            made = self._note(connection, tag_id, "add", given, act, until=until)
            stored[tag_id] = stored[tag_id] | given
            repository.set_people(connection, tag_id, stored[tag_id], version)
            repository.expires_before(connection, tag_id, until)
            ids.append(made)
            counts["added"] += len(new)
            counts["replaced"] += self._take(
                connection, state, stored, tag_id, new, act, version, part_of=made
            )
        return Done(tuple(ids), counts["added"], counts["already"], counts["replaced"], act.job)

    def remove(
        self, connection: Connection, tag_ids: Sequence[int], people: BitMap, act: Act
    ) -> Done:
        """Take tags from customers."""
        state = self._holding.now(connection)
        people = self._survivors.follow(connection, people)
        version, stored = repository.next_epoch(connection), dict(state.stored)
        ids: list[int] = []
        removed = 0
        for tag_id in tag_ids:
            losing = people & state.people[tag_id]
            numbers = stored[tag_id] & self._survivors.numbers(connection, losing)
            if not numbers:
                continue
            made = self._note(connection, tag_id, "remove", numbers, act)
            stored[tag_id] = stored[tag_id] - numbers
            repository.set_people(connection, tag_id, stored[tag_id], version)
            # What an exclusive group hides goes, too: nothing old comes up in its place.
            self._take(connection, state, stored, tag_id, losing, act, version, part_of=made)
            ids.append(made)
            removed += len(losing)
        return Done(tuple(ids), removed, len(people) * len(tag_ids) - removed, 0, act.job)

    def _take(
        self,
        connection: Connection,
        state: State,
        stored: dict[int, BitMap],
        tag_id: int,
        people: BitMap,
        act: Act,
        version: int,
        *,
        part_of: int | None,
    ) -> int:
        """Take the other tags of its exclusive group away as a part of a change of `tag_id`; how
        many people lost one."""
        siblings = state.siblings(tag_id)
        if not siblings:
            return 0
        numbers, lost = self._survivors.numbers(connection, people), 0
        for other in siblings:
            gone = stored[other] & numbers
            if gone:
                self._note(connection, other, "remove", gone, act, part_of=part_of)
                stored[other] = stored[other] - gone
                repository.set_people(connection, other, stored[other], version)
                lost += state.people[other].intersection_cardinality(people)
        return lost

    def _note(
        self,
        connection: Connection,
        tag_id: int,
        action: str,
        people: BitMap,
        act: Act,
        *,
        until: int | None = None,
        part_of: int | None = None,
    ) -> int:
        return repository.add_change(
            connection, people, tag_id=tag_id, action=action, kind=act.kind, by=act.by,
            note=act.note, at=act.at, until=until, job=act.job, part_of=part_of,
        )  # fmt: skip

    def say(
        self, connection: Connection, tag_id: int, told: Sequence[Saying], *, added: bool
    ) -> int:
        """Note what was said elsewhere, each with its own time; nobody stands in `told` twice.
        What was changed later than it was said stays. How many changes."""
        state = self._holding.now(connection)
        told = self._news(connection, state, tag_id, told, added=added)
        if not told:
            return 0
        version, stored = repository.next_epoch(connection), dict(state.stored)
        people = BitMap([one.customer for one in told])
        days = state.tags[tag_id].valid_days if added else 0
        repository.add_singles(
            connection, tag_id, "add" if added else "remove",
            [(s.customer, s.at, rules.until_of(s.at, days), s.by, s.note) for s in told],
        )  # fmt: skip
        act = Act("platform", "", "", max(one.at for one in told))
        if added:
            stored[tag_id] = stored[tag_id] | people
            self._take(connection, state, stored, tag_id, people, act, version, part_of=None)
            repository.expires_before(
                connection, tag_id, rules.until_of(min(one.at for one in told), days)
            )
        else:
            numbers = self._survivors.numbers(connection, people)
            if others := (stored[tag_id] & numbers) - people:  # numbers merged into his
                self._note(connection, tag_id, "remove", others, act)
            stored[tag_id] = stored[tag_id] - numbers
        repository.set_people(connection, tag_id, stored[tag_id], version)
        return len(told)

    def _news(
        self,
        connection: Connection,
        state: State,
        tag_id: int,
        told: Sequence[Saying],
        *,
        added: bool,
    ) -> list[Saying]:
        """What changes something, and is newer than what was changed last."""
        has, days = state.people[tag_id], state.tags[tag_id].valid_days
        told = [
            one for one in told
            if (one.customer in has) != added or (added and days)
        ]  # fmt: skip
        numbers = np.unique(np.array([one.customer for one in told], np.uint32))
        last, _ = words_of(connection, tag_id, numbers)
        times = repository.times_of(connection, tag_id, last)
        newest = dict(zip(numbers.tolist(), times.tolist(), strict=True))
        return [one for one in told if one.at > newest[one.customer]]

    # --- taking back -------------------------------------------------------------------------
    def undo(self, connection: Connection, change_id: int, *, by: str, at: int) -> Done:
        """Take a change back with all it replaced. Raises NotFound, Conflict."""
        asked = repository.get_change(connection, change_id)
        if asked is None:
            raise NotFound("There is no such change of a tag.")
        if asked.undone_at is not None:
            raise Conflict("This change was undone already.")
        return self._undo(connection, repository.with_parts(connection, asked.part_of or change_id),
                          by=by, at=at)  # fmt: skip

    def undo_job(self, connection: Connection, job: str, *, by: str, at: int) -> Done:
        """Take back everything that one act did. Raises NotFound, Conflict."""
        rows = repository.of_job(connection, job) if job else []
        if not rows:
            raise NotFound("There is no such change of a tag.")
        left = [row for row in rows if row.undone_at is None]
        if not left:
            raise Conflict("This change was undone already.")
        return self._undo(connection, left, by=by, at=at)

    def _undo(self, connection: Connection, rows: Sequence[ChangeRow], *, by: str, at: int) -> Done:
        rows = [row for row in rows if row.undone_at is None]
        touched: dict[int, BitMap] = {}
        for row in rows:
            one = repository.about(connection, row)
            touched[row.tag_id] = touched.get(row.tag_id, BitMap()) | one
        repository.mark_undone(connection, [row.id for row in rows], at, by)
        version, changed = repository.next_epoch(connection), 0
        for tag_id, numbers in touched.items():
            stored = repository.people_of(connection, [tag_id])[tag_id]
            ids = ids_of(numbers)
            _, action = words_of(connection, tag_id, ids)
            has = BitMap(ids[action == rules.ADD])
            new = (stored - numbers) | has
            changed += len(new ^ stored)
            if new != stored:
                repository.set_people(connection, tag_id, new, version)
            # Somebody may hold again what was over its time meanwhile: the next look decides.
            repository.expires_before(connection, tag_id, at)
        return Done(tuple(row.id for row in rows), changed, 0, 0, rows[0].job if rows else "")

    # --- over time ---------------------------------------------------------------------------
    def expire(self, connection: Connection, now: int) -> Done:
        """Take away what is over its time. A tag that was given again since then stays; so does
        one whose expiry was taken back."""
        state = self._holding.now(connection)
        due = [row for row in state.tags.values() if row.expires_at and row.expires_at <= now]
        if not due:
            return Done()
        version, ids, gone = repository.next_epoch(connection), [], 0
        for tag in due:
            over = self._over(connection, tag, state.stored[tag.id], now)
            if over:
                act = Act("rule", "", "", now)
                ids.append(self._note(connection, tag.id, "expire", over, act))
                repository.set_people(connection, tag.id, state.stored[tag.id] - over, version)
                gone += len(over)
            later = repository.next_expiry(connection, tag.id, now)
            repository.change_tag(connection, tag.id, expires_at=later)
        return Done(tuple(ids), gone)

    def _over(self, connection: Connection, tag: TagRow, stored: BitMap, now: int) -> BitMap:
        """Numbers whose last addition was until `now` or earlier."""
        numbers = ids_of(stored)
        bulks = repository.bulks_of(connection, tag.id, kept=True)
        singles = repository.singles_of(connection, tag.id, kept=True)
        last, action = rules.last_words(numbers, singles, bulks)
        over = repository.over_time(connection, tag.id, now)
        return BitMap(numbers[np.isin(last, over) & (action == rules.ADD)])


def _check_apart(state: State, tag_ids: Sequence[int]) -> None:
    groups = Counter(
        state.tags[tag_id].group_id
        for tag_id in tag_ids
        if state.groups[state.tags[tag_id].group_id].exclusive
    )
    for group, many in groups.items():
        if many > 1:
            raise BadInput(
                "Of the group “%(group)s” a customer has one tag at most.",
                hint="Choose one of them.",
                group=state.groups[group].name,
            )
