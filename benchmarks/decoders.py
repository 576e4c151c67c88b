"""Tracked events per second out of requests, beside the bare decoding of the same JSON.

`python benchmarks/decoders.py` makes one request of each kind, decodes it again and again in turns
with `msgspec.json.decode` of the text inside it, and prints the best of the rounds: microseconds
per event, events per second, and how many times the bare decoding takes. A second table holds what
the receiver asks of a protocol before it answers, per request.
"""

from __future__ import annotations

import base64
import gc
import gzip
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from yutang.catalog.records import Limits, Request, protocol_for
from yutang.connectors.sensors.body import checksum
from yutang.connectors.tracking import PROTOCOLS

BATCH = 100
ROUNDS = 25
ROUND_SECONDS = 0.04
NOW = 1_795_356_704_654


def main() -> None:
    requests = _requests()
    limits = Limits()
    print(f"{'request':34}{'µs/event':>10}{'events/s':>12}{'bare µs':>10}{'times bare':>12}")
    for name, (request, text, events) in requests.items():
        protocol = protocol_for(PROTOCOLS, request.method, request.path)
        assert protocol is not None
        done = protocol.decode(request, limits)
        assert len(done.records) == events, done.bad[:1]
        ours, bare = _in_turns(
            lambda: protocol.decode(request, limits),  # noqa: B023  (called at once)
            lambda: msgspec.json.decode(text),  # noqa: B023
        )
        each, plain = ours / events * 1e6, bare / events * 1e6
        print(f"{name:34}{each:10.2f}{1e6 / each:12,.0f}{plain:10.2f}{each / plain:12.1f}")
    print(f"\n{'asked before the answer':34}{'claims µs':>10}{'key µs':>12}{'reply µs':>10}")
    for name, (request, _, _) in requests.items():
        protocol = protocol_for(PROTOCOLS, request.method, request.path)
        assert protocol is not None
        steps = (
            lambda: protocol_for(PROTOCOLS, request.method, request.path),  # noqa: B023
            lambda: protocol.write_key(request),  # noqa: B023
            lambda: (protocol.stores(request), protocol.reply(request)),  # noqa: B023
        )
        claims, key, reply = (each * 1e6 for each in _in_turns(*steps))
        print(f"{name:34}{claims:10.2f}{key:12.2f}{reply:10.2f}")


def _in_turns(*tasks: Callable[[], Any]) -> list[float]:
    """The best seconds of one run of each, measured in turns so that noise meets all alike."""
    repeats = []
    for task in tasks:
        started, n = time.perf_counter(), 0
        while time.perf_counter() - started < ROUND_SECONDS:
            task()
            n += 1
        repeats.append(n)
    best = [float("inf")] * len(tasks)
    gc.collect()
    for _ in range(ROUNDS):
        for i, task in enumerate(tasks):
            started = time.perf_counter()
            for _ in range(repeats[i]):
                task()
            best[i] = min(best[i], (time.perf_counter() - started) / repeats[i])
    return best


def _requests() -> dict[str, tuple[Request, bytes, int]]:
    """name → (request, the JSON in it, its events)."""
    sensors = msgspec.json.encode([_sensors(i) for i in range(BATCH)])
    web = msgspec.json.encode(_sensors_web())
    packed = base64.b64encode(web)
    image = b"project=p&data=" + _quoted(packed) + b"&ext=crc%3D" + str(checksum(packed)).encode()
    segment = msgspec.json.encode(
        {"batch": [_segment(i) for i in range(BATCH)], "sentAt": "2026-11-22T14:13:54.202Z"}
    )
    posthog = msgspec.json.encode({"api_key": "k", "batch": [_posthog(i) for i in range(BATCH)]})
    plain = msgspec.json.encode({"batch": [_plain(i) for i in range(BATCH)]})
    basic = {"authorization": "Basic V0sxOg=="}
    query = b"project=default&token=abc"

    def post(path: str, body: bytes, query: bytes = b"", **headers: str) -> Request:
        return Request("POST", path, query, headers, body, NOW)

    def form(data: bytes) -> bytes:
        return b"data_list=" + _quoted(base64.b64encode(data)) + b"&gzip=1"

    return {
        "Sensors, 100, gzip": (post("/sa", form(gzip.compress(sensors)), query), sensors, BATCH),
        "Sensors, 100, not packed": (post("/sa", form(sensors), query), sensors, BATCH),
        "Sensors, web image": (Request("GET", "/sa.gif", image, {}, b"", NOW), web, 1),
        "Segment, 100": (post("/v1/batch", segment, **basic), segment, BATCH),
        "Segment, 100, gzip": (post("/v1/batch", gzip.compress(segment), **basic), segment, BATCH),
        "PostHog, 100, gzip": (post("/batch/", gzip.compress(posthog)), posthog, BATCH),
        "JSON, 100": (post("/collect", plain, b"key=k"), plain, BATCH),
    }


def _quoted(data: bytes) -> bytes:
    return quote(data.decode(), safe="").encode()


def _sensors(i: int) -> dict[str, Any]:
    lib = {"$lib": "python", "$lib_version": "1.11.0"}
    return {
        "type": "track",
        "time": NOW + i,
        "distinct_id": f"u{i}",
        "event": "ViewProduct",
        "identities": {"$identity_login_id": f"u{i}", "$identity_anonymous_id": f"anon-{i}"},
        "properties": {**lib, "sku": f"A{i}", "price": 9.9 + i, "n": i, "flag": True},
        "lib": {**lib, "$lib_method": "code", "$lib_detail": "####/app/x.py##4"},
        "_track_id": 123_456_789 + i,
    }


def _sensors_web() -> dict[str, Any]:
    url = "https://shop.example/product?id=7&utm_source=douyin&utm_campaign=618"
    return {
        **_sensors(1),
        "event": "$pageview",
        "properties": {
            "$timezone_offset": -480, "$screen_height": 600, "$screen_width": 800,
            "$viewport_height": 600, "$viewport_width": 800, "$lib": "js",
            "$lib_version": "1.27.11", "$latest_traffic_source_type": "付费广告流量",
            "$latest_search_keyword": "未取到值", "$latest_referrer": "", "$url": url,
            "$latest_utm_source": "douyin", "$latest_utm_campaign": "618", "$referrer": "",
            "$url_path": "/product", "$title": "商品页", "$utm_source": "douyin",
            "$utm_campaign": "618", "$is_first_day": True, "$is_first_time": True,
            "$referrer_host": "",
        },
        "_flush_time": NOW + 3,
    }  # fmt: skip


def _segment(i: int) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"a07bfe7b-d89e-483c-9315-{i:012}",
        "timestamp": "2026-11-22T14:13:53.902+00:00",
        "userId": f"u{i}",
        "anonymousId": None,
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
        "properties": {"sku": f"A{i}", "price": 9.9 + i, "n": i, "flag": True},
    }


def _posthog(i: int) -> dict[str, Any]:
    return {
        "event": "product_viewed",
        "distinct_id": f"u{i}",
        "uuid": f"a07bfe7b-d89e-483c-9315-{i:012}",
        "timestamp": "2026-11-22T14:13:53.902+00:00",
        "properties": {"$lib": "posthog-python", "$lib_version": "7.91.1", "sku": f"A{i}",
                       "price": 9.9 + i, "n": i, "flag": True},
    }  # fmt: skip


def _plain(i: int) -> dict[str, Any]:
    return {
        "event": "product_viewed",
        "time": NOW + i,
        "identities": {"member_no": f"u{i}", "cookie": f"c{i}"},
        "properties": {"sku": f"A{i}", "price": 9.9 + i, "n": i, "flag": True, "a": "b", "c": "d"},
        "message_id": f"m{i}",
    }


if __name__ == "__main__":
    main()
