"""One database, opened safely: WAL, full fsync, explicit transactions.

`Database.read()` and `Database.write()` give a connection inside one transaction. A write takes
SQLite's write lock at its start (BEGIN IMMEDIATE), so it never fails half-way for being second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

from yutang.errors import Damaged
from yutang.kit import locks

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 30_000  # an import's longest state transaction is a few seconds


class Database:
    """An engine plus the two kinds of transaction."""

    def __init__(self, url: str, *, schema: str | None = None) -> None:
        self.url = url
        self.schema = schema
        self.engine = _engine(url, schema)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            connection.info["immediate"] = True
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.info.pop("immediate", None)

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database file and empty it (SQLite only).

        False where another process read an older page for so long that the log still stands.
        """
        if not self.is_sqlite:
            return True
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        self.engine.dispose()


def open_installation(path_or_url: Path | str) -> Database:
    return _open(path_or_url, "installation", None)


def open_brand(path_or_url: Path | str, *, schema: str | None = None) -> Database:
    """The brand's state. On PostgreSQL `schema` is the brand's own schema, made if missing."""
    return _open(path_or_url, "brand", schema)


def _open(path_or_url: Path | str, kind: str, schema: str | None) -> Database:
    url = f"sqlite:///{path_or_url}" if isinstance(path_or_url, Path) else path_or_url
    database = Database(url, schema=schema)
    migrate(database, kind)
    return database


def migrate(database: Database, kind: str) -> None:
    """Bring the database to the newest migration. `kind` is "installation" or "brand"."""
    if _current(database) == newest_migration():
        return
    with _only_one(database):
        _upgrade(database, kind)


def newest_migration() -> str:
    """The number of the newest migration of this program."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    """Of several processes that open an old database at once, one upgrades it."""
    if database.is_sqlite and (file := database.engine.url.database):
        with locks.exclusive(Path(f"{file}.upgrade.lock")):
            yield
    else:
        yield


def _upgrade(database: Database, kind: str) -> None:
    current = _current(database)
    if current == newest_migration():
        return  # another process did it
    if current is not None and current > newest_migration():
        raise Damaged(
            "The database was used by a newer version of Yutang (migration %(version)s).",
            hint="Install that version again.",
            version=current,
        )
    from alembic import command  # only here: most openings find nothing to migrate
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        if schema := database.schema:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            connection.commit()
        connection.info["immediate"] = True
        config.attributes.update(connection=connection, kind=kind, schema=schema)
        command.upgrade(config, "head")
        connection.info.pop("immediate", None)


def _current(database: Database) -> str | None:
    """The stored migration, without loading Alembic's environment: opening must be quick."""
    from sqlalchemy import inspect

    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version", schema=database.schema):
            return None
        value: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return value


def _engine(url: str, schema: str | None) -> Engine:
    options: dict[str, Any] = {}
    if url.startswith("sqlite"):
        options["connect_args"] = {"check_same_thread": False, "timeout": BUSY_MS / 1000}
    engine = create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    elif schema:

        @event.listens_for(engine, "connect")
        def set_path(raw: Any, _record: object) -> None:
            cursor = raw.cursor()
            cursor.execute(f'SET search_path TO "{schema}"')
            cursor.close()
            raw.commit()

    return engine


def _sqlite_connect(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # transactions are ours, see _sqlite_begin
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "secure_delete=ON",  # an erased person leaves no bytes in free pages
        "cache_size=-32000",
    ):
        raw.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.info.get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
