"""What the staff feature hands out: frozen records, and its two errors."""

from __future__ import annotations

from dataclasses import dataclass

from yutang.errors import Forbidden


class LoginFailed(Forbidden):
    code = "login_failed"


class LoginLocked(Forbidden):
    """`params["minutes"]` is how long to wait."""

    code = "login_locked"


@dataclass(frozen=True)
class Account:
    id: int
    login: str
    name: str
    locale: str
    theme: str


@dataclass(frozen=True)
class Membership:
    """One brand an account may enter. `label` is real or simulated."""

    brand_id: int
    slug: str
    name: str
    label: str
    role: str


@dataclass(frozen=True)
class Visit:
    """A live session: who it is, which brands are open to him, the token's own CSRF value."""

    account: Account
    memberships: tuple[Membership, ...]
    csrf: str


@dataclass(frozen=True)
class Member:
    """One row of a brand's staff list; times are UTC milliseconds."""

    id: int
    login: str
    name: str
    role: str
    created_at: int
    disabled_at: int | None
    seen_at: int | None


@dataclass(frozen=True)
class ApiKey:
    id: int
    brand_id: int
    slug: str
    name: str
    prefix: str
    role: str
    created_by: str
    created_at: int
    used_at: int | None
    revoked_at: int | None
