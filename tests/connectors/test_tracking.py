"""All tracking protocols together: recorded requests, whose path it is, and whatever may come."""

import gzip
import json

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.connectors.sent import (
    LIMITS,
    decode,
    needs_vectors,
    protocol_of,
    recorded,
    request,
    sensors_form,
    vectors,
)
from yutang.catalog.reasons import BY_CODE
from yutang.catalog.records import Decoded, Limits, Refused, protocol_for
from yutang.connectors.tracking import PROTOCOLS

SENSORS = ("/sa", "/sa.gif", "/debug")
ADDRESSES = (*SENSORS, "/v1/batch", "/v1/i", "/v1/g", "/batch/", "/e/", "/collect")


# --- recorded requests ---------------------------------------------------------------------------
@needs_vectors
@pytest.mark.parametrize("one", vectors("sensors_analytics"), ids=lambda one: one["name"])
def test_recorded_sensors_requests_are_read_as_they_were(one):
    sent = recorded(one)
    found = protocol_of(sent)
    assert found.code == "sensors"
    assert found.reply(sent).status == 200
    done = found.decode(sent, LIMITS)
    wanted = one["decoded"] if isinstance(one["decoded"], list) else [one["decoded"]]
    assert done.bad == []
    assert [record.raw for record in done.records] == wanted
    for record, raw in zip(done.records, wanted, strict=True):
        _sensible(record)
        assert record.time == raw["time"]
        assert record.event == raw.get("event", "")
        assert record.sent_at == raw.get("_flush_time")
        assert record.act in ACTS[raw["type"]]
        assert (record.message_id is None) == ("_track_id" not in raw)
        assert record.write_key == raw.get("token", "")


ACTS = {
    "track": {"event"},
    "track_signup": {"login"},
    "track_id_bind": {"bind"},
    "track_id_unbind": {"unbind"},
    **{f"profile_{name}": {"profile"} for name in ("set", "set_once", "increment", "append",
                                                   "unset", "delete")},
    "item_set": {"item"},
    "item_delete": {"item"},
    "identify": {"login", "profile"},
    "page": {"event"},
    "screen": {"event"},
    "group": {"profile", "item"},
    "alias": {"alias"},
}  # fmt: skip


@needs_vectors
@pytest.mark.parametrize("one", vectors("tracking"), ids=lambda one: one["name"])
def test_recorded_requests_of_segment_rudder_and_posthog_are_read_as_they_were(one):
    sent = recorded(one)
    found = protocol_of(sent)
    assert found.reply(sent).status == 200
    decoded = one["decoded"]
    assert found.write_key(sent) in (
        decoded.get("writeKey") or decoded.get("api_key") or decoded.get("token")
        or ("WK2" if "python" in one["name"] else "WK4")
    )  # fmt: skip
    if "flags" in one["name"]:
        assert not found.stores(sent)
        return
    done = found.decode(sent, LIMITS)
    assert done.bad == []
    wanted = [raw for raw in decoded.get("batch", [decoded]) if not _says_nothing(raw)]
    read = [record.raw for i, record in enumerate(done.records)
            if i == 0 or record.raw is not done.records[i - 1].raw]  # fmt: skip
    assert read == wanted
    for record in done.records:
        _sensible(record)
        assert record.message_id.startswith(record.raw.get("messageId") or record.raw["uuid"])
        assert record.sent_at is not None
        if "type" in record.raw:
            assert record.act in ACTS[record.raw["type"]]


def _says_nothing(raw):
    return raw.get("type") == "alias" and raw["userId"] == raw["previousId"]


def _sensible(record):
    """What must hold of every record."""
    assert record.act in ("event", "login", "bind", "unbind", "profile", "item", "alias")
    assert bool(record.event) == (record.act in ("event", "login", "bind", "unbind"))
    assert bool(record.identities) == (record.act != "item")
    assert (record.item is not None) == (record.act == "item")
    for kind, value in [*record.identities.items(), *record.same]:
        assert kind.replace("_", "").isalnum()
        assert kind == kind.lower()
        assert value == value.strip() != ""
    for value in record.properties.values():
        assert isinstance(value, bool | int | float | str | list)
        assert not isinstance(value, list) or all(isinstance(one, str) for one in value)
    for _, reason, _ in record.misfits:
        assert reason in BY_CODE
    assert not {"token", "_flush_time", "_track_id", "$insert_id", "writeKey"} & set(
        record.properties
    )
    msgspec.json.encode(record)


# --- whose path it is ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/sa", "sensors"), ("/sa.gif", "sensors"), ("/debug", "sensors"),
        ("/c/abc/sa.gif", "sensors"), ("/pre/fix/sa", "sensors"),
        ("/v1/batch", "segment"), ("/prefix/v1/batch", "segment"), ("/v1/t", "segment"),
        ("/v1/track", "segment"), ("/v1/import", "segment"), ("/v1/m", "segment"),
        ("/v1/projects/K/settings", "segment"), ("/c/k/v1/b", "segment"),
        ("/batch/", "posthog"), ("/batch", "posthog"), ("/e/", "posthog"),
        ("/i/v0/e/", "posthog"), ("/capture/", "posthog"), ("/track/", "posthog"),
        ("/flags/", "posthog"), ("/decide/", "posthog"), ("/array/K/config.js", "posthog"),
        ("/collect", "json"), ("/c/k/collect", "json"),
        ("/", None), ("", None), ("/visa", None), ("/v1/x", None), ("/v2/batch2", None),
        ("/sa.gift", None), ("/site", None), ("/recollect", None),
    ],
)  # fmt: skip
def test_paths(path, code):
    found = protocol_for(PROTOCOLS, "POST", path)
    assert (found and found.code) == code


def test_codes_are_unique():
    assert len({one.code for one in PROTOCOLS}) == len(PROTOCOLS)


# --- whatever may come ---------------------------------------------------------------------------
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip
FIELDS = (
    "type", "event", "time", "distinct_id", "original_id", "login_id", "properties", "identities",
    "lib", "item_type", "item_id", "token", "_track_id", "_flush_time", "time_free", "userId",
    "anonymousId", "previousId", "groupId", "traits", "context", "timestamp", "originalTimestamp",
    "sentAt", "messageId", "name", "category", "writeKey", "uuid", "$set", "$set_once", "$unset",
    "message_id", "api_key", "sent_at", "historical_migration",
)  # fmt: skip
WORDS = (
    "track", "track_signup", "track_id_bind", "track_id_unbind", "profile_set", "profile_append",
    "profile_increment", "profile_unset", "profile_delete", "item_set", "item_delete", "identify",
    "page", "screen", "group", "alias", "$identify", "$create_alias", "$groupidentify", "$set",
    "2026-11-22T14:13:53.902Z", "2024-05-01 12:00:00.5", "u1", "$identity_mobile+138", "",
    "x" * 300,
)  # fmt: skip
KEYS = (
    "$identity_login_id", "$identity_mobile", "$is_login_id", "$set", "$unset", "$group_type",
    "$group_key", "$group_set", "alias", "$anon_distinct_id", "page", "campaign", "traits", "name",
    "token", "$time", "$insert_id", "distinct_id", "$lib", "名", "phone",
)  # fmt: skip
words = st.sampled_from(WORDS)
insides = st.dictionaries(st.sampled_from(KEYS) | st.text(), words | json_values, max_size=6)
likely = st.dictionaries(st.sampled_from(FIELDS), words | insides | json_values, max_size=9)
bodies = (
    likely
    | st.lists(likely | json_values, max_size=4)
    | st.builds(lambda batch, more: {**more, "batch": batch}, st.lists(likely), likely)
    | json_values
)


def _never_raises(address, body, query=b"", limits=LIMITS):
    sent = request(address, body, origin="o", content_encoding="deflate")
    sent.query = query
    found = protocol_of(sent)
    done = found.decode(sent, limits)
    assert isinstance(done, Decoded)
    for record in done.records:
        _sensible(record)
    for bad in done.bad:
        assert bad.reason in BY_CODE
        msgspec.json.encode(bad)
    assert isinstance(found.write_key(sent), str)
    assert isinstance(found.stores(sent), bool)
    try:
        reply = found.reply(sent)
    except Refused as refused:
        reply = found.refusal(sent, refused.status, refused.why)
    assert reply.status in (200, 400)
    return done


@given(st.sampled_from(ADDRESSES), st.binary(), st.binary(), st.booleans())
@example("/collect", b'{"a":1}\n' * 3, b"", False)
@example("/e/", b"data=%ff%FE", b"data=e30", False)
def test_any_bytes_can_be_sent(address, body, query, pack):
    _never_raises(address, gzip.compress(body) if pack else body, query)
    _never_raises(address, b"data=" + body, b"data=" + query)


@pytest.mark.slow
@given(st.sampled_from(ADDRESSES), bodies)
def test_any_json_can_be_sent(address, value):
    text = json.dumps(value).encode()
    if address in SENSORS:
        _never_raises(address, sensors_form(value, "data_list"))
        _never_raises(address, b"", sensors_form(value))
    else:
        _never_raises(address, text)
    few = Limits(records=1, properties=2, nesting=1, text=10)
    _never_raises(address, sensors_form(value) if address in SENSORS else text, limits=few)


@pytest.mark.slow
@given(likely.filter(lambda raw: set(raw) & {"type", "event"}), st.sampled_from(ADDRESSES))
def test_every_record_is_read_set_aside_or_says_nothing(raw, address):
    good = {"type": "track", "event": "E", "distinct_id": "d", "userId": "u",
            "identities": {"phone": "1"}}  # fmt: skip
    batch = [good, raw, good]
    body = (
        sensors_form(batch, "data_list")
        if address in SENSORS
        else json.dumps({"batch": batch}).encode()
    )
    done = decode(request(address, body))
    assert [r.raw for r in done.records if r.raw == good][:2] == [good, good]
    assert all(bad.position == 1 for bad in done.bad)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_zip_bomb_and_endless_nesting_are_told_in_one_bad_record(address):
    small = Limits(inflated=1_000_000)
    for text in (b"[" * 5_000_000, b" " * 5_000_000, b'{"a":' * 100_000):
        if address in SENSORS:
            packed = sensors_form(None, pack=lambda _, text=text: gzip.compress(text))
        else:
            packed = gzip.compress(text)
        done = protocol_of(request(address)).decode(request(address, packed), small)
        assert done.records == []
        assert [bad.reason for bad in done.bad] in (["too_large"], ["malformed_json"], ["too_deep"])
