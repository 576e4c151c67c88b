"""Routes and answers of the Segment protocol, which RudderStack shares. protocols.md §2.1, §2.2."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from yutang.catalog.records import Decoded, Limits, Refused, Reply, Request
from yutang.connectors.segment.mapping import Reader
from yutang.connectors.wire.bodies import Unusable, query_text, uncompressed
from yutang.connectors.wire.opening import UNREADABLE, collect, open_json
from yutang.connectors.wire.web import (
    cors,
    json_reply,
    key_in_authorization,
    key_in_path,
    only,
    preflight,
    refused_with,
)

# The last part of the path → what a message is that does not say so itself.
ROUTES = {
    "batch": "",
    "b": "",
    "import": "",
    **dict.fromkeys(("t", "track"), "track"),
    **dict.fromkeys(("i", "identify"), "identify"),
    **dict.fromkeys(("p", "page"), "page"),
    **dict.fromkeys(("s", "screen"), "screen"),
    **dict.fromkeys(("g", "group"), "group"),
    **dict.fromkeys(("a", "alias"), "alias"),
    "m": "",  # metrics of the library about itself
}
PATH = re.compile(rf"/v1/(?:({'|'.join(ROUTES)})/?|projects/([^/]+)/settings/?)$")
SUCCESS = b'{"success":true}'
HOST = re.compile(r"[A-Za-z0-9.\-_\[\]:]{1,255}")


class _Keyed(msgspec.Struct):
    """The one field of a body that says whose it is; the rest is only skipped."""

    writeKey: str | None = None  # noqa: N815  (their name)


_keyed = msgspec.json.Decoder(_Keyed)


class Segment:
    """TrackingProtocol of Segment and RudderStack libraries."""

    code = "segment"

    def claims(self, method: str, path: str) -> bool:
        return PATH.search(path) is not None

    def write_key(self, request: Request) -> str:
        """Path, else Authorization, else query, else the body's `writeKey`."""
        found = PATH.search(request.path)
        if found and found[2]:
            return unquote(found[2])
        key = (
            key_in_path(request.path)
            or key_in_authorization(request.headers.get("authorization", ""))
            or query_text(request.query, b"writeKey")
        )
        if key or request.method != "POST":
            return key
        try:
            return (_keyed.decode(_text(request, Limits())).writeKey or "").strip()
        except (Unusable, *UNREADABLE):
            return ""

    def stores(self, request: Request) -> bool:
        return request.method == "POST" and self._route(request) not in ("settings", "m")

    def reply(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return preflight(request)
        if self._route(request) == "settings":
            only(request, "GET")
            return json_reply(request, self._settings(request))
        only(request, "POST")
        if not request.body and self.stores(request):
            raise Refused(400, "The body is empty.")
        return Reply(200, SUCCESS, "application/json", cors(request))

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        code = "invalid_request" if status < 500 else "try_again"
        return refused_with(json_reply(request, {"code": code, "message": why}, status))

    def decode(self, request: Request, limits: Limits) -> Decoded:
        route = self._route(request)
        try:
            opened = open_json(_text(request, limits), limits)
        except Unusable as problem:
            return problem.decoded()
        read = Reader(opened.envelope, ROUTES.get(route, ""), limits, old_allowed=route == "import")
        return collect(opened, limits, read)

    @staticmethod
    def _route(request: Request) -> str:
        found = PATH.search(request.path)
        return "" if found is None else found[1] or "settings"

    def _settings(self, request: Request) -> dict[str, Any]:
        """What the browser library asks for when it loads: send everything here."""
        host = request.headers.get("host", "")
        if not HOST.fullmatch(host):
            raise Refused(400, "The request does not say which host it is for.")
        prefix = request.path[: request.path.rindex("/v1/projects/")]
        secure = request.headers.get("x-forwarded-proto", "").strip().lower() == "https"
        return {
            "integrations": {
                "Segment.io": {
                    "apiKey": self.write_key(request),
                    "apiHost": f"{host}{prefix}/v1",
                    "protocol": "https" if secure else "http",
                    "unbundledIntegrations": [],
                }
            },
            "plan": {},
            "edgeFunction": {},
            "analyticsNextEnabled": True,
        }


def _text(request: Request, limits: Limits) -> bytes:
    return uncompressed(request.body, request.headers.get("content-encoding", ""), limits)


SEGMENT = Segment()
