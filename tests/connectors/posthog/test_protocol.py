"""How PostHog libraries are answered, and their encodings."""

import base64
import gzip
import json
from urllib.parse import quote

import pytest

from tests.connectors.sent import decode, request
from yutang.catalog.records import Refused
from yutang.connectors.posthog import POSTHOG

EVENT = {"event": "E", "distinct_id": "u", "properties": {"token": "phc_e"}}
BODY = json.dumps({"api_key": "phc_b", "batch": [EVENT]}).encode()
FORM = b"data=" + quote(base64.b64encode(BODY), safe="").encode()


@pytest.mark.parametrize("target", ["/batch/", "/batch", "/e/", "/e/?compression=base64",
                                    "/i/v0/e/", "/capture/", "/track/", "/x/e/"])  # fmt: skip
@pytest.mark.parametrize("body", [BODY, gzip.compress(BODY, mtime=0), FORM])
def test_every_encoding_at_every_address(target, body):
    sent = request(target, body, content_type="text/plain")
    assert POSTHOG.claims("POST", sent.path)
    assert POSTHOG.stores(sent)
    assert POSTHOG.reply(sent).status == 200
    assert POSTHOG.write_key(sent) == "phc_b"
    assert decode(sent).records[0].raw == EVENT


def test_a_list_a_single_event_and_a_query():
    for body in (json.dumps([EVENT]).encode(), json.dumps(EVENT).encode()):
        sent = request("/e/", body)
        assert POSTHOG.write_key(sent) == "phc_e"
        assert decode(sent).records[0].event == "E"
    sent = request(f"/e/?{FORM.decode()}", method="GET")
    assert POSTHOG.stores(sent)
    assert decode(sent).records[0].event == "E"


def test_whose_request_it_is():
    assert POSTHOG.write_key(request("/c/K/e/", BODY)) == "K"
    assert POSTHOG.write_key(request("/e/?token=Q", BODY)) == "Q"
    assert POSTHOG.write_key(request("/array/phc_x/config", method="GET")) == "phc_x"
    for body in (b"[]", b"{}", b"no", b'{"properties":{"token":7}}', gzip.compress(BODY)[:-5]):
        assert POSTHOG.write_key(request("/e/", body)) == ""


def test_flags_and_settings_are_answered_with_nothing():
    for target in ("/flags/?v=2", "/flags/?v=4", "/decide/?v=3"):
        sent = request(target, b'{"token":"phc_b"}')
        told = json.loads(POSTHOG.reply(sent).body)
        assert told["flags"] == {}
        assert told["errorsWhileComputingFlags"] is False
        assert not POSTHOG.stores(sent)
    for target in ("/array/phc_x/config", "/array/phc_x/config.js"):
        sent = request(target, method="GET")
        assert POSTHOG.reply(sent).body == b"{}"
        assert not POSTHOG.stores(sent)


def test_the_preflight_and_the_refusals():
    sent = request("/e/", method="OPTIONS", origin="https://shop.example")
    found = dict(POSTHOG.reply(sent).headers)
    assert found["access-control-allow-origin"] == "https://shop.example"
    assert "content-type" in found["access-control-allow-headers"]
    assert not POSTHOG.stores(sent)
    assert json.loads(POSTHOG.refusal(sent, 401, "Who?").body)["detail"] == "Who?"
    assert dict(POSTHOG.refusal(sent, 429, "Later.").headers)["retry-after"]
    for odd in (request("/e/", b""), request("/e/", method="GET"), request("/e/", BODY, "PUT")):
        with pytest.raises(Refused):
            POSTHOG.reply(odd)
