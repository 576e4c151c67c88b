"""What happened to one person's tags, and to one tag over the weeks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.kit.clock import day_numbers
from yutang.tags import repository, rules
from yutang.tags.holding import State
from yutang.tags.repository import ChangeRow

_KEPT_BYTES = 128_000_000  # of bitmaps of large changes, which never change but at an erasure
_QUARTER_MS = 900_000
MOST_SHOWN = 1_000


class Histories:
    """Reads changes about a person: those of one number by an index, those of many by looking
    into their bitmaps, of which the ones read last are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: dict[int, BitMap] = {}
        self._bytes = 0
        self._stamp: tuple[int, ...] = ()

    def of_customer(
        self, connection: Connection, state: State, customer: int
    ) -> tuple[list[ChangeRow], list[ChangeRow]]:
        """The newest standing addition of each tag that he has, in the order of the tags; and all
        his changes, newest first (at most MOST_SHOWN)."""
        today, numbers = state.numbers_of(customer)
        rows = repository.rows_about(connection, numbers.to_array())
        about = self._with(
            connection, state, [row.id for row in rows if row.customer is None], numbers
        )
        rows = [row for row in rows if row.customer is not None or row.id in about]
        newest: dict[int, ChangeRow] = {}
        for row in reversed(rows):
            if row.action == "add" and row.undone_at is None and row.tag_id in state.stored:
                who = about[row.id] if row.customer is None else BitMap([row.customer])
                if not who.isdisjoint(state.stored[row.tag_id]):  # a number that still has it
                    newest[row.tag_id] = row
        has = [id_ for id_, people in state.people.items() if today in people]
        return [newest[id_] for id_ in has if id_ in newest], rows[:MOST_SHOWN]

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
