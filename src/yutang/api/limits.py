"""No request may fill the disk or the memory: bodies end at a limit, told before they are read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_LIMIT = 1_000_000  # parameters, not data
MULTIPART_SLACK = 100_000  # what a form has around its file


class BodyTooLargeError(Exception):
    """More came than was announced or allowed."""


class BodyLimit:
    """ASGI middleware: `limit(path)` says how many bytes a body may have."""

    def __init__(self, app: ASGIApp, limit: Callable[[str], int]) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.limit(scope["path"])
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            await _refuse(send, most)
            return
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > most:
                    raise BodyTooLargeError
            return message

        async def watched(message: Message) -> None:
            # What the application makes of a cut-off body is not what the caller should read.
            nonlocal started
            if seen <= most or started:
                started = True
                await send(message)

        with contextlib.suppress(BodyTooLargeError):
            await self.app(scope, counted, watched)
        if seen > most and not started:
            await _refuse(send, most)


async def _refuse(send: Send, most: int) -> None:
    body = json.dumps(
        {
            "code": "too_large",
            "message": f"The request is larger than {most:,} bytes.",
            "hint": "Send less at once; large files go through `yutang import`.",
        }
    ).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
