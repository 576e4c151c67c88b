"""My account: language, theme, password."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from yutang.console.guard import SESSION_COOKIE, Session, needs, posted
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput, YutangError
from yutang.staff import RIGHTS

ROUTES = APIRouter()


@ROUTES.get("/b/{brand}/settings")
def settings(session: Session = needs("see")) -> Response:
    return RedirectResponse(f"{session.base}/settings/{tabs_of(session)[0][0]}", status_code=303)


@ROUTES.get("/b/{brand}/settings/me")
def me(request: Request, session: Session = needs("see")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/settings/me/password")
def change_password(
    request: Request, session: Session = needs("see"), form: FormData = Depends(posted)
) -> Response:
    new = str(form.get("new", ""))
    try:
        if new != str(form.get("again", "")):
            raise BadInput("The two new passwords differ.", hint="Type the new one twice.")
        request.app.state.services.staff.change_password(
            session.account.id,
            str(form.get("old", "")),
            new,
            token=request.cookies.get(SESSION_COOKIE, ""),
            ip=session.ip,
        )
    except YutangError as error:
        return _page(request, session, error=error, status=422)
    note = session.text("Password changed. Other devices were logged out.")
    return see_other(request, f"{session.base}/settings/me", note)


def _page(
    request: Request, session: Session, *, error: YutangError | None = None, status: int = 200
) -> Response:
    rights = [(pair, session.may(right)) for right, pair in RIGHTS.items()]
    return render(
        request,
        "settings/me.html",
        status=status,
        tabs=tabs_of(session),
        tab="me",
        rights=rights,
        error=error,
    )
