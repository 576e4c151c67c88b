"""Routes and answers of the Sensors protocol. protocols.md §1.1, §1.7, §1.8."""

from __future__ import annotations

from typing import Any

from yutang.catalog.reasons import reason_of
from yutang.catalog.records import Bad, Decoded, Limits, Reply, Request
from yutang.connectors.sensors import body, mapping
from yutang.connectors.wire.bodies import Unusable, query_text
from yutang.connectors.wire.opening import collect, open_json, shown
from yutang.connectors.wire.web import (
    cors,
    json_reply,
    key_in_path,
    only,
    preflight,
    refused_with,
)

DEBUG = ("/debug", "/debug/")
PATHS = ("/sa", "/sa.gif", "/sa/", "/sa.gif/", *DEBUG)
# One transparent pixel: the answer to an image.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
MOST_PROBLEMS = 100  # told in one debug answer


class Sensors:
    """TrackingProtocol of the Sensors SDKs."""

    code = "sensors"

    def claims(self, method: str, path: str) -> bool:
        return path.endswith(PATHS)

    def write_key(self, request: Request) -> str:
        """The query's `token`, or the key in the path; a record's own token goes before both."""
        return key_in_path(request.path) or query_text(request.query, b"token")

    def stores(self, request: Request) -> bool:
        if request.method == "OPTIONS":
            return False
        if request.headers.get("dry-run", "").strip().lower() == "true" and self._debug(request):
            return False
        return request.method == "POST" or b"data" in request.query

    def reply(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return preflight(request)
        only(request, "GET", "POST")
        sent = body.carried(request)
        debug = self._debug(request)
        if sent.value is not None or request.method == "POST" or debug:
            body.check(sent)
        if debug:
            return self._debug_reply(request)
        if request.method == "POST":
            return Reply(headers=cors(request))
        return Reply(200, PIXEL, "image/gif", (("cache-control", "no-store"), *cors(request)))

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        return refused_with(Reply(status, why.encode(), "text/plain", cors(request)))

    def decode(self, request: Request, limits: Limits) -> Decoded:
        try:
            opened = open_json(body.json_text(request, limits), limits, lists=())
        except Unusable as problem:
            return problem.decoded()
        return collect(opened, limits, mapping.reader(limits))

    @staticmethod
    def _debug(request: Request) -> bool:
        return request.path.endswith(DEBUG)

    def _debug_reply(self, request: Request) -> Reply:
        """`{}` where all is well, for the web SDK takes any key for an error; 400 where a record
        cannot be used, which the Python SDK raises."""
        decoded = self.decode(request, Limits())
        problems = _problems(decoded)
        if not problems:
            return json_reply(request, {})
        return json_reply(request, {"problems": problems}, 400 if decoded.bad else 200)


def _problems(decoded: Decoded) -> list[dict[str, Any]]:
    found = [_problem(one.position, one) for one in decoded.bad[:MOST_PROBLEMS]]
    for record in decoded.records:
        for name, reason, value in record.misfits:
            if len(found) < MOST_PROBLEMS:
                found.append(_problem(None, Bad(0, name, reason, shown(value), None)))
    return found


def _problem(position: int | None, one: Bad) -> dict[str, Any]:
    reason = reason_of(one.reason)
    told = {
        "record": position,
        "field": one.column,
        "reason": one.reason,
        "value": one.value,
        "what": reason.en,
        "remedy": reason.remedy_en,
    }
    return {name: value for name, value in told.items() if value is not None}


SENSORS = Sensors()
