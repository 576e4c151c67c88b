"""Webhooks of the brand: where alerts and files are told outside the console. A secret is shown
once, on the page that made it; an address never whole."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.webhook_kinds import BY_CODE, KINDS
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput, YutangError

ROUTES = APIRouter()
PATH = "/b/{brand}/settings/webhooks"
STATES = {
    "waiting": (mark("waits for another try"), "w"),
    "sent": (mark("taken"), ""),
    "failed": (mark("given up"), "b"),
}


@ROUTES.get(PATH)
def webhooks(request: Request, session: Session = needs("settings")) -> Response:
    return _page(request, session)


@ROUTES.post(PATH)
def add_webhook(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Answers with the page itself, not a redirect: the secret must not stand in any address."""
    name, kind, url = (str(form.get(one, "")) for one in ("name", "kind", "url"))
    try:
        made, secret = session.brand.webhooks.add(name, kind, url, by=session.account.login)
    except YutangError as error:
        return _page(request, session, name=name, kind=kind, error=error, status=error.status)
    detail = {"kind": kind, "webhook": made.shown}
    session.brand.audit.record(
        session.account.login, "webhook_added", made.name, detail, session.ip
    )
    if secret:
        return _page(request, session, secret=secret)
    note = session.text("Connected: %(name)s. Send a test now.", name=made.name)
    return see_other(request, f"{session.base}/settings/webhooks", note)


@ROUTES.post(PATH + "/{webhook_id:int}")
def change_webhook(
    request: Request,
    webhook_id: int,
    session: Session = needs("settings"),
    form: FormData = Depends(posted),
) -> Response:
    """One act on one webhook: test, on, off or remove."""
    hooks, what = session.brand.webhooks, str(form.get("act", ""))
    one = hooks.get(webhook_id)
    if what == "test":
        post = hooks.test(webhook_id)
        text = mark("The test was taken.") if post.status == "sent" else mark(
            "The test was not taken: %(answer)s."
        )  # fmt: skip
        note = session.text(text, answer=session.text(post.answer))
    elif what in ("on", "off"):
        hooks.turn(webhook_id, on=what == "on")
        text = mark("It is told again.") if what == "on" else mark("It is told nothing any more.")
        note = session.text(text)
    elif what == "remove":
        hooks.remove(webhook_id)
        note = session.text("Removed: %(name)s.", name=one.name)
    else:
        raise BadInput("This cannot be done to a webhook.")
    session.brand.audit.record(
        session.account.login, f"webhook_{what}", one.name, {"webhook": one.shown}, session.ip
    )
    return see_other(request, f"{session.base}/settings/webhooks", note)


def _page(
    request: Request,
    session: Session,
    *,
    name: str = "",
    kind: str = KINDS[0].code,
    secret: str = "",
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    found = session.brand.webhooks.list_()
    return render(
        request,
        "settings/webhooks.html",
        status=status,
        tabs=tabs_of(session),
        tab="webhooks",
        hooks=found,
        names={one.id: one.name for one in found},
        posts=session.brand.webhooks.posts(limit=30),
        kinds=KINDS,
        by_code=BY_CODE,
        states=STATES,
        name=name,
        kind=kind,
        secret=secret,
        error=error,
    )
