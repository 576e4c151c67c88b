"""A rule over five million customers and a hundred million events: cold, warm, and one person.

`python benchmarks/segments.py [--folder F] [--events N] [--customers N]` builds shards (kept in the
folder), then asks in a fresh process: six conditions on attributes and tags, two on behaviour. The
same rule is counted by DuckDB from the same facts, and must be the same number. Goals: 1 s cold
(nothing asked before, files in the page cache), 100 ms warm.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from facts import BenchFacts, write
from yutang import sequence
from yutang.customers.snapshot import empty_snapshot
from yutang.segments.asking import Asking, Ground, Masks
from yutang.segments.person import is_in
from yutang.segments.tree import read_rule
from yutang.sequence.calendar import day_of, day_start
from yutang.sequence.source import Attribute

EVENTS, CUSTOMERS = 100_000_000, 5_000_000
STAGES = ("never", "first", "repeat", "dormant", "lost")


def attributes(customers: int) -> dict[str, Attribute]:
    """Made ones: the same each time."""
    draw = np.random.default_rng(1)
    size = customers + 1
    return {
        "stage": Attribute("string", draw.integers(0, 5, size).astype(np.int32), STAGES),
        "paid": Attribute("number", draw.random(size) * 1_000),
        "city": Attribute(
            "string", draw.integers(0, 300, size).astype(np.int32), [f"c{i}" for i in range(300)]
        ),
        "level": Attribute("number", draw.integers(0, 9, size).astype(np.float64)),
    }


def tags(customers: int) -> dict[int, BitMap]:
    draw = np.random.default_rng(2)
    return {
        i: BitMap(np.flatnonzero(draw.random(customers + 1) < 0.2).astype(np.uint32))
        for i in (1, 2)
    }


def rule(names: list[str]) -> dict:
    return {
        "and": [
            {"kind": "attribute", "name": "stage", "op": "in", "value": ["first", "repeat"]},
            {"kind": "attribute", "name": "paid", "op": ">=", "value": 100},
            {"kind": "attribute", "name": "city", "op": "not_in", "value": ["c1", "c2"]},
            {"kind": "attribute", "name": "level", "op": "between", "value": [1, 7]},
            {"kind": "tag", "tags": [1, 2], "has": "any"},
            {"kind": "tag", "tags": [2], "has": "none"},
            {"kind": "event", "events": [names[0]], "when": {"last": 90}, "op": ">=", "value": 2},
            {"kind": "event", "events": [names[1]], "when": {"last": 30}, "op": "=", "value": 0},
        ]
    }


def ask(folder: Path, customers: int) -> None:
    """In a process that has asked nothing yet."""
    known, tagged = attributes(customers), tags(customers)
    began = time.perf_counter()
    shards = sequence.open_shards(folder, known)
    opened = time.perf_counter() - began
    alive = np.zeros(customers + 1, bool)
    for shard in shards.shards:
        alive[shard.customers[shard.customers <= customers]] = True
    empty = empty_snapshot()
    ground = Ground(
        snapshot=replace(empty, version=1, people=replace(empty.people, alive=alive)),
        shards=shards, attributes=known, zone=shards.zone,
        today=day_of(shards.span[1], shards.zone), in_segment=tagged.__getitem__,
        behind=lambda _: BitMap(), tagged=tagged.__getitem__,
    )  # fmt: skip
    node, masks, seconds = read_rule(rule(shards.event_names)), Masks(), []
    for _ in range(6):
        began = time.perf_counter()
        count = Asking(ground, masks).count(node)
        seconds.append(time.perf_counter() - began)
    cold, warm = seconds[0], min(seconds[1:])
    began = time.perf_counter()
    one = sum(is_in(ground, node, customer) for customer in range(1, 201)) / 200
    person = (time.perf_counter() - began) / 200
    rows = sum(shard.rows for shard in shards.shards)
    print(f"{rows:,} events, {int(alive.sum()):,} customers; shards opened in {opened:.2f} s")
    print(f"{count:,} fulfil it: cold {cold:.3f} s (goal 1), warm {warm * 1000:.0f} ms (goal 100)")
    print(f"one person: {person * 1000:.1f} ms ({one:.1%} of 200 fulfil it)", flush=True)
    print(f"DuckDB from the same facts: {asked_of_duckdb(ground, tagged, alive, count):.2f} s")


def asked_of_duckdb(ground: Ground, tagged: dict, alive: np.ndarray, expected: int) -> float:
    """Seconds for the same rule as SQL over columns in memory; asserts the same count."""
    shards = ground.shards
    db = duckdb.connect()
    parts = [
        pa.table({
            "customer": np.repeat(shard.customers, np.diff(shard.offsets)),
            "time": np.asarray(shard.time), "code": np.asarray(shard.code),
        })
        for shard in shards.shards
    ]  # fmt: skip
    events = pa.concat_tables(parts)
    ids = np.arange(alive.size, dtype=np.uint32)
    flags = {i: np.isin(ids, people.to_array(), kind="table") for i, people in tagged.items()}
    people = pa.table({
        "customer": ids, "alive": alive, "stage": ground.attributes["stage"].values,
        "paid": ground.attributes["paid"].values, "city": ground.attributes["city"].values,
        "level": ground.attributes["level"].values, "t1": flags[1], "t2": flags[2],
    })  # fmt: skip
    db.register("events", events)
    db.register("people", people)
    today = ground.today
    from datetime import timedelta

    first90, first30 = (day_start(today - timedelta(days=n - 1), ground.zone) for n in (90, 30))
    end = day_start(today + timedelta(days=1), ground.zone)
    sql = f"""
    WITH a AS (SELECT customer, count(*) n FROM events WHERE code = 0 AND time >= {first90}
               AND time < {end} GROUP BY customer),
         b AS (SELECT DISTINCT customer FROM events WHERE code = 1 AND time >= {first30}
               AND time < {end})
    SELECT count(*) FROM people p JOIN a USING (customer) ANTI JOIN b USING (customer)
    WHERE p.alive AND p.stage IN (1, 2) AND p.paid >= 100 AND p.city NOT IN (1, 2)
      AND p.level BETWEEN 1 AND 7 AND (p.t1 OR p.t2) AND NOT p.t2 AND a.n >= 2
    """
    began = time.perf_counter()
    ((found,),) = db.sql(sql).fetchall()
    seconds = time.perf_counter() - began
    assert found == expected, (found, expected)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--shards", type=Path, help="ask of these, and build nothing")
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.ask:
        ask(told.shards, told.customers)
        return
    with tempfile.TemporaryDirectory() as name:
        shards = told.shards
        if shards is None:
            folder = told.folder or Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            shards = folder / f"shards-{told.events}"
            if not (shards / "current.json").exists():
                path = folder / f"events-{told.events}.parquet"
                if not path.exists():
                    write(path, told.events, told.customers)
                sequence.build(BenchFacts(path), shards)
        again = [sys.executable, __file__, "--ask", "--shards", str(shards)]
        subprocess.run([*again, "--customers", str(told.customers)], check=True)


if __name__ == "__main__":
    main()
