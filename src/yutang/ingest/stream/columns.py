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
class Values:
    """The values of one name, at the places `rows` (int64, increasing): as a column where their
    type is known and all fit, else as they came (`plain`)."""

    rows: np.ndarray
    plain: list[Any]
    column: pa.Array | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, place: np.ndarray) -> Values:
        """Those at some places, numbered anew: place (int64), new number of each, -1 = left out."""
        rows = place[self.rows]
        if (rows >= 0).all():
            return Values(rows, self.plain, self.column)
        kept = np.flatnonzero(rows >= 0)
        if self.column is not None:
            return Values(rows[kept], [], self.column.take(pa.array(kept)))
        return Values(rows[kept], [self.plain[i] for i in kept.tolist()])


@dataclass
class Columns:
    """Lake columns of n events; misfits as (row, property, reason, value as text); dropped: values
    of blocked properties; seen: property key → (values, new examples)."""

    made: dict[str, pa.Array] = field(default_factory=dict)
    misfits: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    dropped: int = 0
    seen: dictionary.Seen = field(default_factory=dict)


def gather(parts: Sequence[Mapping[str, Any]]) -> dict[str, Values]:
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
    found: dict[str, tuple[list[np.ndarray], list[Any]]] = {}
    for names, rows in shapes.items():
        alike = parts if len(rows) == len(parts) else [parts[row] for row in rows]
        places = np.array(rows, np.int64)
        for name in names:
            column = [part[name] for part in alike]
            mine, told = found.setdefault(name, ([], []))
            if None in column:
                present = [i for i, one in enumerate(column) if one is not None]
                mine.append(places[present])
                told += [column[i] for i in present]
            else:
                mine.append(places)
                told += column
    return {name: _in_order(*one) for name, one in found.items() if one[1]}


def _in_order(parts: list[np.ndarray], values: list[Any]) -> Values:
    rows = np.concatenate(parts)
    if len(parts) > 1:
        order = np.argsort(rows, kind="stable")
        return Values(rows[order], [values[i] for i in order.tolist()])
    return Values(rows, values)


class PropertyColumns:
    """Makes the property columns of one batch, inside its transaction."""

    def __init__(self, connection: Connection, words: Words, keyed_hash: Hash, at: int) -> None:
        self._connection = connection
        self._words = words
        self._hash = keyed_hash
        self._at = at
        self._out = Columns()

    def make(self, found: Mapping[str, Values], n: int) -> Columns:
        """Register what is new, cast, guard personal values; the columns of n events."""
        for name, values in found.items():
            if len(values):
                self._one(name, values, n)
        return self._out

    def _one(self, name: str, values: Values, n: int) -> None:
        rows = values.rows.tolist()
        known = self._known(name, values)
        if isinstance(known, str):
            for row, value in zip(rows, _plain(values), strict=True):
                self._misfit(row, name, known, value, None)
            return
        if known.status == "blocked":
            self._out.dropped += len(values)
            return
        column, bad = _typed(values, known.type)
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
        column = spread(column, values.rows, n)
        before = self._out.made.get(known.field)
        if before is not None:  # two spellings of one name in one batch
            column = pc.coalesce(before, column)
        self._out.made[known.field] = column

    def _known(self, name: str, values: Values) -> Property | str:
        """The property, made on first sight; else why its values are set aside."""
        words = self._words
        found = words.properties.get(name.casefold())
        if found is not None:
            return found
        if words.strict and not name.startswith("$"):
            return "not_in_dictionary"
        type_ = type_of(_plain(values))
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


def _typed(values: Values, type_: str) -> tuple[pa.Array, list[tuple[int, Any, str]]]:
    if values.column is not None and values.column.type == dictionary.TYPES[type_]:
        return values.column, []
    return typed(_plain(values), type_)


def _plain(values: Values) -> list[Any]:
    return values.plain if values.column is None else values.column.to_pylist()


def spread(column: pa.Array, rows: np.ndarray, n: int) -> pa.Array:
    """The values at their rows (int64, increasing) among n, null elsewhere."""
    if len(rows) == n:
        return column
    place = np.full(n, -1, np.int64)
    place[rows] = np.arange(len(rows))
    return column.take(pa.array(place, mask=place < 0))
