"""A customer's outlook (what to expect, what to do), his consents, and follow-ups written down."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pyroaring import BitMap
from starlette.datastructures import FormData

from yutang.catalog.events import GROUPS
from yutang.catalog.purposes import PURPOSES, purpose_label
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.customers import views
from yutang.errors import YutangError
from yutang.followups import KINDS, MOST_TEXT

ROUTES = APIRouter()
FOLLOW_UPS = {
    "note": mark("note"),
    "chat": mark("chat"),
    "call": mark("call"),
    "visit": mark("visit to the store"),
    "service": mark("after-sales"),
    "complaint": mark("complaint"),
}
CONSENT_STATES = {"given": mark("agreed"), "withdrawn": mark("withdrawn")}
REASONS = {
    "again": mark("he buys it again and again"),
    "follows": mark("others take it after “%(name)s”"),
    "popular": mark("many take it next"),
}
DUE_STATES = {
    "long": mark("long overdue"),
    "due": mark("due now"),
    "soon": mark("due soon"),
    "later": mark("later"),
}


@ROUTES.get("/b/{brand}/customers/{customer_id}/outlook")
def outlook(request: Request, customer_id: int, session: Session = needs("see")) -> Response:
    """Loaded after the page: what products expect is counted anew where facts came in."""
    portraits = session.brand.portraits
    who = session.brand.customers.get(customer_id, evidence=False)
    acts = portraits.acts(who)
    return render(
        request,
        "customers/outlook.html",
        "card",
        who=who,
        acts=acts,
        outlook=portraits.outlook(who, acts),
        standing=portraits.standing(who.id),
        views=views,
        groups=GROUPS,
        reasons=REASONS,
        due_states=DUE_STATES,
    )


@ROUTES.get("/b/{brand}/customers/{customer_id}/said")
def said(request: Request, customer_id: int, session: Session = needs("see")) -> Response:
    """Follow-ups, consents and segments; loaded after the page."""
    who = session.brand.customers.get(customer_id, evidence=False)
    return render(request, "customers/said.html", "card", who=who, **card_of(session, who.id))


def card_of(session: Session, customer: int) -> dict[str, Any]:
    """What the cards of consents, follow-ups and segments on the customer's page need."""
    brand = session.brand
    said = {one.purpose: one for one in brand.consents.of_customer(customer)}
    codes = [one.code for one in PURPOSES] + [code for code in said if code not in _CODES]
    return {
        "consents": [(code, session.pick(purpose_label(code)), said.get(code)) for code in codes],
        "consent_states": CONSENT_STATES,
        "follow_ups": brand.follow_ups.of_customer(customer),
        "follow_up_kinds": FOLLOW_UPS,
        "most_text": MOST_TEXT,
        "segments_of": brand.portraits.segments(customer) if session.may("analyse") else [],
    }


_CODES = {one.code for one in PURPOSES}


@ROUTES.post("/b/{brand}/customers/{customer_id}/consents")
def say_consent(
    request: Request,
    customer_id: int,
    session: Session = needs("see"),
    form: FormData = Depends(posted),
) -> Response:
    """What he said to somebody of us."""
    who = session.brand.customers.get(customer_id, evidence=False)
    purpose, state = str(form.get("purpose", "")), str(form.get("state", ""))
    try:
        session.brand.consents.say(
            BitMap([who.id]), purpose, state, source="page", by=session.account.login,
            note=str(form.get("note", "")),
        )  # fmt: skip
    except YutangError as error:
        return _refused(request, session, who.id, error)
    detail = {"customer": who.id, "state": state}
    session.brand.audit.record(session.account.login, "consent_said", purpose, detail, session.ip)
    return see_other(request, f"{session.base}/customers/{who.id}#consents", session.text("Saved."))


@ROUTES.post("/b/{brand}/customers/{customer_id}/follow-ups")
def follow_up(
    request: Request,
    customer_id: int,
    session: Session = needs("see"),
    form: FormData = Depends(posted),
) -> Response:
    """Write one down, take one away, or bring it back."""
    who, notes = session.brand.customers.get(customer_id, evidence=False), session.brand.follow_ups
    act, number = str(form.get("act", "add")), str(form.get("id", ""))
    try:
        if act in ("remove", "back"):
            id_ = int(number) if number.isascii() and number.isdigit() else 0
            notes.remove(who.id, id_, back=act == "back")
        else:
            kind = str(form.get("kind", KINDS[0]))
            notes.add(who.id, kind, str(form.get("text", "")), by=session.account.login)
    except YutangError as error:
        return _refused(request, session, who.id, error)
    action = {"remove": "follow_up_removed", "back": "follow_up_restored"}.get(act, "followed_up")
    session.brand.audit.record(session.account.login, action, f"#{who.id}", None, session.ip)
    note = session.text("Saved.")
    if act == "remove":
        note = session.text("Removed. It can be brought back from here for a while.")
        return see_other(
            request, f"{session.base}/customers/{who.id}?removed={number}#follow-ups", note
        )
    return see_other(request, f"{session.base}/customers/{who.id}#follow-ups", note)


def _refused(request: Request, session: Session, customer: int, error: YutangError) -> Response:
    if error.status == 404:
        raise error
    return render(
        request, "customers/refused.html", status=422, error=error, customer=customer,
        again=f"{session.base}/customers/{customer}",
    )  # fmt: skip
