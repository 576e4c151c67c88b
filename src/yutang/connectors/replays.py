"""A record as its sender wrote it → the request that would bring it again."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from yutang.catalog.records import Request


def request_of(protocol: str, raw: Any, received_at: int, write_key: str = "") -> Request | None:
    """A request of this protocol with the one record; None for a protocol we do not know."""
    make = _MAKERS.get(protocol)
    if make is None:
        return None
    path, body = make(raw)
    headers = {"content-type": "application/json"}
    return Request("POST", path, b"", headers, body, received_at, "", write_key)


def _sensors(raw: Any) -> tuple[str, bytes]:
    text = base64.b64encode(msgspec.json.encode([raw])).decode()
    return "/sa", f"data_list={quote(text, safe='')}".encode()


def _segment(raw: Any) -> tuple[str, bytes]:
    return "/v1/batch", msgspec.json.encode({"batch": [raw]})


def _posthog(raw: Any) -> tuple[str, bytes]:
    return "/batch/", msgspec.json.encode({"api_key": "", "batch": [raw]})


def _json(raw: Any) -> tuple[str, bytes]:
    return "/collect", msgspec.json.encode({"batch": [raw]})


_MAKERS: dict[str, Callable[[Any], tuple[str, bytes]]] = {
    "sensors": _sensors,
    "segment": _segment,
    "posthog": _posthog,
    "json": _json,
}
