"""What operations on attributes come to (pure).

Operations are folded in the order of their time, at one time in the order of their keys: so any
order of arrival gives the same. What an operation makes of a value:

  set        the value                            set_once   the value, where there is none
  increment  the sum, counted from 0 where there is no number
  append     the list with what it lacks, in order unset     none
  delete     no attribute of that identity and source is left
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

OPERATIONS = ("set", "set_once", "increment", "append", "unset", "delete")
WHOLE = ""  # the name under which a deleted profile is noted
DIGITS = 6  # of a sum after the point: so the order of adding is not seen in the last bits
LIST_LIMIT = 1_000  # values of one list; what comes later is left out


@dataclass(frozen=True)
class Operation:
    """One operation on one attribute. time: corrected UTC ms; key: 16 bytes, tells operations of
    one time apart; name is "" for `delete`."""

    identity: int
    source: str
    operation: str
    name: str
    value: Any
    time: int
    key: bytes


@dataclass(frozen=True)
class State:
    """An attribute after its operations. value: None where there is none; since: the time of the
    last operation that made what was before it meaningless (0: none did); time: of the last
    operation; kind: set | sum (every operation since is an increment) | list | mixed."""

    value: Any
    since: int
    time: int
    kind: str


def fits(operation: str, value: Any) -> bool:
    """Has the operation a meaning with this value? Only numbers can be added up, and only texts
    (or lists of them) be collected."""
    if operation == "increment":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value)
    if operation == "append":
        return isinstance(value, str) or (
            isinstance(value, list) and all(isinstance(one, str) for one in value)
        )
    return True


def apply(state: State | None, one: Operation) -> State:
    """The state after an operation that is later than all of the state."""
    value, since, kind = (None, 0, "") if state is None else (state.value, state.since, state.kind)
    if one.operation == "set":
        return State(one.value, one.time, one.time, "set")
    if one.operation == "unset":
        return State(None, one.time, one.time, "set")
    if one.operation == "set_once":
        if value is None:
            return State(one.value, since, one.time, "mixed")
        return State(value, since, one.time, kind)
    if one.operation == "increment":
        added = sum_of(one.value, _number(value))
        return State(added, since, one.time, "sum" if kind in ("", "sum") else "mixed")
    assert one.operation == "append", one.operation
    return State(united(value, one.value), since, one.time, "list" if kind in ("", "list") else
                 "mixed")  # fmt: skip


def fold(operations: Iterable[Operation]) -> dict[str, State]:
    """The attributes of one identity and source, by name, from all its operations.

    A deleted profile leaves a state under the name WHOLE, with its time.
    """
    states: dict[str, State] = {}
    for one in sorted(operations, key=lambda one: (one.time, one.key)):
        if one.operation == "delete":
            states = {WHOLE: State(None, one.time, one.time, "set")}
        else:
            states[one.name] = apply(states.get(one.name), one)
    return states


def step(states: dict[str, State], one: Operation) -> bool:
    """Apply an operation to the attributes of its identity and source, in place; False where only
    all operations together can tell what it comes to."""
    whole = states.get(WHOLE)
    if one.operation == "delete":
        last = max((state.time for state in states.values()), default=-1)
        if one.time <= last:
            return whole is not None and one.time < whole.time
        states.clear()
        states[WHOLE] = State(None, one.time, one.time, "set")
        return True
    if whole is not None and one.time <= whole.time:
        return one.time < whole.time  # of a profile that was deleted later
    state = states.get(one.name)
    if state is None or one.time > state.time:
        states[one.name] = apply(state, one)
        return True
    if one.time < state.since:
        return True  # overwritten since
    if one.operation == "increment" and state.kind == "sum" and one.time != state.since:
        total = sum_of(state.value, one.value)
        states[one.name] = State(total, state.since, state.time, "sum")
        return True
    return False


def sum_of(a: float, b: float) -> float:
    total = a + b
    return round(total, DIGITS) if isinstance(total, float) else total


def united(value: Any, added: Any) -> list[str]:
    before = value if isinstance(value, list) else [] if value is None else [str(value)]
    found = dict.fromkeys(before)
    found.update(dict.fromkeys([added] if isinstance(added, str) else added))
    return list(found)[:LIST_LIMIT]


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else 0
