"""Who is asking: a key names its brand and its role, and that is all a request can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from yutang.api.errors import NoKeyError
from yutang.errors import Forbidden
from yutang.staff import RIGHTS, ApiKey, may

bearer = HTTPBearer(
    auto_error=False, description="An API key of the brand: Settings, API keys. It is shown once."
)


@dataclass(frozen=True)
class Caller:
    """A key and its brand's services (`yutang.app.Brand`)."""

    key: ApiKey
    brand: Any
    ip: str

    @property
    def name(self) -> str:
        """How audit log and imports name it."""
        return f"key:{self.key.name}"

    def may(self, right: str) -> bool:
        return may(self.key.role, right)

    def require(self, right: str) -> None:
        """Raises Forbidden where the key's role does not include the right."""
        if not self.may(right):
            raise Forbidden(
                "The role of this key does not include: %(right)s.",
                hint="Make a key with another role.",
                right=RIGHTS[right][1],
            )

    def record(self, action: str, target: str, detail: dict[str, Any] | None = None) -> None:
        self.brand.audit.record(self.name, action, target, detail, self.ip)


def caller_of(
    request: Request, given: HTTPAuthorizationCredentials | None = Depends(bearer)
) -> Caller:
    services = request.app.state.services
    key = services.staff.find_key(given.credentials) if given is not None else None
    if key is None:
        raise NoKeyError(
            "This request carries no valid key.",
            hint="Send the header “Authorization: Bearer <key>” with a key of your brand.",
        )
    ip = request.client.host if request.client else ""
    return Caller(key, services.brand(key.slug), ip)


def needs(right: str) -> Any:
    """A dependency: the Caller, if its role has this right."""

    def allowed(caller: Caller = Depends(caller_of)) -> Caller:
        caller.require(right)
        return caller

    return Depends(allowed)
