"""Delta tables of one brand: append once, read anywhere, erase to the last byte.

Only the worker writes, under the brand's lock (kit.locks); other processes read. delta-rs
accepts the same application transaction twice, so `append` asks for the stored version first:
that makes every append safe to repeat after a crash. delta-rs does not fsync, so `append` does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from yutang.lake.conditions import Predicate, one_of, sql_of
from yutang.lake.keys import KeyIndex, Keys, TornIndex

TABLES = ("events", "orders", "order_lines")
# 16 bytes; days since 1970 of the key's own time; a hash of what the key stands for (events only,
# null where nobody asks).
KEY_COLUMNS = ("event_key", "key_day", "content")
FILES_PER_DAY = 50  # more small files than this in a day starts compaction (design: 50)
WRITER = WriterProperties(compression="ZSTD", max_row_group_size=1_000_000)
# Statistics are kept of the columns we filter by, wherever they stand (the default is the first
# 32), and of no property: personal values must not linger in the log.
SETTINGS = {"delta.dataSkippingStatsColumns": "commit_id,identity,import_id,time"}
KEYS_PER_STEP = 5_000_000  # keys held in memory while an index is made again
KEEP_HOURS = 24  # a reader holds an older version for minutes; a backup links what it reads
OPEN_TRIES = 3  # a reader may meet the log in the moment the writer trims it


class Lake:
    """The Delta tables under `root` and the index of their event keys.

    Every row carries `day` (partition, ISO text in the brand's zone), `event_key` (16 bytes),
    `key_day` (int32), `commit_id` (the facts version that brought it), and an event `content`.
    """

    def __init__(self, root: Path, step: Callable[[str], None] = lambda _name: None) -> None:
        """`step` is told what an append has just done; tests kill the process there."""
        self.root = root
        self._step = step
        self.root.mkdir(parents=True, exist_ok=True)
        self._keys = {name: KeyIndex(root / "_keys" / name) for name in TABLES}

    def path(self, table: str) -> Path:
        return self.root / table

    def exists(self, table: str) -> bool:
        """Was anything ever committed? (A crash may leave an empty log folder.)"""
        try:
            with os.scandir(self.path(table) / "_delta_log") as entries:
                return any(entry.name.endswith((".json", ".parquet")) for entry in entries)
        except FileNotFoundError:
            return False

    def delta(self, table: str) -> DeltaTable:
        """The newest version, opened."""
        for _ in range(OPEN_TRIES - 1):
            try:
                return DeltaTable(str(self.path(table)))
            except DeltaError:
                continue
        return DeltaTable(str(self.path(table)))

    def version(self, table: str) -> int:
        """The table's newest Delta version; -1 before the first commit."""
        return self.delta(table).version() if self.exists(table) else -1

    # --- write -------------------------------------------------------------------------------
    def holds(self, table: str, journal: str, position: int) -> bool:
        """Was this (journal, position) committed to the table before?"""
        if not self.exists(table):
            return False
        stored = self.delta(table).transaction_version(journal)
        return stored is not None and stored >= position

    def fresh(self, table: str, keys: Keys) -> np.ndarray:
        """True for each key that neither the lake nor an earlier row of this batch holds."""
        return self.look_up(table, keys)[0]

    def look_up(self, table: str, keys: Keys) -> tuple[np.ndarray, np.ndarray]:
        """(fresh, reused), both bool (n): a reused key is held with another content."""
        self._catch_up(table)
        try:
            return self._keys[table].look_up(keys)
        except TornIndex:
            self.rebuild_keys(table)
            return self._keys[table].look_up(keys)

    def append(self, table: str, rows: pa.Table, *, journal: str, position: int) -> bool:
        """Commit `rows` once; False when this (journal, position) was committed before."""
        if self.holds(table, journal, position):
            self._catch_up(table)
            return False
        self._catch_up(table)
        before = self.version(table)
        write_deltalake(
            str(self.path(table)),
            rows,
            mode="append",
            partition_by=["day"],
            schema_mode="merge" if before >= 0 else None,
            configuration=None if before >= 0 else SETTINGS,
            writer_properties=WRITER,
            commit_properties=CommitProperties(app_transactions=[Transaction(journal, position)]),
        )
        self._step(f"delta:{table}")
        self._sync(table, before)
        self._add_keys(table, _keys_of(rows), self.version(table))
        self._step(f"keys:{table}")
        return True

    def delete(self, table: str, column: str, values: Iterable[int | bytes]) -> int:
        """Remove the rows whose `column` is one of `values`; the number removed.

        The key index is made again before the next append (`_catch_up`), once for all deletes.
        """
        wanted = one_of(column, values)
        return self.delete_where(table, [[wanted]]) if wanted.values else 0

    def delete_where(self, table: str, predicate: Predicate) -> int:
        """Remove the rows of which the predicate is true; the number removed."""
        if not self.exists(table) or not any(predicate):
            return 0
        delta = self.delta(table)
        before = delta.version()
        done = delta.delete(sql_of(predicate), writer_properties=WRITER)
        removed = int(done.get("num_deleted_rows") or 0)
        if removed:
            self._sync(table, before)
            self._step(f"deleted:{table}")
        return removed

    def amend(self, table: str, changes: pa.Table, *, where: str = "") -> int:
        """Set columns of existing rows in one commit; the number of rows set. Safe to repeat.

        `changes` holds `day` and `event_key`, each row once, and the new values under the names
        of the table's columns; `where` is SQL over the old row (as `t`).
        """
        if not changes.num_rows or not self.exists(table):
            return 0
        days = pc.min_max(changes.column("day")).as_py()
        delta, lag = self.delta(table), self.keys_behind(table)
        before = delta.version()
        rule = (
            "t.day = s.day AND t.event_key = s.event_key"
            f" AND t.day >= '{days['min']}' AND t.day <= '{days['max']}'"
        )
        merge = delta.merge(
            changes,
            predicate=f"{rule} AND {where}" if where else rule,
            source_alias="s",
            target_alias="t",
            writer_properties=WRITER,
        )
        columns = [name for name in changes.column_names if name not in ("day", "event_key")]
        done = merge.when_matched_update({f't."{c}"': f's."{c}"' for c in columns}).execute()
        after = self.version(table)
        if after != before:
            self._sync(table, before)
            if lag == 0:  # no key came or went: the index is as good as it was
                self._add_keys(table, Keys.empty(), after)
        return int(done["num_target_rows_updated"])

    def compact(self, table: str, days: Sequence[str] | None = None) -> int:
        """Merge small files; of `days` only those that need it. The number of files removed."""
        if not self.exists(table):
            return 0
        delta = self.delta(table)
        before = delta.version()
        filters: list[tuple[str, str, list[str]]] | None = None
        if days is not None:
            files = self.files_per_day(table)
            many = [day for day in days if files.get(day, 0) > 1]
            if not many:
                return 0
            filters = [("day", "in", many)]
        done = delta.optimize.compact(partition_filters=filters, writer_properties=WRITER)
        self._sync(table, before)
        return int(done["numFilesRemoved"])

    def crowded_days(self, table: str) -> list[str]:
        """Days with more small files than FILES_PER_DAY."""
        files = self.files_per_day(table) if self.exists(table) else {}
        return [day for day, count in files.items() if count > FILES_PER_DAY]

    def files(self, table: str, delta: DeltaTable | None = None) -> list[str]:
        """Paths, below the table's folder, of the data files of the newest (or given) version."""
        actions = pa.table((delta or self.delta(table)).get_add_actions(flatten=True))
        return [unquote(path) for path in actions.column("path").to_pylist()]

    def files_per_day(self, table: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for path in self.delta(table).file_uris():
            day = Path(path).parent.name.removeprefix("day=")
            found[day] = found.get(day, 0) + 1
        return found

    def vacuum(self, table: str) -> int:
        """Delete every data file and log entry that only older versions need.

        An erased row is readable in an older version until this ran; readers that still hold an
        older version then fail and open the table again.
        """
        if not self.exists(table):
            return 0
        delta = self.delta(table)
        gone = delta.vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True
        )
        delta.create_checkpoint()
        self._trim_log(table, delta.version())
        return len(gone)

    def tidy(self, table: str) -> int:
        """Compact crowded days and drop what only versions older than KEEP_HOURS need.

        The number of small files merged.
        """
        if not self.exists(table):
            return 0
        crowded = self.crowded_days(table)
        merged = self.compact(table, crowded) if crowded else 0
        self.delta(table).vacuum(
            retention_hours=KEEP_HOURS, enforce_retention_duration=False, dry_run=False, full=True
        )
        return merged

    def _trim_log(self, table: str, version: int) -> None:
        """Remove the log before the checkpoint of `version`, once that is on the disk."""
        log = self.path(table) / "_delta_log"
        for path in log.iterdir():
            if path.name.startswith((f"{version:020d}.", "_last_checkpoint")):
                _fsync(path)
        _fsync(log)
        for path in log.iterdir():
            number = path.name.partition(".")[0]
            if number.isdigit() and int(number) < version:
                path.unlink()
        _fsync(log)

    # --- read --------------------------------------------------------------------------------
    def dataset(self, table: str) -> ds.Dataset | None:
        """The newest version as an Arrow data set; None before the first commit."""
        return self.delta(table).to_pyarrow_dataset() if self.exists(table) else None

    def fields(self, table: str) -> list[str]:
        if not self.exists(table):
            return []
        return [field.name for field in self.delta(table).schema().fields]

    def scan(
        self, table: str, columns: Sequence[str], where: ds.Expression | None = None
    ) -> pa.Table:
        """Rows of the newest version. Columns the table does not have yet are left out."""
        dataset = self.dataset(table)
        if dataset is None:
            return pa.table({})
        present = [name for name in columns if name in dataset.schema.names]
        return dataset.to_table(columns=present, filter=where)

    def count(self, table: str) -> int:
        """Rows, from the log's statistics without opening a data file."""
        if not self.exists(table):
            return 0
        actions = pa.table(self.delta(table).get_add_actions(flatten=True))
        return sum(actions.column("num_records").to_pylist())

    def highest(self, column: str) -> int:
        """The largest value of an integer column over all tables, from the log's statistics."""
        top = 0
        for table in TABLES:
            if self.exists(table):
                actions = pa.table(self.delta(table).get_add_actions(flatten=True))
                name = f"max.{column}"
                if name in actions.column_names:
                    values = [v for v in actions.column(name).to_pylist() if v is not None]
                    top = max([top, *values])
        return top

    # --- key index ---------------------------------------------------------------------------
    def rebuild_keys(self, table: str) -> None:
        """Make the key index again from the lake (it is a cache)."""
        index = self._keys[table]
        index.clear()
        version = self.version(table)
        for keys in self._stored_keys(table):
            index.add(keys, -1)
        index.add(Keys.empty(), version)

    def keys_behind(self, table: str) -> int:
        """How many Delta versions the key index is behind (it catches up by itself)."""
        return self.version(table) - self._keys[table].version

    def _stored_keys(self, table: str) -> Iterator[Keys]:
        """All keys of the newest version, some millions at a time."""
        dataset = self.dataset(table)
        if dataset is None:
            return
        held: list[pa.RecordBatch] = []
        rows = 0
        present = [name for name in KEY_COLUMNS if name in dataset.schema.names]
        for batch in dataset.to_batches(columns=present):
            held.append(batch)
            rows += batch.num_rows
            if rows >= KEYS_PER_STEP:
                yield _keys_of(pa.Table.from_batches(held))
                held, rows = [], 0
        if rows:
            yield _keys_of(pa.Table.from_batches(held))

    def _add_keys(self, table: str, keys: Keys, version: int) -> None:
        try:
            self._keys[table].add(keys, version)
        except TornIndex:
            self.rebuild_keys(table)

    def _catch_up(self, table: str) -> None:
        """A crash between the Delta commit and the index leaves the index behind: mend it."""
        version = self.version(table)
        index = self._keys[table]
        behind = index.version
        if behind == version:
            return
        names = self._appended(table, behind, version) if behind < version else None
        if names is None:
            self.rebuild_keys(table)
            return
        for name in names:
            path = self.path(table) / name
            present = [one for one in KEY_COLUMNS if one in pq.read_schema(path).names]
            rows = pq.read_table(path, columns=present, partitioning=None)
            self._add_keys(table, _keys_of(rows), behind)
        self._add_keys(table, Keys.empty(), version)

    def _appended(self, table: str, behind: int, version: int) -> list[str] | None:
        """Files that versions after `behind` appended; None where only the whole lake can tell:
        rows were removed, the log was trimmed, or a file was merged away meanwhile."""
        names: list[str] = []
        for number in range(behind + 1, version + 1):
            entry = self.path(table) / "_delta_log" / f"{number:020d}.json"
            if not entry.exists() or _removed_rows(entry):
                return None
            names += [name for name, changed in _added(entry) if changed]
        return names if all((self.path(table) / name).exists() for name in names) else None

    def _sync(self, table: str, before: int) -> None:
        """fsync the data files and log entries written after version `before`."""
        root = self.path(table)
        folders = {root, root / "_delta_log"}
        for number in range(before + 1, self.version(table) + 1):
            entry = root / "_delta_log" / f"{number:020d}.json"
            for name, _ in _added(entry):
                _fsync(root / name)
                folders.add((root / name).parent)
            _fsync(entry)
        for folder in folders:
            _fsync(folder)


def _added(entry: Path) -> list[tuple[str, bool]]:
    """(file, brought new rows) for each add action of one log entry."""
    found = []
    for line in entry.read_text().splitlines():
        action = json.loads(line).get("add")
        if action:
            found.append((unquote(action["path"]), bool(action.get("dataChange", True))))
    return found


def _removed_rows(entry: Path) -> bool:
    """Did this log entry take rows away (a compaction only moves them)?"""
    actions = (json.loads(line).get("remove") for line in entry.read_text().splitlines())
    return any(action and action.get("dataChange", True) for action in actions)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keys_of(rows: pa.Table) -> Keys:
    content = None
    if "content" in rows.column_names:
        content = np.asarray(pc.fill_null(rows.column("content"), 0), np.int64).view(np.uint64)
    return Keys.from_arrow(rows.column("event_key"), rows.column("key_day"), content)
