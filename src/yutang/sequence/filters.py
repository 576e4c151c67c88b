"""Filters: nested and / or / not over event properties and customer attributes.

JSON: a leaf `{"property": "platform", "op": "=", "value": "tmall"}`, or `{"and": [...]}`,
`{"or": [...]}`, `{"not": {...}}`. `customer.NAME` is an attribute of the customer.

An absent value satisfies nothing but `is_empty` and the negations `!=` and `not_in`, which are
exactly "not =" and "not in". An empty list is absent. Text comparison is by exact characters;
`matches` is RE2 (linear time, whatever the pattern), anywhere in the text.

A condition on text is answered once per distinct text, then looked up by code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from yutang.errors import BadInput
from yutang.sequence import conditions
from yutang.sequence.shard import ShardSet
from yutang.sequence.source import ABSENT, Attribute, PropertyType
from yutang.sequence.view import View, gather_lists

CUSTOMER = "customer."
# Deep or endless filters come from a broken client, not from a person.
_MOST_DEPTH = 12
_MOST_LEAVES = 200

# rows (ascending positions in the view) -> bool for each of them
Mask = Callable[[View, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Filter:
    """A compiled filter. `of_customer`: it asks only for attributes, so it is one per customer."""

    mask: Mask
    of_customer: bool

    def rows(self, view: View, rows: np.ndarray) -> np.ndarray:
        """Which of `rows` pass (bool by position in `rows`)."""
        return self.mask(view, rows)

    def customers(self, view: View) -> np.ndarray:
        """Which customers pass; only for a filter that is `of_customer`."""
        # Every customer of a shard has a row, so his first row stands for him.
        return self.mask(view, view.offsets[:-1])


def compile_filter(
    spec: Mapping[str, Any] | None, shards: ShardSet, *, place: str = "filter", today: date
) -> Filter | None:
    """Compile a filter, or None where there is nothing to filter.

    `place` says where in the request it stands, for the messages of BadInput. `today` is the
    business day that relative dates count from.
    """
    if not spec:
        return None
    return _Compiler(shards, today).compile(spec, place, 1)


def split_filter(
    spec: Mapping[str, Any] | None, shards: ShardSet, *, place: str = "filter", today: date
) -> tuple[Filter | None, Filter | None]:
    """The part of a filter that asks only for attributes, and the rest, to be met together."""
    if not spec:
        return None, None
    compiler = _Compiler(shards, today)
    if set(spec) == {"and"} and isinstance(spec["and"], list):
        parts = [compiler.compile(s, f"{place}.and[{i}]", 2) for i, s in enumerate(spec["and"])]
    else:
        parts = [compiler.compile(spec, place, 1)]
    return (
        _all([part for part in parts if part.of_customer]),
        _all([part for part in parts if not part.of_customer]),
    )


def both(one: Filter | None, other: Filter | None) -> Filter | None:
    """A filter that asks for two; None asks for nothing."""
    return _all([part for part in (one, other) if part is not None])


def _all(parts: list[Filter]) -> Filter | None:
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]

    def mask(view: View, rows: np.ndarray) -> np.ndarray:
        out = parts[0].mask(view, rows)
        for part in parts[1:]:
            out = out & part.mask(view, rows)
        return out

    return Filter(mask, all(part.of_customer for part in parts))


def _any(parts: list[Filter]) -> Filter:
    def mask(view: View, rows: np.ndarray) -> np.ndarray:
        out = parts[0].mask(view, rows)
        for part in parts[1:]:
            out = out | part.mask(view, rows)
        return out

    return Filter(mask, all(part.of_customer for part in parts))


def _not(part: Filter) -> Filter:
    return Filter(lambda view, rows: ~part.mask(view, rows), part.of_customer)


class _Compiler:
    def __init__(self, shards: ShardSet, today: date) -> None:
        self.shards, self.today = shards, today
        self.leaves = 0

    def compile(self, spec: object, place: str, depth: int) -> Filter:
        if not isinstance(spec, Mapping) or not spec:
            raise BadInput("%(place)s: a filter is an object that is not empty.", place=place)
        if depth > _MOST_DEPTH:
            raise BadInput("%(place)s: the filter is nested too deeply.", place=place)
        if "property" in spec:
            return self._leaf(spec, place)
        if len(spec) != 1 or next(iter(spec)) not in ("and", "or", "not"):
            raise BadInput(
                '%(place)s: expected "property", "and", "or" or "not", found %(found)s.',
                place=place,
                found=", ".join(sorted(map(str, spec))),
            )
        word, inner = next(iter(spec.items()))
        if word == "not":
            return _not(self.compile(inner, f"{place}.not", depth + 1))
        if not isinstance(inner, list) or not inner:
            raise BadInput("%(place)s: a list that is not empty belongs here.", place=place)
        parts = [self.compile(s, f"{place}.{word}[{i}]", depth + 1) for i, s in enumerate(inner)]
        return (_all(parts) or parts[0]) if word == "and" else _any(parts)

    def _leaf(self, spec: Mapping[str, Any], place: str) -> Filter:
        self.leaves += 1
        if self.leaves > _MOST_LEAVES:
            raise BadInput("%(place)s: the filter has too many conditions.", place=place)
        unknown = set(spec) - {"property", "op", "value"}
        if unknown:
            raise BadInput(
                "%(place)s: a condition has no %(found)s.", place=place, found=sorted(unknown)[0]
            )
        name, op, value = spec["property"], spec.get("op", "="), spec.get("value")
        kind = property_type(self.shards, name, place)
        test = conditions.Test(kind, op, value, place, self.shards.zone, self.today)
        if op in ("is_set", "is_empty"):
            test.check_no_value()
        if name.startswith(CUSTOMER):
            attribute = self.shards.attributes[name.removeprefix(CUSTOMER)]
            if attribute.closed:
                test.check_known(attribute.dictionary, name)
            return Filter(_attribute_mask(attribute, test), True)
        if kind == "list":
            return Filter(_list_mask(name, test.table(self.shards.dictionary(name)), test), False)
        if kind == "string":
            table = test.table(self.shards.dictionary(name))
            return Filter(lambda view, rows: table[view.values_at(name, rows)], False)
        holds = test.holds()
        return Filter(lambda view, rows: holds(view.values_at(name, rows)), False)


def _attribute_mask(attribute: Attribute, test: conditions.Test) -> Mask:
    """Conditions on attributes are answered per customer, then read for the rows' customers."""
    holds, absent = customers_where(attribute, test)

    def mask(view: View, rows: np.ndarray) -> np.ndarray:
        by_customer: np.ndarray = view.of_customers(holds, absent)[view.place[rows]]
        return by_customer

    return mask


def customers_where(attribute: Attribute, test: conditions.Test) -> tuple[np.ndarray, bool]:
    """bool by customer id: whose value passes; and whether somebody past the end does."""
    kind = attribute.type
    words = pa.chunked_array([pa.array(attribute.dictionary, pa.large_string())])
    if kind == "list":
        table = test.table(words)
        assert attribute.offsets is not None
        return test.any_of(table[attribute.values], attribute.offsets), test.of_absent
    if kind == "string":
        table = test.table(words)
        return table[attribute.values], bool(table[-1])
    holds = test.holds()
    absent = bool(holds(np.array([ABSENT[kind]], attribute.values.dtype))[0])
    return holds(attribute.values), absent


def _list_mask(name: str, table: np.ndarray, test: conditions.Test) -> Mask:
    def mask(view: View, rows: np.ndarray) -> np.ndarray:
        offsets, codes = view.lists(name)
        _, found = gather_lists(offsets, codes, rows)
        lengths = offsets[rows + 1] - offsets[rows]
        cuts = np.concatenate([[0], np.cumsum(lengths)])
        return test.any_of(table[found], cuts)

    return mask


def property_type(shards: ShardSet, name: object, place: str) -> PropertyType:
    """The type of a property or `customer.` attribute; BadInput with the place if unknown."""
    if isinstance(name, str):
        if name.startswith(CUSTOMER):
            attribute = shards.attributes.get(name.removeprefix(CUSTOMER))
            if attribute is not None:
                return attribute.type
        elif name in shards.columns:
            return shards.columns[name].type
    raise BadInput(
        "%(place)s: there is no property %(name)s.",
        hint="The event dictionary in the settings lists them.",
        place=place,
        name=repr(name),
    )
