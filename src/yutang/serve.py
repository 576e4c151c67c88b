"""`yutang serve`: the web process, and beside it the worker, kept alive."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import structlog
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from yutang import logs
from yutang.app import create_app
from yutang.collect import Receiver
from yutang.collect.server import ensure_free, run, server_of
from yutang.receivers import open_collecting
from yutang.settings import Settings
from yutang.worker import nudge, worker_is_up

__all__ = ["ensure_free", "serve", "serve_anew"]

log = structlog.get_logger("serve")
RESTART_SECONDS = 2.0
GIVE_UP_AFTER = 30  # a worker that dies this often in a row has a reason that doctor must find


def serve(settings: Settings) -> None:
    """Serve until interrupted; the worker is a child and ends with us."""
    ensure_free(settings.host, settings.port)
    logs.configure(settings.log_level)
    app = create_app(settings)
    app.state.nudge = lambda slug: nudge(settings.home, slug)  # pages hand work to the worker
    collecting = app.state.services.collecting = open_collecting(settings)
    # The console believes a proxy on this machine, receivers only the one their setting names.
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    server = server_of(
        Receiver(collecting, ProxyHeadersMiddleware(app, trusted)),  # type: ignore[arg-type]
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        proxy_headers=False,
    )
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(settings.home, stop), daemon=True)
    keeper.start()
    try:
        run(server)
    finally:
        stop.set()
        keeper.join(timeout=10)


def serve_anew(home: Path, host: str, port: int) -> NoReturn:
    """Serve in this process's place: the gigabyte that making the demo took is given back."""
    sys.stdout.flush()
    words = ["serve", "--home", str(home), "--host", host, "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "yutang", *words])  # noqa: S606 - our own


def _keep_worker(home: Path, stop: threading.Event) -> None:
    deaths = 0
    while not stop.is_set() and deaths < GIVE_UP_AFTER:
        if worker_is_up(home):  # one is running on its own
            stop.wait(RESTART_SECONDS)
            continue
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "yutang.worker", str(home)],
            stdin=subprocess.PIPE,
            env={**os.environ, "YUTANG_SUPERVISED": "1"},
        )
        while process.poll() is None and not stop.wait(0.5):
            pass
        if stop.is_set():
            process.terminate()
            process.wait(timeout=10)
            return
        if process.returncode == 0:  # it recycled itself after work
            continue
        deaths = deaths + 1 if time.monotonic() - started < 60 else 1
        log.warning("worker.restarted", exit=process.returncode, deaths=deaths)
        stop.wait(RESTART_SECONDS)
