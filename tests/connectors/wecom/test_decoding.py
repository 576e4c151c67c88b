"""Callbacks become our own words; odd ones are kept, bad ones refused."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.sent import vectors
from yutang.catalog.connecting import Refused
from yutang.catalog.relations import (
    Change,
    GroupChange,
    OtherChange,
    RelationChange,
    StaffChange,
    TagChange,
)
from yutang.connectors.wecom.crypto import Crypto, signature
from yutang.connectors.wecom.decoding import WeComDecoder, decode

AT = 1_714_564_800_000
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CRYPTO = Crypto.of("QDG6eK", KEY, "ww_corp_1")
DECODER = WeComDecoder(CRYPTO)


def event(inner: str) -> bytes:
    return (
        "<xml><ToUserName><![CDATA[ww_corp_1]]></ToUserName>"
        "<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1714564800</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType>{inner}</xml>"
    ).encode()


def elements(**fields: str) -> str:
    return "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())


def contact(change: str, **more: str) -> bytes:
    return event(
        elements(
            Event="change_external_contact",
            ChangeType=change,
            UserID="zhangsan",
            ExternalUserID="wmEAAA1",
            **more,
        )
    )


def group(change: str, inner: str = "", **more: str) -> bytes:
    return event(
        elements(Event="change_external_chat", ChatId="wrCHAT1", ChangeType=change, **more) + inner
    )


def only(body: bytes) -> Change:
    (change,) = decode(body).changes
    return change


@pytest.mark.parametrize(
    ("change", "more", "kind", "rest"),
    [
        (
            "add_external_contact",
            {"State": "ch_618", "WelcomeCode": "W1"},
            "added",
            {"state": "ch_618", "welcome_code": "W1"},
        ),
        ("add_external_contact", {}, "added", {}),
        (
            "add_half_external_contact",
            {"State": "s", "WelcomeCode": "W"},
            "half_added",
            {"state": "s", "welcome_code": "W"},
        ),
        ("edit_external_contact", {}, "edited", {}),
        ("del_external_contact", {}, "deleted_by_staff", {}),
        (
            "del_external_contact",
            {"Source": "DELETE_BY_TRANSFER"},
            "deleted_by_staff",
            {"reason": "DELETE_BY_TRANSFER"},
        ),
        ("del_follow_user", {}, "deleted_by_customer", {}),
        (
            "transfer_fail",
            {"FailReason": "customer_refused"},
            "transfer_failed",
            {"reason": "customer_refused"},
        ),
    ],
)
def test_changes_of_relations(
    change: str, more: dict[str, str], kind: str, rest: dict[str, str]
) -> None:
    opened = decode(contact(change, **more))
    assert opened.changes == (RelationChange(kind, "zhangsan", "wmEAAA1", AT, **rest),)  # type: ignore[arg-type]
    assert opened.name == f"change_external_contact.{change}"


def test_who_joined_a_group_and_how() -> None:
    inner = (
        "<JoinScene>3</JoinScene><QuitScene>0</QuitScene><MemChangeCnt>2</MemChangeCnt>"
        "<MemChangeList><Item>wmEAAA1</Item><Item>wmEAAA2</Item></MemChangeList>"
        "<LastMemVer>old</LastMemVer><CurMemVer>new</CurMemVer>"
    )
    assert only(group("update", inner, UpdateDetail="add_member")) == GroupChange(
        "joined", "wrCHAT1", AT, ("wmEAAA1", "wmEAAA2"), 3, None, "old", "new"
    )


def test_who_left_a_group_and_how() -> None:
    inner = "<JoinScene>0</JoinScene><QuitScene>1</QuitScene>"
    inner += "<MemChangeList><Item>wmA</Item></MemChangeList>"
    assert only(group("update", inner, UpdateDetail="del_member")) == GroupChange(
        "left", "wrCHAT1", AT, ("wmA",), None, 1
    )


@pytest.mark.parametrize(
    ("change", "detail", "kind"),
    [
        ("create", "", "created"),
        ("dismiss", "", "dismissed"),
        ("update", "add_member", "joined"),
        ("update", "change_owner", "owner_changed"),
        ("update", "change_name", "renamed"),
        ("update", "change_notice", "notice_changed"),
        ("update", "something_new", "updated"),
    ],
)
def test_changes_of_groups_whose_members_are_not_told(change: str, detail: str, kind: str) -> None:
    assert only(group(change, UpdateDetail=detail)) == GroupChange(kind, "wrCHAT1", AT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Id": "et1", "TagType": "tag", "ChangeType": "create"}, ("created", "tag", "et1")),
        ({"Id": "et1", "TagType": "tag", "ChangeType": "update"}, ("updated", "tag", "et1")),
        ({"Id": "g", "TagType": "tag_group", "ChangeType": "delete"}, ("deleted", "group", "g")),
        ({"Id": "", "TagType": "tag_group", "ChangeType": "shuffle"}, ("shuffled", "group", "")),
    ],
)
def test_changes_of_tags(fields: dict[str, str], expected: tuple[str, str, str]) -> None:
    body = event(elements(Event="change_external_tag", **fields) + "<StrategyId>0</StrategyId>")
    assert only(body) == TagChange(*expected, AT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ChangeType": "create_user", "UserID": "a"}, ("created", "member", "a", AT, "")),
        (
            {"ChangeType": "update_user", "UserID": "a", "NewUserID": "b"},
            ("updated", "member", "a", AT, "b"),
        ),
        ({"ChangeType": "delete_user", "UserID": "a"}, ("deleted", "member", "a", AT, "")),
        ({"ChangeType": "create_party", "Id": "2"}, ("created", "department", "2", AT, "")),
        ({"ChangeType": "delete_party", "Id": "2"}, ("deleted", "department", "2", AT, "")),
    ],
)
def test_changes_of_staff(fields: dict[str, str], expected: tuple[str, ...]) -> None:
    assert only(event(elements(Event="change_contact", **fields))) == StaffChange(*expected)  # type: ignore[arg-type]


def test_a_suite_names_its_fields_otherwise() -> None:
    body = (
        "<xml><SuiteId>ss</SuiteId><AuthCorpId>ww</AuthCorpId>"
        "<InfoType>change_external_contact</InfoType><TimeStamp>1714564800</TimeStamp>"
        "<ChangeType>del_follow_user</ChangeType><UserID>a</UserID>"
        "<ExternalUserID>b</ExternalUserID></xml>"
    )
    assert only(body.encode()) == RelationChange("deleted_by_customer", "a", "b", AT)


@pytest.mark.parametrize(
    "inner",
    [
        elements(Event="brand_new_event", Word="x"),
        elements(Event="change_external_contact", ChangeType="unheard_of", UserID="a"),
        elements(Event="change_external_contact", ChangeType="add_external_contact"),
        elements(Event="change_external_chat", ChangeType="update"),
        elements(Event="customer_acquisition", ChangeType="customer_start_chat", LinkId="l"),
        elements(Event="change_external_tag", ChangeType="create", TagType="tag"),
    ],
)
def test_what_we_do_not_know_is_kept(inner: str) -> None:
    change = only(event(inner))
    assert isinstance(change, OtherChange)
    assert dict(change.fields)["Event"] in inner


def test_a_welcome_code_is_not_among_what_is_shown() -> None:
    change = only(event(elements(Event="new", WelcomeCode="SECRET")))
    assert isinstance(change, OtherChange)
    assert "SECRET" not in str(change.fields)


def test_an_event_without_its_time_moves_nothing() -> None:
    body = contact("del_follow_user").replace(b"<CreateTime>1714564800</CreateTime>", b"")
    assert isinstance(only(body), OtherChange)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"[]",
        b"null",
        b"{",
        b"<xml>text</xml>",
        b"<xml><Event></Event></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Event>&a;</Event></xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><Event>e</Event></xml>',
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<xml>" + b"<a/>" * 30_000 + b"</xml>",
        b"<xml><Event>" + b"x" * (1 << 20) + b"</Event></xml>",
        b"[" * 100_000,
        b"<?xml version='1.0' encoding='utf-99'?><xml/>",
    ],
)
def test_bodies_that_are_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decode(body)
    assert refused.value.status == 400


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    with contextlib.suppress(Refused):
        assert len(decode(body).changes) == 1


@given(
    st.dictionaries(
        st.sampled_from(["Event", "ChangeType", "UserID", "CreateTime", "MemChangeList", "ChatId"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers()),
    )
)
def test_any_json_is_decoded_or_refused(fields: dict[str, object]) -> None:
    with contextlib.suppress(Refused):
        assert len(decode(json.dumps(fields).encode()).changes) == 1


def query_of(encrypted: str) -> dict[str, str]:
    signed = signature("QDG6eK", "1700000000", "n", encrypted)
    return {"msg_signature": signed, "timestamp": "1700000000", "nonce": "n"}


@pytest.mark.parametrize("shape", ["xml", "json"])
def test_an_envelope_is_opened(shape: str) -> None:
    plain = contact("del_follow_user")
    sealed = CRYPTO.seal(plain)
    if shape == "xml":
        envelope = f"<xml><ToUserName>ww</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    else:
        envelope = json.dumps({"tousername": "ww", "encrypt": sealed, "agentid": "1"})
    opened = DECODER.open(query_of(sealed), envelope.encode())
    assert opened.body == plain
    assert DECODER.decode(opened.body) == opened


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_an_address_without_a_part_is_refused(missing: str) -> None:
    sealed = CRYPTO.seal(contact("del_follow_user"))
    query = {name: value for name, value in query_of(sealed).items() if name != missing}
    with pytest.raises(Refused) as refused:
        DECODER.open(query, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
    assert refused.value.status == 400


def test_an_unencrypted_body_is_refused() -> None:
    with pytest.raises(Refused):
        DECODER.open(query_of("x"), contact("del_follow_user"))


@pytest.mark.parametrize(
    "vector",
    [one for one in vectors("wecom_crypto") if one["kind"] == "url_verify_get"],
    ids=lambda vector: vector["name"],
)
def test_the_url_check_answers_the_bytes_themselves(vector: dict[str, str]) -> None:
    decoder = WeComDecoder(
        Crypto.of(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    )
    names = ("msg_signature", "timestamp", "nonce")
    sent = urlencode({**{name: vector[name] for name in names}, "echostr": vector["encrypt"]})
    query = {name: values[0] for name, values in parse_qs(sent).items()}
    assert decoder.check_url(query) == vector["plaintext"]
    with pytest.raises(Refused):
        decoder.check_url({**query, "nonce": "other"})
