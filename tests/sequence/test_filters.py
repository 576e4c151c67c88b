"""Filters against plain Python, and the errors that name their place."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sequence.facts import MemoryFacts
from yutang.errors import BadInput
from yutang.sequence.building import build
from yutang.sequence.calendar import day_start
from yutang.sequence.filters import compile_filter, split_filter
from yutang.sequence.shard import open_shards
from yutang.sequence.source import Attribute
from yutang.sequence.view import View

TODAY = date(2026, 3, 10)
ZONE = "Asia/Shanghai"
DAYS = [day_start(TODAY - timedelta(days=n), ZONE) for n in range(5)]
ROWS = [
    {"customer": c, "time": i, "event": "a", **properties}
    for i, (c, properties) in enumerate(
        [
            (1, {"amount": 1.0, "place": "上海市", "gift": True, "due": DAYS[0], "tags": ["a"]}),
            (1, {"amount": -2.5, "place": "", "gift": False, "due": DAYS[1] - 1, "tags": []}),
            (2, {"amount": 3.0, "place": "Beijing", "due": DAYS[2], "tags": ["a", "b"]}),
            (2, {}),
            (3, {"amount": 0.0, "place": "上饶", "gift": True, "due": DAYS[0] - 1, "tags": ["c"]}),
            (9, {"amount": 3.0, "place": "beijing", "gift": False, "due": DAYS[4]}),
        ]
    )
]
CITY = {1: "深圳", 3: "成都"}
AGE = {1: 30.0, 2: 41.5}
FLAGS = {1: ["vip", "new"], 3: ["new"]}


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filters")
    facts = MemoryFacts(ZONE)
    facts.append(ROWS)
    build(facts, folder)
    attributes = {
        "city": Attribute("string", np.array([-1, 0, -1, 1], np.int32), ("深圳", "成都")),
        "age": Attribute("number", np.array([np.nan, 30.0, 41.5, np.nan])),
        "flags": Attribute(
            "list", np.array([0, 1, 1], np.int32), ("vip", "new"), np.array([0, 0, 2, 2, 3])
        ),
    }
    return open_shards(folder, attributes)


def chosen(shards, spec):
    """Numbers of the rows that pass (a row's time is its number)."""
    found = compile_filter(spec, shards, today=TODAY)
    view = View(shards, shards.shards[0], 0, shards.shards[0].customers.size)
    rows = np.arange(view.rows)
    passes = found.rows(view, rows)
    for first in range(view.rows):  # any subset of rows is answered alike
        assert (found.rows(view, rows[first::2]) == passes[first::2]).all()
    return {int(t) for t in view.time[passes]}


def expected(test):
    return {row["time"] for row in ROWS if test(row)}


def present(name, test):
    return lambda row: row.get(name) is not None and bool(test(row[name]))


def attribute(values, test):
    return lambda row: row["customer"] in values and bool(test(values[row["customer"]]))


LEAVES = [
    ({"property": "amount", "op": "=", "value": 3}, present("amount", lambda v: v == 3)),
    ({"property": "amount", "op": "!=", "value": 3}, lambda row: row.get("amount") != 3),
    ({"property": "amount", "op": "in", "value": [0, 1]}, present("amount", lambda v: v in (0, 1))),
    (
        {"property": "amount", "op": "not_in", "value": [0, 1]},
        lambda row: row.get("amount") not in (0, 1),
    ),
    ({"property": "amount", "op": "<", "value": 1}, present("amount", lambda v: v < 1)),
    ({"property": "amount", "op": "<=", "value": 1}, present("amount", lambda v: v <= 1)),
    ({"property": "amount", "op": ">", "value": 1}, present("amount", lambda v: v > 1)),
    ({"property": "amount", "op": ">=", "value": 1}, present("amount", lambda v: v >= 1)),
    (
        {"property": "amount", "op": "between", "value": [0, 1]},
        present("amount", lambda v: 0 <= v <= 1),
    ),
    ({"property": "amount", "op": "is_set"}, present("amount", lambda v: True)),
    ({"property": "amount", "op": "is_empty"}, lambda row: row.get("amount") is None),
    ({"property": "place", "value": "上饶"}, present("place", lambda v: v == "上饶")),
    ({"property": "place", "op": "!=", "value": "上饶"}, lambda row: row.get("place") != "上饶"),
    (
        {"property": "place", "op": "in", "value": ["上饶", "无"]},
        present("place", lambda v: v == "上饶"),
    ),
    (
        {"property": "place", "op": "not_in", "value": ["上饶", ""]},
        lambda row: row.get("place") not in ("上饶", ""),
    ),
    (
        {"property": "place", "op": "contains", "value": "eij"},
        present("place", lambda v: "eij" in v),
    ),
    (
        {"property": "place", "op": "starts", "value": "上"},
        present("place", lambda v: v[:1] == "上"),
    ),
    (
        {"property": "place", "op": "ends", "value": "市"},
        present("place", lambda v: v[-1:] == "市"),
    ),
    (
        {"property": "place", "op": "matches", "value": "^[Bb]e.*g$"},
        present("place", lambda v: re.search("^[Bb]e.*g$", v)),
    ),
    ({"property": "place", "op": "is_set"}, present("place", lambda v: True)),
    ({"property": "place", "op": "is_empty"}, lambda row: row.get("place") is None),
    ({"property": "gift", "op": "=", "value": True}, present("gift", lambda v: v)),
    ({"property": "gift", "op": "!=", "value": True}, lambda row: row.get("gift") is not True),
    ({"property": "gift", "op": "is_empty"}, lambda row: row.get("gift") is None),
    ({"property": "tags", "op": "contains", "value": "a"}, lambda r: "a" in (r.get("tags") or [])),
    (
        {"property": "tags", "op": "in", "value": ["b", "c"]},
        lambda row: bool({"b", "c"} & set(row.get("tags") or [])),
    ),
    (
        {"property": "tags", "op": "not_in", "value": ["b", "c"]},
        lambda row: not {"b", "c"} & set(row.get("tags") or []),
    ),
    ({"property": "tags", "op": "is_set"}, lambda row: bool(row.get("tags"))),
    ({"property": "tags", "op": "is_empty"}, lambda row: not row.get("tags")),
    (
        {"property": "due", "op": "=", "value": "2026-03-09"},
        present("due", lambda v: DAYS[1] <= v < DAYS[0]),
    ),
    (
        {"property": "due", "op": "!=", "value": "2026-03-09"},
        lambda row: row.get("due") is None or not DAYS[1] <= row["due"] < DAYS[0],
    ),
    ({"property": "due", "op": "<", "value": "2026-03-09"}, present("due", lambda v: v < DAYS[1])),
    ({"property": "due", "op": "<=", "value": "2026-03-09"}, present("due", lambda v: v < DAYS[0])),
    ({"property": "due", "op": ">", "value": "2026-03-09"}, present("due", lambda v: v >= DAYS[0])),
    ({"property": "due", "op": ">=", "value": DAYS[2]}, present("due", lambda v: v >= DAYS[2])),
    (
        {"property": "due", "op": ">=", "value": "2026-03-08T00:00:00+08:00"},
        present("due", lambda v: v >= DAYS[2]),
    ),
    (
        {"property": "due", "op": ">=", "value": "2026-03-08T00:00:00"},
        present("due", lambda v: v >= DAYS[2]),
    ),
    (
        {"property": "due", "op": "between", "value": ["2026-03-08", "2026-03-09"]},
        present("due", lambda v: DAYS[2] <= v < DAYS[0]),
    ),
    ({"property": "due", "op": "last", "value": 2}, present("due", lambda v: v >= DAYS[1])),
    ({"property": "due", "op": "before_last", "value": 2}, present("due", lambda v: v < DAYS[1])),
    ({"property": "due", "op": "is_empty"}, lambda row: row.get("due") is None),
    ({"property": "customer.city", "value": "成都"}, attribute(CITY, lambda v: v == "成都")),
    (
        {"property": "customer.city", "op": "!=", "value": "成都"},
        lambda row: CITY.get(row["customer"]) != "成都",
    ),
    ({"property": "customer.age", "op": ">", "value": 30}, attribute(AGE, lambda v: v > 30)),
    ({"property": "customer.age", "op": "is_empty"}, lambda row: row["customer"] not in AGE),
    (
        {"property": "customer.flags", "op": "contains", "value": "new"},
        attribute(FLAGS, lambda v: "new" in v),
    ),
    (
        {"property": "customer.flags", "op": "not_in", "value": ["vip"]},
        lambda row: "vip" not in FLAGS.get(row["customer"], []),
    ),
    ({"property": "customer.flags", "op": "is_empty"}, lambda row: row["customer"] not in FLAGS),
]


@pytest.mark.parametrize(("spec", "test"), LEAVES, ids=[str(spec) for spec, _ in LEAVES])
def test_each_operator_means_what_it_says(shards, spec, test):
    assert chosen(shards, spec) == expected(test)


trees = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: ({"and": [s for s, _ in parts]},
                           lambda row: all(t(row) for _, t in parts))
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: ({"or": [s for s, _ in parts]},
                           lambda row: any(t(row) for _, t in parts))
        ),
        inner.map(lambda part: ({"not": part[0]}, lambda row: not part[1](row))),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(tree=trees)
def test_and_or_not_nest(shards, tree):
    spec, test = tree
    assert chosen(shards, spec) == expected(test)


@settings(max_examples=30, deadline=None)
@given(tree=trees)
def test_a_split_filter_asks_the_same_in_two_halves(shards, tree):
    spec, test = tree
    of_customer, of_rows = split_filter(spec, shards, today=TODAY)
    view = View(shards, shards.shards[0], 0, shards.shards[0].customers.size)
    passes = np.ones(view.rows, bool)
    if of_customer:
        passes &= of_customer.customers(view)[view.place]
    if of_rows:
        passes &= of_rows.rows(view, np.arange(view.rows))
    assert {int(t) for t in view.time[passes]} == expected(test)


def test_no_filter_is_none(shards):
    assert compile_filter(None, shards, today=TODAY) is None
    assert split_filter({}, shards, today=TODAY) == (None, None)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"property": "nowhere", "value": 1}, ["filter", "'nowhere'"]),
        ({"property": "customer.nowhere", "value": 1}, ["'customer.nowhere'"]),
        ({"and": [{"property": "amount", "value": 1}, {"not": {"property": "x"}}]},
         ["filter.and[1].not", "'x'"]),
        ({"property": "amount", "op": "contains", "value": "1"}, ["'contains'", "number"]),
        ({"property": "place", "op": "<", "value": "1"}, ["'<'", "string"]),
        ({"property": "place", "op": "matches", "value": "("}, ["regular expression"]),
        ({"property": "place", "op": "matches", "value": "(?=a)"}, ["regular expression"]),
        ({"property": "place", "op": "matches", "value": "a" * 201}, ["longer than 200"]),
        ({"property": "place", "value": 5}, ["5 is not a text"]),
        ({"property": "amount", "value": "5"}, ["'5' is not a number"]),
        ({"property": "amount", "value": True}, ["True is not a number"]),
        ({"property": "amount", "op": "between", "value": [1]}, ["two values"]),
        ({"property": "amount", "op": "in", "value": []}, ["list of values"]),
        ({"property": "amount", "op": "is_set", "value": 1}, ["takes no value"]),
        ({"property": "gift", "value": 1}, ["true or false"]),
        ({"property": "due", "value": "soon"}, ["'soon' is not a date"]),
        ({"property": "due", "value": "9999-12-31"}, ["not a date"]),
        ({"property": "due", "op": "last", "value": 0}, ["number of days"]),
        ({"property": "amount", "value": 1, "case": 1}, ["no case"]),
        ({"and": []}, ["not empty"]),
        ({"xor": [1]}, ["found xor"]),
        ({"and": [{}]}, ["filter.and[0]"]),
        ({"property": 5}, ["no property 5"]),
        ({"or": [{"property": "amount", "value": 1}] * 201}, ["too many"]),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_with_its_place(shards, spec, words):
    with pytest.raises(BadInput) as caught:
        compile_filter(spec, shards, today=TODAY)
    for word in words:
        assert word in str(caught.value)


def test_a_bottomless_filter_is_refused(shards):
    spec = {"property": "amount", "value": 1}
    for _ in range(20):
        spec = {"not": spec}
    with pytest.raises(BadInput, match="too deeply"):
        compile_filter(spec, shards, today=TODAY)
