"""All groups and tags: how many have each, since when nothing changed; making them."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.console.tags import words
from yutang.errors import BadInput, YutangError
from yutang.tags import Shelf, Tag

ROUTES = APIRouter()
COLUMNS = (
    Column("name", mark("Tag"), sortable=True),
    Column("group", mark("Group"), sortable=True),
    Column("people", mark("People"), "count", sortable=True),
    Column("share", mark("Share of customers"), "rate"),
    Column("kind", mark("How it is set")),
    Column("changed", mark("Last given or taken"), "moment", sortable=True),
    Column("valid", mark("Valid")),
)
_TYPED = ("act", "name", "description", "group", "colour", "valid_days", "set_by", "kind")


@ROUTES.get(words.PATH)
def tags(request: Request, session: Session = needs("see")) -> Response:
    if kind := request.query_params.get("as"):
        session.require("export")
        found, changed = _found(session, _query(request, session), session.brand.tags.now())
        header = [session.text(column.title) for column in COLUMNS]
        return download(kind, "tags", header, _cells(session, found, changed))
    return page(request, session)


@ROUTES.post(words.PATH)
def add(
    request: Request, session: Session = needs("tags"), form: FormData = Depends(posted)
) -> Response:
    """A new group or a new tag."""
    typed = {key: str(value) for key, value in form.items()}
    cabinet, by = session.brand.tags.cabinet, session.account.login
    try:
        if typed.get("act") == "group":
            made = cabinet.add_group(
                typed.get("name", ""), by=by, exclusive=typed.get("exclusive") == "1",
                description=typed.get("description", ""),
            )  # fmt: skip
            session.brand.audit.record(by, "tag_group_made", made.name, None, session.ip)
            return see_other(
                request, f"{session.base}/customers/tags",
                session.text("Saved: %(name)s. Now put tags into it.", name=made.name),
            )  # fmt: skip
        tag = _add_tag(session, typed)
    except YutangError as error:
        return page(request, session, error=error, typed=typed)
    session.brand.audit.record(by, "tag_made", tag.title, None, session.ip)
    if tag.rule is not None:
        session.brand.tag_rules.recompute()
    note = session.text("Saved: %(name)s.", name=tag.title)
    return see_other(request, f"{session.base}/customers/tags/{tag.id}", note)


def _add_tag(session: Session, typed: dict[str, str]) -> Tag:
    computed = typed.get("kind") == "computed"
    rule = {"filter": words.condition(session, typed)} if computed else None
    if rule is not None:
        session.brand.tag_rules.people(rule)  # raises where it cannot be asked
    group = words.whole(typed.get("group"))
    if not group:
        raise BadInput("Choose a group for the tag.")
    made: Tag = session.brand.tags.cabinet.add(
        group, typed.get("name", ""), by=session.account.login,
        kind="computed" if computed else "manual", description=typed.get("description", ""),
        colour=typed.get("colour", "") if typed.get("coloured") else "",
        valid_days=words.whole(typed.get("valid_days")),
        set_by=typed.get("set_by", "guides"), rule=rule,
    )  # fmt: skip
    return made


@ROUTES.post(words.PATH + "/groups/{group_id}")
def change_group(
    request: Request,
    group_id: int,
    session: Session = needs("tags"),
    form: FormData = Depends(posted),
) -> Response:
    """Rename, move, make exclusive or not, archive, restore."""
    cabinet, by = session.brand.tags.cabinet, session.account.login
    act = str(form.get("act", ""))
    try:
        if act == "change":
            made = cabinet.change_group(
                group_id, by=by, name=str(form.get("name", "")),
                description=str(form.get("description", "")),
                exclusive=str(form.get("exclusive", "")) == "1",
            )  # fmt: skip
        elif act in ("up", "down"):
            made = _move(session, group_id, -1 if act == "up" else 1)
        elif act == "archive":
            made = cabinet.archive_group(group_id)
        elif act == "restore":
            made = cabinet.restore_group(group_id)
        else:
            raise BadInput("There is nothing of that kind to do.")
    except YutangError as error:
        if error.status == 404:
            raise
        return page(request, session, error=error)
    session.brand.audit.record(by, "tag_group_changed", made.name, None, session.ip)
    return see_other(request, f"{session.base}/customers/tags", session.text("Saved."))


def _move(session: Session, group_id: int, step: int):  # type: ignore[no-untyped-def]
    """Let a group change places with its neighbour."""
    tags = session.brand.tags
    ids = [one.id for one in tags.groups()]
    made = tags.get_group(group_id)
    if group_id not in ids:
        return made
    at = ids.index(group_id)
    to = min(max(at + step, 0), len(ids) - 1)
    ids[at], ids[to] = ids[to], ids[at]
    for place, id_ in enumerate(ids, start=1):
        tags.cabinet.change_group(id_, by=session.account.login, position=place)
    return made


def page(
    request: Request,
    session: Session,
    *,
    error: YutangError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    query = _query(request, session)
    shelf = session.brand.tags.now()
    found, changed = _found(session, query, shelf)
    known = words.attributes(session) if session.may("tags") else None
    groups = shelf.groups()
    several = groups if session.may("tags") else []
    return render(
        request,
        "tags/list.html",
        "list",
        status=422 if error else 200,
        query=query,
        rows=found[query.offset : query.offset + query.size],
        pager=Pager(query, len(found)),
        columns=COLUMNS,
        changed=changed,
        groups=groups,
        old_groups=shelf.groups(archived=True),
        group_names=words.group_names(session, groups),
        conflicts={one.id: shelf.conflicts(one.id) for one in several if not one.exclusive},
        archived=query.filters.get("show") == "archived",
        every=len(shelf.list_()),
        tagged=shelf.tagged(),
        customers=len(session.brand.customers.alive()),
        kinds=words.KINDS,
        setters=words.SETTERS,
        offered=words.offered(known),
        operators=words.operators(),
        choices=words.named_choices(session),
        rows_of_conditions=words.typed_rows(session, None),
        typed=dict.fromkeys(_TYPED, "") | (typed or {}),
        error=error,
        may_export=session.may("export"),
        tabs=tabs_of(session),
        tab=words.TAB,
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
    )


def _query(request: Request, session: Session) -> Query:
    return read_query(
        f"{session.base}/customers/tags",
        request.query_params,
        filters=("q", "group", "show"),
        sorts=[column.key for column in COLUMNS if column.sortable],
        default_sort="group",
    )


def _found(session: Session, query: Query, shelf: Shelf) -> tuple[list[Tag], dict[int, int]]:
    text = query.filters.get("q", "").casefold()
    group = words.whole(query.filters.get("group"))
    changed = session.brand.tags.last_changed()
    found = [
        one for one in shelf.list_(archived=query.filters.get("show") == "archived")
        if text in f"{one.title} {one.description}".casefold() and group in (0, one.group_id)
    ]  # fmt: skip
    keys = {
        "name": lambda one: one.name.casefold(),
        "people": lambda one: one.people,
        "changed": lambda one: changed.get(one.id, 0),
    }
    if query.key in keys:
        found.sort(key=keys[query.key], reverse=query.descending)
    elif query.descending:
        found.reverse()  # they come by group
    return found, changed


def _cells(session: Session, found: list[Tag], changed: dict[int, int]) -> Iterator[list[Cell]]:
    customers = len(session.brand.customers.alive())
    for one in found:
        at = changed.get(one.id)
        yield [
            one.name, one.group, one.people, one.people / customers if customers else None,
            session.text(words.KINDS[one.kind]),
            None if at is None else words.moment(session, at), one.valid_days or None,
        ]  # fmt: skip
