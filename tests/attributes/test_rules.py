"""Operations on attributes: any order of arrival comes to the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.attributes import Operation, fits
from yutang.attributes.rules import State, fold, step

VALUES = {
    "set": st.sampled_from([1, 2, "a", ["x"], None, 2.5]),
    "set_once": st.sampled_from([7, "b"]),
    "increment": st.sampled_from([1, -2, 0.1, 0.25]),
    "append": st.sampled_from([["x"], ["y", "x"], "z", []]),
    "unset": st.just(True),
    "delete": st.none(),
}


@st.composite
def operations(draw: st.DrawFn) -> list[Operation]:
    """Of one identity and source; times and names collide often."""
    found = []
    for n in range(draw(st.integers(0, 12))):
        what = draw(st.sampled_from([*VALUES, "increment", "set"]))
        name = "" if what == "delete" else draw(st.sampled_from("ab"))
        time = draw(st.integers(1, 6))
        found.append(Operation(1, "app", what, name, draw(VALUES[what]), time, bytes([n])))
    return found


def naive(found: list[Operation]) -> dict[str, Any]:
    """Values alone, written down as one would explain them."""
    values: dict[str, Any] = {}
    for one in sorted(found, key=lambda one: (one.time, one.key)):
        now = values.get(one.name)
        match one.operation:
            case "set":
                values[one.name] = one.value
            case "set_once":
                values[one.name] = one.value if now is None else now
            case "increment":
                number = now if isinstance(now, int | float) else 0
                values[one.name] = round(number + one.value, 6)
            case "append":
                was = now if isinstance(now, list) else [] if now is None else [str(now)]
                added = [one.value] if isinstance(one.value, str) else one.value
                values[one.name] = list(dict.fromkeys([*was, *added]))
            case "unset":
                values.pop(one.name, None)
            case "delete":
                values.clear()
    return {name: value for name, value in values.items() if value is not None}


def values_of(states: dict[str, State]) -> dict[str, Any]:
    return {name: state.value for name, state in states.items() if state.value is not None}


@given(operations())
def test_folding_gives_what_one_would_expect(found: list[Operation]) -> None:
    assert values_of(fold(found)) == naive(found)


@given(operations(), st.randoms())
def test_any_order_of_arrival_comes_to_the_same(found: list[Operation], draw: Any) -> None:
    arrived: list[Operation] = []
    states: dict[str, State] = {}
    for one in draw.sample(found, len(found)):
        arrived.append(one)
        if not step(states, one):
            states = fold(arrived)
    assert values_of(states) == values_of(fold(found))
    assert states == fold(found)


@pytest.mark.parametrize(
    ("operation", "value", "sound"),
    [
        ("increment", 1, True), ("increment", True, False), ("increment", "1", False),
        ("increment", float("inf"), False), ("append", "a", True), ("append", ["a", 1], False),
        ("append", 3, False), ("set", {"any": "thing"}, True),
    ],
)  # fmt: skip
def test_only_numbers_add_up_and_only_texts_are_collected(
    operation: str, value: Any, sound: bool
) -> None:
    assert fits(operation, value) is sound
