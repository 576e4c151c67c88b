"""What the worker does for those who watch, and that it looks cheaply."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_brand import NOW, open_brand_at, write_events
from yutang import telling
from yutang.brand import Brand
from yutang.installation import Installation
from yutang.kit.clock import DAY_MS
from yutang.notices import Channels
from yutang.worker import work_on


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    small = open_brand_at(tmp_path / "home")
    one = Brand(Installation.open(tmp_path / "home").get_brand("main"), small.workspace)
    path = write_events(tmp_path / "events")
    added = one.imports.add(path, kind="events", filename="e")
    one.imports.queue(added.id)
    work_on(one)
    return one


def has_work(brand: Brand, now: int = NOW) -> bool:
    return telling.has_work(brand.workspace.root, now)


def test_without_anything_to_watch_there_is_nothing_to_do(brand: Brand) -> None:
    assert not has_work(brand, NOW + 365 * DAY_MS)


def test_alerts_files_and_posts_are_due_and_done(brand: Brand) -> None:
    measures = [{"event": "page_viewed", "measure": "times"}]
    params = {"measures": measures, "unit": "day", "range": "last_30"}
    made = brand.reports.add("R", "event", params, by="boss")
    rule = {"watch": {"table": "total", "column": "A"}, "kind": "threshold", "side": "below",
            "low": 5}  # fmt: skip
    brand.alerts.add(made.id, "A", rule, Channels(), by="boss")
    brand.schedules.add(made, "S", {}, {}, by="boss")
    assert has_work(brand)
    assert telling.tell(brand) == {"alerts": 1, "schedules": 0, "posts": 0}
    assert not has_work(brand)
    assert has_work(brand, NOW + DAY_MS)
    (alert,) = brand.alerts.list_()
    assert alert.seen["facts_version"] == brand.facts.version()


def test_the_file_is_what_the_page_exports(brand: Brand) -> None:
    measures = [{"event": "page_viewed", "measure": "times"}]
    report = brand.reports.add("R", "event", {"measures": measures, "unit": "total"}, by="b")
    made = brand.schedules.add(report, "S", {}, {"format": "csv", "language": "en"}, by="boss")
    run = brand.schedules.run(made.id)
    path, _ = brand.schedules.file(made.id, run.id)
    head, row = path.read_text("utf-8-sig").splitlines()
    assert head == "viewed a page · times"  # in words, in the schedule's language
    answer = brand.analyse("event", {"measures": measures, "unit": "total"})
    assert int(row) == answer["rows"][0]["A"]


def test_it_needs_no_writer_lock(brand: Brand) -> None:
    with brand.workspace.writer():
        telling.tell(brand)
