"""SQL over the staff tables. Every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yutang.state.installation import (
    accounts,
    api_keys,
    audit_log,
    brands,
    login_attempts,
    memberships,
    sessions,
)

# A named tuple of SQLAlchemy; the service turns it into its own frozen classes.
AnyRow = Any


# --- accounts ---
def find_account(connection: Connection, login: str) -> AnyRow | None:
    return connection.execute(select(accounts).where(accounts.c.login == login)).one_or_none()


def find_account_by_id(connection: Connection, account_id: int) -> AnyRow | None:
    return connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()


def add_account(connection: Connection, **values: Any) -> int:
    done = connection.execute(insert(accounts).values(**values).returning(accounts.c.id))
    return int(done.scalar_one())


def set_account(connection: Connection, account_id: int, **values: Any) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def count_accounts(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(accounts)).scalar_one())


# --- memberships ---
def list_memberships(connection: Connection, account_id: int) -> Sequence[AnyRow]:
    """Rows (brand_id, slug, name, label, role), in order of the brand's age."""
    query = (
        select(
            brands.c.id.label("brand_id"),
            brands.c.slug,
            brands.c.name,
            brands.c.label,
            memberships.c.role,
        )
        .join_from(memberships, brands)
        .where(memberships.c.account_id == account_id)
        .order_by(brands.c.id)
    )
    return connection.execute(query).all()


def list_members(connection: Connection, brand_id: int) -> Sequence[AnyRow]:
    """Rows (account columns, role, seen_at) of one brand, by login name."""
    seen = (
        select(sessions.c.account_id, func.max(sessions.c.seen_at).label("seen_at"))
        .group_by(sessions.c.account_id)
        .subquery()
    )
    query = (
        select(accounts, memberships.c.role, seen.c.seen_at)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .outerjoin(seen, seen.c.account_id == accounts.c.id)
        .where(memberships.c.brand_id == brand_id)
        .order_by(accounts.c.login)
    )
    return connection.execute(query).all()


def find_role(connection: Connection, account_id: int, brand_id: int) -> str | None:
    query = select(memberships.c.role).where(
        memberships.c.account_id == account_id, memberships.c.brand_id == brand_id
    )
    value: str | None = connection.execute(query).scalar_one_or_none()
    return value


def set_membership(
    connection: Connection, account_id: int, brand_id: int, role: str, now: int
) -> None:
    if find_role(connection, account_id, brand_id) is None:
        connection.execute(
            insert(memberships).values(
                account_id=account_id, brand_id=brand_id, role=role, created_at=now
            )
        )
        return
    connection.execute(
        update(memberships)
        .where(memberships.c.account_id == account_id, memberships.c.brand_id == brand_id)
        .values(role=role)
    )


def remove_membership(connection: Connection, account_id: int, brand_id: int) -> None:
    connection.execute(
        delete(memberships).where(
            memberships.c.account_id == account_id, memberships.c.brand_id == brand_id
        )
    )


def count_admins(connection: Connection, brand_id: int, *, but: int) -> int:
    """Enabled admins of the brand, one account left out."""
    query = (
        select(func.count())
        .select_from(memberships.join(accounts))
        .where(
            memberships.c.brand_id == brand_id,
            memberships.c.role == "admin",
            memberships.c.account_id != but,
            accounts.c.disabled_at.is_(None),
        )
    )
    return int(connection.execute(query).scalar_one())


# --- login attempts ---
def add_attempt(connection: Connection, login: str, ip: str, now: int) -> int:
    done = connection.execute(
        insert(login_attempts)
        .values(login=login, ip=ip, at=now, ok=0)
        .returning(login_attempts.c.id)
    )
    return int(done.scalar_one())


def set_attempt_ok(connection: Connection, attempt_id: int) -> None:
    connection.execute(update(login_attempts).where(login_attempts.c.id == attempt_id).values(ok=1))


def list_failures(connection: Connection, *, login: str, since: int) -> list[int]:
    """Times of failures of this login after its last success."""
    success = (
        select(func.coalesce(func.max(login_attempts.c.id), 0))
        .where(login_attempts.c.login == login, login_attempts.c.ok == 1)
        .scalar_subquery()
    )
    query = select(login_attempts.c.at).where(
        login_attempts.c.login == login,
        login_attempts.c.ok == 0,
        login_attempts.c.at > since,
        login_attempts.c.id > success,
    )
    return [int(at) for at in connection.execute(query).scalars()]


def list_failures_from(connection: Connection, *, ip: str, since: int) -> list[int]:
    query = select(login_attempts.c.at).where(
        login_attempts.c.ip == ip, login_attempts.c.ok == 0, login_attempts.c.at > since
    )
    return [int(at) for at in connection.execute(query).scalars()]


def clear_failures(connection: Connection, login: str) -> None:
    connection.execute(
        delete(login_attempts).where(login_attempts.c.login == login, login_attempts.c.ok == 0)
    )


def drop_old_attempts(connection: Connection, before: int) -> None:
    connection.execute(delete(login_attempts).where(login_attempts.c.at < before))


# --- sessions ---
def add_session(connection: Connection, **values: Any) -> None:
    connection.execute(insert(sessions).values(**values))


def find_session(connection: Connection, token_hash: str) -> AnyRow | None:
    """The session joined with its account, one row."""
    query = (
        select(sessions, accounts.c.login, accounts.c.name, accounts.c.locale, accounts.c.theme)
        .join_from(sessions, accounts)
        .where(sessions.c.token_hash == token_hash, accounts.c.disabled_at.is_(None))
    )
    return connection.execute(query).one_or_none()


def set_seen(connection: Connection, token_hash: str, now: int) -> None:
    connection.execute(
        update(sessions).where(sessions.c.token_hash == token_hash).values(seen_at=now)
    )


def drop_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def drop_sessions_of(connection: Connection, account_id: int, *, but: str = "") -> None:
    connection.execute(
        delete(sessions).where(sessions.c.account_id == account_id, sessions.c.token_hash != but)
    )


def drop_expired_sessions(connection: Connection, now: int) -> None:
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))


# --- API keys ---
def add_key(connection: Connection, **values: Any) -> int:
    done = connection.execute(insert(api_keys).values(**values).returning(api_keys.c.id))
    return int(done.scalar_one())


def find_key(connection: Connection, key_hash: str) -> AnyRow | None:
    query = (
        select(api_keys, brands.c.slug)
        .join_from(api_keys, brands)
        .where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at.is_(None))
    )
    return connection.execute(query).one_or_none()


def list_keys(connection: Connection, brand_id: int) -> Sequence[AnyRow]:
    query = (
        select(api_keys, brands.c.slug)
        .join_from(api_keys, brands)
        .where(api_keys.c.brand_id == brand_id)
        .order_by(api_keys.c.revoked_at.isnot(None), api_keys.c.id.desc())
    )
    return connection.execute(query).all()


def set_key(connection: Connection, key_id: int, brand_id: int, **values: Any) -> bool:
    done = connection.execute(
        update(api_keys)
        .where(
            api_keys.c.id == key_id,
            api_keys.c.brand_id == brand_id,
            api_keys.c.revoked_at.is_(None),
        )
        .values(**values)
    )
    return done.rowcount == 1


# --- audit ---
def list_audit(
    connection: Connection, logins: Sequence[str], *, offset: int, limit: int
) -> Sequence[AnyRow]:
    query = (
        select(audit_log)
        .where(audit_log.c.login.in_(logins))
        .order_by(audit_log.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return connection.execute(query).all()


def count_audit(connection: Connection, logins: Sequence[str]) -> int:
    query = select(func.count()).select_from(audit_log).where(audit_log.c.login.in_(logins))
    return int(connection.execute(query).scalar_one())
