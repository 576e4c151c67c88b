"""Who is asking, and may they: session cookie, CSRF, rights, security headers.

Every page below `/b/<brand>` depends on `needs(right)`. A request that changes something must
carry the session's CSRF value as the field `csrf` or the header `X-CSRF`.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi import Depends, Request
from starlette.datastructures import FormData, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yutang.console.language import Language, language
from yutang.errors import Forbidden, NotFound
from yutang.staff import Account, Membership, Visit, csrf_of, may

SESSION_COOKIE = "yutang_session"
LANGUAGE_COOKIE = "yutang_language"
# Given before login, compared with the login form's hidden field: nobody else can log you in.
LOGIN_COOKIE = "yutang_login"

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        # Bars and meters carry their width, chart tooltips their position, in style attributes.
        "style-src-attr 'unsafe-inline'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class LoginNeeded(Exception):
    """Nobody is logged in: the handler sends the browser to the login page and back."""


@dataclass(frozen=True)
class Session:
    """Somebody looking at one brand. `base` is the brand's address, `brand` its services."""

    account: Account
    membership: Membership
    memberships: tuple[Membership, ...]
    brand: Any
    language: Language
    csrf: str
    ip: str

    @property
    def base(self) -> str:
        return f"/b/{self.membership.slug}"

    @property
    def role(self) -> str:
        return self.membership.role

    @property
    def zone(self) -> str:
        return str(self.brand.row.zone)

    @cached_property
    def updated_at(self) -> int | None:
        """When the newest facts came in (UTC ms); None without facts."""
        found: int | None = self.brand.intake.updated_at()
        return found

    @property
    def provenance(self) -> str:
        """Whose data this is, in the page's language; "" for a brand's own data."""
        row = self.brand.row
        return str(row.provenance_zh if self.language.code == "zh" else row.provenance_en)

    def may(self, right: str) -> bool:
        return may(self.role, right)

    def require(self, right: str) -> None:
        """Raises Forbidden where the role has not this right."""
        if not self.may(right):
            raise Forbidden(
                "Your role in this brand does not include this.",
                hint="Ask an administrator of the brand.",
            )

    def text(self, message: str, /, **params: object) -> str:
        return self.language.text(message, **params)

    def pick(self, labelled: Any) -> str:
        return self.language.pick(labelled)


def visit_of(request: Request) -> Visit:
    """The live session of the request's cookie. Raises LoginNeeded."""
    token = request.cookies.get(SESSION_COOKIE, "")
    visit = request.app.state.services.staff.find_visit(token) if token else None
    if visit is None:
        raise LoginNeeded
    return visit  # type: ignore[no-any-return]


def language_of(request: Request, account: Account | None = None) -> Language:
    """The account's language; before login the one chosen last, else the browser's, else zh."""
    if account is not None:
        return language(account.locale)
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if not chosen:
        accepted = request.headers.get("accept-language", "").lower()
        chosen = "en" if accepted.startswith("en") else "zh"
    return language(chosen)


def ip_of(request: Request) -> str:
    return request.client.host if request.client else ""


def session_of(request: Request, brand: str) -> Session:
    visit = visit_of(request)
    for membership in visit.memberships:
        if membership.slug == brand:
            break
    else:
        # The same answer for "not there" and "not yours": names of brands are not for everybody.
        raise NotFound("There is no such brand for you.", hint="Choose one of your brands.")
    session = Session(
        account=visit.account,
        membership=membership,
        memberships=visit.memberships,
        brand=request.app.state.services.brand(brand),
        language=language_of(request, visit.account),
        csrf=visit.csrf,
        ip=ip_of(request),
    )
    request.state.session = session
    return session


def needs(right: str) -> Any:
    """A dependency: the Session, if its role has this right in the brand of the address."""

    def allowed(session: Session = Depends(session_of)) -> Session:
        session.require(right)
        return session

    return Depends(allowed)


async def posted(request: Request) -> FormData:
    """A dependency: the form of a request that changes something, after its CSRF value matched.

    The value is compared with the session's own, so this needs the session cookie.
    """
    form = await request.form()
    token = request.cookies.get(SESSION_COOKIE, "")
    given = request.headers.get("x-csrf") or str(form.get("csrf", ""))
    check_csrf(csrf_of(token) if token else "", given)
    return form


def check_csrf(expected: str, given: str) -> None:
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise Forbidden(
            "This form is out of date.", hint="Load the page again and repeat what you did."
        )


def new_login_value() -> str:
    return secrets.token_urlsafe(24)


def set_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" or _behind_https(request),
        path="/",
    )


def _behind_https(request: Request) -> bool:
    """Whether a proxy in front of us speaks HTTPS: we cannot see that ourselves."""
    return bool(request.app.state.services.settings.secure_cookies)


class SecurityHeaders:
    """ASGI middleware: the headers above on every answer; pages are never kept by caches."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "private, no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)
