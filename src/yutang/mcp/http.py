"""The protocol over streamable HTTP at /mcp, for whoever sends an API key.

The protocol's library is loaded at the first request: a server that nobody asks over it does not
pay for it. Every request stands alone (no sessions), so any number of servers may share the work.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from yutang.api.keys import Caller
from yutang.mcp.contract import Call

if TYPE_CHECKING:
    from fastapi import FastAPI
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
BODY_LIMIT = 1_000_000  # parameters, not data
_CALL = "yutang.call"


def mount(app: FastAPI) -> None:
    """Serve /mcp of `app` over `app.state.services`."""
    app.router.routes.append(Route(PATH, endpoint=Door(app.state.services)))


class Door:
    """The ASGI application: a key first, then the protocol."""

    def __init__(self, services: Any) -> None:
        self._services = services
        self._manager: StreamableHTTPSessionManager | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = _foreign(headers)
        call = None if refusal else await run_in_threadpool(self._call, scope, headers)
        if call is None:
            await (refusal or _NO_KEY)(scope, receive, send)
            return
        manager = await self._manager_of_loop()
        scope[_CALL] = call
        await manager.handle_request(scope, receive, send)

    def _call(self, scope: Scope, headers: Headers) -> Call | None:
        kind, _, secret = headers.get("authorization", "").partition(" ")
        key = self._services.staff.find_key(secret.strip()) if kind.lower() == "bearer" else None
        if key is None:
            return None
        ip = scope["client"][0] if scope.get("client") else ""
        base = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
        return Call(Caller(key, self._services.brand(key.slug), ip), base)

    async def _manager_of_loop(self) -> StreamableHTTPSessionManager:
        """The library's manager, which runs as long as the server's loop does."""
        loop = asyncio.get_running_loop()
        if self._manager is None or self._loop is not loop:
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

            from yutang.mcp.server import server_for

            server = server_for(lambda context: context.request.scope[_CALL])
            self._loop = loop
            self._manager = StreamableHTTPSessionManager(
                server, json_response=True, stateless=True, max_request_body_size=BODY_LIMIT
            )
            started = asyncio.Event()
            self._running = loop.create_task(_keep_running(self._manager, started))
            await started.wait()
        return self._manager


async def _keep_running(manager: StreamableHTTPSessionManager, started: asyncio.Event) -> None:
    async with manager.run():
        started.set()
        await asyncio.Event().wait()


def _foreign(headers: Headers) -> JSONResponse | None:
    """A page of another site asks through somebody's browser: no program does."""
    origin = headers.get("origin")
    if origin is None or urlsplit(origin).netloc == headers.get("host"):
        return None
    return JSONResponse(
        {
            "code": "forbidden",
            "message": "A page of another site may not ask here.",
            "hint": "Let a program ask, without an Origin header.",
        },
        status_code=403,
    )


_NO_KEY = JSONResponse(
    {
        "code": "no_key",
        "message": "This request carries no valid key.",
        "hint": "Send the header “Authorization: Bearer <key>” with a key of your brand"
        " (Settings, API keys).",
    },
    status_code=401,
    headers={"WWW-Authenticate": "Bearer"},
)
