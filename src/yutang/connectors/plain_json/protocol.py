"""POST /collect with a write key: one line, a list, {"batch": [line, …]} or NDJSON, gzip or not."""

from __future__ import annotations

from yutang.catalog.records import Decoded, Limits, Refused, Reply, Request
from yutang.connectors.plain_json.mapping import reader
from yutang.connectors.wire.bodies import Unusable, query_text, uncompressed
from yutang.connectors.wire.opening import collect, open_json, open_lines
from yutang.connectors.wire.web import (
    cors,
    json_reply,
    key_in_authorization,
    key_in_path,
    only,
    preflight,
    refused_with,
)

PATHS = ("/collect", "/collect/")
SUCCESS = b'{"success":true}'


class PlainJson:
    """TrackingProtocol of whoever writes JSON by hand."""

    code = "json"

    def claims(self, method: str, path: str) -> bool:
        return path.endswith(PATHS)

    def write_key(self, request: Request) -> str:
        """Bearer, else ?key=, else the path."""
        return (
            key_in_authorization(request.headers.get("authorization", ""))
            or query_text(request.query, b"key")
            or key_in_path(request.path)
        )

    def stores(self, request: Request) -> bool:
        return request.method == "POST"

    def reply(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return preflight(request)
        only(request, "POST")
        if not request.body:
            raise Refused(400, "The body is empty.")
        return Reply(200, SUCCESS, "application/json", cors(request))

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        return refused_with(json_reply(request, {"success": False, "message": why}, status))

    def decode(self, request: Request, limits: Limits) -> Decoded:
        try:
            encoding = request.headers.get("content-encoding", "")
            text = uncompressed(request.body, encoding, limits)
            opened = open_lines(text, limits) or open_json(text, limits)
        except Unusable as problem:
            return problem.decoded()
        return collect(opened, limits, reader(opened.envelope, limits))


PLAIN_JSON = PlainJson()
