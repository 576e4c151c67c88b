"""Segments beside each other: who is in which of several, and what tells two apart."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response

from yutang.console.exports import Cell, download
from yutang.console.formats import moment_of
from yutang.console.guard import Session, needs
from yutang.console.render import render
from yutang.console.segments.saying import Words
from yutang.errors import BadInput, YutangError
from yutang.segments import MOST_AT_ONCE, SMALL, Combination, Difference, combinations, differences

ROUTES = APIRouter()
MOST_BARS = 24
LEFT_OUT = ("segments",)  # of course they differ by these


@ROUTES.get("/b/{brand}/segments/overlap")
def overlap(request: Request, session: Session = needs("analyse")) -> Response:
    """?s= several times: the segments; without any, the largest ones in use."""
    segments = session.brand.segments
    every = segments.list_()
    asked = [text for text in request.query_params.getlist("s") if text.isdigit()]
    chosen = [one for one in every if str(one.id) in asked]
    error: YutangError | None = None
    if not asked:
        chosen = sorted(every, key=lambda one: -one.people)[:4]
    if len(chosen) > MOST_AT_ONCE:
        error = BadInput("At most %(n)d segments fit into the picture.", n=MOST_AT_ONCE)
        chosen = chosen[:MOST_AT_ONCE]
    found: list[Combination] = combinations(segments.several([one.id for one in chosen]))
    return render(
        request,
        "segments/overlap.html",
        every=every,
        chosen=chosen,
        found=found[:MOST_BARS],
        more=len(found) - MOST_BARS,
        most=max((one.count for one in found), default=0),
        everybody=sum(one.count for one in found),
        error=error,
        status=422 if error else 200,
    )


@ROUTES.get("/b/{brand}/segments/compare")
def compare(request: Request, session: Session = needs("analyse")) -> Response:
    """?a= a segment, ?b= another; without b it stands beside all other customers."""
    brand = session.brand
    segments = brand.segments
    every = segments.list_()
    by_id = {str(one.id): one for one in every}
    a, b = (by_id.get(request.query_params.get(end, "")) for end in ("a", "b"))
    words, found = Words(session), []
    sizes = (0, 0)
    if a is not None:
        ground = segments.rules.ground()
        left, right = segments.several([a.id, b.id if b is not None else 0])
        if b is None:
            right = session.brand.customers.everybody() - left
        known = {name: one for name, one in ground.attributes.items() if name not in LEFT_OUT}
        found = differences(known, left, right)
        sizes = (len(left), len(right))
    if a is not None and (kind := request.query_params.get("as")):
        return _file(session, kind, words, found)
    return render(
        request,
        "segments/compare.html",
        every=every,
        a=a,
        b=b,
        sizes=sizes,
        found=found,
        words=words,
        small=SMALL,
        middle=lambda one, side: _middle(session, one, side),
    )


def _middle(session: Session, one: Difference, side: int) -> str:
    value = one.middle[side]
    if value is None:
        return "–"
    return moment_of(int(value), session.zone) if one.type == "time" else f"{value:,.6g}"


def _file(session: Session, kind: str, words: Words, found: list[Difference]) -> Response:
    text = session.text
    header = [text("Attribute"), text("Value"), text("in the first"), text("in the second"),
              text("share, first"), text("share, second"), text("strength (0–1)")]  # fmt: skip
    return download(kind, "compare", header, _cells(session, words, found))


def _cells(session: Session, words: Words, found: list[Difference]) -> Iterator[list[Cell]]:
    for one in found:
        name = words.attribute(one.name)
        if one.shares:
            for share in one.shares:
                value = words.value(one.name, share.value)
                yield [name, value, share.a, share.b, share.a_rate, share.b_rate, one.strength]
        else:
            median = session.text("median")
            yield [name, median, _middle(session, one, 0), _middle(session, one, 1), None, None,
                   one.strength]  # fmt: skip
