"""Which source is believed where several say different things of a customer."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import see_other

ROUTES = APIRouter()
DIVIDER = ""  # in the order that is posted: what stands below it is alike


@ROUTES.post("/b/{brand}/settings/sources/priority")
def set_priority(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """The order of the whole list; without scripts, a row that goes up or down in it."""
    order = [str(one) for one in form.getlist("order")]
    _move(order, str(form.get("move", "")))
    ranked = order[: order.index(DIVIDER)] if DIVIDER in order else order
    before = session.brand.attributes.set_priority(ranked)
    note = session.text("Nothing was changed.")
    if before != ranked:
        detail = {"from": " > ".join(before), "to": " > ".join(ranked)}
        session.brand.audit.record(session.account.login, "source_priority", "", detail, session.ip)
        note = session.text("The order is saved: it holds at once, also for what was said before.")
    return see_other(request, f"{session.base}/settings/sources#priority", note)


def ordered(session: Session, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Sources in the order that was given, and the others."""
    ranked = [name for name in session.brand.attributes.priority() if name in names]
    return ranked, [name for name in names if name not in ranked]


def _move(order: list[str], move: str) -> None:
    """`up:NAME` or `down:NAME`: one place, in the list itself."""
    way, _, name = move.partition(":")
    if name not in order or way not in ("up", "down"):
        return
    here = order.index(name)
    there = here + (-1 if way == "up" else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
