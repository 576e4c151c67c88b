"""The files that schedules leave: below the brand's folder, so many and so large, no more.

They hold aggregates, no rows about persons: a question in SQL has no schedule. `backup` takes them
along with the rest of the brand's folder.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from yutang.errors import BadInput, NotFound
from yutang.kit.sheets import Sheet, csv_bytes, xlsx_bytes
from yutang.workspace import Workspace

FOLDER = "reports"
MOST_BYTES = 50_000_000  # of one file


def write(workspace: Workspace, sheets: Sequence[Sheet], kind: str) -> tuple[str, int]:
    """Store the tables as csv (the first one) or xlsx (all): the stored name and its size in bytes.

    The name cannot be guessed; the file is whole or not there. Raises BadInput when it is too
    large, OSError.
    """
    if kind == "xlsx":
        raw = xlsx_bytes(sheets)
    else:
        raw = b"".join(csv_bytes(sheets[0].header, sheets[0].rows))
    if len(raw) > MOST_BYTES:
        raise BadInput(
            "The file would be larger than %(mb)s MB.",
            hint="Ask for fewer groups or a coarser unit.",
            mb=MOST_BYTES // 1_000_000,
        )
    stored = f"{secrets.token_hex(12)}.{kind}"
    target = _folder(workspace) / stored
    partial = target.with_name(stored + ".tmp")
    with partial.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    return stored, len(raw)


def path_of(workspace: Workspace, stored: str) -> Path:
    """Where a stored file lies. Raises NotFound where it is gone."""
    path = _folder(workspace) / Path(stored).name
    if not stored or not path.is_file():
        raise NotFound("This file is gone.", hint="Run the schedule again; old files are removed.")
    return path


def remove(workspace: Workspace, stored: str) -> None:
    """Remove a file, if it is there."""
    if stored:
        (_folder(workspace) / Path(stored).name).unlink(missing_ok=True)


def sweep(workspace: Workspace, known: set[str], older_than: float) -> None:
    """Remove files that no run names any more (a process died between file and row)."""
    for path in _folder(workspace).iterdir():
        if path.name not in known and path.stat().st_mtime < older_than:
            path.unlink(missing_ok=True)


def _folder(workspace: Workspace) -> Path:
    path = workspace.root / FOLDER
    path.mkdir(exist_ok=True)
    return path
