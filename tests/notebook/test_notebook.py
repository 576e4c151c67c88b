"""The Python API: light to import, the same answers as everywhere, nothing written."""

from __future__ import annotations

import builtins
import doctest
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import yutang
from tests.pages import pond as small
from yutang.analysis import Column, Result, Table
from yutang.app import Services
from yutang.errors import BadInput, NotFound
from yutang.notebook import Answer, answer, drawing, pond
from yutang.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python example\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEPS = {"steps": [{"event": "code_scanned"}, {"event": "order_paid"}]}
SPAN = {"from": "2026-09-01", "to": "2026-11-21"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = tmp_path_factory.mktemp("notebook") / "home"
    small.make(made)
    return made


@pytest.fixture(scope="module")
def opened(home):
    return yutang.open(home, brand="pond")


def test_the_import_alone_loads_nothing():
    code = (
        "import sys, yutang; "
        "print([m for m in sys.modules if m.startswith(('yutang.', 'numpy', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", [pond, answer])
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.slow
def test_the_examples_of_the_documentation_hold(opened):
    names = {"pond": opened}
    blocks = EXAMPLE.findall(DOCS.read_text(encoding="utf-8"))
    assert len(blocks) == 4
    for block in blocks:
        exec(block, names)


def test_it_answers_as_the_application_does(opened, home):
    brand = Services.open(Settings(home=home)).brand("pond")
    theirs = brand.analyse("funnel", {**STEPS, **SPAN})
    ours = opened.funnel(**STEPS, **SPAN).result.to_json()
    when = {"seconds": 0, "computed_at": 0}
    assert {**ours, **when} == {**theirs, **when}


def test_nothing_is_written(opened, home):
    def state():
        return {
            path: path.stat().st_mtime_ns
            for path in home.rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))
        }

    before = state()
    opened.funnel(**STEPS).people(step=1)
    opened.event(measures=["order_paid"]).to_arrow()
    assert state() == before


def test_what_people_write_in_python_is_what_the_model_takes(opened):
    plain = opened.analyse("funnel", {**STEPS, **SPAN, "window": {"value": 2, "unit": "week"}})
    short = opened.funnel(
        steps=["code_scanned", "order_paid"],
        from_=date(2026, 9, 1),
        to=date(2026, 11, 21),
        window="2 weeks",
    )
    assert short.rows == plain.rows
    assert short.params == plain.params


def test_a_range_counts_from_the_newest_fact(opened):
    asked = opened.event(measures=["order_paid"], range="last_7").params
    assert asked["to"] == opened.today.isoformat()
    assert "range" not in asked


def test_people_are_ids_in_order(opened):
    people = opened.funnel(**STEPS, **SPAN).people({"step": 1})
    assert people.dtype == np.int64
    assert people.size == 30
    assert (np.diff(people) > 0).all()


def test_the_models_are_methods_and_nothing_else_is(opened):
    assert {"event", "funnel"} <= set(dir(opened))
    with pytest.raises(AttributeError, match="its models: event"):
        _ = opened.nothing
    assert "code_scanned" in opened.events
    assert opened.properties["platform"] == "string"
    assert opened.properties["customer.orders"] == "number"
    assert opened.params("funnel")["required"] == ["steps"]
    assert "P1" in repr(opened)


def test_mistakes_are_said(opened, home):
    with pytest.raises(BadInput, match="steps"):
        opened.funnel(steps=["code_scanned"])
    with pytest.raises(BadInput, match="no length of time"):
        opened.funnel(**STEPS, window="3 moons")
    with pytest.raises(NotFound):
        opened.analyse("nothing")
    with pytest.raises(NotFound):
        opened.report("nothing")
    with pytest.raises(NotFound):
        yutang.open(home, brand="nothing")


def test_a_saved_report_is_answered(opened, home):
    reports = Services.open(Settings(home=home)).brand("pond").reports
    reports.add("Scans", "funnel", {**STEPS, "range": "last_90"}, by="boss")
    assert opened.report("Scans").rows == opened.funnel(**STEPS, range="last_90").rows


# --- shapes ---
COLUMNS = (
    Column("group_1", "组", "group", "group"),
    Column("people", "人", "people", "count"),
    Column("rate", "率", "rate", "rate"),
)
CHARTS = {
    "line": {"categories": ["a", "b"], "series": [{"name": ["A"], "values": [1, None]}]},
    "bar": {"categories": [["<b>"], ["y"]], "series": [{"name": ["A"], "values": [1, 2.5]}]},
    "matrix": {"rows": ["a"], "columns": ["1", "2"], "values": [[0.5, None]]},
    "sankey": {"categories": [], "series": []},
}


def make(rows, kind="bar"):
    chart = {"kind": kind, **CHARTS[kind]}
    return Answer(Result("made", Table(COLUMNS, rows), chart=chart), {}, lambda: None)


def test_arrow_takes_groups_of_several_types():
    rows = [
        {"group_1": "(none)", "people": 2, "rate": 1},
        {"group_1": 5, "people": 1, "rate": 0.5},
        {"group_1": None, "people": None, "rate": None},
    ]
    table = make(rows).to_arrow()
    assert table["group_1"].to_pylist() == ["(none)", "5", None]
    assert table["rate"].to_pylist() == [1.0, 0.5, None]
    with pytest.raises(KeyError):
        make(rows).to_arrow("nothing")


def test_texts_of_the_data_are_escaped():
    shown = make([{"group_1": "<script>x", "people": 1, "rate": None}])._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;x" in shown
    assert "&lt;b&gt;" in shown


@pytest.mark.parametrize("kind", CHARTS)
def test_every_kind_draws_or_leaves_it(kind):
    drawn = drawing.drawing(make([], kind).result)
    assert drawn.startswith("<svg") if kind != "sankey" else drawn == ""
    assert "nan" not in drawn


def test_long_answers_say_how_much_is_left():
    rows = [{"group_1": str(i), "people": i, "rate": 0.5} for i in range(25)]
    assert "5 more rows" in repr(make(rows))
    assert repr(make(rows)).splitlines()[1].split() == ["0", "0", "50.0%"]
    assert len(make(rows)) == 25


def test_without_pandas_the_remedy_is_said(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="to_arrow"):
        make([]).to_pandas()


def test_pandas_keeps_rows_and_columns():
    pytest.importorskip("pandas")
    frame = make([{"group_1": "a", "people": 1, "rate": None}]).to_pandas()
    assert list(frame.columns) == ["group_1", "people", "rate"]
    assert json.loads(frame.to_json(orient="records"))[0]["people"] == 1
