"""Posting: bodies, signatures, and no way into our own network."""

from __future__ import annotations

import doctest
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from yutang.connectors.webhooks import Sending, bodies, sending

NOW = 1_795_276_800_000
BODY = {"kind": "alert", "level": "bad", "text": {"en": "Down", "zh": "下降"}, "data": {"n": 1}}


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent; `/hang` never ends, `/move` sends elsewhere, `/robot` answers so."""

    got: list[tuple[str, dict[str, str], bytes]]
    robot: dict[str, object]
    gate: threading.Event

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        type(self).got.append((self.path, dict(self.headers), raw))
        if self.path == "/hang":
            self.gate.wait(20)
            return
        if self.path == "/move":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        said = json.dumps(self.robot).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[type[Receiver]]:
    Receiver.got, Receiver.gate = [], threading.Event()
    Receiver.robot = {"errcode": 0, "errmsg": "ok"}
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    Receiver.port = server.server_address[1]  # type: ignore[attr-defined]
    yield Receiver
    Receiver.gate.set()
    server.shutdown()
    server.server_close()


def post(receiver: type[Receiver], path: str = "/x", kind: str = "json", **how: object):
    made = Sending(lambda: NOW, allow_private=True, **how)  # type: ignore[arg-type]
    url = f"http://127.0.0.1:{receiver.port}{path}"  # type: ignore[attr-defined]
    return made.send(7, kind, url, "geheim", BODY, "https://pond.example/b/main/alerts/1")


@pytest.mark.parametrize("module", [bodies, sending])
def test_the_examples_hold(module):
    assert doctest.testmod(module).failed == 0


def test_our_own_body_is_signed(receiver):
    assert post(receiver) == (True, "HTTP 200", False)
    ((_, headers, raw),) = receiver.got
    # As a receiver would check it, with nothing of ours.
    stamp = headers["X-Yutang-Timestamp"]
    wanted = hmac.new(b"geheim", stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["X-Yutang-Signature"], f"sha256={wanted}")
    assert int(stamp) == NOW // 1000
    body = json.loads(raw)
    assert (body["id"], body["text"], body["text_zh"]) == (7, "Down", "下降")
    assert b"geheim" not in raw


def test_a_robot_gets_markdown(receiver):
    assert post(receiver, "/robot", "wecom_robot") == (True, "ok", False)
    ((_, headers, raw),) = receiver.got
    body = json.loads(raw)
    assert body["msgtype"] == "markdown"
    assert "下降" in body["markdown"]["content"]
    assert "https://pond.example/b/main/alerts/1" in body["markdown"]["content"]
    assert "X-Yutang-Signature" not in headers


def test_a_robot_that_refuses_with_200_has_refused(receiver):
    receiver.robot = {"errcode": 45009, "errmsg": "api freq out of limit"}
    assert post(receiver, "/robot", "wecom_robot") == (False, "errcode 45009", False)


def test_a_long_message_is_cut_to_what_a_robot_takes():
    body = {**BODY, "text": {"en": "", "zh": "池" * 5_000}}
    content = json.loads(bodies.robot(body, "https://x.example/" + "a" * 300))
    text = content["markdown"]["content"]
    assert len(text.encode()) <= 4_096
    assert text.endswith("a)")


def test_a_name_makes_no_mention_and_no_link():
    body = {**BODY, "text": {"en": "", "zh": "<@all> [x](http://evil)\n# h"}}
    content = json.loads(bodies.robot(body, ""))["markdown"]["content"]
    assert "<@all>" not in content
    assert "[x](" not in content
    assert "\n" not in content


def test_redirects_are_not_followed(receiver):
    assert post(receiver, "/move") == (False, "HTTP 302", False)
    assert [path for path, _, _ in receiver.got] == ["/move"]


def test_a_receiver_that_hangs_is_left(receiver):
    ok, said, final = post(receiver, "/hang", seconds=0.2)
    assert (ok, final) == (False, False)
    assert said.startswith("no answer")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
     "0.0.0.0", "224.0.0.1", "240.0.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1",
     "2002:7f00:1::", "64:ff9b::7f00:1", "::"],
)  # fmt: skip
def test_addresses_inside_are_refused(address):
    made = Sending(lambda: NOW, find=lambda _host, _port: [address])
    ok, said, final = made.send(1, "json", "https://innocent.example/", "s", BODY, "")
    assert (ok, final) == (False, True)
    assert "private" in said


def test_one_inner_address_among_outer_ones_is_enough():
    made = Sending(lambda: NOW, find=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    assert made.send(1, "json", "https://innocent.example/", "s", BODY, "")[2]


def test_the_address_that_was_checked_is_the_one_connected_to(receiver):
    asked = []

    def find(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    made = Sending(lambda: NOW, allow_private=True, find=find)
    port = receiver.port
    assert made.send(1, "json", f"http://nowhere.invalid:{port}/", "s", BODY, "")[0]
    assert asked == [("nowhere.invalid", port)]
    assert receiver.got[0][1]["Host"] == f"nowhere.invalid:{port}"


def test_a_name_nobody_knows_is_tried_again():
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    ok, said, final = Sending(lambda: NOW, find=unknown).send(
        1, "json", "https://nobody.invalid/", "s", BODY, ""
    )
    assert (ok, said, final) == (False, "Name or service not known", False)
