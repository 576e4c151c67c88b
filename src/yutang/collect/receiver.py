"""The ASGI application that takes tracking requests, alone or in front of another application.

The hot path touches no router and no model: which protocol, whose key, what answer, then the
journal. Requests are answered once they are durable, or not at all with success.
"""

from __future__ import annotations

import asyncio
import gc
import hmac
import traceback
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yutang.catalog.records import (
    JOURNAL_HEADERS,
    KEPT_HEADERS,
    Refused,
    Reply,
    Request,
    TrackingProtocol,
    protocol_for,
)
from yutang.collect import answers
from yutang.collect.addresses import is_loopback, kept, sender
from yutang.collect.collecting import Collecting
from yutang.collect.counters import Hold, TurnedAway
from yutang.collect.keys import Place
from yutang.collect.metrics import page_of

log = structlog.get_logger("collect")
RESERVED = ("/api/v1/", "/b/", "/static/")  # the console's and the API's own; never a tracker's
METRICS = "/metrics"
LONGEST_PATH = 512  # characters; longer ones are nobody's
KEPT = {name.encode(): name for name in KEPT_HEADERS}
LARGE = 1_000_000  # bytes of a body that is looked into beside the event loop, one at a time
BODYLESS = ("GET", "HEAD", "OPTIONS")

T = TypeVar("T")


class Receiver:
    """Takes what a protocol claims; everything else goes to `inner` (404 where there is none)."""

    def __init__(self, collecting: Collecting, inner: ASGIApp | None = None) -> None:
        self.collecting = collecting
        self.inner = inner
        self._protocol = lru_cache(maxsize=1024)(self._find_protocol)
        self._reading: asyncio.Task[None] | None = None
        self._one_large = asyncio.Lock()
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if len(path) <= LONGEST_PATH:
                protocol = self._protocol(scope["method"], path)
                if protocol is not None:
                    await self._serve(Visit(protocol, scope, self.collecting), receive, send)
                    return
                if path == METRICS:
                    await self._metrics(scope, send)
                    return
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        if self.inner is not None:
            await self.inner(scope, receive, send)
        elif scope["type"] == "http":
            await answers.send_reply(send, Reply(404, b"There is nothing here.\n"))

    def _find_protocol(self, method: str, path: str) -> TrackingProtocol | None:
        """None where no protocol claims the path, or it belongs to the console or the API."""
        if self.inner is not None and path.startswith(RESERVED):
            return None
        return protocol_for(self.collecting.protocols, method, path)

    # --- one request -------------------------------------------------------------------------
    async def _serve(self, visit: Visit, receive: Receive, send: Send) -> None:
        try:
            visit.hold = self.collecting.queue.enter()
            visit.hold.add(len(visit.request.query))
            if visit.request.method not in BODYLESS:
                visit.request.body = await self._body(visit, receive)
            reply = await self._answer(visit)
        except _Gone:
            return
        except Refused as refused:
            await self._refuse(visit, refused, send)
        # The one broad clause: a fault of ours must not look like success to the sender.
        except Exception as error:  # noqa: BLE001
            # Where, not what: the error's text may hold what the sender sent.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            if where not in self._told:  # once: whoever found it may send it a million times
                self._told.add(where)
                log.error("collect.broke", error=type(error).__name__, where=where)
            wrong = TurnedAway(500, "Something went wrong on our side.", "error")
            await self._refuse(visit, wrong, send)
        else:
            await answers.send_reply(send, reply)
        finally:
            if visit.hold is not None:
                visit.hold.leave()

    async def _body(self, visit: Visit, receive: Receive) -> bytes:
        """The whole body. Raises TurnedAway where it is too large, too slow or too much at once."""
        limit = self.collecting.rules.limits.body
        announced = visit.headers.get(b"content-length")
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            raise _too_large(limit)
        assert visit.hold is not None
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self.collecting.rules.body_seconds):
                while more:
                    part, more = _part(await receive())
                    size += len(part)
                    if size > limit:
                        raise _too_large(limit)
                    visit.hold.add(len(part))
                    parts.append(part)
        except TimeoutError:
            raise TurnedAway(503, "The body came too slowly. Send it again.", "slow") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _answer(self, visit: Visit) -> Reply:
        """What to say, once it is true. Raises Refused."""
        request, protocol, rules = visit.request, visit.protocol, self.collecting.rules
        is_large = len(request.body) > LARGE
        key = await self._beside(protocol.write_key, request) if is_large else (
            protocol.write_key(request)
        )  # fmt: skip
        stores = protocol.stores(request)
        if not key and not stores:  # a preflight carries no key
            return protocol.reply(request)
        place = self.collecting.keys.peek(key)
        if place is None or self.collecting.keys.is_due(place):
            place = await self._look_up(key)
        self._check(place)
        request.write_key = key
        visit.counted = self.collecting.counters.of(place.brand, place.source)
        request.ip = kept(visit.sender(rules.trusted_proxies), place.ip_mode or rules.ip_mode)
        reply = await self._beside(protocol.reply, request) if is_large else protocol.reply(request)
        if stores:
            known = request.headers
            request.headers = {name: known[name] for name in JOURNAL_HEADERS if name in known}
            group = self.collecting.group(place.brand)
            if group.is_resting() or await group.put(request) is not None:
                raise TurnedAway(503, "Nothing can be stored now. Send it again shortly.", "disk")
        visit.counted.requests += 1
        visit.counted.bytes += len(request.body) + len(request.query)
        return reply

    async def _beside(self, question: Callable[[Request], T], request: Request) -> T:
        """A protocol's answer to a large body may take long, and much memory: it is worked out
        beside the loop, and for one request at a time."""
        async with self._one_large:
            return await asyncio.to_thread(question, request)

    async def _look_up(self, key: str) -> Place:
        """Read the keys anew where that is due. Raises TurnedAway where there is no such key."""
        keys = self.collecting.keys
        if not key:
            raise TurnedAway(
                401,
                "The request names no write key. Use the whole address that"
                " `yutang source list` shows, its key included.",
                "no_key",
            )
        if keys.is_due(keys.peek(key)):
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(asyncio.to_thread(keys.read))
            await asyncio.shield(self._reading)
        place = keys.peek(key)
        if place is not None:
            return place
        if keys.failing:  # it may be a good one
            raise TurnedAway(503, "Write keys cannot be read now. Send it again.", "keys")
        raise TurnedAway(403, "There is no such write key.", "unknown_key")

    def _check(self, place: Place) -> None:
        """Raises TurnedAway for a key that ended, or of a source turned off."""
        if place.ends_at is not None and place.ends_at <= self.collecting.now():
            raise TurnedAway(403, "This write key has ended: use the new one.", "ended_key")
        if not place.on:
            raise TurnedAway(403, "This source is turned off.", "source_off")

    async def _refuse(self, visit: Visit, refused: Refused, send: Send) -> None:
        reason = getattr(refused, "reason", "damaged")
        visit.counted.refused[reason] += 1
        if refused.status >= 500 and answers.hears_no_status(visit.request.method, visit.headers):
            await answers.break_off(send)
            return
        reply = visit.protocol.refusal(visit.request, refused.status, refused.why)
        # The rest of a body that came too slowly is not waited for.
        more = [(b"connection", b"close")] if reason == "slow" else []
        await answers.send_reply(send, reply, more=more)

    # --- beside them -------------------------------------------------------------------------
    async def _metrics(self, scope: Scope, send: Send) -> None:
        if not self._may_see_metrics(scope):
            await answers.send_reply(send, Reply(403, b"Ask from this machine, or with a token.\n"))
            return
        text = await asyncio.to_thread(page_of, self.collecting)
        await answers.send_reply(send, Reply(200, text.encode(), "text/plain; version=0.0.4"))

    def _may_see_metrics(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        token = self.collecting.rules.metrics_token
        given = headers.get(b"authorization", b"")
        if token and hmac.compare_digest(given, b"Bearer " + token.encode()):
            return True
        # A proxy on this machine is not its clients.
        return is_loopback(_peer(scope)) and not headers.keys() & {b"x-forwarded-for", b"forwarded"}

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop with the server; what waits is written before the stop is acknowledged."""

        async def send_closed(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                # What was loaded stays: the collector need not look through it again and again
                # (measured: half the p99).
                gc.collect()
                gc.freeze()
            if message["type"].startswith("lifespan.shutdown"):
                await asyncio.to_thread(self.collecting.close)
            await send(message)

        if self.inner is not None:
            await self.inner(scope, receive, send_closed)
            return
        while True:
            message = await receive()
            await send_closed({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


class Visit:
    """One request under way: what is asked, in which protocol, and where it is counted."""

    __slots__ = ("counted", "headers", "hold", "protocol", "request", "scope")

    def __init__(self, protocol: TrackingProtocol, scope: Scope, collecting: Collecting) -> None:
        self.protocol = protocol
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.hold: Hold | None = None
        self.counted = collecting.counters.of()
        self.request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"],
            {
                KEPT[name]: value.decode("latin-1")
                for name, value in scope["headers"]
                if name in KEPT
            },
            b"",
            collecting.now(),
        )

    def sender(self, proxies: int) -> str:
        """The sender's address."""
        if not proxies:
            return _peer(self.scope)
        forwarded = [
            value.decode("latin-1")
            for name, value in self.scope["headers"]
            if name == b"x-forwarded-for"
        ]
        return sender(_peer(self.scope), forwarded, proxies)


class _Gone(Exception):
    """The sender hung up before the end of the body."""


def _part(message: Message) -> tuple[bytes, bool]:
    if message["type"] == "http.disconnect":
        raise _Gone
    return message.get("body", b""), message.get("more_body", False)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _too_large(limit: int) -> TurnedAway:
    return TurnedAway(413, f"The body is larger than {limit:,} bytes.", "too_large")
