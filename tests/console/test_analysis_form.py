"""Addresses of analyses: fields to parameters and back."""

from __future__ import annotations

import doctest
import json

import pytest

from yutang.console.analyse import form
from yutang.errors import BadInput

TYPES = {"platform": "string", "paid": "number", "member": "bool", "seen": "time", "tags": "list"}


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(form).failed == 0


def test_rows_are_ordered_by_number_not_by_text():
    fields = [(f"steps.{n}.event", f"e{n}") for n in (10, 9, 0)]
    assert [s["event"] for s in form.nest(fields)["steps"]] == ["e0", "e9", "e10"]


def test_an_address_that_contradicts_itself_is_refused():
    with pytest.raises(BadInput):
        form.nest([("window", "7"), ("window.value", "7")])


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"property": "platform", "op": "=", "value": " tmall "}, "tmall"),
        ({"property": "platform", "op": "in", "value": "tmall、jd，pdd"}, ["tmall", "jd", "pdd"]),
        ({"property": "paid", "op": ">=", "value": "¥1,030"}, 1030.0),
        ({"property": "paid", "op": "between", "value": "10-50"}, [10.0, 50.0]),
        ({"property": "member", "op": "=", "value": "是"}, True),
        ({"property": "seen", "op": "last", "value": "30"}, 30),
    ],
)
def test_values_are_read_by_type(row, value):
    assert form.leaf(row, TYPES) == {"property": row["property"], "op": row["op"], "value": value}


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
        form.leaf(row, TYPES)


def test_conditions_become_one_filter_and_come_back():
    tree = form.nest(
        [
            ("steps.0.event", "order_paid"),
            ("steps.0.where.0.property", "platform"),
            ("steps.0.where.0.op", "="),
            ("steps.0.where.0.value", "tmall"),
            ("steps.0.where.1.property", "paid"),
            ("steps.0.where.1.op", ">="),
            ("steps.0.where.1.value", "30"),
        ]
    )
    step = form.with_filters(tree, TYPES)["steps"][0]
    assert step["filter"]["and"][1] == {"property": "paid", "op": ">=", "value": 30.0}
    rows, deeper = form.conditions(step["filter"])
    assert rows[0] == {"property": "platform", "op": "=", "value": "tmall"}
    assert rows[1]["value"] == "30"
    assert deeper == ""


def test_a_deeper_filter_is_carried_along():
    deep = {
        "or": [
            {"property": "paid", "op": ">", "value": 1},
            {"property": "paid", "op": "<", "value": 0},
        ]
    }
    rows, text = form.conditions({"and": [{"property": "platform", "op": "is_set"}, deep]})
    assert rows == [{"property": "platform", "op": "is_set", "value": ""}]
    again = form.with_filters({"filter": text}, TYPES)
    assert again["filter"] == deep
    assert json.loads(text) == deep
