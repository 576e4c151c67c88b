"""Detectors of the installation's folder and of the machine. They open nothing for writing."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from yutang.kit import locks
from yutang.ops.backup import STAGING
from yutang.ops.findings import Finding, Home
from yutang.state.database import newest_migration

OLDEST_PYTHON = (3, 11)
NEEDED_BYTES = 500 << 20  # below this the next import or compaction may stop half-way
SCARCE_SHARE = 0.05
OTHERS = 0o077  # permission bits of group and others
PACKAGE = Path(__file__).parent.parent


def python_and_libraries(_home: Home) -> Iterator[Finding]:
    if sys.version_info < OLDEST_PYTHON:
        yield Finding(
            "python", "error", "Python %(found)s is too old.", "Use Python 3.11 or newer.",
            params={"found": sys.version.split()[0]},
        )  # fmt: skip
    for name in _required():
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                "library", "error", "The library %(name)s is missing.",
                "Run `make setup`, or install Yutang again.", params={"name": name},
            )  # fmt: skip


def _required() -> list[str]:
    """Names of the libraries that this package asks for, extras left out."""
    try:
        found = importlib.metadata.requires("yutang") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    plain = [one for one in found if "extra ==" not in one]
    return [match.group() for one in plain if (match := re.match(r"[A-Za-z0-9._-]+", one))]


def folder(home: Home) -> Iterator[Finding]:
    if not home.path.is_dir() or not (home.path / "installation.db").exists():
        yield Finding(
            "home", "error", "There is no installation in %(folder)s.",
            "Set YUTANG_HOME to the right folder, or make one with `yutang init`.",
            params={"folder": home.path},
        )  # fmt: skip
        return
    if not os.access(home.path, os.W_OK):
        yield Finding(
            "home_read_only", "error", "The folder %(folder)s cannot be written to.",
            "Give it to the user who runs Yutang: `chown -R USER %(folder)s`.",
            params={"folder": home.path},
        )  # fmt: skip
    if home.path.stat().st_mode & OTHERS:
        yield Finding(
            "home_open", "warning", "Other users of this machine can look into %(folder)s.",
            "Close it: `chmod 700 %(folder)s`.", params={"folder": home.path},
        )  # fmt: skip


def secret(home: Home) -> Iterator[Finding]:
    path = home.path / "secret.key"
    if not path.exists() or path.stat().st_size != 32:
        yield Finding(
            "secret", "error",
            "The file secret.key is missing or cut: no phone number can be recognised any more.",
            "Take it from a backup. A new one would make every known phone a stranger.",
        )  # fmt: skip
    elif path.stat().st_mode & OTHERS:
        yield Finding(
            "secret_open", "error", "Other users of this machine can read secret.key.",
            "Close it: `chmod 600 %(file)s`.", params={"file": path},
        )  # fmt: skip


def disk(home: Home) -> Iterator[Finding]:
    existing = home.path if home.path.exists() else home.path.parent
    usage = shutil.disk_usage(existing)
    params = {"free": usage.free >> 20, "share": round(100 * usage.free / usage.total)}
    if usage.free < NEEDED_BYTES:
        yield Finding(
            "disk_full", "error", "Only %(free)s MB are free on the disk.",
            "Free some space: an import that finds none waits until it does, and trackers are told"
            " to send again later.", params=params,
        )  # fmt: skip
    elif usage.free < usage.total * SCARCE_SHARE:
        yield Finding(
            "disk_scarce", "warning", "Only %(share)s %% of the disk is free (%(free)s MB).",
            "Plan for more space.", params=params,
        )  # fmt: skip


def databases(home: Home) -> Iterator[Finding]:
    """Each database is whole and no newer than this program."""
    found = [home.path / "installation.db", *sorted(home.path.glob("brands/*/state.db"))]
    for path in found:
        if path.exists():
            where = path.parent.name if path.name == "state.db" else ""
            yield from _database(path, where)


def _database(path: Path, where: str) -> Iterator[Finding]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            answers = [str(row[0]) for row in db.execute("PRAGMA integrity_check(3)")]
            strays = db.execute("PRAGMA foreign_key_check").fetchmany(1)
            version = str(db.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.DatabaseError, TypeError) as error:
        answers, strays, version = [str(error)], [], newest_migration()
    if answers != ["ok"]:
        yield Finding(
            "database", "error", "The database %(name)s is damaged: %(what)s",
            "Stop Yutang and restore the newest backup with `yutang restore`.",
            where, {"name": path.name, "what": "; ".join(answers)},
        )  # fmt: skip
    elif strays:
        yield Finding(
            "database_strays", "error", "The database %(name)s has rows that point to nothing.",
            "Restore a backup, and report this with the output of `yutang doctor --json`.",
            where, {"name": path.name},
        )  # fmt: skip
    if version > newest_migration():
        yield Finding(
            "newer", "error", "The database %(name)s was used by a newer Yutang (%(version)s).",
            "Install that version again; an older one cannot read it.",
            where, {"name": path.name, "version": version},
        )  # fmt: skip
    elif version < newest_migration():
        yield Finding(
            "older", "warning", "The database %(name)s will be upgraded when it is next opened.",
            "Make a backup with the old version first.", where, {"name": path.name},
        )  # fmt: skip


def left_by_a_backup(home: Home) -> Iterator[Finding]:
    if not (home.path / STAGING).exists():
        return
    with locks.exclusive(home.path / "backup.lock", wait=False) as free:
        if free:
            yield Finding(
                "backup_left", "warning", "A backup died and left its working files.",
                "The next `yutang backup` removes them.",
            )  # fmt: skip


def front_end(_home: Home) -> Iterator[Finding]:
    vendor = PACKAGE / "console" / "static" / "vendor"
    if not any(vendor.glob("*.js")) or not any(vendor.glob("*.css")):
        yield Finding(
            "front_end", "error", "The console's front-end files are missing.",
            "Run `make setup`: it fetches them.",
        )  # fmt: skip
    if not any((PACKAGE / "console" / "locale").glob("zh/LC_MESSAGES/*.?o")):
        yield Finding(
            "locale", "error", "The console's Chinese texts are missing.",
            "Install Yutang again: the file console/locale/zh belongs to it.",
        )  # fmt: skip


def kernels(_home: Home) -> Iterator[Finding]:
    from yutang.sequence.kernels.funnel import ordered_funnel

    store = getattr(ordered_funnel, "_cache", None)  # numba has no public name for it
    cache = Path(getattr(store, "cache_path", PACKAGE))
    if not any(cache.glob("*ordered_funnel*.nbi")):
        yield Finding(
            "kernels", "warning",
            "The analysis kernels are not compiled: the first answer waits for the compiler.",
            "Run `make setup` (or `python -m yutang.sequence.warm`).",
        )  # fmt: skip
