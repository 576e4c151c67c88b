"""From a client's request to the lake: batches of 100 events, everything real, on one machine.

`python benchmarks/intake.py [--seconds 60] [--known 5000000]`: `yutang serve` (receiver, pages and
worker) takes events of 200,000 active among the known identities, beside a bare server that only
decodes the JSON and stores the bytes with fsync. The client waits where too much is on its way:
what is printed is the rate that lasts. Then how long answers take at a third of that load, the
memory of all processes together, and how long one event takes until a funnel counts it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import uvloop

import collector
from yutang.app import Services
from yutang.brand import Brand
from yutang.installation import Installation
from yutang.settings import Settings

BATCH = 100
KEPT_ALIVE = 2.0  # seconds
AHEAD = 5_000  # requests on their way to the lake at any time
ACTIVE = 200_000
STAMP = b"@@@@@@@@@@"  # becomes the number of the request: each event is sent once
SQL = {
    "customers": "INSERT INTO customers (id, created_at) VALUES (?, 0)",
    "identities": "INSERT INTO identities (id, kind, value, shown, customer_id, first_customer,"
    " commit_id, source, first_seen_at) VALUES (?, ?, ?, ?, ?, ?, 0, 'bench', 0)",
    "links": "INSERT INTO identity_links (a, b, evidence, strength, source, time, at)"
    " VALUES (?, ?, 'event', 'device', 'bench', 0, 0)",
}


def preload(path: Path, known: int) -> None:
    """`known` identities, two to a person: a login and an anonymous id."""
    people = known // 2
    with sqlite3.connect(path) as state:
        state.execute("PRAGMA synchronous=OFF")
        state.executemany(SQL["customers"], ((i,) for i in range(1, people + 1)))

        def rows() -> Iterator[tuple[int, str, str, str, int, int]]:
            for i in range(1, people + 1):
                yield 2 * i - 1, "login_id", f"m{i:08d}", f"m{i:08d}", i, i
                yield 2 * i, "anonymous_id", f"a{i:08d}", f"a{i:08d}", i, i

        state.executemany(SQL["identities"], rows())
        state.executemany(SQL["links"], ((2 * i - 1, 2 * i) for i in range(1, people + 1)))


def event(rng: random.Random, who: int, place: int, now: float) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - rng.random() * 5))
    return {
        "type": "track",
        "event": rng.choice(("Product Viewed", "Product Added", "Page Viewed", "Coupon Applied")),
        "messageId": f"{STAMP.decode()}-{place:02d}",
        "userId": f"m{who:08d}",
        "anonymousId": f"a{who:08d}",
        "timestamp": f"{at}.{rng.randrange(1000):03d}Z",
        "properties": {
            "sku": f"A{rng.randrange(5_000)}", "price": rng.randrange(100, 99_900) / 100,
            "channel": rng.choice(("mini_program", "site", "store")), "city": "上海",
            "position": rng.randrange(20), "is_new": rng.random() < 0.3,
        },
    }  # fmt: skip


def requests(known: int, key: str) -> list[bytes]:
    """Every active person once, 100 to a request."""
    rng, now = random.Random(1), time.time()
    active = rng.sample(range(1, known // 2 + 1), min(ACTIVE, known // 2))
    made = []
    for start in range(0, len(active), BATCH):
        people = active[start : start + BATCH]
        events = [event(rng, who, place, now) for place, who in enumerate(people)]
        body = json.dumps({"batch": events, "writeKey": key}).encode()
        head = (
            "POST /v1/batch HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Authorization: {authorization(key)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def authorization(key: str) -> str:
    import base64

    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


class Requests(list[bytes]):
    """A list of requests of which each turn is stamped anew."""

    sent = 0

    def __getitem__(self, place: Any) -> Any:
        Requests.sent += 1
        return super().__getitem__(place).replace(STAMP, b"%010d" % Requests.sent)


class Client:
    """Sends one request after the other on 16 connections, at most `rate` a second, and no more
    than `ahead` requests before the lake has them."""

    LANES = 16

    def __init__(self, port: int, made: Requests, *, rate: float, ahead: int) -> None:
        self.port, self.made, self.rate, self.ahead = port, made, rate, ahead
        self.taken = 0  # requests whose events are in the lake
        self.took: list[float] = []

    async def run(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.sent = 0

        async def lane() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            used = loop.time()
            while (now := loop.time()) < began + seconds:
                due = began + self.sent / self.rate
                if now < due or len(self.took) - self.taken >= self.ahead:
                    await asyncio.sleep(max(due - now, 0.001))
                    continue
                self.sent += 1
                if now - used > KEPT_ALIVE:  # the server has closed it by now
                    writer.close()
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                started = used = loop.time()
                writer.write(self.made[self.sent % len(self.made)])
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await reader.readexactly(length)
                self.took.append(loop.time() - started)
            writer.close()

        await asyncio.gather(*(lane() for _ in range(self.LANES)))


async def sustained(brand: Brand, client: Client, seconds: float) -> tuple[float, list[float]]:
    """Events a second that came into the lake, of a client that sends no faster than that; and
    how long answers took, sorted."""
    before = brand.workspace.lake.count("events")
    running = asyncio.create_task(client.run(seconds))
    started = time.perf_counter()
    while not running.done():
        await asyncio.sleep(0.5)
        now = await asyncio.to_thread(brand.workspace.lake.count, "events")
        client.taken = (now - before) // BATCH
    rate = (brand.workspace.lake.count("events") - before) / (time.perf_counter() - started)
    while brand.workspace.lake.count("events") - before < len(client.took) * BATCH:
        await asyncio.sleep(0.2)
    return rate, sorted(client.took)


def memory(process: subprocess.Popen[bytes]) -> float:
    """Proportional set size of a process and its children, MB."""
    root = psutil.Process(process.pid)
    found = 0
    for one in [root, *root.children(recursive=True)]:
        try:
            found += one.memory_full_info().pss
        except psutil.Error:
            continue
    return found / 1e6


def to_a_funnel(brand: Brand, port: int, key: str) -> float:
    """Seconds from the request until a funnel counts the event."""
    now = time.time_ns()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1e9))
    body = json.dumps(
        {"batch": [{"type": "track", "event": "Probe", "messageId": f"p{now}",
                    "userId": f"probe {now}", "timestamp": at}]}
    ).encode()  # fmt: skip
    head = (
        f"POST /v1/batch HTTP/1.1\r\nHost: b\r\nAuthorization: {authorization(key)}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    steps = [{"event": "Probe"}, {"event": "Page Viewed"}]
    params = {"steps": steps, "window": {"value": 1, "unit": "day"}}
    before = people(brand, params)
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as to:
        to.sendall(head.encode() + body)
        to.recv(1000)
    while people(brand, params) == before:
        time.sleep(0.02)
    return time.perf_counter() - started


def people(brand: Brand, params: dict[str, Any]) -> int:
    return int(brand.analyse("funnel", params)["rows"][0]["people"])


def say(what: str, number: str) -> None:
    print(f"{what:<44} {number}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--known", type=int, default=5_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".intake-") as folder:
        home = Path(folder) / "home"
        Installation.create(home).add_brand("main", "bench")
        brand = Services.open(Settings(home=home)).brand()
        key = brand.sources.create("bench", "segment", by="bench").key
        brand.workspace.db.close()
        preload(home / "brands" / "main" / "state.db", args.known)
        made = Requests(requests(args.known, key))
        bare = bare_rate(made, min(args.seconds, 10))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "yutang", "serve", "--port", str(port)],
            env={**os.environ, "YUTANG_HOME": str(home), "YUTANG_LOG_LEVEL": "warning"},
        )
        try:
            collector._wait_for(port)
            measured(brand, server, port, made, args.seconds, bare)
            for when, rest in (("right after", 0), ("at rest", 30)):
                time.sleep(rest)
                found = to_a_funnel(brand, port, key)
                say(f"one event until a funnel has it, {when}", f"{found:>8.2f} s")
        finally:
            server.terminate()
            server.wait()


def bare_rate(made: Requests, seconds: float) -> float:
    """Events a second of the bare server."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".intake-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        script = Path(collector.__file__)
        server = subprocess.Popen([sys.executable, script, "serve", "bare", folder, str(port)])
        try:
            collector._wait_for(port)
            rate, _ = uvloop.run(collector.drive(port, made, seconds))
            return rate * BATCH
        finally:
            server.kill()
            server.wait()


def measured(
    brand: Brand,
    server: subprocess.Popen[bytes],
    port: int,
    made: Requests,
    seconds: float,
    bare: float,
) -> None:
    # The worker starts, files are opened, everybody is known.
    uvloop.run(sustained(brand, Client(port, made, rate=500, ahead=AHEAD), 10))
    rate, took = uvloop.run(sustained(brand, Client(port, made, rate=10_000, ahead=AHEAD), seconds))
    say("bare server, events/s", f"{bare:>12,.0f}")
    say("in the lake, events/s", f"{rate:>12,.0f}  ({rate / bare:.2f} of bare)")
    say("memory of all processes, MB", f"{memory(server):>12,.0f}")
    for name, what in (("at a third of it", rate / 3),):
        client = Client(port, made, rate=what / BATCH, ahead=AHEAD)
        _, took = uvloop.run(sustained(brand, client, 15))
        for share in (0.5, 0.99):
            say(f"answer {name}, p{share * 100:.0f}",
                f"{took[int(len(took) * share)] * 1000:>12.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
