"""All sixteen models beside chdb and DuckDB: one run, one set of shards, equal results first.

`python benchmarks/models.py [MODEL …] [--folder F] [--events N] [--customers N]`: 50 million events
of 2 million customers unless told otherwise (about 40 minutes and 12 GB for all). Every engine has
the same number of threads; ours and chdb take turns, the best of five rounds each, chdb at the
better of two settings and the best of its ways, DuckDB the best of two. FOLDER keeps the events,
the shards and `table.md`, the table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import races
from engines import Chdb, DuckDb
from facts import CUSTOMERS, EVENTS, BenchFacts, customer_attributes, write
from race import OURS, Outcome, Race, run, said, table, verdicts
from yutang import sequence
from yutang.sequence.executors import threads

FIRST_ANSWER = """
import sys, time
from pathlib import Path
from yutang import analysis, sequence
from races.funnel import RACES
shards = sequence.open_shards(Path(sys.argv[1]))
analysis.run("funnel", shards, dict(RACES[0].params))
"""
FIRST_GOAL, WARM_GOAL = 2.0, 0.5


def found(names: list[str]) -> list[Race]:
    """The races of these models; of all where none is named."""
    modules = [name for _, name, _ in pkgutil.iter_modules(races.__path__)]
    asked = names or sorted(modules)
    return [race for name in asked for race in importlib.import_module(f"races.{name}").RACES]


def prepare(folder: Path, events: int, customers: int) -> tuple[Path, Path]:
    """The file of events and the folder of shards, made where they are not there yet."""
    path, shards = folder / f"events-{events}.parquet", folder / f"shards-{events}"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write(path, events, customers)
    sequence.warm_up()
    if not shards.exists():
        started = time.perf_counter()
        sequence.build(BenchFacts(path), shards)
        print(f"shards built in {time.perf_counter() - started:.1f} s", flush=True)
    return path, shards


def first_answer(shards: Path) -> float:
    """Seconds from the start of a new process to a funnel's answer."""
    started = time.perf_counter()
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-c", FIRST_ANSWER, str(shards)], check=True, cwd=here)
    return time.perf_counter() - started


def report(outcome: Outcome) -> None:
    print(f"\n{outcome.race.name}: {outcome.rows:,} rows, equal in all")
    for name, took in outcome.seconds.items():
        print(f"  {name:42s} {took:8.3f} s {took / outcome.seconds[OURS]:7.1f} x")
    warm = outcome.seconds[OURS]
    told = [*verdicts(outcome)]
    told.append(
        f"warm {warm:.3f} s, goal {WARM_GOAL} s: {'reached' if warm <= WARM_GOAL else 'MISSED'}"
    )
    print("  " + "\n  ".join(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        path, made = prepare(folder, asked.events, asked.customers)
        first = min(first_answer(made) for _ in range(2))
        told = f"{first:.2f} s, goal {FIRST_GOAL:g} s: {said(first <= FIRST_GOAL)}"
        print(f"new process to first answer: {told}")
        shards = sequence.open_shards(made, customer_attributes(asked.customers))
        chdb, duck = Chdb(path), DuckDb(path, Path(name))
        outcomes: list[Outcome] = []
        for race in found(asked.models):
            outcomes.append(run(race, shards, chdb, duck))
            report(outcomes[-1])
            table(outcomes, folder)
        chdb.close()
    print(f"\n{threads()} threads, Python {platform.python_version()}, {platform.machine()}")


if __name__ == "__main__":
    main()
