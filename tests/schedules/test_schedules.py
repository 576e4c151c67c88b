"""Schedules: the right moment, a whole file, no more than is kept, failure told."""

from __future__ import annotations

import doctest
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.alerts.test_periods import ZONE, at
from tests.alerts.watching import Watched
from yutang.errors import BadInput, NotFound
from yutang.kit.clock import DAY_MS
from yutang.kit.sheets import Sheet
from yutang.reports import Dashboards
from yutang.schedules import Cadence, Schedules, cadence, files, service
from yutang.schedules.cadence import next_run, read_cadence

DAILY = {"every": "day", "at": "09:00"}


class Office(Watched):
    """A brand with schedules; `failing` breaks its tables."""

    failing: Exception | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.schedules = Schedules(
            self.workspace, self.desk, self.sheets, self.board_sheets, lambda: 7
        )

    def sheets(self, report_id: int, language: str) -> list[Sheet]:
        if self.failing is not None:
            raise self.failing
        rows = [["=1+1", 3], ["b", 4.5]]
        return [Sheet(f"报表/{language}", ["名称", "人数"], rows), Sheet("报表/zh", ["x"], [[1]])]

    def board_sheets(self, board: int, language: str) -> list[Sheet]:
        return [Sheet(f"看板 {board}/{language}", ["x"], [[1]]), Sheet("b", ["y"], [[2]])]

    def add(self, **settings: object) -> int:
        report = self.reports.get(self.report)
        made = self.schedules.add(report, "周报", DAILY, settings, by="boss")
        return made.id


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "home")


def test_the_examples_hold() -> None:
    assert doctest.testmod(cadence).failed == 0


@pytest.mark.parametrize(
    ("given", "now", "run"),
    [
        (DAILY, "2026-11-23 08:59:59", "2026-11-23 09:00:00"),
        (DAILY, "2026-11-23 09:00:00", "2026-11-24 09:00:00"),
        ({"every": "week", "weekday": "0", "at": "09:00"}, "2026-11-23 10:00:00",
         "2026-11-30 09:00:00"),
        ({"every": "month", "day": "31", "at": "07:30"}, "2026-11-23 10:00:00",
         "2026-11-30 07:30:00"),
        ({"every": "month", "day": 31, "at": "07:30"}, "2026-11-30 08:00:00",
         "2026-12-31 07:30:00"),
        ({"every": "month", "day": 29, "at": "00:00"}, "2027-02-01 00:00:00",
         "2027-02-28 00:00:00"),
    ],
)  # fmt: skip
def test_the_next_run(given, now, run) -> None:
    assert next_run(read_cadence(given), at(now), ZONE) == at(run)


def test_clocks_that_jump_lose_no_day() -> None:
    """Berlin, 29 March 2026: 02:30 does not exist; 25 October: it exists twice."""
    spring = next_run(Cadence("day", "02:30"), at("2026-03-29 02:00:00"), "Europe/Berlin")
    again = next_run(Cadence("day", "02:30"), spring, "Europe/Berlin")
    assert 22 * 3_600_000 < again - spring < 25 * 3_600_000
    autumn = next_run(Cadence("day", "02:30"), at("2026-10-25 01:00:00"), "Europe/Berlin")
    assert next_run(Cadence("day", "02:30"), autumn, "Europe/Berlin") - autumn > 20 * 3_600_000


@pytest.mark.parametrize(
    "wrong",
    [{"every": "hour"}, {"at": "9"}, {"at": "24:00"}, {"weekday": 7}, {"day": 0}, {"day": "x"}],
)
def test_a_time_that_is_none_is_refused(wrong) -> None:
    with pytest.raises(BadInput):
        read_cadence({**DAILY, **wrong})


def test_a_file_is_made_when_it_is_due_and_told(office: Office) -> None:
    number = office.add()
    assert office.schedules.run_due() == 0
    office.now = at("2026-11-23 09:00:30")
    assert office.schedules.run_due() == 1
    assert office.schedules.run_due() == 0
    (run,) = office.schedules.runs(number)
    path, name = office.schedules.file(number, run.id)
    assert (run.status, run.facts_version, name) == ("done", 7, "周报 2026-11-23.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    assert len(book.sheet_names) == 2
    assert book.get_sheet_by_index(0).to_python()[1] == ["=1+1", 3.0]
    assert office.told() == [service.READY]
    assert office.schedules.get(number).next_at == at("2026-11-24 09:00:00")


def test_runs_that_were_missed_are_made_up_for_once(office: Office) -> None:
    number = office.add()
    office.now += 5 * DAY_MS
    assert office.schedules.run_due() == 1
    assert office.schedules.run_due() == 0
    assert len(office.schedules.runs(number)) == 1


def test_a_csv_runs_no_formula(office: Office) -> None:
    number = office.add(format="csv")
    path, _ = office.schedules.file(number, office.schedules.run(number).id)
    assert path.read_text("utf-8-sig").splitlines() == ["名称,人数", "'=1+1,3", "b,4.5"]


@pytest.mark.parametrize(
    "error",
    [BadInput("There is no property %(name)s.", name="x"), ZeroDivisionError("13811112222")],
)
def test_a_failure_is_told_and_the_next_run_comes(office: Office, error: Exception) -> None:
    number = office.add()
    office.failing = error
    run = office.schedules.run(number)
    assert (run.status, run.has_file) == ("failed", False)
    assert office.told() == [service.FAILED]
    assert "13811112222" not in str(run.error)
    with pytest.raises(NotFound):
        office.schedules.file(number, run.id)
    office.failing = None
    assert office.schedules.run(number).status == "done"


def test_only_the_last_files_are_kept(office: Office) -> None:
    number, other = office.add(keep=2), office.add(keep=60)
    for _ in range(4):
        office.schedules.run(number)
    office.schedules.run(other)
    kept = [run.has_file for run in office.schedules.runs(number)]
    assert kept == [True, True, False, False]
    assert len(list((office.workspace.root / files.FOLDER).iterdir())) == 3


def test_all_files_of_a_brand_have_a_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    number = office.add(format="csv")
    one = office.schedules.run(number).size
    monkeypatch.setattr(service, "KEPT_BYTES", 2 * one)
    office.schedules.run(number)
    office.schedules.run(number)
    assert [run.has_file for run in office.schedules.runs(number)] == [True, True, False]


def test_a_file_too_large_is_a_failure(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    assert office.schedules.run(office.add()).status == "failed"
    assert list((office.workspace.root).glob(f"{files.FOLDER}/*")) == []


def test_a_removal_can_be_taken_back_then_the_files_go(office: Office) -> None:
    number = office.add()
    office.schedules.run(number)
    office.schedules.remove(number)
    assert office.schedules.list_() == []
    office.now += DAY_MS
    office.schedules.sweep()
    assert office.schedules.restore(number).status == "on"
    office.schedules.remove(number)
    office.now += 8 * DAY_MS
    office.schedules.sweep()
    assert list((office.workspace.root / files.FOLDER).iterdir()) == []


def test_a_file_belongs_to_its_schedule(office: Office) -> None:
    one, two = office.add(), office.add()
    run = office.schedules.run(one)
    with pytest.raises(NotFound):
        office.schedules.file(two, run.id)


def test_sql_is_not_scheduled(office: Office) -> None:
    report = office.reports.add("Q", "sql", {"sql": "SELECT 1"}, by="boss")
    with pytest.raises(BadInput, match="SQL"):
        office.schedules.add(report, "x", DAILY, {}, by="boss")


def test_a_dashboard_has_a_sheet_for_each_card(office: Office) -> None:
    board = Dashboards(office.workspace).add("Board", by="boss")
    made = office.schedules.add(board, "看板", DAILY, {}, by="boss")
    assert (made.report_id, made.dashboard_id) == (None, board.id)
    path, _ = office.schedules.file(made.id, office.schedules.run(made.id).id)
    assert CalamineWorkbook.from_path(str(path)).sheet_names == [f"看板 {board.id} zh", "b"]
    with pytest.raises(BadInput, match="xlsx"):
        office.schedules.change(made.id, "看板", DAILY, {"format": "csv"})
    Dashboards(office.workspace).remove(board.id)
    assert not path.exists()
    assert office.schedules.list_() == []


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"keep": 61}, {"format": "pdf"}, {"language": "x"}])
def test_settings_that_are_none_are_refused(office: Office, wrong: dict) -> None:
    with pytest.raises(BadInput):
        office.add(**wrong)
