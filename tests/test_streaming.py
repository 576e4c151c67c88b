"""The worker's stream thread: events are in the lake and in a funnel soon, whatever else runs."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import NOW, START, write_events
from tests.tracking import Plain, event, open_tracked, request_of
from yutang import brand as app_module
from yutang import streaming as streaming_module
from yutang.brand import Brand
from yutang.errors import NotFound
from yutang.installation import Installation
from yutang.journal import SegmentWriter, segments
from yutang.lake import lake as lake_module
from yutang.streaming import Pace, Streaming
from yutang.worker import work_on

pytestmark = pytest.mark.slow


@pytest.fixture
def brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Brand:
    monkeypatch.setattr(app_module, "PROTOCOLS", (Plain(),))
    small = open_tracked(tmp_path / "home")
    return Brand(Installation.open(tmp_path / "home").get_brand("main"), small.workspace)


@pytest.fixture
def lane(brand: Brand, tmp_path: Path) -> Streaming:
    return Streaming(tmp_path / "home", lambda _slug: brand)


def send(brand: Brand, *names: str) -> None:
    writer = SegmentWriter(brand.workspace.journal)
    writer.append([request_of(*(event(name, time=NOW + len(name)) for name in names))])
    writer.close()


def analysed(brand: Brand) -> int:
    """Events that analyses see."""
    try:
        return brand.shards().facts
    except NotFound:
        return 0


def until(wanted: Any, seconds: float = 60.0) -> None:
    """Look again until it is so; the limit only ends a test that would hang."""
    started = time.monotonic()
    while not wanted():
        os.sched_yield()  # whoever does the work has the processor
        assert time.monotonic() - started < seconds


def test_events_reach_the_analysis_by_themselves(
    brand: Brand, lane: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming_module, "REFRESH_SECONDS", 0.1)
    monkeypatch.setattr(streaming_module, "QUIET_SECONDS", 0.3)
    stop = threading.Event()
    thread = threading.Thread(target=lane.run, args=(stop,))
    thread.start()
    try:
        send(brand, "first")
        until(lambda: analysed(brand) == 1 and brand.is_fresh())  # all is loaded now
        send(brand, "second")
        until(lambda: analysed(brand) == 2)
        for n in range(5):
            send(brand, f"more{n}")
        until(lambda: analysed(brand) == 7)
        until(brand.is_fresh)
    finally:
        stop.set()
        thread.join()
    assert brand.status()["events"] == 7


def test_nothing_is_opened_where_nothing_came(tmp_path: Path, brand: Brand) -> None:
    def refuse(_slug: str) -> Brand:
        raise AssertionError("a brand was opened")

    lane = Streaming(tmp_path / "home", refuse)
    assert not lane.turn()
    assert lane.is_idle(0)
    send(brand, "a")
    assert not lane.is_idle(0), "its journal must be looked after"


def test_an_error_is_told_and_tried_again(
    brand: Brand, lane: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    send(brand, "a")
    with monkeypatch.context() as disk:
        disk.setattr(lake_module, "write_deltalake", full)
        lane.turn()
        lane.turn()
    assert brand.status()["events"] == 0
    until(lambda: lane.turn() or brand.status()["events"] == 1)


def test_the_stream_goes_on_between_the_batches_of_an_import(
    brand: Brand, lane: Streaming, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yutang.ingest import event_files

    monkeypatch.setattr(event_files, "CHUNK_LINES", 50)
    seen: list[int] = []
    one = brand.imports.add(write_events(tmp_path / "f"), kind="events", filename="f")
    brand.imports.queue(one.id)
    send(brand, "a")

    def between() -> None:
        lane.serve_now(brand)
        seen.append(brand.workspace.lake.count("events"))

    work_on(brand, between=between)
    assert seen[0] == 1, "the stream's event, before the file's first"
    assert seen[-1] < 201
    assert brand.shards().facts == 201
    assert START


def test_old_segments_go_and_crowded_days_are_merged(
    brand: Brand, lane: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming_module, "HOUSE_SECONDS", 0.0)
    monkeypatch.setattr(lake_module, "FILES_PER_DAY", 2)
    lane = Streaming(lane._home, lambda _slug: brand)
    for n in range(3):
        send(brand, "x" * (n + 1))
        until(lambda n=n: lane.turn() or brand.workspace.lake.count("events") == n + 1)
    until(lambda: lane.turn() or list(brand.workspace.lake.files_per_day("events").values()) == [1])
    assert len(segments(brand.workspace.journal)) == 3
    brand.workspace.now = lambda: int(time.time() * 1000) + 16 * 60_000
    until(lambda: lane.turn() or not segments(brand.workspace.journal))
    assert lane.is_idle(0)
    work_on(brand)
    assert brand.shards().facts == 3


def test_what_takes_long_runs_seldom() -> None:
    pace = Pace(1.0, 2.0, busy=(20.0, 8.0))
    assert not pace.due(100.0)
    pace.fall_behind(100.0)
    assert pace.due(100.0)
    assert not pace.due(119.0, waiting=True)  # events go first
    assert pace.due(120.0, waiting=True)
    pace.ended, pace.took = 120.0, 5.0
    pace.fall_behind(125.0)  # was behind all the time
    assert not pace.due(129.0)
    assert pace.due(130.0)
    assert not pace.due(159.0, waiting=True)
    assert pace.due(160.0, waiting=True)
