"""Why are these one person? The shortest chain of evidence from one identity to each other."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from yutang.identity import repository
from yutang.identity.evidence import links_touching, standing
from yutang.identity.repository import Identity, Link


@dataclass(frozen=True)
class Tie:
    """One piece of evidence: identity ids, what it is, who said so, when it was so (ms)."""

    a: int
    b: int
    evidence: str
    strength: str
    source: str
    time: int
    by: str
    note: str


@dataclass(frozen=True)
class Why:
    """A customer explained from one of his identities.

    chains: identity id → the ties that lead to it, in order; none where only a shared device or a
    decision keeps it (or it is the one that was asked for). hands: (device, from time, owner) of
    devices that later went to others, and of others' devices that came to him.
    """

    customer: int
    asked: int
    identities: tuple[Identity, ...]
    chains: dict[int, tuple[Tie, ...]]
    hands: tuple[tuple[int, int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data: identities by number, chains from the asked one."""
        return {
            "customer": self.customer,
            "asked": self.asked,
            "identities": [
                {"id": one.id, "kind": one.kind, "shown": one.shown, "source": one.source,
                 "first_seen_at": one.first_seen_at}
                for one in self.identities
            ],
            "chains": {str(id_): [asdict(tie) for tie in ties]
                       for id_, ties in self.chains.items()},
            "hands": [{"device": d, "from": t, "owner": o} for d, t, o in self.hands],
        }  # fmt: skip


def explain(connection: Connection, asked: Identity) -> Why:
    """Why everything that is this customer is this customer."""
    members = repository.of_customer(connection, asked.customer_id)
    ids = [one.id for one in members]
    inside = set(ids)
    links = [
        link
        for link in standing(connection, links_touching(connection, ids))
        if link.a in inside and link.b in inside
    ]
    told = _told(connection, links)
    chains = {
        identity: tuple(told[link] for link in path)
        for identity, path in _shortest(asked.id, links).items()
    }
    query = "SELECT device, from_time, owner FROM device_segments WHERE"
    hands = {
        tuple(row)
        for column in ("device", "owner")
        for row in repository.rows_where(connection, query, column, ids)
    }
    return Why(asked.customer_id, asked.id, tuple(members), chains, tuple(sorted(hands)))


def _shortest(start: int, links: list[Link]) -> dict[int, list[Link]]:
    """Identity → links from the start to it; firm evidence is walked before weak."""
    order = {"person": 0, "app": 1, "device": 2}
    ties: dict[int, list[Link]] = {}
    for link in sorted(links, key=lambda one: (order[one.strength], one.time)):
        ties.setdefault(link.a, []).append(link)
        ties.setdefault(link.b, []).append(link)
    found: dict[int, list[Link]] = {start: []}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for link in ties.get(here, ()):
            there = link.b if link.a == here else link.a
            if there not in found:
                found[there] = [*found[here], link]
                waiting.append(there)
    return found


def _told(connection: Connection, links: list[Link]) -> dict[Link, Tie]:
    query = (
        'SELECT a, b, evidence, strength, time, at, source, "by", note FROM identity_links'
        " WHERE revoked_at IS NULL AND"
    )
    return {
        Link(*row[:6]): Tie(row[0], row[1], row[2], row[3], row[6], row[4], row[7], row[8])
        for row in repository.rows_where(connection, query, "a", {link.a for link in links})
    }
