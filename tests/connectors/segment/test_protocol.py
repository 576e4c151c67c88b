"""How Segment and RudderStack libraries are answered."""

import gzip
import json

import pytest

from tests.connectors.sent import decode, request
from yutang.catalog.records import Refused
from yutang.connectors.segment import SEGMENT

KINDS = ("application/json", "text/plain", "application/x-www-form-urlencoded")
BODY = json.dumps({"batch": [{"type": "track", "event": "E", "userId": "u"}], "writeKey": "W"})


def test_rudder_wants_exactly_200():
    reply = SEGMENT.reply(request("/prefix/v1/batch", BODY.encode()))
    assert (reply.status, reply.body) == (200, b'{"success":true}')
    assert reply.content_type == "application/json"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [BODY.encode(), gzip.compress(BODY.encode(), mtime=0)])
def test_content_decides_and_not_the_content_type(kind, body):
    sent = request("/v1/batch", body, content_type=kind)
    assert SEGMENT.write_key(sent) == "W"
    assert decode(sent).records[0].event == "E"


def test_whose_request_it_is():
    def key(target="/v1/batch", **headers):
        return SEGMENT.write_key(request(target, BODY.encode(), **headers))

    assert key(authorization="Basic V0sxOg==") == "WK1"
    assert key(authorization="basic V0sxOg") == "WK1"
    assert key(authorization="Basic ***") == "W"
    assert key("/v1/batch?writeKey=Q") == "Q"
    assert key("/c/P/v1/batch", authorization="Basic V0sxOg==") == "P"
    assert key() == "W"
    assert SEGMENT.write_key(request("/v1/batch", b"no json")) == ""
    assert SEGMENT.write_key(request("/v1/projects/S%201/settings", method="GET")) == "S 1"


def test_the_preflight_allows_what_the_browser_asks_for():
    asked = "authorization,anonymousid"
    origin = "https://shop.example"
    sent = request("/v1/t", b"", "OPTIONS", origin=origin, access_control_request_headers=asked)
    found = dict(SEGMENT.reply(sent).headers)
    assert found["access-control-allow-headers"] == "authorization,anonymousid"
    assert found["access-control-allow-origin"] == "https://shop.example"
    assert not SEGMENT.stores(sent)
    odd = request("/v1/t", method="OPTIONS", access_control_request_headers="a\r\nset-cookie: x")
    assert "authorization" in dict(SEGMENT.reply(odd).headers)["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("headers", "protocol"), [({}, "http"), ({"x_forwarded_proto": "https"}, "https")]
)
def test_the_settings_tell_the_browser_to_send_everything_here(headers, protocol):
    sent = request("/pre/v1/projects/WKB/settings", method="GET", host="127.0.0.1:18107", **headers)
    assert not SEGMENT.stores(sent)
    told = json.loads(SEGMENT.reply(sent).body)
    assert told["integrations"]["Segment.io"] == {
        "apiKey": "WKB",
        "apiHost": "127.0.0.1:18107/pre/v1",
        "protocol": protocol,
        "unbundledIntegrations": [],
    }
    assert told["analyticsNextEnabled"] is True


def test_settings_for_no_host_are_refused():
    with pytest.raises(Refused):
        SEGMENT.reply(request("/v1/projects/WKB/settings", method="GET", host='x"'))


def test_metrics_of_the_library_are_thanked_for_and_dropped():
    sent = request("/v1/m", b'{"series":[]}')
    assert SEGMENT.reply(sent).status == 200
    assert not SEGMENT.stores(sent)


def test_errors_have_a_code_and_a_message():
    sent = request("/v1/batch", BODY.encode())
    reply = SEGMENT.refusal(sent, 400, "No.")
    assert json.loads(reply.body) == {"code": "invalid_request", "message": "No."}
    assert dict(SEGMENT.refusal(sent, 503, "Later.").headers)["retry-after"]
    for odd in (request("/v1/batch", b""), request("/v1/batch", method="GET")):
        with pytest.raises(Refused):
            SEGMENT.reply(odd)
