"""Names that strict mode set aside, volumes of the dictionary, and its rules for files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import HOUR, NOW
from tests.tracking import TrackedBrand, event, open_tracked, request_of
from yutang.errors import BadInput
from yutang.ingest import (
    Dictionary,
    DictionaryRules,
    Quarantine,
    StreamReplays,
    ValueRepairs,
    WaitingWords,
    WordList,
    WordVolumes,
)
from yutang.ingest.dictionary import recount

DAY = 24 * HOUR
PHONE = "13800000000"


class Desk:
    """A brand that takes tracked events, with everything its dictionary needs."""

    def __init__(self, home: Path) -> None:
        self.brand: TrackedBrand = open_tracked(home)
        workspace = self.brand.workspace
        self.words = Dictionary(workspace)
        self.rules = DictionaryRules(workspace)
        self.volumes = WordVolumes(workspace)
        self.list = WordList(self.words, self.volumes)
        self.quarantine = Quarantine(workspace)
        self.repairs = ValueRepairs(workspace, self.brand.identities, self.quarantine)
        self.replays = StreamReplays(
            workspace, self.brand.committer, self.brand.stream.preparing, self.brand.protocols,
            self.quarantine, lambda _protocol, raw, at: request_of(raw, at=at),
        )  # fmt: skip
        self.waiting = WaitingWords(
            workspace, self.words, self.rules, self.volumes, self.quarantine, self.replays,
            self.repairs,
        )  # fmt: skip

    def take(self, *records: Any) -> None:
        self.brand.send(*records)
        self.brand.drain()

    def work(self) -> None:
        with self.brand.workspace.writer():
            self.repairs.run()
            self.replays.run()

    def file(self, path: Path, *lines: Any) -> None:
        path.write_text("\n".join(map(json.dumps, lines)))
        assert self.brand.take("events", path).status == "done"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "home")


def strict(desk: Desk) -> None:
    """Two records under a new name and three values of a new property wait."""
    desk.take(event("known", properties={"known": 1}))
    desk.rules.set_strict(True)
    desk.take(
        event("new", properties={"known": 2}), event("new", time=NOW - 5),
        *(event("known", time=NOW - n, properties={"fresh": n}) for n in (1, 2, 3)),
    )  # fmt: skip


def test_names_that_wait_are_told_with_what_waits(desk: Desk) -> None:
    strict(desk)
    fresh, new = desk.waiting.list_()
    assert (fresh.kind, fresh.name, fresh.type, fresh.rows) == ("property", "fresh", "number", 3)
    assert fresh.samples == ("1", "2", "3")
    assert (new.kind, new.name, new.type, new.rows) == ("event", "new", "", 2)
    assert desk.waiting.count() == 2
    (group,) = [one for one in desk.quarantine.groups() if one.what == "record"]
    assert (group.reason, group.column, group.samples) == ("not_in_dictionary", "event", ("new",))


def test_a_name_is_let_in_with_what_waits_under_it(desk: Desk) -> None:
    strict(desk)
    assert desk.waiting.allow("event", "new", by="ann") == 2
    assert desk.waiting.allow("property", "fresh", by="ann") == 3
    assert desk.waiting.list_() == []
    assert desk.quarantine.progress(NOW).waiting == 5
    desk.work()
    assert desk.quarantine.progress(NOW).repaired == 5
    assert desk.quarantine.progress(NOW + 1).repaired == 0
    assert sorted(row["event"] for row in desk.brand.events()) == ["known"] * 4 + ["new"] * 2
    assert sorted(row["p_fresh"] or 0 for row in desk.brand.events("p_fresh")) == [0, 0, 0, 1, 2, 3]


def test_a_type_may_be_chosen(desk: Desk) -> None:
    strict(desk)
    desk.waiting.allow("property", "fresh", by="ann", type_="string")
    desk.work()
    assert desk.words.get_property("fresh").type == "string"
    assert {row["p_fresh"] for row in desk.brand.events("p_fresh")} == {None, "1", "2", "3"}


def test_a_name_is_blocked_and_what_waits_is_dismissed(desk: Desk) -> None:
    strict(desk)
    assert desk.waiting.block("event", "new", by="ann") == 2
    assert desk.waiting.block("property", "fresh", by="ann") == 3
    desk.take(event("new", time=NOW - 9), event("known", time=NOW - 9, properties={"fresh": 4}))
    assert desk.quarantine.rows() == []
    assert {row["event"] for row in desk.brand.events()} == {"known"}
    assert {row.record for row in desk.quarantine.rows(status="dismissed")} == {None}
    with pytest.raises(BadInput):
        desk.waiting.block("property", "never", by="ann")


def test_strict_mode_would_have_set_aside_what_is_new(desk: Desk) -> None:
    desk.rules.add_event("planned")
    desk.take(event("a", properties={"x": 1, "$screen": 2}), event("$show", time=NOW - 1))
    desk.take(event("b", properties={"x": 1}))
    desk.rules.block_event("b")
    found = [(one.kind, one.name, one.volume) for one in desk.waiting.preview()]
    assert found == [("property", "x", 2), ("event", "a", 1)]


def test_a_name_that_was_let_in_outlives_an_undo(desk: Desk) -> None:
    desk.rules.add_event("planned")
    desk.take(event("sent"))
    desk.brand.workspace.lake.delete_where("events", [[_all()]])
    with desk.brand.workspace.db.write() as connection:
        recount(connection, desk.brand.workspace.lake)
    assert [one.name for one in desk.words.names()] == ["planned"]


def _all() -> Any:
    from yutang.lake.conditions import one_of

    return one_of("event", ["sent"])


# --- volumes --------------------------------------------------------------------------------------
def test_volumes_are_those_of_the_lake_by_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(
        event("a", properties={"n": 1, "tags": ["x"]}), event("a", time=NOW - DAY),
        event("a", time=NOW - 29 * DAY), event("b", time=NOW - 30 * DAY, properties={"n": 1}),
    )  # fmt: skip
    line = desk.list.event("a")
    assert (line.today, line.month, line.by_day[0], line.by_day[-2]) == (1, 3, 1, 1)
    assert (desk.list.event("b").month, desk.list.event("b").unused) == (0, True)
    for name in ("n", "tags"):
        assert (desk.list.property(name).today, desk.list.property(name).month) == (1, 1)
    read: list[str] = []
    from yutang.ingest import word_volumes

    count = word_volumes._count
    monkeypatch.setattr(word_volumes, "_count", lambda path: read.append(path) or count(path))
    desk.take(event("a", time=NOW - 1))
    assert desk.list.event("a").today == 2
    assert len(read) == 1  # the other files are known


def test_the_list_is_searched_and_filtered(desk: Desk) -> None:
    desk.take(event("a", properties={"n": 1, "m": 2}), event("b"), event("b", time=NOW - 1))
    desk.rules.change_event("a", description="Said.", owner="Ann")
    desk.rules.block_event("never")
    desk.rules.change_property("n", privacy="refuse")
    assert [one.word.name for one in desk.list.events()] == ["b", "a", "never"]
    assert [one.word.name for one in desk.list.events("ann")] == ["a"]
    assert [one.word.name for one in desk.list.events(show="blocked")] == ["never"]
    assert [one.word.name for one in desk.list.events(show="unused")] == ["never"]
    assert [one.word.name for one in desk.list.events(show="undescribed")] == ["b", "never"]
    assert [one.word.name for one in desk.list.properties(show="ruled")] == ["n"]
    paid = desk.list.property("paid")
    assert paid.from_orders
    assert not paid.unused


def test_events_and_properties_tell_of_each_other(desk: Desk) -> None:
    desk.take(event("a", properties={"n": 1}), event("a", time=NOW - 1), event("b"))
    assert desk.words.carries("a") == [("n", 0.5)]
    assert desk.words.carries("b") == []
    assert desk.words.carried_by("N") == [("a", 1)]
    assert desk.words.carried_by("paid") == []


def test_guarded_values_are_no_examples(desk: Desk) -> None:
    desk.rules.set_default_privacy("allow")
    desk.take(
        event("a", properties={"who": PHONE}), event("a", time=NOW - 1, properties={"who": "x"})
    )
    assert PHONE in {one.value for one in desk.words.examples("who")}
    assert PHONE in desk.words.get_property("who").examples
    desk.rules.set_default_privacy("hash")
    assert [one.value for one in desk.words.examples("who")] == ["x"]
    assert desk.words.get_property("who").examples == ()


# --- files ----------------------------------------------------------------------------------------
def line(n: int, name: str = "x", **properties: Any) -> dict[str, Any]:
    return {"event": name, "time": NOW - n, "identities": {"m": "1"}, "properties": properties}


def test_event_files_follow_the_rules(desk: Desk, tmp_path: Path) -> None:
    desk.rules.add_property("shut", "string")
    desk.rules.change_property("shut", privacy="refuse")
    desk.rules.add_property("junk", "string")
    desk.rules.block_property("junk")
    desk.rules.block_event("noise")
    desk.file(
        tmp_path / "e.ndjson",
        line(1, note=PHONE, shut="x@y.cn", junk="j", page="/a"), line(2, "noise"),
        line(3, shut="ok"),
    )  # fmt: skip
    hashed = desk.brand.workspace.keyed_hash("phone", PHONE)
    assert desk.brand.events("event", "p_note", "p_shut", "p_junk") == [
        {"event": "x", "p_note": hashed, "p_shut": None},
        {"event": "x", "p_note": None, "p_shut": "ok"},
    ]
    (refused,) = desk.quarantine.rows()
    assert (refused.reason, refused.column, refused.value) == ("personal_value", "shut", None)
    page = desk.words.get_property("page")
    assert (page.events, page.last_seen_at, page.examples) == (1, NOW, ("/a",))
    assert desk.words.get_property("note").examples == ()
