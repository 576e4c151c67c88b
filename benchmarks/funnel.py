"""A funnel of 4 steps over 50 million events of 2 million customers, three ways in one run.

`python benchmarks/funnel.py [FOLDER]` generates the events (kept in FOLDER, if given), then asks

  Yutang   the model as a page asks it: tie rules, the steps' times with median and P90, the trend
  chdb     ClickHouse's windowFunnel, depth only, at the best of its settings
  DuckDB   SQL window functions, depth only

All on the same number of threads, Yutang and chdb in turns, the best of RUNS rounds each (DuckDB
of one). Equal counts are asserted before anything is printed. chdb lives in an environment of its
own, .venv-bench, made on first use from requirements.lock here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generate import CODES, CUSTOMERS, EVENTS, write
from yutang import analysis, sequence
from yutang.sequence.executors import Threads, threads
from yutang.sequence.source import Attribute, Column

HERE = Path(__file__).parent
BENCH_VENV = HERE.parent / ".venv-bench"
STEPS, RUNS, WINDOW_DAYS = (0, 3, 5, 9), 5, 7
PARAMS = {
    "steps": [{"event": f"event_{code}"} for code in STEPS],
    "window": {"value": WINDOW_DAYS, "unit": "day"},
}
OURS = "Yutang, with tie rules, times and trend"
Row = dict[str, Any]
# The goals of the project's second issue.
GOALS = {"chdb": 3, "DuckDB": 30}

SQL = """
WITH e AS (SELECT customer, second, CASE code WHEN {0} THEN 0 WHEN {1} THEN 1 WHEN {2} THEN 2
                  ELSE 3 END AS step FROM events WHERE code IN ({0}, {1}, {2}, {3})),
a AS (SELECT *, max(CASE WHEN step = 0 THEN second END) OVER w AS s0 FROM e
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING)),
b AS (SELECT *, max(CASE WHEN step = 1 AND second - s0 <= {window} THEN s0 END) OVER w AS s1 FROM a
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING)),
c AS (SELECT *, max(CASE WHEN step = 2 AND second - s1 <= {window} THEN s1 END) OVER w AS s2 FROM b
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING))
SELECT depth, count(*) FROM (
  SELECT customer, max(CASE WHEN step = 3 AND second - s2 <= {window} THEN 4
                            WHEN s2 IS NOT NULL THEN 3 WHEN s1 IS NOT NULL THEN 2
                            WHEN s0 IS NOT NULL THEN 1 ELSE 0 END) AS depth
  FROM c GROUP BY customer) WHERE depth > 0 GROUP BY depth ORDER BY depth
"""


class FileFacts:
    """The generated file as facts."""

    zone = "Asia/Shanghai"

    def __init__(self, path: Path) -> None:
        self.path = path

    def version(self) -> int:
        return 1

    def columns(self) -> Sequence[Column]:
        return []

    def changed(self, since: int) -> np.ndarray:
        return np.empty(0, np.uint32)

    def attributes(self) -> Mapping[str, Attribute]:
        return {}

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        names, arrival = pa.array([f"event_{code}" for code in range(CODES)]), 0
        for batch in pq.ParquetFile(self.path).iter_batches(1_000_000):
            numbers = np.arange(arrival, arrival + batch.num_rows)
            arrival += batch.num_rows
            codes = batch.column("code").cast(pa.int32())
            yield pa.record_batch(
                {
                    "customer": batch.column("customer"),
                    "time": pa.array(np.asarray(batch.column("second")).astype(np.int64) * 1000),
                    "event": pa.DictionaryArray.from_arrays(codes, names),
                    "arrival": pa.array(numbers),
                }
            )


def ask(shards: sequence.ShardSet, executor: Threads) -> tuple[float, dict[int, int], list[Row]]:
    """Seconds, people by depth, the rows."""
    result = analysis.run("funnel", shards, PARAMS, executor=executor)
    people = [row["people"] for row in result.rows] + [0]
    depths = {k: people[k - 1] - people[k] for k in range(1, len(people))}
    return result.seconds, depths, result.rows


class Chdb:
    """chdb in a process and an environment of its own."""

    def __init__(self, path: Path) -> None:
        python = BENCH_VENV / "bin" / "python"
        if not python.exists():
            venv.create(BENCH_VENV, with_pip=True)
            install = ["-m", "pip", "install", "-q", "-r", str(HERE / "requirements.lock")]
            subprocess.run([str(python), *install], check=True)
        codes = ",".join(map(str, STEPS))
        self._process = subprocess.Popen(
            [str(python), str(HERE / "chdb_funnel.py"), str(path), codes, str(threads())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready\n"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def ask(self) -> dict[str, tuple[float, dict[int, int]]]:
        """By setting: seconds, people by depth."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return {
            name: (answer["seconds"], {int(k): int(v) for k, v in answer["depths"].items()})
            for name, answer in json.loads(self._line()).items()
        }

    def close(self) -> None:
        self._process.communicate()


def in_duckdb(path: Path, temporary: Path) -> tuple[float, dict[int, int]]:
    """Seconds, people by depth."""
    db = duckdb.connect(str(temporary / "funnel.duckdb"))
    db.execute(f"SET threads = {threads()}")
    db.execute(f"CREATE TABLE events AS SELECT * FROM '{path}' ORDER BY customer, second")
    query = SQL.format(*STEPS, window=WINDOW_DAYS * 86_400)
    started = time.perf_counter()
    rows = db.execute(query).fetchall()
    return time.perf_counter() - started, dict(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        path = folder / f"events-{asked.events}.parquet"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write(path, asked.events, asked.customers)
        sequence.warm_up()
        started = time.perf_counter()
        sequence.build(FileFacts(path), Path(name) / "shards")
        built = time.perf_counter() - started
        shards, executor = sequence.open_shards(Path(name) / "shards"), Threads()
        best: dict[str, float] = {}
        chdb = Chdb(path)
        for _ in range(RUNS):
            seconds, depths, rows = ask(shards, executor)
            best[OURS] = min(best.get(OURS, seconds), seconds)
            for setting, (took, found) in chdb.ask().items():
                assert found == depths, (setting, found, depths)
                best[f"chdb, {setting}"] = min(best.get(f"chdb, {setting}", took), took)
        chdb.close()
        best["DuckDB SQL"], found = in_duckdb(path, Path(name))
        assert found == depths, ("DuckDB", found, depths)
    report(built, best, depths, rows)


def report(built: float, best: dict[str, float], depths: dict[int, int], rows: list[Row]) -> None:
    """Print the table and whether the goals were reached."""
    print(f"people by depth, equal in all: {depths}")
    for row in rows[1:]:
        print(f"  step {row['step']}: median {row['median_seconds']:,.0f} s from the previous")
    print(
        f"shards built from the file in {built:.1f} s; {threads()} threads, best of {RUNS} rounds"
    )
    for name, took in best.items():
        print(f"{name:42s} {took:8.3f} s {took / best[OURS]:7.1f} x")
    for engine, goal in GOALS.items():
        ratio = min(took for name, took in best.items() if name.startswith(engine)) / best[OURS]
        verdict = "reached" if ratio >= goal else "missed"
        print(f"{engine}: {ratio:.1f} x, goal {goal} x: {verdict}")


if __name__ == "__main__":
    main()
