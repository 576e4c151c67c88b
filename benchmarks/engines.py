"""The engines beside which models run, over the same events: table e (customer, second, code,
amount), sorted by customer and second, as suits both best. SQL comes in ways; each way gives rows
of plain values.
"""

from __future__ import annotations

import json
import subprocess
import time
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from yutang.sequence.executors import threads

HERE = Path(__file__).parent
BENCH_VENV = HERE.parent / ".venv-bench"
# Business days of Shanghai as whole numbers, days since 1970: what the SQL calls a day.
CH_DAY = "intDiv(second + 28800, 86400)"
DUCK_DAY = "((second + 28800) // 86400)::INTEGER"
# A query that took longer is not asked again.
LONG_SECONDS = 20

Rows = list[list[Any]]
Answers = dict[str, tuple[float, Rows]]


def bench_python() -> str:
    """The Python of .venv-bench, where the others' packages live; filled anew when the lock is."""
    python, lock = BENCH_VENV / "bin" / "python", HERE / "requirements.lock"
    done = BENCH_VENV / ".filled"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        venv.create(BENCH_VENV, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(lock)], check=True)
        done.touch()
    return str(python)


class Chdb:
    """ClickHouse's engine in a process and an environment of its own, made on first use."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [bench_python(), str(HERE / "chdb_sql.py"), str(path), str(threads())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready\n"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def ask(self, ways: Mapping[str, str]) -> Answers:
        """Seconds (at the better of two settings) and rows, by way."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(dict(ways)) + "\n")
        self._process.stdin.flush()
        answers = json.loads(self._line())
        return {way: (one["seconds"], one["rows"]) for way, one in answers.items()}

    def close(self) -> None:
        self._process.communicate()


class DuckDb:
    """DuckDB in this process, over a database file."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._db = duckdb.connect(str(folder / "events.duckdb"))
        self._db.execute(f"SET threads = {threads()}")
        self._db.execute(
            "CREATE TABLE e AS SELECT customer, second, code,"
            " ((customer::BIGINT * 7 + second) % 1000)::DOUBLE AS amount"
            f" FROM '{path}' ORDER BY customer, second"
        )

    def ask(self, ways: Mapping[str, str], *, rounds: int) -> Answers:
        """Seconds (the best of the rounds) and rows, by way."""
        return {way: self._ask(sql, rounds) for way, sql in ways.items()}

    def _ask(self, sql: str, rounds: int) -> tuple[float, Rows]:
        best = float("inf")
        for _ in range(rounds):
            started = time.perf_counter()
            rows = self._db.execute(sql).fetchall()
            best = min(best, time.perf_counter() - started)
            if best > LONG_SECONDS:
                break
        return best, [list(row) for row in rows]
