"""The collector beside a bare server that only decodes JSON and stores the bytes with fsync.

`python benchmarks/collector.py [SECONDS]`: batches of 100 events and single image requests, a
client on the same machine, both servers on the same uvicorn, uvloop and httptools, in turns.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec
import psutil
import uvloop

KEY = "0123456789abcdef" * 2
CONNECTIONS = 32
ROUNDS = 3
BATCH = 100
PEOPLE = 200_000
AUTHORIZATION = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()


# --- what is sent ---------------------------------------------------------------------------------
def event(rng: random.Random, n: int) -> dict[str, Any]:
    """A tracked event with the usual dozen properties."""
    return {
        "type": "track",
        "event": rng.choice(("Product Viewed", "Product Added", "Page Viewed", "Coupon Applied")),
        "messageId": f"{n:x}-{rng.getrandbits(64):016x}",
        "userId": f"member-{rng.randrange(PEOPLE)}",
        "anonymousId": f"{rng.getrandbits(64):016x}",
        "timestamp": f"2026-11-22T14:{rng.randrange(60):02}:{rng.randrange(60):02}.902Z",
        "properties": {
            "sku": f"A{rng.randrange(5_000)}", "price": rng.randrange(100, 99_900) / 100,
            "channel": rng.choice(("mini_program", "site", "store")), "city": "上海",
            "position": rng.randrange(20), "is_new": rng.random() < 0.3, "tags": ["a", "b"],
        },
        "context": {"library": {"name": "bench", "version": "1"}},
    }  # fmt: skip


def batches(count: int) -> list[bytes]:
    """Requests of 100 events each, as a server SDK sends them."""
    rng, made = random.Random(1), []
    for n in range(count):
        events = [event(rng, n * BATCH + i) for i in range(BATCH)]
        body = json.dumps({"batch": events, "sentAt": "2026-11-22T14:13:53.902Z"}).encode()
        head = (
            "POST /v1/batch HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench/1\r\n"
            f"Authorization: {AUTHORIZATION}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def hash31(text: str) -> int:
    """The checksum of web image requests (protocols.md 1.2)."""
    h = 0
    for character in text.encode():
        h = (31 * h + character) & 0xFFFFFFFF
    return h - (1 << 32) if h >> 31 else h


def images(count: int) -> list[bytes]:
    """Single events as a browser's image requests."""
    rng, made = random.Random(2), []
    for n in range(count):
        record = {
            "type": "track", "event": "$pageview", "time": 1_790_000_000_000 + n,
            "distinct_id": f"member-{rng.randrange(PEOPLE)}", "_track_id": rng.getrandbits(31),
            "lib": {"$lib": "js", "$lib_method": "code", "$lib_version": "1.27.11"},
            "properties": {"$url": "https://shop.example/p/1", "$title": "一件商品", "n": n},
        }  # fmt: skip
        data = base64.b64encode(json.dumps(record, ensure_ascii=False).encode()).decode()
        query = f"project=bench&token={KEY}&data={quote(data, safe='')}"
        query += "&ext=" + quote(f"crc={hash31(data)}", safe="")
        made.append(
            f"GET /sa.gif?{query} HTTP/1.1\r\nHost: bench\r\nAccept: image/*\r\n"
            "User-Agent: Mozilla/5.0 (bench)\r\nReferer: https://shop.example/\r\n\r\n".encode()
        )
    return made


# --- the two servers ------------------------------------------------------------------------------
class Bare:
    """Decode, append, fdatasync for all that wait together, answer."""

    def __init__(self, path: Path) -> None:
        self.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self.task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "POST":
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message["body"], message["more_body"]
            msgspec.json.decode(body)
        else:
            body = base64.b64decode(parse_qs(scope["query_string"])[b"data"][0])
            msgspec.json.decode(body)
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((body, done))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.commit())
        await done
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async def commit(self) -> None:
        while self.waiting:
            group, self.waiting = self.waiting, []
            os.write(self.handle, b"".join(body for body, _ in group))
            await asyncio.to_thread(os.fdatasync, self.handle)
            for _, done in group:
                done.set_result(None)


def serve(which: str, home: Path, port: int) -> None:
    """Run one of the servers; the parent ends it."""
    from yutang.collect import Collecting, Receiver, Stores
    from yutang.collect.server import server_of
    from yutang.receivers import PROTOCOLS

    app: Any = Bare(home / "bare.bytes")
    if which == "yutang":
        app = Receiver(Collecting(Stores(home), PROTOCOLS))
    lifespan = "off" if which == "bare" else "on"
    server_of(app, host="127.0.0.1", port=port, log_level="error", lifespan=lifespan).run()


def make_home(home: Path) -> None:
    from sqlalchemy import insert

    from yutang.state import open_brand, open_installation
    from yutang.state.brand import sources, write_keys
    from yutang.state.installation import brands

    (home / "brands" / "main").mkdir(parents=True)
    installation = open_installation(home / "installation.db")
    with installation.write() as connection:
        connection.execute(insert(brands).values(slug="main", name="main", created_at=0))
    state = open_brand(home / "brands" / "main" / "state.db")
    with state.write() as connection:
        row = {"id": 1, "name": "bench", "kind": "segment", "settings": {}, "created_at": 0}
        connection.execute(insert(sources).values(row))
        connection.execute(insert(write_keys).values(key=KEY, source_id=1, created_at=0))


# --- the client -----------------------------------------------------------------------------------
class Connection(asyncio.Protocol):
    """Asks one request after the other until the time is over."""

    def __init__(self, next_request: Callable[[], bytes], until: float, took: list[float]) -> None:
        self.next_request, self.until, self.took = next_request, until, took
        self.closed = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.started = time.perf_counter()
        if self.started >= self.until:
            self.transport.close()
            return
        self.transport.write(self.next_request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"refused: {self.buffer[:300]!r}")
        self.buffer = b""
        self.took.append(time.perf_counter() - self.started)
        self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed.set_result(None)


async def drive(port: int, requests: list[bytes], seconds: float) -> tuple[float, list[float]]:
    """(requests a second, the time each took in seconds), CONNECTIONS at once."""
    turn, took = 0, list[float]()

    def next_request() -> bytes:
        nonlocal turn
        turn += 1
        return requests[turn % len(requests)]

    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    made = [
        await loop.create_connection(
            lambda: Connection(next_request, started + seconds, took), "127.0.0.1", port
        )
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(protocol.closed for _, protocol in made))
    return len(took) / (time.perf_counter() - started), sorted(took)


def measure(which: str, requests: list[bytes], seconds: float) -> tuple[float, list[float], float]:
    """Requests a second, the time each took, and the server's processor time for one (seconds)."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".collector-") as folder:
        home = Path(folder)
        make_home(home)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen([sys.executable, __file__, "serve", which, folder, str(port)])
        try:
            _wait_for(port)
            uvloop.run(drive(port, requests, 0.5))  # warm
            before = sum(psutil.Process(server.pid).cpu_times()[:2])
            rate, took = uvloop.run(drive(port, requests, seconds))
            used = sum(psutil.Process(server.pid).cpu_times()[:2]) - before
            return rate, took, used / len(took)
        finally:
            server.kill()
            server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    columns = ("requests/s", "events/s", "p50 ms", "p99 ms", "CPU µs each")
    print(" " * 22 + "".join(f"{one:>13}" for one in columns))
    for name, requests, events in (
        ("batches of 100", batches(200), BATCH),
        ("image requests", images(2_000), 1),
    ):
        found: dict[str, list[tuple[float, list[float], float]]] = {"bare": [], "yutang": []}
        for _ in range(ROUNDS):
            for which, rounds in found.items():
                rounds.append(measure(which, requests, seconds))
        rates = {which: sum(one[0] for one in rounds) / ROUNDS for which, rounds in found.items()}
        for which, rounds in found.items():
            took = sorted(time for one in rounds for time in one[1])
            p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
            cpu = sum(one[2] for one in rounds) / ROUNDS * 1e6
            print(
                f"{name:<15}{which:<7}{rates[which]:>13,.0f}{rates[which] * events:>13,.0f}"
                f"{p50:>13.1f}{p99:>13.1f}{cpu:>13.0f}"
            )
        print(f"{name:<15}yutang ÷ bare {rates['yutang'] / rates['bare']:.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
