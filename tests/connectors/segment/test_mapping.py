"""Segment and RudderStack messages become ours."""

import json

import pytest

from tests.connectors.sent import decode, read, request

AT = "2026-11-22T14:13:53.902+00:00"
AT_MS = 1_795_356_833_902


def one(target="/v1/batch", **fields):
    message = {"userId": "u1", "messageId": "m1", "timestamp": AT, **fields}
    [made] = read(target, {"batch": [message], "sentAt": "2026-11-22T14:13:54.202324+00:00"})
    return made


def bad(**fields):
    message = {"type": "track", "event": "E", "userId": "u1", **fields}
    done = decode(request("/v1/batch", json.dumps({"batch": [message]}).encode()))
    assert done.records == []
    return done.bad[0]


def test_a_tracked_event():
    made = one(
        type="track",
        event="Order Completed",
        anonymousId=None,
        properties={"order_id": "o1", "total": 9.9, "products": [{"sku": "A"}], "coupon": None},
        context={"library": {"name": "analytics-python", "version": "2.4.0"}},
        integrations={"All": True},
    )
    assert (made.act, made.event, made.time) == ("event", "Order Completed", AT_MS)
    assert made.sent_at == AT_MS + 300
    assert made.identities == {"login_id": "u1"}
    assert made.message_id == "m1"
    assert made.properties == {
        "$lib": "analytics-python",
        "$lib_version": "2.4.0",
        "order_id": "o1",
        "total": 9.9,
        "products": '[{"sku":"A"}]',
    }


def test_the_context_in_our_words():
    made = one(
        type="track",
        event="E",
        properties={"$title": "own"},
        context={
            "page": {"url": "https://a/b?x", "path": "/b", "title": "T", "referrer": "",
                     "search": "?x"},
            "campaign": {"source": "douyin", "medium": "cpc", "name": "618", "term": "t",
                         "content": "c"},
            "userAgent": "UA", "locale": "zh-CN", "timezone": "Asia/Shanghai", "ip": "1.2.3.4",
            "userAgentData": {"mobile": False}, "traits": {"a": 1},
        },
    )  # fmt: skip
    assert made.properties == {
        "$url": "https://a/b?x", "$url_path": "/b", "$title": "own", "$referrer": "",
        "$url_query": "?x", "$utm_source": "douyin", "$utm_medium": "cpc", "$utm_campaign": "618",
        "$utm_term": "t", "$utm_content": "c", "$user_agent": "UA", "$locale": "zh-CN",
        "$timezone": "Asia/Shanghai", "$ip": "1.2.3.4",
    }  # fmt: skip


def test_pages_and_screens():
    page = one(type="page", name="Home", category="cat", properties={"path": "/h", "x": 1})
    assert page.event == "$pageview"
    assert page.properties == {"name": "Home", "category": "cat", "$url_path": "/h", "x": 1}
    screen = one(type="screen", name="S", category=None, properties={"path": "/h"})
    assert screen.event == "$screen"
    assert screen.properties == {"name": "S", "path": "/h"}


def test_to_identify_with_both_ids_is_a_login():
    made = one(type="identify", anonymousId="a1", traits={"lvl": "g"},
               context={"traits": {"lvl": "old", "t": 1}, "locale": "en"})  # fmt: skip
    assert (made.act, made.event) == ("login", "$SignUp")
    assert made.identities == {"login_id": "u1", "anonymous_id": "a1"}
    assert made.profile == (("set", "lvl", "g"), ("set", "t", 1))
    assert made.properties == {"$locale": "en"}


@pytest.mark.parametrize(
    ("ids", "identities"),
    [
        ({"userId": "u1", "anonymousId": None}, {"login_id": "u1"}),
        ({"userId": None, "anonymousId": "a1"}, {"anonymous_id": "a1"}),
    ],
)
def test_to_identify_with_one_id_only_describes(ids, identities):
    made = one(type="identify", context={"traits": {"t": 1}}, **ids)
    assert (made.act, made.event, made.identities) == ("profile", "", identities)
    assert made.profile == (("set", "t", 1),)


def test_groups():
    message = {"userId": "u1", "groupId": "g1", "traits": {"n": 1}, "messageId": "m"}
    [person, row] = read("/v1/g", message)
    assert (person.act, person.profile) == ("profile", (("set", "$group_id", "g1"),))
    assert (row.act, row.item, row.properties) == ("item", ("group", "g1"), {"n": 1})
    assert row.message_id != person.message_id
    [alone] = read("/v1/g", {"userId": "u1", "groupId": "g1", "traits": {}})
    assert alone.act == "profile"


def test_an_alias_joins_whatever_the_old_id_was():
    made = one(type="alias", previousId="anon1")
    assert (made.act, made.event, made.identities) == ("alias", "", {"login_id": "u1"})
    assert set(made.same) == {("anonymous_id", "anon1"), ("distinct_id", "anon1")}


def test_an_alias_of_equal_ids_says_nothing_and_is_no_mistake():
    message = {"type": "alias", "userId": "u1", "previousId": "u1", "anonymousId": "a"}
    done = decode(request("/v1/a", json.dumps(message).encode()))
    assert (done.records, done.bad) == ([], [])


def test_times():
    assert one(type="track", event="E", timestamp=None, originalTimestamp=AT).time == AT_MS
    made = one(type="track", event="E", timestamp=None, sentAt=AT)
    assert (made.time, made.sent_at) == (AT_MS, AT_MS)
    assert one(type="track", event="E", timestamp=None).time == AT_MS + 300
    [nothing] = read("/v1/t", {"event": "E", "userId": "u"})
    assert (nothing.time, nothing.sent_at) == (None, None)
    assert bad(timestamp="soon").reason == "unreadable_time"
    assert bad(timestamp="0001-01-01T00:00:00+23:59").reason == "time_out_of_range"


def test_the_route_says_what_a_message_is_that_does_not():
    assert read("/v1/track", {"event": "E", "userId": "u"})[0].event == "E"
    assert read("/v1/page", {"userId": "u"})[0].event == "$pageview"
    assert read("/v1/s", {"userId": "u"})[0].event == "$screen"
    assert read("/v1/i/", {"userId": "u"})[0].act == "profile"


def test_an_import_of_history_may_be_old():
    assert one("/v1/import", type="track", event="E").old_allowed
    assert not one(type="track", event="E").old_allowed


def test_what_cannot_be_used():
    assert bad(type="dance").reason == "unknown_record_type"
    assert bad(type=None).reason == "unknown_record_type"
    assert bad(userId=None).reason == "missing_identity"
    assert bad(event=None).reason == "missing_event_name"
    assert bad(event="x" * 101).reason == "name_invalid"
    assert bad(properties=[]).column == "properties"
    assert bad(type="alias").column == "previousId"
    assert bad(type="group").column == "groupId"
    assert bad(type="identify", traits="x").column == "traits"


def test_a_message_may_carry_its_own_key():
    assert one(type="track", event="E", writeKey="WKB").write_key == "WKB"
