"""Rows of suggestions, read as they stand today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from yutang.state.brand import (
    customers,
    hand_requests,
    identities,
    identity_links,
    identity_suggestions,
)

BATCH = 500  # values of one IN list
_LINK = "link:"


class Row(NamedTuple):
    """A suggestion, and what became of its two customers. a, b: their numbers when it was made;
    now_a, now_b: today's, None where one is gone. request: state of the request to join them;
    revoked_at: when the join was undone."""

    id: int
    a: int
    b: int
    weight: int
    evidence: dict[str, str]
    status: str
    at: int
    decided_by: str
    decided_at: int | None
    now_a: int | None
    now_b: int | None
    request: str | None
    revoked_at: int | None


def all_(connection: Connection) -> list[Row]:
    """The most probable first."""
    one, other = customers.alias(), customers.alias()
    s, r, k = identity_suggestions.c, hand_requests.c, identity_links.c
    number = cast(func.substr(r.decision, len(_LINK) + 1), BigInteger)
    query: Select[Any] = (
        select(
            s.id, s.a, s.b, s.weight, s.evidence, s.status, s.at, s.decided_by, s.decided_at,
            func.coalesce(one.c.merged_into, one.c.id),
            func.coalesce(other.c.merged_into, other.c.id), r.status, k.revoked_at,
        )
        .select_from(identity_suggestions)
        .outerjoin(one, one.c.id == s.a)
        .outerjoin(other, other.c.id == s.b)
        .outerjoin(hand_requests, r.id == s.request)
        .outerjoin(identity_links, and_(r.decision.like(f"{_LINK}%"), k.id == number))
        .order_by(s.weight.desc(), s.id)
    )  # fmt: skip
    return [Row(*row) for row in connection.execute(query)]


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(identity_suggestions), list(rows[start : start + BATCH]))


def change(connection: Connection, ids: Iterable[int], **values: Any) -> None:
    wanted = list(ids)
    for start in range(0, len(wanted), BATCH):
        part = identity_suggestions.c.id.in_(wanted[start : start + BATCH])
        connection.execute(update(identity_suggestions).where(part).values(**values))


def known_by(connection: Connection) -> Iterable[tuple[int, str, str, str]]:
    """(customer, kind, value, tail) of phones and e-mail addresses, as hashes, oldest first."""
    query = (
        select(identities.c.customer_id, identities.c.kind, identities.c.value, identities.c.tail)
        .where(identities.c.kind.in_(("phone", "email")))
        .order_by(identities.c.id)
    )
    for row in connection.execute(query).yield_per(10_000):
        yield int(row[0]), row[1], row[2], row[3]


def forget(connection: Connection, numbers: Sequence[int]) -> int:
    """Remove every suggestion about these customers; how many there were."""
    gone = 0
    for start in range(0, len(numbers), BATCH):
        part = list(numbers[start : start + BATCH])
        either = or_(identity_suggestions.c.a.in_(part), identity_suggestions.c.b.in_(part))
        gone += connection.execute(delete(identity_suggestions).where(either)).rowcount
    return gone


def about(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What was suggested of these customers, without saying who the other is."""
    s = identity_suggestions.c
    mine = or_(s.a.in_(list(numbers)), s.b.in_(list(numbers)))
    query = select(s.id, s.evidence, s.status, s.at).where(mine).order_by(s.id)
    return [dict(row) for row in connection.execute(query).mappings()]
