"""Appending a million events as Arrow batches to the lake, duplicates checked, fsynced.

Prints events per second for events of one week and for events spread over a year, and beside them
delta-rs alone (no key check, no index, no fsync).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from yutang.kit.columns import iso_days
from yutang.lake import Keys, Lake

EVENTS = 1_000_000
# Live events of a few days come in smaller commits, an import of a year in one (design §4).
CASES = ((7, 250_000), (365, 1_000_000))


def events(days: int, seed: int) -> pa.Table:
    """A million events of 60,000 people over so many days, sorted by day."""
    draw = np.random.default_rng(seed)
    day = np.sort(draw.integers(20_000, 20_000 + days, EVENTS)).astype(np.int32)
    halves = draw.integers(0, 2**63, (2, EVENTS)).astype(np.uint64)
    keys = Keys(halves[0], halves[1], day)
    names = pa.array([f"event_{i}" for i in range(20)])
    codes = pa.array(draw.integers(0, 20, EVENTS).astype(np.int32))
    return pa.table(
        {
            "day": iso_days(day),
            "event": pa.DictionaryArray.from_arrays(codes, names).cast(pa.string()),
            "identity": draw.integers(1, 60_000, EVENTS),
            "time": day.astype(np.int64) * 86_400_000 + draw.integers(0, 86_400_000, EVENTS),
            "event_key": keys.to_arrow(),
            "key_day": pa.array(day),
            "commit_id": np.ones(EVENTS, np.int64),
            "p_amount": draw.random(EVENTS),
        }
    )


def ours(table: pa.Table, root: Path, batch: int) -> float:
    lake = Lake(root)
    started = time.perf_counter()
    for position, start in enumerate(range(0, EVENTS, batch)):
        part = table.slice(start, batch)
        fresh = lake.fresh("events", Keys.from_arrow(part["event_key"], part["key_day"]))
        lake.append("events", part.filter(pa.array(fresh)), journal="bench", position=position)
    took = time.perf_counter() - started
    assert lake.count("events") == EVENTS
    return took


def bare(table: pa.Table, root: Path, batch: int) -> float:
    started = time.perf_counter()
    for start in range(0, EVENTS, batch):
        write_deltalake(str(root), table.slice(start, batch), mode="append", partition_by=["day"])
    return time.perf_counter() - started


def main() -> None:
    for days, batch in CASES:
        table = events(days, days)
        runs = []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(
                    (ours(table, Path(folder) / "a", batch), bare(table, Path(folder) / "b", batch))
                )
        mine, other = sorted(a for a, _ in runs)[1], sorted(b for _, b in runs)[1]
        print(
            f"{days:>4} days, commits of {batch:,}: ours {EVENTS / mine:>10,.0f} events/s,"
            f" delta-rs alone {EVENTS / other:>10,.0f} events/s, ratio {other / mine:.2f}"
        )


if __name__ == "__main__":
    main()
