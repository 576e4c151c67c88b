"""The HTTP server under a receiver: uvicorn with uvloop and httptools, and a bound on heads."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from yutang.collect.answers import CutShortOnPurpose
from yutang.errors import Conflict

# Image requests carry a record in their address, browsers allow some 64 KB; httptools has no bound.
HEAD_BYTES = 256 << 10


# How long one thread may keep the interpreter while another waits for it. The loop and the thread
# of the journal take turns many times a second; with pages being made in other threads, Python's
# own 5 ms would cost them that much at each turn (measured: 3 to 5 times fewer requests a second).
SWITCH_SECONDS = 0.0005


class BoundedHead(HttpToolsProtocol):
    """HTTP, whose request lines and headers end at HEAD_BYTES: memory cannot be filled by them."""

    _head = 0
    _in_head = False

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")


def server_of(app: ASGIApp, **settings: Any) -> Server:
    """A server for a receiver, alone or in front of the console; `settings` are uvicorn's own."""
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.getLogger("uvicorn.error").addFilter(CutShortOnPurpose())
    return Server(
        Config(
            app,
            loop="uvloop",
            http=BoundedHead,
            access_log=False,  # addresses hold write keys
            server_header=False,
            **settings,
        )
    )


def run(server: Server) -> None:
    """Serve until interrupted. Exits with status 1 where it could not start."""
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)  # the log says why


def ensure_free(host: str, port: int) -> None:
    """Raises Conflict where another program listens, before any work is begun."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            probe.bind(address)
    except OSError as error:
        raise Conflict(
            "Cannot listen on %(host)s:%(port)s: %(why)s.",
            hint="Another program may be there already; choose another port with --port"
            " (make demo PORT=9000).",
            host=host,
            port=port,
            why=error.strerror or str(error),
        ) from error
