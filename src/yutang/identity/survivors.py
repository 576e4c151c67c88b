"""Who stored customer numbers are now: a merged customer is his survivor.

Sets of people are stored with the numbers of their day. A number that was merged later counts as
whom it was merged into; one that a split brought back counts as itself again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection, func, select

from yutang.identity.known import EPOCH
from yutang.state import integers
from yutang.state.brand import customers, identity_moves, meta

Stamp = tuple[int, ...]


def surviving(people: BitMap, merged: np.ndarray, into: np.ndarray) -> BitMap:
    """`people` with merged numbers (sorted) replaced by whom they were merged into.

    >>> surviving(BitMap([1, 2, 5]), np.array([2, 4]), np.array([1, 3]))
    BitMap([1, 5])
    """
    gone = people & BitMap(merged.astype(np.uint32))
    if not gone:
        return people
    at = np.searchsorted(merged, np.frombuffer(gone.to_array(), np.uint32))
    return (people - gone) | BitMap(into[at].astype(np.uint32))


class Survivors:
    """Merged customers and their survivors, kept until somebody is merged or split again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: Stamp = ()
        self._merged = np.empty(0, np.int64)
        self._into = np.empty(0, np.int64)

    def stamp(self, connection: Connection, *counters: str) -> Stamp:
        """Changes whenever anybody was merged, split or erased, or one of these counters in `meta`
        moved; their values stand first. One question."""
        values = [
            select(meta.c.value).where(meta.c.key == key).scalar_subquery()
            for key in (*counters, EPOCH)
        ]
        moves = select(func.max(identity_moves.c.id)).scalar_subquery()
        return tuple(int(one or 0) for one in connection.execute(select(*values, moves)).one())

    def follow(self, connection: Connection, people: BitMap) -> BitMap:
        """Who these customers are now."""
        return self.follower(connection)(people)

    def merges(self, connection: Connection) -> tuple[np.ndarray, np.ndarray]:
        """Merged numbers (ascending), and whose each is today."""
        self.follower(connection)
        with self._lock:
            return self._merged, self._into

    def numbers(self, connection: Connection, people: BitMap) -> BitMap:
        """All numbers, of any day, that these customers of today have or had."""
        merged, into = self.merges(connection)
        inside = np.isin(into, np.frombuffer(people.to_array(), np.uint32))
        return people | BitMap(merged[inside].astype(np.uint32))

    def today(self, connection: Connection, numbers: np.ndarray) -> np.ndarray:
        """Whose each of these numbers (uint32) is today."""
        merged, into = self.merges(connection)
        if not merged.size:
            return numbers
        at = np.searchsorted(merged, numbers)
        at[at == merged.size] = 0
        return np.where(merged[at] == numbers, into[at], numbers).astype(np.uint32)

    def follower(self, connection: Connection) -> Callable[[BitMap], BitMap]:
        """`follow` for many sets at once: all of one moment, and one question for all."""
        stamp = self.stamp(connection)
        with self._lock:
            if stamp != self._stamp:
                query = (
                    select(customers.c.id, customers.c.merged_into)
                    .where(customers.c.merged_into.is_not(None))
                    .order_by(customers.c.id)
                )
                rows = integers(connection, query)
                self._merged, self._into, self._stamp = rows[:, 0], rows[:, 1], stamp
            return partial(surviving, merged=self._merged, into=self._into)
