"""Which rows a model asks about, as the kernels read it: a key by row, and a table of bits by key.

Without filters the keys are the event codes themselves, as they lie in the shard, and nothing is
computed by row. With filters the bits are worked out once per view, only for rows of the events
concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter
from yutang.sequence.kernels.picking import bits_of, place_rows
from yutang.sequence.shard import Listed, ShardSet
from yutang.sequence.view import View

ANY_EVENT = "*"
# Up to so many matchers the bits themselves serve as uint16 keys.
_KEY_BITS = 16
_KEYS = 1 << _KEY_BITS


@dataclass(frozen=True)
class Matcher:
    """Rows of some events, optionally filtered. codes: the event codes."""

    codes: tuple[int, ...]
    filter: Filter | None = None


def matched(view: View, matcher: Matcher) -> Listed:
    """The rows of a view that meet a matcher, ascending; they and their customers counted in the
    view."""
    if len(matcher.codes) == 1:
        listed = view.listed(matcher.codes[0])
        rows, who = listed.rows - np.uint32(view.first_row), listed.who - np.uint32(view.first)
        found = Listed(frozen(rows), frozen(who), listed.day)
    else:
        rows = frozen(view.rows_of(matcher.codes).astype(np.uint32))
        who, day = place_rows(rows, view.time, view.offsets, view.shard.days)
        found = Listed(rows, frozen(who), frozen(day))
    if matcher.filter is None or not found.rows.size:
        return found
    holds = matcher.filter.rows(view, found.rows.astype(np.int64))
    return Listed(*(frozen(values[holds]) for values in found))


def find_codes(shards: ShardSet, events: Sequence[str]) -> tuple[int, ...]:
    """Codes of event names; `*` is every event; a name that never occurred has none."""
    if ANY_EVENT in events:
        return tuple(range(len(shards.event_names)))
    return tuple(sorted({shards.event_codes[e] for e in events if e in shards.event_codes}))


class Bits:
    """Bit i of a row's mask says whether it meets matcher i (at most 32)."""

    def __init__(self, shards: ShardSet, matchers: Sequence[Matcher]) -> None:
        self.matchers = list(matchers)
        self.table = np.zeros(max(len(shards.event_names), 1), np.uint32)
        for bit, matcher in enumerate(self.matchers):
            self.table[list(matcher.codes)] |= np.uint32(1 << bit)
        self.table = frozen(self.table)
        few = len(self.matchers) <= _KEY_BITS
        self._short = frozen(self.table.astype(np.uint16)) if few else self.table
        self._filtered = [i for i, matcher in enumerate(self.matchers) if matcher.filter]

    @property
    def single_codes(self) -> list[int] | None:
        """The code of each matcher, where each is one event without a filter; else None."""
        if self._filtered or any(len(one.codes) != 1 for one in self.matchers):
            return None
        return [one.codes[0] for one in self.matchers]

    def of(self, view: View) -> tuple[np.ndarray, np.ndarray]:
        """(keys uint16 by row, table uint32 by key) of a view."""
        if not self._filtered:
            return view.code, self.table
        rows = view.rows_of(sorted({c for i in self._filtered for c in self.matchers[i].codes}))
        bits = bits_of(view.code, self._short)
        found = bits[rows]
        for i in self._filtered:
            at = np.flatnonzero(found & bits.dtype.type(1 << i))
            check = self.matchers[i].filter
            assert check is not None
            fails = at[~check.rows(view, rows[at])] if at.size else at
            found[fails] &= ~bits.dtype.type(1 << i)
        bits[rows] = found
        if len(self.matchers) <= _KEY_BITS:
            return frozen(bits), _IDENTITY
        table, keys = np.unique(bits, return_inverse=True)
        return frozen(keys.astype(np.uint16)), frozen(table)


_IDENTITY = frozen(np.arange(_KEYS, dtype=np.uint32))


def kept_customers(view: View, of_customer: Filter | None, sample: int) -> np.ndarray:
    """bool by customer of a view, empty where all are kept.

    sample: keep one customer in `sample` (a power of two), by a hash of the id.
    """
    keep = view.keep
    if of_customer is not None:
        passed = of_customer.customers(view)
        keep = passed & keep if keep.size else passed
    if sample > 1:
        drawn = (mix(view.customers) & np.uint64(sample - 1)) == 0
        keep = drawn & keep if keep.size else drawn
    return frozen(keep.astype(np.bool_, copy=False))


def mix(customers: np.ndarray) -> np.ndarray:
    """uint64 hash of customer ids (splitmix64), the same on every machine.

    >>> [hex(x) for x in mix(np.array([1, 2], np.uint32))]
    ['0xe220a8397b1dcdaf', '0x6e789e6aa1b965f4']
    """
    with np.errstate(over="ignore"):
        z = customers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
