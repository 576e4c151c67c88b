"""Claims: what an import also holds of the rows that another import brought first.

A row that the lake knows already is dropped as a duplicate; the import then notes the row's key,
and which place it would have given it. When the other import is undone, the row passes on to the
claimant whose commit is the oldest, just as if the undone import had never been there.
"""

from __future__ import annotations

import os
import shutil

import numpy as np
from sqlalchemy import Connection, select

from yutang.lake import Keys
from yutang.state.brand import imports
from yutang.workspace import Workspace

CLAIM = np.dtype(
    [
        ("high", np.uint64),  # halves of the row's key
        ("low", np.uint64),
        ("row", np.int64),  # row of the claimant's file
        ("arrival", np.int64),
        ("commit_id", np.int64),
        ("at", np.int64),  # when the claimant's row arrived, UTC ms
        ("owner", np.int64),  # the claimant, filled in when claims are read
    ]
)


def claim(
    workspace: Workspace,
    import_id: int,
    part: int | str,
    table: str,
    keys: Keys,
    *,
    rows: np.ndarray,
    arrival: np.ndarray,
    commit_id: int,
) -> None:
    """Note that an import also holds these n keys; rows, arrival: int64 (n)."""
    if not len(keys):
        return
    made = np.zeros(len(keys), CLAIM)
    made["high"], made["low"] = keys.high, keys.low
    made["row"], made["arrival"] = rows, arrival
    made["commit_id"], made["at"] = commit_id, workspace.now()
    folder = workspace.files / "claims" / str(import_id)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{table}-{part}.tmp"
    with temporary.open("wb") as file:
        np.save(file, made)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / f"{table}-{part}.npy")


def claims_of_others(
    workspace: Workspace, import_id: int, table: str, live: set[int]
) -> np.ndarray:
    """Claims (CLAIM, n) of live imports other than this one; of each key the oldest."""
    found: list[np.ndarray] = []
    for folder in sorted((workspace.files / "claims").glob("*")):
        other = int(folder.name)
        if other == import_id or other not in live:
            continue
        for path in folder.glob(f"{table}-*.npy"):
            part = np.load(path)
            part["owner"] = other
            found.append(part)
    if not found:
        return np.zeros(0, CLAIM)
    everything = np.concatenate(found)
    order = np.lexsort(
        (everything["arrival"], everything["commit_id"], everything["low"], everything["high"])
    )
    everything = everything[order]
    first = np.ones(len(everything), bool)
    first[1:] = (everything["high"][1:] != everything["high"][:-1]) | (
        everything["low"][1:] != everything["low"][:-1]
    )
    return everything[first]


def drop_claims(workspace: Workspace, import_id: int) -> None:
    shutil.rmtree(workspace.files / "claims" / str(import_id), ignore_errors=True)


def live_imports(connection: Connection) -> set[int]:
    """Imports whose facts stand, or may: a failed one that was queued again keeps its parts."""
    alive = ("done", "running", "failed", "queued")
    query = select(imports.c.id).where(imports.c.status.in_(alive))
    return {int(row[0]) for row in connection.execute(query)}
