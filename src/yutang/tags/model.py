"""What a tag, a group, a change and a held tag are to those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TagGroup:
    """exclusive: a customer has at most one tag of it. code: "" or of a group that the product
    made ("external"). tags: how many are in use. Times UTC ms."""

    id: int
    name: str
    code: str
    description: str
    exclusive: bool
    position: int
    tags: int
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None


@dataclass(frozen=True)
class Tag:
    """people: how many have it today. valid_days: 0 = for ever. set_by: guides | operators.

    rule: who gets it, of a computed ({"filter"}) or rule tag; behaviour: what holders should do
    or be, by which tagging is judged ({"filter"} or {"category"}). Times UTC ms.
    """

    id: int
    group_id: int
    group: str
    name: str
    description: str
    kind: str
    colour: str
    valid_days: int
    set_by: str
    rule: Mapping[str, Any] | None
    behaviour: Mapping[str, Any] | None
    position: int
    people: int
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None

    @property
    def title(self) -> str:
        """How it is written where the group is not told beside it."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True)
class Change:
    """One line of a tag's or a person's history. action: add | remove | expire; size: people;
    part_of: the addition that replaced this tag in an exclusive group. Times UTC ms."""

    id: int
    tag_id: int
    tag: str
    group: str
    action: str
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


@dataclass(frozen=True)
class Held:
    """A tag that somebody has: how it came (kind, by, note), since when, and until when."""

    tag: Tag
    kind: str
    by: str
    note: str
    since: int
    until: int | None
    change: int

    @property
    def group(self) -> str:
        return self.tag.group


@dataclass(frozen=True)
class Done:
    """What an act did. changes: ids that `undo` takes; added (or removed): people who have it
    now and had it not (or the reverse), summed over the tags; already: those for whom nothing
    changed; replaced: tags of an exclusive group that were taken away for it."""

    changes: tuple[int, ...] = ()
    added: int = 0
    already: int = 0
    replaced: int = 0
    job: str = ""


@dataclass(frozen=True)
class Preview:
    """What giving a tag would do. replaced: (title of the tag that goes, people)."""

    tag: Tag
    added: int
    already: int
    replaced: tuple[tuple[str, int], ...]
