"""What a receiver takes, what it refuses, and that it answers only when the request is durable."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.collect.plain import (
    GONE,
    KEY,
    NOW,
    Answer,
    Plain,
    add_source,
    ask,
    collecting_of,
    make_home,
    stored,
)
from yutang.catalog.records import Limits, Request
from yutang.collect import Collecting, Receiver, Rules
from yutang.collect.keys import KNOWN_SECONDS, UNKNOWN_SECONDS, KeyDirectory
from yutang.collect.receiver import LARGE
from yutang.journal import Disk, SegmentWriter
from yutang.state import open_brand
from yutang.state.brand import sources, write_keys


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = make_home(tmp_path / "home")
    add_source(made)
    return made


@pytest.fixture
def opened(home: Path) -> Iterator[Collecting]:
    made = collecting_of(home)
    yield made
    made.close()


def once(receiver: Receiver, **how: Any) -> Answer:
    return asyncio.run(ask(receiver, **how))


def several(receiver: Receiver, *asked: dict[str, Any]) -> list[Answer]:
    async def run() -> list[Answer]:
        return await asyncio.gather(*(ask(receiver, **how) for how in asked))

    return asyncio.run(run())


def test_a_request_is_stored_as_it_came(home: Path, opened: Collecting) -> None:
    answer = once(
        Receiver(opened),
        headers={"content-type": "application/json", "cookie": "secret", "authorization": "x"},
        parts=(b"\x1f\x8b\x00", b"\xff" * 70_000),
    )
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["access-control-allow-origin"] == "*"
    (request,) = stored(home)
    assert request.body == b"\x1f\x8b\x00" + b"\xff" * 70_000
    assert (request.method, request.path) == ("POST", "/take")
    assert request.query == f"key={KEY}".encode()
    assert request.headers == {"user-agent": "test", "content-type": "application/json"}
    assert (request.received_at, request.ip, request.write_key) == (NOW, "203.0.113.0", KEY)
    counted = opened.counters.of("main", "shop")
    assert (counted.requests, counted.bytes) == (1, 70_003 + 36)
    assert (opened.queue.bytes, opened.queue.requests) == (0, 0)


def test_image_requests_and_any_prefix(home: Path, opened: Collecting) -> None:
    receiver = Receiver(opened)
    assert once(receiver, method="GET", path="/some/where/take", parts=()).status == 200
    assert once(receiver, path=f"/c/{KEY}/take", query="").status == 200
    assert once(receiver, path=f"/c/{KEY}/deep/take", query="key=other").status == 200
    assert [(one.path, one.write_key) for one in stored(home)] == [
        ("/some/where/take", KEY), (f"/c/{KEY}/take", KEY), (f"/c/{KEY}/deep/take", KEY),
    ]  # fmt: skip


def test_nothing_is_answered_before_it_is_durable(home: Path) -> None:
    steps: list[str] = []
    reached, go_on = threading.Event(), threading.Event()

    def write(handle: int, data: bytearray) -> int:
        written = os.write(handle, data)
        reached.set()
        go_on.wait(20)
        steps.append("durable")
        return written

    opened = collecting_of(
        home, make_writer=lambda folder: SegmentWriter(folder, disk=Disk(write=write))
    )

    async def run() -> None:
        asked = asyncio.ensure_future(ask(Receiver(opened)))
        asked.add_done_callback(lambda _: steps.append("answered"))
        await asyncio.to_thread(reached.wait, 20)
        assert not asked.done()
        go_on.set()
        assert (await asked).status == 200

    asyncio.run(run())
    opened.close()
    assert steps == ["durable", "answered"]


def test_requests_that_wait_for_the_disk_share_one_write(home: Path) -> None:
    writes, first, go_on = 0, threading.Event(), threading.Event()

    def write(handle: int, data: bytearray) -> int:
        nonlocal writes
        writes += 1
        first.set()
        go_on.wait(20)
        return os.write(handle, data)

    opened = collecting_of(
        home, make_writer=lambda folder: SegmentWriter(folder, disk=Disk(write=write))
    )

    async def run() -> None:
        receiver = Receiver(opened)
        asked = [asyncio.ensure_future(ask(receiver))]
        await asyncio.to_thread(first.wait, 20)  # the disk is busy with the first …
        asked += [asyncio.ensure_future(ask(receiver)) for _ in range(200)]
        while opened.queue.bytes < 201 * 41:  # … while all others come in
            await asyncio.sleep(0)
        go_on.set()
        assert {one.status for one in await asyncio.gather(*asked)} == {200}

    asyncio.run(run())
    opened.close()
    assert writes == 2
    assert len(stored(home)) == 201


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ({"query": ""}, 401, "no_key"),
        ({"query": "key=" + "b" * 32}, 403, "unknown_key"),
        ({"query": "key=" + "e" * 32}, 403, "ended_key"),
        ({"query": "key=" + "f" * 32}, 403, "source_off"),
        ({"parts": (b"damaged",)}, 400, "damaged"),
        ({"parts": (b"bug",)}, 500, "error"),
        ({"parts": (b"x" * 1_001,)}, 413, "too_large"),
        ({"parts": (b"x" * 600, b"x" * 600)}, 413, "too_large"),
        ({"headers": {"content-length": "many"}}, 413, "too_large"),
        ({"method": "GET", "query": f"key={KEY}&d=" + "x" * 6_000, "parts": ()}, 503, "busy"),
    ],
)
def test_refusals(home: Path, how: dict[str, Any], status: int, reason: str, capsys: Any) -> None:
    add_source(home, "e" * 32, name="old", ends_at=NOW)
    add_source(home, "f" * 32, name="off", status="off")
    opened = collecting_of(home, Rules(Limits(body=1_000), queue_bytes=5_000))
    answer = once(Receiver(opened), **how)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ("retry-after" in answer.headers) == (status >= 500)
    assert "connection" not in answer.headers, "a client that still sends must hear the answer"
    assert stored(home) == []
    refused = sum((one.refused for one in opened.counters.by_source.values()), start=_nothing())
    assert refused == {reason: 1}
    assert (opened.queue.bytes, opened.queue.requests) == (0, 0)
    assert KEY not in "".join(capsys.readouterr()), "no write key in the log"
    opened.close()


def _nothing() -> Any:
    from collections import Counter

    return Counter()


def test_a_large_body_is_looked_into_beside_the_loop(home: Path, opened: Collecting) -> None:
    asked: list[bool] = []

    class Watched(Plain):
        def write_key(self, request: Request) -> str:
            asked.append(threading.current_thread() is threading.main_thread())
            return super().write_key(request)

    opened.protocols = (Watched(),)
    answers = several(Receiver(opened), {"parts": (bytes(LARGE + 1),)}, {"parts": (bytes(LARGE),)})
    assert [one.status for one in answers] == [200, 200]
    assert sorted(asked) == [False, True]
    assert len(stored(home)) == 2


def test_a_refusal_is_counted_where_it_belongs(opened: Collecting) -> None:
    once(Receiver(opened), parts=(b"damaged",))
    assert opened.counters.of("main", "shop").refused == {"damaged": 1}
    assert opened.counters.of("main", "shop").requests == 0


def test_a_preflight_needs_no_key_and_stores_nothing(home: Path, opened: Collecting) -> None:
    answer = once(Receiver(opened), method="OPTIONS", query="", parts=())
    assert answer.status == 200
    assert once(Receiver(opened), method="OPTIONS", query="key=wrong", parts=()).status == 403
    assert stored(home) == []


def test_a_sender_that_hangs_up_or_stops_is_not_waited_for(home: Path) -> None:
    opened = collecting_of(home, Rules(body_seconds=0.02))
    stopped = once(Receiver(opened), parts=(), headers={"content-length": "100"})
    assert (stopped.status, stopped.headers["connection"]) == (503, "close")
    assert once(Receiver(opened), parts=(b"half", GONE)).status == 0
    assert stored(home) == []
    assert (opened.queue.bytes, opened.queue.requests) == (0, 0)
    opened.close()


def test_what_waits_in_memory_is_bounded(home: Path) -> None:
    first, go_on = threading.Event(), threading.Event()

    def write(handle: int, data: bytearray) -> int:
        first.set()
        go_on.wait(20)
        return os.write(handle, data)

    opened = collecting_of(
        home,
        Rules(queue_bytes=50_000),
        make_writer=lambda folder: SegmentWriter(folder, disk=Disk(write=write)),
    )

    async def run() -> list[int]:
        receiver = Receiver(opened)
        asked = [asyncio.ensure_future(ask(receiver, parts=(bytes(9_000),))) for _ in range(20)]
        await asyncio.to_thread(first.wait, 20)
        done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert {one.result().status for one in done} == {503}, "at once, before the disk is free"
        assert opened.queue.bytes <= 50_000
        go_on.set()
        return [one.status for one in await asyncio.gather(*done, *waiting)]

    statuses = asyncio.run(run())
    assert statuses.count(200) == 5 == len(stored(home))
    assert statuses.count(503) == 15
    opened.close()


def test_a_full_disk_is_answered_so_that_clients_retry_and_is_remembered(home: Path) -> None:
    full, tries = True, 0
    watch = [0.0]

    def write(handle: int, data: bytearray) -> int:
        nonlocal tries
        tries += 1
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(handle, data)

    opened = collecting_of(
        home, make_writer=lambda folder: SegmentWriter(folder, disk=Disk(write=write))
    )
    receiver = Receiver(opened)

    async def run() -> None:
        nonlocal full
        assert opened.health().failing == {}
        answer = await ask(receiver)
        opened.groups["main"]._monotonic = lambda: watch[0]
        opened.groups["main"]._rests_until = 1.0
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        trouble = opened.health().failing["main"]
        assert (trouble.since, trouble.why) == (NOW, "No space left on device")
        assert not opened.health().is_well
        for _ in range(10):
            assert (await ask(receiver)).status == 503
        assert tries == 1, "a failing disk is not asked by every request"
        watch[0], full = 1.0, False
        assert (await ask(receiver)).status == 200
        assert opened.health().failing == {}

    asyncio.run(run())
    assert len(stored(home)) == 1
    assert opened.counters.of("main", "shop").refused == {"disk": 11}
    opened.close()


def test_mini_programs_are_cut_off_where_others_hear_a_503(home: Path) -> None:
    opened = collecting_of(home, Rules(queue_bytes=1))
    receiver = Receiver(opened)
    wechat = {"referer": "https://servicewechat.com/wx1/2/page-frame.html"}
    for headers in (wechat, {"content-type": "text/plain"}, {"user-agent": "x miniProgram/wx"}):
        answer = once(receiver, headers=headers)
        assert not answer.is_whole, headers
        assert int(answer.headers["content-length"]) > 0
    for headers in ({}, {"content-type": "text/plain;charset=UTF-8"}):
        assert once(receiver, headers=headers).is_whole
    assert once(receiver, method="GET", headers=wechat, parts=()).is_whole
    opened.close()


def test_only_a_5xx_cuts_mini_programs_off(opened: Collecting) -> None:
    answer = once(Receiver(opened), query="", headers={"content-type": "text/plain"})
    assert (answer.status, answer.is_whole) == (401, True)


def test_console_and_api_are_never_shadowed(opened: Collecting) -> None:
    asked: list[str] = []

    async def inner(scope: Any, _receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    inside = Receiver(opened, inner)
    paths = ["/", "/b/main/take", "/api/v1/take", "/static/take", "/login", "/x" * 400 + "/take"]
    for path in paths:
        once(inside, path=path)
    assert asked == paths
    assert once(inside).status == 200
    alone = Receiver(opened)
    assert once(alone, path="/").status == 404
    assert once(alone, path="/b/main/take").status == 200


@pytest.mark.parametrize(
    ("mode", "own", "proxies", "forwarded", "ip"),
    [
        ("truncate", None, 0, "198.51.100.9", "203.0.113.0"),
        ("keep", None, 0, "198.51.100.9", "203.0.113.77"),
        ("keep", None, 1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        ("keep", None, 3, "6.6.6.6, 198.51.100.9", "203.0.113.77"),
        ("keep", "truncate", 1, "2001:db8:1:2::3", "2001:db8:1::"),
        ("keep", "none", 1, "198.51.100.9", ""),
        ("truncate", None, 1, "<script>", ""),
    ],
)
def test_addresses_are_kept_as_the_settings_say(
    home: Path, mode: str, own: str | None, proxies: int, forwarded: str, ip: str
) -> None:
    add_source(home, "c" * 32, name="mine", settings={"ip_mode": own} if own else {})
    opened = collecting_of(home, Rules(ip_mode=mode, trusted_proxies=proxies))
    once(Receiver(opened), query="key=" + "c" * 32, headers={"x-forwarded-for": forwarded})
    assert [one.ip for one in stored(home)] == [ip]
    opened.close()


class Watch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_new_turned_off_and_ended_keys_are_known_in_seconds(home: Path) -> None:
    watch = Watch()
    opened = collecting_of(home)
    opened.keys = KeyDirectory(opened.stores, monotonic=watch)
    receiver = Receiver(opened)
    assert once(receiver).status == 200
    add_source(home, "d" * 32, name="new")
    assert once(receiver, query="key=" + "d" * 32).status == 403
    watch.seconds = UNKNOWN_SECONDS
    assert once(receiver, query="key=" + "d" * 32).status == 200
    database = open_brand(home / "brands" / "main" / "state.db")
    with database.write() as connection:
        connection.execute(update(sources).where(sources.c.name == "new").values(status="off"))
        connection.execute(update(write_keys).where(write_keys.c.key == KEY).values(ends_at=NOW))
    database.close()
    watch.seconds += KNOWN_SECONDS - 0.1
    assert once(receiver).status == 200
    watch.seconds += 0.1
    assert once(receiver).status == 403
    assert once(receiver, query="key=" + "d" * 32).status == 403
    opened.close()


def test_guessing_keys_costs_one_look_a_second(home: Path) -> None:
    watch, looks = Watch(), 0
    opened = collecting_of(home)
    opened.keys = KeyDirectory(opened.stores, monotonic=watch)
    brands = opened.stores.brands

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return brands()

    opened.stores.brands = counted  # type: ignore[method-assign]
    receiver = Receiver(opened)
    answers = several(receiver, *({"query": f"key={n}"} for n in range(100)))
    assert {one.status for one in answers} == {403}
    assert looks == 1
    watch.seconds = UNKNOWN_SECONDS
    several(receiver, *({"query": f"key={n}"} for n in range(100)))
    assert looks == 2
    opened.close()


def test_keys_that_cannot_be_read_lose_nothing(home: Path) -> None:
    """A known key goes on; of an unknown one we cannot say that it is wrong."""
    watch = Watch()
    opened = collecting_of(home)
    opened.keys = KeyDirectory(opened.stores, monotonic=watch)
    receiver = Receiver(opened)
    assert once(receiver).status == 200

    def broken() -> Any:
        raise OSError(errno.EIO, "broken")

    opened.stores.brands = broken  # type: ignore[method-assign]
    watch.seconds = KNOWN_SECONDS
    assert once(receiver).status == 200
    assert once(receiver, query="key=unknown").status == 503
    assert opened.health().keys_failing == "OSError"
    opened.close()


def test_two_brands_share_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", "main", "other")
    add_source(home, "1" * 32)
    add_source(home, "2" * 32, brand="other")
    opened = collecting_of(home)
    several(
        Receiver(opened),
        {"query": "key=" + "1" * 32, "parts": (b"one",)},
        {"query": "key=" + "2" * 32, "parts": (b"two",)},
    )
    assert [one.body for one in stored(home)] == [b"one"]
    assert [one.body for one in stored(home, "other")] == [b"two"]
    opened.close()


def test_the_fake_protocol_is_one() -> None:
    from yutang.catalog.records import TrackingProtocol

    one: TrackingProtocol = Plain()
    assert one.code == "plain"
