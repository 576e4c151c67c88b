"""Order import, from CSV to queryable, beside DuckDB's bare read of the same file.

`python benchmarks/imports.py` writes the 1,469,307 lines of The Complete Journey as CSV, imports
them into a fresh installation with the ordinary importer and refreshes every cache, then lets
DuckDB read the file into a table. Prints lines per second of both.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import duckdb

from yutang.app import Services
from yutang.demo import COMPLETE_JOURNEY_ZONE, write_complete_journey
from yutang.installation import Installation
from yutang.refresh import refresh
from yutang.settings import Settings

RUNS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        parquet = write_complete_journey(root / "files")[0]
        csv = root / "orders.csv"
        duckdb.sql(f"COPY (FROM '{parquet.path}') TO '{csv}' (HEADER)")
        ours, store, bare = [], [], []
        for run in range(RUNS):
            started = time.perf_counter()
            stored = _import(root / f"home-{run}", csv)
            ours.append(time.perf_counter() - started)
            store.append(stored)
            started = time.perf_counter()
            db = duckdb.connect()
            db.execute(f"CREATE TABLE t AS FROM read_csv('{csv}', all_varchar=true)")
            counted = db.execute("SELECT count(*) FROM t").fetchone()
            bare.append(time.perf_counter() - started)
            assert counted is not None
            assert counted[0] == parquet.rows
        print(f"order lines                 {parquet.rows:>12,}")
        for name, times in (
            ("stored (import alone)", store),
            ("queryable (caches too)", ours),
            ("DuckDB bare read", bare),
        ):
            middle = sorted(times)[len(times) // 2]
            print(f"{name:<24} {middle:6.2f} s {parquet.rows / middle:>12,.0f} lines/s")


def _import(home: Path, csv: Path) -> float:
    Installation.create(home).add_brand("main", "bench", zone=COMPLETE_JOURNEY_ZONE)
    brand = Services.open(Settings(home=home)).brand()
    started = time.perf_counter()
    one = brand.imports.add(csv, kind="orders", filename=csv.name)
    brand.imports.queue(one.id, preset="complete_journey")
    with brand.workspace.writer():
        ran = brand.imports.run(one.id)
        assert ran.status == "done", ran.error
        stored = time.perf_counter() - started
        refresh(brand)
    assert brand.status()["order_lines"] == ran.result["lines"]  # type: ignore[index]
    return stored


if __name__ == "__main__":
    main()
