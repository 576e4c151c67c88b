"""A receiver as a process of its own, that can be killed, and other people's clients.

Node's clients are fetched by npm from tests/clients/package-lock.json when the first test asks;
without Node these tests are skipped. Browser clients need Chromium too.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from yutang.app import Services
from yutang.brand import Brand
from yutang.installation import Installation
from yutang.journal import segments
from yutang.settings import Settings
from yutang.worker import work_on

HERE = Path(__file__).parent
PATIENCE = 90.0  # seconds; a client that hangs must not hang the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Installed clients of the lock; skipped where there is no npm or no registry."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("there is no Node.js on this machine")
    stamp = HERE / "node_modules" / ".stamp"
    lock = (HERE / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        done = subprocess.run([npm, "ci"], cwd=HERE, capture_output=True, text=True)
        if done.returncode:
            pytest.skip("npm could not fetch the clients")
        stamp.write_text(lock)
    return HERE / "node_modules"


class Receiving:
    """`yutang collect` on one port; `kill` and `start` as often as wanted."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.brand: Brand = Services.open(Settings(home=home)).brand()
        self._process: subprocess.Popen[bytes] | None = None

    def key(self, kind: str) -> str:
        return self.brand.sources.create(f"my {kind}", kind, by="test").key

    def start(self) -> None:
        command = [sys.executable, "-m", "yutang", "collect", "--port", str(self.port)]
        env = {**os.environ, "YUTANG_HOME": str(self.home), "YUTANG_LOG_LEVEL": "error"}
        self._process = subprocess.Popen(command, env=env)
        while not self._answers():
            assert self._process.poll() is None, "the receiver died at its start"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def journal_bytes(self) -> int:
        return sum(len(segment.read_bytes()) for segment in segments(self.brand.workspace.journal))

    def kill_in_between(self, client: subprocess.Popen[str], times: int = 2) -> None:
        """Kill the receiver while a client sends, and start it again."""
        for _ in range(times):
            before = self.journal_bytes()
            while client.poll() is None and self.journal_bytes() == before:
                pass
            self.kill()
            self.start()

    def ingest(self) -> dict[str, int]:
        """Take in what was received; what the brand holds then."""
        work_on(self.brand)
        return self.brand.status()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/metrics", timeout=1).close()
        except OSError:
            return False
        return True


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Receiving]:
    installation = Installation.create(tmp_path / "home")
    installation.add_brand("main", "Pond")
    made = Receiving(tmp_path / "home")
    made.start()
    yield made
    made.kill()


def run(command: list[str], **env: str) -> subprocess.Popen[str]:
    """A client process; it prints how many records it was given."""
    quiet = {**os.environ, "NO_PROXY": "*", **env}
    return subprocess.Popen(command, env=quiet, stdout=subprocess.PIPE, text=True)


def sent_by(client: subprocess.Popen[str]) -> int:
    out, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 0
    return int(out.split()[-1])
