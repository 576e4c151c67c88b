"""Customers who may be one person: side by side, for somebody to decide."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series
from yutang.console.guard import Session, needs, posted
from yutang.console.identity.changing import handed
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.tables import Pager, read_query
from yutang.errors import BadInput, YutangError
from yutang.linkage import LEVELS, documented

ROUTES = APIRouter()
STATES = {
    "open": mark("waiting"),
    "joined": mark("one person"),
    "apart": mark("different people"),
    "stale": mark("out of date"),
}
FIELDS = {
    "name": mark("name"),
    "birthday": mark("birthday"),
    "city": mark("city"),
    "postcode": mark("postcode"),
    "address": mark("address"),
    "email": mark("e-mail"),
    "phone": mark("phone"),
    "gender": mark("gender"),
}
AGREES = {
    "same": mark("same"),
    "swapped": mark("family and given name swapped"),
    "alike": mark("alike"),
    "partly": mark("partly"),
    "surname": mark("same family name"),
    "given": mark("same given name"),
    "name": mark("same name before the @"),
    "tail": mark("same last four digits"),
    "differs": mark("differs"),
    "unknown": mark("unknown"),
}
SETS = {
    "fake_1000": mark("Splink's fake 1000: invented people with typing errors"),
    "febrl_1": mark("FEBRL 1: invented addresses with typing errors"),
}
_PATH = "/identity/suggestions"


@ROUTES.get("/b/{brand}/customers/identity/suggestions")
def suggestions(request: Request, session: Session = needs("identity")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/customers/identity/suggestions/{suggestion_id}")
def answer(
    request: Request,
    suggestion_id: int,
    session: Session = needs("identity"),
    form: FormData = Depends(posted),
) -> Response:
    said, by = str(form.get("answer", "")), session.account.login
    found = session.brand.suggestions
    try:
        if said == "joined":
            note = str(form.get("note", "")).strip()
            asked = found.join(suggestion_id, note=note, by=by, ip=session.ip)
            return handed(request, session, asked)
        if said not in ("apart", "open"):
            raise BadInput("Answer “joined” or “apart”.")
        kept = (
            found.reopen(suggestion_id)
            if said == "open"
            else found.keep_apart(suggestion_id, by=by)
        )
    except YutangError as error:
        return _page(request, session, error=error)
    action = "identity.kept_apart" if said == "apart" else "identity.asked_again"
    detail = {"a": kept.a, "b": kept.b}
    session.brand.audit.record(by, action, str(suggestion_id), detail, session.ip)
    note = session.text(
        "Remembered: these two are not suggested again." if said == "apart" else "Waiting again."
    )
    return see_other(request, f"{session.base}/customers{_PATH}", note)


def _page(request: Request, session: Session, *, error: YutangError | None = None) -> Response:
    path = f"{session.base}/customers{_PATH}"
    query = read_query(path, request.query_params, filters=("status",))
    state = query.filters.get("status", "open")
    state = state if state in STATES else "open"
    found = session.brand.suggestions
    every = found.all_()
    listed = [one for one in every if one.status == state]
    shown = listed[query.offset : query.offset + query.size]
    people = sorted({number for one in shown for number in (one.a, one.b)})
    return render(
        request,
        "identity/suggestions.html",
        "list",
        status=422 if error else 200,
        query=query,
        error=error,
        rows=shown,
        sides=found.sides(people) if people else {},
        state=state,
        states=STATES,
        open=sum(one.status == "open" for one in every),
        run=found.last_run(),
        bands=found.observed(),
        fields=FIELDS,
        agrees=AGREES,
        order=list(LEVELS),
        pager=Pager(query, len(listed)),
        waiting=session.brand.hands.count_reviews(),
        tabs=tabs_of(session),
        tab=_PATH,
        **_evaluation(session),
    )


def _evaluation(session: Session) -> dict[str, Any]:
    """The documented evaluation on public data: its table, and its curve by threshold."""
    told = documented()
    sets: dict[str, Any] = told.get("sets", {})
    if not sets:
        return {"evaluation": None, "curve": None, "sets": SETS}
    scores = next(iter(sets.values()))["scores"]
    labels = [f"{score['threshold']:.1%}" for score in scores]
    series = [
        Series(session.text("Precision"), [one["precision"] for one in scores]),
        Series(
            session.text("Recall"),
            [one["recall"] for one in scores],
            role="compare",
        ),
    ]
    text = session.text("Precision and recall by threshold, on public data.")
    curve = Chart("line", labels, series, text, unit="rate", height=200)
    return {"evaluation": told, "curve": curve, "sets": SETS}
