"""Values: what fits, what is left out and why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.catalog.identity_kinds import KINDS
from yutang.catalog.records import Limits
from yutang.connectors.wire.opening import Misshapen
from yutang.connectors.wire.values import (
    KNOWN_NAMES,
    PLAIN_NAMES,
    NameRule,
    fit_operations,
    fit_properties,
    identity_text,
    kind_text,
    padded_ms,
)

LIMITS = Limits()


def fit(given, limits=LIMITS, **more):
    return fit_properties(given, PLAIN_NAMES, limits, **more)


def test_plain_values_stay_and_null_is_absent():
    given = {"n": 1, "x": 1.5, "t": "a", "b": False, "l": ["a"], "no": None}
    made, misfits = fit(given)
    assert made == {"n": 1, "x": 1.5, "t": "a", "b": False, "l": ["a"]}
    assert misfits == []
    assert "no" in given  # the raw record is never touched


def test_objects_become_json_text_and_other_lists_texts():
    made, misfits = fit({"o": {"名": [1]}, "l": [{"sku": "A"}], "m": [1, 2.0, True, None, "x"]})
    assert made == {"o": '{"名":[1]}', "l": '[{"sku":"A"}]', "m": ["1", "2", "true", "x"]}
    assert misfits == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x" * 9_000, "too_large"),
        (["x" * 9_000], "too_large"),
        (["x"] * 1_001, "too_large"),
        ({"a": "x" * 9_000}, "too_large"),
        ([[[[[[1]]]]]], "too_deep"),
        ({"a": {"b": {"c": {"d": {"e": {}}}}}}, "too_deep"),
    ],
)
def test_too_much_is_left_out_and_told(value, reason):
    made, misfits = fit({"big": value, "n": 1})
    assert made == {"n": 1}
    assert misfits == [("big", reason, value)]


def test_the_deepest_and_longest_allowed_stay():
    made, misfits = fit({"deep": [[[[[1]]]]], "long": "x" * 8_191})
    assert misfits == []
    assert made["deep"] == "[[[[[1]]]]]"


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 101])
def test_names_that_cannot_be_columns_are_left_out(name):
    assert fit({name: 1}) == ({}, [(name, "name_invalid", 1)])


def test_too_many_properties_set_the_record_aside():
    with pytest.raises(Misshapen) as found:
        fit({str(i): i for i in range(301)})
    assert found.value.reason == "too_many_properties"


@pytest.mark.parametrize(
    ("text", "ms"),
    [(".5", "005"), (".05", "005"), (".005", "005"), (".500", "500"), (".50", "050")],
)
def test_milliseconds_without_padding(text, ms):
    sent = "2024-05-01 12:00:00" + text
    assert padded_ms(sent) == f"2024-05-01 12:00:00.{ms}"
    assert fit({"at": sent}, unpadded_ms=True)[0]["at"] == f"2024-05-01 12:00:00.{ms}"
    assert fit({"at": sent})[0]["at"] == sent


@pytest.mark.parametrize(
    "text", ["2024-05-01", "2024-05-01 12:00:00", "2024-05-01 12:00:00.1234", "x" * 30 + ".5"]
)
def test_other_text_is_no_date(text):
    assert padded_ms(text) == text


def test_operations():
    def done(operation, given):
        return fit_operations(operation, given, PLAIN_NAMES, LIMITS)

    assert done("set", {"a": 1, "b": None}) == ([("set", "a", 1)], [])
    assert done("increment", {"a": 2, "b": "x", "c": True}) == (
        [("increment", "a", 2)],
        [("b", "value_misfit", "x"), ("c", "value_misfit", True)],
    )
    appended = [("append", "a", ["x"]), ("append", "b", ["y"])]
    assert done("append", {"a": "x", "b": ["y"]})[0] == appended
    assert done("unset", {"a": None})[0] == [("unset", "a", None)]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text(), anything, max_size=5))
def test_every_value_is_kept_or_told(given):
    made, misfits = fit(given)
    told = {name for name, _, _ in misfits}
    assert set(made) | told == {name for name, value in given.items() if value is not None}
    assert not set(made) & told
    for value in made.values():
        assert isinstance(value, bool | int | float | str | list)
        assert not isinstance(value, list) or all(isinstance(one, str) for one in value)
    json.dumps(made)


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), (7, "7"), (0, "0"), (True, None), ("", None), (" ", None), (None, None),
     ("x" * 255, "x" * 255), ("x" * 256, None), (10**30, None), ([], None), (1.5, None)],
)  # fmt: skip
def test_identities(value, text):
    assert identity_text(value) == text


@given(st.text())
def test_kinds_are_well_formed(key):
    kind = kind_text(key)
    assert kind is None or (kind[0].isalpha() and kind.isascii() and len(kind) <= 40)


def test_our_own_kinds_are_kinds():
    assert [kind_text(kind.code) for kind in KINDS] == [kind.code for kind in KINDS]


def test_a_rule_does_not_remember_without_end():
    rule = NameRule(lambda name: True)
    for i in range(KNOWN_NAMES + 10):
        assert rule.allows(str(i))
    assert len(rule.known) == KNOWN_NAMES
