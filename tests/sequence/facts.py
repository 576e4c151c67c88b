"""Facts in memory, with the lake's habits: commits, late events, merges, erasure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa

from yutang.sequence.source import Attribute, Column

ARROW = {
    "number": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "time": pa.int64(),
    "list": pa.list_(pa.string()),
}
COLUMNS = (
    Column("amount", "number"),
    Column("place", "string"),
    Column("gift", "bool"),
    Column("due", "time"),
    Column("tags", "list"),
    Column("note", "string"),
)


class MemoryFacts:
    """Rows are dicts: customer, time, event, arrival, commit, and properties that are present."""

    def __init__(self, zone: str = "Asia/Shanghai", batch: int = 1_000_000) -> None:
        self.zone, self.batch = zone, batch
        self.rows: list[dict] = []
        self.known: list[Column] = list(COLUMNS)
        self.stand = 0
        self._changed: list[tuple[int, int]] = []
        self.customer_attributes: dict[str, Attribute] = {}

    # -- what happens to facts -----------------------------------------------------------------
    def append(self, rows: list[dict]) -> None:
        self.stand += 1
        first = len(self.rows) + 1
        for number, row in enumerate(rows):
            self.rows.append({**row, "arrival": (self.stand << 20) + first + number,
                              "commit": self.stand})  # fmt: skip

    def merge(self, gone: int, into: int) -> None:
        self.stand += 1
        for row in self.rows:
            if row["customer"] == gone:
                row["customer"] = into
        self._changed += [(self.stand, gone), (self.stand, into)]

    def erase(self, customer: int) -> None:
        self.stand += 1
        self.rows = [row for row in self.rows if row["customer"] != customer]
        self._changed.append((self.stand, customer))

    def revise(self, customer: int, **properties: object) -> None:
        self.stand += 1
        for row in self.rows:
            if row["customer"] == customer:
                row.update(properties)
        self._changed.append((self.stand, customer))

    # -- the port ------------------------------------------------------------------------------
    def version(self) -> int:
        return self.stand

    def columns(self) -> list[Column]:
        return self.known

    def changed(self, since: int) -> np.ndarray:
        return np.array(sorted({c for at, c in self._changed if at > since}), np.uint32)

    def attributes(self) -> Mapping[str, Attribute]:
        return self.customer_attributes

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        chosen = set() if whole is None else set(whole.tolist())
        rows = [r for r in self.rows if r["commit"] > since or r["customer"] in chosen]
        for first in range(0, len(rows), self.batch):
            yield self._batch(rows[first : first + self.batch])

    def _batch(self, rows: list[dict]) -> pa.RecordBatch:
        arrays = {
            "customer": pa.array([r["customer"] for r in rows], pa.uint32()),
            "time": pa.array([r["time"] for r in rows], pa.int64()),
            "event": pa.array([r["event"] for r in rows], pa.string()),
            "arrival": pa.array([r["arrival"] for r in rows], pa.int64()),
        }
        for column in self.known:
            values = [r.get(column.name) for r in rows]
            if any(value is not None for value in values):
                arrays[column.name] = pa.array(values, ARROW[column.type])
        return pa.record_batch(arrays)


def read_back(shards) -> list[dict]:
    """All visible rows of a shard set as dicts, by customer, in stored order."""
    out = []
    for shard in shards.shards:
        columns = {c: _values(shards, shard, c) for c in shards.columns}
        for i, customer in enumerate(shard.customers.tolist()):
            if shard.keep.size and not shard.keep[i]:
                continue
            for row in range(shard.offsets[i], shard.offsets[i + 1]):
                fact = {
                    "customer": customer,
                    "time": int(shard.time[row]),
                    "event": shards.event_names[shard.code[row]],
                    "arrival": int(shard.arrival[row]),
                }
                for name, values in columns.items():
                    if values[row] is not None:
                        fact[name] = values[row]
                out.append(fact)
    return sorted(out, key=lambda r: r["customer"])


def _values(shards, shard, name) -> list:
    file = shard.column(name)
    if file is None:
        return [None] * shard.rows
    if file.type == "list":
        words = shards.dictionary(name).to_pylist()
        offsets, codes = file.read_lists(0, shard.rows)
        return [[words[c] for c in codes[a:b]] or None for a, b in pairwise(offsets)]
    values = file.read(0, shard.rows).tolist()
    if file.type == "string":
        words = shards.dictionary(name).to_pylist()
        return [None if v < 0 else words[v] for v in values]
    if file.type == "bool":
        return [None if v < 0 else bool(v) for v in values]
    if file.type == "time":
        return [None if v == np.iinfo(np.int64).min else v for v in values]
    return [None if v != v else v for v in values]


def expected(facts: MemoryFacts) -> list[dict]:
    """What `read_back` must give."""
    rows = sorted(facts.rows, key=lambda r: (r["customer"], r["time"], r["arrival"]))
    return [
        {k: v for k, v in row.items() if k != "commit" and v is not None and v != []}
        for row in rows
    ]
