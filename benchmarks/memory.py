"""How much memory all sixteen models take over 100 million events with six property columns.

`python benchmarks/memory.py [--folder F] [--events N] [--customers N]` builds the shards in one
process and asks every question of `races/` in another, whose peak is printed: what the process
itself holds, and with the mapped pages of the shards, which the system may drop at any time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from facts import BEGIN, CUSTOMERS, BenchFacts, customer_attributes, write
from models import found
from yutang import analysis, sequence
from yutang.sequence.source import Column

EVENTS, GOAL_GB = 100_000_000, 8
GB = 1 << 30


class SixColumns(BenchFacts):
    """With a yes/no and a time of every event, too: six columns, two of them on a few events."""

    def columns(self) -> Sequence[Column]:
        return [*super().columns(), Column("gift", "bool"), Column("due", "time")]

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        for batch in super().batches(since=since, whole=whole):
            time = np.asarray(batch.column("time"))
            gift = pa.array((time - BEGIN) // 1000 % 2 == 0)
            yield batch.append_column("gift", gift).append_column(
                "due", pa.array(time + 86_400_000)
            )


def peak() -> tuple[float, float]:
    """GB this process holds itself, and with mapped files, at most so far."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    gb = {key: int(told[key].split()[0]) * 1024 / GB for key in ("VmHWM", "RssAnon")}
    return gb["RssAnon"], gb["VmHWM"]


def ask(shards: Path, customers: int) -> None:
    """Every question, a filter and a group over all six columns; then the peak."""
    opened = sequence.open_shards(shards, customer_attributes(customers))
    own = 0.0
    six = {
        "measures": [{"event": "*", "measure": "people"}],
        "unit": "week",
        "group": ["place", "gift"],
        "filter": {
            "or": [
                {"property": "page", "op": "=", "value": "07"},
                {"property": "form", "op": "=", "value": "01"},
                {"property": "amount", "op": ">", "value": 500},
                {"property": "due", "op": "is_set"},
            ]
        },
    }
    for model, params in [("event", six), *((race.model, dict(race.params)) for race in found([]))]:
        seconds = analysis.run(model, opened, params).seconds
        own = max(own, peak()[0])
        print(f"{model:14s} {seconds:7.2f} s, {peak()[1]:.2f} GB at most so far", flush=True)
    most = peak()[1]
    said = "reached" if most <= GOAL_GB else "MISSED"
    print(f"{own:.2f} GB after a question, {most:.2f} GB at most, mapped files included: {said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=2 * CUSTOMERS)
    parser.add_argument("--ask", type=Path, help="shards to ask, in a process of their own")
    asked = parser.parse_args()
    if asked.ask:
        ask(asked.ask, asked.customers)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        path, shards = folder / f"events-{asked.events}.parquet", folder / f"six-{asked.events}"
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write(path, asked.events, asked.customers)
        sequence.warm_up()
        if not shards.exists():
            sequence.build(SixColumns(path), shards)
        again = [sys.executable, __file__, "--ask", str(shards)]
        subprocess.run([*again, "--customers", str(asked.customers)], check=True)


if __name__ == "__main__":
    main()
