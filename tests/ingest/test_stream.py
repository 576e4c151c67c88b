"""Tracked events on their way into the lake: times, keys, words, personal values, what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import HOUR, NOW
from tests.tracking import KEY, TrackedBrand, event, open_tracked, profile, request_of
from yutang import journal
from yutang.catalog.records import Decoded
from yutang.ingest import (
    Dictionary,
    DictionaryRules,
    Quarantine,
    StreamReplays,
    ValueRepairs,
    facts_version,
    totals,
)
from yutang.ingest.stream import StreamIntake, StreamSettings
from yutang.ingest.stream.settings import save
from yutang.journal import SegmentWriter
from yutang.state.brand import sources

DAY = 24 * HOUR
PHONE = "13800000000"


@pytest.fixture
def brand(tmp_path: Path) -> TrackedBrand:
    return open_tracked(tmp_path / "home")


def counts(brand: TrackedBrand) -> dict[str, int]:
    with brand.workspace.db.read() as connection:
        return dict(totals(connection))


def aside(brand: TrackedBrand, **which: Any) -> list[Any]:
    return Quarantine(brand.workspace).rows(**which)


def take(brand: TrackedBrand, *records: Any, **request: Any) -> None:
    brand.send(*records, **request)
    brand.drain()


def properties(brand: TrackedBrand, name: str) -> list[Any]:
    return [row.get(name) for row in brand.events(name)]


# --- times ---------------------------------------------------------------------------------------
def test_a_wrong_clock_is_set_right_and_its_own_time_kept(brand: TrackedBrand) -> None:
    wrong = event(time=NOW - 3 * HOUR - 500, sent_at=NOW - 3 * HOUR)
    take(
        brand, wrong, event("near", time=NOW - 500, sent_at=NOW - 30_000), event("none", time=None)
    )
    assert brand.events("time", "client_time", "received_at") == [
        {"time": NOW - 500, "client_time": NOW - 3 * HOUR - 500, "received_at": NOW},
        {"time": NOW - 500, "client_time": NOW - 500, "received_at": NOW},
        {"time": NOW, "client_time": NOW, "received_at": NOW},
    ]


def test_a_retry_through_another_clock_error_is_the_same_event(brand: TrackedBrand) -> None:
    take(brand, event(time=NOW - 3 * HOUR, sent_at=NOW - 3 * HOUR))
    take(brand, event(time=NOW - 3 * HOUR, sent_at=NOW - 3 * HOUR), at=NOW + 5 * HOUR)
    assert len(brand.events()) == 1
    assert counts(brand) == {"accepted": 1, "duplicates": 1}


def test_what_is_too_old_or_in_the_future_is_set_aside(brand: TrackedBrand) -> None:
    take(
        brand,
        event(time=NOW - 181 * DAY), event(time=NOW - 181 * DAY, old_allowed=True),
        event(time=NOW + 2 * HOUR), event(time=NOW + HOUR // 2), event(time=-(10**18)),
        event(time=10**30), event(time=10**14),
    )  # fmt: skip
    assert len(brand.events()) == 2
    found = counts(brand)
    assert (found["late"], found["future"], found["quarantined"]) == (2, 3, 5)
    assert {(row.column, row.reason) for row in aside(brand)} == {("time", "time_out_of_range")}


def test_the_window_is_a_setting(brand: TrackedBrand) -> None:
    with brand.workspace.db.write() as connection:
        save(connection, StreamSettings(late_days=1, clock_tolerance_ms=0))
    take(brand, event(time=NOW - 2 * DAY), event(time=NOW - HOUR, sent_at=NOW - 10))
    assert brand.events("time") == [{"time": NOW - HOUR + 10}]


# --- keys ----------------------------------------------------------------------------------------
def test_an_id_that_comes_with_other_content_is_set_aside_once(brand: TrackedBrand) -> None:
    take(brand, event(message_id="a", properties={"n": 1}), event(message_id="b"))
    other = event(message_id="a", properties={"n": 2})
    take(brand, other, event(message_id="b"))
    take(brand, other)
    assert [row.reason for row in aside(brand)] == ["id_reused"]
    assert properties(brand, "p_n") == [1.0, None]


def test_the_order_of_names_does_not_make_another_event(brand: TrackedBrand) -> None:
    take(brand, event(properties={"a": 1, "b": 2}))
    take(brand, event(properties={"b": 2, "a": 1}), event(properties={"b": 2, "a": 3}))
    assert properties(brand, "p_a") == [1.0, 3.0]


def test_a_source_that_was_renamed_sends_nothing_twice(brand: TrackedBrand) -> None:
    sent = [event(message_id="a"), profile(("increment", "visits", 1), message_id="b")]
    take(brand, *sent)
    with brand.workspace.db.write() as connection:
        connection.execute(sources.update().values(name="shop"))
    again = open_tracked(brand.workspace.root.parent.parent)
    take(again, *sent, event(message_id="c"))
    assert [row["source"] for row in again.events()] == ["app", "shop"]
    assert counts(again) == {"accepted": 3, "duplicates": 2}


# --- who -----------------------------------------------------------------------------------------
def test_facts_of_nobody_are_set_aside(brand: TrackedBrand) -> None:
    nobody = event(identities={"phone": "138****0000"})
    take(brand, nobody, event(identities={}), profile(("set", "a", 1), identities={}), event())
    assert len(brand.events()) == 1
    assert [row.reason for row in aside(brand)] == ["missing_identity"] * 3


def test_facts_of_a_group_need_nobody(brand: TrackedBrand) -> None:
    said = event(event="group_message_sent", identities={}, properties={"role": "owner"})
    take(brand, said, event(event="group_created", identities={}), event(identities={}))
    assert sorted(row["event"] for row in brand.events("event")) == [
        "group_created", "group_message_sent",
    ]  # fmt: skip
    assert {row["identity"] for row in brand.events("identity")} == {0}
    assert [row.reason for row in aside(brand)] == ["missing_identity"]


def test_an_alias_brings_identities_and_no_fact(brand: TrackedBrand) -> None:
    take(brand, event("", act="alias", identities={"member_no": "m1", "openid": "o1"}))
    assert brand.identities.find("openid", "o1") is not None
    assert brand.events() == []
    assert counts(brand) == {"accepted": 1}


def test_the_identities_are_told_what_each_record_says(brand: TrackedBrand) -> None:
    told: list[dict[str, Any]] = []
    resolve = brand.identities.resolve

    def listen(connection: Any, columns: Any, **more: Any) -> Any:
        told.append({**more, "columns": {kind: c.to_pylist() for kind, c in columns.items()}})
        return resolve(connection, columns, **more)

    brand.identities.resolve = listen  # type: ignore[method-assign]
    take(brand, event(), event("login", act="login", same=[["device", "d1"]]))
    take(brand, event("unbound", act="unbind", identities={"cookie": "c", "member_no": "m1"}))
    assert (told[0]["evidence"], told[0]["same"]) == (["event", "login"], [(1, "device", "d1")])
    assert told[0]["times"].tolist() == [NOW, NOW]
    assert told[1]["columns"] == {"member_no": ["m1"]}
    assert told[1]["unbinds"] == [("cookie", "c", NOW), ("member_no", "m1", NOW)]
    assert told[1]["evidence"] == "event"


def test_robots_and_addresses_are_marked(brand: TrackedBrand) -> None:
    take(brand, event("a"), agent="Mozilla/5.0 (compatible; Baiduspider/2.0)", ip="1.2.3.0")
    take(
        brand, event("b", properties={"$ip": "9.9.9.9"}), agent="python-requests/2.3", ip="1.2.3.0"
    )
    assert brand.events("event", "p_$is_robot", "p_$ip") == [
        {"event": "a", "p_$is_robot": True, "p_$ip": "1.2.3.0"},
        {"event": "b", "p_$is_robot": None, "p_$ip": "9.9.9.9"},
    ]
    assert counts(brand)["robots"] == 1


# --- words ---------------------------------------------------------------------------------------
def test_values_are_never_coerced(brand: TrackedBrand) -> None:
    first = {"n": 1, "s": "x", "b": True, "l": ["a"]}
    take(brand, event(properties=first))
    wrong = {"n": True, "s": 5, "b": 1, "l": "abc"}
    take(brand, event("next", properties=wrong), event("big", properties={"n": 2**60}))
    assert (
        brand.events("p_n", "p_s", "p_b", "p_l")[1:]
        == [{"p_n": None, "p_s": None, "p_b": None, "p_l": None}] * 2
    )
    found = {(row.column, row.reason, row.value) for row in aside(brand)}
    assert found == {
        ("n", "value_misfit", "true"), ("s", "value_misfit", "5"), ("b", "value_misfit", "1"),
        ("l", "value_misfit", '"abc"'), ("n", "too_large", str(2**60)),
    }  # fmt: skip


def test_volumes_and_examples_are_kept(brand: TrackedBrand) -> None:
    for n in range(3):
        take(brand, event(time=NOW + n, properties={"page": f"/p/{n}", "Empty": None}))
    (page,) = [one for one in Dictionary(brand.workspace).properties() if one.name == "page"]
    assert (page.events, page.last_seen_at) == (3, NOW)
    assert list(page.examples) == ["/p/0", "/p/1", "/p/2"]
    (name,) = Dictionary(brand.workspace).names()
    assert (name.name, name.events) == ("page_viewed", 3)


def test_what_is_blocked_is_dropped_and_counted(brand: TrackedBrand) -> None:
    rules = DictionaryRules(brand.workspace)
    take(brand, event("noise", properties={"junk": 1, "kept": 1}))
    rules.block_event("noise")
    rules.block_property("junk")
    bound = event("noise", act="bind", identities={"member_no": "m1", "openid": "o9"})
    take(brand, event("noise", time=NOW + 1), bound, event(properties={"junk": 2, "kept": 2}))
    assert [row["event"] for row in brand.events()] == ["noise", "page_viewed"]
    assert properties(brand, "p_junk") == [1.0, None]
    assert properties(brand, "p_kept") == [1.0, 2.0]
    assert counts(brand)["blocked"] == 2
    assert brand.identities.find("openid", "o9") is not None
    rules.block_event("noise", blocked=False)
    take(brand, event("noise", time=NOW + 2))
    assert len(brand.events()) == 3


def test_strict_mode_takes_what_the_dictionary_holds(brand: TrackedBrand) -> None:
    rules = DictionaryRules(brand.workspace)
    take(brand, event("known", properties={"known": 1}))
    rules.set_strict(True)
    new = event("new", properties={"known": 2})
    take(brand, event("known", properties={"known": 2, "unknown": "x"}), new)
    assert properties(brand, "p_known") == [1.0, 2.0]
    assert sorted((row.column, row.reason) for row in aside(brand)) == [
        ("event", "not_in_dictionary"), ("unknown", "not_in_dictionary"),
    ]  # fmt: skip
    rules.add_event("new")
    rules.add_property("unknown", "string")
    assert replays(brand).replay_all(reason="not_in_dictionary", by="ann") == 1
    assert repairs(brand).ask_all("unknown", by="ann") == 1
    work(brand)
    assert [row["event"] for row in brand.events()] == ["known", "known", "new"]
    assert properties(brand, "p_unknown") == [None, "x", None]
    assert aside(brand) == []


def test_a_name_that_orders_make_is_not_taken(brand: TrackedBrand) -> None:
    take(brand, event("order_paid"), event())
    assert [row["event"] for row in brand.events()] == ["page_viewed"]
    assert [row.reason for row in aside(brand)] == ["reserved_event"]


# --- personal values -----------------------------------------------------------------------------
def test_a_phone_number_in_a_property_is_hashed(brand: TrackedBrand) -> None:
    said = {"contact": "+86 138-0000-0000", "tags": ["a", "x@y.cn"], "id": "11010519491231002X"}
    take(brand, event(properties=said), event(properties={"contact": "call me", "id": "1" * 18}))
    hashed = brand.workspace.keyed_hash
    assert brand.events("p_contact", "p_tags", "p_id") == [
        {
            "p_contact": hashed("phone", PHONE), "p_tags": ["a", hashed("email", "x@y.cn")],
            "p_id": hashed("id_card", "11010519491231002X"),
        },
        {"p_contact": "call me", "p_tags": None, "p_id": "1" * 18},
    ]  # fmt: skip
    told = repr(brand.dump())
    assert not any(one in told for one in ("138-0000", PHONE, "x@y.cn", "19491231"))


def test_a_rule_refuses_or_allows(brand: TrackedBrand) -> None:
    rules = DictionaryRules(brand.workspace)
    take(brand, event(properties={"open": "x", "shut": "x"}))
    rules.change_property("open", privacy="allow")
    rules.change_property("shut", privacy="refuse")
    take(brand, event(time=NOW + 1, properties={"open": PHONE, "shut": PHONE}))
    assert brand.events("p_open", "p_shut")[1] == {"p_open": PHONE, "p_shut": None}
    assert [(row.column, row.reason, row.value) for row in aside(brand)] == [
        ("shut", "personal_value", None)
    ]
    rules.set_default_privacy("allow")
    rules.change_property("shut", privacy="")
    take(brand, event(time=NOW + 2, properties={"shut": PHONE}))
    assert properties(brand, "p_shut")[2] == PHONE


def test_a_phone_number_sent_as_a_number_is_set_aside(brand: TrackedBrand) -> None:
    """A hash is a text, and has no place among numbers."""
    card = 440524188001010014
    take(brand, event(properties={"mobile": 1, "fee": 1}))
    DictionaryRules(brand.workspace).change_property("fee", privacy="allow")
    said = {"mobile": int(PHONE), "fee": int(PHONE), "card": card}
    take(
        brand,
        event(time=NOW + 1, properties=said),
        profile(("set", "phone", int(PHONE)), ("increment", "spent_fen", int(PHONE))),
    )
    assert properties(brand, "p_mobile") == [1.0, None]
    assert properties(brand, "p_fee") == [1.0, float(PHONE)]
    assert sorted((row.column, row.reason) for row in aside(brand)) == [
        ("card", "too_large"), ("mobile", "personal_value")
    ]  # fmt: skip
    told = brand.workspace.lake.scan("profiles", ["name", "value"]).to_pylist()
    assert {one["name"]: one["value"] for one in told} == {
        "phone": f'"{brand.workspace.keyed_hash("phone", PHONE)}"', "spent_fen": PHONE,
    }  # fmt: skip
    assert not any(str(card) in repr(row) for row in aside(brand))
    repairs(brand).ask_all("mobile", by="ann")
    work(brand)
    assert properties(brand, "p_mobile") == [1.0, None]


def test_what_is_set_aside_holds_no_phone_but_identities(brand: TrackedBrand) -> None:
    take(brand, event(properties={"n": 1}))
    late = event(time=5, properties={"mobile": PHONE})
    take(brand, late, event(properties={"n": PHONE}), {"properties": {"m": PHONE}, "event": 1})
    assert len(aside(brand)) == 3
    assert PHONE not in repr([(row.value, row.record) for row in aside(brand)])


# --- repair --------------------------------------------------------------------------------------
def replays(brand: TrackedBrand) -> StreamReplays:
    def again(protocol: str, raw: Any, at: int) -> Any:
        return request_of(raw, at=at) if protocol == "plain" else None

    return StreamReplays(
        brand.workspace, brand.committer, brand.stream.preparing, brand.protocols,
        Quarantine(brand.workspace), again,
    )  # fmt: skip


def repairs(brand: TrackedBrand) -> ValueRepairs:
    return ValueRepairs(brand.workspace, brand.identities, Quarantine(brand.workspace))


def work(brand: TrackedBrand) -> None:
    with brand.workspace.writer():
        repairs(brand).run()
        brand.stream.drain()
        replays(brand).run()


def test_a_mended_record_is_taken_as_its_source(brand: TrackedBrand) -> None:
    take(brand, event(time=5), {"event": "raw", "time": NOW, "identities": 7, "properties": {}})
    unread, late = aside(brand)
    mended = late.record.replace('"time":5', f'"time":{NOW - 7}')
    done = {late.id: mended, unread.id: unread.record.replace("7,", '{"member_no":"m9"},')}
    assert replays(brand).replay(done, by="ann") == 2
    work(brand)
    assert brand.events("event", "time", "source") == [
        {"event": "page_viewed", "time": NOW - 7, "source": "app"},
        {"event": "raw", "time": NOW, "source": "app"},
    ]
    assert aside(brand) == []
    assert {row.resolved_by for row in aside(brand, status="repaired")} == {"ann"}
    assert counts(brand)["accepted"] == 2
    work(brand)
    assert len(brand.events()) == 2


def test_what_is_still_wrong_comes_back(brand: TrackedBrand) -> None:
    take(brand, event(time=5))
    (row,) = aside(brand)
    replays(brand).replay({row.id: row.record}, by="ann")
    work(brand)
    (row,) = aside(brand)
    assert "time" in row.error
    replays(brand).replay({row.id: row.record.replace('"time":5', f'"time":{NOW}')}, by="ann")
    work(brand)
    assert len(brand.events()) == 1


def test_a_value_is_cast_or_stored_under_another_name(brand: TrackedBrand) -> None:
    take(brand, event(properties={"price": 1}))
    take(brand, event("a", properties={"price": "12.5"}), event("b", properties={"price": "dear"}))
    cast, word = sorted(aside(brand), key=lambda row: row.row)
    repairs(brand).ask([cast.id], by="ann")
    repairs(brand).ask([word.id], by="ann", to="price_word")
    work(brand)
    assert brand.events("event", "p_price", "p_price_word") == [
        {"event": "page_viewed", "p_price": 1.0, "p_price_word": None},
        {"event": "a", "p_price": 12.5, "p_price_word": None},
        {"event": "b", "p_price": None, "p_price_word": "dear"},
    ]
    assert aside(brand) == []


def test_a_number_that_becomes_a_text_is_guarded(brand: TrackedBrand) -> None:
    take(brand, event(properties={"note": "x"}), event(properties={"note": int(PHONE)}))
    repairs(brand).ask_all("note", by="ann")
    work(brand)
    assert properties(brand, "p_note")[1] == brand.workspace.keyed_hash("phone", PHONE)


# --- the journal ---------------------------------------------------------------------------------
def test_a_request_that_breaks_the_decoder_is_set_aside_alone(brand: TrackedBrand) -> None:
    writer = SegmentWriter(brand.workspace.journal)
    broken = request_of(event("lost"))
    broken.body = b"{torn"
    writer.append([request_of(event("a")), broken, request_of(event("b"))])
    writer.close()
    brand.drain()
    assert [row["event"] for row in brand.events()] == ["a", "b"]
    assert [(row.reason, row.record) for row in aside(brand)] == [("unreadable_request", "{torn")]


def test_a_record_that_breaks_our_code_does_not_stop_the_stream(
    brand: TrackedBrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SegmentWriter(brand.workspace.journal)
    writer.append([request_of(event(name), at=NOW) for name in ("a", "poison", "b")])
    writer.close()
    prepare = brand.stream.preparing.prepare

    def stumble(arrived: Any, *more: Any) -> Any:
        if "poison" in arrived.events:
            raise ZeroDivisionError
        return prepare(arrived, *more)

    monkeypatch.setattr(brand.stream.preparing, "prepare", stumble)
    brand.drain()
    assert [row["event"] for row in brand.events()] == ["a", "b"]
    assert [row.reason for row in aside(brand)] == ["unreadable_request"]


def test_an_unknown_path_and_an_unknown_key_lose_nothing(brand: TrackedBrand) -> None:
    take(brand, event(), key="gone")
    stray = request_of(event("stray"))
    stray.path = "/elsewhere"
    writer = SegmentWriter(brand.workspace.journal)
    writer.append([stray])
    writer.close()
    brand.drain()
    assert [row["source"] for row in brand.events()] == ["unknown"]
    assert [row.reason for row in aside(brand)] == ["unreadable_request"]


def test_texts_that_cannot_be_written_are_set_aside(brand: TrackedBrand) -> None:
    class Surrogates:
        code = "plain"

        def claims(self, method: str, path: str) -> bool:
            return True

        def decode(self, request: Any, limits: Any) -> Decoded:
            from yutang.catalog.records import Record

            who = {"member_no": "m1"}
            return Decoded(
                [Record("a", NOW, who, {"s": "\ud800"}), Record("b", NOW, who, {"s": "x"}),
                 Record("", NOW, who, {}, act="profile", profile=(("set", "s", "\udfff"),))]
            )  # fmt: skip

    stream = StreamIntake(
        brand.workspace,
        brand.identities,
        brand.attributes,
        brand.committer,
        [Surrogates()],  # type: ignore[list-item]
    )
    brand.send("anything")
    with brand.workspace.writer():
        stream.drain()
    assert [row["event"] for row in brand.events()] == ["b"]
    assert [row.reason for row in aside(brand)] == ["malformed_record"] * 2


def test_a_torn_end_waits_while_its_writer_lives_and_is_dropped_after(brand: TrackedBrand) -> None:
    writer = SegmentWriter(brand.workspace.journal)
    writer.append([request_of(event("a"))])
    (path,) = journal.segments(brand.workspace.journal)
    with path.open("ab") as file:
        file.write(b"YTJ1\x40\x00\x00\x00torn")
    brand.drain()
    assert [row["event"] for row in brand.events()] == ["a"]
    assert brand.stream.waiting().bytes > 0
    with brand.workspace.writer():
        assert not brand.stream.clear(0)
        assert path.exists()
        writer.close()
        assert brand.stream.clear(0)
        assert path.exists(), "kept for the live view"
        brand.stream.clear(0, all_over=True)
    assert not path.exists()


def test_what_was_committed_is_kept_for_a_while_and_no_longer(brand: TrackedBrand) -> None:
    import os

    old, new = brand.send(event("a")), brand.send(event("b"))
    os.utime(new, (NOW / 1000, NOW / 1000))
    os.utime(old, (NOW / 1000 - 16 * 60, NOW / 1000 - 16 * 60))
    unread = brand.workspace.journal
    with brand.workspace.writer():
        brand.stream.clear(0)
        assert len(journal.segments(unread)) == 2, "nothing is removed before it is committed"
        brand.stream.drain()
        brand.stream.clear(99)
        assert journal.segments(unread) == [new]
        with brand.workspace.db.read() as connection:
            assert facts_version(connection) == 2
        assert len(brand.dump()["commits"]) == 1, "the newest is never forgotten"
        with brand.workspace.db.write() as connection:
            save(connection, StreamSettings(keep_bytes=0))
        brand.stream.clear(99)
        assert journal.segments(unread) == []
    take(brand, event("c"))
    assert len(brand.events()) == 3


def test_receivers_take_turns(brand: TrackedBrand) -> None:
    for name in "ab":
        writer = SegmentWriter(brand.workspace.journal)
        for n in range(4):
            writer.append([request_of(event(f"{name}{n}"))])
        writer.close()
    with brand.workspace.writer():
        for _ in range(4):
            brand.stream.step(1)
    assert sorted(row["event"] for row in brand.events()) == ["a0", "a1", "b0", "b1"]


def test_a_few_events_wait_for_company_but_not_long(brand: TrackedBrand) -> None:
    seconds = [100.0]
    brand.stream._monotonic = lambda: seconds[0]
    brand.send(event("a"))
    assert brand.stream.waiting().due, "the first after a pause goes at once"
    brand.drain()
    brand.send(event("b"))
    assert not brand.stream.waiting().due
    seconds[0] += 0.7
    assert brand.stream.waiting().due
    assert KEY
