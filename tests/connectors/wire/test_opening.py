"""Opening: the records of a text, one broken one never costing its neighbours."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.catalog.records import Limits, Record
from yutang.connectors.wire.bodies import Unusable
from yutang.connectors.wire.opening import Misshapen, Unread, collect, mend, open_json, open_lines

LIMITS = Limits()


@pytest.mark.parametrize(
    ("text", "envelope", "records"),
    [
        (b'[{"a":1},{"a":2}]', {}, [{"a": 1}, {"a": 2}]),
        (b'{"batch":[{"a":1}],"k":2}', {"batch": [{"a": 1}], "k": 2}, [{"a": 1}]),
        (b'{"a":1}', {}, [{"a": 1}]),
        (b'\xef\xbb\xbf{"a":1}', {}, [{"a": 1}]),
        (b"[]", {}, []),
        (b"7", {}, [7]),
    ],
)
def test_lists_envelopes_and_single_records(text, envelope, records):
    assert open_json(text, LIMITS) == (envelope, records)


def test_half_a_character_costs_only_itself():
    opened = open_json(rb'[{"a":"x\ud83d"},{"b":"\ud83d\ude00 \\ud83d"}]', LIMITS)
    assert opened.records == [{"a": "x\ufffd"}, {"b": "\U0001f600 \\ud83d"}]


def test_broken_utf8_costs_only_itself():
    assert open_json(b'[{"a":"\xff"},{"b":"\xe4\xb8\xad"}]', LIMITS).records == [
        {"a": "\ufffd"},
        {"b": "中"},
    ]


def test_no_zero_character_gets_through():
    assert open_json(rb'{"a":"x\u0000\\u0000"}', LIMITS).records == [{"a": "x\ufffd\\u0000"}]


@given(st.text())
def test_mending_leaves_sound_text_alone(text):
    sound = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    for ascii_only in (True, False):
        told = json.dumps(sound, ensure_ascii=ascii_only).encode()
        assert json.loads(mend(told)) == sound


@pytest.mark.parametrize("value", [b"[" * 500 + b"]" * 500, b"1e999", b"9" * 5_000])
def test_a_record_that_cannot_be_read_does_not_cost_the_others(value):
    for text in (
        b'[{"a":1},{"b":' + value + b'},{"c":3}]',
        b'{"k":1,"batch":[{"a":1},{"b":' + value + b'},{"c":3}]}',
    ):
        first, broken, last = open_json(text, LIMITS).records
        assert (first, last) == ({"a": 1}, {"c": 3})
        assert isinstance(broken, Unread)
        assert broken.reason == ("too_deep" if value.startswith(b"[") else "malformed_json")


@pytest.mark.parametrize("text", [b"", b"no", b'{"a":', b'[{"a":1},', b"\x00", b"[" * 10**6])
def test_no_json_at_all_is_unusable(text):
    with pytest.raises(Unusable) as found:
        open_json(text, LIMITS)
    assert found.value.reason in ("malformed_json", "too_deep")


def test_lines():
    text = b'{"a":1}\n\n{"b":\r\n{"c":3}\n'
    opened = open_lines(text, LIMITS)
    assert opened is not None
    assert [type(one) for one in opened.records] == [dict, Unread, dict]
    for other in (b'{"a":1}', b'{\n"a":1}', b'[{"a":1}]\n', b""):
        assert open_lines(other, LIMITS) is None


@pytest.mark.parametrize("piece", [b"{},", b"[],", b"1,", b'{"a":1},'])
def test_many_tiny_values_do_not_fill_the_memory(piece):
    text = b"[" + piece * (20_000_000 // len(piece)) + b"1]"
    tracemalloc.start()
    with pytest.raises(Unusable) as found:
        open_json(text, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value.reason == "too_large"
    assert peak < 1_000_000


def test_too_many_records_are_set_aside_and_told():
    few = Limits(records=2)
    done = collect(open_json(b"[{},{},{},{},{},{}]", few), few, lambda raw: (_record(raw),))
    assert len(done.records) == 2
    assert [(bad.position, bad.reason) for bad in done.bad] == [
        (2, "too_many_records"),
        (3, "too_many_records"),
        (4, "too_many_records"),
    ]
    assert done.bad[-1].value == "2 more"


def test_what_is_no_record_is_set_aside_with_its_place():
    def read(raw):
        if "bad" in raw:
            raise Misshapen("bad", "malformed_record", raw["bad"])
        return (_record(raw),)

    done = collect(open_json(b'[{"a":1},7,{"bad":[1]}]', LIMITS), LIMITS, read)
    assert [record.raw for record in done.records] == [{"a": 1}]
    assert [(bad.position, bad.column, bad.value) for bad in done.bad] == [
        (1, None, "7"),
        (2, "bad", "[1]"),
    ]


def _record(raw):
    return Record("e", None, {}, {}, raw=raw)
