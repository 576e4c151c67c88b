"""Fifty million events of two million customers, as the lake would hold them: by time.

`python benchmarks/generate.py FOLDER [--events N --customers N]` writes events.parquet: customer
(uint32, from 1, heavy-tailed), second (uint32, 90 days of 2024, so that ties occur), code (uint8,
20 events, the n-th about 1/n as frequent). Seeded: the same file every time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EVENTS, CUSTOMERS, CODES, DAYS = 50_000_000, 2_000_000, 20, 90
BEGIN = 1_704_038_400  # 2024-01-01 in Shanghai


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    write(asked.folder / "events.parquet", asked.events, asked.customers)
