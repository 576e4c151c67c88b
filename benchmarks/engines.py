"""A model beside chdb and DuckDB over the same generated events, equal results first.

A benchmark of a model says what to ask (`Question`) and calls `compare`. All run on the same number
of threads, in turns, the best of RUNS rounds each (chdb at the better of two settings, DuckDB of
DUCKDB_RUNS). The generated file is kept in FOLDER, if given.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from funnel import BENCH_VENV, HERE, FileFacts
from generate import BEGIN, CUSTOMERS, DAYS, EVENTS, write
from yutang import analysis, sequence
from yutang.sequence.executors import Threads, threads

RUNS, DUCKDB_RUNS = 5, 2
# Business days of Shanghai as whole numbers, days since 1970: what the SQL calls a day.
CH_DAY = "intDiv(second + 28800, 86400)"
DUCK_DAY = "((second + 28800) // 86400)::INTEGER"
FIRST_DAY = (BEGIN + 28_800) // 86_400
LAST_DAY = FIRST_DAY + DAYS - 1
_EPOCH = date(1970, 1, 1).toordinal()

# What is compared: a key of whole numbers, and how many people stand behind it.
Counts = dict[tuple[int, ...], int]


@dataclass(frozen=True)
class Question:
    """A model's parameters, how to read its answer, and the same question in SQL.

    Every SQL gives rows of whole numbers, the last of which counts people; rows of nobody do not
    matter.
    """

    model: str
    params: Mapping[str, Any]
    read: Callable[[analysis.Result], Counts]
    chdb: Mapping[str, str]
    duckdb: Mapping[str, str]
    goal: float


def day_number(label: str) -> int:
    """Days since 1970 of an ISO date."""
    return date.fromisoformat(label).toordinal() - _EPOCH


def ch_month(day: str) -> str:
    """0, 1, 2 for January, February, March 2024."""
    return f"({day} >= {FIRST_DAY + 31}) + ({day} >= {FIRST_DAY + 60})"


def duck_month(day: str) -> str:
    """As `ch_month`."""
    return f"(({day} >= {FIRST_DAY + 31})::INTEGER + ({day} >= {FIRST_DAY + 60})::INTEGER)"


def month_place(label: str) -> int:
    """The same of a label like 2024-02."""
    return int(label[5:]) - 1


class Chdb:
    """chdb in a process and an environment of its own (made by funnel.py)."""

    def __init__(self, path: Path) -> None:
        python = BENCH_VENV / "bin" / "python"
        if not python.exists():
            subprocess.run(["python3", "-m", "venv", str(BENCH_VENV)], check=True)
            install = ["-m", "pip", "install", "-q", "-r", str(HERE / "requirements.lock")]
            subprocess.run([str(python), *install], check=True)
        self._process = subprocess.Popen(
            [str(python), str(HERE / "chdb_sql.py"), str(path), str(threads())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready\n"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def ask(self, ways: Mapping[str, str]) -> dict[str, tuple[float, Counts]]:
        """By way: seconds, counts."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(dict(ways)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        return {way: (one["seconds"], _counts(one["rows"])) for way, one in answer.items()}

    def close(self) -> None:
        self._process.communicate()


def _counts(rows: list[Any]) -> Counts:
    return {tuple(int(x) for x in row[:-1]): int(row[-1]) for row in rows if row[-1]}


def compare(question: Question) -> None:
    """Ask all three; assert equal results; print times and whether the goal was reached."""
    parser = argparse.ArgumentParser(description=question.model)
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
        sequence.build(FileFacts(path), Path(name) / "shards")
        _report(question, _times(question, path, Path(name)))


def _times(question: Question, path: Path, folder: Path) -> dict[str, float]:
    shards, executor = sequence.open_shards(folder / "shards"), Threads()
    best: dict[str, float] = {}

    def note(name: str, seconds: float) -> None:
        best[name] = min(best.get(name, seconds), seconds)

    chdb = Chdb(path)
    for _ in range(RUNS):
        result = analysis.run(question.model, shards, question.params, executor=executor)
        expected = {key: n for key, n in question.read(result).items() if n}
        assert expected, "nothing was counted"
        note("Yutang", result.seconds)
        for way, (seconds, found) in chdb.ask(question.chdb).items():
            assert found == expected, _difference(way, found, expected)
            note(f"chdb, {way}", seconds)
    chdb.close()
    db = duckdb.connect(str(folder / "events.duckdb"))
    db.execute(f"SET threads = {threads()}")
    db.execute(f"CREATE TABLE events AS SELECT * FROM '{path}' ORDER BY customer, second")
    for way, sql in question.duckdb.items():
        for _ in range(DUCKDB_RUNS):
            started = time.perf_counter()
            rows = db.execute(sql).fetchall()
            note(f"DuckDB, {way}", time.perf_counter() - started)
            assert _counts(rows) == expected, _difference(way, _counts(rows), expected)
    print(f"{len(expected):,} counts, {sum(expected.values()):,} in sum, equal in all")
    return best


def _difference(way: str, found: Counts, expected: Counts) -> str:
    keys = [k for k in {*found, *expected} if found.get(k) != expected.get(k)][:5]
    return f"{way}: " + str([(k, found.get(k), expected.get(k)) for k in sorted(keys)])


def _report(question: Question, best: dict[str, float]) -> None:
    ours = best["Yutang"]
    print(f"{question.model}: {threads()} threads, best of {RUNS} rounds")
    for name, took in best.items():
        print(f"{name:42s} {took:8.3f} s {took / ours:7.1f} x")
    ratio = min(took for name, took in best.items() if name != "Yutang") / ours
    verdict = "reached" if ratio >= question.goal else "missed"
    print(f"better of the two: {ratio:.1f} x, goal {question.goal:g} x: {verdict}")
