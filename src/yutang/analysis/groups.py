"""Grouping by event properties and customer attributes.

Every value becomes an int64 key that means the same in every view: a text's code, a number's bits,
a bucket's place, a business day. A list gives one key per element (`multi`) or its first
(`single`). Groups past the largest `top` are summed as OTHER, in people as distinct people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from yutang.analysis.contract import Column, Context, Kind, Strict
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, day_start
from yutang.sequence.filters import CUSTOMER, property_type
from yutang.sequence.source import ABSENT, Attribute, PropertyType
from yutang.sequence.view import View, gather_lists

# Labels of the groups that are not values; the console translates these three.
ABSENT_LABEL = "(none)"
OTHER_LABEL = "(other)"
NOT_REACHED_LABEL = "(not reached)"
ABSENT_KEY = np.iinfo(np.int64).min
NOT_REACHED_KEY = ABSENT_KEY + 1
OTHER_KEY = ABSENT_KEY + 2
MOST_GROUPS = 100
_MOST_BUCKETS = 50
# Business days start on a quarter of an hour in every zone there is.
_QUARTER_MS = 900_000

Values = Literal["multi", "single"]


def check_edges(edges: list[float] | int | None) -> None:
    """Raises ValueError where these are no edges of buckets and no number of buckets to find."""
    if isinstance(edges, int) and not 2 <= edges <= _MOST_BUCKETS:
        raise ValueError(f"from 2 to {_MOST_BUCKETS} buckets can be found")
    if isinstance(edges, list) and (
        not 1 <= len(edges) <= _MOST_BUCKETS or any(b <= a for a, b in pairwise(edges))
    ):
        raise ValueError("bucket edges are one or more rising numbers")


class GroupBy(Strict):
    """What to group by; `step` (from 1) where a funnel groups by a step's value."""

    property: str = Field(title="属性 Property")
    step: int | None = Field(None, ge=1, le=20, title="步骤 Step")
    buckets: list[float] | int | None = Field(None, title="分段 Buckets")

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"property": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sane_buckets(self) -> GroupBy:
        check_edges(self.buckets)
        return self


@dataclass(frozen=True)
class Dimension:
    """One thing to group by, ready to read."""

    name: str
    step: int | None
    type: PropertyType
    attribute: Attribute | None
    words: Any  # strings by code
    edges: np.ndarray | None
    values: Values
    zone: str
    kind: Kind = "group"

    def keys(self, view: View, rows: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(positions in `rows`, keys). rows: event rows, -1 not reached; who: their customers."""
        if self.attribute is not None:
            return self._of_attribute(view, who)
        missed = rows < 0
        if missed.any():
            at, keys = self._of_rows(view, np.where(missed, 0, rows))
            return _set_missed(at, keys, missed)
        return self._of_rows(view, rows)

    def _of_rows(self, view: View, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.type == "list":
            offsets, codes = view.lists(self.name)
            return self._of_lists(offsets, codes, rows)
        return np.arange(rows.size), self._encode(view.values(self.name)[rows])

    def _of_attribute(self, view: View, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert self.attribute is not None
        values, offsets = self.attribute.values, self.attribute.offsets
        if offsets is not None:
            ids = np.minimum(view.customers[who], offsets.size - 1)
            padded = np.append(offsets, offsets[-1])
            return self._of_lists(padded, values, ids)
        by_customer = view.of_customers(values, ABSENT[self.type])
        return np.arange(who.size), self._encode(by_customer[who])

    def _of_lists(
        self, offsets: np.ndarray, codes: np.ndarray, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if codes.size == 0:
            return np.arange(rows.size), np.full(rows.size, ABSENT_KEY)
        empty = offsets[rows + 1] == offsets[rows]
        if self.values == "single":
            first = codes[np.minimum(offsets[rows], codes.size - 1)].astype(np.int64)
            return np.arange(rows.size), np.where(empty, ABSENT_KEY, first)
        at, found = gather_lists(offsets, codes, rows)
        at = np.concatenate([at, np.flatnonzero(empty)])
        keys = np.concatenate([found.astype(np.int64), np.full(empty.sum(), ABSENT_KEY)])
        pairs = factorize(np.column_stack([at, keys]))[0]  # a value twice counts once
        return pairs[:, 0], pairs[:, 1]

    def _encode(self, values: np.ndarray) -> np.ndarray:
        if self.type == "number":
            absent = np.isnan(values)
            if self.edges is not None:
                keys = np.searchsorted(self.edges, values, side="right").astype(np.int64)
            else:
                keys = (values + 0.0).view(np.int64).copy()  # + 0.0: minus zero is zero
        elif self.type == "time":
            absent = values == ABSENT["time"]
            keys = _business_days(np.where(absent, 0, values), self.zone)
        else:
            absent = values == ABSENT[self.type]
            keys = values.astype(np.int64)
        keys[absent] = ABSENT_KEY
        return keys

    def label(self, key: int) -> str | float | bool:
        """What a person reads for a key."""
        if key in _SPECIAL:
            return _SPECIAL[key]
        if self.type == "number" and self.edges is not None:
            return _bucket_label(self.edges.tolist(), key)
        if self.type == "number":
            number = float(np.int64(key).view(np.float64))
            return int(number) if number.is_integer() else number
        if self.type == "bool":
            return bool(key)
        if self.type == "time":
            return day_of(key, self.zone).isoformat()
        return str(self.words[key])


_SPECIAL = {
    ABSENT_KEY: ABSENT_LABEL,
    NOT_REACHED_KEY: NOT_REACHED_LABEL,
    OTHER_KEY: OTHER_LABEL,
}


def _set_missed(
    at: np.ndarray, keys: np.ndarray, missed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Put those who did not reach the step in one group of their own."""
    there = ~missed[at]
    none = np.flatnonzero(missed)
    at = np.concatenate([at[there], none])
    keys = np.concatenate([keys[there], np.full(none.size, NOT_REACHED_KEY)])
    order = np.argsort(at, kind="stable")
    return at[order], keys[order]


def _business_days(moments: np.ndarray, zone: str) -> np.ndarray:
    quarters, place = np.unique(moments // _QUARTER_MS, return_inverse=True)
    starts = [day_start(day_of(int(q) * _QUARTER_MS, zone), zone) for q in quarters]
    return np.array(starts, np.int64)[place]


def _bucket_label(edges: list[float], bucket: int) -> str:
    if bucket == 0:
        return f"< {edges[0]:g}"
    if bucket == len(edges):
        return f"≥ {edges[-1]:g}"
    return f"{edges[bucket - 1]:g} – {edges[bucket]:g}"


def check_attribute(context: Context, name: str, place: str) -> None:
    """Raises BadInput where `name` is not an attribute of customers."""
    property_type(context.shards, name, place)
    if not name.startswith(CUSTOMER):
        raise BadInput(
            "%(place)s: %(name)s belongs to events, not to customers.",
            hint="The event model groups by it.",
            place=place,
            name=repr(name),
        )


def dimensions(
    context: Context,
    groups: Sequence[GroupBy],
    values: Values,
) -> list[Dimension]:
    """Resolve what to group by."""
    made = []
    for i, group in enumerate(groups):
        place = f"group[{i}]"
        kind = property_type(context.shards, group.property, place)
        name = group.property
        attribute = None
        if name.startswith(CUSTOMER):
            attribute = context.shards.attributes[name.removeprefix(CUSTOMER)]
            if group.step is not None:
                raise BadInput("%(place)s: an attribute belongs to no step.", place=place)
        if group.buckets is not None and kind != "number":
            raise BadInput("%(place)s: only numbers have buckets.", place=place)
        edges = None
        if isinstance(group.buckets, list):
            edges = np.array(group.buckets, np.float64)
        elif group.buckets is not None:
            found = _numbers(context, name) if attribute is None else attribute.values
            edges = even_edges(found, group.buckets)
        words: Any = ()
        if kind in ("string", "list"):
            words = attribute.dictionary if attribute else context.shards.dictionary(name)
        made.append(
            Dimension(name, group.step, kind, attribute, words, edges, values, context.shards.zone)
        )
    return made


def _numbers(context: Context, name: str) -> np.ndarray:
    """All values of an event property, to find buckets in."""
    parts = context.each(lambda view: view.values(name)[view.visible_rows()])
    return np.concatenate(parts) if parts else np.empty(0)


def even_edges(values: np.ndarray, buckets: int) -> np.ndarray:
    """Edges that put about equally many of the present values in each bucket.

    >>> even_edges(np.array([1.0, 2.0, 3.0, 4.0, np.nan]), 2)
    array([2.5])
    """
    present = values[~np.isnan(values)]
    if present.size == 0:
        return np.zeros(1)
    inner = np.linspace(0, 1, buckets + 1)[1:-1]
    return np.unique(np.quantile(present, inner))


def group_keys(
    dims: Sequence[Dimension], view: View, rows: Sequence[np.ndarray], who: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(positions, keys int64 [n, dims]) over all dimensions; lists multiply the positions."""
    if not dims:
        return np.arange(who.size), np.empty((who.size, 0), np.int64)
    at, first = dims[0].keys(view, rows[0], who)
    keys = first.reshape(-1, 1)
    for dim, of_dim in zip(dims[1:], rows[1:], strict=True):
        more, found = dim.keys(view, of_dim[at], who[at])
        at, keys = at[more], np.column_stack([keys[more], found])
    return at, keys


_TASTED, _FEW = 4_096, 256


def factorize(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of keys [n, dims], and the place of each row among them (int64)."""
    if keys.shape[0] == 0:
        return keys, np.empty(0, np.int64)
    place, size = _places(keys[:, 0])
    for column in keys.T[1:]:
        codes, more = _places(column)
        place, size = _places(place * more + codes)
    first = np.zeros(size, np.int64)
    first[place[::-1]] = np.arange(place.size)[::-1]
    return keys[first], place


def _places(keys: np.ndarray) -> tuple[np.ndarray, int]:
    """The place of each key among the distinct ones, and how many there are."""
    special = keys < ABSENT_KEY + len(_SPECIAL)
    small = np.where(special, keys - ABSENT_KEY, keys + len(_SPECIAL))
    if small.min() >= 0 and small.max() < 4 * keys.size + 65_536:  # codes: count, do not sort
        used = np.bincount(small) > 0
        rank = np.cumsum(used) - 1
        return rank[small], int(rank[-1]) + 1
    if np.unique(keys[:_TASTED]).size <= _FEW:  # a hash table that fits the cache beats sorting
        encoded = pa.array(keys).dictionary_encode()
        found, rank = np.unique(np.asarray(encoded.dictionary), return_inverse=True)
        return rank[np.asarray(encoded.indices)], found.size
    found, place = np.unique(keys, return_inverse=True)
    return place, found.size


def labels(dims: Sequence[Dimension], key: tuple[int, ...]) -> tuple[Any, ...]:
    """The labels of one group; OTHER stands for the whole group."""
    return tuple(dim.label(part) for dim, part in zip(dims, key, strict=True))


def largest(
    sizes: dict[tuple[int, ...], float], dims: Sequence[Dimension], top: int
) -> list[tuple[int, ...]]:
    """The largest `top` groups, by size then label; those not reached are always kept."""
    ranked = sorted(sizes, key=lambda key: (-sizes[key], [str(x) for x in labels(dims, key)]))
    kept = ranked[:top]
    return kept + [key for key in ranked[top:] if NOT_REACHED_KEY in key]


def members(
    at: np.ndarray, keys: np.ndarray, count: int, dims: Sequence[Dimension], top: int
) -> tuple[list[tuple[tuple[Any, ...], np.ndarray]], int]:
    """(labels, positions) of the largest groups and OTHER; how many were folded into OTHER.

    at, keys: as `group_keys` gives them, over `count` positions.
    """
    found, place = factorize(keys)
    sizes = np.bincount(place, minlength=len(found))
    by_key = {tuple(key): float(size) for key, size in zip(found.tolist(), sizes, strict=True)}
    kept = largest(by_key, dims, top)
    where = {tuple(key): i for i, key in enumerate(found.tolist())}
    # Short numbers are sorted by their digits, in one pass over all groups.
    order = np.argsort(place.astype(np.uint16) if len(found) <= 1 << 16 else place, kind="stable")
    ends = np.cumsum(sizes)
    chosen = [
        (labels(dims, key), at[order[ends[i] - sizes[i] : ends[i]]])
        for key in kept
        for i in (where[key],)
    ]
    folded = len(by_key) - len(kept)
    if folded:
        others = ~np.isin(place, [where[key] for key in kept])
        member = np.zeros(count, np.bool_)
        member[at[others]] = True
        chosen.append(((OTHER_LABEL,) * len(dims), np.flatnonzero(member)))
    return chosen, folded


def group_columns(dims: Sequence[Dimension]) -> list[Column]:
    """The columns `group_1` … of a table."""
    return [Column(f"group_{i}", dim.name, dim.name, "group") for i, dim in enumerate(dims, 1)]


def group_cells(label: tuple[Any, ...]) -> dict[str, Any]:
    """The cells of one group's row."""
    return {f"group_{i}": value for i, value in enumerate(label, 1)}
