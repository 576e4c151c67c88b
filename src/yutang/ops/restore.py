"""Restore a backup into a new folder. Nothing appears there before every checksum agreed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any

from yutang.errors import BadInput, Conflict, Damaged, NotFound
from yutang.installation import Installation
from yutang.ops.backup import COPY_BYTES, FORMAT, MANIFEST

Rebuild = Callable[[Path], None]


def restore(archive: Path, home: Path, rebuild: Rebuild) -> Installation:
    """Unpack, verify, and make the caches again (`rebuild` is given the installation's folder).

    Raises Conflict where the folder holds something, BadInput where the file is no backup,
    Damaged where it is not whole.
    """
    if not archive.is_file():
        raise NotFound("There is no file %(file)s.", file=archive)
    home = home.resolve()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Conflict("%(folder)s is not empty.", hint="Choose a new folder.", folder=home)
    home.parent.mkdir(parents=True, exist_ok=True)
    staging = home.with_name(home.name + ".restoring")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        _check(_unpack(archive, staging), staging)
        (staging / "brands").mkdir(exist_ok=True)
        if home.exists():
            home.rmdir()
        os.replace(staging, home)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    installation = Installation.open(home)
    rebuild(home)
    return installation


def _unpack(archive: Path, target: Path) -> dict[str, dict[str, Any]]:
    """Write every member below `target`; {name: {"size", "sha256"}} as they were read."""
    found: dict[str, dict[str, Any]] = {}
    try:
        with tarfile.open(archive, mode="r|*") as tar:
            for member in tar:
                path = target / _safe(member)
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                source = tar.extractfile(member)
                assert source is not None  # it is a regular file
                found[member.name] = _copy(source, path)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadInput(
            "%(file)s is not a readable backup: %(why)s", file=archive.name, why=str(error)
        ) from error
    return found


def _safe(member: tarfile.TarInfo) -> PurePosixPath:
    """The member's path. Raises BadInput for all but plain files below the folder."""
    path = PurePosixPath(member.name)
    if not member.isreg() or path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadInput("The archive holds “%(name)s”, which no backup does.", name=member.name)
    return path


def _copy(source: IO[bytes], target: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while part := source.read(COPY_BYTES):
            digest.update(part)
            size += len(part)
            out.write(part)
        out.flush()
        os.fsync(out.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def _check(found: dict[str, dict[str, Any]], folder: Path) -> None:
    """Compare what was read with the manifest. Raises BadInput, Damaged."""
    if MANIFEST not in found:
        raise BadInput("The file is not a backup, or was cut off: it has no manifest.")
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if manifest.get("format") != FORMAT:
        raise BadInput(
            "The backup was made by another version (%(version)s).",
            hint="Restore it with that version, then upgrade.",
            version=manifest.get("version", "?"),
        )
    del found[MANIFEST]
    wrong = sorted(
        name
        for name in found.keys() | manifest["files"].keys()
        if found.get(name) != manifest["files"].get(name)
    )
    if wrong:
        raise Damaged(
            "The backup is damaged: %(count)s files differ, first %(name)s.",
            hint="Use another backup.",
            count=len(wrong),
            name=wrong[0],
        )
    (folder / MANIFEST).unlink()
    for database in sorted(folder.rglob("*.db")):
        with closing(sqlite3.connect(database)) as db:
            if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise Damaged("The database %(name)s is damaged.", name=database.name)
