"""A receiver in a process of its own that is killed, or kills itself at a point of a write."""

from __future__ import annotations

import socket
from multiprocessing.connection import Connection
from pathlib import Path

from tests.collect.plain import collecting_of
from tests.deaths import Death, disk_of
from yutang.collect import Receiver
from yutang.collect.server import server_of
from yutang.journal import SegmentWriter


def run(home: str, port: Connection, point: str, nth: int) -> None:
    """Receive for ever; the nth write dies at `point` ("" = never)."""
    disk = disk_of(Death(point, nth))
    collecting = collecting_of(
        Path(home), make_writer=lambda folder: SegmentWriter(folder, disk=disk)
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port.send(listener.getsockname()[1])
    server_of(Receiver(collecting), log_level="critical").run(sockets=[listener])
