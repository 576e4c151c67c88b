"""Whose an identity is: an array over all identities, kept up to date by what changed.

Reading ten million identities takes seconds, so the array lies in the brand's cache, and only new
identities and moves (`identity_moves`) are read on top of it. A device that changed hands belongs
to several people, one after the other: `owned_at` looks at the time too.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, case, func, select

from yutang.catalog.identity_kinds import KINDS
from yutang.identity import repository
from yutang.identity.known import epoch
from yutang.state import integers
from yutang.state.brand import device_segments, identities, identity_moves
from yutang.workspace import Workspace

FILE = "owners.npz"
WORTH_KEEPING = 200_000  # identities; fewer are read again faster than a file is


@dataclass(frozen=True)
class LaterOwners:
    """Later hands of devices, sorted: device and owner identities (int64), since (ms, int64)."""

    device: np.ndarray
    since: np.ndarray
    owner: np.ndarray


# Kinds by code (1…); 0 = a kind that is none of these.
CODES = {kind.code: number for number, kind in enumerate(KINDS, 1)}
_KIND_CODE = case(CODES, value=identities.c.kind, else_=0)


class Owners:
    """Customers by identity, and what kind of identity it is, as of the reader's transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._array = np.zeros(0, np.uint32)
        self._kinds = np.zeros(0, np.uint8)
        self._mark: tuple[int, int, int] = (-1, 0, 0)  # epoch, identities, moves read so far

    def customers(self, connection: Connection) -> np.ndarray:
        """Customer by identity id (uint32; 0 = nobody). The caller must not change it."""
        return self.customers_and_kinds(connection)[0]

    def customers_and_kinds(self, connection: Connection) -> tuple[np.ndarray, np.ndarray]:
        """The same, and the code of each identity's kind (uint8, CODES)."""
        with self._lock:
            now = epoch(connection)
            if self._mark[0] != now and not self._load(now):
                self._array, self._kinds = np.zeros(1, np.uint32), np.zeros(1, np.uint8)  # nobody
                moves = self._tops(connection)[1]
                self._mark = (now, 0, moves)  # as they are now, the moves are in them
            self._catch_up(connection, now)
            return self._array, self._kinds

    def forget(self) -> None:
        """Remove the array from the cache: it names people who are no more."""
        with self._lock:
            self._array, self._kinds = np.zeros(0, np.uint32), np.zeros(0, np.uint8)
            self._mark = (-1, 0, 0)
            for path in self._workspace.cache.glob(f"*{FILE}"):
                path.unlink(missing_ok=True)

    def _catch_up(self, connection: Connection, now: int) -> None:
        top, moves = self._tops(connection)
        if (now, top, moves) == self._mark:
            return
        size = max(top + 1, len(self._array))
        grown, kinds = np.zeros(size, np.uint32), np.zeros(size, np.uint8)
        grown[: len(self._array)], kinds[: len(self._kinds)] = self._array, self._kinds
        new = select(identities.c.id, identities.c.customer_id, _KIND_CODE).where(
            identities.c.id > self._mark[1]
        )
        moved = (
            select(identity_moves.c.identity, identity_moves.c.customer)
            .where(identity_moves.c.id > self._mark[2])
            .order_by(identity_moves.c.id)
        )
        rows = integers(connection, new)
        grown[rows[:, 0]], kinds[rows[:, 0]] = rows[:, 1], rows[:, 2]
        rows = integers(connection, moved)
        grown[rows[:, 0]] = rows[:, 1]
        self._array, self._kinds, self._mark = grown, kinds, (now, top, moves)
        self._keep()

    def _tops(self, connection: Connection) -> tuple[int, int]:
        top = connection.execute(select(func.max(identities.c.id))).scalar() or 0
        moves = connection.execute(select(func.max(identity_moves.c.id))).scalar() or 0
        return int(top), int(moves)

    def _load(self, now: int) -> bool:
        path = self._workspace.cache / FILE
        try:
            with np.load(path) as stored:
                mark = stored["mark"].tolist()
                if mark[0] != now or stored["codes"].tolist() != list(CODES):
                    return False
                self._array, self._kinds = stored["customers"], stored["kinds"]
                self._mark = (mark[0], mark[1], mark[2])
                return True
        except (OSError, ValueError, KeyError, EOFError):
            return False

    def _keep(self) -> None:
        if len(self._array) < WORTH_KEEPING:
            return
        path = self._workspace.cache / FILE
        temporary = path.with_name(f".{os.getpid()}-{FILE}")
        mark = np.array(self._mark, np.int64)
        codes = np.array(list(CODES))
        np.savez(temporary, customers=self._array, kinds=self._kinds, mark=mark, codes=codes)
        os.replace(temporary, path)


def later_owners(connection: Connection) -> LaterOwners:
    """All devices that changed hands."""
    table = device_segments.c
    query = select(table.device, table.from_time, table.owner).order_by(
        table.device, table.from_time
    )
    rows = integers(connection, query)
    return LaterOwners(rows[:, 0], rows[:, 1], rows[:, 2])


def device_hands(connection: Connection, ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Device → (since, owner) of its later hands, in order; of the devices among the ids and of
    those that ever came to one of them."""
    wanted = sorted(set(ids))
    query = "SELECT device FROM device_segments WHERE"
    devices = {
        int(row[0])
        for column in ("device", "owner")
        for row in repository.rows_where(connection, query, column, wanted)
    }
    found: dict[int, list[tuple[int, int]]] = {}
    for device, since, owner in sorted(repository.segments(connection, devices)):
        found.setdefault(device, []).append((since, owner))
    return found


def owned_at(
    customer_of: np.ndarray, later: LaterOwners, identity: np.ndarray, time: np.ndarray
) -> np.ndarray:
    """Whose facts these are: customer (uint32, n) of identities (int64, n) at times (ms, n)."""
    customer: np.ndarray = customer_of[identity]
    if not len(later.device):
        return customer
    rows = np.flatnonzero(np.isin(identity, later.device))
    if not len(rows):
        return customer
    # The last hand at or before the time, found in the order of (device, since).
    order = np.lexsort((time[rows], identity[rows]))
    rows = rows[order]
    keys = np.concatenate([later.device, identity[rows]])
    moments = np.concatenate([later.since, time[rows]])
    asked = np.concatenate([np.zeros(len(later.device), bool), np.ones(len(rows), bool)])
    merged = np.lexsort((asked, moments, keys))
    last = np.where(asked[merged], -1, merged)
    last = np.maximum.accumulate(np.where(last >= 0, np.arange(len(merged)), -1))
    hand = np.where(last >= 0, merged[np.maximum(last, 0)], -1)
    mine = asked[merged]
    row = rows[merged[mine] - len(later.device)]
    found = hand[mine]
    valid = (found >= 0) & (later.device[np.maximum(found, 0)] == identity[row])
    owner = later.owner[np.maximum(found, 0)[valid]]
    customer = customer.copy()
    customer[row[valid]] = customer_of[owner]
    return customer
