"""Requests for the tests of tracking protocols: made by hand, and the recorded ones."""

from __future__ import annotations

import base64
import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from yutang.catalog.records import Decoded, Limits, Record, Request, TrackingProtocol, protocol_for
from yutang.connectors.tracking import PROTOCOLS

FILE = Path(os.environ.get("YUTANG_SHARED", "../shared")) / "data/vectors.json"
LIMITS = Limits()


def request(target: str, body: bytes = b"", method: str = "POST", **headers: str) -> Request:
    """headers: with _ for -."""
    path, _, query = target.partition("?")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query.encode(), names, body, received_at=1_795_356_840_000)


def protocol_of(one: Request) -> TrackingProtocol:
    found = protocol_for(PROTOCOLS, one.method, one.path)
    assert found is not None, one.path
    return found


def decode(one: Request, limits: Limits = LIMITS) -> Decoded:
    return protocol_of(one).decode(one, limits)


def read(target: str, value: Any, **headers: str) -> list[Record]:
    """The records of a JSON body, none of which is bad."""
    done = decode(request(target, json.dumps(value).encode(), **headers))
    assert done.bad == []
    return done.records


def sensors_form(value: Any, field: str = "data", pack: Any = None) -> bytes:
    """The body of a Sensors post; pack: a compression."""
    text = json.dumps(value, ensure_ascii=False).encode()
    packed = base64.b64encode(pack(text) if pack else text)
    return f"{field}={quote(packed.decode(), safe='')}".encode()


def sensors(value: Any, **more: Any) -> Decoded:
    field = "data_list" if isinstance(value, list) else "data"
    return decode(request("/sa?project=default", sensors_form(value, field, **more)))


@cache
def vectors(part: str) -> tuple[dict[str, Any], ...]:
    """The recorded requests of a part of vectors.json; none where it is not here."""
    return tuple(json.loads(FILE.read_text("utf-8"))[part]) if FILE.exists() else ()


def recorded(one: dict[str, Any]) -> Request:
    """A recorded request as the receiver would hand it over, byte for byte."""
    packed = one.get("body_base64")
    body = base64.b64decode(packed) if packed else one["body"].encode()
    path, _, query = one["target"].partition("?")
    return Request(one["method"], path, query.encode(), one["headers"], body, 0)


needs_vectors = pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not here")
