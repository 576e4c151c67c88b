"""A customer's attributes: the list, and of one of them who said what, and why a value counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from yutang.attributes import Attribute, shown, shown_changes
from yutang.catalog.attributes import attribute_label, place_of
from yutang.catalog.identity_kinds import kind_of
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.render import render
from yutang.console.tables import Pager, read_query
from yutang.customers import Portrait
from yutang.errors import NotFound

ROUTES = APIRouter()
PATH = "/b/{brand}/customers/{customer_id}/attributes"
FIRST = 8  # on the customer's own page; the rest is one search or one click away
TOLD = 20  # lines of history at a time
HASH = re.compile(r"[0-9a-f]{64}")
TYPES = {
    "text": mark("text"),
    "number": mark("number"),
    "bool": mark("yes or no"),
    "list": mark("list"),
    "object": mark("object"),
    "hash": mark("hashed"),
}
OPERATIONS = {
    "set": mark("set to"),
    "set_once": mark("set, where there was nothing, to"),
    "increment": mark("added"),
    "append": mark("collected"),
    "unset": mark("taken away"),
    "delete": mark("deleted with the whole profile"),
}
REASONS = {
    "alone": mark("nobody else says anything"),
    "trusted": mark("its source stands above the others"),
    "latest": mark("said last"),
    "added": mark("added to the sum"),
    "united": mark("united with the list"),
    "outranked": mark("another source stands above it"),
    "older": mark("said earlier"),
}


@dataclass(frozen=True)
class Value:
    """A value for the page. type: of TYPES, or "" for none; text: on one line; parts: of a list."""

    type: str
    text: str
    parts: tuple[str, ...] = ()
    whole: str = ""  # an object on several lines


@dataclass(frozen=True)
class Row:
    """An attribute for the list. label: (zh, en) where it is a well-known one."""

    name: str
    label: tuple[str, str] | None
    value: Value
    source: str
    at: int
    disputed: bool

    @property
    def words(self) -> str:
        """What a search looks through."""
        return " ".join((self.name, *(self.label or ()), self.source, self.value.text)).casefold()


def value_of(value: Any) -> Value:
    """
    >>> value_of(["a", 1]).parts, value_of(2.50).text, value_of(True).type
    (('a', '1'), '2.5', 'bool')
    """
    if value is None:
        return Value("", "")
    if isinstance(value, bool):
        return Value("bool", "true" if value else "false")
    if isinstance(value, float):
        return Value("number", f"{value:.6f}".rstrip("0").rstrip("."))
    if isinstance(value, int):
        return Value("number", str(value))
    if isinstance(value, list):
        parts = tuple(value_of(one).text for one in value)
        return Value("list", ", ".join(parts), parts)
    if isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False)
        return Value("object", text, whole=json.dumps(value, ensure_ascii=False, indent=2))
    text = str(value)
    return Value("hash" if HASH.fullmatch(text) else "text", text)


def rows_of(session: Session, who: Portrait) -> list[Row]:
    """All attributes of a customer, personal values masked."""
    return [_row(one) for one in sorted(_found(session, who), key=lambda one: place_of(one.name))]


def card_of(rows: list[Row]) -> dict[str, Any]:
    """What the card on the customer's page needs."""
    return {"attributes": rows[:FIRST], "attribute_count": len(rows), "types": TYPES}


@ROUTES.get(PATH)
def attributes(request: Request, customer_id: int, session: Session = needs("see")) -> Response:
    """The list, searched and paged."""
    who = session.brand.customers.get(customer_id)
    if who.merged_from is not None:
        return RedirectResponse(f"{session.base}/customers/{who.id}/attributes", status_code=303)
    query = read_query(request.url.path, request.query_params, filters=("q", "source"))
    rows = rows_of(session, who)
    fitting = list(_fitting(rows, query.filters.get("q", ""), query.filters.get("source", "")))
    return render(
        request,
        "customers/attributes.html",
        "list",
        who=who,
        query=query,
        attributes=fitting[query.offset : query.offset + query.size],
        attribute_count=len(rows),
        pager=Pager(query, len(fitting)),
        sources=sorted({row.source for row in rows}),
        types=TYPES,
    )


@ROUTES.get(PATH + "/one")
def attribute(
    request: Request, customer_id: int, name: str = "", session: Session = needs("see")
) -> Response:
    """One attribute: what is said of it now, why which value counts, and its history."""
    who = session.brand.customers.get(customer_id)
    members = who.why.identities
    his = session.brand.identities.belongings(who.why)
    history = session.brand.attributes.history(his, name)
    if not any(change.name == name for change in history):
        raise NotFound("Nobody said anything of this attribute.")
    query = read_query(request.url.path, request.query_params, filters=("name",))
    start = (query.page - 1) * TOLD
    part = shown_changes(history[start : start + TOLD], members)
    return render(
        request,
        "customers/attribute.html",
        "older" if query.page > 1 else "story",
        who=who,
        name=name,
        label=attribute_label(name),
        one=next((one for one in _found(session, who) if one.name == name), None),
        history=part,
        total=len(history),
        older=query.url(page=query.page + 1) if start + TOLD < len(history) else "",
        identities={one.id: one for one in members},
        value_of=value_of,
        types=TYPES,
        operations=OPERATIONS,
        reasons=REASONS,
        kind_of=kind_of,
    )


def _found(session: Session, who: Portrait) -> list[Attribute]:
    his = session.brand.identities.belongings(who.why)
    return shown(session.brand.attributes.of_customer(his), who.why.identities)


def _row(one: Attribute) -> Row:
    disputed = any(not verdict.counts for verdict in one.said)
    value = value_of(one.value)
    return Row(one.name, attribute_label(one.name), value, one.source, one.time, disputed)


def _fitting(rows: Iterable[Row], text: str, source: str) -> Iterable[Row]:
    wanted = text.casefold().split()
    for row in rows:
        if (not source or row.source == source) and all(word in row.words for word in wanted):
            yield row
