"""Routes and answers of the PostHog protocol. protocols.md §2.3."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from yutang.catalog.records import Decoded, Limits, Refused, Reply, Request
from yutang.connectors.posthog.mapping import reader
from yutang.connectors.wire.bodies import (
    Unusable,
    base64_text,
    form_value,
    query_text,
    unbase64,
    uncompressed,
)
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

CAPTURE = re.compile(r"/(?:batch|e|capture|track)/?$")
FLAGS = re.compile(r"/(?:flags|decide)/?$")
CONFIG = re.compile(r"/array/([^/]+)/config(\.js)?$")
# No flags here. Old libraries (/decide) look for the second and third name.
NO_FLAGS: dict[str, Any] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}
ACCEPTED = b'{"status":1}'


class _Keyed(msgspec.Struct):
    """What of a body says whose it is; the rest is only skipped."""

    api_key: str | None = None
    token: str | None = None
    properties: dict[str, Any] | None = None

    def key(self) -> str:
        inside = (self.properties or {}).get("token")
        for found in (self.api_key, self.token, inside):
            if isinstance(found, str) and found:
                return found.strip()
        return ""


_keyed = msgspec.json.Decoder(_Keyed | list[_Keyed])


class PostHog:
    """TrackingProtocol of PostHog libraries."""

    code = "posthog"

    def claims(self, method: str, path: str) -> bool:
        return any(route.search(path) for route in (CAPTURE, FLAGS, CONFIG))

    def write_key(self, request: Request) -> str:
        """Path, else query, else Bearer, else the body: `api_key` or `token`."""
        found = CONFIG.search(request.path)
        if found:
            return unquote(found[1])
        query = request.query
        key = (
            key_in_path(request.path)
            or query_text(query, b"api_key")
            or query_text(query, b"token")
            or key_in_authorization(request.headers.get("authorization", ""))
        )
        if key or request.method == "OPTIONS":
            return key
        try:
            inside: _Keyed | list[_Keyed] = _keyed.decode(_text(request, Limits()))
        except (Unusable, *UNREADABLE):
            return ""
        if isinstance(inside, list):
            return inside[0].key() if inside else ""
        return inside.key()

    def stores(self, request: Request) -> bool:
        if request.method == "OPTIONS" or CAPTURE.search(request.path) is None:
            return False
        return request.method == "POST" or form_value(request.query, b"data") is not None

    def reply(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return preflight(request)
        found = CONFIG.search(request.path)
        if found:
            only(request, "GET")
            kind = "application/javascript" if found[2] else "application/json"
            return Reply(200, b"{}", kind, cors(request))
        if FLAGS.search(request.path):
            only(request, "GET", "POST")
            return json_reply(request, NO_FLAGS)
        only(request, "GET", "POST")
        if not self.stores(request) or not (request.body or request.query):
            raise Refused(400, "The request holds no events.")
        return Reply(200, ACCEPTED, "application/json", cors(request))

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        type_, code = ("server_error", "try_again") if status >= 500 else (
            "validation_error", "invalid_request")  # fmt: skip
        told = {"type": type_, "code": code, "detail": why}
        return refused_with(json_reply(request, told, status))

    def decode(self, request: Request, limits: Limits) -> Decoded:
        try:
            opened = open_json(_text(request, limits), limits)
        except Unusable as problem:
            return problem.decoded()
        return collect(opened, limits, reader(opened.envelope, limits))


def _text(request: Request, limits: Limits) -> bytes:
    """The JSON of a request in any of the library's encodings: plain, gzip that nothing announces,
    or base64 in a form (which a page sends when it closes) or in the query."""
    body = uncompressed(request.body, request.headers.get("content-encoding", ""), limits)
    form = body if body.startswith(b"data=") else b"" if body else request.query
    data = form_value(form, b"data")
    if data is None:
        return body
    text = base64_text(data)
    if text.startswith((b"{", b"[")):
        return text
    return uncompressed(unbase64(text), "", limits)


POSTHOG = PostHog()
