"""One Delta table's log: which version is the newest, without reading it again and again.

A table that takes a commit each second must not be opened from nothing for each: the newest
version is found by looking for the next log entry, and the writer keeps its table open.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

OPEN_TRIES = 3  # a reader may meet the log in the moment the writer trims it


class TableLog:
    """The log of the table in the folder `path`, as this process last saw it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path / "_delta_log"
        self._version = -1
        self._table: DeltaTable | None = None
        self._maxima: tuple[int, dict[str, int]] | None = None  # of a version, by column

    def entry(self, version: int) -> Path:
        return self.folder / f"{version:020d}.json"

    def exists(self) -> bool:
        """Was anything ever committed? (A crash may leave an empty log folder.)"""
        if self._version >= 0 and self.entry(self._version).exists():
            return True
        try:
            with os.scandir(self.folder) as entries:
                return any(entry.name.endswith((".json", ".parquet")) for entry in entries)
        except FileNotFoundError:
            return False

    def version(self) -> int:
        """The newest Delta version; -1 before the first commit."""
        version = self._version
        if version < 0 or not self.entry(version).exists():  # trimmed by another process
            version = self.open().version() if self.exists() else -1
        while version >= 0 and self.entry(version + 1).exists():
            version += 1
        self._version = version
        return version

    def open(self) -> DeltaTable:
        """The newest version, opened from nothing: the caller's own."""
        for _ in range(OPEN_TRIES - 1):
            try:
                return DeltaTable(str(self.path))
            except DeltaError:
                continue
        return DeltaTable(str(self.path))

    def kept_open(self) -> DeltaTable:
        """The newest version, kept open from call to call: for the one writer alone."""
        version = self.version()
        if self._table is None or self._table.version() > version:
            self._table = self.open()
        elif self._table.version() < version:
            try:
                self._table.update_incremental()
            except DeltaError:  # the log between was trimmed
                self._table = self.open()
        return self._table

    def close(self) -> None:
        """Forget the kept table: an error may have left it between two versions."""
        self._table = None

    def highest(self, column: str) -> int:
        """The largest value of an integer column that has statistics; 0 without any."""
        if not self.exists():
            return 0
        version = self.version()
        if self._maxima is None or self._maxima[0] != version:
            actions = pa.table(self.open().get_add_actions(flatten=True))
            whole = [f.name for f in actions.schema if pa.types.is_integer(f.type)]
            self._maxima = (
                version,
                {
                    name.removeprefix("max."): int(pc.max(actions.column(name)).as_py() or 0)
                    for name in whole
                    if name.startswith("max.")
                },
            )
        return max(0, self._maxima[1].get(column, 0))

    def appended(self, before: int, rows: pa.Table) -> None:
        """Rows were appended to version `before`: what is known of the columns stays known."""
        if self._maxima is None or self._maxima[0] != before or self.version() != before + 1:
            return
        known = self._maxima[1]
        for name in known:
            if name in rows.column_names:
                known[name] = max(known[name], int(pc.max(rows.column(name)).as_py() or 0))
        self._maxima = (before + 1, known)

    def added(self, version: int) -> list[tuple[str, bool]]:
        """(file, brought new rows) for each add action of one log entry."""
        found = []
        for line in self.entry(version).read_text().splitlines():
            action = json.loads(line).get("add")
            if action:
                found.append((unquote(action["path"]), bool(action.get("dataChange", True))))
        return found

    def removed_rows(self, version: int) -> bool:
        """Did this log entry take rows away (a compaction only moves them)?"""
        lines = self.entry(version).read_text().splitlines()
        actions = (json.loads(line).get("remove") for line in lines)
        return any(action and action.get("dataChange", True) for action in actions)

    def sync(self, before: int) -> None:
        """fsync the data files and log entries written after version `before`."""
        folders = {self.path, self.folder}
        for number in range(before + 1, self.version() + 1):
            for name, _ in self.added(number):
                fsync(self.path / name)
                folders.add((self.path / name).parent)
            fsync(self.entry(number))
        for folder in folders:
            fsync(folder)

    def trim(self, version: int) -> None:
        """Remove the log before the checkpoint of `version`, once that is on the disk."""
        for path in self.folder.iterdir():
            if path.name.startswith((f"{version:020d}.", "_last_checkpoint")):
                fsync(path)
        fsync(self.folder)
        for path in self.folder.iterdir():
            number = path.name.partition(".")[0]
            if number.isdigit() and int(number) < version:
                path.unlink()
        fsync(self.folder)


def fsync(path: Path) -> None:
    """Make a file or folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
