"""Suggestions of one person behind two records, on public data whose truth is known.

`PYTHON benchmarks/linkage.py [--write]` with a Python that has Splink (requirements-linkage.lock);
data from YUTANG_SHARED: Splink's fake_1000 and FEBRL's data set 1. The records go the way of
customers' attributes. --write keeps the table that page and documentation show.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa

from yutang.linkage.evaluation import Score, evaluated
from yutang.linkage.fields import COLUMNS, record_of
from yutang.linkage.matching import Matched, match

DATA = Path(os.environ.get("YUTANG_SHARED", "../shared")) / "data/record_linkage"
OUT = Path(__file__).parents[1] / "src/yutang/linkage/evaluated.json"
Said = dict[str, str]


def table_of(records: list[Said]) -> pa.Table:
    """Records as the matching takes them, numbered from 1."""
    rows = [record_of(one) for one in records]
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    return pa.table({"unique_id": pa.array(range(1, len(rows) + 1), pa.int64()), **columns})


def read(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        return [
            {key.strip(): (value or "").strip() for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def fake_1000() -> tuple[list[Said], set[tuple[int, int]]]:
    rows = read("fake_1000.csv.gz")
    said = [
        {
            "given": row["first_name"], "surname": row["surname"], "birthday": row["dob"],
            "city": row["city"], "email": row["email"],
        }
        for row in rows
    ]  # fmt: skip
    return said, pairs_of([row["cluster"] for row in rows])


def febrl_1() -> tuple[list[Said], set[tuple[int, int]]]:
    """Without the social security number: brands have nothing like it."""
    rows = read("febrl_dataset1.csv.gz")
    said = [
        {
            "given": row["given_name"], "surname": row["surname"], "city": row["suburb"],
            "birthday": row["date_of_birth"], "postcode": row["postcode"],
            "address": f"{row['street_number']} {row['address_1']}".strip(),
        }
        for row in rows
    ]  # fmt: skip
    return said, pairs_of([row["rec_id"].split("-")[1] for row in rows])


def pairs_of(clusters: list[str]) -> set[tuple[int, int]]:
    members = defaultdict(list)
    for number, cluster in enumerate(clusters, start=1):
        members[cluster].append(number)
    return {pair for one in members.values() for pair in combinations(one, 2)}


SETS = {"fake_1000": fake_1000, "febrl_1": febrl_1}


def scored(name: str) -> tuple[list[Score], Matched, int]:
    """(by threshold, what was found, how many true pairs there are)."""
    said, truth = SETS[name]()
    found = match(table_of(said), 0.01)
    probabilities = {(pair.a, pair.b): pair.probability for pair in found.pairs}
    return evaluated(probabilities, truth), found, len(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description="Precision and recall of suggestions.")
    parser.add_argument("--write", action="store_true", help="keep the table for page and docs")
    keep = parser.parse_args().write
    if not DATA.exists():
        sys.exit(f"{DATA} is not there: set YUTANG_SHARED.")
    import splink

    kept: dict[str, Any] = {
        "splink": splink.__version__,
        "on": datetime.now(UTC).date().isoformat(),
        "sets": {},
    }
    for name in SETS:
        started = time.perf_counter()
        scores, found, truth = scored(name)
        print(f"{name}: {found.records:,} records, {truth:,} true pairs, compared by "
              f"{', '.join(found.fields)}; {time.perf_counter() - started:.1f} s")  # fmt: skip
        print("  threshold  precision  recall      F1   right  wrong  missed")
        for one in scores:
            rates = [one.precision or 0, one.recall or 0, one.f1 or 0]
            print(f"  {one.threshold:9.3f}  {rates[0]:9.3f} {rates[1]:7.3f} {rates[2]:7.3f} "
                  f"{one.right:7,} {one.wrong:6,} {one.missed:7,}")  # fmt: skip
        kept["sets"][name] = {
            "records": found.records,
            "pairs": truth,
            "fields": list(found.fields),
            "scores": [one.to_json() for one in scores],
        }
    if keep:
        OUT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
