"""Sensors records become ours: who, what, when, under which id."""

import pytest

from tests.connectors.sent import sensors

NOW = 1_795_356_704_654
ANONYMOUS = "1a203993f858c1-0bc7"
WEB = {"$identity_cookie_id": "c1", "$identity_anonymous_id": ANONYMOUS}


def one(**fields):
    done = sensors({"type": "track", "event": "View", "distinct_id": "d", "time": NOW, **fields})
    assert done.bad == []
    return done.records[0]


def bad(**fields):
    done = sensors({"type": "track", "event": "View", "distinct_id": "d", "time": NOW, **fields})
    assert done.records == []
    return done.bad[0]


# --- who -----------------------------------------------------------------------------------------
def test_a_distinct_id_alone_may_be_a_login_or_not():
    assert one().identities == {"distinct_id": "d"}
    assert one(properties={"$is_login_id": True}).identities == {"login_id": "d"}
    assert one(properties={"$is_login_id": False}).identities == {"distinct_id": "d"}
    assert one(login_id="d").identities == {"login_id": "d"}


def test_a_distinct_id_that_names_its_kind():
    mobile = "$identity_mobile+13800000000"
    assert one(distinct_id=mobile).identities == {"phone": "13800000000"}
    assert one(distinct_id="$identity_mobile").identities == {"distinct_id": "$identity_mobile"}
    assert one(distinct_id="a+b").identities == {"distinct_id": "a+b"}


def test_a_sign_up_without_identities_replaces_the_anonymous_id():
    made = one(type="track_signup", event="$SignUp", distinct_id="u1", original_id="anon-1")
    assert made.act == "login"
    assert made.identities == {"login_id": "u1"}
    assert made.same == (("distinct_id", "anon-1"),)


def test_every_key_has_its_kind():
    given = {
        "$identity_login_id": "m1",
        "$identity_mobile": 13800000000,
        "$identity_email": "a@b.c",
        "$identity_mp_id": "mp",
        "$identity_mp_wxabc123_openid": "oOPEN1",
        "$identity_mp_unionid": "oUNION1",
        "$identity_CRM-No": "77",
        "shop.id": "s",
        **WEB,
    }
    assert one(identities=given).identities == {
        "login_id": "m1",
        "phone": "13800000000",
        "email": "a@b.c",
        "device": "mp",
        "openid": "oOPEN1",
        "unionid": "oUNION1",
        "crm_no": "77",
        "shop_id": "s",
        "cookie": "c1",
        "anonymous_id": ANONYMOUS,
    }


def test_two_keys_of_one_kind():
    given = {"$identity_mp_openid": "o1", "$identity_mp_wx2_openid": "o2", "$identity_openid": "o1"}
    made = one(identities=given)
    assert made.identities == {"openid": "o1"}
    assert made.same == (("openid", "o2"),)


def test_a_phone_of_an_app_is_a_device_and_ties_nobody_together():
    given = {"$identity_login_id": "m", "$identity_idfv": "i", "$identity_android_uuid": "a"}
    assert one(identities=given).identities == {"login_id": "m", "device": "i"}


def test_identities_that_are_none_are_told():
    made = one(identities={**WEB, "$identity_mobile": "", "会员": "x", "$identity_email": ["a"]})
    assert set(made.identities) == {"cookie", "anonymous_id"}
    assert {name: reason for name, reason, _ in made.misfits} == {
        "identities.会员": "unknown_identity_kind",
        "identities.$identity_email": "malformed_record",
    }


def test_without_any_usable_identity_the_distinct_id_counts_and_without_it_nobody():
    assert one(identities={"$identity_mobile": ""}).identities == {"distinct_id": "d"}
    assert bad(distinct_id="", identities={}).reason == "missing_identity"
    assert bad(distinct_id=None).column == "distinct_id"
    assert bad(distinct_id="x" * 256).reason == "too_large"
    assert bad(distinct_id=[1]).reason == "malformed_record"


def test_the_life_cycle_on_the_web():
    bind = one(type="track_id_bind", event="$BindID", identities={**WEB, "$identity_mobile": "138"})
    assert (bind.act, bind.event) == ("bind", "$BindID")
    everything = {**WEB, "$identity_mobile": "138", "$identity_login_id": "m1"}
    login = one(
        type="track_signup", event="$SignUp", distinct_id="m1", original_id=ANONYMOUS,
        login_id="m1", identities=everything,
    )  # fmt: skip
    assert (login.act, login.same) == ("login", ())
    assert set(login.identities) == {"cookie", "anonymous_id", "phone", "login_id"}
    unbind = one(type="track_id_unbind", event="", distinct_id="m1",
                 identities={"$identity_mobile": "138"})  # fmt: skip
    assert (unbind.act, unbind.event) == ("unbind", "$UnbindID")
    assert unbind.identities == {"phone": "138"}


def test_a_sign_up_whose_identities_lack_the_login_or_the_original():
    made = one(type="track_signup", event="", distinct_id="m1", original_id="old", identities=WEB)
    assert made.event == "$SignUp"
    assert made.identities["login_id"] == "m1"
    assert made.same == (("distinct_id", "old"),)
    own = one(type="track_signup", distinct_id="member+77", identities={"member": "77"})
    assert own.identities == {"member": "77"}


# --- what ----------------------------------------------------------------------------------------
def test_properties_with_the_library():
    lib = {"$lib": "js", "$lib_version": "1.27", "$lib_method": "code", "$app_version": "3"}
    made = one(properties={"$lib": "own", "sku": "A", "nil": None}, lib=lib)
    own = {"$lib": "own", "sku": "A"}
    assert made.properties == {**own, "$lib_version": "1.27", "$app_version": "3"}


def test_transport_fields_are_no_properties():
    made = one(_track_id=5, _flush_time=NOW + 3, token="t", project="p", properties={"a": 1})
    assert made.properties == {"a": 1}
    assert made.raw["_flush_time"] == NOW + 3


def test_dates_have_true_milliseconds_and_the_raw_record_stays():
    made = one(properties={"when": "2024-05-01 12:00:00.5", "day": "2024-05-01"})
    assert made.properties == {"when": "2024-05-01 12:00:00.005", "day": "2024-05-01"}
    assert made.raw["properties"]["when"] == "2024-05-01 12:00:00.5"


@pytest.mark.parametrize(
    "name", ["名", "1a", "a-b", "a b", "x" * 101, "Time", "USER_ID", "user_group_x", "User_Tag1"]
)
def test_a_property_against_the_rules_is_left_out_and_the_event_kept(name):
    made = one(properties={name: "v", "ok": 1})
    assert made.properties == {"ok": 1}
    assert made.misfits == ((name, "name_invalid", "v"),)


def test_an_event_against_the_rules_waits_for_repair():
    assert (bad(event="浏览").column, bad(event="浏览").reason) == ("event", "name_invalid")
    assert bad(event=None).reason == "missing_event_name"
    assert bad(event=7).reason == "missing_event_name"


def test_shapes_that_cannot_be():
    assert bad(properties=[1]).column == "properties"
    assert bad(type=None).reason == "unknown_record_type"
    assert bad(properties={f"p{i}": i for i in range(301)}).reason == "too_many_properties"


def test_profiles():
    def done(type_, properties):
        made = one(type=type_, event=None, properties=properties)
        assert (made.act, made.event, made.properties) == ("profile", "", {})
        return made.profile

    assert done("profile_set", {"a": 1, "$is_login_id": True, "o": {"x": 1}}) == (
        ("set", "a", 1),
        ("set", "o", '{"x":1}'),
    )
    assert done("profile_set_once", {"a": 1}) == (("set_once", "a", 1),)
    assert done("profile_increment", {"a": 1.5}) == (("increment", "a", 1.5),)
    assert done("profile_append", {"a": ["x"], "b": "y"}) == (
        ("append", "a", ["x"]),
        ("append", "b", ["y"]),
    )
    gone = (("unset", "a", None), ("unset", "b", None))
    assert done("profile_unset", {"a": True, "b": None}) == gone
    assert done("profile_delete", None) == (("delete", "", None),)


def test_a_profile_of_a_login():
    made = one(type="profile_set", properties={"a": 1, "$is_login_id": True})
    assert made.identities == {"login_id": "d"}


def test_items_need_no_person():
    made = one(type="item_set", distinct_id=None, item_type="book", item_id=7, properties={"p": 1})
    assert (made.act, made.item, made.properties) == ("item", ("book", "7"), {"p": 1})
    assert made.identities == {}
    gone = one(type="item_delete", distinct_id=None, item_type="book", item_id="b1")
    assert gone.profile == (("delete", "", None),)
    assert bad(type="item_set", item_type="book").column == "item_id"


# --- when, and under which id --------------------------------------------------------------------
def test_times():
    assert one(time=NOW).time == NOW
    assert one(time=1_714_564_800).time == 1_714_564_800_000
    assert one(time=str(NOW)).time == NOW
    assert one(time=None).time is None
    assert bad(time="soon").reason == "unreadable_time"
    assert bad(time=True).reason == "unreadable_time"
    assert bad(time=-5).reason == "time_out_of_range"
    assert bad(time=9_999_999_999_999).reason == "time_out_of_range"
    assert one(_flush_time=NOW + 5).sent_at == NOW + 5
    assert one(_flush_time="x").sent_at is None
    assert one(time_free=True).old_allowed
    assert not one().old_allowed


def test_message_ids_and_keys():
    assert one(_track_id=123).message_id == "d|123|track"
    assert one(_track_id=None).message_id is None
    assert one(token=" tk ").write_key == "tk"
    assert one().write_key == ""
