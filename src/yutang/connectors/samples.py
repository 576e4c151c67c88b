"""One event in each protocol, as its SDK would send it: to test whether a source is received."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from yutang.catalog.records import Request

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Sample:
    """What to send: an event of a visitor (an anonymous id) with one property, at UTC ms."""

    source: str
    key: str
    event: str
    visitor: str
    name: str
    value: str
    at: int

    @property
    def time(self) -> str:
        return datetime.fromtimestamp(self.at / 1000, UTC).isoformat(timespec="milliseconds")


def sample_of(kind: str, sample: Sample) -> Request:
    """The request for a kind of source."""
    return _KINDS[kind](sample)


def _sensors(one: Sample) -> Request:
    record = {
        "type": "track",
        "event": one.event,
        "time": one.at,
        "distinct_id": one.visitor,
        "identities": {"$identity_anonymous_id": one.visitor},
        "_track_id": int(one.value[:8], 16),
        "_flush_time": one.at,
        "properties": {one.name: one.value, "$lib": "yutang", "$lib_version": "1"},
        "lib": {"$lib": "yutang", "$lib_version": "1", "$lib_method": "code"},
    }
    packed = base64.b64encode(gzip.compress(json.dumps([record]).encode(), mtime=0)).decode()
    body = f"data_list={quote(packed, safe='')}&gzip=1".encode()
    query = f"project={quote(one.source, safe='')}&token={one.key}".encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    return Request("POST", "/sa", query, form, body, one.at)


def _segment(one: Sample) -> Request:
    message = {
        "type": "track",
        "event": one.event,
        "anonymousId": one.visitor,
        "messageId": one.value,
        "timestamp": one.time,
        "properties": {one.name: one.value},
        "context": {"library": {"name": "yutang", "version": "1"}},
    }
    authorization = "Basic " + base64.b64encode(f"{one.key}:".encode()).decode()
    return _json("/v1/batch", {"batch": [message], "sentAt": one.time}, one, authorization)


def _posthog(one: Sample) -> Request:
    message = {
        "event": one.event,
        "distinct_id": one.visitor,
        "uuid": one.value,
        "timestamp": one.time,
        "properties": {one.name: one.value, "$lib": "yutang", "$lib_version": "1"},
    }
    return _json("/batch/", {"api_key": one.key, "batch": [message], "sent_at": one.time}, one)


def _plain(one: Sample) -> Request:
    line = {
        "event": one.event,
        "time": one.time,
        "identities": {"anonymous_id": one.visitor},
        "properties": {one.name: one.value},
        "message_id": one.value,
    }
    return _json(f"/c/{one.key}/collect", line, one)


def _json(path: str, body: Any, one: Sample, authorization: str = "") -> Request:
    headers = {**JSON, "authorization": authorization} if authorization else dict(JSON)
    return Request("POST", path, b"", headers, json.dumps(body).encode(), one.at)


_KINDS: dict[str, Callable[[Sample], Request]] = {
    "sensors": _sensors,
    "segment": _segment,
    "posthog": _posthog,
    "json": _plain,
}
