"""One event or property: what it means, how it comes, what is done with it, what was changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.events import GROUPS, event_of
from yutang.catalog.properties import label_of
from yutang.console.charts import Chart, Series
from yutang.console.dictionary.words import (
    CHANGED,
    FIELDS,
    OWN_RULES,
    PATH,
    TYPES,
    base_of,
    log_changes,
)
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput
from yutang.identity import mask_text
from yutang.ingest import EventLine, Example, PropertyLine
from yutang.staff import AuditRow

ROUTES = APIRouter()
STATUSES = {"": mark("taken"), "blocked": mark("blocked")}
HISTORY = 12  # changes shown
LOOKED_AT = 200  # entries of the audit log that are looked through for them


@ROUTES.get(PATH + "/event")
def event(request: Request, session: Session = needs("analyse")) -> Response:
    name = request.query_params.get("name", "")
    line = session.brand.word_list.event(name)
    return _page(
        request,
        session,
        "event",
        line,
        known=event_of(name),
        group=GROUPS[event_of(name).group],
        carries=session.brand.dictionary.carries(name),
        carried_by=[],
        examples=[],
        rule="",
    )


@ROUTES.get(PATH + "/property")
def property_(request: Request, session: Session = needs("analyse")) -> Response:
    name, words = request.query_params.get("name", ""), session.brand.dictionary
    line = session.brand.word_list.property(name)
    return _page(
        request,
        session,
        "property",
        line,
        known=label_of(line.word.name),
        group=None,
        carries=[],
        carried_by=words.carried_by(name),
        examples=[(_shown(one), one.events) for one in words.examples(name)],
        rule=session.brand.dictionary_rules.privacy(),
    )


@ROUTES.post(PATH + "/event")
def change_event(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    return _change(request, session, "event", form)


@ROUTES.post(PATH + "/property")
def change_property(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    return _change(request, session, "property", form)


def _change(request: Request, session: Session, kind: str, form: FormData) -> Response:
    """Set what the form names: what it does not name stays."""
    name, rules = str(form.get("name", "")), session.brand.dictionary_rules
    wanted = {what: str(form[what]) for what in FIELDS if what in form}
    if not wanted or (kind == "event" and "privacy" in wanted):
        raise BadInput("This cannot be done to a name.")
    change = rules.change_event if kind == "event" else rules.change_property
    made = change(name, **wanted)
    log_changes(session, kind, name, made)
    text = mark("Saved: %(name)s.") if made else mark("Nothing was changed.")
    back = f"{base_of(session)}{'/properties' if kind == 'property' else ''}"
    there = _address(session, kind, name) if form.get("stay") else back
    more = str(form.get("back", ""))
    if more and not form.get("stay"):
        there += f"?{more}"
    return see_other(request, there, session.text(text, name=name))


def _address(session: Session, kind: str, name: str) -> str:
    from urllib.parse import quote

    return f"{base_of(session)}/{kind}?name={quote(name, safe='')}"


def _page(
    request: Request,
    session: Session,
    kind: str,
    line: EventLine | PropertyLine,
    **context: Any,
) -> Response:
    days = session.brand.word_list.days()
    say = session.text("%(name)s: how often it came in 30 days.", name=line.word.name)
    chart = Chart("bar", days, [Series(session.text("Events"), list(line.by_day))], say, height=180)
    return render(
        request,
        "dictionary/one.html",
        tabs=tabs_of(session),
        tab="events",
        kind=kind,
        line=line,
        one=line.word,
        chart=chart if line.month else None,
        types=TYPES,
        rules=OWN_RULES,
        fields=FIELDS,
        history=_history(session, kind, line.word.name),
        said_value=lambda what, value: _said(session, what, value),
        **context,
    )


def _history(session: Session, kind: str, name: str) -> list[AuditRow]:
    """What was changed, newest first."""
    found = session.brand.audit.page(search=name, limit=LOOKED_AT)
    mine = [
        row
        for row in found
        if row.action == CHANGED[kind] and row.target.casefold() == name.casefold() and row.detail
    ]
    return mine[:HISTORY]


def _said(session: Session, what: str, value: str) -> str:
    codes = {"status": STATUSES, "privacy": OWN_RULES}.get(what)
    if codes is not None:
        return session.text(codes.get(value, value or "–"))
    return value or "–"


def _shown(example: Example) -> str:
    value = example.value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return mask_text(str(value))
