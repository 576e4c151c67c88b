"""The event dictionary: which events and properties came in, and what people call them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.events import GROUPS, event_of
from yutang.catalog.properties import label_of
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of

ROUTES = APIRouter()
PATH = "/b/{brand}/settings/events"
TYPES = {
    "number": mark("number"),
    "string": mark("text"),
    "bool": mark("yes/no"),
    "time": mark("time"),
    "list": mark("list"),
}


@ROUTES.get(PATH)
def dictionary(request: Request, session: Session = needs("analyse")) -> Response:
    words = session.brand.dictionary
    return render(
        request,
        "settings/events.html",
        tabs=tabs_of(session),
        tab="events",
        names=words.names(),
        properties=words.properties(),
        event_of=event_of,
        label_of=label_of,
        groups=GROUPS,
        types=TYPES,
    )


@ROUTES.post(PATH + "/name")
def label_event(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    name, label = str(form.get("name", "")), str(form.get("label", ""))
    session.brand.dictionary.describe_event(
        name, label=label, description=str(form.get("description", ""))
    )
    return _done(request, session, "event_labelled", name, label)


@ROUTES.post(PATH + "/property")
def label_property(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    name, label = str(form.get("name", "")), str(form.get("label", ""))
    session.brand.dictionary.describe_property(
        name, label=label, description=str(form.get("description", ""))
    )
    return _done(request, session, "property_labelled", name, label)


def _done(request: Request, session: Session, action: str, name: str, label: str) -> Response:
    session.brand.audit.record(session.account.login, action, name, {"label": label}, session.ip)
    note = session.text("Saved: %(name)s.", name=name)
    return see_other(request, f"{session.base}/settings/events", note)
