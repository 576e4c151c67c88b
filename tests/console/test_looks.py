"""How an answer is shown: pictures to choose from, order, rows."""

from __future__ import annotations

from datetime import date

import pytest

from yutang.analysis import Column
from yutang.console.analyse.answer import ACT, Answer, Cell, Grid, Head
from yutang.console.analyse.cells import cell_of
from yutang.console.analyse.looks import Looks, cut, kinds_of, looks_of, shown
from yutang.console.charts import Chart, Heat, Series
from yutang.reports import resolved

GRID = Grid(
    (Head("day", "period", key="day"), Head("n", "count", key="n"), Head("", ACT)),
    tuple((Cell(f"2026-01-0{i}"), Cell(n), Cell("do")) for i, n in enumerate([5, None, 9], 1)),
)


def chart(kind="line", series=1, unit="count"):
    made = [Series(str(i), [1, 2]) for i in range(series)]
    return Chart(kind, ["a", "b"], made, "say", unit=unit)


@pytest.mark.parametrize(
    ("sort", "values"),
    [("n", [5, 9, None]), ("-n", [9, 5, None]), ("nothing", [5, None, 9]), ("", [5, None, 9])],
)
def test_rows_are_sorted_and_the_unknown_stands_last(sort, values):
    assert [row[1].value for row in GRID.sorted(sort).rows] == values


def test_buckets_are_sorted_by_their_beginning():
    rows = tuple((Cell(name, sort=least),) for name, least in (("10–19", 10), ("5–9", 5)))
    grid = Grid((Head("bucket", "text", key="bucket"),), rows)
    assert [row[0].value for row in grid.sorted("bucket").rows] == ["5–9", "10–19"]


def test_a_file_has_no_column_of_things_to_do():
    assert GRID.flat_heads("") == ["day", "n"]
    assert GRID.flat_row(GRID.rows[0]) == ["2026-01-01", 5]


def test_only_what_adds_up_is_stacked():
    assert "stacked" not in kinds_of(chart())
    assert "stacked" in kinds_of(chart(series=2))
    assert "stacked" not in kinds_of(chart(series=2, unit="rate"))
    assert kinds_of(Heat("", ["a"], ["b"], [[1]], "say")) == ("heat", "table")


def test_a_picture_that_does_not_fit_is_left_as_it_comes():
    answer = Answer("", (chart(),), GRID)
    for asked, drawn in (("bar", "bar"), ("funnel", "line"), ("", "line")):
        found, _, chosen = shown(answer, Looks(chart=asked))
        assert (found.pictures[0].kind, chosen) == (drawn, drawn)
    assert shown(answer, Looks(chart="table"))[0].pictures == ()
    assert looks_of({"chart": "nonsense", "rows": "many"}) == Looks()


def test_a_long_table_says_how_long_it_is():
    long = Grid(GRID.heads, GRID.rows * 100)
    answer = Answer("", (), long, more=(long,))
    few = cut(answer, Looks())
    assert (len(few.grid.rows), few.grid.whole, len(few.more[0].rows)) == (100, 300, 100)
    assert len(cut(answer, Looks(rows="all")).grid.rows) == 300


def test_a_click_turns_the_order():
    assert Looks().sort_by("n", True) == "-n"
    assert Looks(sort="-n").sort_by("n", True) == "n"
    assert Looks().sort_by("day", False) == "day"
    assert Looks(chart="bar").query("a=1", sort="n") == "a=1&chart=bar&sort=n"


def test_a_model_is_not_asked_for_the_picture():
    assert resolved({"unit": "day", "chart": "bar"}, date(2026, 11, 22)) == {"unit": "day"}


def test_a_column_goes_by_the_name_the_model_has_for_it():
    columns = (Column("day", "", "", "text"), Column("payers", "", "", "count"))
    row = {"day": 7, "payers": 3}
    assert cell_of("ltv", columns, row, "payers") == {"day": 7, "group": [], "state": "payers"}
    assert cell_of("ltv", columns, row, "payers", table="payback") is None
    assert cell_of("page", (Column("bounces", "", "", "count"),), {"bounces": 1}, "bounces") is None
