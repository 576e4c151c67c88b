"""Imports of files: stored durably, run by the worker, followed by anybody, undone whole.

The row in `imports` is the truth; a queue job is only a nudge. The uploaded file is the import's
journal: it stands fsynced before the first commit and is removed after the last, since it holds
names and addresses that nobody needs afterwards. What undo needs is kept as claims
(`ingest.claims`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError

from yutang.errors import BadInput, Conflict, NotFound, YutangError
from yutang.ingest.commit import unfinished
from yutang.state.brand import imports
from yutang.workspace import Workspace

COPY_BYTES = 1 << 20
FINISHED = ("done", "failed", "undone")
ORPHAN_SECONDS = 86_400  # an upload without a row is one on its way in, or older than this: lost


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

    def __init__(
        self,
        workspace: Workspace,
        runners: Mapping[str, Runner],
        step: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """`step` is told "done" before the file of a finished import goes; tests kill there."""
        self._workspace = workspace
        self._runners = runners
        self._step = step
        # Called between two batches of a file: what must not wait until a long import is through.
        self.between: Callable[[], None] = _nothing

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
            self.between()

        try:
            if not self.path(one).exists():
                raise NotFound("The uploaded file is gone.", hint="Import the file again.")
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
        self._step("done")
        self.path(one).unlink(missing_ok=True)
        return self.get(import_id)

    def give_up(self, import_id: int, error: Exception) -> bool:
        """Mark an import as failed by an unexpected error; False where it must be tried again.

        That is so for troubles of the machine, and while a batch of it is half committed.
        """
        # Arrow says OSError of a torn file too, but without the system's number.
        of_machine = isinstance(error, OSError) and error.errno is not None
        if of_machine or isinstance(error, MemoryError | OperationalError):
            return False
        with self._workspace.db.read() as connection:
            if any(journal == source_of(import_id) for journal, _ in unfinished(connection)):
                return False
        message = "The file broke the import (%(why)s)."
        hint = "The log of the worker tells where; the other files go on."
        why = type(error).__name__  # its text may hold a value of the file
        self._set(
            import_id,
            status="failed",
            error={"code": "internal", "message": f"{message % {'why': why}} {hint}",
                   "template": message, "hint": hint, "params": {"why": why}},
            finished_at=self._workspace.now(),
        )  # fmt: skip
        return True

    def sweep(self) -> int:
        """Remove uploads that nobody needs any more, as a crash leaves them; how many."""
        folder = self._workspace.files / "uploads"
        if not folder.exists():
            return 0
        with self._workspace.db.read() as connection:
            query = select(imports.c.stored_as, imports.c.status)
            status_of = dict(connection.execute(query).all())
        oldest = self._workspace.now() / 1000 - ORPHAN_SECONDS
        removed = 0
        for path in folder.iterdir():
            status = status_of.get(path.name)
            if status in ("done", "undone") or (status is None and path.stat().st_mtime < oldest):
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _set(self, import_id: int, **values: Any) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(update(imports).where(imports.c.id == import_id).values(**values))

    def mark(self, import_id: int, status: str) -> None:
        self._set(import_id, status=status, finished_at=self._workspace.now())


def _nothing() -> None:
    """Nothing waits."""


def source_of(import_id: int) -> str:
    """The name under which an import's evidence stands in identity links."""
    return f"import:{import_id}"


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
        _sync_folder(target.parent)
    finally:
        if isinstance(source, Path):
            stream.close()
    if size == 0:
        target.unlink()
        raise BadInput("The file is empty.")
    return digest.hexdigest(), size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    while part := stream.read(COPY_BYTES):
        yield part
