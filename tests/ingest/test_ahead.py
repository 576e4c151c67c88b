"""Another process reads the journal ahead: the same comes out, also where it dies."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import HOUR, NOW
from tests.tracking import Plain, TrackedBrand, event, open_tracked, profile, request_of
from yutang.catalog.records import Limits, Request
from yutang.ingest import Quarantine
from yutang.ingest.stream import StreamIntake, StreamSettings, intake
from yutang.ingest.stream.ahead import IDLE_SECONDS, Ahead
from yutang.ingest.stream.settings import save
from yutang.ingest.stream.stretch import Stretches
from yutang.journal import SegmentWriter

# The process of the tests: the same, for the tests' protocol.
PROGRAM = """
import sys
from tests.tracking import Plain
from yutang.catalog.records import Limits
from yutang.ingest.stream.ahead import serve
from yutang.ingest.stream.stretch import Stretches
serve(sys.stdin.buffer, sys.stdout.buffer, Stretches([Plain()], Limits()))
"""
DAY = 24 * HOUR


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def requests() -> Iterator[Request]:
    """Everything a batch may hold: what is set aside is asked for again, record by record."""
    for n in range(40):
        who = f"m{n % 7}"
        yield request_of(
            event("bought", who, message_id=f"a{n}", properties={"n": n, "tag": ["x", "y"]}),
            event("bought", who, time=NOW - 200 * DAY, message_id=f"late{n}"),
            event("seen", who, NOW - n, properties={"n": "many" if n % 5 == 0 else n + 0.5}),
            profile(("set", "city", "上海"), ("increment", "visits", 1), who=who, time=NOW - n),
            event("login", who, NOW - n, act="login",
                  identities={"member_no": who, "device": f"d{n % 3}"}),
            event("odd", who, NOW - n, misfits=[["deep", "too_deep", {"a": n}]]),
            {"event": n},
            ip="203.0.113.7" if n % 2 else "", agent="Baiduspider/2.0" if n % 9 == 0 else "",
        )  # fmt: skip
    yield request_of(event("half", "m1", NOW, properties={"x": "y"}))


def filled(home: Path) -> TrackedBrand:
    brand = open_tracked(home)
    with brand.workspace.db.write() as connection:
        save(connection, StreamSettings(batch_events=60))
    writer = SegmentWriter(brand.workspace.journal)
    writer.append(list(requests()))
    writer.close()
    return brand


def reading_ahead(brand: TrackedBrand, clock: Clock) -> tuple[StreamIntake, Ahead]:
    stream = StreamIntake(
        brand.workspace, brand.identities, brand.attributes, brand.committer, [Plain()],
        reader=[sys.executable, "-c", PROGRAM], monotonic=clock,
    )  # fmt: skip
    ahead = stream._ahead
    assert ahead is not None
    return stream, ahead


def wait_for(ahead: Ahead) -> None:
    """Until the process has said that it is up."""
    ahead._is_up()
    assert ahead._process is not None
    assert ahead._process.stdout is not None
    assert select.select([ahead._process.stdout], [], [], 60)[0]


def outcome(brand: TrackedBrand) -> Any:
    lake = brand.workspace.lake
    rows = lake.scan("events", lake.fields("events")).to_pylist()
    profiles = lake.scan("profiles", lake.fields("profiles")).to_pylist()
    aside = [
        (row.row, row.column, row.reason, row.value, row.record, row.filename)
        for row in Quarantine(brand.workspace).rows(limit=None)
    ]
    return (
        sorted(rows, key=lambda row: row["arrival"]),
        sorted(profiles, key=lambda row: (row["row"], row["name"])),
        sorted(aside, key=str),
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(intake, "WORTH_AHEAD", 1)
    return Clock()


@pytest.mark.slow
def test_the_same_comes_out(tmp_path: Path, clock: Clock) -> None:
    alone, helped = filled(tmp_path / "alone"), filled(tmp_path / "helped")
    with alone.workspace.writer():
        alone.stream.drain()
    stream, ahead = reading_ahead(helped, clock)
    wait_for(ahead)
    asked = []
    take = ahead.take
    ahead.take = lambda *ask: asked.append(take(*ask)) or asked[-1]  # type: ignore[method-assign,func-returns-value]
    with helped.workspace.writer():
        stream.drain()
    assert len(asked) > 3
    assert all(one is not None for one in asked)
    rows, profiles, aside = outcome(alone)
    assert len(rows) == 161
    assert len(profiles) > 40
    assert len(aside) > 80
    assert outcome(helped) == (rows, profiles, aside)
    ahead.close()


@pytest.mark.slow
def test_it_goes_on_where_the_process_dies(tmp_path: Path, clock: Clock) -> None:
    brand = filled(tmp_path / "home")
    stream, ahead = reading_ahead(brand, clock)
    wait_for(ahead)
    with brand.workspace.writer():
        assert stream.step()
        assert ahead._process is not None
        ahead._process.kill()
        ahead._process.wait()
        stream.drain()
        assert ahead._process is None  # not started again at once
    assert len(outcome(brand)[0]) == 161
    clock.now += 61
    wait_for(ahead)
    ahead.close()


@pytest.mark.slow
def test_what_breaks_there_is_read_here(tmp_path: Path, clock: Clock) -> None:
    brand = filled(tmp_path / "home")
    stream, ahead = reading_ahead(brand, clock)
    ahead._command[-1] = PROGRAM.replace("[Plain()]", "None")
    wait_for(ahead)
    with brand.workspace.writer():
        stream.drain()
    assert len(outcome(brand)[0]) == 161
    ahead.close()


@pytest.mark.slow
def test_the_process_ends_when_it_has_nothing_to_do(tmp_path: Path, clock: Clock) -> None:
    brand = filled(tmp_path / "home")
    stream, ahead = reading_ahead(brand, clock)
    wait_for(ahead)
    process = ahead._process
    with brand.workspace.writer():
        stream.drain()
        stream.clear(0)
        assert ahead._process is process
        clock.now += IDLE_SECONDS + 1
        stream.clear(0)
    assert ahead._process is None
    assert process is not None
    assert process.returncode is not None


def test_a_record_is_found_again_alone(tmp_path: Path) -> None:
    brand = filled(tmp_path / "home")
    (path,) = brand.workspace.journal.glob("*.journal")
    stretches = Stretches([Plain()], Limits())
    one = stretches.read(path, 0, intake.Budget(10**6))
    assert one is not None
    whole = [one.arrived.record(i) for i in range(len(one.arrived))]
    stretches.again(one)
    assert [one.arrived.record(i) for i in range(len(one.arrived))] == whole
