"""The list of notices, the bell's count, and what marks them as read."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.alerts.who import number_of
from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.notices import filled
from yutang.staff import RIGHTS

ROUTES = APIRouter()
PATH = "/b/{brand}/notices"


@ROUTES.get(PATH)
def notices(request: Request, session: Session = needs("see")) -> Response:
    only = request.query_params.get("show") == "unread"
    login, rights = session.account.login, _rights(session)
    found = session.brand.notices.list_(login, rights, unread=only, limit=100)
    return render(
        request,
        "notices/list.html",
        rows=[(one, filled(one.template, one.params, session.text)) for one in found],
        unread=session.brand.notices.unread(login, rights),
        only=only,
    )


@ROUTES.get(PATH + "/bell")
def bell(request: Request, session: Session = needs("see")) -> Response:
    """The number in the bell; asked by each page once it stands."""
    unread = session.brand.notices.unread(session.account.login, _rights(session))
    return render(request, "notices/bell.html", unread=unread)


@ROUTES.post(PATH + "/read")
def read(
    request: Request, session: Session = needs("see"), form: FormData = Depends(posted)
) -> Response:
    """Mark one as read and go where it leads, or all of them."""
    login, rights = session.account.login, _rights(session)
    number = number_of(form.get("id"))
    if number is None:
        session.brand.notices.mark_read(login, rights)
        return see_other(request, f"{session.base}/notices", session.text("All read."))
    link = session.brand.notices.link(login, rights, number)
    session.brand.notices.mark_read(login, rights, number)
    return see_other(request, f"{session.base}/{link or 'notices'}")


def _rights(session: Session) -> set[str]:
    return {right for right in RIGHTS if session.may(right)}
