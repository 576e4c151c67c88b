"""How Sensors clients are answered."""

import json

import pytest

from tests.connectors.sent import request, sensors_form
from yutang.catalog.records import Refused
from yutang.connectors.sensors import SENSORS

GOOD = sensors_form({"type": "track", "event": "A", "distinct_id": "d"})
BAD = sensors_form({"type": "track", "event": "A"})
ODD = sensors_form({"type": "track", "event": "A", "distinct_id": "d", "properties": {"名": 1}})


def headers(reply):
    return dict(reply.headers)


def test_whose_request_it_is():
    assert SENSORS.write_key(request("/sa?project=default&token=abc%2F1", GOOD)) == "abc/1"
    assert SENSORS.write_key(request("/c/k1/sa.gif?project=default&token=abc", GOOD)) == "k1"
    assert SENSORS.write_key(request("/sa", GOOD)) == ""


def test_an_image_request_gets_a_picture_that_nobody_keeps():
    reply = SENSORS.reply(request(f"/sa.gif?{GOOD.decode()}", method="GET"))
    assert (reply.status, reply.content_type, reply.body[:6]) == (200, "image/gif", b"GIF89a")
    assert headers(reply)["cache-control"] == "no-store"


def test_a_post_to_the_image_address_is_fine():
    sent = request("/sa.gif?project=p", GOOD, origin="https://shop.example")
    assert SENSORS.reply(sent).status == 200
    assert headers(SENSORS.reply(sent))["access-control-allow-origin"] == "https://shop.example"
    assert headers(SENSORS.reply(request("/sa", GOOD)))["access-control-allow-origin"] == "*"
    assert SENSORS.stores(sent)


def test_the_preflight_of_the_debug_mode():
    sent = request("/debug?project=p", method="OPTIONS", origin="https://shop.example")
    reply = SENSORS.reply(sent)
    found = headers(reply)
    assert found["access-control-allow-origin"] == "https://shop.example"
    assert found["access-control-allow-credentials"] == "true"
    assert "dry-run" in found["access-control-allow-headers"]
    assert not SENSORS.stores(sent)


def test_debug_says_an_empty_object_only_if_all_is_well():
    for body in (GOOD, b""):
        target = "/debug?project=p" if body else f"/debug?{GOOD.decode()}"
        sent = request(target, body, "POST" if body else "GET", origin="https://shop.example")
        reply = SENSORS.reply(sent)
        assert (reply.status, reply.body) == (200, b"{}")
        assert headers(reply)["access-control-allow-origin"] == "https://shop.example"
        assert headers(reply)["access-control-allow-credentials"] == "true"


def test_debug_lists_what_is_wrong():
    reply = SENSORS.reply(request("/debug", ODD))
    [told] = json.loads(reply.body)["problems"]
    assert reply.status == 200
    assert (told["field"], told["reason"]) == ("名", "name_invalid")
    reply = SENSORS.reply(request("/debug", BAD))
    [told] = json.loads(reply.body)["problems"]
    assert reply.status == 400
    assert (told["record"], told["reason"]) == (0, "missing_identity")
    assert told["remedy"]


def test_debug_stores_unless_it_is_a_dry_run():
    assert SENSORS.stores(request("/debug", GOOD))
    assert SENSORS.stores(request("/debug", GOOD, dry_run="false"))
    assert not SENSORS.stores(request("/debug", GOOD, dry_run="true"))
    assert SENSORS.stores(request("/sa", GOOD, dry_run="true"))


def test_other_methods_are_refused():
    with pytest.raises(Refused) as found:
        SENSORS.reply(request("/sa", GOOD, "PUT"))
    assert found.value.status == 405


def test_a_refusal_can_be_read_by_the_page_and_says_when_to_try_again():
    sent = request("/sa", GOOD, origin="https://shop.example")
    reply = SENSORS.refusal(sent, 503, "The disk is full.")
    assert (reply.status, reply.body) == (503, b"The disk is full.")
    assert headers(reply)["access-control-allow-origin"] == "https://shop.example"
    assert headers(reply)["retry-after"]
    assert "retry-after" not in headers(SENSORS.refusal(sent, 400, "No."))
