"""What the state database knows of customers: who survived a merge, masked identities, search."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, and_, or_, select

from yutang.catalog.identity_kinds import KINDS
from yutang.identity import as_text
from yutang.state.brand import customers, identities

KeyedHash = Callable[[str, str], str]
SHOWN_KINDS = ("phone", "member_no")
_PART = 500


def survivor_of(connection: Connection, customer: int) -> int | None:
    """The customer himself, or whom he was merged into; None where there is no such customer."""
    seen: set[int] = set()
    while customer not in seen:
        seen.add(customer)
        row = connection.execute(
            select(customers.c.merged_into).where(customers.c.id == customer)
        ).first()
        if row is None:
            return None
        if row[0] is None:
            return customer
        customer = int(row[0])
    return None


def shown_of(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Customer → kind → what may be shown of his phone and member number (the first of each)."""
    found: dict[int, dict[str, str]] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _PART):
        query = (
            select(identities.c.customer_id, identities.c.kind, identities.c.shown)
            .where(identities.c.customer_id.in_(wanted[start : start + _PART]))
            .order_by(identities.c.customer_id, identities.c.id)
        )
        # Kinds are picked out here: as a condition, SQLite takes the index on kind for it and
        # reads every phone and member number of the brand.
        for customer, kind, shown in connection.execute(query):
            if kind in SHOWN_KINDS:
                found.setdefault(int(customer), {}).setdefault(kind, shown)
    return found


def with_tail(connection: Connection, tail: str, limit: int) -> list[int]:
    """Customers with a phone that ends in these four digits."""
    query = (
        select(identities.c.customer_id).where(identities.c.tail == tail).distinct().limit(limit)
    )
    return [int(row[0]) for row in connection.execute(query)]


def with_value(connection: Connection, text: str, keyed_hash: KeyedHash, limit: int) -> list[int]:
    """Customers with an identity of exactly this value, whatever its kind."""
    plain = [kind.code for kind in KINDS if kind.hashed]
    wanted = [and_(identities.c.value == text, identities.c.kind.not_in(plain))]
    for kind in plain:
        key = as_text(kind, text)
        if key is not None:
            value = keyed_hash(kind, key)
            wanted.append(and_(identities.c.value == value, identities.c.kind == kind))
    query = select(identities.c.customer_id).where(or_(*wanted)).distinct().limit(limit)
    return [int(row[0]) for row in connection.execute(query)]
