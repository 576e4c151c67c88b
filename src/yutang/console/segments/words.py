"""Where a segment's people come from, in words and with a link back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from yutang import analysis
from yutang.catalog.metrics import METRICS
from yutang.console.analyse.form import flatten
from yutang.console.customers.filters import address_of
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.errors import NotFound
from yutang.groups import WHO

HOWS = {
    "union": mark("in one or both"),
    "intersection": mark("in both"),
    "minus": mark("in the first, not in the second"),
}
COMBINED = {
    "union": mark("in “%(a)s” or “%(b)s”"),
    "intersection": mark("in “%(a)s” and in “%(b)s”"),
    "minus": mark("in “%(a)s”, not in “%(b)s”"),
}


@dataclass(frozen=True)
class Source:
    """`link` leads back to where the people come from; "" where there is no such place."""

    text: str
    link: str = ""


def source_of(session: Session, origin: Mapping[str, Any] | None) -> Source:
    """An origin for people. One that cannot be read is a list."""
    origin = origin or {}
    make = MAKERS.get(str(origin.get("kind")), _list)
    try:
        return make(session, origin)
    except (KeyError, TypeError, ValueError, NotFound):
        return _list(session, {})


def _analysis(session: Session, origin: Mapping[str, Any]) -> Source:
    model = analysis.get_model(origin["model"])
    query = urlencode(flatten(origin["params"]))
    name = session.pick((model.ZH, model.EN))
    text = session.text("a number of the analysis “%(model)s”", model=name)
    return Source(text, f"{session.base}/analyse/{model.NAME}?{query}")


def _metric(session: Session, origin: Mapping[str, Any]) -> Source:
    name = str(origin["metric"]).partition(":")[0]
    found = next((one for one in METRICS if one.id == name), None)
    label = session.pick(found) if found else session.text("Overview")
    span = {"period": "custom", "first": origin["first"], "last": origin["last"]}
    if origin["period"] != "custom":
        span = {"period": origin["period"]}
    text = session.text("the number “%(name)s” of the overview", name=label)
    return Source(text, f"{session.base}/overview?{urlencode(span)}")


def _group(session: Session, origin: Mapping[str, Any]) -> Source:
    key, who = str(origin["group"]), session.pick(WHO[str(origin["who"])])
    text = session.text("%(who)s of all customer groups", who=who)
    if key:
        text = session.text("%(who)s of the customer group “%(name)s”", who=who, name=key)
    path = f"/of/{quote(key, safe='')}" if key else ""
    return Source(text, f"{session.base}/groups{path}?{urlencode(_span(origin))}")


def _span(origin: Mapping[str, Any]) -> dict[str, Any]:
    if origin["period"] != "custom":
        return {"period": origin["period"]}
    return {"period": "custom", "from": origin["first"], "to": origin["last"]}


def _customers(session: Session, origin: Mapping[str, Any]) -> Source:
    query = urlencode(address_of(origin, session.zone))
    return Source(session.text("a filtered list of customers"), f"{session.base}/customers?{query}")


def _segment(session: Session, origin: Mapping[str, Any]) -> Source:
    one = session.brand.segments.get(int(origin["segment"]))
    text = session.text("the segment “%(name)s”", name=one.name)
    return Source(text, f"{session.base}/segments/{one.id}")


def _combined(session: Session, origin: Mapping[str, Any]) -> Source:
    names = session.brand.segments.names()
    a, b = (names.get(str(origin[end]), f"#{origin[end]}") for end in ("a", "b"))
    return Source(session.text(COMBINED[origin["how"]], a=a, b=b))


def _list(session: Session, origin: Mapping[str, Any]) -> Source:
    if "given" in origin:
        return Source(session.text("a list of %(n)s lines", n=origin["given"]))
    return Source(session.text("a list of customers"))


MAKERS = {
    "analysis": _analysis,
    "metric": _metric,
    "group": _group,
    "customers": _customers,
    "segment": _segment,
    "combined": _combined,
}
