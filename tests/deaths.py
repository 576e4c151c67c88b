"""A process that kills itself at a named point, the way a power cut would: without a goodbye."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from yutang.journal import Disk

WRITES = ("before", "half", "after")  # points of a write to the journal


class Death:
    """A step that is told where the process is; the `nth` time it is at `point` is its last.

    reached: a file that is told of it first, so that a test knows that the point was met.
    """

    def __init__(self, point: str, nth: int, reached: Path | None = None) -> None:
        self.point = point
        self._left = nth
        self._reached = reached

    def __call__(self, name: str) -> None:
        if name == self.point:
            self._left -= 1
            if not self._left:
                self.come()

    def come(self) -> None:
        if self._reached is not None:
            with self._reached.open("a") as out:
                out.write(f"{self.point}\n")
        os.kill(os.getpid(), signal.SIGKILL)


def disk_of(death: Death) -> Disk:
    """A journal's disk, whose writes are the points WRITES."""

    def write(handle: int, data: bytearray) -> int:
        death("before")
        if death.point == "half":
            written = os.write(handle, data[: len(data) // 2])
            death("half")
            return written + os.write(handle, data[written:])
        written = os.write(handle, data)
        death("after")
        return written

    return Disk(write=write)
