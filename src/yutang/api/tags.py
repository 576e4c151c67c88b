"""Tags: groups, tags, who has them, giving and taking them, taking a change back."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.errors import BadInput
from yutang.identity import LIST_KINDS
from yutang.tags import Done, Held, Tag

ROUTES = APIRouter(tags=["tags"], responses=PROBLEMS)  # type: ignore[arg-type]
Id = Annotated[int, Path(ge=1, lt=2**53)]
_MOST_IDENTIFIERS = 20_000  # of one request; a larger list goes through the page or the CLI
Name = Annotated[str, Field(min_length=1, max_length=60)]
Note = Annotated[str, Field(max_length=200)]
SetBy = Literal["guides", "operators"]


class GroupOut(BaseModel):
    """A group of tags. Times UTC ms."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    code: str = Field(description="“external”: names that only came from elsewhere.")
    description: str
    exclusive: bool = Field(description="A customer has at most one tag of it.")
    position: int
    tags: int
    archived_at: int | None


class NewGroup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    exclusive: bool = False
    description: str = Field("", max_length=500)


class GroupChange(BaseModel):
    """What is left out stays. A group that becomes exclusive leaves everybody the newest tag."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    exclusive: bool | None = None
    description: str | None = Field(None, max_length=500)
    position: int | None = Field(None, ge=0, le=10_000)
    archived: bool | None = None


class TagOut(BaseModel):
    """A tag. Times UTC ms."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    group_id: int
    group: str
    name: str
    description: str
    kind: str = Field(description="manual, computed, rule, imported, platform")
    colour: str
    valid_days: int = Field(description="0 = for ever.")
    set_by: str
    rule: dict[str, Any] | None
    behaviour: dict[str, Any] | None = Field(description="By which tagging is judged.")
    people: int = Field(description="How many have it today; merged customers count once.")
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None


class NewTag(BaseModel):
    """With `filter`, a condition over customer attributes, it is a computed tag."""

    model_config = ConfigDict(extra="forbid")

    group_id: int = Field(ge=1)
    name: Name
    description: str = Field("", max_length=500)
    colour: str = Field("", max_length=7)
    valid_days: int = Field(0, ge=0, le=3650)
    set_by: SetBy = "guides"
    filter: dict[str, Any] | None = None


class TagChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    group_id: int | None = Field(None, ge=1)
    name: Name | None = None
    description: str | None = Field(None, max_length=500)
    colour: str | None = Field(None, max_length=7)
    valid_days: int | None = Field(None, ge=0, le=3650)
    set_by: SetBy | None = None
    filter: dict[str, Any] | None = None
    archived: bool | None = None


class ChangeOut(BaseModel):
    """A change of a tag's people. Times UTC ms."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    tag_id: int
    tag: str
    group: str
    action: str = Field(description="add, remove, expire")
    size: int
    kind: str = Field(description="manual, bulk, import, platform, computed, rule")
    by: str
    note: str
    at: int
    until: int | None
    undone_at: int | None
    undone_by: str
    job: str
    part_of: int | None = Field(description="The addition that replaced this tag.")


class HeldOut(BaseModel):
    """A tag that a customer has: how it came, since when, until when."""

    tag_id: int
    tag: str
    group: str
    kind: str
    by: str
    note: str
    since: int
    until: int | None
    change: int


class CustomerTagsOut(BaseModel):
    tags: list[HeldOut]
    history: list[ChangeOut]


class TagNames(BaseModel):
    """Tags by number, by “group/name”, or by a name that only one group has."""

    model_config = ConfigDict(extra="forbid")

    tags: list[int | Annotated[str, Field(min_length=1, max_length=130)]] = Field(
        min_length=1, max_length=50
    )
    note: Note = ""


class People(BaseModel):
    """Whom to give a tag or take it from."""

    model_config = ConfigDict(extra="forbid")

    identifiers: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        min_length=1, max_length=_MOST_IDENTIFIERS
    )
    kind: str = Field("", description=f"Of the identifiers: {', '.join(LIST_KINDS[1:])}.")
    note: Note = ""


class DoneOut(BaseModel):
    """What was done. `added`: customers for whom it changed something."""

    changes: list[int]
    added: int
    already: int
    replaced: int = Field(description="Tags of an exclusive group that went for it.")
    job: str
    unknown: list[int] = Field([], description="Positions (from 1) that nobody has.")
    several: list[int] = Field([], description="Positions that fit more than one customer.")


@ROUTES.get("/tag-groups")
def list_groups(archived: bool = False, caller: Caller = needs("see")) -> list[GroupOut]:
    """Groups in use, or the archived ones, in their order."""
    found = caller.brand.tags.groups(archived=archived)
    return [GroupOut.model_validate(one) for one in found]


@ROUTES.post("/tag-groups", status_code=201)
def make_group(new: NewGroup, caller: Caller = needs("tags")) -> GroupOut:
    """A new group."""
    cabinet = caller.brand.tags.cabinet
    made = cabinet.add_group(
        new.name, by=caller.name, exclusive=new.exclusive, description=new.description
    )
    caller.record("tag_group_made", made.name)
    return GroupOut.model_validate(made)


@ROUTES.patch("/tag-groups/{group_id}")
def change_group(group_id: Id, change: GroupChange, caller: Caller = needs("tags")) -> GroupOut:
    """Rename, describe, order, make exclusive, archive or restore it."""
    cabinet = caller.brand.tags.cabinet
    found = cabinet.restore_group(group_id) if change.archived is False else None
    values = change.model_dump(exclude={"archived"}, exclude_none=True)
    if values or found is None:
        found = cabinet.change_group(group_id, by=caller.name, **values)
    if change.archived:
        found = cabinet.archive_group(group_id)
    caller.record("tag_group_changed", found.name)
    return GroupOut.model_validate(found)


@ROUTES.get("/tags")
def list_tags(archived: bool = False, caller: Caller = needs("see")) -> list[TagOut]:
    """Tags in use, or the archived ones, by group."""
    return [TagOut.model_validate(one) for one in caller.brand.tags.list_(archived=archived)]


@ROUTES.post("/tags", status_code=201)
def make_tag(new: NewTag, caller: Caller = needs("tags")) -> TagOut:
    """A new tag."""
    brand = caller.brand
    rule = None if new.filter is None else {"filter": new.filter}
    if rule is not None:
        brand.tag_rules.people(rule)  # raises where it cannot be asked
    made = brand.tags.cabinet.add(
        new.group_id, new.name, by=caller.name, kind="computed" if rule else "manual",
        description=new.description, colour=new.colour, valid_days=new.valid_days,
        set_by=new.set_by, rule=rule,
    )  # fmt: skip
    caller.record("tag_made", made.title)
    if rule is not None:
        brand.tag_rules.recompute()
    return TagOut.model_validate(brand.tags.get(made.id))


@ROUTES.get("/tags/{tag_id}")
def get_tag(tag_id: Id, caller: Caller = needs("see")) -> TagOut:
    """One tag."""
    return TagOut.model_validate(caller.brand.tags.get(tag_id))


@ROUTES.patch("/tags/{tag_id}")
def change_tag(tag_id: Id, change: TagChange, caller: Caller = needs("tags")) -> TagOut:
    """Rename, move, describe, archive or restore it; ask another condition."""
    brand, cabinet = caller.brand, caller.brand.tags.cabinet
    if change.archived is False:
        cabinet.restore(tag_id)
    values = change.model_dump(exclude={"archived", "filter"}, exclude_none=True)
    if change.filter is not None:
        values["rule"] = {"filter": change.filter}
        brand.tag_rules.people(values["rule"])
    if values:
        cabinet.change(tag_id, **values)
    if change.filter is not None:
        brand.tag_rules.recompute()
    if change.archived:
        cabinet.archive(tag_id)
    found = brand.tags.get(tag_id)
    caller.record("tag_archived" if change.archived else "tag_changed", found.title)
    return TagOut.model_validate(found)


@ROUTES.get("/tags/{tag_id}/changes")
def tag_changes(
    tag_id: Id, limit: Limit = 100, cursor: Cursor = "", caller: Caller = needs("see")
) -> Page[ChangeOut]:
    """Its changes, newest first."""
    tags, first = caller.brand.tags, offset_of(cursor)
    tags.get(tag_id)
    total = tags.count_changes(tag_id)
    rows = [
        ChangeOut.model_validate(one) for one in tags.changes(tag_id, limit=limit, offset=first)
    ]
    end = first + len(rows)
    return Page(rows=rows, total=total, next_cursor=cursor_at(end) if end < total else None)


@ROUTES.get("/tags/{tag_id}/people")
def tag_people(
    tag_id: Id, limit: Limit = 500, cursor: Cursor = "", caller: Caller = needs("export")
) -> Page[int]:
    """Customer ids, ascending. The first page of a reading is noted in the audit log."""
    people = caller.brand.tags.people(tag_id)
    after = offset_of(cursor)  # the last id that was given, not a place: a merge moves places
    if not after:
        title = caller.brand.tags.get(tag_id).title
        caller.record("tag_exported", title, {"people": len(people)})
    rows = list(islice(people.iter_equal_or_larger(after + 1), limit))
    more = bool(rows) and rows[-1] < people.max()
    return Page(rows=rows, total=len(people), next_cursor=cursor_at(rows[-1]) if more else None)


@ROUTES.post("/tags/{tag_id}/people")
def add_people(tag_id: Id, whom: People, caller: Caller = needs("tags")) -> DoneOut:
    """Give the tag to these customers."""
    return _many(caller, tag_id, whom, added=True)


@ROUTES.delete("/tags/{tag_id}/people")
def remove_people(tag_id: Id, whom: People, caller: Caller = needs("tags")) -> DoneOut:
    """Take the tag from these customers."""
    return _many(caller, tag_id, whom, added=False)


@ROUTES.post("/tag-changes/{change_id}/undo")
def undo_change(change_id: Id, caller: Caller = needs("tags")) -> DoneOut:
    """Take a change back with what it replaced; what was changed later stays as it is."""
    done = caller.brand.tags.undo(change_id, by=caller.name)
    caller.record("tagging_undone", f"#{change_id}", {"people": done.added})
    return _done(done)


@ROUTES.get("/customers/{customer_id}/tags")
def customer_tags(customer_id: Id, caller: Caller = needs("see")) -> CustomerTagsOut:
    """The tags of a customer, how each came, and every change."""
    tags = caller.brand.tags
    who = caller.brand.customers.get(customer_id, evidence=False).id
    return CustomerTagsOut(
        tags=[_held(one) for one in tags.of_customer(who)],
        history=[ChangeOut.model_validate(one) for one in tags.history(who)],
    )


@ROUTES.post("/customers/{customer_id}/tags")
def add_customer_tags(customer_id: Id, named: TagNames, caller: Caller = needs("see")) -> DoneOut:
    """Give him tags."""
    return _one(caller, customer_id, named, added=True)


@ROUTES.delete("/customers/{customer_id}/tags")
def remove_customer_tags(
    customer_id: Id, named: TagNames, caller: Caller = needs("see")
) -> DoneOut:
    """Take tags from him."""
    return _one(caller, customer_id, named, added=False)


def _one(caller: Caller, customer_id: int, named: TagNames, *, added: bool) -> DoneOut:
    tags = caller.brand.tags
    who = caller.brand.customers.get(customer_id, evidence=False).id
    found = [tags.get(one) if isinstance(one, int) else tags.find(one) for one in named.tags]
    for tag in found:
        _check_settable(tag)
        if tag.set_by == "operators":
            caller.require("tags")
    act = tags.add if added else tags.remove
    ids, one = [tag.id for tag in found], BitMap([who])
    done = act(ids, one, kind="manual", by=caller.name, note=named.note)
    titles = ", ".join(tag.title for tag in found)[:200]
    caller.record(_action(added), titles, {"customer": who})
    return _done(done)


def _many(caller: Caller, tag_id: int, whom: People, *, added: bool) -> DoneOut:
    brand = caller.brand
    tag = brand.tags.get(tag_id)
    _check_settable(tag)
    matched = brand.tag_files.match_all(whom.identifiers, whom.kind)
    act = brand.tags.add if added else brand.tags.remove
    done = act([tag_id], matched.people, kind="bulk", by=caller.name, note=whom.note,
               job=uuid.uuid4().hex)  # fmt: skip
    caller.record(_action(added), tag.title, {"people": done.added})
    told = _done(done)
    return told.model_copy(
        update={"unknown": list(matched.unknown), "several": list(matched.several)}
    )


def _check_settable(tag: Tag) -> None:
    if tag.kind in ("computed", "rule"):
        raise BadInput("Nobody sets the tag “%(name)s” by hand: a condition does.", name=tag.title)


def _action(added: bool) -> str:
    return "customers_tagged" if added else "customers_untagged"


def _done(done: Done) -> DoneOut:
    return DoneOut(
        changes=list(done.changes), added=done.added, already=done.already,
        replaced=done.replaced, job=done.job,
    )  # fmt: skip


def _held(one: Held) -> HeldOut:
    return HeldOut(
        tag_id=one.tag.id, tag=one.tag.name, group=one.group, kind=one.kind, by=one.by,
        note=one.note, since=one.since, until=one.until, change=one.change,
    )  # fmt: skip
