"""API keys of the brand. A key's secret is shown once, on the page that made it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import YutangError
from yutang.staff import ROLES

ROUTES = APIRouter()
PATH = "/b/{brand}/settings/keys"


@ROUTES.get(PATH)
def keys(request: Request, session: Session = needs("settings")) -> Response:
    return _page(request, session)


@ROUTES.post(PATH)
def add_key(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Answers with the page itself, not a redirect: the secret must not stand in any address."""
    name, role = str(form.get("name", "")), str(form.get("role", ""))
    try:
        key, secret = request.app.state.services.staff.add_key(
            session.membership.brand_id, name, role, by=session.account.login, ip=session.ip
        )
    except YutangError as error:
        return _page(request, session, name=name, error=error, status=422)
    session.brand.audit.record(
        session.account.login, "key_added", key.name, {"role": role}, session.ip
    )
    return _page(request, session, secret=secret)


@ROUTES.post(PATH + "/{key_id}/revoke")
def revoke_key(
    request: Request,
    key_id: int,
    session: Session = needs("settings"),
    _form: FormData = Depends(posted),
) -> Response:
    request.app.state.services.staff.revoke_key(
        session.membership.brand_id, key_id, by=session.account.login, ip=session.ip
    )
    session.brand.audit.record(session.account.login, "key_revoked", str(key_id), None, session.ip)
    note = session.text("The key no longer opens anything.")
    return see_other(request, f"{session.base}/settings/keys", note)


def _page(
    request: Request,
    session: Session,
    *,
    name: str = "",
    secret: str = "",
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "settings/keys.html",
        status=status,
        tabs=tabs_of(session),
        tab="keys",
        keys=request.app.state.services.staff.list_keys(session.membership.brand_id),
        all_roles=ROLES,
        name=name,
        secret=secret,
        error=error,
    )
