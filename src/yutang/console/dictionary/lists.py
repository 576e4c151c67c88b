"""Lists of events and of properties: volume, freshness, owner; searched, filtered, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.events import GROUPS, event_of
from yutang.catalog.properties import label_of
from yutang.console.charts import spark
from yutang.console.dictionary.words import (
    OWN_RULES,
    PATH,
    SHOWN,
    TYPES,
    VIEWS,
    base_of,
    log_changes,
)
from yutang.console.exports import Cell, download
from yutang.console.formats import moment_of
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.errors import BadInput
from yutang.identity import mask_text
from yutang.ingest import EventLine, PropertyLine

ROUTES = APIRouter()
Lines = Sequence[EventLine] | Sequence[PropertyLine]
SORTS: dict[str, Callable[[Any], Any]] = {
    "name": lambda line: line.word.name.casefold(),
    "month": lambda line: (line.month, line.word.events),
    "today": lambda line: line.today,
    "last": lambda line: line.word.last_seen_at or 0,
    "owner": lambda line: line.word.owner,
}
EVENT_COLUMNS = (
    Column("name", mark("Event"), sortable=True),
    Column("label", mark("Name for people")),
    Column("month", mark("30 days"), "count", sortable=True),
    Column("today", mark("Today"), "count", sortable=True),
    Column("last", mark("Last"), "moment", sortable=True),
    Column("owner", mark("Owner"), sortable=True),
)
PROPERTY_COLUMNS = (
    Column("name", mark("Property"), sortable=True),
    Column("label", mark("Name for people")),
    Column("examples", mark("Examples")),
    *EVENT_COLUMNS[2:],
)
HEADER = (
    mark("Name"), mark("Name for people"), mark("Type"), mark("30 days"), mark("Today"),
    mark("First"), mark("Last"), mark("Owner"), mark("Description"), mark("State"),
    mark("Personal values"), mark("Examples"),
)  # fmt: skip


@ROUTES.get(PATH)
def events(request: Request, session: Session = needs("analyse")) -> Response:
    query = _query(request)
    lines = session.brand.word_list.events(*_asked(query))
    return _page(request, session, "event", query, lines)


@ROUTES.get(PATH + "/properties")
def properties(request: Request, session: Session = needs("analyse")) -> Response:
    query = _query(request)
    lines = session.brand.word_list.properties(*_asked(query))
    return _page(request, session, "property", query, lines)


@ROUTES.post(PATH + "/many")
def change_many(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Block or let in everything that was chosen."""
    kind, act = str(form.get("kind", "")), str(form.get("act", ""))
    names = [str(name) for name in form.getlist("id")]
    if kind not in ("event", "property") or act not in ("block", "allow"):
        raise BadInput("This cannot be done to a name.")
    if not names:
        raise BadInput("Choose at least one name.")
    rules, changed = session.brand.dictionary_rules, 0
    change = rules.change_event if kind == "event" else rules.change_property
    for name in names:
        made = change(name, status="blocked" if act == "block" else "")
        log_changes(session, kind, name, made)
        changed += bool(made)
    text = mark("%(n)s names blocked.") if act == "block" else mark("%(n)s names let in again.")
    there = base_of(session) + ("/properties" if kind == "property" else "")
    back = str(form.get("back", ""))
    return see_other(request, f"{there}?{back}" if back else there, session.text(text, n=changed))


def _query(request: Request) -> Query:
    return read_query(
        request.url.path,
        request.query_params,
        filters=("q", "show"),
        sorts=SORTS,
        default_sort="-month",
    )


def _asked(query: Query) -> tuple[str, Any]:
    show = query.filters.get("show", "")
    return query.filters.get("q", ""), show if show in SHOWN else ""


def _page(request: Request, session: Session, kind: str, query: Query, lines: Lines) -> Response:
    ordered: list[Any] = list(lines)
    if query.sort != query.default_sort:  # as the service sorts them already
        ordered.sort(key=SORTS[query.key], reverse=query.descending)
    if export := request.query_params.get("as"):
        header = [session.text(title) for title in HEADER]
        name = "events" if kind == "event" else "properties"
        return download(export, name, header, _cells(session, kind, ordered))
    return render(
        request,
        "dictionary/list.html",
        "list",
        tabs=tabs_of(session),
        tab="events",
        views=VIEWS,
        view="" if kind == "event" else "/properties",
        kind=kind,
        lines=ordered[query.offset : query.offset + query.size],
        waiting=session.brand.waiting_words.count(),
        strict=session.brand.dictionary_rules.strict(),
        columns=EVENT_COLUMNS if kind == "event" else PROPERTY_COLUMNS,
        query=query,
        pager=Pager(query, len(ordered)),
        shown={code: title for code, title in SHOWN.items() if code != "ruled" or kind != "event"},
        show=_asked(query)[1],
        event_of=event_of,
        label_of=label_of,
        groups=GROUPS,
        types=TYPES,
        rules=OWN_RULES,
        spark=spark,
        masked=mask_text,
        back=request.url.query,
    )


def _cells(session: Session, kind: str, lines: Lines) -> Iterator[list[Cell]]:
    for line in lines:
        one = line.word
        ours = event_of(one.name) if kind == "event" else label_of(one.name)
        type_ = TYPES.get(getattr(one, "type", ""), "")
        rule = OWN_RULES.get(getattr(one, "privacy", ""), "") if kind == "property" else ""
        yield [
            one.name,
            one.label or session.pick(ours),
            session.text(type_) if type_ else "",
            line.month,
            line.today,
            moment_of(one.first_seen_at or None, session.zone),
            moment_of(one.last_seen_at, session.zone),
            one.owner,
            one.description,
            session.text(SHOWN["blocked"]) if one.status else "",
            session.text(rule) if rule else "",
            " · ".join(mask_text(text) for text in getattr(one, "examples", ())),
        ]
