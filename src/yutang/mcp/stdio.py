"""The protocol over standard input and output, for one program on this machine."""

from __future__ import annotations

from typing import Any

from yutang.api.keys import Caller
from yutang.errors import BadInput, Forbidden
from yutang.mcp.contract import Call


def serve_stdio(services: Any, *, brand: str, key: str, base: str) -> None:
    """Serve until the input ends. brand: must be the key's own where it is named; base: where the
    console is. Raises BadInput without a key, Forbidden with a wrong one."""
    import anyio
    from mcp.server.stdio import stdio_server

    from yutang.mcp.server import server_for

    def call_of(_context: object = None) -> Call:
        # At every call: a key that is revoked meanwhile opens nothing any more.
        return _call(services, brand, key, base)

    call_of()
    server = server_for(call_of)

    async def run() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def _call(services: Any, brand: str, key: str, base: str) -> Call:
    if not key:
        raise BadInput(
            "An API key is needed: its role says what may be asked.",
            hint="Make one under Settings, API keys; give it as --key or YUTANG_API_KEY.",
        )
    found = services.staff.find_key(key)
    if found is None:
        raise Forbidden("This key is not valid.", hint="It may have been revoked: make a new one.")
    if brand and services.installation.get_brand(brand).slug != found.slug:
        raise Forbidden(
            "This key opens the brand “%(own)s”, not “%(brand)s”.",
            hint="Make a key in that brand, or leave --brand out.",
            own=found.slug,
            brand=brand,
        )
    return Call(Caller(found, services.brand(found.slug), ""), base)
