"""The tags of one customer: given and taken on his own page."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pyroaring import BitMap
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.console.tags import words
from yutang.errors import BadInput, Forbidden

ROUTES = APIRouter()
TOLD = 30  # lines of history on the card


PATH = "/b/{brand}/customers/{customer_id}/tags"


@ROUTES.get(PATH)
def card(request: Request, customer_id: int, session: Session = needs("see")) -> Response:
    """The card: a part of the customer's page, which asks for it, and a page of its own."""
    who = session.brand.customers.get(customer_id, evidence=False)
    if who.merged_from is not None:
        return RedirectResponse(f"{session.base}/customers/{who.id}/tags", status_code=303)
    tags = session.brand.tags
    held, history = tags.story(who.id)
    has = {one.tag.id for one in held}
    shelf = tags.now()
    settable = [one for one in shelf.list_() if words.may_set(session, one)]
    groups = shelf.groups()
    return render(
        request,
        "tags/customer.html",
        "card",
        who=who,
        held=held,
        history=history[:TOLD],
        offered=[one for one in settable if one.id not in has],
        settable={one.id for one in settable},
        group_names=words.group_names(session, groups),
        exclusive=any(one.exclusive for one in groups),
        sources=words.SOURCES,
        actions=words.ACTIONS,
    )


@ROUTES.post(PATH)
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
