"""The only door from data to HTML.

`render(request, "customers/list.html", fragment="list", …)` answers with the whole page, or, when
htmx asked for a part, with the template's block of that name: one URL, two answers.
Templates live beside the handlers that fill them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from yutang import __version__
from yutang.console import assets, formats
from yutang.console.alarms import alarms_of
from yutang.console.guard import Session, set_cookie
from yutang.console.language import DEFAULT, LANGUAGES, Language, language
from yutang.console.navigation import SECTIONS
from yutang.staff import ROLES

FOLDER = Path(__file__).parent
NOTE_COOKIE = "yutang_note"


@cache
def environment(code: str) -> Environment:
    """The template environment of one language."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    spoken = language(code)
    made.install_gettext_translations(spoken.catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(formats.FILTERS)
    made.filters["pick"] = spoken.pick
    made.filters["said"] = spoken.text
    made.filters["said_with"] = lambda message, params: spoken.text(message, **params)
    made.globals.update(
        icon=assets.icon,
        static=assets.static_url,
        sections=SECTIONS,
        version=__version__,
        roles={role.code: role for role in ROLES},
        languages=LANGUAGES,
        gap=spoken.gap,
    )
    made.policies["json.dumps_function"] = _dumps
    return made


def _dumps(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def render(
    request: Request,
    template_name: str,
    fragment: str | None = None,
    *,
    status: int = 200,
    session: Session | None = None,
    spoken: Language | None = None,
    **context: Any,
) -> Response:
    """Answer with a page, or with its block `fragment` when htmx asked for a part of the page."""
    session = session or getattr(request.state, "session", None)
    spoken = spoken or (session.language if session else language(DEFAULT))
    made = environment(spoken.code)
    template = made.get_template(template_name)
    partial = fragment is not None and request.headers.get("hx-request-type") == "partial"
    note = request.cookies.get(NOTE_COOKIE) if not partial else None
    values = {
        "request": request,
        "session": session,
        "language": spoken,
        "now": request.app.state.now(),
        "zone": session.zone if session else "Asia/Shanghai",
        "base": session.base if session else "",
        "note": unquote(note) if note else "",
        "partial": partial,
        "alarms": [] if partial else alarms_of(request.app.state.services, session),
        "here": section_of(request),
        **context,
    }
    values["ui"] = made.get_template("shell/parts.html").make_module(values)
    if partial and fragment is not None:
        scope = template.new_context(values)
        body = "".join(template.blocks[fragment](scope))
    else:
        body = template.render(values)
    response = HTMLResponse(body, status_code=status, headers={"Vary": "HX-Request"})
    if note:
        response.delete_cookie(NOTE_COOKIE)
    return response


def section_of(request: Request) -> str:
    """The section an address belongs to: /b/<brand>/<section>/…"""
    parts = request.url.path.split("/")
    return parts[3] if len(parts) > 3 else ""


def see_other(request: Request, url: str, note: str = "") -> Response:
    """After a POST: look at `url`, where `note` (final text) is shown once."""
    response: Response = RedirectResponse(url, status_code=303)
    if request.headers.get("hx-request") == "true":
        # A fetch would follow the redirect silently; the browser itself must go there.
        response = Response(status_code=200, headers={"HX-Redirect": url})
    if note:
        set_cookie(request, response, NOTE_COOKIE, quote(note), seconds=60)
    return response
