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
from yutang.console.lifecycle.words import AXIS_NAMES, state
from yutang.console.segments.saying import Saying
from yutang.customers import STAGES, views
from yutang.errors import NotFound
from yutang.groups import WHO
from yutang.lifecycle import ACTIONS

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


def _lifecycle(session: Session, origin: Mapping[str, Any]) -> Source:
    axis = str(origin["axis"])
    before, after = (
        state(session, axis, code) if code else session.text("any")
        for code in (str(origin["before"]), str(origin["after"]))
    )
    text = session.text(
        "%(axis)s: %(before)s → %(after)s", axis=session.text(AXIS_NAMES[axis]), before=before,
        after=after,
    )  # fmt: skip
    query = urlencode({"axis": axis, "from": origin["first"], "to": origin["last"]})
    days = session.text("%(first)s to %(last)s", first=origin["first"], last=origin["last"])
    return Source(f"{text} ({days})", f"{session.base}/customers/lifecycle?{query}")


def _matrix(session: Session, origin: Mapping[str, Any]) -> Source:
    if "action" in origin:
        text = session.text(
            "strategy matrix: %(what)s", what=session.pick(ACTIONS[origin["action"]])
        )
        return Source(text, f"{session.base}/customers/matrix")
    stage, value, fatigue = str(origin["cell"]).split(".")
    named = (STAGES[stage][1:], views.TIERS[value], views.FATIGUES[fatigue])
    text = session.text(
        "strategy matrix: %(what)s", what=" · ".join(session.pick(one) for one in named)
    )
    return Source(text, f"{session.base}/customers/matrix?cell={origin['cell']}")


PRODUCT_WORDS = {
    "buyers": mark("buyers of “%(name)s”"),
    "repeat": mark("who bought “%(name)s” again"),
    "first": mark("whose first order had “%(name)s”"),
    "second": mark("whose second order had “%(name)s”"),
    "pair": mark("who bought “%(a)s” and “%(b)s” together"),
    "only": mark("who bought “%(a)s”, not “%(b)s”"),
    "step": mark("who bought “%(a)s”, and “%(b)s” next"),
    "waiting": mark("whose newest purchase holds “%(a)s”"),
    "restock": mark("who is due for a restock"),
}
PRODUCT_PAGES = {"pair": "/pairs", "only": "/pairs", "step": "/next", "waiting": "/next",
                 "restock": "/restocks"}  # fmt: skip


def _products(session: Session, origin: Mapping[str, Any]) -> Source:
    of, level = str(origin["of"]), origin.get("level", "product")
    name_of = session.brand.products.name_of
    named = {key: name_of(level, str(origin[at])) for key, at in
             (("name", "id"), ("a", "a"), ("b", "b")) if origin.get(at)}  # fmt: skip
    text = session.text(PRODUCT_WORDS[of], **named)
    scope = {key: origin.get(at, "") for key, at in
             (("level", "level"), ("domain", "domain"), ("category", "category"),
              ("period", "period"), ("from", "first"), ("to", "last"))}  # fmt: skip
    page = PRODUCT_PAGES.get(of, f"/{origin.get('id', '')}")
    query = urlencode({key: value for key, value in scope.items() if value})
    return Source(text, f"{session.base}/products{page}?{query}")


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


def _rule(session: Session, origin: Mapping[str, Any]) -> Source:
    return Source(Saying(session).tree(origin["rule"]))


def _change(session: Session, origin: Mapping[str, Any]) -> Source:
    text = mark("those who entered it at one time")
    if origin["which"] == "left":
        text = mark("those who left it at one time")
    return Source(session.text(text))


def _list(session: Session, origin: Mapping[str, Any]) -> Source:
    if "given" in origin:
        return Source(session.text("a list of %(n)s lines", n=origin["given"]))
    return Source(session.text("a list of customers"))


MAKERS = {
    "analysis": _analysis,
    "metric": _metric,
    "lifecycle": _lifecycle,
    "matrix": _matrix,
    "products": _products,
    "group": _group,
    "customers": _customers,
    "segment": _segment,
    "combined": _combined,
    "rule": _rule,
    "change": _change,
}
