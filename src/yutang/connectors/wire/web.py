"""What browsers need to be answered, and what every tracking address has in common."""

from __future__ import annotations

import binascii
import re
from typing import Any
from urllib.parse import unquote

import msgspec

from yutang.catalog.records import Refused, Reply, Request

# /c/KEY/… before any path of ours: for clients that cannot be told a key in another way.
KEY_IN_PATH = re.compile(r"/c/([^/]+)/")
A_DAY = "86400"
# Asked for by the clients we know; a browser that asks for others is answered with those.
USUAL_HEADERS = "authorization, content-encoding, content-type, dry-run"
HEADER_NAMES = re.compile(r"[A-Za-z0-9\-, ]{1,500}")
ORIGIN = re.compile(r"[\x21-\x7e]{1,300}")
RETRY_SECONDS = "5"  # after 429 and 5xx


def key_in_path(path: str) -> str:
    found = KEY_IN_PATH.search(path)
    return unquote(found[1]) if found else ""


def key_in_authorization(header: str) -> str:
    """The user of Basic, or the token of Bearer; "" for anything else."""
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return ""
    try:
        user = binascii.a2b_base64(value.encode("latin-1", "replace") + b"==")
    except binascii.Error:
        return ""
    return user.decode("utf-8", "replace").partition(":")[0]


def cors(request: Request) -> tuple[tuple[str, str], ...]:
    """The page may read the answer. Its exact origin, since `*` is not enough for requests with
    credentials (Sensors debug mode, beacons); nothing is ever read from a cookie here."""
    origin = request.headers.get("origin", "")
    if not ORIGIN.fullmatch(origin):
        return (("access-control-allow-origin", "*"),)
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    )


def preflight(request: Request) -> Reply:
    """May a page send us this? Yes."""
    asked = request.headers.get("access-control-request-headers", "")
    allowed = asked if HEADER_NAMES.fullmatch(asked) else USUAL_HEADERS
    return Reply(
        headers=(
            *cors(request),
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", allowed),
            ("access-control-max-age", A_DAY),
        )
    )


def json_reply(request: Request, value: Any, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(value), "application/json", cors(request))


def refused_with(reply: Reply) -> Reply:
    """The same, telling when to try again where that makes sense."""
    if reply.status == 429 or reply.status >= 500:
        reply.headers = (*reply.headers, ("retry-after", RETRY_SECONDS))
    return reply


def only(request: Request, *methods: str) -> None:
    """Raises Refused for any other method."""
    if request.method not in methods:
        raise Refused(405, f"This address takes {' and '.join(methods)} only.")
