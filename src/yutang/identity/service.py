"""Identities of one brand: rows of facts get theirs, and people are kept together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from yutang.errors import NotFound
from yutang.identity import forgetting, repository, rules
from yutang.identity.belongings import Belongings, belongings
from yutang.identity.evidence import EACH_TIME, links_touching
from yutang.identity.explaining import Why, explain
from yutang.identity.known import Known, next_epoch
from yutang.identity.lookup import customers_by_value
from yutang.identity.owners import Owners
from yutang.identity.repository import Identity, Link, Pending
from yutang.identity.resolving import (
    Coded,
    Naming,
    kinds_of,
    row_links,
    screen,
    unknown_links,
)
from yutang.identity.settling import resettle
from yutang.identity.survivors import Survivors
from yutang.state.brand import identities
from yutang.workspace import Workspace


@dataclass(frozen=True)
class Resolved:
    """Identities of n rows.

    primary: int64 (n), the strongest identity of each row, 0 = none
    refused: bool (n), rows of a person who was erased; nothing of them is taken in again
    changed: customers that were merged, split or absorbed another (their facts moved)
    created: number of new identities
    """

    primary: np.ndarray
    refused: np.ndarray
    changed: frozenset[int]
    created: int


class Identities:
    """Identities of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known = Known()
        self.owners = Owners(workspace)
        self.survivors = Survivors()

    def resolve(
        self,
        connection: Connection,
        columns: Mapping[str, pa.ChunkedArray | pa.Array],
        *,
        commit_id: int,
        source: str,
        evidence: str | Sequence[str],
        times: np.ndarray | None = None,
        same: Sequence[tuple[int, str, str]] = (),
        unbinds: Sequence[tuple[str, str, int]] = (),
    ) -> Resolved:
        """Give each row its identity, making new ones, and link those that stand in one row.

        columns: identity kind → text values (n rows, null where absent). Masked or empty values
        are no identities. evidence: one for all rows or one each (`event`, `order`, `login`,
        `bind`, `alias`). times: when each row was so (int64 ms, n; None = now). same: (row, kind,
        value), one more identity of a row, for kinds that occur twice. unbinds: (kind, value,
        time), identities that were taken from whoever had them.
        """
        at = self._workspace.now()
        self._known.check(connection)
        naming = Naming(self._workspace, self._known, connection)
        own = [naming.encode(kind, values) for kind, values in columns.items()]
        more = [naming.encode(kind, pa.array([value])) for _, kind, value in same]
        untied = [naming.encode(kind, pa.array([value])) for kind, value, _ in unbinds]
        everything = [*own, *more, *untied]
        naming.look_up(everything)
        refused = screen(own, naming.barred)
        naming.create(everything, lambda: self._last_id(connection))
        pending = Pending(commit_id, source, naming.new)
        pending.unbinds = [
            (int(one.ids[0]), unbinds[i][2]) for i, one in enumerate(untied) if one.ids[0]
        ]
        rows = row_links(
            own,
            evidence,
            np.full(len(refused), at, np.int64) if times is None else times,
            [(same[i][0], int(one.ids[0])) for i, one in enumerate(more) if one.ids[0]],
        )
        moved = self._tie(connection, pending, everything, rows, naming.twins, at)
        return Resolved(_primary(own, refused), refused, frozenset(moved), len(naming.new))

    def withdraw(
        self, connection: Connection, sources: Sequence[str], in_use: np.ndarray
    ) -> set[int]:
        """Take back all evidence of these sources; the customers whose identities moved or went.

        in_use: identity ids that facts still carry (int64). Identities first seen through these
        sources that neither a fact nor a standing link holds are removed.
        """
        at = self._workspace.now()
        ends = forgetting.revoke(connection, sources, at)
        gone, left = forgetting.remove_unused(connection, sources, in_use)
        next_epoch(connection)
        seeds = (ends - gone) | set(repository.identities_of(connection, left))
        return left | resettle(connection, seeds, at)

    def refuse(self, connection: Connection, members: Sequence[Identity]) -> None:
        """Put a person's identities on the refusal list, as hashes only we can make."""
        pairs = [(one.kind, one.value) for one in members]
        forgetting.refuse(connection, pairs, self._workspace.keyed_hash, self._workspace.now())
        next_epoch(connection)

    def forget(self, connection: Connection, ids: Sequence[int], customer: int) -> dict[str, int]:
        """Remove a person's identities, links and customer rows; how many of each.

        Identities of his that are not among the ids (devices that others use too) go to their
        next hands.
        """
        numbers = forgetting.numbers_of(connection, customer)
        at = self._workspace.now()
        counts, neighbours = forgetting.forget(connection, ids)
        dropped, left = forgetting.drop_numbers(connection, numbers, at)
        next_epoch(connection)
        resettle(connection, neighbours | left, at)
        return {**counts, "customers": dropped}

    def customer_array(self) -> np.ndarray:
        """Customer by identity id (uint32; 0 = nobody); of devices their first owner's."""
        with self._workspace.db.read() as connection:
            return self.owners.customers(connection)

    def customers_of(self, connection: Connection, ids: np.ndarray) -> set[int]:
        """The customers of these identities, inside the caller's transaction."""
        return repository.customers_of(connection, ids.tolist())

    def of_customer(self, customer: int) -> list[Identity]:
        """The identities that make up a customer, oldest first."""
        with self._workspace.db.read() as connection:
            return repository.of_customer(connection, customer)

    def find(self, kind: str, value: str) -> Identity | None:
        """The identity, looked up by its plain value."""
        with self._workspace.db.read() as connection:
            key = Naming(self._workspace, self._known, connection).key(kind, value)
            if key is None:
                return None
            row = connection.execute(
                select(identities.c.id, identities.c.customer_id).where(
                    identities.c.kind == kind, identities.c.value == key[0]
                )
            ).first()
            if row is None:
                return None
            mine = repository.of_customer(connection, int(row[1]))
            return next((one for one in mine if one.id == row[0]), None)

    def find_customers(self, values: Sequence[str], kind: str = "") -> dict[str, set[int]]:
        """Value → customers who have it as an identity of this kind ("" of any kind)."""
        with self._workspace.db.read() as connection:
            return customers_by_value(connection, self._workspace.keyed_hash, values, kind)

    def explain(self, kind: str, value: str) -> Why:
        """Why the customer who has this identity is one person. Raises NotFound."""
        found = self.find(kind, value)
        if found is None:
            raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=kind, value=value)
        with self._workspace.db.read() as connection:
            members = repository.of_customer(connection, found.customer_id)
            return explain(connection, members, found)

    def why(self, customer: int, *, evidence: bool = True) -> Why:
        """Why this customer is one person, told from his best identity; without evidence, who he
        is alone. Raises NotFound."""
        with self._workspace.db.read() as connection:
            members = repository.of_customer(connection, customer)
            if not members:
                raise NotFound("There is no customer %(id)s.", id=customer)
            if not evidence:
                return Why(customer, members[0].id, tuple(members), {}, ())
            return explain(connection, members)

    def belongings(self, why: Why) -> Belongings:
        """What belongs to a customer who was explained with his evidence."""
        ids = tuple(one.id for one in why.identities)
        if not why.hands:  # no device of his ever changed hands
            return Belongings(ids)
        with self._workspace.db.read() as connection:
            return belongings(connection, ids)

    def get_many(self, ids: Sequence[int]) -> dict[int, Identity]:
        """These identities by number; those that are gone are left out."""
        with self._workspace.db.read() as connection:
            return repository.get_many(connection, ids)

    def links_of(self, ids: Sequence[int]) -> list[tuple[int, int, str, str, int]]:
        """(a, b, evidence, source, time) of the unrevoked links of these identities."""
        with self._workspace.db.read() as connection:
            return repository.evidence_of(connection, ids)

    # --- inside ------------------------------------------------------------------------------
    def _last_id(self, connection: Connection) -> int:
        """The largest identity id ever given. A restored older state must not give an id that
        facts in the lake carry already; while we write, the state knows better."""
        if self._known.highest_in_lake is None:
            self._known.highest_in_lake = self._workspace.lake.highest("identity")
        return max(repository.highest(connection)[0], self._known.highest_in_lake)

    def _tie(
        self,
        connection: Connection,
        pending: Pending,
        columns: Sequence[Coded],
        rows: Mapping[str, np.ndarray],
        twins: Sequence[tuple[int, int]],
        at: int,
    ) -> set[int]:
        """Write what is new, and settle the people it touches; the customers that moved."""
        new = pending.identities
        found = unknown_links(connection, self._known, rows, pending.source, new)
        kinds = kinds_of(columns, {end for row in found for end in row[:2]})
        seeds = {identity for identity, _ in pending.unbinds}
        # Whoever it was tied to may lose a device or a mate.
        seeds |= {end for link in links_touching(connection, seeds) for end in link[:2]}
        for a, b, code, time, tied in found:
            strength = rules.strength_of(kinds[a], kinds[b])
            pending.links.append(Link(a, b, code, strength, time, at))
            if not (tied and strength != "device" and code not in EACH_TIME):
                seeds |= {a, b}
        for a, b in twins:
            pending.links.append(Link(a, b, "twin", "person", 0, at))
            seeds |= {a, b}
        alone = [id_ for id_ in new if id_ not in seeds]
        self._add_alone(connection, pending, alone, at)
        if seeds:
            return resettle(connection, seeds, at, pending)
        repository.write(connection, pending, {}, at)
        return set()

    def _add_alone(
        self, connection: Connection, pending: Pending, alone: Sequence[int], at: int
    ) -> None:
        """New identities that nothing ties are customers of their own."""
        if not alone:
            return
        _, top = repository.highest(connection)
        customer_of = {id_: top + 1 + i for i, id_ in enumerate(alone)}
        repository.add_customers(connection, customer_of.values(), at)
        mine = {id_: pending.identities.pop(id_) for id_ in alone}
        part = Pending(pending.commit_id, pending.source, mine)
        repository.write(connection, part, customer_of, at)


def _primary(columns: Sequence[Coded], refused: np.ndarray) -> np.ndarray:
    """The strongest identity of each row (int64, n)."""
    primary = np.zeros(len(refused), np.int64)
    for one in sorted(columns, key=lambda one: rules.rank(one.kind)):
        primary = np.where(primary == 0, one.of_rows(), primary)
    primary[refused] = 0
    return primary
