"""Which rows: conditions that a data set reads with and a table deletes by, both of one meaning.

A predicate is any of several groups, of each group all conditions: `[[a, b], [c]]` is (a and b) or
c. Values are quoted here and nowhere else; columns are names that stand in the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

import pyarrow as pa
import pyarrow.dataset as ds

Value = int | str | bytes
PARTITION = "day"
COLUMN = re.compile(r"[a-z][a-z0-9_]*")
COMPARED = {"<": "__lt__", ">=": "__ge__"}


@dataclass(frozen=True)
class Condition:
    """`column` is one of the values (`in`), none of them (`not in`), or compared (`<`, `>=`) with
    the only one. Where a column is null, no condition on it holds."""

    column: str
    operator: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not COLUMN.fullmatch(self.column):
            raise ValueError(f"no column can be called {self.column!r}")
        if self.operator in COMPARED and len(self.values) == 1:
            return
        if self.operator not in ("in", "not in"):
            raise ValueError(f"no operator {self.operator!r} for {len(self.values)} values")

    @property
    def sql(self) -> str:
        if self.operator in COMPARED:
            return f"{self.column} {self.operator} {_quoted(self.values[0])}"
        if not self.values:
            return "false" if self.operator == "in" else f"{self.column} IS NOT NULL"
        inside = ", ".join(map(_quoted, self.values))
        if self.operator == "in":
            return f"{self.column} IN ({inside})"
        # Said outright: the engine takes "not in one list or not in another" for always true.
        return f"({self.column} IS NOT NULL AND {self.column} NOT IN ({inside}))"

    @property
    def arrow(self) -> ds.Expression:
        field = ds.field(self.column)
        if self.column != PARTITION and any(isinstance(value, str) for value in self.values):
            # A delete writes texts as views, and Arrow cannot compare those with texts where a
            # file's statistics know the only value of a column.
            field = field.cast(pa.string())
        if self.operator in COMPARED:
            return getattr(field, COMPARED[self.operator])(self.values[0])
        found = field.isin(list(self.values)) if self.values else ds.scalar(False)
        return found if self.operator == "in" else field.is_valid() & ~found


Predicate = Sequence[Sequence[Condition]]


def one_of(column: str, values: Iterable[Value]) -> Condition:
    return Condition(column, "in", tuple(values))


def none_of(column: str, values: Iterable[Value]) -> Condition:
    return Condition(column, "not in", tuple(values))


def at_least(column: str, value: Value) -> Condition:
    return Condition(column, ">=", (value,))


def below(column: str, value: Value) -> Condition:
    return Condition(column, "<", (value,))


def sql_of(predicate: Predicate) -> str:
    """The predicate as a delete understands it. An empty group would be everything: refused."""
    if not all(predicate):
        raise ValueError("a group without conditions would be every row")
    groups = [" AND ".join(one.sql for one in group) for group in predicate]
    return " OR ".join(f"({group})" for group in groups) or "false"


def arrow_of(predicate: Predicate) -> ds.Expression:
    """The predicate as a scan understands it."""
    if not all(predicate):
        raise ValueError("a group without conditions would be every row")
    groups = [reduce(and_, (one.arrow for one in group)) for group in predicate]
    return reduce(or_, groups) if groups else ds.scalar(False)


def _quoted(value: Value) -> str:
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value))
