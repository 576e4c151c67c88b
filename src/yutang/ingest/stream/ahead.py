"""Another process reads ahead: while one batch is committed, the next one is read and decoded.

Worth it only where much waits. The process knows no state, so whatever it gives can be made here
too: it is started when there is work for it, ended when there has been none for a while, and where
it dies or breaks, the caller reads by himself.
"""

from __future__ import annotations

import pickle
import select
import struct
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import structlog

from yutang.ingest.stream.stretch import Budget, Stretch, Stretches

log = structlog.get_logger("stream")
IDLE_SECONDS = 60.0  # without work: then the process ends
AGAIN_SECONDS = 60.0  # after it broke
HEAD = struct.Struct("<Q")
READY = "ready"
PIPE_BYTES = 1 << 20
Ask = tuple[Path, int, Budget]


class Ahead:
    """The process that reads ahead for one brand's stream."""

    def __init__(
        self,
        command: Sequence[str],
        stretches: Stretches,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """command: starts the process, which runs `serve`."""
        self._command = list(command)
        self._stretches = stretches
        self._monotonic = monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._asked: Ask | None = None
        self._types: Mapping[str, str] = {}
        self._used_at = self._broke_at = float("-inf")

    def take(self, ask: Ask, types: Mapping[str, str]) -> Stretch | None:
        """The stretch asked for; None where the caller is to read it himself."""
        self._used_at = self._monotonic()
        try:
            if self._asked != ask:
                self._forget()
                self.want(ask, types)
            if self._asked != ask or self._process is None:
                return None
            found = _receive(_pipe(self._process.stdout))
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self._break(error)
            return None
        self._asked = None
        if isinstance(found, str):
            log.error("stream.ahead_broke", error=found)
            return None
        if found is not None:
            self._stretches.again(found)
        assert found is None or isinstance(found, Stretch)
        return found

    def want(self, ask: Ask, types: Mapping[str, str]) -> None:
        """Ask for what will be taken next. types: of known properties."""
        if self._asked is not None or not self._is_up():
            return
        assert self._process is not None
        changed = None if types == self._types else dict(types)
        try:
            _send(_pipe(self._process.stdin), (*ask, changed))
        except OSError as error:
            self._break(error)
            return
        self._asked = ask
        if changed is not None:
            self._types = changed

    def rest(self) -> None:
        """End the process where it has had nothing to do for a while."""
        if self._process is not None and self._monotonic() - self._used_at > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was still to be written
                _pipe(pipe).close()
        self._process, self._asked = None, None

    def _is_up(self) -> bool:
        """Start it where it does not run. It is up once it has said so."""
        if self._process is None:
            if self._monotonic() - self._broke_at < AGAIN_SECONDS:
                return False
            self._types = {}
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # it ends when we do, not when a terminal says so
                pipesize=PIPE_BYTES,
            )
            self._is_ready = False
        if not self._is_ready and select.select([_pipe(self._process.stdout)], [], [], 0)[0]:
            try:
                self._is_ready = _receive(_pipe(self._process.stdout)) == READY
            except EOFError as error:
                self._break(error)
        return self._process is not None and self._is_ready

    def _forget(self) -> None:
        """What was asked for is not wanted any more."""
        if self._asked is not None and self._process is not None:
            _receive(_pipe(self._process.stdout))
            self._asked = None

    def _break(self, error: Exception) -> None:
        log.error("stream.ahead_died", error=type(error).__name__)
        self._broke_at = self._monotonic()
        self.close()


def serve(given: IO[bytes], taken: IO[bytes], stretches: Stretches) -> None:
    """What the process does, until the one who asks is gone."""
    types: Mapping[str, str] = {}
    _send(taken, READY)
    while True:
        try:
            path, start, budget, changed = _receive(given)
        except EOFError:
            return
        types = types if changed is None else changed
        found: Stretch | str | None
        try:
            found = stretches.read(path, start, budget, types)
        except Exception as error:  # noqa: BLE001 - the one who asks reads it himself, and tells
            found = type(error).__name__
        if isinstance(found, Stretch):
            found.arrived.whole = None
        _send(taken, found)
        del found


def _send(pipe: IO[bytes], what: Any) -> None:
    data = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(HEAD.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    (size,) = HEAD.unpack(head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 - of our own process, over its pipe


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
