"""The chain of migrations makes exactly the tables of the metadata, on both databases."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect

from yutang.errors import Damaged
from yutang.state import Database, brand, database, installation, open_brand, open_installation

KINDS: dict[str, tuple[Callable[..., Database], MetaData]] = {
    "brand": (open_brand, brand.metadata),
    "installation": (open_installation, installation.metadata),
}
OURS = ("alembic_version",)


def differences(engine: Any, metadata: MetaData) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                # Of SQLite alembic misreads the default ''; schema_of looks there.
                "compare_server_default": engine.dialect.name != "sqlite",
                "include_object": lambda _o, name, *_: name not in OURS,
            },
        )
        found: list[Any] = compare_metadata(context, metadata)
        return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_makes_the_metadata_on_sqlite(kind: str, tmp_path: Path) -> None:
    opened, metadata = KINDS[kind]
    made = opened(tmp_path / "x.db")
    assert differences(made.engine, metadata) == []
    other = create_engine(f"sqlite:///{tmp_path / 'y.db'}")
    metadata.create_all(other)
    assert schema_of(tmp_path / "x.db") == schema_of(tmp_path / "y.db")


def schema_of(path: Path) -> dict[str, Any]:
    """Columns, keys and indexes as SQLite itself tells them: alembic does not compare all."""
    look = inspect(create_engine(f"sqlite:///{path}"))
    return {
        table: {
            "columns": [
                {name: str(value) for name, value in column.items()}
                for column in look.get_columns(table)
            ],
            "primary": look.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (key["constrained_columns"], key["referred_table"])
                for key in look.get_foreign_keys(table)
            ),
            "unique": sorted(key["column_names"] for key in look.get_unique_constraints(table)),
            "indexes": sorted(
                (str(index["name"]), index["column_names"]) for index in look.get_indexes(table)
            ),
        }
        for table in look.get_table_names()
        if table not in OURS
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_makes_the_metadata_on_postgres(kind: str, postgres: str) -> None:
    opened, metadata = KINDS[kind]
    if kind == "brand":
        opened(postgres, schema="pond").close()
        url = f"{postgres}&options=-csearch_path%3Dpond"
    else:
        opened(postgres).close()
        url = postgres
    assert differences(create_engine(url), metadata) == []
    assert set(inspect(create_engine(url)).get_table_names()) == {*metadata.tables, *OURS}


def test_two_brands_on_postgres_share_nothing(postgres: str) -> None:
    one, other = open_brand(postgres, schema="one"), open_brand(postgres, schema="other")
    with one.write() as connection:
        connection.execute(brand.meta.insert().values(key="k", value="one"))
    with other.read() as connection:
        assert connection.execute(brand.meta.select()).all() == []
    again = open_brand(postgres, schema="one")
    with again.read() as connection:
        assert connection.execute(brand.meta.select()).all() == [("k", "one")]
    for each in (one, other, again):
        each.close()


def test_people_are_resolved_on_postgres(postgres: str, tmp_path: Path) -> None:
    import pyarrow as pa

    from tests.small_brand import open_brand_at
    from yutang.identity import Identities

    workspace = open_brand_at(tmp_path / "home").workspace
    workspace.db = open_brand(postgres, schema="people")
    service = Identities(workspace)
    columns = {
        "member_no": pa.array(["a", "b", None]),
        "openid": pa.array(["x", None, "x"]),
        "phone": pa.array([None, "13811112222", "13811112222"]),
    }
    for _ in range(2):
        with workspace.db.write() as connection:
            found = service.resolve(
                connection, columns, commit_id=1, source="test", evidence="test"
            )
    assert found.created == 0
    members = [service.find("member_no", name) for name in "ab"]
    assert all(members)
    assert len({one.customer_id for one in members if one}) == 1
    workspace.db.close()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_brand(tmp_path / "x.db").close()
    before = schema_of(tmp_path / "x.db")
    open_brand(tmp_path / "x.db").close()
    assert schema_of(tmp_path / "x.db") == before


@pytest.fixture
def next_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Adds a migration of the given body to a copy of the chain."""

    def add(body: str) -> None:
        chain = tmp_path / "chain"
        shutil.copytree(database.MIGRATIONS, chain)
        number = f"{int(database.newest_migration()) + 1:04d}"
        last = database.newest_migration()
        (chain / "versions" / f"{number}_next.py").write_text(
            f'from alembic import op\nrevision = "{number}"\ndown_revision = "{last}"\n'
            f"def upgrade():\n    {body}\n"
        )
        monkeypatch.setattr(database, "MIGRATIONS", chain)

    return add


def test_an_old_database_is_upgraded(tmp_path: Path, next_migration: Any) -> None:
    open_brand(tmp_path / "x.db").close()
    next_migration('op.execute("CREATE TABLE later (id INTEGER)")')
    opened = open_brand(tmp_path / "x.db")
    assert "later" in inspect(opened.engine).get_table_names()
    with sqlite3.connect(tmp_path / "x.db") as db:
        version = db.execute("SELECT version_num FROM alembic_version").fetchall()
    assert version == [(database.newest_migration(),)]


def test_a_migration_that_breaks_leaves_the_database_as_it_was(
    tmp_path: Path, next_migration: Any
) -> None:
    open_brand(tmp_path / "x.db").close()
    before = schema_of(tmp_path / "x.db")
    next_migration('op.execute("CREATE TABLE later (id INTEGER)"); op.execute("NONSENSE")')
    for _ in range(2):
        with pytest.raises(Exception, match="NONSENSE"):
            open_brand(tmp_path / "x.db")
        assert schema_of(tmp_path / "x.db") == before


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    open_brand(tmp_path / "x.db").close()
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Damaged, match="newer"):
        open_brand(tmp_path / "x.db")


def open_one(path: str) -> None:
    open_brand(Path(path)).close()


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.state.test_migrations"])
    children = [context.Process(target=open_one, args=(str(tmp_path / "x.db"),)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert differences(create_engine(f"sqlite:///{tmp_path / 'x.db'}"), brand.metadata) == []


def test_evidence_of_an_older_brand_keeps_its_strength_and_time(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    path = tmp_path / "state.db"
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with create_engine(f"sqlite:///{path}").connect() as connection:
        config.attributes.update(connection=connection, kind="brand", schema=None)
        command.upgrade(config, "0001")
        connection.commit()
    with sqlite3.connect(path) as old:
        old.execute("INSERT INTO customers (id, created_at) VALUES (1, 5)")
        for number, kind in enumerate(("phone", "openid", "cookie"), start=1):
            old.execute(
                "INSERT INTO identities (id, kind, value, shown, customer_id, commit_id, source,"
                " first_seen_at) VALUES (?, ?, ?, '', 1, 1, 's', 5)",
                (number, kind, f"v{number}"),
            )
        for a, b in ((2, 1), (1, 3)):
            old.execute(
                "INSERT INTO identity_links (a, b, evidence, source, at) VALUES (?, ?, 'order',"
                " 'import:1', 7)",
                (a, b),
            )
    open_brand(path).close()
    with sqlite3.connect(path) as new:
        rows = new.execute("SELECT a, b, strength, time FROM identity_links ORDER BY id")
        assert rows.fetchall() == [(1, 2, "app", 7), (1, 3, "device", 7)]
        rows = new.execute("SELECT DISTINCT first_customer FROM identities")
        assert rows.fetchall() == [(1,)]
