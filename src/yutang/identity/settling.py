"""Put the people of a region together anew, and write down who moved.

A customer's number stays with the identities that began as it, else with most of those that have
it; of several the oldest stays. A part left without one gets the number back that it began as, or
a new one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection

from yutang.identity import repository
from yutang.identity.evidence import Region, region
from yutang.identity.repository import Pending
from yutang.identity.rules import FAN_IN, Settled, fan_in, settle


def resettle(
    connection: Connection, seeds: Iterable[int], at: int, pending: Pending | None = None
) -> set[int]:
    """Settle everything that the evidence at the seeds may change, and write down what is pending.

    Gives the customers whose facts moved (gone or come).
    """
    pending = pending or Pending()
    found = region(connection, seeds, pending)
    if not len(found.ids):
        return set()
    crowded = fan_in(found.links, _codes(found), found.decided | found.outside)
    found.held[crowded[:, 0]] = True
    settled = settle(found.device, found.held, found.links, found.tie)
    customer_of, changed = _assign(connection, found, settled, at)
    repository.write(connection, pending, customer_of, at)
    changed |= _hand_down(connection, found, settled, pending)
    busy = dict.fromkeys(settled.crowded.tolist(), FAN_IN + 1) | dict(crowded.tolist())
    repository.ask(connection, {int(found.ids[i]): n for i, n in busy.items()}, at)
    return changed


def _codes(found: Region) -> np.ndarray:
    """A number for each identity's kind (int64, n)."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(node.kind, len(known)) for node in found.nodes], np.int64)


def _assign(
    connection: Connection, found: Region, settled: Settled, at: int
) -> tuple[dict[int, int], set[int]]:
    """Give each part its customer and write moves and merges.

    Gives (customers of the new identities, customers that lost or won an identity).
    """
    old = np.array([node.customer for node in found.nodes], np.int64)
    parts: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(settled.part.tolist()):
        parts[label].append(place)
    keeps, merged, fresh, revived = _choose(connection, found, list(parts.values()), old)
    customer = np.zeros(len(old), np.int64)
    for members, keep in zip(parts.values(), keeps, strict=True):
        customer[members] = keep
    customer_of: dict[int, int] = {}
    changed: set[int] = set()
    moves: list[tuple[int, int]] = []
    for place in np.flatnonzero((customer != old) & ~found.outside).tolist():
        identity, now, before = int(found.ids[place]), int(customer[place]), int(old[place])
        if before:
            moves.append((identity, now))
            changed |= {before, now}
        else:
            customer_of[identity] = now
    repository.add_customers(connection, fresh, at)
    repository.move_identities(connection, moves)
    repository.merge_customers(connection, merged, revived)
    if revived or fresh:
        repository.repoint(connection, _numbers_of_parts(found, parts.values(), keeps))
    return customer_of, changed


def _numbers_of_parts(
    found: Region, parts: Iterable[list[int]], keeps: list[int]
) -> dict[int, int]:
    """Number → customer of those who began with it. After a split, what was merged before goes
    along with its people, not with whom they were merged into meanwhile."""
    numbers: dict[int, int] = {}
    for members, keep in zip(parts, keeps, strict=True):
        for place in members:
            if not found.outside[place]:
                numbers.setdefault(found.nodes[place].first_customer, keep)
    kept = {0, *keeps}
    return {number: keep for number, keep in numbers.items() if number not in kept}


def _choose(
    connection: Connection, found: Region, parts: list[list[int]], old: np.ndarray
) -> tuple[list[int], dict[int, int], list[int], list[int]]:
    """(customer of each part, merged customer → survivor, new customers, revived customers)."""
    wins: dict[int, list[int]] = defaultdict(list)
    share: dict[int, list[tuple[bool, bool, int, int, int]]] = defaultdict(list)
    for number, members in enumerate(parts):
        first = int(found.ids[min(members)])
        # People outside keep their customer whatever else belongs to it.
        fixed = {int(old[i]) for i in members if found.outside[i]}
        native = {found.nodes[i].first_customer for i in members}
        for customer, n in Counter(int(old[i]) for i in members if old[i]).items():
            share[customer].append((customer not in fixed, customer not in native, -n, first,
                                    number))  # fmt: skip
    for customer in sorted(share):
        wins[min(share[customer])[-1]].append(customer)
    top = 0
    keeps: list[int] = []
    fresh: list[int] = []
    revived: list[int] = []
    merged: dict[int, int] = {}
    for number, members in enumerate(parts):
        fixed = {int(old[i]) for i in members if found.outside[i]}
        keep = min(fixed or wins[number], default=0)
        if not keep and (keep := _began_as(connection, found, members, old, set(revived))):
            revived.append(keep)
        if not keep:
            top = (top or repository.highest(connection)[1]) + 1
            keep = top
            fresh.append(keep)
        keeps.append(keep)
        merged.update({customer: keep for customer in wins[number] if customer != keep})
    return keeps, merged, fresh, revived


def _began_as(
    connection: Connection, found: Region, members: list[int], old: np.ndarray, taken: set[int]
) -> int:
    """The customer that these identities were before they were merged into another, unless other
    parts took the number; 0 = none."""
    began = {found.nodes[i].first_customer for i in members} - {0} - taken
    into = {int(old[i]) for i in members}
    if not began or into == {0}:
        return 0
    return repository.oldest_merged(connection, sorted(began), into)


def _hand_down(
    connection: Connection, found: Region, settled: Settled, pending: Pending
) -> set[int]:
    """Write whose the devices were and when; the customers whose facts that moves."""
    device = found.ids[settled.device].tolist()
    owner = found.ids[settled.owner].tolist()
    mine = (~found.outside[settled.device]).tolist()
    after = {
        row[:3] for row in zip(device, settled.since.tolist(), owner, mine, strict=True) if row[3]
    }
    stored = [
        int(one)
        for one in found.ids[found.device & ~found.outside]
        if int(one) not in pending.identities
    ]
    before = repository.segments(connection, stored)
    if before == after:
        return set()
    repository.replace_segments(connection, {row[0] for row in before}, after)
    # A hand that comes or goes moves the facts of the hand before it too.
    devices = {row[0] for row in before ^ after}
    owners = {row[2] for row in before | after if row[0] in devices}
    return repository.customers_of(connection, devices | owners)
