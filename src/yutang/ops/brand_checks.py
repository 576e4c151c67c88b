"""Detectors of one brand's stores and caches."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from deltalake.exceptions import DeltaError
from sqlalchemy import func, select

from yutang.errors import YutangError
from yutang.ingest import facts_version, unfinished
from yutang.journal import backlog
from yutang.lake import TABLES
from yutang.ops.findings import Finding, Patient
from yutang.state.brand import commits, identities

UNREADABLE = (YutangError, DeltaError, OSError, ValueError, KeyError, pa.ArrowException)
LOG_BYTES = 256 << 20  # a write-ahead log beyond this has a reader that never lets go
WAITING_MINUTES = 10  # a worker takes seconds; a large import or a rebuild some minutes
MANY_BEHIND = 20  # Delta versions; catching up with more takes the next import long


def half_done(patient: Patient) -> Iterator[Finding]:
    """Batches, erasures and imports that died and that nobody is finishing."""
    if not patient.quiet:
        return
    with patient.brand.workspace.db.read() as connection:
        batches = len(unfinished(connection))
    waiting = [one.id for one in patient.brand.imports.due()]
    erasures = [one.id for one in patient.brand.privacy.receipts() if one.status != "done"]
    level = "warning" if patient.worker_up else "error"
    remedy = (
        "The worker takes them up within a minute; if not, its log tells why."
        if patient.worker_up
        else "Start `yutang serve`: its worker finishes them."
    )
    for code, count, problem in (
        ("batches", batches, "%(count)s batches died half-way."),
        ("imports_due", len(waiting), "%(count)s imports are waiting."),
        ("erasures", len(erasures), "%(count)s persons are not wholly erased yet."),
    ):
        if count:
            yield Finding(code, level, problem, remedy, patient.slug, {"count": count})  # type: ignore[arg-type]


def failed_imports(patient: Patient) -> Iterator[Finding]:
    failed = [one for one in patient.brand.imports.list_() if one.status == "failed"]
    if failed:
        newest = failed[0]
        yield Finding(
            "imports_failed", "warning",
            "%(count)s imports failed; the newest is %(id)s (%(file)s): %(why)s",
            "Mend the file and import it again, or discard the import on its page.",
            patient.slug,
            {"count": len(failed), "id": newest.id, "file": newest.filename,
             "why": (newest.error or {}).get("message", "")},
        )  # fmt: skip


def lake_files(patient: Patient) -> Iterator[Finding]:
    """Every data file that the newest version names is there."""
    lake = patient.brand.workspace.lake
    for table in TABLES:
        if not lake.exists(table):
            continue
        try:
            missing = [name for name in lake.files(table) if not (lake.path(table) / name).exists()]
        except UNREADABLE as error:
            yield Finding(
                "lake", "error", "The lake's table %(table)s cannot be opened: %(why)s",
                "Restore the newest backup with `yutang restore`.",
                patient.slug, {"table": table, "why": str(error)},
            )  # fmt: skip
            continue
        if missing:
            yield Finding(
                "lake_files", "error",
                "%(count)s data files of the lake's table %(table)s are gone, first %(name)s.",
                "Restore the newest backup with `yutang restore`.",
                patient.slug, {"table": table, "count": len(missing), "name": missing[0]},
            )  # fmt: skip


def lake_and_state(patient: Patient) -> Iterator[Finding]:
    """The lake holds no fact or person that the state has never heard of."""
    workspace = patient.brand.workspace
    with workspace.db.read() as connection:
        known = int(connection.execute(select(func.max(commits.c.id))).scalar() or 0)
        people = int(connection.execute(select(func.max(identities.c.id))).scalar() or 0)
    lake = workspace.lake
    try:
        ahead = lake.highest("commit_id") > known or lake.highest("identity") > people
    except UNREADABLE:
        return  # `lake_files` says so
    if ahead:
        yield Finding(
            "state_behind", "error",
            "The lake holds facts that the state does not know: the two are of different times.",
            "Restore both from one backup with `yutang restore`, then import what came later.",
            patient.slug,
        )  # fmt: skip


def key_index(patient: Patient) -> Iterator[Finding]:
    if not patient.quiet:
        return
    lake = patient.brand.workspace.lake
    for table in TABLES:
        try:
            behind = lake.keys_behind(table) if lake.exists(table) else 0
        except UNREADABLE:
            continue
        if behind > MANY_BEHIND:
            yield Finding(
                "keys_behind", "warning",
                "The key index of %(table)s is %(count)s versions behind.",
                "`yutang rebuild` makes it again; the next import would do so too, but slowly.",
                patient.slug, {"table": table, "count": behind},
            )  # fmt: skip


def crowded_days(patient: Patient) -> Iterator[Finding]:
    lake = patient.brand.workspace.lake
    for table in TABLES:
        try:
            days = lake.crowded_days(table)
        except UNREADABLE:
            continue
        if days:
            yield Finding(
                "crowded", "warning",
                "%(count)s days of %(table)s lie in many small files: reading is slow.",
                "Run `yutang compact`.", patient.slug, {"table": table, "count": len(days)},
            )  # fmt: skip


def caches(patient: Patient) -> Iterator[Finding]:
    with patient.brand.workspace.db.read() as connection:
        newest = facts_version(connection)
    for name, version_of in patient.brand.cache_versions().items():
        try:
            version = version_of()
        except UNREADABLE as error:
            if newest:
                yield Finding(
                    "cache", "error", "The cache of %(name)s is unreadable: %(why)s",
                    "Run `yutang rebuild`: nothing is lost.",
                    patient.slug, {"name": name, "why": str(error)},
                )  # fmt: skip
            continue
        if version < newest and patient.quiet:
            yield Finding(
                "cache_behind", "warning",
                "The cache of %(name)s stands at version %(have)s, the facts at %(newest)s.",
                "Start `yutang serve`, or run `yutang rebuild`.",
                patient.slug, {"name": name, "have": version, "newest": newest},
            )  # fmt: skip


def write_ahead_log(patient: Patient) -> Iterator[Finding]:
    log = patient.brand.workspace.root / "state.db-wal"
    size = log.stat().st_size if log.exists() else 0
    if size > LOG_BYTES:
        yield Finding(
            "log_large", "warning", "The state's write-ahead log has grown to %(size)s MB.",
            "A process has been reading for very long: restart Yutang.",
            patient.slug, {"size": size >> 20},
        )  # fmt: skip


def journal_waiting(patient: Patient) -> Iterator[Finding]:
    """Requests that receivers answered and no worker has taken in."""
    waits = backlog(patient.brand.workspace.journal)
    minutes = (patient.now - waits.oldest_at) // 60_000 if waits.oldest_at else 0
    if minutes >= WAITING_MINUTES:
        yield Finding(
            "journal_waiting", "warning",
            "Events have waited for %(minutes)s minutes to be taken in (%(size)s MB).",
            "Nothing is lost. Start `yutang serve`, or look at the worker's log.",
            patient.slug, {"minutes": minutes, "size": waits.bytes >> 20},
        )  # fmt: skip
