"""A rule is written: nested conditions, a live count with some of the people, and saved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.purposes import PURPOSES
from yutang.console.analyse.conditions import OPERATORS, WITHOUT_VALUE
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.segments.draft import MOST_ROWS, Box, Context, Leaf, act, read
from yutang.console.segments.draft_tree import draft_of, tree_of
from yutang.console.segments.saying import (
    CALENDARS,
    COMPARE,
    CONSENTS,
    HAS,
    KINDS,
    MEASURES,
    MODES,
    RELATIONS,
    STATES,
    UNITS,
    WHICH,
    Saying,
    Words,
)
from yutang.customers import ROLES, STAGES, CustomerQuery
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
SAMPLE = 6
MOST_SUGGESTED = 60
# Where one may begin: (title, tree). They name only what every brand has.
STARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "second": (
        mark("Bought once, and not again within 30 days"),
        {"kind": "after", "anchor": {"events": ["order_paid"], "which": "first"},
         "then": {"events": ["order_paid"]}, "within": {"value": 30}, "did": False},
    ),
    "winback": (
        mark("Good customers who stay away"),
        {"and": [{"kind": "attribute", "name": "paid", "op": ">=", "value": 500},
                 {"kind": "event", "events": ["order_paid"], "when": {"last": 90}, "op": "=",
                  "value": 0}]},
    ),
    "fans": (
        mark("Added a guide, and has not bought yet"),
        {"and": [{"kind": "relation", "relation": "contact", "state": "live"},
                 {"kind": "attribute", "name": "orders", "op": "=", "value": 0}]},
    ),
    "tired": (
        mark("Got many messages this month and clicked none"),
        {"and": [{"kind": "event", "events": ["message_sent"], "when": {"last": 30}, "op": ">=",
                  "value": 4},
                 {"kind": "event", "events": ["message_clicked"], "when": {"last": 30},
                  "op": "=", "value": 0}]},
    ),
    "birthday": (
        mark("Has a birthday in the next seven days"),
        {"kind": "anniversary", "attribute": "birthday", "from": 0, "to": 7},
    ),
    "autumn": (
        mark("Bought before last year's Mid-Autumn, and not this year"),
        {"and": [{"kind": "event", "events": ["order_paid"], "when": {"festival": {
                      "calendar": "lunar", "month": 8, "day": 15, "year": -1, "before": 30}}},
                 {"kind": "event", "events": ["order_paid"], "when": {"festival": {
                      "calendar": "lunar", "month": 8, "day": 15, "year": 0, "before": 30}},
                  "op": "=", "value": 0}]},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Live:
    """What the draft comes to now. tree: None while nothing is said; error: why it cannot be
    asked; each: people of single conditions, by the words of the condition."""

    tree: dict[str, Any] | None = None
    counted: Any = None
    sample: Any = None
    said: str = ""
    each: tuple[tuple[str, int], ...] = ()
    unfinished: int = 0
    error: YutangError | None = None


@ROUTES.get("/b/{brand}/segments/rule")
def write(request: Request, session: Session = needs("analyse")) -> Response:
    """A new rule: empty, from a starting point, or from an address somebody shared."""
    given, start = request.query_params.get("rule"), request.query_params.get("start", "")
    tree = STARTS[start][1] if start in STARTS else None
    error: YutangError | None = None
    if given:
        try:
            tree = json.loads(given)
            draft = draft_of(tree)
        except (ValueError, TypeError, AttributeError, KeyError):
            error, tree = BadInput("The rule in this address cannot be read."), None
    draft = draft_of(tree)
    typed = {"name": session.text(STARTS[start][0]) if start in STARTS else ""}
    return _page(request, session, draft, typed=typed, error=error)


@ROUTES.get("/b/{brand}/segments/{segment_id}/rule")
def rewrite(request: Request, segment_id: int, session: Session = needs("analyse")) -> Response:
    """The rule of a segment."""
    one = session.brand.segments.get(segment_id)
    return _page(request, session, draft_of(one.rule), one=one)


@ROUTES.post("/b/{brand}/segments/rule/draft")
def redraw(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """The form again, a button's act done, and how many people it means now."""
    draft = read(form)
    act(draft, str(form.get("act", "")))
    one = _one(session, form)
    return _page(request, session, draft, one=one, typed=_typed(form))


@ROUTES.post("/b/{brand}/segments/rule")
def save(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """A new segment, or another rule of one."""
    draft, segments, one = read(form), session.brand.segments, _one(session, form)
    unfinished: list[Leaf] = []
    words = Words(session)
    try:
        tree = tree_of(draft, _context(words), unfinished)
        if unfinished or tree is None:
            raise BadInput(
                "A condition is not finished.", hint="Finish it, or take it out of the rule."
            )
        dynamic, by = form.get("dynamic") == "1", session.account.login
        if one is not None:
            made = segments.change_rule(one.id, tree, by=by, dynamic=dynamic)
        else:
            made = segments.create_by_rule(
                str(form.get("name", "")), tree, by=by, dynamic=dynamic,
                description=str(form.get("description", "")),
            )  # fmt: skip
    except YutangError as error:
        return _page(request, session, draft, one=one, typed=_typed(form), error=error, status=422)
    action = "segment_rule_changed" if one is not None else "segment_made"
    detail = {"people": made.people, "rule": made.rule}
    session.brand.audit.record(session.account.login, action, made.name, detail, session.ip)
    note = session.text("Saved: %(name)s.", name=made.name)
    return see_other(request, f"{session.base}/segments/{made.id}", note)


def _one(session: Session, form: FormData) -> Any:
    text = str(form.get("segment", ""))
    return session.brand.segments.get(int(text)) if text.isdigit() else None


def _typed(form: FormData) -> dict[str, str]:
    found = {key: str(form.get(key, "")) for key in ("name", "description")}
    return {**found, "dynamic": str(form.get("dynamic", "0"))}


def _context(words: Words) -> Context:
    types = {name: "list" if kind == "segments" else kind
             for name, kind in words.known.types.items()}  # fmt: skip
    return Context(words.attributes, types)


def live_of(session: Session, draft: Box, words: Words) -> Live:
    """Asks the draft: conditions that are not finished are left out."""
    unfinished: list[Leaf] = []
    said = Saying(session, words)
    tree: dict[str, Any] | None = None
    try:
        tree = tree_of(draft, _context(words), unfinished)
        if tree is None:
            return Live(unfinished=len(unfinished))
        counted = session.brand.segments.rules.count(tree, each=True)
        sample = session.brand.customers.list_(
            CustomerQuery(people=counted.sample(SAMPLE), size=SAMPLE, sort="id")
        )
    except YutangError as error:
        return Live(tree=tree, unfinished=len(unfinished), error=error)
    texts = [said.condition(one) for one in _conditions(tree)]
    each = tuple(zip(texts, counted.each, strict=True))
    return Live(tree, counted, sample, said.tree(tree), each, len(unfinished))


def _conditions(tree: dict[str, Any]) -> list[dict[str, Any]]:
    for word in ("and", "or"):
        if word in tree:
            return [one for part in tree[word] for one in _conditions(part)]
    return _conditions(tree["not"]) if "not" in tree else [tree]


def _page(
    request: Request,
    session: Session,
    draft: Box,
    *,
    one: Any = None,
    typed: dict[str, str] | None = None,
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    words = Words(session)
    usual = {"name": "", "description": "", "dynamic": "1"}
    if one is not None:
        usual["dynamic"] = "1" if one.kind == "dynamic" else "0"
    return render(
        request,
        "segments/rule.html",
        "editor",
        status=status,
        draft=draft,
        one=one,
        live=live_of(session, draft, words),
        typed={**usual, **(typed or {})},
        error=error,
        starts={code: title for code, (title, _) in STARTS.items()},
        words=words,
        suggest=lambda name: suggested(words, name),
        picked_tags=words.tags,
        purposes=[(one.code, session.pick(one)) for one in PURPOSES],
        stages=STAGES,
        roles_of=ROLES,
        operators=OPERATORS,
        without_value=WITHOUT_VALUE,
        most_rows=MOST_ROWS,
        kinds=KINDS,
        lists={
            "has": HAS, "relation": RELATIONS, "state": STATES, "consent": CONSENTS,
            "measure": MEASURES, "compare": COMPARE, "unit": UNITS, "which": WHICH,
            "mode": MODES, "calendar": CALENDARS,
        },
        is_leaf=lambda part: isinstance(part, Leaf),
    )  # fmt: skip


def suggested(words: Words, name: str) -> list[tuple[str, str]]:
    """(value, label) of an attribute of few texts, to choose from; of many the first ones."""
    attribute = words.shards.attributes.get(name) if words.shards is not None else None
    if attribute is None or attribute.type not in ("string", "list"):
        return []
    found = [(value, words.value(name, value)) for value in attribute.dictionary[:MOST_SUGGESTED]]
    return [(value, label) for value, label in found if value]
