"""Take evidence back: links are revoked, and the people it made are put together again.

Components are computed from the standing links alone, in the order in which they came, so the
result is the same as if the withdrawn evidence had never been there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sqlalchemy import Connection, bindparam, delete, select, update

from yutang.identity import repository, rules
from yutang.state import integers
from yutang.state.brand import identities, identity_links

T = TypeVar("T")
BATCH = 500  # values of one IN list


def revoke(connection: Connection, sources: Sequence[str], at: int) -> set[int]:
    """Revoke the standing links of these sources; the identities they tied."""
    ends: set[int] = set()
    for part in _parts(sources):
        mine = identity_links.c.source.in_(part) & identity_links.c.revoked_at.is_(None)
        pairs = integers(connection, select(identity_links.c.a, identity_links.c.b).where(mine))
        ends.update(np.unique(pairs).tolist())
        connection.execute(update(identity_links).where(mine).values(revoked_at=at))
    return ends


def remove_unused(connection: Connection, sources: Sequence[str], in_use: np.ndarray) -> set[int]:
    """Remove identities first brought by these sources that no fact and no link holds.

    in_use: int64 ids that facts carry. Gives the customers they belonged to.
    """
    brought = [
        integers(
            connection,
            select(identities.c.id, identities.c.customer_id).where(identities.c.source.in_(part)),
        )
        for part in _parts(sources)
    ]
    rows = np.concatenate(brought) if brought else np.zeros((0, 2), np.int64)
    standing = integers(
        connection,
        select(identity_links.c.a, identity_links.c.b).where(identity_links.c.revoked_at.is_(None)),
    )
    gone = rows[~np.isin(rows[:, 0], in_use) & ~np.isin(rows[:, 0], standing)]
    for part in _parts(gone[:, 0].tolist()):
        ends = identity_links.c.a.in_(part) | identity_links.c.b.in_(part)
        connection.execute(delete(identity_links).where(ends))
        connection.execute(delete(identities).where(identities.c.id.in_(part)))
    return set(gone[:, 1].tolist())


def recompute(connection: Connection, touched: Iterable[int], at: int) -> set[int]:
    """Put the touched customers together again; the customers whose identities moved.

    A part keeps the customer with most of its identities; other parts become new customers. Links
    that a device refused before may stand now, so their other ends are looked at too.
    """
    customers = np.array(sorted(touched), np.int64)
    everybody = integers(connection, select(identities.c.id, identities.c.customer_id))
    if not len(customers) or not len(everybody):
        return set()
    links = integers(
        connection,
        select(identity_links.c.a, identity_links.c.b)
        .where(identity_links.c.revoked_at.is_(None))
        .order_by(identity_links.c.id),
    )
    region = _region(everybody, links, customers)
    old = {int(i): int(c) for i, c in everybody[np.isin(everybody[:, 0], region)]}
    mine = links[np.isin(links[:, 0], region)]
    outcome = rules.join(
        dict.fromkeys(old, (0, False)),
        [(int(a), int(b)) for a, b in mine],
        _devices(connection, old),
    )
    parts: dict[int, list[int]] = defaultdict(list)
    for identity, root in outcome.customer_of.items():
        parts[root].append(identity)
    return _assign(connection, list(parts.values()), old, at)


def _region(everybody: np.ndarray, links: np.ndarray, customers: np.ndarray) -> np.ndarray:
    """Identities that links or a shared customer tie to one of the customers (int64, sorted)."""
    size = int(max(everybody[:, 0].max(), links.max() if len(links) else 0)) + 1
    # Customers stand behind the identities as nodes of the same graph.
    a = np.concatenate([links[:, 0], everybody[:, 0]])
    b = np.concatenate([links[:, 1], size + everybody[:, 1]])
    nodes = size + int(max(everybody[:, 1].max(), customers.max())) + 1
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    wanted = np.unique(label[size + customers])
    ids = np.sort(everybody[:, 0])
    return ids[np.isin(label[ids], wanted)]


def _devices(connection: Connection, ids: Mapping[int, int]) -> set[int]:
    rows = connection.execute(select(identities.c.id, identities.c.kind))
    return {int(id_) for id_, kind in rows if id_ in ids and rules.is_device(kind)}


def _assign(
    connection: Connection, parts: list[list[int]], old: Mapping[int, int], at: int
) -> set[int]:
    """Give each part a customer; the customers that lost or won an identity."""
    wins: dict[int, list[int]] = defaultdict(list)
    share: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for place, members in enumerate(parts):
        for customer, n in Counter(old[one] for one in members).items():
            share[customer].append((-n, min(members), place))
    for customer in sorted(share):
        wins[min(share[customer])[2]].append(customer)
    _, top = repository.highest(connection)
    fresh: list[int] = []
    merged: dict[int, int] = {}
    moves: list[dict[str, int]] = []
    changed: set[int] = set()
    for place, members in enumerate(parts):
        keep = min(wins[place], default=0)
        if not keep:
            top += 1
            keep = top
            fresh.append(keep)
        merged.update({customer: keep for customer in wins[place] if customer != keep})
        for one in members:
            if old[one] != keep:
                moves.append({"identity": one, "customer": keep})
                changed |= {old[one], keep}
    repository.add_customers(connection, fresh, at)
    if moves:
        connection.execute(
            update(identities)
            .where(identities.c.id == bindparam("identity"))
            .values(customer_id=bindparam("customer")),
            moves,
        )
    repository.merge_customers(connection, merged)
    return changed


def _parts(values: Sequence[T]) -> list[list[T]]:
    return [list(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
