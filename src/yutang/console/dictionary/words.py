"""What the pages of the dictionary share: words for codes, the views, the audit of a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.ingest import Change

PATH = "/b/{brand}/settings/events"
TYPES = {
    "number": mark("number"),
    "string": mark("text"),
    "bool": mark("yes/no"),
    "time": mark("time"),
    "list": mark("list"),
}
RULES = {
    "allow": mark("store it as it is"),
    "hash": mark("store a hash"),
    "refuse": mark("leave the value out"),
}
OWN_RULES = {"": mark("as the brand's rule says"), **RULES}
SHOWN = {
    "": mark("all"),
    "blocked": mark("blocked"),
    "unused": mark("not seen for 30 days"),
    "undescribed": mark("without description"),
    "ruled": mark("with a privacy rule of its own"),
}
VIEWS = (
    ("", mark("Events")),
    ("/properties", mark("Properties")),
    ("/waiting", mark("Waiting to be let in")),
    ("/rules", mark("Rules")),
)
FIELDS = {
    "label": mark("Name for people"),
    "description": mark("Description"),
    "owner": mark("Owner"),
    "status": mark("State"),
    "privacy": mark("Personal values"),
}
KINDS = {"event": mark("event"), "property": mark("property")}
CHANGED = {"event": "event_changed", "property": "property_changed"}


def base_of(session: Session) -> str:
    return f"{session.base}/settings/events"


def log_changes(session: Session, kind: str, name: str, made: Sequence[Change]) -> None:
    """One entry of the audit log for each thing that changed, with what it was before."""
    for one in made:
        found = asdict(one)
        detail = {"what": found["what"], "from": found["before"], "to": found["after"]}
        session.brand.audit.record(session.account.login, CHANGED[kind], name, detail, session.ip)
