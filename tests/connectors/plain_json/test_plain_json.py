"""Our own batch: the lines of event files, sent."""

import gzip
import json

import pytest

from tests.connectors.sent import decode, read, request
from yutang.catalog.records import Refused
from yutang.connectors.plain_json import PLAIN_JSON

LINE = {
    "event": "page_viewed",
    "time": "2024-05-01T00:00:00+08:00",
    "identities": {"phone": "13800000000", "member_no": 7},
    "properties": {"sku": "A", "price": 9.9, "商品": "x", "o": {"a": 1}, "no": None},
    "message_id": "m1",
}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(LINE),
        json.dumps(LINE, indent=2),
        json.dumps([LINE]),
        json.dumps({"batch": [LINE]}),
        f"{json.dumps(LINE)}\n",
    ],
)
def test_one_line_in_any_dress(body):
    for sent in (body.encode(), gzip.compress(body.encode())):
        [made] = decode(request("/collect", sent)).records
        assert (made.event, made.time) == ("page_viewed", 1_714_492_800_000)
        assert made.identities == {"phone": "13800000000", "member_no": "7"}
        assert made.properties == {"sku": "A", "price": 9.9, "商品": "x", "o": '{"a":1}'}
        assert made.message_id == "m1"
        assert made.raw == LINE


def test_lines():
    text = f"{json.dumps(LINE)}\n{{broken\n\n{json.dumps(LINE)}"
    done = decode(request("/collect", text.encode()))
    assert len(done.records) == 2
    assert [(bad.position, bad.reason, bad.raw) for bad in done.bad] == [
        (1, "malformed_json", "{broken")
    ]


def test_a_line_without_time_happened_now_and_the_sender_may_name_his_clock():
    line = {key: value for key, value in LINE.items() if key != "time"}
    [made] = read("/collect", {"batch": [line], "sent_at": 1_714_492_800})
    assert (made.time, made.sent_at) == (None, 1_714_492_800_000)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": ""}, "missing_event_name"),
        ({"event": "x" * 101}, "name_invalid"),
        ({"time": "soon"}, "unreadable_time"),
        ({"time": -1}, "time_out_of_range"),
        ({"identities": {}}, "missing_identity"),
        ({"identities": {"phone": " "}}, "missing_identity"),
        ({"identities": {"Phone": "1"}}, "unknown_identity_kind"),
        ({"properties": []}, "malformed_record"),
        ({"message_id": {}}, "malformed_record"),
    ],
)
def test_what_cannot_be_used(fields, reason):
    done = decode(request("/collect", json.dumps({**LINE, **fields}).encode()))
    assert [bad.reason for bad in done.bad] == [reason]


def test_whose_request_it_is_and_the_answer():
    body = json.dumps(LINE).encode()
    assert PLAIN_JSON.write_key(request("/collect", body, authorization="Bearer K1")) == "K1"
    assert PLAIN_JSON.write_key(request("/collect?key=K2", body)) == "K2"
    assert PLAIN_JSON.write_key(request("/c/K3/collect", body)) == "K3"
    reply = PLAIN_JSON.reply(request("/collect", body))
    assert (reply.status, reply.body) == (200, b'{"success":true}')
    assert PLAIN_JSON.reply(request("/collect", method="OPTIONS")).status == 200
    assert not PLAIN_JSON.stores(request("/collect", method="OPTIONS"))
    told = json.loads(PLAIN_JSON.refusal(request("/collect", body), 401, "Who?").body)
    assert told == {"success": False, "message": "Who?"}
    for odd in (request("/collect", b""), request("/collect", method="GET")):
        with pytest.raises(Refused):
            PLAIN_JSON.reply(odd)
