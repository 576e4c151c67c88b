"""Runs one SQL question: read only, no files, no network, so much time and memory.

Each question has a database of its own in memory, whose settings are locked before the question
is read: what it could change is gone with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from yutang.errors import BadInput, Busy
from yutang.sql.tables import Table, Tables

LENGTH = 20_000  # characters of a question
AT_ONCE = 2
READS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
# Until here a database may be set up; nothing in a question can undo it.
LOCKS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET temp_directory = ''",
    "SET secret_directory = '/nowhere'",  # no path of this machine in an error
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class Limits:
    """Seconds a question may take, MB of memory it may use, rows it may give."""

    seconds: float = 30.0
    memory_mb: int = 1_024
    rows: int = 10_000


@dataclass(frozen=True)
class Answer:
    """columns: (name, DuckDB type). cut: there were more rows than the limit."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]
    cut: bool
    seconds: float
    facts_version: int


class SqlDesk:
    """Answers questions about one brand in SQL."""

    def __init__(self, tables: Tables, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._tables = tables
        self._seats = threading.BoundedSemaphore(AT_ONCE)

    def ask(self, sql: str, *, rows: int | None = None) -> Answer:
        """The answer to one SELECT. rows: at most so many (default: the limit).

        Raises BadInput with DuckDB's words where it cannot be read or run, takes too long or too
        much memory; Busy where others ask already.
        """
        if len(sql) > LENGTH:
            raise BadInput("A question has at most %(n)d characters.", n=LENGTH)
        most = min(rows or self.limits.rows, self.limits.rows)
        with self._database() as (db, version):
            _check(db, sql)
            started = time.perf_counter()
            with _ended_after(db, self.limits.seconds) as late:
                try:
                    db.execute(sql)
                    found = db.fetchmany(most + 1)
                except duckdb.InterruptException:
                    late.set()
                except duckdb.OutOfMemoryException as error:
                    raise BadInput(
                        "The question needs more than %(n)d MB of memory.",
                        hint="Filter earlier, or count instead of listing.",
                        n=self.limits.memory_mb,
                    ) from error
                except duckdb.Error as error:
                    raise _refusal(error) from error
            if late.is_set():
                raise BadInput(
                    "The question took longer than %(n)d seconds and was ended.",
                    hint="Ask for fewer days, or join on fewer rows.",
                    n=int(self.limits.seconds),
                )
            columns = tuple((str(one[0]), str(one[1])) for one in db.description or ())
            seconds = round(time.perf_counter() - started, 3)
        return Answer(columns, found[:most], len(found) > most, seconds, version)

    def tables(self) -> list[Table]:
        """What there is to ask about."""
        with self._database() as (db, _version):
            return self._tables.described(db)

    @contextmanager
    def _database(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, int]]:
        if not self._seats.acquire(timeout=self.limits.seconds):
            raise Busy("Other questions are being answered. Try again in a moment.")
        try:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": f"{self.limits.memory_mb}MB",
                # Else a question could read the variables of the program that runs it.
                "python_enable_replacements": False,
            }
            with duckdb.connect(":memory:", config=config) as db:
                version = self._tables.bind(db)
                for lock in LOCKS:
                    db.execute(lock)
                yield db, version
        finally:
            self._seats.release()


def _check(db: duckdb.DuckDBPyConnection, sql: str) -> None:
    """One statement that only reads. Raises BadInput."""
    try:
        statements = db.extract_statements(sql)
    except duckdb.Error as error:
        raise _refusal(error) from error
    if len(statements) != 1:
        raise BadInput("Ask one question at a time: one SELECT.")
    if statements[0].type not in READS:
        raise BadInput("Only questions that read are answered: SELECT … or WITH … SELECT.")


def _refusal(error: duckdb.Error) -> BadInput:
    return BadInput("%(why)s", code="sql", why=str(error).strip())


@contextmanager
def _ended_after(db: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[threading.Event]:
    """Interrupts what runs after so long. The event is set where it did."""
    late = threading.Event()
    timer = threading.Timer(seconds, db.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
