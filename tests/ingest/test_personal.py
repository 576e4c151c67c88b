"""Personal values: which texts count, and what stands in their place."""

from __future__ import annotations

import doctest

import pyarrow as pa
import pytest

from yutang.ingest import personal
from yutang.ingest.personal import conceal, guard, kind_of


def told(kind: str, value: str) -> str:
    return f"<{kind} {value}>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("13800000000", "phone"), (" +86 138-0000-0000 ", "phone"), ("008613800000000", "phone"),
        ("12800000000", None), ("138000000001", None), ("call 13800000000", None),
        ("11010519491231002X", "id_card"), ("11010519491231002x", "id_card"),
        ("110105194912310021", None), ("a.b@c.com", "email"), ("a@b", None), ("@", None),
        ("", None),
    ],
)  # fmt: skip
def test_only_whole_values_count(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind
    found, hit = guard(pa.array([text, "plain", None]), "hash", told)
    assert (hit is not None) == (kind is not None)
    assert found.to_pylist()[1:] == ["plain", None]
    assert (found[0].as_py() == text) == (kind is None)


def test_each_spelling_of_a_number_has_one_hash() -> None:
    spelt = pa.array(["13800000000", "+86 138 0000 0000", "0086-138-0000-0000"])
    assert set(guard(spelt, "hash", told)[0].to_pylist()) == {"<phone 13800000000>"}


def test_lists_are_guarded_too() -> None:
    lists = pa.array([["a", "x@y.cn"], None, [], ["b"]])
    found, hit = guard(lists, "hash", told)
    assert found.to_pylist() == [["a", "<email x@y.cn>"], None, [], ["b"]]
    assert hit is not None
    assert hit.tolist() == [True, False, False, False]
    assert guard(lists, "refuse", told)[0].to_pylist() == [None, None, [], ["b"]]
    assert guard(lists, "allow", told) == (lists, None)
    assert guard(lists.slice(1), "hash", told)[1] is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (13800000000, "phone"), (13800000000.0, "phone"), (19999999999, "phone"),
        (12999999999, None), (20000000000, None), (8613800000000, None), (1795356654131, None),
        (1790000000, None), (13800000000.5, None), (-13800000000, None), (True, None),
        (float("inf"), None), (float("nan"), None),
        (440524188001010014, "id_card"), (110105194912310021, None), (0, None),
    ],
)  # fmt: skip
def test_numbers_count_where_they_spell_a_phone(number: float, kind: str | None) -> None:
    concealed = conceal([number], "hash", told)[0]
    assert concealed is number if kind is None else concealed == told(kind, str(int(number)))
    assert conceal(number, "refuse", told) is (number if kind is None else None)
    column = pa.array([1.0, None, float(number)])
    for rule in ("hash", "refuse"):
        found, hit = guard(column, rule, told)
        assert (hit is not None) == (kind == "phone"), "an id card does not fit into a float"
        if hit is not None:
            assert hit.tolist() == [False, False, True]
            assert found.to_pylist() == [1.0, None, None]
    assert guard(column, "allow", told)[0] is column


def test_any_json_is_concealed() -> None:
    value = {"a": ["13800000000", 5], "b": {"c": "x@y.cn"}, "d": True}
    assert conceal(value, "hash", told) == {
        "a": ["<phone 13800000000>", 5], "b": {"c": "<email x@y.cn>"}, "d": True,
    }  # fmt: skip
    assert conceal("13800000000", "refuse", told) is None
    assert conceal(value, "allow", told) is value


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(personal).failed == 0
