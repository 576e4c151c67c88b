"""Accounts, sessions, memberships and API keys of one installation.

Only digests of session tokens and API keys are stored: a copy of the database opens nothing.
Passwords are argon2id. Every change of who may do what leaves an audit row in the same transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import cache
from typing import NoReturn

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection

from yutang.errors import BadInput, Conflict, Forbidden, NotFound
from yutang.staff import repository, rules
from yutang.staff.audit import AuditRow, add, to_row
from yutang.staff.records import (
    Account,
    ApiKey,
    LoginFailed,
    LoginLocked,
    Member,
    Membership,
    Visit,
)
from yutang.state import Database
from yutang.state.installation import audit_log


class Staff:
    """The staff feature's one door. `clock` gives UTC milliseconds."""

    def __init__(
        self, database: Database, clock: Callable[[], int], hasher: PasswordHash | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHash((Argon2Hasher(),))

    # --- login ---
    def log_in(self, login: str, password: str, *, ip: str = "", agent: str = "") -> str:
        """Returns a new session token. Raises LoginFailed or LoginLocked.

        The attempt is written as failed before the password is looked at, so that parallel
        guesses count too; an unknown login costs the same time as a known one.
        """
        login, now = login.strip().lower()[:64], self._clock()
        with self._database.write() as connection:
            self._refuse_locked(connection, login, ip, now)
            attempt = repository.add_attempt(connection, login, ip, now)
            account = repository.find_account(connection, login)
        known = account is not None and account.disabled_at is None
        stored = account.password_hash if account is not None else _decoy(self._hasher)
        right, renewed = self._hasher.verify_and_update(password[:1024], stored)
        if account is None or not known or not right:
            self._fail(login, ip, now)
        token = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            repository.set_attempt_ok(connection, attempt)
            repository.drop_old_attempts(connection, now - 90 * 24 * 3_600_000)
            repository.drop_expired_sessions(connection, now)
            if renewed:
                repository.set_account(connection, account.id, password_hash=renewed)
            repository.add_session(
                connection,
                token_hash=_digest(token),
                account_id=account.id,
                created_at=now,
                seen_at=now,
                expires_at=now + rules.SESSION_LIFE_MS,
                ip=ip,
                agent=agent[:200],
            )
            add(connection, audit_log, now, login, "login", "", None, ip)
        return token

    def _refuse_locked(self, connection: Connection, login: str, ip: str, now: int) -> None:
        since = now - rules.LOCK_WINDOW_MS
        mine = repository.list_failures(connection, login=login, since=since)
        until = rules.locked_until(mine, rules.FAILURES_PER_LOGIN, now)
        if until is None and ip:
            near = repository.list_failures_from(connection, ip=ip, since=since)
            until = rules.locked_until(near, rules.FAILURES_PER_ADDRESS, now)
        if until is not None:
            raise LoginLocked(
                "Too many wrong passwords. Login is locked for %(minutes)d more minutes.",
                hint="Wait, or ask an administrator of your brand to unlock the account.",
                minutes=max(1, -(-(until - now) // rules.MINUTE_MS)),
            )

    def _fail(self, login: str, ip: str, now: int) -> NoReturn:
        with self._database.write() as connection:
            add(connection, audit_log, now, login, "login_failed", "", None, ip)
            mine = repository.list_failures(
                connection, login=login, since=now - rules.LOCK_WINDOW_MS
            )
        left = rules.FAILURES_PER_LOGIN - len(mine)
        if left > 0:
            raise LoginFailed(
                "The login name or the password is wrong.",
                hint="%(left)d more tries before this login is locked for 15 minutes.",
                left=left,
            )
        raise LoginLocked(
            "Too many wrong passwords. Login is locked for %(minutes)d more minutes.",
            hint="Wait, or ask an administrator of your brand to unlock the account.",
            minutes=rules.LOCK_WINDOW_MS // rules.MINUTE_MS,
        )

    def find_visit(self, token: str) -> Visit | None:
        """Who a session token belongs to; None when it is unknown, idle too long or ended."""
        now, digest = self._clock(), _digest(token)
        with self._database.read() as connection:
            row = repository.find_session(connection, digest)
            if row is None:
                return None
            if row.expires_at <= now or row.seen_at + rules.SESSION_IDLE_MS <= now:
                return None
            members = repository.list_memberships(connection, row.account_id)
        if row.seen_at + rules.SEEN_EVERY_MS <= now:
            with self._database.write() as connection:
                repository.set_seen(connection, digest, now)
        return Visit(
            Account(row.account_id, row.login, row.name, row.locale, row.theme),
            tuple(Membership(m.brand_id, m.slug, m.name, m.label, m.role) for m in members),
            csrf_of(token),
        )

    def log_out(self, token: str) -> None:
        with self._database.write() as connection:
            repository.drop_session(connection, _digest(token))

    # --- accounts ---
    def count_accounts(self) -> int:
        with self._database.read() as connection:
            return repository.count_accounts(connection)

    def add_account(
        self, login: str, name: str, password: str, *, by: str, ip: str = ""
    ) -> Account:
        """Raises BadInput (name, password) and Conflict (the login exists)."""
        login = rules.check_login(login)
        hashed = self._hasher.hash(rules.check_password(password, login))
        now = self._clock()
        with self._database.write() as connection:
            if repository.find_account(connection, login) is not None:
                raise Conflict("The login name “%(login)s” is taken.", login=login)
            new = repository.add_account(
                connection,
                login=login,
                name=name.strip()[:80] or login,
                password_hash=hashed,
                created_at=now,
            )
            add(connection, audit_log, now, by, "account_added", login, None, ip)
            row = repository.find_account_by_id(connection, new)
        assert row is not None
        return Account(row.id, row.login, row.name, row.locale, row.theme)

    def find_account(self, login: str) -> Account | None:
        with self._database.read() as connection:
            row = repository.find_account(connection, login.strip().lower())
        return row and Account(row.id, row.login, row.name, row.locale, row.theme)

    def set_preferences(
        self, account_id: int, *, locale: str | None = None, theme: str | None = None
    ) -> None:
        if locale not in (None, "zh", "en") or theme not in (None, "auto", "light", "dark"):
            raise BadInput("There is no such language or theme.")
        values = {"locale": locale, "theme": theme}
        with self._database.write() as connection:
            repository.set_account(
                connection, account_id, **{k: v for k, v in values.items() if v is not None}
            )

    def change_password(
        self, account_id: int, old: str, new: str, *, token: str, ip: str = ""
    ) -> None:
        """The account's own change: every other session of it ends."""
        with self._database.read() as connection:
            row = repository.find_account_by_id(connection, account_id)
        if row is None or not self._hasher.verify(old[:1024], row.password_hash):
            raise Forbidden("The current password is wrong.")
        self._store_password(row.id, row.login, new, by=row.login, keep=_digest(token), ip=ip)

    def reset_password(
        self, actor: Account, brand_id: int, account_id: int, new: str, *, ip: str = ""
    ) -> None:
        """By an admin of every brand the account belongs to: else one brand could enter another."""
        with self._database.read() as connection:
            row = self._member(connection, account_id, brand_id)
            self._require_power(connection, actor, account_id)
        self._store_password(row.id, row.login, new, by=actor.login, keep="", ip=ip)

    def force_password(self, login: str, new: str) -> None:
        """For the command line of the machine's owner (`yutang account password`)."""
        account = self.find_account(login)
        if account is None:
            raise NotFound("There is no account “%(login)s”.", login=login)
        self._store_password(account.id, account.login, new, by="command line", keep="", ip="")

    def _store_password(
        self, account_id: int, login: str, new: str, *, by: str, keep: str, ip: str
    ) -> None:
        hashed = self._hasher.hash(rules.check_password(new, login))
        with self._database.write() as connection:
            repository.set_account(connection, account_id, password_hash=hashed)
            repository.drop_sessions_of(connection, account_id, but=keep)
            repository.clear_failures(connection, login)
            add(connection, audit_log, self._clock(), by, "password_changed", login, None, ip)

    def unlock(self, actor: Account, brand_id: int, account_id: int, *, ip: str = "") -> None:
        with self._database.write() as connection:
            row = self._member(connection, account_id, brand_id)
            repository.clear_failures(connection, row.login)
            add(connection, audit_log, self._clock(), actor.login, "unlocked", row.login, None, ip)

    def set_disabled(
        self, actor: Account, brand_id: int, account_id: int, disabled: bool, *, ip: str = ""
    ) -> None:
        """A disabled account keeps its name in every log but cannot log in."""
        now = self._clock()
        with self._database.write() as connection:
            row = self._member(connection, account_id, brand_id)
            self._require_power(connection, actor, account_id)
            if disabled:
                for one in repository.list_memberships(connection, account_id):
                    if one.role == "admin":
                        self._keep_an_admin(connection, account_id, one.brand_id)
                repository.drop_sessions_of(connection, account_id)
            repository.set_account(connection, account_id, disabled_at=now if disabled else None)
            action = "account_disabled" if disabled else "account_enabled"
            add(connection, audit_log, now, actor.login, action, row.login, None, ip)

    # --- memberships ---
    def list_members(self, brand_id: int) -> list[Member]:
        with self._database.read() as connection:
            rows = repository.list_members(connection, brand_id)
        return [
            Member(r.id, r.login, r.name, r.role, r.created_at, r.disabled_at, r.seen_at)
            for r in rows
        ]

    def set_role(self, brand_id: int, account_id: int, role: str, *, by: str, ip: str = "") -> None:
        """Give the account this role in the brand, adding the membership when it is new."""
        rules.role_name(role)
        now = self._clock()
        with self._database.write() as connection:
            row = repository.find_account_by_id(connection, account_id)
            if row is None:
                raise NotFound("There is no such account.")
            if role != "admin" and (
                repository.find_role(connection, account_id, brand_id) == "admin"
            ):
                self._keep_an_admin(connection, account_id, brand_id)
            repository.set_membership(connection, account_id, brand_id, role, now)
            detail = {"brand_id": brand_id, "role": role}
            add(connection, audit_log, now, by, "role_set", row.login, detail, ip)

    def remove_member(self, brand_id: int, account_id: int, *, by: str, ip: str = "") -> None:
        with self._database.write() as connection:
            row = self._member(connection, account_id, brand_id)
            if repository.find_role(connection, account_id, brand_id) == "admin":
                self._keep_an_admin(connection, account_id, brand_id)
            repository.remove_membership(connection, account_id, brand_id)
            detail = {"brand_id": brand_id}
            add(connection, audit_log, self._clock(), by, "member_removed", row.login, detail, ip)

    def _member(self, connection: Connection, account_id: int, brand_id: int) -> repository.AnyRow:
        row = repository.find_account_by_id(connection, account_id)
        if row is None or repository.find_role(connection, account_id, brand_id) is None:
            raise NotFound("There is no such account in this brand.")
        return row

    def _keep_an_admin(self, connection: Connection, account_id: int, brand_id: int) -> None:
        if repository.count_admins(connection, brand_id, but=account_id) == 0:
            raise Conflict(
                "This is the brand's last administrator.",
                hint="Make somebody else an administrator first.",
            )

    def _require_power(self, connection: Connection, actor: Account, account_id: int) -> None:
        for one in repository.list_memberships(connection, account_id):
            if repository.find_role(connection, actor.id, one.brand_id) != "admin":
                raise Forbidden(
                    "This account also belongs to a brand that you do not administer.",
                    hint="Remove it from your brand, or ask an administrator of the other one.",
                )

    # --- API keys ---
    def add_key(
        self, brand_id: int, name: str, role: str, *, by: str, ip: str = ""
    ) -> tuple[ApiKey, str]:
        """Returns the key and its secret, which is shown once and never stored."""
        rules.role_name(role)
        name = name.strip()[:80]
        if not name:
            raise BadInput("Give the key a name that says who uses it.")
        secret = "yt_" + secrets.token_urlsafe(30)
        now = self._clock()
        with self._database.write() as connection:
            new = repository.add_key(
                connection,
                brand_id=brand_id,
                name=name,
                prefix=secret[:9],
                key_hash=_digest(secret),
                role=role,
                created_by=by,
                created_at=now,
            )
            detail = {"brand_id": brand_id, "role": role}
            add(connection, audit_log, now, by, "key_added", name, detail, ip)
            keys = repository.list_keys(connection, brand_id)
        return next(_to_key(row) for row in keys if row.id == new), secret

    def find_key(self, secret: str) -> ApiKey | None:
        """The live key with this secret; its last use is written at most every five minutes."""
        now = self._clock()
        with self._database.read() as connection:
            row = repository.find_key(connection, _digest(secret))
        if row is None:
            return None
        if row.used_at is None or row.used_at + rules.SEEN_EVERY_MS <= now:
            with self._database.write() as connection:
                repository.set_key(connection, row.id, row.brand_id, used_at=now)
        return _to_key(row)

    def list_keys(self, brand_id: int) -> list[ApiKey]:
        with self._database.read() as connection:
            return [_to_key(row) for row in repository.list_keys(connection, brand_id)]

    def revoke_key(self, brand_id: int, key_id: int, *, by: str, ip: str = "") -> None:
        now = self._clock()
        with self._database.write() as connection:
            if not repository.set_key(connection, key_id, brand_id, revoked_at=now):
                raise NotFound("There is no such live key in this brand.")
            detail = {"brand_id": brand_id}
            add(connection, audit_log, now, by, "key_revoked", str(key_id), detail, ip)

    # --- audit ---
    def audit_page(
        self, brand_id: int, *, offset: int = 0, limit: int = 50
    ) -> tuple[list[AuditRow], int]:
        """Logins and changes of access by this brand's staff, newest first, and how many."""
        with self._database.read() as connection:
            logins = [m.login for m in repository.list_members(connection, brand_id)]
            rows = repository.list_audit(connection, logins, offset=offset, limit=limit)
            return [to_row(row) for row in rows], repository.count_audit(connection, logins)


def csrf_of(token: str) -> str:
    """A value only a page of this session knows; it cannot be turned back into the token."""
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()[:40]


def _digest(secret: str) -> str:
    # Tokens carry 240 random bits: a fast digest is enough, unlike for passwords.
    return hashlib.sha256(secret.encode()).hexdigest()


@cache
def _decoy(hasher: PasswordHash) -> str:
    return hasher.hash(secrets.token_urlsafe(16))


def _to_key(row: repository.AnyRow) -> ApiKey:
    return ApiKey(
        row.id,
        row.brand_id,
        row.slug,
        row.name,
        row.prefix,
        row.role,
        row.created_by,
        row.created_at,
        row.used_at,
        row.revoked_at,
    )
