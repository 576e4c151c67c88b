"""Facts go when their time is over: by the most specific rule, and never an order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from tests.small_brand import NOW, START, SmallBrand, open_brand_at, write_orders
from yutang.brand import Brand
from yutang.errors import BadInput, NotFound
from yutang.installation import Installation
from yutang.kit.clock import DAY_MS, iso_day
from yutang.privacy import RetentionRule, first_kept_day, retention, rule_for
from yutang.state.brand import audit_log, commits, quarantine
from yutang.worker import _has_work, work_on

ZONE = "Asia/Shanghai"
NAMES = st.sampled_from(["", "a", "b"])
RULES = st.lists(
    st.builds(RetentionRule, NAMES, NAMES, st.integers(0, 3)),
    unique_by=lambda one: (one.event, one.source),
)


def naive(rules: Sequence[RetentionRule], event: str, source: str) -> RetentionRule | None:
    """The rule in words: both named, then the event, then the source, then anything."""
    for pair in ((event, source), (event, ""), ("", source), ("", "")):
        for rule in rules:
            if (rule.event, rule.source) == pair:
                return rule
    return None


@given(rules=RULES, event=st.sampled_from("abc"), source=st.sampled_from("abc"))
def test_the_most_specific_rule_decides_alone(
    rules: list[RetentionRule], event: str, source: str
) -> None:
    assert rule_for(rules, event, source) == naive(rules, event, source)
    assert rule_for(rules[::-1], event, source) == naive(rules, event, source)


def test_days_are_whole_business_days() -> None:
    rule = RetentionRule("", "", 2)
    assert first_kept_day(rule, "2026-03-01") == "2026-02-27"
    assert first_kept_day(RetentionRule("", "", 0), "2026-03-01") is None
    assert first_kept_day(None, "2026-03-01") is None


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    small = open_brand_at(tmp_path / "home")
    row = Installation.open(tmp_path / "home").get_brand("main")
    return Brand(row, small.workspace)


def take(brand: Brand, folder: Path, events: list[tuple[str, int, str]]) -> None:
    """(event, days after START, member)."""
    path = folder / f"{len(list(folder.iterdir()))}.ndjson"
    lines = [
        {"event": event, "time": START + day * DAY_MS, "identities": {"member_no": who}}
        for event, day, who in events
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    one = brand.imports.add(path, kind="events", filename=path.name)
    brand.imports.queue(one.id)
    work_on(brand)


def left(brand: Brand) -> list[tuple[str, str]]:
    rows = brand.workspace.lake.scan("events", ["event", "day"]).to_pylist()
    return sorted((one["event"], one["day"]) for one in rows)


def apply(brand: Brand, now: int = NOW) -> int:
    with brand.workspace.writer():
        total = brand.retention.apply(now).total
    work_on(brand)
    return total


@settings(max_examples=12, deadline=None)
@given(
    rules=st.lists(
        st.builds(
            RetentionRule, st.sampled_from(["", "a", "b"]), st.sampled_from(["", "file", "x"]),
            st.sampled_from([0, 3, 10, 40]),
        ),
        unique_by=lambda one: (one.event, one.source), max_size=5,
    ),
    events=st.lists(st.tuples(st.sampled_from("abc"), st.integers(65, 115)), min_size=1,
                    max_size=20, unique=True),
)  # fmt: skip
@pytest.mark.slow
def test_what_stays_is_what_the_rules_say(
    rules: list[RetentionRule],
    events: list[tuple[str, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("retention")
    small = open_brand_at(folder / "home")
    brand = Brand(Installation.open(folder / "home").get_brand("main"), small.workspace)
    take(brand, folder, [(event, day, f"m{day}") for event, day in events])
    (source,) = brand.retention.choices()[1]
    today = date.fromisoformat(iso_day(NOW, ZONE))
    stays, counts = [], dict.fromkeys(((one.event, one.source) for one in rules), 0)
    for rule in rules:
        brand.retention.set_(rule.event, rule.source, rule.days, by="test")
    for event, day in events:
        on = date.fromisoformat(iso_day(START + day * DAY_MS, ZONE))
        rule = naive(rules, event, source)
        if rule and rule.days and on < today - timedelta(days=rule.days):
            counts[rule.event, rule.source] += 1
        else:
            stays.append((event, on.isoformat()))
    seen = {(one.rule.event, one.rule.source): one.events for one in brand.retention.preview(NOW)}
    assert seen == counts
    assert apply(brand) == sum(counts.values())
    assert left(brand) == sorted(stays)
    assert brand.is_fresh()
    assert brand.shards().facts == len(stays) if stays else True
    assert apply(brand) == 0


@pytest.mark.slow
def test_removed_events_are_gone_and_orders_stay(brand: Brand, tmp_path: Path) -> None:
    small = SmallBrand(brand.workspace)
    orders = brand.workspace
    small.take("orders", write_orders(tmp_path / "orders"))
    take(brand, tmp_path, [("secret_seen", 0, "m1"), ("page_viewed", 114, "m1"),
                           ("page_viewed", 0, "m2")])  # fmt: skip
    before = (orders.lake.count("orders"), orders.lake.count("order_lines"))
    facts = brand.shards().facts
    brand.retention.set_("", "", 30, by="ann")
    brand.retention.set_("page_viewed", "", 0, by="ann")
    assert apply(brand) == 1
    assert brand.shards().facts == facts - 1
    assert (orders.lake.count("orders"), orders.lake.count("order_lines")) == before
    assert [one.name for one in brand.dictionary.names() if one.name == "secret_seen"] == []
    files = [one for one in (orders.lake.path("events")).rglob("*") if one.is_file()]
    assert not any(b"secret_seen" in one.read_bytes() for one in files)
    row = brand.audit.page()[0]
    assert (row.action, row.login) == ("retention.applied", "worker")
    assert row.detail is not None
    assert row.detail["by_rule"] == [{"event": "", "source": "", "events": 1}]


@pytest.mark.parametrize(
    "point",
    [
        "deleted",
        pytest.param("vacuumed", marks=pytest.mark.slow),
        pytest.param("counted", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_died_is_finished_and_told_whole(
    point: str, brand: Brand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(brand, tmp_path, [("a", 0, "m1"), ("a", 1, "m2"), ("b", 0, "m1"), ("b", 114, "m3")])
    brand.retention.set_("a", "", 30, by="ann")
    brand.retention.set_("", "", 60, by="ann")
    monkeypatch.setattr(retention, "MOST_GROUPS", 1)  # a delete for each rule

    def die(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as dying:
        if point == "deleted":
            dying.setattr(brand.workspace.lake, "_step", die)
        elif point == "vacuumed":
            vacuum = brand.workspace.lake.vacuum
            dying.setattr(brand.workspace.lake, "vacuum", lambda name: (vacuum(name), die()))
        else:
            dying.setattr(retention, "recount", die)
        with pytest.raises(ZeroDivisionError):
            apply(brand)
    assert len(left(brand)) < 4
    status = select(commits.c.status).where(commits.c.kind == "retention")
    with brand.workspace.db.read() as connection:
        assert connection.execute(status).scalars().all() == ["prepared"]
    assert told(brand) == []
    brand.retention.remove("", "")  # what was begun by this rule is finished all the same
    take(brand, tmp_path, [("a", 2, "m4")])
    assert apply(brand, NOW + 1) == 4
    assert told(brand) == [
        [{"event": "a", "source": "", "events": 1}],  # came too late for the first run
        [{"event": "", "source": "", "events": 1}, {"event": "a", "source": "", "events": 2}],
    ]
    assert [event for event, _ in left(brand)] == ["b"]
    assert brand.is_fresh()
    assert brand.shards().facts == 1
    with brand.workspace.db.read() as connection:
        assert connection.execute(status).scalars().all() == ["done", "done"]
    files = list(brand.workspace.lake.path("events").glob("day=*/*.parquet"))
    assert len(files) == 1, "older versions are readable no more"


def told(brand: Brand) -> list[object]:
    """What the audit log says was removed, newest first."""
    rows = [one for one in brand.audit.page() if one.action == "retention.applied"]
    return [(one.detail or {})["by_rule"] for one in rows]


def test_quarantine_and_audit_log_have_ages_of_their_own(brand: Brand) -> None:
    with brand.workspace.db.write() as connection:
        for days in (1, 170, 190, 2_000):
            at = NOW - days * DAY_MS
            connection.execute(
                insert(quarantine).values(source="web", row=days, reason="bad_time", at=at,
                                          status="open", resolved_by="")
            )  # fmt: skip
            connection.execute(
                insert(audit_log).values(at=at, login="ann", action="login", target="", ip="")
            )
    with brand.workspace.writer():
        removed = brand.retention.apply(NOW)
    assert removed.rows == {"quarantine": 2, "audit": 1}
    brand.retention.keep("quarantine", 100)
    brand.retention.keep("audit", 0)
    with brand.workspace.writer():
        assert brand.retention.apply(NOW).rows == {"quarantine": 1, "audit": 0}
    with pytest.raises(BadInput):
        brand.retention.keep("audit", 90)  # logs live six months
    with pytest.raises(BadInput):
        brand.retention.keep("orders", 90)


def test_it_runs_once_a_night(brand: Brand) -> None:
    home = brand.workspace.root.parents[1]
    assert brand.retention.due(NOW)
    with brand.workspace.writer():
        brand.retention.apply(NOW)
    assert not brand.retention.due(NOW)
    assert not brand.retention.due(NOW + 3_600_000)
    assert brand.retention.due(NOW + DAY_MS + 3 * 3_600_000)
    work_on(brand)
    brand.retention.ask()
    assert brand.retention.due(NOW)
    assert _has_work(home, "main")


def test_rules_are_set_changed_and_removed(brand: Brand) -> None:
    keep = brand.retention
    keep.set_("a", "", 30, by="ann")
    keep.set_("", "", 400, by="ann")
    keep.set_("a", "web", 10, by="ann")
    keep.set_("a", "", 31, by="bea")
    rules = [(one.event, one.source, one.days, one.created_by) for one in keep.rules()]
    assert rules == [("a", "web", 10, "ann"), ("a", "", 31, "bea"), ("", "", 400, "ann")]
    keep.remove("a", "web")
    with pytest.raises(NotFound):
        keep.remove("a", "web")
    for days in (-1, 40_000):
        with pytest.raises(BadInput):
            keep.set_("", "", days, by="ann")


@pytest.mark.slow
def test_a_second_run_reads_what_the_first_one_wrote_again(brand: Brand, tmp_path: Path) -> None:
    """A delete writes its files in another way than an append: both are read alike."""
    take(brand, tmp_path, [("a", day, f"m{day % 3}") for day in range(90, 115)])
    for days in (20, 15, 10):
        brand.retention.set_("a", "", days, by="ann")
        assert apply(brand) > 0
        assert brand.is_fresh()
    assert brand.shards().facts == len(left(brand)) == 10
