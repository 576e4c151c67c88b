"""A receiver in a process of its own that is killed, or kills itself at a point of a write."""

from __future__ import annotations

import os
import signal
import socket
from multiprocessing.connection import Connection
from pathlib import Path

from tests.collect.plain import collecting_of
from yutang.collect import Receiver
from yutang.collect.server import server_of
from yutang.journal import Disk, SegmentWriter

POINTS = ("before", "half", "after")  # of a write to the journal


def run(home: str, port: Connection, point: str, nth: int) -> None:
    """Receive for ever; the nth write dies at `point` ("" = never), without a goodbye."""
    seen = 0

    def write(handle: int, data: bytearray) -> int:
        nonlocal seen
        seen += 1
        dies = seen == nth and point
        if dies and point == "half":
            os.write(handle, data[: len(data) // 2])
        if dies and point != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        written = os.write(handle, data)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    collecting = collecting_of(
        Path(home), make_writer=lambda folder: SegmentWriter(folder, disk=Disk(write=write))
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port.send(listener.getsockname()[1])
    server_of(Receiver(collecting), log_level="critical").run(sockets=[listener])
