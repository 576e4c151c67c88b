"""kill -9 of a receiver: what was answered stands in its journal, once, and nothing torn does."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.collect import kill_run
from tests.collect.plain import KEY, add_source, make_home
from tests.deaths import WRITES
from yutang.journal import is_live, next_frame, read, remove, segments

KILLS = 8  # tests/test_kill.py does it a hundred times, with the worker beside it
CONNECTIONS = 6
PLENTY = 40  # requests of each connection; the receiver dies before the last


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes forked from one that only imported our modules: quick, and free of threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.collect.kill_run"])
    return context


@pytest.mark.slow
def test_a_killed_receiver_loses_nothing_that_it_answered(processes: Any, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    add_source(home)
    rng = random.Random(KILLS)
    taken = 0
    for turn in range(KILLS):
        sent, acknowledged = _until_killed(home, processes, rng, turn)
        found = _drain(home / "brands" / "main" / "journal")
        assert set(acknowledged) <= found.keys(), "answered, and gone"
        assert found.keys() <= sent, "nobody sent that"
        assert set(found.values()) <= {1}, "doubled"
        taken += len(acknowledged)
    assert taken > KILLS


def _until_killed(
    home: Path, processes: Any, rng: random.Random, turn: int
) -> tuple[set[bytes], list[bytes]]:
    """(the bodies that were sent, those that were answered with success)."""
    point = rng.choice(("", *WRITES))
    ours, theirs = processes.Pipe()
    child = processes.Process(
        target=kill_run.run, args=(str(home), theirs, point, rng.randrange(1, 12))
    )
    child.start()
    port = ours.recv()
    kill_after = rng.randrange(CONNECTIONS * PLENTY // 2)
    sent, acknowledged = set[bytes](), list[bytes]()

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for n in range(PLENTY):
                body = b"%d-%d-%d-" % (turn, number, n) + bytes(rng.choice((1, 100, 30_000)))
                sent.add(body)
                head = f"POST /take?key={KEY} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}"
                writer.write(head.encode() + b"\r\n\r\n" + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                assert answer.startswith(b"HTTP/1.1 200 ")
                acknowledged.append(body)
                if not point and len(acknowledged) == kill_after:
                    os.kill(child.pid, signal.SIGKILL)
        finally:
            writer.close()

    async def all_of_them() -> list[Any]:
        clients = (client(number) for number in range(CONNECTIONS))
        return await asyncio.gather(*clients, return_exceptions=True)

    for ended in asyncio.run(all_of_them()):
        if ended is not None and not isinstance(ended, asyncio.IncompleteReadError | OSError):
            raise ended
    child.kill()  # where it was not reached: idle, then
    child.join(20)
    return sent, acknowledged


def _drain(folder: Path) -> Counter[bytes]:
    """Read and remove every segment, as the worker does; body → how often it stood there."""
    found: Counter[bytes] = Counter()
    for segment in segments(folder):
        assert not is_live(segment)
        offset = 0
        while True:
            some, offset = read(segment, offset, 100_000)
            if not some:
                break
            found.update(request.body for _, request in some)
        assert next_frame(segment, offset) is None, "behind a torn end there is nothing"
        remove(segment)
    return found
