"""What a Sensors request carries, and whether it came through."""

import base64
import gzip
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.sent import (
    decode,
    needs_vectors,
    recorded,
    request,
    sensors,
    sensors_form,
    vectors,
)
from yutang.catalog.records import Limits, Refused
from yutang.connectors.sensors import SENSORS
from yutang.connectors.sensors.body import BLOCK, checksum

TRACK = {"type": "track", "event": "A", "distinct_id": "d", "time": 1_714_564_800_005}


def slow_checksum(text):
    h = 0
    for code in text:
        h = (31 * h + code) % 2**32
    return h - 2**32 if h >= 2**31 else h


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_web_sdk(text):
    assert checksum(text) == slow_checksum(text)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_the_checksum_in_blocks(size):
    text = (b"eyJ0eXBlIjoidHJhY2sifQ==" * (size // 20 + 1))[:size]
    assert checksum(text) == slow_checksum(text)


@needs_vectors
def test_every_recorded_checksum_is_right_and_a_changed_one_refused():
    checked = 0
    for one in vectors("sensors_analytics"):
        if one.get("ext"):
            sent = recorded(one)
            SENSORS.reply(sent)
            sent.query = sent.query.replace(b"data=ey", b"data=eX").replace(b"data=W3", b"data=Wz")
            sent.body = sent.body.replace(b"data=ey", b"data=eX")
            with pytest.raises(Refused) as found:
                SENSORS.reply(sent)
            assert found.value.status == 400
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize("pack", [None, gzip.compress])
@pytest.mark.parametrize("flag", [b"", b"&gzip=0", b"&gzip=1"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a/json"])
def test_content_decides_and_neither_the_flag_nor_the_content_type(pack, flag, kind):
    form = sensors_form([TRACK, TRACK], "data_list", pack)
    for body in (form + flag, flag.removeprefix(b"&") + b"&" + form):
        done = decode(request("/sa.gif?project=p", body, content_type=kind))
        assert [record.raw for record in done.records] == [TRACK, TRACK]


def test_data_in_the_query_of_a_post_and_spaces_for_plus():
    record = {**TRACK, "event": "A", "properties": {"p": "~~~~>>>>????"}}
    text = base64.b64encode(json.dumps(record).encode()).decode()
    assert "+" in text
    for data in (quote(text, safe=""), text, text.replace("+", "%20"), text.rstrip("=")):
        assert decode(request(f"/sa?project=p&data={data}")).records[0].raw == record
        assert decode(request(f"/sa?data={data}", method="GET")).records[0].raw == record


def test_data_may_hold_a_list_and_data_list_a_record():
    assert len(decode(request("/sa", sensors_form([TRACK, TRACK], "data"))).records) == 2
    assert len(decode(request("/sa", sensors_form(TRACK, "data_list"))).records) == 1


def test_encrypted_data_are_refused_with_a_reason():
    secret = quote(json.dumps({"pkv": 1, "ekey": "k", "payloads": "p"}), safe="").encode()
    sent = request("/sa", b"data=" + secret)
    with pytest.raises(Refused, match="encryption plug-in") as found:
        SENSORS.reply(sent)
    assert found.value.status == 400
    assert decode(sent).bad[0].reason == "encrypted_body"


def test_a_post_without_data_is_refused_but_an_empty_image_request_is_not():
    with pytest.raises(Refused, match="neither data nor data_list"):
        SENSORS.reply(request("/sa", b'{"type":"track"}'))
    empty = request("/sa.gif", method="GET")
    assert SENSORS.reply(empty).content_type == "image/gif"
    assert not SENSORS.stores(empty)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"data=YWJjY", "damaged_body"),
        (b"data=" + base64.b64encode(gzip.compress(b"[]", mtime=0)[:-4]), "damaged_body"),
        (b"data=" + base64.b64encode(b"no json"), "malformed_json"),
        (b"nothing=1", "damaged_body"),
    ],
)
def test_what_cannot_be_undone_is_one_bad_record(body, reason):
    done = decode(request("/sa", body))
    assert done.records == []
    assert [bad.reason for bad in done.bad] == [reason]


def test_a_zip_bomb_is_one_bad_record():
    bomb = base64.b64encode(gzip.compress(bytes(3_000_000)))
    done = SENSORS.decode(request("/sa", b"data=" + bomb), Limits(inflated=1_000_000))
    assert [bad.reason for bad in done.bad] == ["too_large"]


def test_a_form_packed_as_a_whole():
    packed = gzip.compress(sensors_form(TRACK))
    assert decode(request("/sa", packed)).records[0].raw == TRACK


def test_one_bad_record_does_not_cost_the_batch():
    done = sensors([TRACK, {"type": "nonsense"}, 5, TRACK])
    assert len(done.records) == 2
    assert [(bad.position, bad.reason) for bad in done.bad] == [
        (1, "unknown_record_type"),
        (2, "malformed_record"),
    ]
