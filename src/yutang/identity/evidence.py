"""The evidence around some identities, read from the state: which links stand, and which do not.

A link is void where it was revoked; where an end was unbound and the link is not a later bind or
login (ordinary events after an unbind tie nothing); and where a person took the end apart by hand.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from yutang.identity.repository import Link, Pending, rows_where
from yutang.identity.rules import Evidence, is_device

TRACKED = ("event", "login", "bind", "alias")  # evidence that an unbind takes back
# Evidence of which each time counts: a device may go from hand to hand, and an identity that was
# unbound may be bound again.
EACH_TIME = ("login", "bind", "alias")


class Node(NamedTuple):
    """An identity as the state has it; customer 0 = none yet."""

    customer: int
    kind: str
    value: str
    first_customer: int


@dataclass
class Region:
    """Identities whose people are put together anew, and what ties them.

    ids: int64, sorted. outside: people who are only looked at, since they logged in on a device
    of the region. held, decided: of a review. links: places in ids.
    """

    ids: np.ndarray
    nodes: list[Node]
    outside: np.ndarray
    held: np.ndarray
    decided: np.ndarray
    links: Evidence

    @property
    def device(self) -> np.ndarray:
        return np.array([is_device(node.kind) for node in self.nodes], bool)

    @property
    def tie(self) -> np.ndarray:
        """A number of each identity that does not depend on when it came (uint64)."""
        texts = (f"{node.kind}:{node.value}".encode() for node in self.nodes)
        return np.array([zlib.crc32(t) << 32 | zlib.adler32(t) for t in texts], np.uint64)


def region(connection: Connection, seeds: Iterable[int], pending: Pending) -> Region:
    """Everything whose people the evidence at the seeds may change.

    These are the identities of the seeds' customers, and what is tied to them firmly or through
    devices. Nothing is reached through an identity that is held for review.
    """
    reader = _Reader(connection, pending)
    inside: dict[int, Node] = {}
    outside: dict[int, Node] = {}
    links: dict[Link, None] = {}
    reviews: dict[int, str] = {}
    wanted = set(seeds)
    while wanted:
        grown = reader.with_customers(wanted)
        new = sorted(set(grown) - set(inside))
        inside |= grown
        reviews |= reader.reviews(new)
        links |= dict.fromkeys(reader.standing(new))
        far = {end for link in links for end in link[:2]} - set(inside)
        outside = {id_: node for id_, node in outside.items() if id_ in far}
        missing = far - set(outside)
        outside |= reader.nodes(missing)
        reviews |= reader.reviews(sorted(missing))
        wanted = set(_reached(links, inside, outside, reviews))
    # A device outside has an owner already, and what changes here does not change that.
    outside = {id_: node for id_, node in outside.items() if not is_device(node.kind)}
    seen = inside.keys() | outside.keys()
    mine = [link for link in links if link.a in seen and link.b in seen]
    return _region(inside, outside, mine, reviews)


def links_touching(connection: Connection, ids: Iterable[int]) -> list[Link]:
    """Unrevoked links with an end among the ids, oldest first."""
    wanted = list(ids)
    query = "SELECT id, a, b, evidence, strength, time, at FROM identity_links"
    found = {
        int(row[0]): Link(*row[1:])
        for end in ("a", "b")
        for row in rows_where(connection, f"{query} WHERE revoked_at IS NULL AND", end, wanted)
    }
    return [found[id_] for id_ in sorted(found)]


def standing(
    connection: Connection, links: list[Link], unbinds: Iterable[tuple[int, int]] = ()
) -> list[Link]:
    """Those links that no unbind (also not a given one) and no hand has made void."""
    ends = {end for link in links for end in link[:2]}
    query = "SELECT identity, evidence, source, time, at FROM identity_detachments"
    unbound: dict[int, int] = {}
    apart: dict[int, dict[str, int]] = {}
    for identity, time in unbinds:
        unbound[identity] = max(time, unbound.get(identity, time))
    for identity, evidence, source, time, at in rows_where(
        connection, f"{query} WHERE revoked_at IS NULL AND", "identity", sorted(ends)
    ):
        if evidence == "unbind":
            unbound[identity] = max(time, unbound.get(identity, time))
        else:
            apart.setdefault(identity, {})[source] = at
    if not unbound and not apart:
        return links
    return [link for link in links if _stands(link, unbound, apart)]


def _stands(link: Link, unbound: dict[int, int], apart: dict[int, dict[str, int]]) -> bool:
    if link.evidence in TRACKED:
        last = max((unbound[end] for end in link[:2] if end in unbound), default=None)
        if last is not None and (link.evidence not in EACH_TIME or link.time <= last):
            return False
    for one, other in ((link.a, link.b), (link.b, link.a)):
        together = apart.get(other, {})
        for split, split_at in apart.get(one, {}).items():
            if split not in together and (link.evidence != "manual" or link.at <= split_at):
                return False
    return True


def _earliest(links: list[Link]) -> list[Link]:
    """Of evidence that events repeat, the earliest alone: it may have come after a later one."""
    first: dict[tuple[int, int, str], Link] = {}
    for link in links:
        key = (link.a, link.b, link.evidence)
        if link.evidence not in EACH_TIME and (key not in first or link.time < first[key].time):
            first[key] = link
    return [
        link
        for link in links
        if link.evidence in EACH_TIME or first[link.a, link.b, link.evidence] is link
    ]


class _Reader:
    """The state as it will be once what is pending stands in it."""

    def __init__(self, connection: Connection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self._links: dict[int, list[Link]] = {}
        for link in pending.links:
            self._links.setdefault(link.a, []).append(link)
            self._links.setdefault(link.b, []).append(link)

    def nodes(self, ids: Iterable[int]) -> dict[int, Node]:
        new = self._pending.identities
        found, stored = {}, []
        for id_ in ids:
            if id_ in new:
                found[id_] = Node(0, new[id_].kind, new[id_].value, 0)
            else:
                stored.append(id_)
        return found | self._select("id", stored)

    def with_customers(self, ids: Iterable[int]) -> dict[int, Node]:
        """The identities and all others of their customers."""
        found = self.nodes(ids)
        customers = sorted({node.customer for node in found.values() if node.customer})
        return found | self._select("customer_id", customers)

    def standing(self, ids: list[int]) -> list[Link]:
        pending = [link for id_ in ids for link in self._links.get(id_, ())]
        stored = [id_ for id_ in ids if id_ not in self._pending.identities]
        links = [*links_touching(self._connection, stored), *dict.fromkeys(pending)]
        return _earliest(standing(self._connection, links, self._pending.unbinds))

    def reviews(self, ids: list[int]) -> dict[int, str]:
        query = "SELECT identity, status FROM identity_reviews WHERE"
        rows = rows_where(self._connection, query, "identity", ids)
        return {int(identity): status for identity, status in rows}

    def _select(self, column: str, values: Iterable[int]) -> dict[int, Node]:
        query = "SELECT id, customer_id, kind, value, first_customer FROM identities WHERE"
        rows = rows_where(self._connection, query, column, values)
        return {int(row[0]): Node(*row[1:]) for row in rows}


def _reached(
    links: Iterable[Link],
    inside: dict[int, Node],
    outside: dict[int, Node],
    reviews: dict[int, str],
) -> Iterator[int]:
    """Identities outside that the same people may own: tied firmly, or device to device."""
    for link in links:
        for one, other in ((link.a, link.b), (link.b, link.a)):
            if one not in inside or other not in outside:
                continue
            if any(reviews.get(end, "joined") != "joined" for end in (one, other)):
                continue
            both = is_device(inside[one].kind) and is_device(outside[other].kind)
            if link.strength != "device" or both:
                yield other


def _region(
    inside: dict[int, Node],
    outside: dict[int, Node],
    links: list[Link],
    reviews: dict[int, str],
) -> Region:
    everybody = inside | outside
    ids = sorted(everybody)
    place = {id_: i for i, id_ in enumerate(ids)}
    # Identities outside that are one customer are one person here too.
    anchor: dict[int, int] = {}
    known = [(anchor.setdefault(node.customer, id_), id_) for id_, node in outside.items()]
    a = [place[link.a] for link in links] + [place[one] for one, _ in known]
    b = [place[link.b] for link in links] + [place[other] for _, other in known]
    return Region(
        ids=np.array(ids, np.int64),
        nodes=[everybody[id_] for id_ in ids],
        outside=np.array([id_ in outside for id_ in ids], bool),
        held=np.array([reviews.get(id_, "joined") != "joined" for id_ in ids], bool),
        decided=np.array([id_ in reviews for id_ in ids], bool),
        links=Evidence(
            a=np.array(a, np.int64),
            b=np.array(b, np.int64),
            firm=np.array([one.strength != "device" for one in links] + [True] * len(known), bool),
            time=np.array([one.time for one in links] + [0] * len(known), np.int64),
        ),
    )
