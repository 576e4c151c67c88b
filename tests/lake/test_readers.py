"""Readers in other processes while the one writer appends, compacts, removes and vacuums."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from tests.lake.test_lake import rows_of
from yutang.lake import Lake

BATCH = 12  # rows of one append; a reader must never see a part of it
ROUNDS = 30
READS = 40  # each reader's share, at least one of them after the last write


def read_on(root: str, results: Any, written: Any) -> None:
    """Read again and again; tell how many rows each look saw, or what went wrong."""
    lake, seen = Lake(Path(root)), []
    last_look = False
    while len(seen) < READS or not last_look:
        last_look = written.is_set()
        try:
            rows = lake.scan("events", ["identity", "p_batch"])
        except FileNotFoundError:
            continue  # vacuum took a file of the version we had opened: open the table again
        if rows.num_rows:
            per_batch = rows.group_by("p_batch").aggregate([("identity", "count")])
            counts = set(per_batch.column("identity_count").to_pylist())
            if counts != {BATCH}:
                results.put(f"a part of a batch: {counts}")
                return
        seen.append(rows.num_rows)
    results.put(seen)


@pytest.mark.slow
def test_readers_see_whole_batches_and_every_last_row(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.lake.test_readers"])
    results, written = context.Queue(), context.Event()
    root = tmp_path / "lake"
    readers = [
        context.Process(target=read_on, args=(str(root), results, written)) for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    lake, kept = Lake(root), 0
    for n in range(ROUNDS):
        numbers = list(range(n * BATCH, (n + 1) * BATCH))
        lake.append("events", rows_of(numbers, p_batch=f"b{n}"), journal="j", position=n)
        kept += BATCH
        if n % 5 == 3:
            lake.compact("events")
        if n % 10 == 7:
            kept -= lake.delete("events", "identity", numbers)
            lake.vacuum("events")
    written.set()
    for _ in readers:
        seen = results.get(timeout=60)
        assert isinstance(seen, list), seen
        assert seen[-1] == kept
    for reader in readers:
        reader.join(10)
        assert reader.exitcode == 0
