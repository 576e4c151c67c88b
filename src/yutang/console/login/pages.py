"""Getting in and out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from yutang.console.guard import (
    LANGUAGE_COOKIE,
    LOGIN_COOKIE,
    SESSION_COOKIE,
    LoginNeeded,
    Session,
    check_csrf,
    ip_of,
    language_of,
    needs,
    new_login_value,
    posted,
    set_cookie,
    visit_of,
)
from yutang.console.language import LANGUAGES
from yutang.console.render import render, see_other
from yutang.errors import Forbidden, YutangError

ROUTES = APIRouter()
YEAR_SECONDS = 365 * 24 * 3600


def safe_next(url: str) -> str:
    """Only a path of this site may be the place to go after login."""
    fine = url.startswith("/") and not url.startswith(("//", "/\\")) and "\n" not in url
    return url if fine else "/"


async def login_form(request: Request) -> FormData:
    return await request.form()


@ROUTES.get("/")
def start(request: Request) -> Response:
    """To the first brand of whoever is logged in."""
    visit = visit_of(request)
    if not visit.memberships:
        raise Forbidden(
            "Your account does not belong to a brand yet.",
            hint="Ask an administrator to add you.",
        )
    return RedirectResponse(f"/b/{visit.memberships[0].slug}/overview", status_code=303)


@ROUTES.get("/b/{brand}")
def brand_start(brand: str) -> Response:
    return RedirectResponse(f"/b/{brand}/overview", status_code=303)


@ROUTES.get("/login")
def login_page(request: Request, next: str = "/") -> Response:
    try:
        visit_of(request)
    except LoginNeeded:
        return _form(request, next)
    return RedirectResponse(safe_next(next), status_code=303)


@ROUTES.post("/login")
def log_in(request: Request, form: FormData = Depends(login_form)) -> Response:
    target, name = safe_next(str(form.get("next", "/"))), str(form.get("login", ""))
    try:
        check_csrf(request.cookies.get(LOGIN_COOKIE, ""), str(form.get("csrf", "")))
        token = request.app.state.services.staff.log_in(
            name,
            str(form.get("password", "")),
            ip=ip_of(request),
            agent=request.headers.get("user-agent", ""),
        )
    except Forbidden as error:
        return _form(request, target, name=name, error=error, status=422)
    response = see_other(request, target)
    set_cookie(request, response, SESSION_COOKIE, token, seconds=14 * 24 * 3600)
    response.delete_cookie(LOGIN_COOKIE)
    return response


@ROUTES.post("/login/language")
def login_language(request: Request, form: FormData = Depends(login_form)) -> Response:
    """Before login the language is only a cookie of this browser: nothing to protect."""
    response = see_other(request, "/login")
    if form.get("locale") in LANGUAGES:
        set_cookie(request, response, LANGUAGE_COOKIE, str(form["locale"]), seconds=YEAR_SECONDS)
    return response


@ROUTES.post("/logout")
def log_out(request: Request, _form: FormData = Depends(posted)) -> Response:
    request.app.state.services.staff.log_out(request.cookies.get(SESSION_COOKIE, ""))
    response = see_other(request, "/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


@ROUTES.post("/b/{brand}/preferences")
def set_preferences(
    request: Request, session: Session = needs("see"), form: FormData = Depends(posted)
) -> Response:
    """Language and theme belong to the account, so they follow a person to every machine."""
    locale, theme = form.get("locale"), form.get("theme")
    request.app.state.services.staff.set_preferences(
        session.account.id,
        locale=str(locale) if locale else None,
        theme=str(theme) if theme else None,
    )
    response = see_other(request, safe_next(str(form.get("next", session.base))))
    if locale in LANGUAGES:
        set_cookie(request, response, LANGUAGE_COOKIE, str(locale), seconds=YEAR_SECONDS)
    return response


def _form(
    request: Request,
    target: str,
    *,
    name: str = "",
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    value = request.cookies.get(LOGIN_COOKIE) or new_login_value()
    response = render(
        request,
        "login/login.html",
        status=status,
        spoken=language_of(request),
        next=safe_next(target),
        name=name,
        error=error,
        value=value,
    )
    set_cookie(request, response, LOGIN_COOKIE, value, seconds=3600)
    return response
