"""A PostgreSQL of our own in a temporary folder, where the machine has the server's programs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import quick_databases
from yutang.state import database

PROGRAMS = Path("/usr/lib/postgresql")  # where Debian puts the server, one folder a version


def _newest() -> Path | None:
    found = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _owner() -> dict[str, Any]:
    """As whom to run the server: it refuses root."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("the tests run as root and there is no other user for the server")


@pytest.fixture(autouse=True)
def _every_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases are made the long way here."""
    monkeypatch.setattr(database, "_upgrade", quick_databases.MIGRATE)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty database."""
    programs = _newest()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="yutang-pg-"))
    try:
        if owner:
            os.chown(folder, owner["user"], owner["group"])
        data = folder / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, "-D", data, *arguments],
                check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=120, **owner,
            )  # fmt: skip

        run("initdb", "-U", "yutang", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        run("pg_ctl", "-w", "-o", f"-k {folder} -c listen_addresses='' -F", "start")
        try:
            yield f"postgresql+psycopg://yutang@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
