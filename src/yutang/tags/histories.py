"""What happened to one person's tags, and to one tag over the weeks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.identity import Identities
from yutang.kit.clock import day_numbers
from yutang.tags import repository, rules
from yutang.tags.holding import Holding, State
from yutang.tags.repository import ChangeRow

_KEPT_BYTES = 128_000_000  # of bitmaps of large changes, which never change but at an erasure
_QUARTER_MS = 900_000
MOST_SHOWN = 1_000


class Histories:
    """Reads changes about a person: those of one number by an index, those of many by looking
    into their bitmaps, of which the ones read last are kept."""

    def __init__(self, identities: Identities, holding: Holding) -> None:
        self._survivors = identities.survivors
        self._holding = holding
        self._lock = threading.Lock()
        self._blobs: dict[int, BitMap] = {}
        self._bytes = 0
        self._stamp: tuple[int, ...] = ()

    def of_customer(self, connection: Connection, customer: int) -> tuple[State, list[ChangeRow]]:
        """His changes, newest first (at most MOST_SHOWN)."""
        state = self._holding.now(connection)
        numbers = self._numbers(connection, customer)
        rows = repository.rows_of(connection, customers=numbers.to_array(), limit=MOST_SHOWN)
        about = self._with(connection, state, repository.bulk_ids(connection), numbers)
        ids = list(about)[:MOST_SHOWN]
        rows += repository.rows_of(connection, ids=ids, limit=MOST_SHOWN)
        return state, sorted(rows, key=lambda row: -row.id)[:MOST_SHOWN]

    def given(self, connection: Connection, customer: int) -> tuple[State, list[ChangeRow]]:
        """The newest standing addition of each tag that he has, in the order of the tags."""
        state = self._holding.now(connection)
        numbers = self._numbers(connection, customer)
        mine = self._survivors.follow(connection, BitMap([customer]))
        has = [id_ for id_, one in state.people.items() if not one.isdisjoint(mine)]
        if not has:
            return state, []
        rows = repository.rows_of(connection, customers=numbers.to_array(), limit=100_000)
        about = self._with(connection, state, repository.bulk_ids(connection, has), numbers)
        rows += repository.rows_of(connection, ids=list(about), limit=len(about))
        newest: dict[int, ChangeRow] = {}
        for row in sorted(rows, key=lambda row: row.id):
            if row.action == "add" and row.undone_at is None and row.tag_id in has:
                who = BitMap([row.customer]) if row.customer is not None else about[row.id]
                if not who.isdisjoint(state.stored[row.tag_id]):  # a number that still has it
                    newest[row.tag_id] = row
        return state, [newest[id_] for id_ in has if id_ in newest]

    def weeks(self, sums: np.ndarray, zone: str) -> list[tuple[str, int, int]]:
        """(Monday, added, lost) of rows (quarter of an hour, action's code, people)."""
        if not sums.size:
            return []
        days = day_numbers(sums[:, 0] * _QUARTER_MS, zone).astype(np.int64)
        mondays = days - (days + 3) % 7  # 1970-01-01 was a Thursday
        first, last = int(mondays.min()), int(mondays.max())
        places = (mondays - first) // 7
        size = (last - first) // 7 + 1
        added = sums[:, 1] == rules.ADD
        up = np.bincount(places[added], sums[added, 2], size).astype(int)
        down = np.bincount(places[~added], sums[~added, 2], size).astype(int)
        names = [(date(1970, 1, 1) + timedelta(first + 7 * n)).isoformat() for n in range(size)]
        return list(zip(names, up.tolist(), down.tolist(), strict=True))

    def _numbers(self, connection: Connection, customer: int) -> BitMap:
        today = self._survivors.follow(connection, BitMap([customer]))
        return self._survivors.numbers(connection, today)

    def _with(
        self, connection: Connection, state: State, ids: Sequence[int], numbers: BitMap
    ) -> dict[int, BitMap]:
        """Of these changes those that are about one of the numbers, with which of them; in the
        order they came."""
        found: dict[int, BitMap] = {}
        with self._lock:
            if self._stamp != state.stamp[1:]:  # somebody may have been erased from them
                self._blobs.clear()
                self._bytes, self._stamp = 0, state.stamp[1:]
            for id_ in ids:
                if id_ in self._blobs:
                    found[id_] = self._blobs[id_] & numbers
        missing = [id_ for id_ in ids if id_ not in found]
        for id_, people in repository.blobs(connection, missing):
            found[id_] = people & numbers
            self._keep(id_, people)
        return {id_: found[id_] for id_ in ids if found.get(id_)}

    def _keep(self, id_: int, people: BitMap) -> None:
        size = _bytes(people)
        with self._lock:
            if id_ not in self._blobs and self._bytes + size <= _KEPT_BYTES:
                self._blobs[id_] = people
                self._bytes += size


def _bytes(people: BitMap) -> int:
    told = people.get_statistics()
    return 200 + (
        told["n_bytes_array_containers"]
        + told["n_bytes_run_containers"]
        + told["n_bytes_bitset_containers"]
    )
