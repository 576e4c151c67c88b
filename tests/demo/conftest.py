"""The demo files, written once for a test run and read back as an outsider would read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from yutang.demo import DemoFile, write_simulation
from yutang.errors import NotFound

_EVENT_IDS = [f"identity.{k}" for k in ("external_userid", "unionid", "member_no", "tmall_buyer")]
_ORDER_IDS = ["buyer", "member_no"]


@dataclass(frozen=True)
class Files:
    """Written files as tables, and their people: connected components of what rows say together."""

    files: list[DemoFile]

    @cached_property
    def events(self) -> pa.Table:
        return pq.read_table(next(file.path for file in self.files if file.kind == "events"))

    @cached_property
    def lines(self) -> pa.Table:
        tables = [pq.read_table(file.path) for file in self.files if file.kind == "orders"]
        return pa.concat_tables(tables, promote_options="default")

    @cached_property
    def orders(self) -> pa.Table:
        """One row for each paid order."""
        first = pc.ends_with(self.lines["line_id"], "-1")
        return self.lines.filter(pc.and_(first, pc.greater(self.lines["paid_fen"], 0)))

    @cached_property
    def _nodes(self) -> tuple[pa.Array, np.ndarray, int]:
        """Every id, and the number of the person it belongs to. (Ids of different kinds never
        look alike here, so their kinds need no telling apart.)"""
        rows = [
            table.group_by(columns).aggregate([])
            for table, columns in ((self.events, _EVENT_IDS), (self.lines, _ORDER_IDS))
        ]
        known = pc.unique(
            pa.chunked_array(
                [
                    pc.drop_null(column).combine_chunks()
                    for table in rows
                    for column in table.columns
                ]
            )
        )
        begins, ends = [], []
        for table in rows:
            places = [_place(column, known) for column in table.columns]
            for a, b in combinations(places, 2):
                both = (a >= 0) & (b >= 0)
                begins.append(a[both])
                ends.append(b[both])
        a, b = np.concatenate(begins), np.concatenate(ends)
        graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(known), len(known)))
        count, person = connected_components(graph, directed=False)
        return known, person, int(count)

    @property
    def people(self) -> int:
        return self._nodes[2]

    def person_of_events(self, rows: pa.Table) -> np.ndarray:
        """The person of each event."""
        known, person, _ = self._nodes
        return person[_place(pc.coalesce(*(rows[name] for name in _EVENT_IDS)), known)]

    def person_of_orders(self, rows: pa.Table) -> np.ndarray:
        """The person of each order, -1 for walk-ins."""
        known, person, _ = self._nodes
        place = _place(pc.coalesce(*(rows[name] for name in _ORDER_IDS)), known)
        return np.where(place >= 0, person[place], -1)

    def named(self, name: str, **wanted: str) -> pa.Table:
        """Events of this name whose properties have these values."""
        mask = pc.equal(self.events["event"], name)
        for key, value in wanted.items():
            mask = pc.and_(
                mask, pc.fill_null(pc.equal(self.events[f"property.{key}"], value), False)
            )
        return self.events.filter(mask)


def _place(column: pa.ChunkedArray, known: pa.Array) -> np.ndarray:
    return pc.fill_null(pc.index_in(column, known), -1).to_numpy(zero_copy_only=False)


def _write(folder: Path, **options: int) -> Files:
    try:
        return Files(write_simulation(folder, **options))
    except NotFound as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The demo as `make demo` writes it."""
    return _write(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The same with 3,000 customers."""
    return _write(tmp_path_factory.mktemp("small"), customers=3_000)
