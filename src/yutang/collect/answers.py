"""Sending answers, and breaking a connection where every answer would be taken for success."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Send

from yutang.catalog.records import Reply

# Mini-program SDKs count any HTTP status as success and drop what they sent; only a broken
# connection makes them keep it. Their requests say where they come from: the runtimes set the
# Referer or name themselves in the User-Agent, and the SDK posts text/plain without a charset.
# (Browser SDKs that do so too try again after a broken connection as after a 5xx.)
MINI_PROGRAM_REFERERS = (b"https://servicewechat.com/",)
MINI_PROGRAM_AGENTS = (b"miniprogram",)
CUT_SHORT = "ASGI callable returned without completing response."


def hears_no_status(method: str, headers: dict[bytes, bytes]) -> bool:
    """Does the sender take every HTTP answer for success?"""
    if method != "POST":
        return False
    agent = headers.get(b"user-agent", b"").lower()
    return (
        headers.get(b"referer", b"").startswith(MINI_PROGRAM_REFERERS)
        or any(word in agent for word in MINI_PROGRAM_AGENTS)
        or headers.get(b"content-type", b"").strip().lower() == b"text/plain"
    )


async def send_reply(send: Send, reply: Reply, *, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    headers = [
        *_headers(reply.content_type, reply.headers),
        (b"content-length", b"%d" % len(reply.body)),
        *more,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


@lru_cache(maxsize=256)  # answers differ by the page's origin at most
def _headers(
    content_type: str, headers: tuple[tuple[str, str], ...]
) -> tuple[tuple[bytes, bytes], ...]:
    named = (("content-type", content_type), *headers)
    return tuple((name.lower().encode(), value.encode("latin-1")) for name, value in named)


async def break_off(send: Send) -> None:
    """Announce a body and send none: the server can only close the connection."""
    headers = [(b"content-length", b"2"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})


class CutShortOnPurpose(logging.Filter):
    """Keeps the server's complaint about `break_off` out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.msg != CUT_SHORT)
