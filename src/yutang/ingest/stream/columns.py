"""Properties of many records → typed columns, with what does not fit set aside.

Values are gathered by name (rows and values), so that a property costs what it is used, and made
into Arrow columns whole; only a column that Arrow refuses is looked at value by value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from yutang.ingest import dictionary
from yutang.ingest.dictionary import Property
from yutang.ingest.events import fit, type_of
from yutang.ingest.known_words import Words
from yutang.ingest.personal import Hash, conceal, guard
from yutang.ingest.stream.quarantined import as_text

# Python types that Arrow takes into a column without changing what they are (it would take True
# for 1, and a text for a list of its letters).
PLAIN: dict[str, frozenset[type]] = {
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "bool": frozenset({bool}),
    "list": frozenset({list}),
    "time": frozenset(),
}


@dataclass
class Gathered:
    """What n records bring: name → (rows, values)."""

    n: int
    found: dict[str, tuple[list[int], list[Any]]]


@dataclass
class Columns:
    """Lake columns of n events; misfits as (row, property, reason, value as text); dropped: values
    of blocked properties; seen: property key → (values, new examples)."""

    made: dict[str, pa.Array] = field(default_factory=dict)
    misfits: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    dropped: int = 0
    seen: dictionary.Seen = field(default_factory=dict)


def gather(parts: Sequence[Mapping[str, Any]]) -> Gathered:
    """Values by name; nulls count as absent.

    Records of one event have the same names, mostly in the same order: those are read together.
    """
    shapes: dict[tuple[str, ...], list[int]] = {}
    get = shapes.get
    for row, part in enumerate(parts):
        names = tuple(part)
        shape = get(names)
        if shape is None:
            shapes[names] = [row]
        else:
            shape.append(row)
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for names, rows in shapes.items():
        alike = parts if len(rows) == len(parts) else [parts[row] for row in rows]
        for name in names:
            column = [part[name] for part in alike]
            mine, told = found.setdefault(name, ([], []))
            if None in column:
                present = [(row, one) for row, one in zip(rows, column, strict=True)
                           if one is not None]  # fmt: skip
                mine += [row for row, _ in present]
                told += [one for _, one in present]
            else:
                mine += rows
                told += column
    return Gathered(len(parts), {name: one for name, one in found.items() if one[0]})


def text_columns(parts: Sequence[Mapping[str, str]]) -> dict[str, pa.Array]:
    """Columns of text, null where absent: for identities."""
    gathered = gather(parts)
    return {
        name: _spread(pa.array(values, pa.string()), rows, gathered.n)
        for name, (rows, values) in gathered.found.items()
    }


class PropertyColumns:
    """Makes the property columns of one batch, inside its transaction."""

    def __init__(self, connection: Connection, words: Words, keyed_hash: Hash, at: int) -> None:
        self._connection = connection
        self._words = words
        self._hash = keyed_hash
        self._at = at
        self._out = Columns()

    def make(self, gathered: Gathered) -> Columns:
        """Register what is new, cast, guard personal values; the columns of n events."""
        for name, (rows, values) in gathered.found.items():
            self._one(name, rows, values, gathered.n)
        return self._out

    def _one(self, name: str, rows: list[int], values: list[Any], n: int) -> None:
        known = self._known(name, values)
        if isinstance(known, str):
            for row, value in zip(rows, values, strict=True):
                self._misfit(row, name, known, value, None)
            return
        if known.status == "blocked":
            self._out.dropped += len(values)
            return
        column, bad = typed(values, known.type)
        for i, value, reason in bad:
            self._misfit(rows[i], name, reason, value, known)
        rule = self._words.rule_of(known)
        column, hit = guard(column, rule, self._hash)
        if hit is not None and rule == "refuse":
            self._out.misfits += [
                (rows[i], name, "personal_value", None) for i in np.flatnonzero(hit).tolist()
            ]
        guarded = hit is not None or known.privacy in ("hash", "refuse")
        dictionary.see(self._out.seen, known, column, guarded=guarded)
        column = _spread(column, rows, n)
        before = self._out.made.get(known.field)
        if before is not None:  # two spellings of one name in one batch
            column = pc.coalesce(before, column)
        self._out.made[known.field] = column

    def _known(self, name: str, values: list[Any]) -> Property | str:
        """The property, made on first sight; else why its values are set aside."""
        words = self._words
        found = words.properties.get(name.casefold())
        if found is not None:
            return found
        if words.strict and not name.startswith("$"):
            return "not_in_dictionary"
        type_ = type_of(values)
        if type_ is None:
            return "value_misfit"
        made = dictionary.register(self._connection, words.properties, name, type_, self._at)
        if made is not None:
            return made
        full = len(words.properties) >= dictionary.MAX_PROPERTIES
        return "too_many_properties" if full else "name_invalid"

    def _misfit(self, row: int, name: str, reason: str, value: Any, known: Property | None) -> None:
        rule = self._words.rule if known is None else self._words.rule_of(known)
        shown = conceal(value, rule, self._hash)
        self._out.misfits.append((row, name, reason, None if shown is None else as_text(shown)))


def typed(values: list[Any], type_: str) -> tuple[pa.Array, list[tuple[int, Any, str]]]:
    """The values as a column of the type, absent where they do not fit; and (i, value, reason)."""
    if PLAIN[type_].issuperset(map(type, values)):
        try:
            column = pa.array(values, dictionary.TYPES[type_])
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            pass  # one of them does not fit
        else:
            if type_ != "list" or column.flatten().null_count == 0:
                return column, []
    return fit(values, type_)


def _spread(column: pa.Array, rows: list[int], n: int) -> pa.Array:
    """The values at their rows among n, null elsewhere."""
    if len(rows) == n and rows[0] == 0 and rows[-1] == n - 1 and _increases(rows):
        return column
    place = np.full(n, -1, np.int64)
    place[rows] = np.arange(len(rows))
    return column.take(pa.array(place, mask=place < 0))


def _increases(rows: list[int]) -> bool:
    return bool((np.diff(np.array(rows)) > 0).all())
