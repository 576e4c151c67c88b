"""A tiny tracking protocol, an installation with sources, and ways to ask a receiver."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import insert

from yutang.catalog.records import Decoded, Limits, Refused, Reply, Request
from yutang.collect import Collecting, Receiver, Rules, Stores
from yutang.collect.server import server_of
from yutang.journal import read, segments
from yutang.state import open_brand, open_installation
from yutang.state.brand import sources, write_keys
from yutang.state.installation import brands

KEY = "a" * 32
NOW = 1_790_000_000_000
ORIGIN = ("Access-Control-Allow-Origin", "*")


class Plain:
    """GET or POST …/take?key=…; OPTIONS is a preflight; a body `damaged` is refused."""

    code = "plain"

    def claims(self, method: str, path: str) -> bool:
        return method in ("GET", "POST", "OPTIONS") and path.endswith("/take")

    def write_key(self, request: Request) -> str:
        key = parse_qs(request.query.decode()).get("key", [""])[0]
        return request.path.split("/")[2] if request.path.startswith("/c/") else key

    def reply(self, request: Request) -> Reply:
        if request.body == b"damaged":
            raise Refused(400, "damaged")
        if request.body == b"bug":
            raise ValueError(KEY)
        return Reply(200, b"ok", "text/plain", (ORIGIN,))

    def stores(self, request: Request) -> bool:
        return request.method != "OPTIONS"

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        retry = (("Retry-After", "5"),) if status >= 500 else ()
        return Reply(status, why.encode(), "text/plain", (ORIGIN, *retry))

    def decode(self, request: Request, limits: Limits) -> Decoded:
        return Decoded([])


def make_home(home: Path, *slugs: str) -> Path:
    """An installation without anything but its brands (`main` alone if none is named)."""
    (home / "brands").mkdir(parents=True, exist_ok=True)
    database = open_installation(home / "installation.db")
    with database.write() as connection:
        for slug in slugs or ("main",):
            connection.execute(insert(brands).values(slug=slug, name=slug, created_at=0))
            (home / "brands" / slug).mkdir()
    database.close()
    return home


def add_source(
    home: Path, key: str = KEY, *, brand: str = "main", name: str = "shop", **values: Any
) -> None:
    """A source with one write key; `values` are columns of either."""
    database = open_brand(home / "brands" / brand / "state.db")
    with database.write() as connection:
        row = {"name": name, "kind": "sensors", "settings": {}, "created_at": 0}
        mine = {name: value for name, value in values.items() if name != "ends_at"}
        made = connection.execute(insert(sources).values(row | mine)).inserted_primary_key
        assert made is not None
        connection.execute(
            insert(write_keys).values(
                key=key, source_id=made[0], created_at=0, ends_at=values.get("ends_at")
            )
        )
    database.close()


def collecting_of(home: Path, rules: Rules | None = None, **how: Any) -> Collecting:
    how.setdefault("now", lambda: NOW)
    return Collecting(Stores(home), [Plain()], rules, **how)


def stored(home: Path, brand: str = "main") -> list[Request]:
    """Every request in the brand's journal."""
    folder = home / "brands" / brand / "journal"
    return [one for path in segments(folder) for _, one in read(path, 0, 1 << 30)[0]]


class Answer:
    """What an ASGI application sent."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.sent = sent
        self.status: int = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(one.get("body", b"") for one in sent[1:])
        self.is_whole = len(sent) > 1


async def ask(
    receiver: Receiver,
    method: str = "POST",
    path: str = "/take",
    query: str = f"key={KEY}",
    parts: tuple[bytes, ...] = (b"hello",),
    headers: dict[str, str] | None = None,
    peer: str = "203.0.113.77",
) -> Answer:
    """One request; a body in several parts comes without an announced length."""
    given = {"user-agent": "test", **(headers or {})}
    if len(parts) == 1 and method == "POST":
        given.setdefault("content-length", str(len(parts[0])))
    waiting, sent = list(parts), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()  # a sender that stopped
        part = waiting.pop(0)
        if part is GONE:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": (peer, 5),
    }
    await receiver(scope, receive, send)
    return Answer(sent) if sent else Answer([{"status": 0, "headers": []}])


GONE = bytes(1)  # in place of a part: the sender hangs up here (compared by identity)


@contextmanager
def serving(receiver: Receiver) -> Iterator[tuple[str, int]]:
    """The receiver behind a real server; gives its address. Written out when it ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(receiver, log_level="error")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def exchange(address: tuple[str, int], *sent: bytes) -> bytes:
    """Send bytes over one connection, read until the server closes it."""
    with socket.create_connection(address, timeout=20) as connection:
        for part in sent:
            connection.sendall(part)
        got = b""
        while part := connection.recv(65536):
            got += part
        return got
