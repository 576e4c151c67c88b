"""`yutang collect` and `yutang serve` as processes: a source's address takes events at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from tests.collect.plain import exchange, stored
from yutang.cli import app

pytestmark = pytest.mark.slow
RUNNER = CliRunner()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: tuple[str, int]) -> None:
    for _ in range(600):
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("it did not start")


@pytest.mark.parametrize("command", ["collect", "serve"])
def test_a_source_takes_events(command: str, tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    assert RUNNER.invoke(app, ["init", str(home)]).exit_code == 0
    words = ["source", "create", "shop", "--base-url", f"http://127.0.0.1:{port}", "--json"]
    made = RUNNER.invoke(app, [*words, "--home", str(home)])
    url = urlsplit(json.loads(made.stdout)["url"])
    process = subprocess.Popen(
        [sys.executable, "-m", "yutang", command, "--home", str(home), "--port", str(port)],
        env={**os.environ, "YUTANG_LOG_LEVEL": "error"},
    )
    try:
        wait_for(("127.0.0.1", port))
        head = f"POST {url.path}?{url.query} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
        body = b"data_list=W10%3D"
        sent = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
        assert b" 200 OK" in exchange(("127.0.0.1", port), sent)
        page = b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        expected = {"collect": b"HTTP/1.1 404 ", "serve": b"HTTP/1.1 303 "}[command]
        assert exchange(("127.0.0.1", port), page).startswith(expected)
        numbers = exchange(("127.0.0.1", port), page.replace(b"/ ", b"/metrics ", 1))
        assert b'yutang_collect_requests_total{brand="main",source="shop"} 1' in numbers
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    if command == "collect":  # the worker of `serve` may have taken it in already
        assert [one.body for one in stored(home)] == [body]
