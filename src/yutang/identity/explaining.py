"""Why are these one person? The shortest chain of evidence from one identity to each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from yutang.identity import repository
from yutang.identity.evidence import standing
from yutang.identity.repository import Identity, Link
from yutang.identity.rules import rank


@dataclass(frozen=True)
class Tie:
    """One piece of evidence: identity ids, what it is, who said so, when it was so (ms).

    id: its number among all evidence; of a decision by hand, `link:<id>` undoes it.
    """

    a: int
    b: int
    evidence: str
    strength: str
    source: str
    time: int
    by: str
    note: str
    id: int = 0


@dataclass(frozen=True)
class Hand:
    """A device's later hand: from `since` (ms) on its facts are those of `customer`, who has the
    identity `owner` (as it may be shown)."""

    device: int
    since: int
    owner: int
    device_kind: str
    device_shown: str
    owner_kind: str
    owner_shown: str
    customer: int


@dataclass(frozen=True)
class Split:
    """Identities of his that somebody took apart from others by hand."""

    id: str  # split:N
    identities: tuple[int, ...]
    by: str
    note: str
    at: int


@dataclass(frozen=True)
class Why:
    """A customer explained from one of his identities.

    chains: identity id → the ties that lead to it, in order; none where only a shared device or a
    decision keeps it (or it is the one that was asked for). ties: all that stands between them.
    hands: later hands of his devices, and of others' devices that came to him. splits: standing
    decisions that keep some of them apart from others.
    """

    customer: int
    asked: int
    identities: tuple[Identity, ...]
    chains: dict[int, tuple[Tie, ...]]
    hands: tuple[Hand, ...]
    ties: tuple[Tie, ...] = ()
    splits: tuple[Split, ...] = ()

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
            "hands": [{"device": one.device, "from": one.since, "owner": one.owner,
                       "customer": one.customer} for one in self.hands],
            "splits": [asdict(one) for one in self.splits],
        }  # fmt: skip


def explain(
    connection: Connection, members: Sequence[Identity], asked: Identity | None = None
) -> Why:
    """Why these, all identities of one customer, are this customer; told from `asked`, or from
    the one that names a person best."""
    asked = asked or min(members, key=lambda one: (rank(one.kind), one.id))
    ids = [one.id for one in members]
    told = _told(connection, ids)
    links = standing(connection, list(told))
    chains = {
        identity: tuple(told[link] for link in path)
        for identity, path in _shortest(asked.id, links).items()
    }
    return Why(
        asked.customer_id,
        asked.id,
        tuple(members),
        chains,
        tuple(_hands(connection, ids)),
        tuple(told[link] for link in links),
        tuple(_splits(connection, ids)),
    )


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


def _told(connection: Connection, ids: Sequence[int]) -> dict[Link, Tie]:
    """The unrevoked evidence between these identities, oldest first."""
    query = (
        'SELECT a, b, evidence, strength, time, at, source, "by", note, id FROM identity_links'
        " WHERE revoked_at IS NULL AND"
    )
    inside = set(ids)
    rows = [row for row in repository.rows_where(connection, query, "a", ids) if row[1] in inside]
    return {
        Link(*row[:6]): Tie(row[0], row[1], row[2], row[3], row[6], row[4], *row[7:])
        for row in sorted(rows, key=lambda row: row[9])
    }


def _hands(connection: Connection, ids: Sequence[int]) -> list[Hand]:
    wanted = ", ".join(map(str, ids)) or "0"
    rows = connection.exec_driver_sql(
        "SELECT s.device, s.from_time, s.owner, d.kind, d.shown, o.kind, o.shown, o.customer_id"
        " FROM device_segments s JOIN identities d ON d.id = s.device"
        " JOIN identities o ON o.id = s.owner"
        f" WHERE s.device IN ({wanted}) OR s.owner IN ({wanted}) ORDER BY s.device, s.from_time"
    )
    return [Hand(*row) for row in rows.fetchall()]


def _splits(connection: Connection, ids: Sequence[int]) -> list[Split]:
    query = (
        'SELECT source, identity, "by", note, at FROM identity_detachments'
        " WHERE evidence = 'manual' AND revoked_at IS NULL AND"
    )
    found: dict[str, Split] = {}
    for source, identity, by, note, at in repository.rows_where(connection, query, "identity", ids):
        before = found[source].identities if source in found else ()
        found[source] = Split(source, (*before, int(identity)), by, note, int(at))
    return sorted(found.values(), key=lambda one: one.at)
