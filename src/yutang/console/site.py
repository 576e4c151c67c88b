"""The console as an ASGI application: sections, static files, errors, security headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from yutang.console import (
    alerts,
    analyse,
    assets,
    customers,
    dashboards,
    dictionary,
    groups,
    health,
    identity,
    imports,
    lifecycle,
    live,
    login,
    notices,
    overview,
    privacy,
    products,
    search,
    segments,
    settings,
    shops,
    sql,
    tags,
)
from yutang.console.guard import LoginNeeded, SecurityHeaders, language_of, visit_of
from yutang.console.language import Language
from yutang.console.render import render, see_other
from yutang.errors import NotFound, YutangError
from yutang.kit.clock import Clock, now_ms

log = structlog.get_logger(__name__)

ROUTERS = (
    assets.ROUTES,
    login.ROUTES,
    overview.ROUTES,
    identity.ROUTES,  # before customers: their addresses are below /customers, too
    privacy.ROUTES,
    lifecycle.ROUTES,  # the same
    tags.ROUTES,  # before customers: the same
    customers.ROUTES,
    groups.ROUTES,
    dashboards.ROUTES,
    segments.ROUTES,
    analyse.ROUTES,
    alerts.ROUTES,
    notices.ROUTES,
    sql.ROUTES,
    products.ROUTES,
    shops.ROUTES,
    imports.ROUTES,
    live.ROUTES,
    health.ROUTES,
    dictionary.ROUTES,
    settings.ROUTES,
    search.ROUTES,
)


Nudge = Callable[[str], None]


def make_console(services: Any, *, nudge: Nudge | None = None, now: Clock = now_ms) -> FastAPI:
    """The console over an open installation (`yutang.app.Services`).

    `nudge` tells the worker that a brand has something due; without it the worker's own sweep
    finds it within a minute.
    """
    console = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    console.state.services = services
    console.state.nudge = nudge or (lambda _slug: None)
    console.state.now = now
    for router in ROUTERS:
        console.include_router(router)
    console.add_exception_handler(LoginNeeded, _to_login)
    console.add_exception_handler(YutangError, _said_error)
    console.add_exception_handler(HTTPException, _http_error)
    console.add_exception_handler(Exception, _unexpected)
    console.add_middleware(SecurityHeaders)
    return console


def mount(app: FastAPI) -> None:
    """Serve the console below "/" of `app`; routes that `app` has already come first."""
    app.mount("/", make_console(app.state.services, nudge=lambda slug: _nudge_of(app)(slug)))


def _nudge_of(app: FastAPI) -> Nudge:
    """Set by `serve` after the application is made, so it is looked up when it is used."""
    found: Nudge = getattr(app.state, "nudge", lambda _slug: None)
    return found


def _to_login(request: Request, _error: Exception) -> Response:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request") == "true":
        return see_other(request, "/login")
    if back in ("/", "/login") or request.method != "GET":
        return RedirectResponse("/login", status_code=303)
    return RedirectResponse(request.url_for("login_page").include_query_params(next=back), 303)


def _said_error(request: Request, error: Exception) -> Response:
    """One of our own errors: its sentence and its remedy, in the reader's language."""
    assert isinstance(error, YutangError)
    session = getattr(request.state, "session", None)
    spoken = session.language if session else _language(request)
    text = spoken.text(error.message, **error.params)
    hint = spoken.text(error.hint, **error.params)
    if error.status >= 500:
        log.error("page_failed", path=request.url.path, code=error.code, error=str(error))
    if request.headers.get("hx-request") == "true":
        notice = {"notice": {"text": text, "hint": hint, "kind": "bad"}}
        headers = {"HX-Trigger": json.dumps(notice), "HX-Reswap": "none"}
        return Response(status_code=error.status, headers=headers)
    return render(
        request, "shell/error.html", status=error.status, spoken=spoken, text=text, hint=hint
    )


def _language(request: Request) -> Language:
    """The language of whoever is logged in, also where no brand's page was reached."""
    try:
        return language_of(request, visit_of(request).account)
    except LoginNeeded:
        return language_of(request)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _said_error(
            request, NotFound("There is no such page.", hint="Check the address, or use the menu.")
        )
    wrong = YutangError("The request cannot be answered like this.")
    wrong.status = error.status_code
    return _said_error(request, wrong)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("page_crashed", path=request.url.path, exc_info=error)
    return _said_error(
        request,
        YutangError(
            "Something went wrong on our side.",
            hint="It was written to the server's log. Try again; nothing you typed was changed.",
        ),
    )
