"""Fifty million events of two million customers, as the lake would hold them, for all models.

`write` makes the file, by time: customer (uint32, from 1, heavy-tailed), second (uint32, 90 days of
2024, so that ties occur), code (uint8, 20 events, the n-th about 1/n as frequent). Seeded: the same
file every time. `BenchFacts` is that file as facts. What else it says of an event is made of its
customer and second, so that SQL can make it too: with k = customer * 7 + second

    amount   k % 1000             of event_9           place   k % 13   of every event
    page     k % 50               of event_0           form    k % 3    of every event

and of a customer: ten = customer % 10, seven = customer % 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from yutang.sequence.source import Attribute, Column

EVENTS, CUSTOMERS, CODES, DAYS = 50_000_000, 2_000_000, 20, 90
BEGIN = 1_704_038_400  # 2024-01-01 in Shanghai
PAID, SEEN = 9, 0
# String properties: name, how many values, the only event that has it.
STRINGS = (("place", 13, None), ("page", 50, SEEN), ("form", 3, None))


def write(path: Path, events: int = EVENTS, customers: int = CUSTOMERS) -> None:
    """Generate and write the events."""
    rng = np.random.default_rng(1)
    weight = rng.pareto(1.5, customers) + 0.2
    counts = rng.multinomial(events, weight / weight.sum())
    customer = np.repeat(np.arange(1, customers + 1, dtype=np.uint32), counts)
    rng.shuffle(customer)
    second = rng.integers(BEGIN, BEGIN + DAYS * 86_400, events, dtype=np.uint32)
    second.sort()
    share = 1 / np.arange(1, CODES + 1)
    cuts = (np.cumsum(share / share.sum()) * 2**32).astype(np.uint64)
    code = np.searchsorted(cuts, rng.integers(0, 2**32 - 64, events, dtype=np.uint64), "right")
    table = pa.table({"customer": customer, "second": second, "code": code.astype(np.uint8)})
    pq.write_table(table, path, row_group_size=1_000_000, compression="zstd")


class BenchFacts:
    """The generated file as facts; events of one second arrive by code, as SQL can sort them."""

    zone = "Asia/Shanghai"

    def __init__(self, path: Path) -> None:
        self.path = path

    def version(self) -> int:
        return 1

    def columns(self) -> Sequence[Column]:
        return [Column("amount", "number"), *(Column(name, "string") for name, _, _ in STRINGS)]

    def changed(self, since: int) -> np.ndarray:
        return np.empty(0, np.uint32)

    def attributes(self) -> Mapping[str, Attribute]:
        return {}

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        events, arrived = pa.array([f"event_{code}" for code in range(CODES)]), 0
        names = {name: pa.array([f"{i:02d}" for i in range(n)]) for name, n, _ in STRINGS}
        for batch in pq.ParquetFile(self.path).iter_batches(1_000_000):
            second = np.asarray(batch.column("second")).astype(np.int64)
            code = np.asarray(batch.column("code")).astype(np.int64)
            mixed = np.asarray(batch.column("customer")).astype(np.int64) * 7 + second
            number = np.arange(arrived, arrived + batch.num_rows)
            arrived += batch.num_rows
            columns = {
                "customer": batch.column("customer"),
                "time": pa.array(second * 1000),
                "event": pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), events),
                "arrival": pa.array(((second - BEGIN) * 32 + code << 26) + number),
                "amount": pa.array((mixed % 1000).astype(np.float64), mask=code != PAID),
            }
            for name, size, only in STRINGS:
                mask = None if only is None else code != only
                values = pa.array((mixed % size).astype(np.int32), mask=mask)
                columns[name] = pa.DictionaryArray.from_arrays(values, names[name])
            yield pa.record_batch(columns)


def customer_attributes(customers: int) -> dict[str, Attribute]:
    """Numbers of the customers, by id."""
    ids = np.arange(customers + 1)
    return {
        name: Attribute("number", (ids % size).astype(np.float64))
        for name, size in (("ten", 10), ("seven", 7))
    }
