"""Groups, tags and who has them, as they stood at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

from yutang.errors import BadInput, NotFound
from yutang.tags import rules
from yutang.tags.holding import State, as_change, as_group, as_tag, is_archived
from yutang.tags.model import Change, Preview, Tag, TagGroup
from yutang.tags.repository import ChangeRow


class Shelf:
    """What can be asked without asking the state again."""

    def __init__(self, state: State) -> None:
        self._state = state

    def groups(self, *, archived: bool = False) -> list[TagGroup]:
        """In their order."""
        state = self._state
        rows = (row for row in state.groups.values() if (row.archived_at is not None) == archived)
        return [as_group(row.id, state) for row in rows]

    def get_group(self, group_id: int) -> TagGroup:
        """Raises NotFound."""
        state = self._state
        if group_id not in state.groups:
            raise NotFound("There is no such group of tags.")
        return as_group(group_id, state)

    def list_(self, archived: bool = False) -> list[Tag]:
        """Those in use, or the archived ones; by group, in their order. A tag of an archived
        group is archived, too."""
        state = self._state
        places = {id_: place for place, id_ in enumerate(state.groups)}
        rows = [row.id for row in state.tags.values() if is_archived(row.id, state) == archived]
        rows.sort(key=lambda id_: places[state.tags[id_].group_id])
        return [as_tag(id_, state) for id_ in rows]

    def get(self, tag_id: int) -> Tag:
        """Raises NotFound."""
        state = self._state
        if tag_id not in state.tags:
            raise NotFound("There is no such tag.", hint="The list of tags has them all.")
        return as_tag(tag_id, state)

    def find(self, name: str) -> Tag:
        """“group/name”, a name that only one tag has, or its number. Raises NotFound, BadInput
        where several groups have a tag of that name."""
        wanted = name.strip().casefold()
        every = self.list_()
        found = [one for one in every if wanted == one.title.casefold()] or [
            one for one in every if wanted == one.name.casefold()
        ]
        if not found and wanted.isascii() and wanted.isdigit():
            found = [one for one in every if one.id == int(wanted)]
        if not found:
            raise NotFound("There is no tag “%(name)s”.", name=name[:80])
        if len(found) > 1:
            raise BadInput(
                "Several groups have a tag “%(name)s”.",
                hint="Write the group before it: %(example)s.",
                name=name[:80],
                example=found[0].title,
            )
        return found[0]

    def people(self, tag_id: int) -> BitMap:
        """Who has it, by the customer numbers of today; the same object until it changes, so do
        not change it. Raises NotFound."""
        self.get(tag_id)
        return self._state.people[tag_id]

    def tagged(self) -> int:
        """How many customers have any tag in use."""
        state = self._state
        used = [state.people[id_] for id_ in state.tags if not is_archived(id_, state)]
        return len(BitMap.union(*used)) if used else 0

    def change(self, row: ChangeRow) -> Change:
        """A change with the names it is shown by."""
        return as_change(row, self._state)

    def conflicts(self, group_id: int) -> int:
        """Customers who have several tags of a group: of how many one stays if it becomes
        exclusive. Raises NotFound."""
        self.get_group(group_id)
        state = self._state
        mine = {id_: state.people[id_] for id_, row in state.tags.items()
                if row.group_id == group_id}  # fmt: skip
        return len(rules.shared(mine))

    def preview(self, tag_ids: Sequence[int], people: BitMap) -> list[Preview]:
        """What `add` would do. Raises NotFound."""
        found = []
        state = self._state
        for tag_id in tag_ids:
            tag = self.get(tag_id)
            new = people - state.people[tag_id]
            losing = (
                (as_tag(id_, state).title, state.people[id_].intersection_cardinality(new))
                for id_ in state.siblings(tag_id)
            )
            replaced = tuple(one for one in losing if one[1])
            found.append(Preview(tag, len(new), len(people) - len(new), replaced))
        return found
