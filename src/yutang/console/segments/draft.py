"""A rule between its form and its tree.

The form's fields are named by their place: `n.0.2.kind` is a field of the third part of the first
part. A box has `join` (and, or) and `not`; a condition has `kind`, `not` and the fields of its
kind. What a form cannot say (a nested filter, a condition behind a number) is carried as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

_NAME = re.compile(r"n((?:\.\d+)*)\.([a-z][a-z0-9_.]*)")
MOST_ROWS = 3  # conditions on the events of one condition
MOST_STEPS = 6
Fields = dict[str, list[str]]


@dataclass
class Leaf:
    """A condition as it was typed, finished or not."""

    kind: str
    negated: bool = False
    fields: Fields = field(default_factory=dict)

    def one(self, name: str, usual: str = "") -> str:
        found = self.fields.get(name)
        return found[0] if found and found[0] != "" else usual

    def many(self, name: str) -> list[str]:
        return [value for value in self.fields.get(name, ()) if value]

    def rows(self, prefix: str) -> int:
        """How many conditions on events there are to show."""
        used = [i for i in range(MOST_ROWS) if f"{prefix}{i}.property" in self.fields]
        return max(used, default=-1) + 1

    @property
    def steps(self) -> int:
        used = [i for i in range(MOST_STEPS) if f"s{i}.events" in self.fields]
        return max(2, max(used, default=-1) + 1)


@dataclass
class Box:
    """Conditions of which all must hold, or one; negated: this must not be so."""

    join: str = "and"
    negated: bool = False
    parts: list[Box | Leaf] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """Types by name: of attributes (without `customer.`), and of what filters of events know."""

    attributes: Mapping[str, str]
    properties: Mapping[str, str]


# --- from the form -------------------------------------------------------------------------------
def read(form: FormData) -> Box:
    """What was typed."""
    found: dict[tuple[int, ...], Fields] = {(): {}}
    for key in form:
        match = _NAME.fullmatch(key)
        if match:
            path = tuple(int(n) for n in match[1].split(".")[1:])[:8]
            found.setdefault(path, {})[match[2]] = [str(value) for value in form.getlist(key)]
            for depth in range(len(path)):
                found.setdefault(path[:depth], {})
    made = _built((), found)
    return made if isinstance(made, Box) else Box(parts=[made])


def _built(path: tuple[int, ...], found: dict[tuple[int, ...], Fields]) -> Box | Leaf:
    fields = found[path]
    negated = fields.pop("not", [""])[0] == "1"
    if "kind" in fields:
        return Leaf(fields.pop("kind")[0], negated, fields)
    inner = sorted(one for one in found if len(one) == len(path) + 1 and one[:-1] == path)
    join = "or" if fields.get("join", [""])[0] == "or" else "and"
    return Box(join, negated, [_built(one, found) for one in inner])


def act(box: Box, said: str) -> None:
    """Change the draft as a button asked: `leaf:PATH`, `box:PATH`, `drop:PATH`, `copy:PATH`,
    `row:PATH:PREFIX`, `step:PATH`. What makes no sense changes nothing."""
    word, _, rest = said.partition(":")
    where, _, more = rest.partition(":")
    path = [int(n) for n in where.split(".")[1:] if n.isdigit()]
    try:
        parent: Any = box
        for n in path[:-1]:
            parent = parent.parts[n]
        target: Any = parent.parts[path[-1]] if path else box
    except (IndexError, AttributeError):
        return
    if word == "leaf" and isinstance(target, Box):
        target.parts.append(Leaf(more or "attribute"))
    elif word == "box" and isinstance(target, Box):
        target.parts.append(Box("or" if target.join == "and" else "and", parts=[Leaf("attribute")]))
    elif word == "drop" and path:
        del parent.parts[path[-1]]
    elif word == "copy" and path:
        parent.parts.insert(path[-1] + 1, _copied(target))
    elif word == "row" and isinstance(target, Leaf) and target.rows(more) < MOST_ROWS:
        target.fields[f"{more}{target.rows(more)}.property"] = [""]
    elif word == "step" and isinstance(target, Leaf) and target.steps < MOST_STEPS:
        target.fields[f"s{target.steps}.events"] = []


def _copied(part: Box | Leaf) -> Box | Leaf:
    if isinstance(part, Leaf):
        return Leaf(part.kind, part.negated, {k: list(v) for k, v in part.fields.items()})
    return Box(part.join, part.negated, [_copied(one) for one in part.parts])
