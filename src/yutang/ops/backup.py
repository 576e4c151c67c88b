"""A backup of an installation while it runs: one tar file, verified when it is restored.

Of each brand, under its `settled` lock (no batch is half committed then): first the lake's
newest versions, then the state. Everything immutable is hard-linked into a staging folder in that
moment, so the lock is held for moments only and nothing can be removed while the archive is being
written. Caches are left out: restoring makes them again.

The archive holds `secret.key`, with which the hashes of phone numbers were made, so it is
readable by its owner only and belongs where the installation itself may lie.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from yutang import __version__
from yutang.errors import Busy, Conflict, NotFound
from yutang.ingest import facts_version
from yutang.installation import BrandRow, Installation
from yutang.kit import clock, locks
from yutang.lake import TABLES
from yutang.state.installation import brands as brands_table
from yutang.workspace import Workspace

FORMAT = 1
MANIFEST = "manifest.json"
STAGING = "backup.staging"
LEFT_OUT = {"cache", "lake", "state.db", "state.db-wal", "state.db-shm"}  # lake, state: own ways
COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Backup:
    """What a backup holds. `brands`: slug → {"facts_version", "lake": {table: Delta version}}."""

    path: Path
    size: int
    files: int
    made_at: int
    brands: dict[str, dict[str, Any]]


def backup(
    installation: Installation, target: Path, *, brand: str = "", now: clock.Clock = clock.now_ms
) -> Backup:
    """Write the archive; gzip where the name ends in .gz or .tgz. With `brand`, only that one.

    Raises Conflict where the file exists, NotFound, Busy where another backup runs.
    """
    rows = [installation.get_brand(brand)] if brand else installation.brands()
    if target.exists():
        raise Conflict("%(file)s exists already.", hint="Choose a new file.", file=target)
    if not target.resolve().parent.is_dir():
        raise NotFound("There is no folder %(folder)s.", folder=target.resolve().parent)
    made_at = now()
    with _staging(installation.home) as staging:
        held = {row.slug: _take_brand(installation, row, staging) for row in rows}
        _take_installation(installation, rows, staging, whole=not brand)
        manifest = {"format": FORMAT, "version": __version__, "made_at": made_at, "brands": held}
        count = _write_archive(staging, target, manifest)
    return Backup(target, target.stat().st_size, count, made_at, held)


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """An empty folder on the installation's own disk, removed in the end."""
    folder = home / STAGING
    with locks.exclusive(home / "backup.lock", wait=False) as held:
        if not held:
            raise Busy("Another backup of this installation is being written.")
        shutil.rmtree(folder, ignore_errors=True)  # of one that died
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _take_installation(
    installation: Installation, rows: list[BrandRow], staging: Path, *, whole: bool
) -> None:
    """The installation's own database without sessions; of one brand only what is that brand's."""
    _link(installation.home / "secret.key", staging / "secret.key")
    copy = staging / "installation.db"
    copy_database(installation.home / "installation.db", copy)
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("DELETE FROM sessions")
        db.execute("DELETE FROM login_attempts")
        if not whole:
            mine = ",".join(str(int(row.id)) for row in rows)
            db.execute(f"DELETE FROM memberships WHERE brand_id NOT IN ({mine})")
            db.execute(f"DELETE FROM api_keys WHERE brand_id NOT IN ({mine})")
            db.execute("DELETE FROM accounts WHERE id NOT IN (SELECT account_id FROM memberships)")
            db.execute(f"DELETE FROM {brands_table.name} WHERE id NOT IN ({mine})")
            db.execute("DELETE FROM installation_audit")
    with closing(sqlite3.connect(copy)) as db:
        db.execute("VACUUM")  # deleted rows leave the file too


def _take_brand(installation: Installation, row: BrandRow, staging: Path) -> dict[str, Any]:
    workspace = installation.workspace(row)
    target = staging / "brands" / row.slug
    try:
        with workspace.settled():
            versions = {table: _take_table(workspace, table, target) for table in TABLES}
            copy_database(workspace.root / "state.db", target / "state.db")
            with workspace.db.read() as connection:
                version = facts_version(connection)
            for path in sorted(workspace.root.iterdir()):
                if path.name not in LEFT_OUT and path.is_dir():
                    _link_tree(path, target / path.name)
    finally:
        workspace.db.close()
    return {"facts_version": version, "lake": versions}


def _take_table(workspace: Workspace, table: str, target: Path) -> int:
    """The log up to the newest version, and the data files of that version."""
    lake = workspace.lake
    if not lake.exists(table):
        return -1
    delta = lake.delta(table)
    version = delta.version()
    root = lake.path(table)
    for path in sorted((root / "_delta_log").iterdir()):
        number = path.name.partition(".")[0]
        if number.isdigit() and int(number) <= version:
            _link(path, target / "lake" / table / "_delta_log" / path.name)
    for name in lake.files(table, delta):
        _link(root / name, target / "lake" / table / name)
    return version


def _link_tree(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file() and ".tmp" not in path.suffixes:
            _link(path, target / path.relative_to(source))


def _link(source: Path, target: Path) -> None:
    """A hard link; a copy where the file system has none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        if source.exists():
            raise
        # An upload that its import finished with in this very moment.
    except OSError:
        shutil.copy2(source, target)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite database in use."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def _write_archive(staging: Path, target: Path, manifest: dict[str, Any]) -> int:
    """Stream the staged files into the tar, the manifest with their checksums last."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as raw:
            with _packed(raw, target) as out, tarfile.open(fileobj=out, mode="w|") as tar:
                files = {
                    path.relative_to(staging).as_posix(): _add(tar, path, staging)
                    for path in sorted(staging.rglob("*"))
                    if path.is_file()
                }
                text = json.dumps({**manifest, "files": files}, ensure_ascii=False).encode()
                info = tarfile.TarInfo(MANIFEST)
                info.size, info.mode = len(text), 0o600
                tar.addfile(info, io.BytesIO(text))
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return len(files)


@contextmanager
def _packed(raw: BinaryIO, target: Path) -> Iterator[IO[bytes]]:
    if target.suffix in (".gz", ".tgz"):
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1) as out:
            yield cast("IO[bytes]", out)
    else:
        yield raw


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, path: Path, staging: Path) -> dict[str, Any]:
    info = tarfile.TarInfo(path.relative_to(staging).as_posix())
    with path.open("rb") as file:
        info.size = os.fstat(file.fileno()).st_size
        info.mode, info.mtime = 0o600, int(os.fstat(file.fileno()).st_mtime)
        hashing = _Hashing(file)
        tar.addfile(info, cast("BinaryIO", hashing))
    return {"size": info.size, "sha256": hashing.digest.hexdigest()}
