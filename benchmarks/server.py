"""The console as people meet it: pages, idle cost, start of the command line, first answer.

`python benchmarks/server.py DEMO` starts the server on a demo installation (made by `make demo`),
logs in, asks every page 40 times (analyses of other days each time, so that no answer was kept),
then measures the idle server's memory (all processes, PSS) and processor time over ten seconds.
Needs the demo's folder.
"""

from __future__ import annotations

import html
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import psutil

from yutang.analysis import MODELS
from yutang.demo_home import LOGIN, password_of

YUTANG = str(Path(sys.executable).parent / "yutang")
PAGES = (
    "overview", "customers", "customers?sort=net&page=2", "customers/12",
    *(f"analyse/{model.NAME}" for model in MODELS), "imports", "shops",
    "health", "health/quarantine", "settings",
)  # fmt: skip
ROUNDS = 40
LAST_DAY = "2026-11-20"
IDLE_SECONDS = 10.0


def main() -> None:
    home = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").resolve()
    print(f"yutang --help              {_median(_help, 5) * 1000:8.0f} ms")
    port = _free_port()
    server = subprocess.Popen(
        [YUTANG, "serve", "--home", str(home), "--port", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        client = _log_in(f"http://127.0.0.1:{port}", home)
        _idle(server.pid, "idle after the login")
        started = time.perf_counter()
        client.get("/b/real-data/analyse/funnel").raise_for_status()
        print(f"first funnel page          {(time.perf_counter() - started) * 1000:8.0f} ms")
        for brand in ("real-data", "simulated"):
            _pages(client, brand)
        _idle(server.pid, "idle after all pages")
    finally:
        server.terminate()
        server.wait(timeout=20)


def _help() -> float:
    started = time.perf_counter()
    subprocess.run([YUTANG, "--help"], capture_output=True, check=True)
    return time.perf_counter() - started


def _median(measure, runs: int) -> float:  # type: ignore[no-untyped-def]
    return statistics.median(measure() for _ in range(runs))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _log_in(base: str, home: Path) -> httpx.Client:
    client = httpx.Client(base_url=base, follow_redirects=True, timeout=60, trust_env=False)
    for _ in range(200):
        try:
            page = client.get("/login")
            break
        except httpx.TransportError:
            time.sleep(0.1)
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    form.update(login=LOGIN, password=password_of(home))
    client.post("/login", data=form, headers={"origin": base}).raise_for_status()
    return client


def _pages(client: httpx.Client, brand: str) -> None:
    for page in PAGES:
        address = f"/b/{brand}/{page}"
        question = _question(client, address) if page.startswith("analyse/") else {}
        times = []
        for number in range(ROUNDS):
            if question:
                begin = (date.fromisoformat(LAST_DAY) - timedelta(days=90 + number)).isoformat()
                question |= {"range": "", "from": begin, "to": LAST_DAY}
            started = time.perf_counter()
            answer = client.get(address, params=question)
            times.append(time.perf_counter() - started)
            answer.raise_for_status()
        times.sort()
        p95 = times[int(len(times) * 0.95) - 1]
        middle = times[len(times) // 2]
        print(f"{brand:<10} {page:<32} median {middle * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms")


def _question(client: httpx.Client, address: str) -> dict[str, str]:
    """What an analysis asks at first, as its own link to a file says it."""
    found = re.search(r'href="[^"?]*\?([^"]*&amp;as=csv)"', client.get(address).text)
    pairs = parse_qsl(html.unescape(found[1]), keep_blank_values=True) if found else []
    return {key: value for key, value in pairs if key != "as"}


def _idle(pid: int, when: str) -> None:
    """Memory counts mapped cache files that were read (PSS), which the system can take back."""
    root = psutil.Process(pid)
    family = [root, *root.children(recursive=True)]
    before = sum(sum(p.cpu_times()[:2]) for p in family)
    time.sleep(IDLE_SECONDS)
    used = sum(sum(p.cpu_times()[:2]) for p in family) - before
    memory = sum(p.memory_full_info().pss for p in family) / 1e6
    share = used / IDLE_SECONDS
    print(f"{when}: {memory:.0f} MB in {len(family)} processes, {share:.1%} of a core")


if __name__ == "__main__":
    os.environ.pop("HTTP_PROXY", None)
    main()
