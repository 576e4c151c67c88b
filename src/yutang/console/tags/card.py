"""The tags of one customer: given and taken on his own page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pyroaring import BitMap
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import see_other
from yutang.console.tags import words
from yutang.errors import BadInput, Forbidden

ROUTES = APIRouter()
TOLD = 30  # lines of history on the card


def card_of(session: Session, customer: int) -> dict[str, Any]:
    """What the card on the customer's page needs."""
    tags = session.brand.tags
    held = tags.of_customer(customer)
    has = {one.tag.id for one in held}
    every = [one for one in tags.list_() if words.may_set(session, one)]
    return {
        "tags_held": held,
        "tags_history": tags.history(customer)[:TOLD],
        "tags_offered": [one for one in every if one.id not in has],
        "tags_settable": {one.id for one in every},
        "tag_groups": words.group_names(session),
        "exclusive": {one.id for one in tags.groups() if one.exclusive},
        "tag_sources": words.SOURCES,
        "tag_actions": words.ACTIONS,
    }


@ROUTES.post("/b/{brand}/customers/{customer_id}/tags")
def change(
    request: Request,
    customer_id: int,
    session: Session = needs("see"),
    form: FormData = Depends(posted),
) -> Response:
    """Give or take a tag."""
    tags, by = session.brand.tags, session.account.login
    tag = tags.get(words.whole(form.get("tag")))
    if not words.may_set(session, tag):
        if tag.kind in ("computed", "rule"):
            raise BadInput(
                "Nobody sets the tag “%(name)s” by hand: a condition does.", name=tag.title
            )
        raise Forbidden(
            "Your role in this brand does not include this.",
            hint="Ask an administrator of the brand.",
        )
    who = session.brand.customers.get(customer_id, evidence=False).id
    one = BitMap([who])
    note = str(form.get("note", ""))
    if str(form.get("act", "")) == "remove":
        tags.remove([tag.id], one, kind="manual", by=by, note=note)
        action, told = "customers_untagged", session.text("Taken away: %(name)s.", name=tag.title)
    else:
        done = tags.add([tag.id], one, kind="manual", by=by, note=note)
        action, told = "customers_tagged", session.text("Given: %(name)s.", name=tag.title)
        if done.replaced:
            told = session.text("Given: %(name)s, in place of another.", name=tag.title)
    detail = {"customer": who}
    session.brand.audit.record(by, action, tag.title, detail, session.ip)
    return see_other(request, f"{session.base}/customers/{who}#tags", told)
