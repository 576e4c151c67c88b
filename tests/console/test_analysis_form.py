"""Addresses of analyses: a form from any Params, fields to parameters and back."""

from __future__ import annotations

import doctest
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from yutang import analysis
from yutang.analysis.contract import RangeParams, Strict
from yutang.analysis.funnel import Events, Step, Window
from yutang.analysis.groups import GroupBy
from yutang.console.analyse import answer, conditions, controls, form, schema
from yutang.console.analyse.choices import find_word
from yutang.errors import BadInput

TYPES = {"platform": "string", "paid": "number", "member": "bool", "seen": "time", "tags": "list"}


class Inner(Strict):
    """Rows within a row."""

    label: str = Field(title="名称 Label")
    number: float | None = Field(None, ge=0, title="数 Number")


class Stage(Events):
    """A row with a list of its own."""

    parts: list[Inner] = Field(default_factory=list, title="部分 Parts")


class Params(RangeParams):
    """Every kind of field there is."""

    start: Events = Field(default=Events(event="*"), title="起始事件 Start")
    then: Events | None = Field(None, title="之后 Then")
    touch_events: list[str] = Field(min_length=1, title="触点事件 Touch events")
    steps: list[Step] = Field(min_length=2, max_length=9, title="步骤 Steps")
    stages: list[Stage] = Field(default_factory=list, title="阶段 Stages")
    window: Window = Field(default=Window(value=7, unit="day"), title="窗口期 Window")
    mode: Literal["exact", "later"] = Field("exact", title="方式 Mode")
    share: float = Field(0.5, gt=0, lt=1, title="比例 Share")
    times: int = Field(1, ge=1, le=9, title="次数 Times")
    zero: bool = Field(False, title="含当天 Day 0")
    value_property: str | None = Field(None, title="价值 Value")
    days: list[int] = Field(default=[1, 7], title="天数 Days")
    ranges: list[tuple[int, int]] = Field(default_factory=list, title="区间 Ranges")
    costs: dict[str, float] = Field(default_factory=dict, title="成本 Costs")
    stages_named: list[str] = Field(default_factory=list, title="层 Layers")
    flow: Annotated[str, Field(json_schema_extra={"widget": "event"})] = Field("", title="流 Flow")
    trend: Literal["day", "week"] | None = Field("day", title="趋势 Trend")
    group: list[GroupBy] = Field(default_factory=list, max_length=3, title="分组 Group by")
    worth: list[Stage] = Field(
        default_factory=lambda: [Stage(event="order_paid", parts=[Inner(label="x")])],
        min_length=1,
        title="价值 Worth",
    )
    style: Literal["a", "b"] = Field(
        "a", title="样式 Style", json_schema_extra={"labels": {"a": ["甲", "A"]}, "advanced": True}
    )


FIELDS = schema.fields_of(Params)
BY_NAME = {field.name: field for field in FIELDS}
ASKED = [
    ("start.event", "*"),
    ("then.event", "order_paid"),
    ("then.where.0.property", "paid"),
    ("then.where.0.op", ">"),
    ("then.where.0.value", "30"),
    ("touch_events", "code_scanned"),
    ("steps.0.event", "a"),
    ("steps.0.event", "b"),
    ("steps.1.event", "c"),
    ("steps.1.name", "See"),
    ("steps.2.event", ""),
    ("stages.0.event", "a"),
    ("stages.0.parts.0.label", "x"),
    ("stages.0.parts.0.number", "2"),
    ("stages.0.parts.1.number", "3"),
    ("window.value", "3"),
    ("window.unit", "hour"),
    ("mode", "later"),
    ("zero", "true"),
    ("value_property", "paid"),
    ("days", "1, 3、7"),
    ("ranges", "1-7, 8-14"),
    ("costs", "ad = 100\ncard: 5"),
    ("stages_named", "one two"),
    ("trend", "-"),
    ("group.0.property", "paid"),
    ("group.0.buckets", "10, 20"),
    ("group.1.property", "platform"),
    ("sample", "16"),
    ("compare", "custom"),
    ("compare.from", "2026-01-01"),
    ("compare.to", "2026-01-31"),
    ("from", "2026-02-01"),
    ("to", "2026-02-28"),
]


@pytest.mark.parametrize("module", [form, conditions, schema, answer])
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


# --- what a form is made of ---
def test_every_kind_of_field_is_known():
    kinds = {field.name: field.kind for field in FIELDS}
    assert kinds == {
        "from": "date", "to": "date", "filter": "filter", "compare": "choice_or_object",
        "sample": "choice", "start": "object", "then": "object", "touch_events": "event",
        "steps": "list", "stages": "list", "window": "object", "mode": "choice",
        "share": "number", "times": "integer", "zero": "choice", "value_property": "property",
        "days": "numbers", "ranges": "pairs", "costs": "mapping", "stages_named": "words",
        "flow": "event", "trend": "choice", "group": "list", "worth": "list", "style": "choice",
    }  # fmt: skip


def test_titles_limits_and_words_come_from_the_params():
    assert BY_NAME["window"].title == ("窗口期", "Window")
    assert (BY_NAME["times"].low, BY_NAME["times"].high) == (1, 9)
    assert (BY_NAME["steps"].least, BY_NAME["steps"].most) == (2, 9)
    assert BY_NAME["style"].choices == (("a", ("甲", "A")), ("b", None))
    assert BY_NAME["style"].advanced
    assert not BY_NAME["mode"].advanced
    assert BY_NAME["start"].fields[0].anything
    assert not BY_NAME["then"].fields[0].anything


def test_a_part_that_means_nothing_beside_its_neighbour_is_not_asked():
    value = BY_NAME["window"].fields[0]
    assert value.when == ("unit", ("minute", "hour", "day", "week"))
    asked = [("window.value", "3"), ("window.unit", "same_day")]
    assert form.read(FIELDS, asked, TYPES)["window"] == {"unit": "same_day"}


def test_only_a_model_with_steps_groups_by_a_step():
    grouped = next(one for one in schema.fields_of(Only) if one.name == "group")
    assert "step" not in {part.name for part in grouped.fields}
    assert "step" in {part.name for part in BY_NAME["group"].fields}


class Only(RangeParams):
    """Without steps."""

    group: list[GroupBy] = Field(default_factory=list, title="分组 Group by")


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_every_choice_of_every_model_has_words(model):
    silent = []

    def walk(fields, place):
        for field in fields:
            walk(field.fields, f"{place}{field.name}.")
            for value, word in field.choices:
                if word is None and find_word(field.name, conditions.shown(value)) is None:
                    silent.append(f"{place}{field.name}: {value}")

    walk(schema.fields_of(model.Params), "")
    assert not silent, "give them words in choices.py, or `labels` in the model"


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_every_field_of_every_model_has_its_control(model):
    shown = controls.form_of(schema.fields_of(model.Params), {})
    assert not [one.name for one in (*shown.main, *shown.finer) if one.field.kind == "json"]


# --- reading ---
def test_an_address_becomes_parameters_that_the_model_takes():
    params = form.read(FIELDS, ASKED, TYPES)
    assert params["steps"] == [{"event": ["a", "b"]}, {"event": "c", "name": "See"}]
    assert params["then"]["filter"] == {"property": "paid", "op": ">", "value": 30.0}
    assert params["stages"][0]["parts"] == [{"label": "x", "number": "2"}]
    checked = Params.model_validate(params)
    assert checked.touch_events == ["code_scanned"]
    assert checked.days == [1, 3, 7]
    assert checked.ranges == [(1, 7), (8, 14)]
    assert checked.costs == {"ad": 100.0, "card": 5.0}
    assert checked.stages_named == ["one", "two"]
    assert checked.zero is True
    assert checked.trend is None
    assert checked.sample == 16
    assert checked.group[0].buckets == [10.0, 20.0]
    assert checked.sides()[1].from_.isoformat() == "2026-01-01"


def test_parameters_become_an_address_that_means_the_same():
    params = form.read(FIELDS, ASKED, TYPES)
    address = urlencode(form.flatten(params))
    again = form.read(FIELDS, parse_qsl(address), TYPES)
    assert Params.model_validate(again) == Params.model_validate(params)


def test_what_was_typed_stands_in_the_form_again():
    shown = controls.form_of(FIELDS, form.typed(FIELDS, ASKED))
    main = {one.name: one for one in shown.main}
    finer = {one.name: one for one in shown.finer}
    assert [row[0].values for row in main["steps"].rows] == [("a", "b"), ("c",)]
    assert main["then"].parts[1].conditions.rows[0].value == "30"
    assert shown.common["compare"].value == "custom"
    span = [part.value for part in shown.common["compare"].forms[0][1]]
    assert span == ["2026-01-01", "2026-01-31"]
    assert finer["days"].text == "1, 3、7"
    assert finer["trend"].value == "-"
    assert finer["trend"].changed
    assert not finer["share"].changed
    assert finer["share"].value == "0.5"


def test_a_stored_question_stands_in_the_form_too():
    params = form.read(FIELDS, ASKED, TYPES)
    shown = controls.form_of(FIELDS, form.typed(FIELDS, form.flatten(params)))
    finer = {one.name: one for one in shown.finer}
    assert finer["days"].text == "1, 3, 7"
    assert finer["ranges"].text == "1-7, 8-14"
    assert finer["costs"].value == "ad = 100; card = 5"


def test_a_list_has_as_many_rows_as_it_needs():
    shown = controls.form_of(FIELDS, {})
    steps = next(one for one in shown.main if one.name == "steps")
    assert len(steps.rows) == 2
    assert steps.blank[0].name == "steps.2.event"


def test_rows_that_a_factory_makes_stand_in_the_form():
    shown = controls.form_of(FIELDS, {})
    worth = next(one for one in shown.main if one.name == "worth")
    assert worth.rows[0][0].values == ("order_paid",)
    parts = next(part for part in worth.rows[0] if part.field.name == "parts")
    assert parts.rows[0][0].value == "x"


def test_a_list_of_unfinished_rows_is_left_to_its_default():
    asked = [("worth.0.parts.0.label", "x"), ("group.0.buckets", "5"), ("steps.0.name", "x")]
    read = form.read(FIELDS, asked, TYPES)
    assert read == {"steps": []}  # what is required is said to be missing


def test_a_count_of_buckets_and_one_edge_are_told_apart():
    def read(text):
        asked = [("group.0.property", "paid"), ("group.0.buckets", text)]
        return form.read(FIELDS, asked, TYPES)

    assert read("5")["group"][0]["buckets"] == 5
    assert read("5,")["group"][0]["buckets"] == ["5"]
    shown = controls.form_of(FIELDS, {"group": [{"property": "paid", "buckets": ["5"]}]})
    group = next(one for one in shown.main if one.name == "group")
    assert next(part for part in group.rows[0] if part.field.name == "buckets").value == "5,"


def test_a_measure_that_needs_a_property_says_where_it_is_missing():
    fields = schema.fields_of(analysis.get_model("event").Params)
    asked = [("measures.0.event", ""), ("measures.1.event", "a"), ("measures.1.measure", "sum")]
    with pytest.raises(BadInput) as refused:
        form.read(fields, asked, TYPES)
    # Rows that are not finished are not asked, so the engine counts without them.
    assert refused.value.params["place"] == "measures.0.property"
    titles = [field.title[0] for field in schema.find(fields, "measures.0.property")]
    assert titles == ["指标", "属性"]


def test_rows_are_ordered_by_number_not_by_text():
    fields = [(f"steps.{n}.event", f"e{n}") for n in (10, 9, 0)]
    assert [s["event"] for s in form.nest(fields)["steps"]] == ["e0", "e9", "e10"]


@pytest.mark.parametrize(
    "asked",
    [
        [("window", "7"), ("window.value", "7")],
        [("window.value", "7"), ("window", "7")],
        [("steps", "abc")],
        [("steps.0", "abc")],
        [("costs", "nothing")],
        [("filter", "nothing")],
    ],
)
def test_an_address_that_cannot_be_read_is_refused(asked):
    with pytest.raises(BadInput):
        form.read(FIELDS, asked, TYPES)


# --- conditions ---
@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"property": "platform", "op": "=", "value": " tmall "}, "tmall"),
        ({"property": "platform", "op": "in", "value": "tmall、jd，pdd"}, ["tmall", "jd", "pdd"]),
        ({"property": "paid", "op": ">=", "value": "¥1,030"}, 1030.0),
        ({"property": "paid", "op": "between", "value": "10-50"}, [10.0, 50.0]),
        ({"property": "paid", "op": "between", "value": "-5 ~ 5"}, [-5.0, 5.0]),
        (
            {"property": "seen", "op": "between", "value": "2026-01-01 ~ 2026-01-31"},
            ["2026-01-01", "2026-01-31"],
        ),
        ({"property": "member", "op": "=", "value": "是"}, True),
        ({"property": "seen", "op": "last", "value": "30"}, 30),
    ],
)
def test_values_are_read_by_type(row, value):
    expected = {"property": row["property"], "op": row["op"], "value": value}
    assert conditions.leaf(row, TYPES) == expected


@pytest.mark.parametrize(
    "row",
    [
        {"property": "paid", "op": "=", "value": "much"},
        {"property": "paid", "op": "between", "value": "10"},
        {"property": "platform", "op": "=", "value": " "},
        {"property": "nothing", "op": "=", "value": "1"},
    ],
)
def test_what_cannot_be_read_is_said(row):
    with pytest.raises(BadInput):
        conditions.leaf(row, TYPES)


def test_conditions_become_one_filter_and_come_back():
    asked = [
        ("where.0.property", "platform"),
        ("where.0.op", "="),
        ("where.0.value", "tmall"),
        ("where.1.where.0.property", "paid"),
        ("where.1.where.0.op", ">="),
        ("where.1.where.0.value", "30"),
        ("where.1.where.1.property", "member"),
        ("where.1.where.1.op", "is_set"),
        ("where.1.where_join", "or"),
        ("where.1.where_not", "1"),
        ("where.2.property", "paid"),
        ("where.2.op", "="),
    ]
    spec = form.read(FIELDS, asked, TYPES)["filter"]
    either = {"or": [{"property": "paid", "op": ">=", "value": 30.0},
                     {"property": "member", "op": "is_set"}]}  # fmt: skip
    assert spec == {"and": [{"property": "platform", "op": "=", "value": "tmall"}, {"not": either}]}
    assert form.read(FIELDS, conditions.filter_fields(spec, ""), TYPES)["filter"] == spec


LEAF = st.sampled_from(
    [
        {"property": "platform", "op": "=", "value": "tmall"},
        {"property": "platform", "op": "in", "value": ["a", "b"]},
        {"property": "paid", "op": "between", "value": [1.0, 2.5]},
        {"property": "seen", "op": "is_set"},
        {"property": "platform", "op": "=", "value": {"odd": 1}},
    ]
)
SPEC = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@given(SPEC)
def test_every_filter_survives_the_form(spec: dict[str, Any]):
    asked = parse_qsl(urlencode(conditions.filter_fields(spec, "")))
    assert form.read(FIELDS, asked, TYPES)["filter"] == spec
    typed = conditions.typed_group(form.nest(asked))
    assert conditions.filter_fields(spec, "") == conditions._group_fields(typed, "")
