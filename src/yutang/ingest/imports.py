"""Imports of files: stored durably, run by the worker, followed by anybody, undone whole.

The row in `imports` is the truth; a queue job is only a nudge. The uploaded file is the import's
journal: it stands fsynced before the first commit and is removed after the last, since it holds
names and addresses that nobody needs afterwards. What undo needs is kept as claims: the event
keys that this import found in the lake already (so that undoing the other import leaves them).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from sqlalchemy import Connection, insert, select, update

from yutang.errors import BadInput, Conflict, NotFound, YutangError
from yutang.lake import TABLES, Keys
from yutang.state.brand import imports
from yutang.workspace import Workspace

COPY_BYTES = 1 << 20
FINISHED = ("done", "failed", "undone")


@dataclass(frozen=True)
class Import:
    id: int
    kind: str
    filename: str
    stored_as: str
    sha256: str
    size: int
    preset: str
    mapping: Mapping[str, Any] | None
    platform: str
    shop: str
    status: str
    step: str
    done_rows: int
    total_rows: int
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    created_by: str
    created_at: int
    started_at: int | None
    finished_at: int | None


Progress = Callable[[str, int, int], None]


class Runner(Protocol):
    """Imports one kind of file; raises YutangError where the whole file is refused."""

    def run(self, one: Import, path: Path, progress: Progress) -> dict[str, Any]: ...


_COLUMNS = [getattr(imports.c, name) for name in Import.__dataclass_fields__]


class Imports:
    """The imports of one brand."""

    def __init__(self, workspace: Workspace, runners: Mapping[str, Runner]) -> None:
        self._workspace = workspace
        self._runners = runners

    # --- rows --------------------------------------------------------------------------------
    def add(
        self,
        source: Path | BinaryIO,
        *,
        kind: str,
        filename: str,
        by: str = "",
        limit: int | None = None,
    ) -> Import:
        """Store a file durably and note it. Raises BadInput where it is empty or too large."""
        if kind not in self._runners:
            raise BadInput("There is no import of kind “%(kind)s”.", kind=kind)
        name = Path(filename).name[:200] or "file"
        folder = self._workspace.files / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        stored = f"{self._workspace.now()}-{os.urandom(6).hex()}{Path(name).suffix[:10].lower()}"
        digest, size = _store(source, folder / stored, limit)
        with self._workspace.db.write() as connection:
            new = connection.execute(
                insert(imports).values(
                    kind=kind,
                    filename=name,
                    stored_as=stored,
                    sha256=digest,
                    size=size,
                    status="uploaded",
                    created_by=by,
                    created_at=self._workspace.now(),
                )
            ).inserted_primary_key
        assert new is not None
        return self.get(int(new[0]))

    def get(self, import_id: int) -> Import:
        with self._workspace.db.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(imports.c.id == import_id)).first()
        if row is None:
            raise NotFound("There is no import %(id)s.", id=import_id)
        return Import(*row)

    def list_(self, limit: int = 100, before: int | None = None) -> list[Import]:
        """Newest first."""
        query = select(*_COLUMNS).order_by(imports.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(imports.c.id < before)
        with self._workspace.db.read() as connection:
            return [Import(*row) for row in connection.execute(query)]

    def path(self, one: Import) -> Path:
        """The uploaded file, while it is still needed."""
        return self._workspace.files / "uploads" / one.stored_as

    def queue(
        self,
        import_id: int,
        *,
        preset: str = "",
        mapping: Mapping[str, Any] | None = None,
        platform: str = "",
        shop: str = "",
    ) -> None:
        """Ask for the import to be run. Raises Conflict where it ran or runs already."""
        if self.get(import_id).status not in ("uploaded", "failed"):
            raise Conflict("This import was started already.")
        self._set(
            import_id,
            status="queued",
            preset=preset,
            mapping=mapping,
            platform=platform,
            shop=shop,
            step="",
            error=None,
        )

    def ask_undo(self, import_id: int) -> None:
        """Ask for an import to be undone. Raises Conflict unless it is finished."""
        if self.get(import_id).status not in ("done", "failed"):
            raise Conflict("Only a finished import can be undone.")
        self._set(import_id, status="undoing", step="", done_rows=0, total_rows=0)

    def due(self) -> list[Import]:
        """Imports to run or undo, oldest first; a `running` one died with its worker."""
        query = (
            select(*_COLUMNS)
            .where(imports.c.status.in_(["queued", "running", "undoing"]))
            .order_by(imports.c.id)
        )
        with self._workspace.db.read() as connection:
            return [Import(*row) for row in connection.execute(query)]

    def discard(self, import_id: int) -> None:
        """Throw away an upload that was never run."""
        one = self.get(import_id)
        if one.status not in ("uploaded", "failed"):
            raise Conflict("This import was started already.")
        self.path(one).unlink(missing_ok=True)
        self._set(import_id, status="undone", finished_at=self._workspace.now())

    # --- work (the writer only) --------------------------------------------------------------
    def run(self, import_id: int) -> Import:
        """Run or resume an import; the caller holds the writer lock."""
        one = self.get(import_id)
        started = one.started_at or self._workspace.now()
        self._set(import_id, status="running", started_at=started)

        def progress(step: str, done: int, total: int) -> None:
            self._set(import_id, step=step, done_rows=done, total_rows=total)

        try:
            result = self._runners[one.kind].run(one, self.path(one), progress)
        except YutangError as error:
            self._set(
                import_id,
                status="failed",
                error={"code": error.code, "message": str(error), "template": error.message,
                       "hint": error.hint, "params": {k: str(v) for k, v in error.params.items()}},
                finished_at=self._workspace.now(),
            )  # fmt: skip
            return self.get(import_id)
        self._set(
            import_id,
            status="done",
            result=result,
            preset=result.get("preset", one.preset),
            finished_at=self._workspace.now(),
        )
        self.path(one).unlink(missing_ok=True)
        return self.get(import_id)

    def _set(self, import_id: int, **values: Any) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(update(imports).where(imports.c.id == import_id).values(**values))

    def mark(self, import_id: int, status: str) -> None:
        self._set(import_id, status=status, finished_at=self._workspace.now())


def source_of(import_id: int) -> str:
    """The name under which an import's evidence stands in identity links."""
    return f"import:{import_id}"


# --- claims --------------------------------------------------------------------------------------
def claim(workspace: Workspace, import_id: int, position: int, table: str, keys: Keys) -> None:
    """Note that an import also holds these keys, which another import brought first."""
    if not len(keys):
        return
    folder = workspace.files / "claims" / str(import_id)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{table}-{position}.tmp.npy"
    np.save(temporary, np.stack([keys.high, keys.low], axis=1))
    os.replace(temporary, folder / f"{table}-{position}.npy")


def claims_of_others(
    workspace: Workspace, import_id: int, live: set[int]
) -> dict[str, dict[int, np.ndarray]]:
    """table → import → key pairs (uint64, n × 2) that live imports other than this one claim."""
    found: dict[str, dict[int, np.ndarray]] = {table: {} for table in TABLES}
    for folder in sorted((workspace.files / "claims").glob("*")):
        other = int(folder.name)
        if other == import_id or other not in live:
            continue
        for table in TABLES:
            parts = [np.load(path) for path in sorted(folder.glob(f"{table}-*.npy"))]
            if parts:
                found[table][other] = np.concatenate(parts)
    return found


def drop_claims(workspace: Workspace, import_id: int) -> None:
    shutil.rmtree(workspace.files / "claims" / str(import_id), ignore_errors=True)


def live_imports(connection: Connection) -> set[int]:
    """Imports whose facts stand."""
    query = select(imports.c.id).where(imports.c.status.in_(["done", "running", "failed"]))
    return {int(row[0]) for row in connection.execute(query)}


def _store(source: Path | BinaryIO, target: Path, limit: int | None) -> tuple[str, int]:
    """Copy with a running SHA-256 and fsync; (hex digest, bytes)."""
    digest, size = hashlib.sha256(), 0
    stream = source.open("rb") if isinstance(source, Path) else source
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            for part in _parts(stream):
                size += len(part)
                if limit is not None and size > limit:
                    out.close()
                    target.unlink()
                    raise BadInput(
                        "The file is larger than %(limit)s MB.",
                        hint="Split it, or import it with the command line.",
                        limit=limit // 1_000_000,
                    )
                digest.update(part)
                out.write(part)
            out.flush()
            os.fsync(out.fileno())
    finally:
        if isinstance(source, Path):
            stream.close()
    if size == 0:
        target.unlink()
        raise BadInput("The file is empty.")
    return digest.hexdigest(), size


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    while part := stream.read(COPY_BYTES):
        yield part
