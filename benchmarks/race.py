"""One model against chdb and DuckDB over the same generated events, in one run.

A benchmark of a model is a file that calls `race` with the model's parameters, one SQL text for
each engine, and what of Yutang's result must be equal to their rows. Equality is asserted before a
time is printed; Yutang and chdb take turns, the best of RUNS rounds each, DuckDB the best of two.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from funnel import BENCH_VENV, HERE, FileFacts
from generate import BEGIN, CUSTOMERS, EVENTS, write
from yutang import analysis, sequence
from yutang.sequence.executors import Threads, threads
from yutang.sequence.source import Column

RUNS = 3
Rows = list[list[Any]]


class PaidFacts(FileFacts):
    """The generated file as facts; the events of `paid` have an amount.

    Events of one second arrive by code, so that SQL can put them in the same order.
    """

    def __init__(self, path: Path, paid: tuple[int, ...]) -> None:
        super().__init__(path)
        self.paid = paid

    def columns(self) -> list[Column]:
        return [Column("amount", "number")] if self.paid else []

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        for batch in super().batches(since=since, whole=whole):
            customer = np.asarray(batch.column("customer")).astype(np.int64)
            second = np.asarray(batch.column("time")) // 1000
            code = np.asarray(batch.column("event").indices).astype(np.int64)
            number = np.asarray(batch.column("arrival"))
            columns = {name: batch.column(name) for name in ("customer", "time", "event")}
            columns["arrival"] = pa.array(((second - BEGIN) * 32 + code << 26) + number)
            if self.paid:
                amount = ((customer * 7 + second) % 1000).astype(np.float64)
                columns["amount"] = pa.array(amount, mask=~np.isin(code, self.paid))
            yield pa.record_batch(columns)


class Chdb:
    """chdb in a process and an environment of its own."""

    def __init__(self, path: Path) -> None:
        python = BENCH_VENV / "bin" / "python"
        if not python.exists():
            venv.create(BENCH_VENV, with_pip=True)
            install = ["-m", "pip", "install", "-q", "-r", str(HERE / "requirements.lock")]
            subprocess.run([str(python), *install], check=True)
        self._process = subprocess.Popen(
            [str(python), str(HERE / "chdb_race.py"), str(path), str(threads())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready\n"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def ask(self, sql: str) -> tuple[float, Rows]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(sql) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        return answer["seconds"], answer["rows"]

    def close(self) -> None:
        self._process.communicate()


def in_duckdb(path: Path, folder: Path, sql: str) -> tuple[float, Rows]:
    db = duckdb.connect(str(folder / "race.duckdb"))
    db.execute(f"SET threads = {threads()}")
    db.execute(
        "CREATE TABLE e AS SELECT customer, second, code,"
        " ((customer::BIGINT * 7 + second) % 1000)::DOUBLE AS amount"
        f" FROM '{path}' ORDER BY customer, second"
    )
    best, rows = math.inf, []
    for _ in range(2):
        started = time.perf_counter()
        rows = db.execute(sql).fetchall()
        best = min(best, time.perf_counter() - started)
    return best, [list(row) for row in rows]


def same(ours: Rows, theirs: Rows) -> bool:
    """Equal, numbers but for the last digits of a float."""
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return False
    return all(
        a == b or (isinstance(a, float | int) and math.isclose(a, float(b), rel_tol=1e-9))
        for mine, other in zip(ours, theirs, strict=True)
        for a, b in zip(mine, other, strict=True)
    )


def race(
    model: str,
    params: dict[str, Any],
    read: Callable[[analysis.Result], Rows],
    *,
    chdb: str,
    duckdb: str,
    paid: tuple[int, ...] = (),
    facts: type[PaidFacts] = PaidFacts,
    goal: float = 4,
    about: str = "",
) -> None:
    """Run, compare, print. The SQL of both reads a table `e`; its rows are in the order of ours."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    asked = parser.parse_args()
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        path = folder / f"events-{asked.events}.parquet"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write(path, asked.events, asked.customers)
        sequence.warm_up()
        sequence.build(facts(path, paid), Path(name) / "shards")
        shards, executor = sequence.open_shards(Path(name) / "shards"), Threads()
        engine = Chdb(path)
        for _ in range(RUNS):
            result = analysis.run(model, shards, params, executor=executor)
            best["Yutang"] = min(best.get("Yutang", math.inf), result.seconds)
            took, rows = engine.ask(chdb.replace(" e ", " d.e "))
            assert same(read(result), rows), ("chdb", read(result)[:3], rows[:3])
            best["chdb"] = min(best.get("chdb", math.inf), took)
        engine.close()
        best["DuckDB"], rows = in_duckdb(path, Path(name), duckdb)
        assert same(read(result), rows), ("DuckDB", read(result)[:3], rows[:3])
    print(f"{model}: {asked.events:,} events, {threads()} threads, equal in all three:")
    print(f"  {read(result)[0]}")
    for engine_name, took in best.items():
        print(f"{engine_name:8s} {took:8.3f} s {took / best['Yutang']:7.1f} x")
    ratio = min(best["chdb"], best["DuckDB"]) / best["Yutang"]
    print(f"the better of the two: {ratio:.1f} x, goal {goal:g} x: "
          f"{'reached' if ratio >= goal else 'missed'}")  # fmt: skip
