"""PostHog events become ours."""

import json

from tests.connectors.sent import decode, read, request

AT = "2026-11-22T14:13:56.175773+00:00"
AT_MS = 1_795_356_836_176


def one(**fields):
    event = {"event": "Order", "distinct_id": "u1", "timestamp": AT, "uuid": "x1", **fields}
    [made] = read("/batch/", {"api_key": "k", "batch": [event], "sent_at": AT})
    return made


def bad(**fields):
    event = {"event": "Order", "distinct_id": "u1", **fields}
    done = decode(request("/batch/", json.dumps({"batch": [event]}).encode()))
    assert done.records == []
    return done.bad[0]


def test_an_event_of_a_server():
    made = one(properties={"total": 1, "$set": {"lvl": "g"}, "$lib": "posthog-python"})
    assert (made.act, made.event, made.time, made.sent_at) == ("event", "Order", AT_MS, AT_MS)
    assert made.identities == {"distinct_id": "u1"}
    assert made.properties == {"total": 1, "$lib": "posthog-python"}
    assert made.profile == (("set", "lvl", "g"),)
    assert made.message_id == "x1"


def test_an_event_of_a_browser_in_our_words():
    made = one(properties={
        "$current_url": "http://a/b", "$pathname": "/b", "$host": "a", "$raw_user_agent": "UA",
        "$referrer": "$direct", "$referring_domain": "$direct", "utm_source": "douyin",
        "utm_term": None, "token": "phc", "distinct_id": "u1", "$insert_id": "i", "$time": 1.5,
        "$feature/exp": "test", "$groups": {"company": "c1"},
    })  # fmt: skip
    assert made.properties == {
        "$url": "http://a/b", "$url_path": "/b", "$url_host": "a", "$user_agent": "UA",
        "$referrer": "", "$referrer_host": "", "$utm_source": "douyin", "$feature/exp": "test",
        "$groups": '{"company":"c1"}',
    }  # fmt: skip
    assert made.write_key == "phc"


def test_who_is_logged_in():
    assert one(properties={"$is_identified": True}).identities == {"login_id": "u1"}
    assert one(properties={"$user_id": "u1"}).identities == {"login_id": "u1"}
    assert one(properties={"$is_identified": False}).identities == {"distinct_id": "u1"}
    assert one(distinct_id=None, properties={"distinct_id": "p"}).identities == {"distinct_id": "p"}


def test_identify_with_an_anonymous_id_is_a_login():
    made = one(event="$identify", properties={"$anon_distinct_id": "a", "$set": {"x": 1}, "p": 2})
    assert (made.act, made.event) == ("login", "$SignUp")
    assert made.identities == {"login_id": "u1"}
    assert made.same == (("distinct_id", "a"),)
    assert made.profile == (("set", "x", 1),)
    assert made.properties == {"p": 2}


def test_identify_of_a_server_only_describes():
    made = one(event="$identify", properties={"$set": {"lvl": "g"}, "$set_once": {"b": 1}})
    assert (made.act, made.event, made.properties) == ("profile", "", {})
    assert made.identities == {"login_id": "u1"}
    assert made.profile == (("set", "lvl", "g"), ("set_once", "b", 1))


def test_person_events():
    assert one(event="$set", **{"$set": {"a": 1}}).profile == (("set", "a", 1),)
    assert one(event="$set_once", **{"$set_once": {"a": 1}}).profile == (("set_once", "a", 1),)
    made = one(event="$unset", properties={"$unset": ["a", "b"]})
    assert made.profile == (("unset", "a", None), ("unset", "b", None))
    assert (made.act, made.event) == ("profile", "")


def test_an_alias_is_a_link_both_ways():
    made = one(event="$create_alias", properties={"distinct_id": "u1", "alias": "an1"})
    assert (made.act, made.event) == ("alias", "")
    assert made.identities == {"distinct_id": "u1"}
    assert made.same == (("distinct_id", "an1"),)
    same = {"event": "$create_alias", "distinct_id": "u1", "properties": {"alias": "u1"}}
    assert read("/batch/", {"batch": [same]}) == []


def test_a_group_is_a_row_and_nobody():
    made = one(event="$groupidentify", properties={
        "$group_type": "company", "$group_key": "c1", "$group_set": {"n": 1}})  # fmt: skip
    assert (made.act, made.item, made.identities) == ("item", ("group", "company:c1"), {})
    assert made.properties == {"n": 1}


def test_ids_and_times():
    assert one(uuid=None, properties={"$insert_id": "i"}).message_id == "i"
    assert one(uuid=None).message_id is None
    assert one(timestamp=None, properties={"$time": 1795356934.691}).time == 1_795_356_934_691
    assert one(timestamp=None).time is None
    history = {"batch": [{"event": "E", "distinct_id": "u"}], "historical_migration": True}
    [old] = read("/batch/", history)
    assert old.old_allowed


def test_what_cannot_be_used():
    assert bad(event=None).reason == "missing_event_name"
    assert bad(event="x" * 101).reason == "name_invalid"
    assert bad(distinct_id=None).reason == "missing_identity"
    assert bad(properties=3).column == "properties"
    assert bad(timestamp="soon").reason == "unreadable_time"
    assert bad(timestamp="2200-01-01").reason == "time_out_of_range"
    assert bad(event="$create_alias").column == "properties.alias"
    assert bad(event="$groupidentify").column == "properties.$group_key"
