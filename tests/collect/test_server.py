"""The receiver behind its real server: bytes on a socket."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

import pytest

from tests.collect.plain import (
    KEY,
    NOW,
    add_source,
    collecting_of,
    exchange,
    make_home,
    serving,
    stored,
)
from yutang.catalog.records import Limits
from yutang.collect import Collecting, Receiver, Rules, Stores
from yutang.collect.server import HEAD_BYTES
from yutang.connectors.tracking import PROTOCOLS
from yutang.journal import is_live, segments


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = make_home(tmp_path / "home")
    add_source(made)
    return made


def post(body: bytes, *headers: str, path: str = f"/take?key={KEY}", close: bool = True) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: t", *headers]
    if not any(one.lower().startswith(("content-length", "transfer")) for one in headers):
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_many_requests_on_one_connection(home: Path) -> None:
    with serving(Receiver(collecting_of(home))) as address:
        got = exchange(address, *(post(f"n{n}".encode(), close=n == 19) for n in range(20)))
    assert got.count(b"HTTP/1.1 200 OK") == 20
    assert [one.body for one in stored(home)] == [f"n{n}".encode() for n in range(20)]
    assert not any(is_live(one) for one in segments(home / "brands" / "main" / "journal"))


def test_chunked_bodies(home: Path) -> None:
    parts = [b"a" * 10, b"b" * 100_000, b"c"]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    with serving(Receiver(collecting_of(home, Rules(Limits(body=200_000))))) as address:
        assert b"200 OK" in exchange(address, post(body, "Transfer-Encoding: chunked"))
        endless = b"%x\r\n%s\r\n" % (300_000, b"x" * 300_000) + b"0\r\n\r\n"
        assert b" 413 " in exchange(address, post(endless, "Transfer-Encoding: chunked"))
    assert [one.body for one in stored(home)] == [b"".join(parts)]


def test_a_body_too_large_is_heard_of_by_who_still_sends(home: Path) -> None:
    """Were the connection just closed, the sender would try again for ever."""
    with serving(Receiver(collecting_of(home, Rules(Limits(body=1_000))))) as address:
        got = exchange(address, post(b"x" * 5_000_000, close=False) + post(b"next"))
    assert b" 413 " in got
    assert b"200 OK" in got
    assert [one.body for one in stored(home)] == [b"next"]


def test_a_mini_program_meets_a_broken_connection(home: Path) -> None:
    with serving(Receiver(collecting_of(home, Rules(queue_bytes=1)))) as address:
        for headers in (
            ("Content-Type: text/plain",),
            ("Referer: https://servicewechat.com/wx1/2/page-frame.html",),
        ):
            try:
                got = exchange(address, post(b"data_list=x", *headers, close=False))
            except ConnectionResetError:  # closed before all of the request was read
                got = b"content-length: 2\r\n\r\n"
            head, _, body = got.partition(b"\r\n\r\n")
            assert b"content-length: 2" in head
            assert body == b"", "the body that was announced never comes: a network failure"
            connection = http.client.HTTPConnection(*address, timeout=20)
            names = dict(one.split(": ", 1) for one in headers)
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                _ask(connection, names)
        got = exchange(address, post(b"data_list=x"))
        assert got.startswith(b"HTTP/1.1 503 ")
        assert got.endswith(b"Send it again shortly.")
    assert stored(home) == []


def _ask(connection: http.client.HTTPConnection, headers: dict[str, str]) -> bytes:
    connection.request("POST", f"/take?key={KEY}", b"data_list=x", headers)
    return connection.getresponse().read()


def test_who_sends_too_slowly_is_let_go(home: Path) -> None:
    with serving(Receiver(collecting_of(home, Rules(body_seconds=0.05)))) as address:
        got = exchange(address, post(b"half", "Content-Length: 100", close=False))
        assert got.startswith(b"HTTP/1.1 503 ")
        with socket.create_connection(address) as gone:
            gone.sendall(post(b"half", "Content-Length: 100", close=False))
        assert b"200 OK" in exchange(address, post(b"whole"))
    assert [one.body for one in stored(home)] == [b"whole"]


@pytest.mark.parametrize("head", ["GET /take?key={}&x=", "GET /take HTTP/1.1\r\nX-Long: "])
def test_heads_are_bounded(home: Path, head: str) -> None:
    with serving(Receiver(collecting_of(home))) as address:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head.format(KEY).encode())
            sent = 0
            try:
                while sent < 4 * HEAD_BYTES:
                    connection.sendall(b"x" * 65_536)
                    sent += 65_536
                answer = connection.recv(65_536)
            except OSError:
                answer = b""
            assert sent < 4 * HEAD_BYTES or answer.startswith(b"HTTP/1.1 400 ")
        assert b"200 OK" in exchange(address, post(b"fine"))


def test_two_receivers_at_once(home: Path) -> None:
    with (
        serving(Receiver(collecting_of(home))) as first,
        serving(Receiver(collecting_of(home))) as second,
    ):
        for n in range(10):
            exchange((first, second)[n % 2], post(b"%d" % n))
        assert len(segments(home / "brands" / "main" / "journal")) == 2
    assert sorted(one.body for one in stored(home)) == [b"%d" % n for n in range(10)]


def test_the_protocols_that_we_speak(home: Path) -> None:
    """One request each; what their clients send in full is in the tests of the connectors."""
    add_source(home, "b" * 32, name="site", kind="segment")
    add_source(home, "c" * 32, name="lab", kind="posthog")
    add_source(home, "d" * 32, name="own", kind="json")
    batch = b'{"batch":[{"type":"track","event":"E","userId":"u"}]}'
    with serving(Receiver(Collecting(Stores(home), PROTOCOLS, now=lambda: NOW))) as address:
        asked = [
            post(b"data=e30%3D", path=f"/sa?project=p&token={KEY}"),
            post(batch, path=f"/c/{'b' * 32}/v1/batch"),
            post(b'{"api_key":"' + b"c" * 32 + b'","batch":[]}', path="/batch/"),
            post(b'{"event":"e"}', f"Authorization: Bearer {'d' * 32}", path="/collect"),
        ]
        for one in asked:
            assert b"HTTP/1.1 200 OK" in exchange(address, one), one
        image = (
            f"GET /sa.gif?token={KEY}&data=e30%3D HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        )
        assert b"GIF89a" in exchange(address, image.encode())
        lost = exchange(address, post(b"data=e30%3D", "Origin: https://s.cn", path="/sa.gif"))
        assert lost.startswith(b"HTTP/1.1 401 ")
        assert b"access-control-allow-origin: https://s.cn" in lost
        assert b"source list" in lost, "it says how to do it right"
        preflight = (
            b"OPTIONS /v1/t HTTP/1.1\r\nHost: t\r\nOrigin: https://s.cn\r\nConnection: close\r\n"
            b"Access-Control-Request-Headers: authorization\r\n\r\n"
        )
        assert b"access-control-allow-headers: authorization" in exchange(address, preflight)
        settings = (
            f"GET /v1/projects/{'b' * 32}/settings HTTP/1.1\r\nHost: t.cn\r\nConnection: close"
        )
        got = exchange(address, settings.encode() + b"\r\n\r\n").partition(b"\r\n\r\n")[2]
        assert json.loads(got)["integrations"]["Segment.io"]["apiHost"] == "t.cn/v1"
    kept = stored(home)
    assert [one.write_key[0] for one in kept] == ["a", "b", "c", "d", "a"]
    assert not any("authorization" in one.headers for one in kept)
