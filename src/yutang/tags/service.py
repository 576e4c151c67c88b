"""Tags of one brand: groups and tags, who has them, how each came, and taking it back."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.errors import BadInput
from yutang.identity import Identities
from yutang.sequence.memberships import memberships
from yutang.sequence.source import Attribute
from yutang.tags import repository, rules
from yutang.tags.cabinet import Cabinet
from yutang.tags.changing import Act, Changing
from yutang.tags.histories import Histories
from yutang.tags.holding import Holding, State, as_change, as_tag, is_archived
from yutang.tags.model import Change, Done, Held, Preview, Tag, TagGroup
from yutang.tags.shelf import Shelf
from yutang.workspace import Workspace


class Tags:
    """Groups and tags, and the people who have them. Making and changing them: `cabinet`."""

    def __init__(self, workspace: Workspace, identities: Identities) -> None:
        self._workspace = workspace
        self.cabinet = Cabinet(workspace, self._state, identities)
        self._holding = Holding(identities)
        self.changing = Changing(identities, self._holding)
        self._histories = Histories()
        self._lock = threading.Lock()
        self._attribute: tuple[dict[int, BitMap], Attribute | None] = ({}, None)

    # --- asking ------------------------------------------------------------------------------
    def now(self) -> Shelf:
        """Everything as it stands, asked of the state once."""
        return Shelf(self._state())

    def groups(self, *, archived: bool = False) -> list[TagGroup]:
        """In their order."""
        return self.now().groups(archived=archived)

    def get_group(self, group_id: int) -> TagGroup:
        """Raises NotFound."""
        return self.now().get_group(group_id)

    def list_(self, archived: bool = False) -> list[Tag]:
        """Those in use, or the archived ones; by group, in their order."""
        return self.now().list_(archived)

    def get(self, tag_id: int) -> Tag:
        """Raises NotFound."""
        return self.now().get(tag_id)

    def find(self, name: str) -> Tag:
        """“group/name”, a name that only one tag has, or its number. Raises NotFound, BadInput."""
        return self.now().find(name)

    def people(self, tag_id: int) -> BitMap:
        """Who has it, by the customer numbers of today; the same object until it changes, so do
        not change it. Raises NotFound."""
        return self.now().people(tag_id)

    def tagged(self) -> int:
        """How many customers have any tag in use."""
        return self.now().tagged()

    def preview(self, tag_ids: Sequence[int], people: BitMap) -> list[Preview]:
        """What `add` would do. Raises NotFound."""
        return self.now().preview(tag_ids, people)

    def of_customer(self, customer: int) -> list[Held]:
        """The tags that somebody has, and how each came to him."""
        return self.story(customer)[0]

    def history(self, customer: int) -> list[Change]:
        """Every change that was about him, or about a number merged into his; newest first."""
        return self.story(customer)[1]

    def story(self, customer: int) -> tuple[list[Held], list[Change]]:
        """The tags that somebody has, and every change that was about him, newest first."""
        with self._workspace.db.read() as connection:
            state = self._holding.now(connection)
            given, rows = self._histories.of_customer(connection, state, customer)
        held = [
            Held(as_tag(row.tag_id, state), row.kind, row.by, row.note, row.at, row.until, row.id)
            for row in given
            if not is_archived(row.tag_id, state)
        ]
        return held, [as_change(row, state) for row in rows]

    def changes(self, tag_id: int, *, limit: int = 50, offset: int = 0) -> list[Change]:
        """A tag's changes, newest first."""
        with self._workspace.db.read() as connection:
            state = self._holding.now(connection)
            rows = repository.rows_of(connection, tag_id=tag_id, limit=limit, offset=offset)
        return [as_change(row, state) for row in rows]

    def last_changed(self) -> dict[int, int]:
        """Tag → when its people changed last (UTC ms)."""
        with self._workspace.db.read() as connection:
            return repository.last_changed(connection)

    def past(
        self, shelf: Shelf, tag_id: int, *, limit: int, offset: int
    ) -> tuple[list[Change], int, list[tuple[str, int, int]]]:
        """A tag's changes, newest first; how many there are; and its weeks (see `weeks`)."""
        with self._workspace.db.read() as connection:
            rows = repository.rows_of(connection, tag_id=tag_id, limit=limit, offset=offset)
            total = repository.count_changes(connection, tag_id)
            sums = repository.sums_by_quarter(connection, tag_id)
        weeks = self._histories.weeks(sums, self._workspace.zone)
        return [shelf.change(row) for row in rows], total, weeks

    def count_changes(self, tag_id: int) -> int:
        with self._workspace.db.read() as connection:
            return repository.count_changes(connection, tag_id)

    def job(self, job: str) -> list[Change]:
        """The changes that one act made."""
        with self._workspace.db.read() as connection:
            state = self._holding.now(connection)
            return [as_change(row, state) for row in repository.of_job(connection, job)]

    def weeks(self, tag_id: int) -> list[tuple[str, int, int]]:
        """(Monday of the week, people added, people who lost it), oldest first, without gaps."""
        with self._workspace.db.read() as connection:
            sums = repository.sums_by_quarter(connection, tag_id)
        return self._histories.weeks(sums, self._workspace.zone)

    def attribute(self) -> Attribute | None:
        """The customer attribute of the tags in use, by their numbers as text; the same object
        until the people of one change."""
        state = self._state()
        people = {id_: state.people[id_] for id_ in state.tags if not is_archived(id_, state)}
        with self._lock:
            held, made = self._attribute
            same = held.keys() == people.keys() and all(held[id_] is people[id_] for id_ in people)
            if not same:
                made = memberships({str(id_): one for id_, one in people.items()})
                self._attribute = (people, made)
            return made

    # --- giving and taking -------------------------------------------------------------------
    def add(
        self,
        tag_ids: Sequence[int],
        people: BitMap,
        *,
        kind: str,
        by: str,
        note: str = "",
        at: int | None = None,
        job: str = "",
    ) -> Done:
        """Give tags to customers; another tag of an exclusive group goes. at: when it was said, if
        not now. Raises NotFound, BadInput for an archived tag or two of an exclusive group."""
        self._check_usable(tag_ids)
        act = self._act(kind, by, note, at, job)
        with self._workspace.db.write() as connection:
            return self.changing.add(connection, list(dict.fromkeys(tag_ids)), people, act)

    def remove(
        self,
        tag_ids: Sequence[int],
        people: BitMap,
        *,
        kind: str,
        by: str,
        note: str = "",
        at: int | None = None,
        job: str = "",
    ) -> Done:
        """Take tags from customers. Raises NotFound."""
        shelf = self.now()
        for tag_id in tag_ids:
            shelf.get(tag_id)
        act = self._act(kind, by, note, at, job)
        with self._workspace.db.write() as connection:
            return self.changing.remove(connection, list(dict.fromkeys(tag_ids)), people, act)

    def undo(self, change_id: int, *, by: str = "") -> Done:
        """Take a change back, with what it replaced; what was changed later stays as it is.
        Raises NotFound, Conflict where it was taken back already."""
        with self._workspace.db.write() as connection:
            return self.changing.undo(connection, change_id, by=by, at=self._workspace.now())

    def undo_job(self, job: str, *, by: str = "") -> Done:
        """The same of everything that one act did."""
        with self._workspace.db.write() as connection:
            return self.changing.undo_job(connection, job, by=by, at=self._workspace.now())

    def expire(self, now: int) -> Done:
        """Take away what is over its time by `now` (UTC ms)."""
        with self._workspace.db.read() as connection:
            rows = repository.all_tags(connection)
        if not any(row.expires_at is not None and row.expires_at <= now for row in rows):
            return Done()
        with self._workspace.db.write() as connection:
            return self.changing.expire(connection, now)

    def state(self, connection: Connection) -> State:
        """Everything as it stands in the caller's transaction."""
        return self._holding.now(connection)

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever a tag, or a merge or split of people, changed anything."""
        return self._state().stamp

    # --- inside ------------------------------------------------------------------------------
    def _state(self) -> State:
        with self._workspace.db.read() as connection:
            return self._holding.now(connection)

    def _act(self, kind: str, by: str, note: str, at: int | None, job: str) -> Act:
        rules.checked_choice(kind, rules.CHANGE_KINDS)
        note = " ".join(note.split())[: rules.NOTE_LENGTH]
        return Act(kind, by, note, self._workspace.now() if at is None else at, job)

    def _check_usable(self, tag_ids: Sequence[int]) -> None:
        state = self._state()
        for tag_id in tag_ids:
            tag = Shelf(state).get(tag_id)
            if is_archived(tag_id, state):
                raise BadInput(
                    "The tag “%(name)s” is archived.", hint="Restore it first.", name=tag.title
                )
