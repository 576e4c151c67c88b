"""All that was said of one attribute, one after the other, and what came of it (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from yutang.attributes.rules import Operation, State, apply


@dataclass(frozen=True)
class Change:
    """One operation as it was told. time, received_at: UTC ms; name is "" where the whole profile
    was deleted.

    after: what the source says of the identity since then (None: nothing); effective: that is
    something else than before.
    """

    operation: str
    name: str
    value: Any
    source: str
    identity: int
    time: int
    received_at: int
    after: Any = None
    effective: bool = True


def changes_of(told: Iterable[tuple[Operation, int]]) -> list[Change]:
    """(operation, receipt) of one attribute, deletions of the profile among them → newest first."""
    states: dict[tuple[int, str], State | None] = {}
    found = []
    for one, received_at in sorted(told, key=lambda row: (row[0].time, row[0].key)):
        who = (one.identity, one.source)
        state = states.get(who)
        before = None if state is None else state.value
        states[who] = None if one.operation == "delete" else apply(state, one)
        after = getattr(states[who], "value", None)
        found.append(
            Change(
                one.operation, one.name, one.value, one.source, one.identity, one.time,
                received_at, after, after != before,
            )
        )  # fmt: skip
    return found[::-1]
