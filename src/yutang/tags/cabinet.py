"""Making, renaming, moving and archiving groups and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyroaring import BitMap

from yutang.errors import BadInput, Conflict, NotFound
from yutang.identity import Identities
from yutang.tags import repository, rules
from yutang.tags.holding import State, as_group, as_tag, is_archived
from yutang.tags.model import Tag, TagGroup
from yutang.workspace import Workspace


class Cabinet:
    """The groups and tags themselves. Names are unique: of groups in the brand, of tags in their
    group; archived ones leave theirs free."""

    def __init__(
        self, workspace: Workspace, state: Callable[[], State], identities: Identities
    ) -> None:
        self._workspace = workspace
        self._state = state
        self._survivors = identities.survivors

    # --- groups ------------------------------------------------------------------------------
    def add_group(
        self,
        name: str,
        *,
        by: str,
        exclusive: bool = False,
        description: str = "",
        code: str = "",
    ) -> TagGroup:
        """Raises BadInput, Conflict."""
        name = rules.checked_name(name)
        self._check_group_free(name)
        state = self._state()
        if sum(row.archived_at is None for row in state.groups.values()) >= rules.MOST_GROUPS:
            raise BadInput(
                "There are %(n)d groups of tags already.",
                hint="Archive those that nobody uses any more.",
                n=rules.MOST_GROUPS,
            )
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            made = repository.add_group(
                connection, name=name, code=code, exclusive=int(exclusive), created_by=by,
                description=rules.checked_text(description), created_at=at, changed_at=at,
            )  # fmt: skip
            repository.next_epoch(connection)
        return as_group(made, self._state())

    def change_group(
        self,
        group_id: int,
        *,
        by: str,
        name: str | None = None,
        description: str | None = None,
        exclusive: bool | None = None,
        position: int | None = None,
    ) -> TagGroup:
        """What is None stays. A group that becomes exclusive leaves everybody the tag he was given
        last. Raises NotFound, BadInput, Conflict."""
        state = self._with_group(group_id)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = rules.checked_name(name)
            self._check_group_free(values["name"], but=group_id)
        if description is not None:
            values["description"] = rules.checked_text(description)
        if exclusive is not None:
            values["exclusive"] = int(exclusive)
        if position is not None:
            values["position"] = position
        was = bool(state.groups[group_id].exclusive)
        with self._workspace.db.write() as connection:
            repository.change_group(
                connection, group_id, changed_at=self._workspace.now(), **values
            )
            repository.next_epoch(connection)
        if exclusive and not was:
            self._part(group_id, by)
        return as_group(group_id, self._state())

    def archive_group(self, group_id: int) -> TagGroup:
        """Take it out of use with its tags. Raises NotFound."""
        self._with_group(group_id)
        return self._write_group(group_id, archived_at=self._workspace.now())

    def restore_group(self, group_id: int) -> TagGroup:
        """Raises NotFound, Conflict where its name is taken by now."""
        state = self._with_group(group_id)
        self._check_group_free(state.groups[group_id].name, but=group_id)
        return self._write_group(group_id, archived_at=None)

    # --- tags --------------------------------------------------------------------------------
    def add(
        self,
        group_id: int,
        name: str,
        *,
        by: str,
        kind: str = "manual",
        description: str = "",
        colour: str = "",
        valid_days: int = 0,
        set_by: str = "guides",
        rule: Mapping[str, Any] | None = None,
        behaviour: Mapping[str, Any] | None = None,
    ) -> Tag:
        """A new tag. rule: of a computed or rule tag, see `Computed`. Raises NotFound, BadInput,
        Conflict."""
        state = self._with_group(group_id)
        if state.groups[group_id].archived_at is not None:
            raise BadInput("This group is archived.", hint="Restore it first.")
        name = rules.checked_name(name)
        self._check_free(group_id, name)
        self._check_room(state)
        kind = rules.checked_choice(kind, rules.KINDS)
        if (kind in ("computed", "rule")) != (rule is not None):
            raise BadInput("A computed tag has a condition, and no other has one.")
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            made = repository.add_tag(
                connection, group_id=group_id, name=name, kind=kind,
                description=rules.checked_text(description), colour=rules.checked_colour(colour),
                valid_days=rules.checked_days(valid_days),
                set_by=rules.checked_choice(set_by, rules.SETTERS),
                rule=None if rule is None else dict(rule),
                behaviour=None if behaviour is None else dict(behaviour),
                created_by=by, created_at=at, changed_at=at,
            )  # fmt: skip
            repository.next_epoch(connection)
        return as_tag(made, self._state())

    def change(
        self,
        tag_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        colour: str | None = None,
        valid_days: int | None = None,
        set_by: str | None = None,
        group_id: int | None = None,
        rule: Mapping[str, Any] | None = None,
    ) -> Tag:
        """What is None stays; a new validity holds for those who are tagged from now on. Moving
        it into an exclusive group leaves everybody the tag he was given last there. Raises
        NotFound, BadInput, Conflict."""
        state = self._with_tag(tag_id)
        home = state.tags[tag_id].group_id
        values: dict[str, Any] = {}
        if description is not None:
            values["description"] = rules.checked_text(description)
        if colour is not None:
            values["colour"] = rules.checked_colour(colour)
        if valid_days is not None:
            values["valid_days"] = rules.checked_days(valid_days)
        if set_by is not None:
            values["set_by"] = rules.checked_choice(set_by, rules.SETTERS)
        if rule is not None:
            if state.tags[tag_id].kind not in ("computed", "rule"):
                raise BadInput("A computed tag has a condition, and no other has one.")
            values["rule"] = dict(rule)
        if name is not None or group_id is not None:
            values["name"] = rules.checked_name(name or state.tags[tag_id].name)
            values["group_id"] = home if group_id is None else group_id
            self._with_group(values["group_id"])
            self._check_free(values["group_id"], values["name"], but=tag_id)
        made = self._write_tag(tag_id, **values)
        if made.group_id != home and self._state().groups[made.group_id].exclusive:
            self._part(made.group_id, state.tags[tag_id].created_by)
        return made if made.group_id == home else as_tag(tag_id, self._state())

    def set_behaviour(self, tag_id: int, behaviour: Mapping[str, Any] | None) -> Tag:
        """Tie a tag to what its holders should do or be; None unties it. Raises NotFound."""
        self._with_tag(tag_id)
        return self._write_tag(tag_id, behaviour=None if behaviour is None else dict(behaviour))

    def archive(self, tag_id: int) -> Tag:
        """Take it out of use: nobody is shown with it, and nobody gets it. Raises NotFound."""
        self._with_tag(tag_id)
        return self._write_tag(tag_id, archived_at=self._workspace.now())

    def restore(self, tag_id: int) -> Tag:
        """Raises NotFound, Conflict where its name is taken by now."""
        state = self._with_tag(tag_id)
        row = state.tags[tag_id]
        self._check_free(row.group_id, row.name, but=tag_id)
        return self._write_tag(tag_id, archived_at=None)

    # --- inside ------------------------------------------------------------------------------
    def _part(self, group_id: int, by: str) -> None:
        """Store for good what an exclusive group shows: of several tags the one given last."""
        state, at = self._state(), self._workspace.now()
        with self._workspace.db.write() as connection:
            version = repository.next_epoch(connection)
            for tag_id, row in state.tags.items():
                if row.group_id != group_id:
                    continue
                stored, shown = state.stored[tag_id], state.people[tag_id]
                gone = stored - self._survivors.numbers(connection, shown)
                if gone:
                    repository.add_change(
                        connection, BitMap(gone), tag_id=tag_id, action="remove", kind="bulk",
                        by=by, note="", at=at,
                    )  # fmt: skip
                    repository.set_people(connection, tag_id, stored - gone, version)

    def _write_group(self, group_id: int, **values: Any) -> TagGroup:
        with self._workspace.db.write() as connection:
            repository.change_group(
                connection, group_id, changed_at=self._workspace.now(), **values
            )
            repository.next_epoch(connection)
        return as_group(group_id, self._state())

    def _write_tag(self, tag_id: int, **values: Any) -> Tag:
        with self._workspace.db.write() as connection:
            repository.change_tag(connection, tag_id, changed_at=self._workspace.now(), **values)
            repository.next_epoch(connection)
        return as_tag(tag_id, self._state())

    def _with_group(self, group_id: int) -> State:
        state = self._state()
        if group_id not in state.groups:
            raise NotFound("There is no such group of tags.")
        return state

    def _with_tag(self, tag_id: int) -> State:
        state = self._state()
        if tag_id not in state.tags:
            raise NotFound("There is no such tag.", hint="The list of tags has them all.")
        return state

    def _check_group_free(self, name: str, but: int = 0) -> None:
        for row in self._state().groups.values():
            same = row.name.casefold() == name.casefold()
            if same and row.id != but and row.archived_at is None:
                raise Conflict("There is a group “%(name)s” already.", name=name)

    def _check_free(self, group_id: int, name: str, but: int = 0) -> None:
        for row in self._state().tags.values():
            same = row.group_id == group_id and row.name.casefold() == name.casefold()
            if same and row.id != but and row.archived_at is None:
                raise Conflict("The group has a tag “%(name)s” already.", name=name)

    def _check_room(self, state: State) -> None:
        if sum(not is_archived(id_, state) for id_ in state.tags) >= rules.MOST_TAGS:
            raise BadInput(
                "There are %(n)d tags already.",
                hint="Archive those that nobody uses any more.",
                n=rules.MOST_TAGS,
            )
