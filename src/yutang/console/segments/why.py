"""Why somebody is in a segment or is not: its rule, condition by condition, with what he has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from yutang.console.formats import moment_of
from yutang.console.guard import Session, needs
from yutang.console.render import render
from yutang.console.segments.saying import CONSENTS, Saying
from yutang.customers import CustomerQuery
from yutang.errors import BadInput, YutangError
from yutang.segments import Why

ROUTES = APIRouter()
MOST = 12
_TIMES = ("edge", "sequence", "after")  # what they find is a moment


@dataclass(frozen=True)
class Line:
    """A node of the rule in words. found: what he has there; "" where nothing is to be said."""

    holds: bool
    said: str
    found: str
    parts: tuple[Line, ...]


@ROUTES.get("/b/{brand}/segments/{segment_id}/why")
def why(request: Request, segment_id: int, session: Session = needs("analyse")) -> Response:
    """?q= searches somebody; ?customer= is one of them."""
    segments = session.brand.segments
    one = segments.get(segment_id)
    text = request.query_params.get("q", "").strip()
    number = request.query_params.get("customer", "")
    found: list[Any] = []
    who: Any = None
    line: Line | None = None
    error: YutangError | None = None
    try:
        if number.isascii() and number.isdigit():
            who = session.brand.customers.get(int(number), evidence=False)
            if one.rule is not None:
                line = _line(Saying(session), segments.rules.why(one.rule, who.id))
        elif text:
            found = list(session.brand.customers.list_(CustomerQuery(search=text, size=MOST)).rows)
            if not found:
                raise BadInput("Nobody fits “%(text)s”.", text=text[:60])
    except YutangError as wrong:
        error = wrong
    return render(
        request,
        "segments/why.html",
        status=422 if error else 200,
        one=one,
        q=text,
        found=found,
        who=who,
        line=line,
        inside=who is not None and who.id in segments.people(segment_id),
        error=error,
    )


def _line(saying: Saying, why_: Why) -> Line:
    parts = tuple(_line(saying, part) for part in why_.parts)
    text = saying.session.text
    for word, said in (("and", "all of these hold"), ("or", "one of these holds"), ("not", "not")):
        if word in why_.node:
            return Line(why_.holds, text(said), "", parts)
    return Line(why_.holds, saying.condition(why_.node), _found(saying, why_), parts)


def _found(saying: Saying, why_: Why) -> str:
    """What he has in the place a condition asks about."""
    text, node, found = saying.session.text, why_.node, why_.found
    kind = node.get("kind", "attribute")
    if kind in ("share", "people"):
        return ""
    if found is None or found == []:
        return text("nothing")
    if kind in _TIMES:
        return moment_of(found, saying.session.zone)
    if kind == "attribute":
        several = found if isinstance(found, list) else [found]
        if saying.words.attributes.get(node["name"]) == "time":
            return moment_of(found, saying.session.zone)
        return "、".join(saying.words.value(node["name"], value) for value in several)
    if kind in ("tag", "segment"):
        names = saying.words.tags if kind == "tag" else saying.words.segments
        return "、".join(names.get(id_, f"#{id_}") for id_ in found)
    if kind == "consent":
        return text(CONSENTS[found])
    if isinstance(found, list):
        return "、".join(map(str, found))
    return f"{found:,.10g}" if isinstance(found, int | float) else str(found)
