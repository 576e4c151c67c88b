"""A view: a range of one shard's customers, with the property values the models ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from yutang.sequence.files import frozen
from yutang.sequence.kernels.picking import merge_rows, rows_with
from yutang.sequence.shard import Listed, Shard, ShardSet
from yutang.sequence.source import ABSENT, DTYPES, Attribute


class View:
    """Customers [first, end) of a shard, by position, and their rows.

    Row numbers and customer positions handed out are relative to the view. `time`, `code` are by
    row; `offsets` (int64, one more than customers) are relative; `customers` are the ids.
    """

    def __init__(self, shards: ShardSet, shard: Shard, first: int, end: int) -> None:
        self.shards, self.shard = shards, shard
        self.first = first
        self.first_row, self.end_row = int(shard.offsets[first]), int(shard.offsets[end])
        self.customers = shard.customers[first:end]
        self.offsets = frozen(shard.offsets[first : end + 1] - self.first_row)
        self.time = shard.time[self.first_row : self.end_row]
        self.code = shard.code[self.first_row : self.end_row]
        self.keep = shard.keep[first:end]
        self._values: dict[str, np.ndarray] = {}

    @property
    def rows(self) -> int:
        return self.time.size

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        return self.shards.attributes

    def listed(self, code: int) -> Listed:
        """The rows of one event; they and their customers are counted in the shard: less
        `first_row` and `first` they are the view's."""
        return self.shard.listed(code).between(self.first_row, self.end_row)

    def rows_of(self, codes: Sequence[int]) -> np.ndarray:
        """The rows of these events, ascending, int64."""
        parts = [self.listed(code).rows for code in codes]
        if sum(part.size for part in parts) * (1 + len(parts).bit_length()) < self.rows:
            return merged([part for part in parts if part.size], self.first_row)
        wanted = np.zeros(len(self.shards.event_names), np.uint32)
        wanted[list(codes)] = 1
        return np.asarray(rows_with(self.code, frozen(wanted), np.uint32(1)))

    def values(self, name: str) -> np.ndarray:
        """A property (not a list) by row; absent ones as `source.ABSENT` says."""
        if name not in self._values:
            file = self.shard.column(name)
            if file is None:
                kind = self.shards.columns[name].type
                self._values[name] = frozen(np.full(self.rows, ABSENT[kind], DTYPES[kind]))
            else:
                self._values[name] = file.read(self.first_row, self.end_row)
        return self._values[name]

    def values_at(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The same for ascending `rows` only: a sparse property is not spread over all rows."""
        file = self.shard.column(name)
        if name in self._values or file is None or file.index is None:
            return np.asarray(self.values(name)[rows])
        kind = self.shards.columns[name].type
        out: np.ndarray = np.full(rows.size, ABSENT[kind], DTYPES[kind])
        at, found, _ = file.take(rows + self.first_row)
        out[at] = found
        return out

    def lists(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A list property by row: offsets (one more than rows) and codes."""
        file = self.shard.column(name)
        if file is None:
            return np.zeros(self.rows + 1, np.int64), np.empty(0, np.int32)
        return file.read_lists(self.first_row, self.end_row)

    @cached_property
    def place(self) -> np.ndarray:
        """int64 position in `customers` of each row's customer."""
        return np.repeat(np.arange(self.customers.size), np.diff(self.offsets))

    def visible_rows(self) -> np.ndarray:
        """bool by row: its customer is not hidden by the overlay."""
        if self.keep.size == 0:
            return np.ones(self.rows, np.bool_)
        return np.repeat(self.keep, np.diff(self.offsets))

    def of_customers(self, values: np.ndarray, absent: float | int) -> np.ndarray:
        """An array by customer id, read for this view's customers; `absent` past its end."""
        out = np.full(self.customers.size, absent, values.dtype)
        known = self.customers < values.size
        out[known] = values[self.customers[known]]
        return out


def view_of(shards: ShardSet, customer: int) -> View | None:
    """The rows of one customer; None where he has none."""
    for shard in shards.shards:
        at = int(np.searchsorted(shard.customers, np.uint32(customer)))
        here = at < shard.customers.size and shard.customers[at] == customer
        if here and (not shard.keep.size or shard.keep[at]):
            return View(shards, shard, at, at + 1)
    return None


def gather_lists(
    offsets: np.ndarray, values: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of the lists of `rows`: for each element the position in `rows`, and its code."""
    first, end = offsets[rows], offsets[rows + 1]
    lengths = end - first
    at = np.repeat(np.arange(rows.size), lengths)
    steps = np.arange(at.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return at, values[np.repeat(first, lengths) + steps]


def merged(lists: list[np.ndarray], first: int) -> np.ndarray:
    """Ascending lists of row numbers (uint32, no number twice) as one, int64, less `first`."""
    while len(lists) > 1:
        lists.sort(key=len)
        a, b, *rest = lists
        lists = [frozen(merge_rows(a, b)), *rest]
    found = lists[0] if lists else np.empty(0, np.uint32)
    return found.astype(np.int64) - first
