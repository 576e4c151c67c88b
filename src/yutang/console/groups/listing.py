"""The list of groups, and their owners beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from yutang.console.exports import Cell, download
from yutang.console.groups.words import SEEN, TONES, PeopleLinks, address, tabs_of
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.period import read_period
from yutang.console.render import render
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.groups import LEVELS, PURPOSES, Group, OwnerLine, Table, by_owner
from yutang.measure import PRESETS

ROUTES = APIRouter()
COLUMNS = (
    Column("title", mark("Customer group"), sortable=True),
    Column("health", mark("State"), sortable=True),
    Column("members", mark("Group members"), "count", sortable=True),
    Column("joined", mark("Joined"), "count", sortable=True),
    Column("leave_rate", mark("Left"), "rate", sortable=True),
    Column("active_week", mark("Weekly active"), "rate", sortable=True),
    Column("messages", mark("Messages"), "count", sortable=True),
    Column("unanswered_share", mark("Unanswered"), "rate", sortable=True),
    Column("response_p50", mark("Response (median)"), "duration", sortable=True),
    Column("complaint_share", mark("Complaints"), "rate", sortable=True),
    Column("product_share", mark("Product posts"), "rate", sortable=True),
)
ASIDE = ("joined", "product_share", "messages")
# Further columns of an exported file.
MORE = (
    ("active_day", mark("Daily active")), ("silent", mark("Silent members")),
    ("left", mark("Left (people)")), ("removed", mark("Removed by us")),
    ("customer_share", mark("Customers' share of messages")),
    ("questions", mark("Questions")), ("unanswered", mark("Questions unanswered")),
    ("response_p90", mark("Response (P90)")),
)  # fmt: skip
OWNERS = (
    Column("owner", mark("Group owner"), sortable=True),
    Column("groups", mark("Customer groups"), "count", sortable=True),
    Column("red", mark("Need you"), "count", sortable=True),
    Column("members", mark("Group members"), "count", sortable=True),
    Column("joined", mark("Joined"), "count", sortable=True),
    Column("leave_rate", mark("Left"), "rate", sortable=True),
    Column("active_week", mark("Weekly active"), "rate", sortable=True),
    Column("messages", mark("Messages"), "count", sortable=True),
    Column("questions", mark("Questions"), "count", sortable=True),
    Column("unanswered_share", mark("Unanswered"), "rate", sortable=True),
    Column("response_p50", mark("Response (median)"), "duration", sortable=True),
    Column("response_p90", mark("Response (P90)"), "duration", sortable=True),
    Column("complaint_share", mark("Complaints"), "rate", sortable=True),
)
FILTERS = ("q", "health", "purpose", "owner", "show", "period", "from", "to")
_HOUR = 3600


@dataclass(frozen=True)
class Line:
    """A group with the figures of its columns (durations in seconds)."""

    group: Group
    values: dict[str, float | None]
    seen: int


@ROUTES.get("/b/{brand}/groups")
def groups(request: Request, session: Session = needs("see")) -> Response:
    choice = read_period(session, request.query_params)
    path = f"{session.base}/groups"
    query = read_query(
        path, request.query_params, filters=FILTERS, sorts=[one.key for one in COLUMNS],
        default_sort="health",
    )  # fmt: skip
    table = session.brand.groups.table(choice.period.first, choice.period.last)
    lines = _sorted([_line(table, one) for one in _filtered(table, query)], query)
    if kind := request.query_params.get("as"):
        _may_export(session, "groups_exported", {"groups": len(lines)}, kind)
        return download(kind, "groups", _header(session), _cells(session, lines))
    active = [one for one in table.groups if one.active]
    return render(
        request, "groups/list.html", "list", query=query, columns=COLUMNS, aside=ASIDE,
        rows=lines[query.offset : query.offset + query.size], pager=Pager(query, len(lines)),
        every=table.groups, active=active, members=sum(_members(table, one) for one in active),
        red=sum(one.health.level == "red" for one in active),
        blind=sum(table.seen(one) < 2 for one in active), seen=SEEN, tones=TONES, levels=LEVELS,
        purposes=PURPOSES, owners=sorted({one.owner for one in table.groups if one.owner}),
        picture=_picture(active), address=lambda key: address(session, key),
        people=PeopleLinks(session, choice), recounting=session.brand.groups.is_recounting(),
        tabs=tabs_of(session), tab="", choice=choice, presets=PRESETS, compares={}, compared=None,
        path=path, may_export=session.may("export"), used=session.brand.groups.settings(),
    )  # fmt: skip


@ROUTES.get("/b/{brand}/groups/owners")
def owners(request: Request, session: Session = needs("see")) -> Response:
    choice = read_period(session, request.query_params)
    path = f"{session.base}/groups/owners"
    query = read_query(
        path, request.query_params, filters=("period", "from", "to"),
        sorts=[one.key for one in OWNERS], default_sort="-members",
    )  # fmt: skip
    features = session.brand.groups
    table = features.table(choice.period.first, choice.period.last)
    lines = by_owner(table, features.settings(), session.zone)
    rows = sorted(lines, key=lambda one: _key(getattr(one, query.key), query.descending))
    if query.descending:
        rows.reverse()
    if kind := request.query_params.get("as"):
        _may_export(session, "groups_exported", {"owners": len(rows)}, kind)
        header = [session.text(one.title) for one in OWNERS]
        return download(kind, "group-owners", header, _owner_cells(rows))
    return render(
        request, "groups/owners.html", "list", query=query, columns=OWNERS, rows=rows,
        total=sum(one.groups for one in rows), tabs=tabs_of(session), tab="/owners",
        choice=choice, presets=PRESETS, compares={}, compared=None, path=path,
        statistics=any(one.statistics is not None for one in rows),
        may_export=session.may("export"), list_path=f"{session.base}/groups",
    )  # fmt: skip


def _filtered(table: Table, query: Query) -> list[Group]:
    asked = query.filters
    text = asked.get("q", "").casefold()
    show = asked.get("show", "")
    found = []
    for one in table.groups:
        if show != "all" and one.active == (show == "dissolved"):
            continue
        if text and text not in f"{one.name} {one.key} {one.note}".casefold():
            continue
        if asked.get("health") and one.health.level != asked["health"]:
            continue
        if asked.get("purpose") and (one.purpose or "none") != asked["purpose"]:
            continue
        if asked.get("owner") and one.owner != asked["owner"]:
            continue
        found.append(one)
    return found


def _line(table: Table, group: Group) -> Line:
    names = [one.key for one in COLUMNS[2:]] + [name for name, _ in MORE]
    values = {name: table.value(name, group) for name in names}
    for name in ("response_p50", "response_p90"):
        hours = values[name]
        values[name] = None if hours is None else hours * _HOUR
    return Line(group, values, table.seen(group))


def _sorted(lines: list[Line], query: Query) -> list[Line]:
    """By the column; what cannot be told comes last, the worst health first."""
    worst = {"red": 0, "amber": 1, "green": 2, "unknown": 3}

    def key(line: Line) -> Any:
        if query.key == "title":
            return (0, line.group.title)
        if query.key == "health":
            health = line.group.health
            return (worst[health.level], health.score if health.score is not None else 101)
        return _key(line.values[query.key], query.descending)

    found = sorted(lines, key=lambda line: line.group.key)
    found.sort(key=key, reverse=query.descending)
    return found


def _key(value: Any, descending: bool) -> tuple[int, Any]:
    if value is None:
        return (-1, 0) if descending else (1, 0)
    return (0, value)


def _members(table: Table, group: Group) -> int:
    return int(table.value("members", group) or 0)


def _picture(active: list[Group]) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """By purpose, in its usual order: how many active groups, and of each health how many."""
    codes = [code for code in (*PURPOSES, "") if any(one.purpose == code for one in active)]
    found: list[tuple[str, int, list[tuple[str, int]]]] = []
    for code in codes:
        mine = [one.health.level for one in active if one.purpose == code]
        found.append((code, len(mine), [(level, mine.count(level)) for level in LEVELS]))
    return found


def _may_export(session: Session, action: str, detail: dict[str, Any], kind: str) -> None:
    session.require("export")
    session.brand.audit.record(session.account.login, action, kind, detail, session.ip)


def _header(session: Session) -> list[str]:
    first = [mark("Key"), mark("Customer group"), mark("Purpose"), mark("Group owner"),
             mark("State"),
             mark("Score")]  # fmt: skip
    rest = [one.title for one in COLUMNS[2:]] + [title for _, title in MORE]
    return [session.text(title) for title in first + rest]


def _cells(session: Session, lines: list[Line]) -> Iterator[list[Cell]]:
    for line in lines:
        one = line.group
        purpose = session.pick(PURPOSES[one.purpose]) if one.purpose else ""
        yield [
            one.key, one.name, purpose, one.owner, session.pick(LEVELS[one.health.level]),
            one.health.score, *line.values.values(),
        ]  # fmt: skip


def _owner_cells(rows: list[OwnerLine]) -> Iterator[list[Cell]]:
    for one in rows:
        yield [getattr(one, column.key) for column in OWNERS]
