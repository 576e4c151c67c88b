"""One group: its checks with what to do, its days, its members, what is set about it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series
from yutang.console.groups.words import (
    SEEN,
    TONES,
    PeopleLinks,
    address,
    bounds,
    happened,
    shown,
    tabs_of,
)
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.period import PeriodChoice, read_period
from yutang.console.render import render, see_other
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.errors import YutangError
from yutang.groups import LEVELS, PURPOSES, Group, Table
from yutang.measure import PRESETS

ROUTES = APIRouter()
PATH = "/b/{brand}/groups/of/{key:path}"
MEMBERS = (
    Column("customer", mark("Customer")),
    Column("joined_at", mark("Joined"), "day", sortable=True),
    Column("messages", mark("Messages in these days"), "count", sortable=True),
    Column("spoke", mark("Last spoke"), "day", sortable=True),
)
FIELDS = ("name", "purpose", "owner", "status", "dissolve_on", "carries_over_to", "note")
SHOWN_EVENTS = 30


@ROUTES.get(PATH)
def one(request: Request, key: str, session: Session = needs("see")) -> Response:
    return _page(request, session, key)


@ROUTES.post(PATH)
def change(
    request: Request,
    key: str,
    session: Session = needs("import"),
    form: FormData = Depends(posted),
) -> Response:
    """Set what a group is for, who runs it, when it ends."""
    values = {name: str(form[name]) for name in FIELDS if name in form}
    try:
        session.brand.groups.get(_table(session, request)[1], key)
        made = session.brand.groups.change(key, by=session.account.login, **values)
    except YutangError as error:
        return _page(request, session, key, error=error, typed=values)
    if made:
        session.brand.audit.record(session.account.login, "group_set", key, made, session.ip)
    return see_other(request, address(session, key), session.text("Saved."))


def _table(session: Session, request: Request) -> tuple[PeriodChoice, Table]:
    choice = read_period(session, request.query_params)
    return choice, session.brand.groups.table(choice.period.first, choice.period.last)


def _page(
    request: Request,
    session: Session,
    key: str,
    *,
    error: YutangError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    choice, table = _table(session, request)
    features = session.brand.groups
    found: Group = features.get(table, key)
    path = address(session, key)
    query = read_query(
        path, request.query_params, filters=("period", "from", "to"),
        sorts=[one.key for one in MEMBERS], default_sort="-messages",
    )  # fmt: skip
    stored = {name: getattr(found, name, "") for name in FIELDS}
    stored["status"] = "active" if found.active else "dissolved"
    typed = {**stored, **(typed or {})}
    seen = table.seen(found)
    return render(
        request, "groups/one.html", "list", status=422 if error else 200, one=found, query=query,
        error=error, typed=typed, choice=choice, presets=PRESETS, compares={}, compared=None,
        path=path, seen=SEEN[seen], sees=seen, tones=TONES, levels=LEVELS, purposes=PURPOSES,
        value=lambda name: table.value(name, found), people=PeopleLinks(session, choice),
        shown=lambda check: shown(session, check.unit, check.value),
        bounds=lambda check: bounds(session, check), tabs=tabs_of(session), tab=None,
        others=[one for one in table.groups if one.key != key and one.active],
        titles={one.key: one.title for one in table.groups},
        address=lambda other: address(session, other),
        history=[(at, happened(session, event, text))
                 for at, event, text in features.history(key)[:SHOWN_EVENTS]],
        may_set=session.may("import"), **_numbers(session, choice, found, query),
    )  # fmt: skip


def _numbers(session: Session, choice: PeriodChoice, found: Group, query: Query) -> dict[str, Any]:
    """Charts, members, joiners and neighbours; of a group without facts there are none."""
    if found.code < 0:
        return {"known": False}
    features, period = session.brand.groups, choice.period
    trend = features.trend(found.code, period.first, period.last)
    days = [(period.first + timedelta(days=i)).isoformat() for i in range(period.days)]
    members = features.members(found.code, period.first, period.last)
    order = np.argsort(members[query.key], kind="stable")
    order = order[::-1] if query.descending else order
    part = order[query.offset : query.offset + query.size]
    return {
        "known": True,
        "talk": _talk(session, days, trend),
        "flow": _flow(session, days, trend),
        "columns": MEMBERS,
        "rows": [
            {
                "customer": int(members["customer"][i]),
                "joined_at": int(members["joined_at"][i]),
                "messages": int(members["messages"][i]),
                "spoke": _day(int(members["spoke"][i])),
            }
            for i in part.tolist()
        ],
        "pager": Pager(query, len(order)),
        "joiners": features.joiners(found.code, period.first, period.last),
        "overlaps": features.overlaps(found.code),
    }


def _day(number: int) -> date | None:
    return date(1970, 1, 1) + timedelta(days=number) if number else None


def _talk(session: Session, days: list[str], trend: dict[str, np.ndarray]) -> Chart:
    text = session.text
    return Chart(
        "line", days,
        [
            Series(text("Members who spoke"), trend["spoke"].tolist()),
            Series(text("Customers' messages"), trend["customers"].tolist()),
            Series(text("Our messages"), trend["ours"].tolist(), role="compare"),
        ],
        text("Members who spoke, customers' messages and ours by day."), height=230,
    )  # fmt: skip


def _flow(session: Session, days: list[str], trend: dict[str, np.ndarray]) -> Chart:
    text = session.text
    return Chart(
        "line", days,
        [
            Series(text("Group members"), trend["members"].tolist()),
            Series(text("Joined"), trend["joined"].tolist()),
            Series(text("Left"), trend["left"].tolist(), role="compare"),
        ],
        text("Members, and who joined and left by day."), height=230,
    )  # fmt: skip
