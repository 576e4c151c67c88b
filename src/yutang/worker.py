"""The worker process: the one writer. Runs what is due, brand by brand, and sweeps each minute;
tracked events have a thread of their own beside it (yutang.streaming).

`work_on` is also what the command line runs itself where no worker is up.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from yutang import logs, telling
from yutang.errors import Busy, YutangError
from yutang.jobs import POLL_SECONDS, made_version, open_queue
from yutang.kit import locks
from yutang.kit.clock import now_ms
from yutang.kit.memory import without_pandas
from yutang.streaming import Streaming

if TYPE_CHECKING:
    from yutang.app import Services
    from yutang.brand import Brand

log = structlog.get_logger("worker")
RECYCLE_AFTER = 30.0  # seconds without work
NEXT_AT = "retention_next_at"  # in `meta`: when old facts are removed next
GROUPS_RECOUNT = "groups_recount"  # in `meta`: word lists are newer than the counts of groups
ERASING = ("asked", "started", "stores")  # erasures that are not done
STOP_SECONDS = 20.0  # a stopping worker waits so long for the batch it is committing


def worker_lock(home: Path) -> Path:
    return home / "worker.lock"


def worker_is_up(home: Path) -> bool:
    """Does a live process hold the worker's lock?"""
    with locks.exclusive(worker_lock(home), wait=False) as free:
        return not free


def nudge(home: Path, slug: str) -> None:
    """Tell the worker that a brand has something due."""
    task = _tasks(home)
    task(slug)


def work_on(brand: Brand, *, wait: bool = True, between: Callable[[], None] | None = None) -> None:
    """Everything due for one brand: imports, undos, repairs, tracked events, then the caches.

    between: called between two batches of an import, for what must not wait until it is through.
    """
    from yutang.commerce import tell_domains
    from yutang.ingest import undo
    from yutang.lake import TABLES
    from yutang.refresh import rebuild, refresh

    with brand.workspace.writer(wait=wait):
        brand.stream.finish()  # what is half done stands before all that comes
        _decide(brand)  # a person is waiting for it
        if between is not None:
            brand.imports.between = between
        due = brand.imports.due()
        for one in due:
            if one.status == "undoing":
                undo(brand.workspace, brand.identities, brand.committer, brand.imports, one)
            else:
                _run(brand, one.id)
        brand.imports.sweep()
        if due:
            for table in TABLES:
                brand.workspace.lake.tidy(table)
                brand.workspace.lake.clear_old(table)
        brand.repairs.settle()
        brand.value_repairs.run()
        if between is None:  # else a thread of this process takes what comes
            brand.stream.drain()
        brand.replays.run()
        now = brand.workspace.now()
        if brand.retention.due(now):
            brand.retention.apply(now)
        brand.tags.expire(now)
        tell_domains(brand.workspace, brand.orders)
        refresh(brand)
        brand.privacy.finish(lambda: rebuild(brand))


def _decide(brand: Brand) -> None:
    """Carry out decisions about people; one that breaks our code is refused, and the rest go on."""
    from sqlalchemy.exc import OperationalError

    for one in brand.hand_requests.waiting():
        try:
            brand.hand_requests.carry_out(one)
        except (OSError, MemoryError, OperationalError):
            raise  # the machine's fault: it is tried again
        except Exception as error:  # noqa: BLE001 - told, and refused
            why = type(error).__name__  # its text may hold a value of a person
            log.error("decision.broke", brand=brand.row.slug, request=one.id, error=why)
            hint = "It was written to the worker's log."
            broken = YutangError("Something went wrong on our side.", hint=hint)
            brand.hand_requests.refuse(one, broken)


def _run(brand: Brand, import_id: int) -> None:
    """Run an import; a file that breaks our code fails alone, and the brand goes on."""
    try:
        brand.imports.run(import_id)
    except Exception as error:
        if not brand.imports.give_up(import_id, error):
            raise  # the machine's fault, or a batch is half done: it is tried again
        # Where, not what: the error's text may hold a value of the file.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        why = type(error).__name__
        log.error("import.broke", brand=brand.row.slug, number=import_id, error=why, where=where)


def run(home: Path) -> None:
    """Be the worker until told to stop. Raises Busy where another worker is up."""
    with locks.exclusive(worker_lock(home), wait=False) as held:
        if not held:
            raise Busy("A worker of this installation is running already.")
        streaming, stop = (
            Streaming(home, lambda slug: _services(home).brand(slug)),
            threading.Event(),
        )
        _state.streaming = streaming
        _stop_with_parent(streaming)
        for slug in _slugs(home):
            nudge(home, slug)  # what hung when the last worker died
        task = _tasks(home)
        consumer = task.huey.create_consumer(
            workers=1, periodic=True, initial_delay=0.1, backoff=1.2, max_delay=POLL_SECONDS
        )
        thread = threading.Thread(target=streaming.run, args=(stop,), daemon=True)
        thread.start()
        consumer.run()
        stop.set()
        thread.join(STOP_SECONDS)  # of a batch that does not end, the journal still knows


def _tasks(home: Path):  # type: ignore[no-untyped-def]
    """The queue's tasks, bound to one installation."""
    from huey import crontab

    queue = open_queue(home)

    @queue.task(name="work")  # type: ignore[untyped-decorator]
    def work(slug: str) -> None:
        _work(home, slug)

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    def sweep() -> None:
        for slug in _slugs(home):
            _work(home, slug)

    work.huey = queue
    return work


class _State:
    """What this process is doing, for the decision to recycle it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.working = False
        self.worked_at = 0.0
        self.services: Services | None = None
        self.opening = threading.Lock()
        self.streaming: Streaming | None = None


_state = _State()


def _work(home: Path, slug: str) -> None:
    streaming = _state.streaming
    writes = _has_work(home, slug, caches=streaming is None or not streaming.follows(slug))
    if not writes and not telling.has_work(home / "brands" / slug, now_ms()):
        return
    with _state.lock:
        _state.working = True
    try:
        brand = _services(home).brand(slug)
        if writes:
            work_on(brand, between=partial(streaming.serve_now, brand) if streaming else None)
        telling.tell(brand)
        if writes:
            brand.predictions.refresh()
    except YutangError as error:
        log.error("work.failed", brand=slug, code=error.code, error=str(error))
    finally:
        with _state.lock:
            _state.working, _state.worked_at = False, time.monotonic()


def _services(home: Path) -> Services:
    """The open installation; loads everything when it is first asked for."""
    from yutang.app import Services
    from yutang.settings import Settings

    with _state.opening:
        if _state.services is None:
            _state.services = Services.open(Settings(home=home))
        return _state.services


def _has_work(home: Path, slug: str, *, caches: bool = True) -> bool:
    """A look before the heavy parts are loaded: rows due, or (where asked) caches behind the
    facts."""
    from sqlalchemy import func, select

    from yutang.state import open_brand
    from yutang.state.brand import (
        commits,
        erasures,
        hand_requests,
        imports,
        meta,
        quarantine,
        tags,
    )

    root = home / "brands" / slug
    queries = (
        select(func.count()).where(imports.c.status.in_(["queued", "running", "undoing"])),
        select(func.count()).where(quarantine.c.status == "repairing"),
        select(func.count()).where(meta.c.key.in_(["shops_changed", "lifecycle_rule_changed"])),
        select(func.count()).where(meta.c.key == GROUPS_RECOUNT, meta.c.value != ""),
        select(func.count()).where(tags.c.expires_at <= now_ms()),
        select(func.count()).where(meta.c.key == "segments_due", meta.c.value == "1"),
        select(func.count()).where(hand_requests.c.status == "waiting"),
        select(func.count()).where(erasures.c.receipt["status"].as_string().in_(ERASING)),
    )
    newest = select(func.max(commits.c.id)).where(commits.c.status == "done")
    made = made_version(root / "cache")
    database = open_brand(root / "state.db")
    try:
        with database.read() as connection:
            due = any(connection.execute(query).scalar() for query in queries)
            night = connection.execute(select(meta.c.value).where(meta.c.key == NEXT_AT)).scalar()
            return (
                due
                or int(night or 0) <= now_ms()
                or (caches and (connection.execute(newest).scalar() or 0) != made)
            )
    finally:
        database.close()


def _slugs(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "brands").iterdir() if path.is_dir())


def _stop_with_parent(streaming: Streaming) -> None:
    """Started by `yutang serve`, stdin is a pipe: its end means that the parent is gone.

    After work the libraries keep hundreds of megabytes; once idle, the worker ends and its parent
    starts a small one again. While tracked events come, or their journal is kept, it stays: the
    next event must not wait for a process to start.
    """
    if os.environ.get("YUTANG_SUPERVISED") != "1":
        return

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    def recycle() -> None:
        while True:
            time.sleep(RECYCLE_AFTER / 2)
            with _state.lock:  # no work begins while we decide
                idle = _state.worked_at and time.monotonic() - _state.worked_at > RECYCLE_AFTER
                done = idle or (_state.services is not None and not _state.worked_at)
                if done and not _state.working and streaming.is_idle(RECYCLE_AFTER):
                    os._exit(0)

    for target in (watch, recycle):
        threading.Thread(target=target, daemon=True).start()


def main() -> None:
    """Entry point of the worker process: `python -m yutang.worker HOME`."""
    without_pandas()
    logs.configure(os.environ.get("YUTANG_LOG_LEVEL", "info"))
    run(Path(sys.argv[1]))


if __name__ == "__main__":
    # Not our own `main`: the queue knows tasks by their module, which is not `__main__` elsewhere.
    from yutang import worker

    worker.main()
