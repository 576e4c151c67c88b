"""Records as people mend them: masked, and whole again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from yutang.errors import BadInput
from yutang.ingest import QuarantineRow
from yutang.ingest.live import event_of, shown_record, typed_record
from yutang.ingest.live.mending import unmask

RECORD = {
    "event": "a",
    "time": 5,
    "identities": {"phone": "13800138000", "email": "ann@shop.cn"},
    "properties": {"call": 13900139000, "note": "or 13800138000", "n": 1, "list": ["x@y.cn"]},
}


def row(record: Any, shape: str = "record") -> QuarantineRow:
    text = record if isinstance(record, str) else json.dumps(record)
    return QuarantineRow(
        1, None, "site", "", 7, "time", "time_out_of_range", None, text, 9, "open", "",
        {"shape": shape} if shape else {"protocol": "json"},
    )  # fmt: skip


def test_what_is_left_masked_is_as_it_was() -> None:
    shown = shown_record(row(RECORD))
    for secret in ("13800138000", "13900139000", "ann@shop.cn", "x@y.cn"):
        assert secret not in shown
    assert json.loads(typed_record(row(RECORD), shown)) == RECORD
    mended = json.loads(shown)
    mended["time"] = 6
    mended["identities"]["mobile"] = mended["identities"].pop("phone")
    mended["properties"]["list"].append("new")
    back = json.loads(typed_record(row(RECORD), json.dumps(mended)))
    assert back["identities"] == {"email": "ann@shop.cn", "mobile": "13800138000"}
    assert back["properties"]["call"] == 13900139000
    assert back["properties"]["list"] == ["x@y.cn", "new"]
    assert back["time"] == 6


def test_a_mask_that_two_values_share_is_put_back_where_it_stood() -> None:
    original = {"a": "13800008000", "b": "13811118000"}
    shown = {"a": "138****8000", "b": "138****8000"}
    assert unmask(dict(shown), original, shown) == original
    assert unmask({"b": "138****8000"}, original, shown) == {"b": "13811118000"}
    assert unmask({"c": "138****8000"}, original, shown) == {"c": "138****8000"}


def test_fields_are_set_besides() -> None:
    given = row({**RECORD, "sent_at": 4})
    made = json.loads(typed_record(given, shown_record(given), {"time": 8, "sent_at": None}))
    assert made == {**RECORD, "time": 8}
    assert event_of(given) == "a"


def test_raw_records_of_senders_are_masked_too() -> None:
    raw = row({"distinct_id": "13800138000", "type": "track"}, shape="")
    assert "138****8000" in shown_record(raw)
    assert json.loads(typed_record(raw, shown_record(raw))) == json.loads(str(raw.record))
    assert event_of(raw) == ""
    assert shown_record(row("{torn 13800138000")) == "{torn 138****8000"
    assert json.loads(typed_record(row("{torn"), '{"event": "x"}')) == {"event": "x"}


@pytest.mark.parametrize("typed", ["", "{", "[]", "7"])
def test_what_is_no_object_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        typed_record(row(RECORD), typed)
