"""Resolve identities of a batch of facts to dense ids, and keep customers joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from yutang.catalog.identity_kinds import KINDS, kind_of
from yutang.identity import forgetting, repository, rules, withdrawal
from yutang.identity.repository import Identity, NewIdentity
from yutang.state.brand import identities, identity_links, refusals
from yutang.workspace import Workspace

STRENGTH_ORDER = {"person": 0, "app": 1, "device": 2}


@dataclass(frozen=True)
class Resolved:
    """Identities of n rows.

    primary: int64 (n), the strongest identity of each row, 0 = none
    refused: bool (n), rows of a person who was erased; nothing of them is taken in again
    changed: customers that were merged or absorbed another (their facts moved)
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

    def resolve(
        self,
        connection: Connection,
        columns: Mapping[str, pa.ChunkedArray | pa.Array],
        *,
        commit_id: int,
        source: str,
        evidence: str,
    ) -> Resolved:
        """Give each row its identity, making new ones, and link those that stand in one row.

        columns: identity kind → text values (n rows, null where absent). Masked or empty values
        are no identities.
        """
        at = self._workspace.now()
        coded = {kind: self._encode(kind, values) for kind, values in columns.items()}
        wanted = [(kind, key) for kind, one in coded.items() for key in one.keys if key]
        found = repository.find_many(connection, wanted)
        coded, refused = _screen(coded, self._refused(connection, wanted))
        next_id, next_customer = repository.highest(connection)
        new = _new_identities(coded, found, max(next_id, self._highest_in_lake()))
        ids = _ids_of_rows(coded, found)
        pairs = _pairs(ids)
        kind_by_id = {identity: kind for (kind, _), (identity, _) in found.items()}
        changed = self._join(
            connection,
            dict(found.values()),
            kind_by_id,
            pairs,
            new,
            next_customer,
            commit_id,
            source,
            at,
        )
        repository.add_links(connection, pairs, evidence=evidence, source=source, at=at)
        primary = np.zeros(len(refused), np.int64)
        for kind in sorted(ids, key=_strength):
            primary = np.where(primary == 0, ids[kind], primary)
        primary[refused] = 0
        return Resolved(primary, refused, frozenset(changed), len(new))

    def withdraw(
        self, connection: Connection, sources: Sequence[str], in_use: np.ndarray
    ) -> set[int]:
        """Take back all evidence of these sources; the customers whose identities moved or went.

        in_use: identity ids that facts still carry (int64). Identities first seen through these
        sources that neither a fact nor a standing link holds are removed.
        """
        at = self._workspace.now()
        ends = withdrawal.revoke(connection, sources, at)
        touched = repository.customers_of(connection, ends)
        left = withdrawal.remove_unused(connection, sources, in_use)
        return left | withdrawal.recompute(connection, touched | left, at)

    def refuse(self, connection: Connection, members: Sequence[Identity]) -> None:
        """Put a person's identities on the refusal list, as hashes only we can make."""
        pairs = [(one.kind, one.value) for one in members]
        forgetting.refuse(connection, pairs, self._workspace.keyed_hash, self._workspace.now())

    def forget(self, connection: Connection, ids: Sequence[int], customer: int) -> dict[str, int]:
        """Remove a person's identities, links and customer rows; how many of each."""
        return forgetting.forget(connection, ids, customer)

    def customer_array(self) -> np.ndarray:
        """Customer by identity id (uint32; 0 = nobody)."""
        with self._workspace.db.read() as connection:
            return repository.customer_array(connection)

    def customer_array_in(self, connection: Connection) -> np.ndarray:
        """The same, inside the caller's transaction."""
        return repository.customer_array(connection)

    def of_customer(self, customer: int) -> list[Identity]:
        """The identities that make up a customer, oldest first."""
        with self._workspace.db.read() as connection:
            return repository.of_customer(connection, customer)

    def find(self, kind: str, value: str) -> Identity | None:
        """The identity, looked up by its plain value."""
        key = self._key(kind, value)
        if key is None:
            return None
        with self._workspace.db.read() as connection:
            row = connection.execute(
                select(identities.c.id, identities.c.customer_id).where(
                    identities.c.kind == kind, identities.c.value == key
                )
            ).first()
            if row is None:
                return None
            for one in repository.of_customer(connection, int(row[1])):
                if one.id == row[0]:
                    return one
        return None

    def links_of(self, ids: Sequence[int]) -> list[tuple[int, int, str, str, int]]:
        """(a, b, evidence, source, at) of the standing links among these identities."""
        with self._workspace.db.read() as connection:
            query = (
                select(
                    identity_links.c.a,
                    identity_links.c.b,
                    identity_links.c.evidence,
                    identity_links.c.source,
                    identity_links.c.at,
                )
                .where(identity_links.c.revoked_at.is_(None))
                .where(identity_links.c.a.in_(ids) | identity_links.c.b.in_(ids))
                .order_by(identity_links.c.id)
            )
            return [(int(a), int(b), e, s, int(at)) for a, b, e, s, at in connection.execute(query)]

    # --- inside ------------------------------------------------------------------------------
    def _key(self, kind: str, value: str) -> str | None:
        plain = rules.as_text(kind, value)
        if plain is None:
            return None
        return self._workspace.keyed_hash(kind, plain) if kind_of(kind).hashed else plain

    def _encode(self, kind: str, values: pa.ChunkedArray | pa.Array) -> _Coded:
        """A column as distinct keys; masked or empty values have none."""
        merged = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        coded = merged.cast(pa.string()).dictionary_encode()
        texts = coded.dictionary.to_pylist()
        index = np.asarray(coded.indices.fill_null(len(texts)), np.int64)
        keys = [self._key(kind, text) if text is not None else None for text in texts]
        shown = [rules.shown_as(kind, rules.as_text(kind, text or "") or "") for text in texts]
        return _Coded(index, keys, shown)

    def _refused(
        self, connection: Connection, wanted: list[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        stored = {row[0] for row in connection.execute(select(refusals.c.value_hash))}
        if not stored:
            return set()
        return {pair for pair in wanted if self._workspace.keyed_hash(*pair) in stored}

    def _highest_in_lake(self) -> int:
        """A restored older state must not give an id that facts in the lake carry already."""
        return self._workspace.lake.highest("identity")

    def _join(
        self,
        connection: Connection,
        customers: dict[int, int],
        kind_by_id: dict[int, str],
        pairs: list[tuple[int, int]],
        new: list[NewIdentity],
        next_customer: int,
        commit_id: int,
        source: str,
        at: int,
    ) -> set[int]:
        devices = {id_ for id_, kind in kind_by_id.items() if rules.is_device(kind)}
        linked = {identity for pair in pairs for identity in pair}
        involved = {customers[i] for i in linked if customers[i]}
        device_kinds = [kind.code for kind in KINDS if kind.strength == "device"]
        known = (
            repository.known_customers(connection, involved, device_kinds)
            if devices & linked
            else involved
        )
        nodes = {
            identity: (customer, customer in known)
            for identity, customer in customers.items()
            if identity in linked or not customer
        }
        outcome = rules.join(nodes, pairs, devices)
        fresh: dict[int, int] = {}
        customer_of: dict[int, int] = {}
        for identity, node in sorted(outcome.customer_of.items()):
            if node < 0:
                if node not in fresh:
                    next_customer += 1
                    fresh[node] = next_customer
                node = fresh[node]
            customer_of[identity] = node
        repository.add_customers(connection, fresh.values(), at)
        repository.add_identities(
            connection, new, customer_of, commit_id=commit_id, source=source, at=at
        )
        repository.merge_customers(connection, outcome.merged)
        return set(outcome.merged) | set(outcome.merged.values())


@dataclass(frozen=True)
class _Coded:
    """One kind's column of n rows: `index` (int64, n) points into `keys` and `shown`; the position
    after the last key stands for no value."""

    index: np.ndarray
    keys: list[str | None]
    shown: list[str]


def _screen(
    coded: Mapping[str, _Coded], barred: set[tuple[str, str]]
) -> tuple[dict[str, _Coded], np.ndarray]:
    """Blank what may not be taken in again; the columns, and the rows that are refused whole.

    A row is refused when it names an erased person, or only an erased person's device. Such a
    device beside another person is just left out: devices change hands.
    """
    rows = len(next(iter(coded.values())).index) if coded else 0
    refused, named, device_barred = (np.zeros(rows, bool) for _ in range(3))
    if not barred:
        return dict(coded), refused
    mine: dict[str, np.ndarray] = {}
    for kind, one in coded.items():
        present = np.array([*(key is not None for key in one.keys), False], bool)[one.index]
        bars = [key is not None and (kind, key) in barred for key in one.keys]
        mine[kind] = np.array([*bars, False], bool)[one.index]
        if rules.is_device(kind):
            device_barred |= mine[kind]
        else:
            refused |= mine[kind]
            named |= present & ~mine[kind]
    refused |= device_barred & ~named
    screened = {
        kind: _Coded(np.where(refused | mine[kind], len(one.keys), one.index), one.keys, one.shown)
        for kind, one in coded.items()
    }
    return screened, refused


def _new_identities(
    coded: Mapping[str, _Coded],
    found: dict[tuple[str, str], tuple[int, int]],
    last_id: int,
) -> list[NewIdentity]:
    """Identities seen for the first time; they enter `found` without a customer."""
    new: list[NewIdentity] = []
    for kind, one in coded.items():
        for place in np.unique(one.index).tolist():
            key = one.keys[place] if place < len(one.keys) else None
            if key is None or (kind, key) in found:
                continue
            last_id += 1
            found[kind, key] = (last_id, 0)
            shown = one.shown[place]
            tail = shown[-4:] if kind == "phone" else ""
            new.append(NewIdentity(last_id, kind, key, shown, tail))
    return new


def _ids_of_rows(
    coded: Mapping[str, _Coded], found: Mapping[tuple[str, str], tuple[int, int]]
) -> dict[str, np.ndarray]:
    """Identity ids by kind (int64, n; 0 = none)."""
    ids: dict[str, np.ndarray] = {}
    for kind, one in coded.items():
        table = [found[kind, key][0] if key and (kind, key) in found else 0 for key in one.keys]
        ids[kind] = np.array([*table, 0], np.int64)[one.index]
    return ids


def _strength(kind: str) -> int:
    return STRENGTH_ORDER[kind_of(kind).strength]


def _pairs(ids: Mapping[str, np.ndarray]) -> list[tuple[int, int]]:
    """Distinct pairs of identities that stand in one row, in the order of their first rows."""
    kinds = sorted(ids, key=_strength)
    found: list[tuple[int, int, int, int]] = []  # first row, place of the kinds, a, b
    for position, kind in enumerate(kinds):
        for other in kinds[position + 1 :]:
            both = (ids[kind] > 0) & (ids[other] > 0)
            if both.any():
                rows = np.flatnonzero(both)
                stacked = np.stack([ids[kind][rows], ids[other][rows]], axis=1)
                pairs, first = np.unique(stacked, axis=0, return_index=True)
                found += zip(
                    rows[first].tolist(), repeat(len(found)), *pairs.T.tolist(), strict=False
                )
    return [(a, b) for _, _, a, b in sorted(found)]
