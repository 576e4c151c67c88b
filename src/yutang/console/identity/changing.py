"""Merge two customers, split one, undo: look at it first, then the worker does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.touchpoints import source_label
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.customers import ROLES, STAGES, Portrait
from yutang.errors import BadInput, YutangError
from yutang.identity import HandRequest

ROUTES = APIRouter()
FOUND = 12  # customers one search offers
ONE_EACH = ("phone", "member_no", "unionid", "login_id")  # kinds of which a person has mostly one
DONE = {
    "link": mark("Merged. Lists and analyses follow within a minute."),
    "split": mark("Split. Lists and analyses follow within a minute."),
    "undo": mark("Undone: it is as it was before the decision."),
    "decide": mark("Decided. Lists and analyses follow within a minute."),
}
DOING = {
    "link": mark("Merging…"),
    "split": mark("Splitting…"),
    "undo": mark("Undoing…"),
    "decide": mark("Carrying out the decision…"),
}


@dataclass(frozen=True)
class Odd:
    """Something that speaks against a merge: both have one of a kind, and not the same."""

    kind: str
    one: str
    other: str


@ROUTES.get("/b/{brand}/customers/{customer_id}/merge")
def merge_page(
    request: Request, customer_id: int, session: Session = needs("identity")
) -> Response:
    return _merge_page(request, session, customer_id, request.query_params.get("with", ""))


@ROUTES.post("/b/{brand}/customers/{customer_id}/merge")
def merge(
    request: Request,
    customer_id: int,
    session: Session = needs("identity"),
    form: FormData = Depends(posted),
) -> Response:
    other, note = str(form.get("with", "")), str(form.get("note", ""))
    try:
        asked = session.brand.hand_requests.link(
            customer_id, _number(other), note=note, by=session.account.login, ip=session.ip
        )
    except YutangError as error:
        return _merge_page(request, session, customer_id, other, note=note, error=error)
    return _follow(request, session, asked, customer_id)


@ROUTES.get("/b/{brand}/customers/{customer_id}/split")
def split_page(
    request: Request, customer_id: int, session: Session = needs("identity")
) -> Response:
    return _split_page(request, session, customer_id, request.query_params.getlist("identity"))


@ROUTES.post("/b/{brand}/customers/{customer_id}/split")
def split(
    request: Request,
    customer_id: int,
    session: Session = needs("identity"),
    form: FormData = Depends(posted),
) -> Response:
    chosen, note = [str(one) for one in form.getlist("identity")], str(form.get("note", ""))
    try:
        asked = session.brand.hand_requests.split(
            _numbers(chosen), note=note, by=session.account.login, ip=session.ip
        )
    except YutangError as error:
        return _split_page(request, session, customer_id, chosen, note=note, error=error)
    return _follow(request, session, asked, customer_id)


@ROUTES.post("/b/{brand}/customers/identity/undo")
def undo(
    request: Request, session: Session = needs("identity"), form: FormData = Depends(posted)
) -> Response:
    asked = session.brand.hand_requests.undo(
        str(form.get("decision", "")), by=session.account.login, ip=session.ip
    )
    return _follow(request, session, asked, _number(str(form.get("customer", "")) or "0"))


@ROUTES.get("/b/{brand}/customers/identity/requests/{request_id}")
def follow(request: Request, request_id: int, session: Session = needs("identity")) -> Response:
    """Where the browser waits for the worker; done, it goes on to where the result is seen."""
    asked = session.brand.hand_requests.get(request_id)
    number = request.query_params.get("customer", "")
    customer = int(number) if number.isascii() and number.isdigit() else 0
    if asked.status == "done":
        return see_other(
            request, _result_at(session, asked, customer), session.text(DONE[asked.kind])
        )
    return render(
        request,
        "identity/request.html",
        "state",
        asked=asked,
        doing=DOING[asked.kind],
        again=f"{request.url.path}?customer={customer}",
        back=_result_at(session, asked, customer),
    )


def handed(request: Request, session: Session, asked: HandRequest) -> Response:
    """The worker is told; the browser waits for what comes of it."""
    return _follow(request, session, asked, 0)


def _follow(request: Request, session: Session, asked: HandRequest, customer: int) -> Response:
    request.app.state.nudge(session.membership.slug)
    there = f"{session.base}/customers/identity/requests/{asked.id}"
    return see_other(request, f"{there}?{urlencode({'customer': customer})}")


def _result_at(session: Session, asked: HandRequest, customer: int) -> str:
    if customer:
        return f"{session.base}/customers/{customer}#why"
    tab = "" if asked.kind == "decide" else "/decisions"
    return f"{session.base}/customers/identity{tab}"


def _merge_page(
    request: Request,
    session: Session,
    customer_id: int,
    other: str,
    *,
    note: str = "",
    error: YutangError | None = None,
) -> Response:
    brand = session.brand
    who = brand.customers.get(customer_id, evidence=False)
    if who.merged_from is not None:
        return RedirectResponse(f"{session.base}/customers/{who.id}/merge", status_code=303)
    mate: Portrait | None = None
    if other:
        mate = brand.customers.get(_number(other), evidence=False)
        if mate is not None and mate.id == who.id:
            mate, error = None, error or BadInput("These are one customer already.")
    search = request.query_params.get("q", "").strip()
    found = [] if mate is not None else brand.customers.search(search, limit=FOUND + 1)
    return render(
        request,
        "identity/merge.html",
        status=422 if error else 200,
        who=who,
        mate=mate,
        search=search,
        found=[one for one in found if one.id != who.id][:FOUND],
        odd=_odd(who, mate) if mate else [],
        survivor=min(who.id, mate.id) if mate else who.id,
        note=note,
        error=error,
        **labels(),
    )


def _split_page(
    request: Request,
    session: Session,
    customer_id: int,
    chosen: Sequence[str],
    *,
    note: str = "",
    error: YutangError | None = None,
) -> Response:
    who = session.brand.customers.get(customer_id, evidence=False)
    wanted = set(_numbers(chosen)) if chosen else set()
    go = [one for one in who.identities if one.id in wanted]
    stay = [one for one in who.identities if one.id not in wanted]
    if not go and error is None:
        error = BadInput("Choose at least one identity.", hint="Tick it on the customer's page.")
    if go and not stay and error is None:
        error = BadInput(
            "These are all the identities of the customer.",
            hint="Choose those that belong to somebody else.",
        )
    return render(
        request,
        "identity/split.html",
        status=422 if error else 200,
        who=who,
        go=go,
        stay=stay,
        note=note,
        error=error,
        **labels(),
    )


def labels() -> dict[str, Any]:
    """What templates about people need to name things."""
    return {"kind_of": kind_of, "source_label": source_label, "stages": STAGES, "roles_of": ROLES}


def _odd(who: Portrait, mate: Portrait) -> list[Odd]:
    found = []
    for kind in ONE_EACH:
        one, other = (
            {known.shown for known in each.identities if known.kind == kind} for each in (who, mate)
        )
        if one and other and not one & other:
            found.append(Odd(kind, " ".join(sorted(one)), " ".join(sorted(other))))
    return found


def _number(text: str) -> int:
    number = text.strip().removeprefix("#")
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        raise BadInput("Choose a customer first.")
    return int(number)


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(one) for one in texts if one.isascii() and one.isdigit() and len(one) < 12]
