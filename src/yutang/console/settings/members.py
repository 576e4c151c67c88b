"""Staff of the brand: add, role, password, unlock, disable, remove."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput, NotFound, YutangError
from yutang.staff import RIGHTS, ROLES, Member

ROUTES = APIRouter()
PATH = "/b/{brand}/settings/staff"


@ROUTES.get(PATH)
def members(request: Request, session: Session = needs("settings")) -> Response:
    return _page(request, session)


@ROUTES.post(PATH)
def add_member(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """A new account, or a known login name taken into this brand."""
    staff, typed = request.app.state.services.staff, _typed(form)
    by, ip = session.account.login, session.ip
    try:
        account = staff.find_account(typed["login"])
        if account is not None and typed["password"]:
            raise BadInput(
                "The login name “%(login)s” is taken.",
                hint="To take this account into the brand, leave the password empty.",
                login=typed["login"],
            )
        if account is None:
            account = staff.add_account(
                typed["login"], typed["name"], typed["password"], by=by, ip=ip
            )
        staff.set_role(session.membership.brand_id, account.id, typed["role"], by=by, ip=ip)
    except YutangError as error:
        return _page(request, session, typed=typed, error=error, status=422)
    _log(session, "member_added", account.login, {"role": typed["role"]})
    note = session.text("%(login)s can now log in.", login=account.login)
    return see_other(request, f"{session.base}/settings/staff", note)


@ROUTES.post(PATH + "/{account_id}")
def change_member(
    request: Request,
    account_id: int,
    session: Session = needs("settings"),
    form: FormData = Depends(posted),
) -> Response:
    """One act on one member: role, password, unlock, disable, enable or remove."""
    staff, member = request.app.state.services.staff, _member(request, session, account_id)
    brand_id, by, ip = session.membership.brand_id, session.account.login, session.ip
    act = str(form.get("act", ""))
    try:
        if act == "role":
            staff.set_role(brand_id, account_id, str(form.get("role", "")), by=by, ip=ip)
        elif act == "password":
            new = str(form.get("password", ""))
            staff.reset_password(session.account, brand_id, account_id, new, ip=ip)
        elif act == "unlock":
            staff.unlock(session.account, brand_id, account_id, ip=ip)
        elif act in ("disable", "enable"):
            off = act == "disable"
            staff.set_disabled(session.account, brand_id, account_id, off, ip=ip)
        elif act == "remove":
            staff.remove_member(brand_id, account_id, by=by, ip=ip)
        else:
            raise BadInput("There is no such act.")
    except YutangError as error:
        return _page(request, session, error=error, status=422)
    _log(session, f"member_{act}", member.login, {"role": str(form.get("role", ""))})
    note = session.text("Done: %(login)s.", login=member.login)
    return see_other(request, f"{session.base}/settings/staff", note)


def _member(request: Request, session: Session, account_id: int) -> Member:
    for member in request.app.state.services.staff.list_members(session.membership.brand_id):
        if member.id == account_id:
            return member  # type: ignore[no-any-return]
    raise NotFound("There is no such account in this brand.")


def _log(session: Session, action: str, target: str, detail: dict[str, str]) -> None:
    kept = {key: value for key, value in detail.items() if value}
    session.brand.audit.record(session.account.login, action, target, kept or None, session.ip)


def _typed(form: FormData) -> dict[str, str]:
    return {key: str(form.get(key, "")).strip() for key in ("login", "name", "password", "role")}


def _page(
    request: Request,
    session: Session,
    *,
    typed: Mapping[str, str] | None = None,
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "settings/members.html",
        status=status,
        tabs=tabs_of(session),
        tab="staff",
        members=request.app.state.services.staff.list_members(session.membership.brand_id),
        all_roles=ROLES,
        rights=RIGHTS,
        typed=typed or {"login": "", "name": "", "role": "operator"},
        error=error,
    )
