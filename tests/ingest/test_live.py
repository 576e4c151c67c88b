"""The live view: the newest records of the journal, masked, searched, and self-tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tests.connectors.sent import sensors_form
from tests.small_brand import NOW, open_brand_at
from yutang.catalog.records import Limits, Request
from yutang.connectors.samples import Sample, sample_of
from yutang.connectors.tracking import PROTOCOLS
from yutang.ingest import Sources
from yutang.ingest.live import Answer, Ask, Live, SelfTest, tail
from yutang.ingest.sources import KINDS
from yutang.journal import SegmentWriter
from yutang.state.brand import commits
from yutang.workspace import Workspace

PHONE = "13800138000"


class Place:
    """A brand with a source of each kind, and a journal to write into."""

    def __init__(self, folder: Path) -> None:
        self.workspace: Workspace = open_brand_at(folder).workspace
        self.sources = Sources(self.workspace)
        self.keys = {kind: self.sources.create(kind, kind, by="").key for kind in KINDS}
        self.live = Live(self.workspace, self.sources, PROTOCOLS, Limits())
        self.writer = SegmentWriter(self.workspace.journal, now=lambda: NOW)
        self.at = NOW

    def post(self, target: str, body: bytes, kind: str = "json", **headers: str) -> Request:
        self.at += 1
        path, _, query = target.partition("?")
        request = Request(
            "POST", path, query.encode(), headers, body, self.at, "203.0.113.0", self.keys[kind]
        )
        self.writer.append([request])
        return request

    def line(self, event: str, **fields: Any) -> None:
        fields.setdefault("identities", {"member_no": "m1"})
        self.post("/collect", json.dumps({"event": event, **fields}).encode())

    def events(self, **ask: Any) -> list[str]:
        return [one.event or one.act for one in self.live.look(Ask(**ask)).rows]

    def commit(self, segment: str, position: int) -> None:
        row = {"at": 1, "kind": "stream", "journal": segment, "position": position}
        with self.workspace.db.write() as connection:
            connection.execute(insert(commits).values(status="done", counts={}, **row))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "home")


def test_without_a_journal_there_is_nothing(place: Place) -> None:
    look = place.live.look(Ask())
    assert (look.rows, look.looked_at, look.since, look.is_whole, look.state) == (
        (), 0, None, True, "",
    )  # fmt: skip
    assert place.live.waiting().oldest_at is None
    assert place.live.last_seen() == {}


def test_the_newest_comes_first_with_all_that_was_understood(place: Place) -> None:
    place.line("first")
    record = {
        "type": "track", "event": "ViewProduct", "time": NOW - 5000, "distinct_id": "a-1",
        "identities": {"$identity_anonymous_id": "a-1", "$identity_mobile": PHONE},
        "properties": {"sku": "A1", "note": f"call {PHONE}", "bad key": 1, "n": 13900139000},
        "lib": {"$lib": "js", "$lib_version": "1.27.11"}, "_track_id": 13900139001,
    }  # fmt: skip
    place.post("/sa?project=x", sensors_form(record), "sensors", **{"user-agent": "UA"})
    newest, oldest = place.live.look(Ask()).rows
    assert (oldest.event, oldest.source, oldest.protocol) == ("first", "json", "json")
    assert (newest.event, newest.source, newest.act) == ("ViewProduct", "sensors", "event")
    assert dict(newest.identities) == {"anonymous_id": "a-1", "phone": "138****8000"}
    assert newest.properties["note"] == "call 138****8000"
    assert newest.properties["n"] == "139****9000"
    assert newest.library == "js 1.27.11"
    assert [(one.column, one.reason) for one in newest.problems] == [("bad key", "name_invalid")]
    assert newest.received_at == NOW + 2
    assert newest.time == NOW - 5000
    assert (newest.came.path, newest.came.agent, newest.came.ip) == ("/sa", "UA", "203.0.113.0")
    raw = json.loads(newest.raw)
    assert raw["identities"]["$identity_mobile"] == "138****8000"
    assert raw["_track_id"] == 13900139001
    assert PHONE not in repr(newest)


def test_a_bad_record_and_an_unreadable_request_are_shown(place: Place) -> None:
    place.post("/collect", b'[{"event": "ok", "identities": {"member_no": "m"}}, {"event": ""}]')
    place.post("/collect", b"{half of it")
    place.post("/nobody", f"phone={PHONE}".encode())
    rows = place.live.look(Ask()).rows
    assert [(one.act, one.event) for one in rows] == [
        ("bad", ""), ("bad", ""), ("bad", ""), ("event", "ok"),
    ]  # fmt: skip
    assert [one.problems[0].reason for one in rows[:3]] == [
        "unreadable_request", "malformed_json", "missing_event_name",
    ]  # fmt: skip
    assert "138****8000" in rows[0].raw
    assert place.events(problems=True) == ["bad", "bad", "bad"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paid", ["order_paid"]),
        ("PAID", ["order_paid"]),
        ("m-22", ["order_paid"]),
        (PHONE, ["page_seen"]),
        ("sku", ["page_seen"]),
        ("sku=a1", ["page_seen"]),
        ("sku=b", []),
        ("page a1", ["page_seen"]),
        ("json", ["order_paid", "page_seen"]),
        ("nothing", []),
    ],
)
def test_searching(place: Place, text: str, found: list[str]) -> None:
    place.line("page_seen", properties={"sku": "A1"}, identities={"phone": PHONE})
    place.line("order_paid_2", identities={"member_no": "m-22"})
    assert [one.removesuffix("_2") for one in place.events(text=text)] == found


def test_filtering_by_source_and_a_limit(place: Place) -> None:
    for n in range(5):
        place.line(f"e{n}")
    batch = {"batch": [{"type": "track", "event": "seg", "userId": "u"}]}
    place.post("/v1/batch", json.dumps(batch).encode(), "segment")
    assert place.events(limit=3) == ["seg", "e4", "e3"]
    assert place.events(source="segment") == ["seg"]
    assert place.events(source="posthog") == []
    look = place.live.look(Ask(limit=3))
    assert (look.looked_at, look.is_whole) == (3, False)


def test_the_key_inside_a_record_says_whose_it_is(place: Place) -> None:
    record = {"type": "track", "event": "E", "time": NOW, "distinct_id": "d",
              "token": place.keys["posthog"]}  # fmt: skip
    place.post("/sa", sensors_form(record), "sensors")
    assert place.live.look(Ask()).rows[0].source == "posthog"


def test_a_record_is_found_again_until_its_segment_is_gone(place: Place) -> None:
    for n in range(3):
        place.line(f"e{n}")
    rows = place.live.look(Ask()).rows
    assert [place.live.find(one.place) for one in rows] == list(rows)
    segment = rows[0].place.split("_")[0]
    for wrong in ("", "x", f"{segment}_7_0", f"{segment}_-1_0", f"../{segment}_1_0",
                  f"{segment}_99999999_0"):  # fmt: skip
        assert place.live.find(wrong) is None, wrong
    place.writer.close()
    next(place.workspace.journal.glob("*.journal")).unlink()
    assert place.live.find(rows[0].place) is None
    assert place.events() == []


def test_large_segments_are_read_from_their_end_within_a_bound(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "STEP_BYTES", 1_000)
    for n in range(30):
        place.line(f"e{n}", properties={"text": "x" * (5_000 if n == 20 else 100)})
    assert place.events() == [f"e{n}" for n in reversed(range(30))]
    look = place.live.look(Ask(budget=2_000))
    assert 3 < len(look.rows) < 15
    assert not look.is_whole
    assert [one.event for one in look.rows] == [f"e{29 - n}" for n in range(len(look.rows))]
    assert place.live.find(look.rows[-1].place) == look.rows[-1]


def test_segments_of_several_receivers_are_merged_by_time(place: Place) -> None:
    other = SegmentWriter(place.workspace.journal, now=lambda: NOW)
    mine = place.writer
    for n in range(6):
        place.writer = mine if n % 2 else other
        place.line(f"e{n}")
    assert place.events() == [f"e{n}" for n in reversed(range(6))]


def test_what_is_committed_is_told(place: Place) -> None:
    place.line("e0")
    place.line("e1")
    newest, oldest = place.live.look(Ask()).rows
    segment, end, _ = oldest.place.split("_")
    waiting = place.live.waiting()
    assert (waiting.segments, waiting.oldest_at) == (1, NOW + 1)
    place.commit(f"{segment}.journal", int(end))
    newest, oldest = place.live.look(Ask()).rows
    assert (newest.stored, oldest.stored) == (False, True)
    waiting = place.live.waiting()
    assert (waiting.segments, waiting.oldest_at) == (1, NOW + 2)
    assert 0 < waiting.bytes < waiting.kept_bytes
    place.commit(f"{segment}.journal", int(newest.place.split("_")[1]))
    assert place.live.waiting().bytes == 0


def test_the_state_changes_with_the_journal(place: Place) -> None:
    before = place.live.state()
    place.line("e0")
    assert place.live.state() != before
    assert place.live.last_seen() == {"json": NOW + 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_self_test_is_followed(place: Place, kind: str) -> None:
    source = place.sources.get(kind)

    def make(one: Any, event: str, visitor: str, name: str, value: str) -> Request:
        return sample_of(kind, Sample(one.name, one.key, event, visitor, name, value, NOW))

    def send(request: Request) -> Answer:
        protocol = next(one for one in PROTOCOLS if one.claims(request.method, request.path))
        request.write_key = protocol.write_key(request)
        assert request.write_key == source.key
        assert protocol.stores(request)
        reply = protocol.reply(request)
        place.writer.append([request])
        return Answer(reply.status)

    test = SelfTest(place.live, make, send)
    outcome = test.run(source)
    assert outcome.answer is not None
    assert outcome.answer.is_success
    assert outcome.is_decoded
    assert not outcome.is_stored
    assert outcome.record is not None
    assert outcome.record.source == kind
    again = test.look(outcome.record.place)
    assert (again.answer, again.record) == (None, outcome.record)
    assert test.look("nothing").record is None
    place.line("other")
    assert test.look(place.live.look(Ask()).rows[0].place).record is None


def test_a_self_test_without_an_answer_is_no_success(place: Place) -> None:
    def make(_source: Any, *_: str) -> Request:
        return Request("POST", "/", b"", {}, b"", NOW)

    outcome = SelfTest(place.live, make, lambda _: Answer(0, "refused")).run(
        place.sources.get("json")
    )
    assert outcome.record is None
    assert outcome.answer == Answer(0, "refused")
