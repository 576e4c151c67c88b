"""Delta tables of one brand: append once, read anywhere, erase to the last byte.

Only the worker writes, under the brand's lock (kit.locks); other processes read. delta-rs
accepts the same application transaction twice, so `append` asks for the stored version first:
that makes every append safe to repeat after a crash. delta-rs does not fsync, so `append` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake

from yutang.lake.conditions import Predicate, one_of, sql_of
from yutang.lake.key_index import KeyIndex, TornIndex
from yutang.lake.keys import Keys
from yutang.lake.log import TableLog

IMPORTED = ("events", "orders", "order_lines")  # tables an import may bring rows to
# profiles: what trackers said of a person, one row for each operation on an attribute
TABLES = (*IMPORTED, "profiles")
# 16 bytes; days since 1970 of the key's own time; a hash of what the key stands for (events only,
# null where nobody asks).
KEY_COLUMNS = ("event_key", "key_day", "content")
FILES_PER_DAY = 50  # more small files than this in a day starts compaction (design: 50)
WRITER = WriterProperties(compression="ZSTD", max_row_group_size=1_000_000)
# Statistics are kept of the columns we filter by, wherever they stand (the default is the first
# 32), and of no property: personal values must not linger in the log.
# A log entry is worth nothing once a checkpoint covers it; a stream writes tens of thousands a day.
SETTINGS = {
    "delta.dataSkippingStatsColumns": "commit_id,identity,import_id,time",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
KEYS_PER_STEP = 5_000_000  # keys held in memory while an index is made again
KEEP_HOURS = 24  # a reader holds an older version for minutes; a backup links what it reads
# A merged file of this size is left alone: a day that fills up by the second would else be written
# again whole each time it is tidied.
FULL_FILE_BYTES = 32 << 20


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
        self._logs = {name: TableLog(root / name) for name in TABLES}

    def path(self, table: str) -> Path:
        return self.root / table

    def exists(self, table: str) -> bool:
        """Was anything ever committed?"""
        return self._logs[table].exists()

    def delta(self, table: str) -> DeltaTable:
        """The newest version, opened."""
        return self._logs[table].open()

    def version(self, table: str) -> int:
        """The table's newest Delta version; -1 before the first commit."""
        return self._logs[table].version()

    # --- write -------------------------------------------------------------------------------
    def holds(self, table: str, journal: str, position: int) -> bool:
        """Was this (journal, position) committed to the table before? (The writer only.)"""
        if not self.exists(table):
            return False
        stored = self._logs[table].kept_open().transaction_version(journal)
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
        log = self._logs[table]
        before = log.version()
        try:
            write_deltalake(
                str(self.path(table)) if before < 0 else log.kept_open(),
                rows,
                mode="append",
                partition_by=["day"],
                schema_mode="merge" if before >= 0 else None,
                configuration=None if before >= 0 else SETTINGS,
                writer_properties=WRITER,
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(journal, position)]
                ),
            )
        except BaseException:
            log.close()
            raise
        self._step(f"delta:{table}")
        log.sync(before)
        log.appended(before, rows)
        self._add_keys(table, _keys_of(rows), log.version())
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
            self._logs[table].sync(before)
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
            merge_schema=not set(changes.column_names).issubset(self.fields(table)),
            writer_properties=WRITER,
        )
        columns = [name for name in changes.column_names if name not in ("day", "event_key")]
        done = merge.when_matched_update({f't."{c}"': f's."{c}"' for c in columns}).execute()
        after = self.version(table)
        if after != before:
            self._logs[table].sync(before)
            if lag == 0:  # no key came or went: the index is as good as it was
                self._add_keys(table, Keys.empty(), after)
        return int(done["num_target_rows_updated"])

    def compact(
        self, table: str, days: Sequence[str] | None = None, target_size: int | None = None
    ) -> int:
        """Merge small files; of `days` only those that need it. The number of files removed.

        target_size: files of so many bytes are left alone (delta-rs: 100 MB).
        """
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
        done = delta.optimize.compact(
            partition_filters=filters, target_size=target_size, writer_properties=WRITER
        )
        self._logs[table].sync(before)
        return int(done["numFilesRemoved"])

    def crowded_days(self, table: str, most_files: int | None = None) -> list[str]:
        """Days with more files than `most_files` (FILES_PER_DAY)."""
        files = self.files_per_day(table) if self.exists(table) else {}
        most = FILES_PER_DAY if most_files is None else most_files
        return [day for day, count in files.items() if count > most]

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
        self._logs[table].trim(delta.version())
        return len(gone)

    def tidy(self, table: str, *, most_files: int | None = None) -> int:
        """Compact the days that have more than `most_files` (FILES_PER_DAY) small files.

        The number of small files merged.
        """
        crowded = self.crowded_days(table, most_files)
        return self.compact(table, crowded, FULL_FILE_BYTES) if crowded else 0

    def clear_old(self, table: str) -> None:
        """Drop the files that only versions older than KEEP_HOURS need."""
        if self.exists(table):
            self.delta(table).vacuum(
                retention_hours=KEEP_HOURS, enforce_retention_duration=False, dry_run=False,
                full=True,
            )  # fmt: skip

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
        return max(log.highest(column) for log in self._logs.values())

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
        log = self._logs[table]
        for number in range(behind + 1, version + 1):
            if not log.entry(number).exists() or log.removed_rows(number):
                return None
            names += [name for name, changed in log.added(number) if changed]
        return names if all((self.path(table) / name).exists() for name in names) else None


def _keys_of(rows: pa.Table) -> Keys:
    content = None
    if "content" in rows.column_names:
        content = np.asarray(pc.fill_null(rows.column("content"), 0), np.int64).view(np.uint64)
    return Keys.from_arrow(rows.column("event_key"), rows.column("key_day"), content)
