"""The shape of real shopping, taken from the Complete Journey baskets.

Which products lie together, how many of each, at what hour and on which weekday people shop, and
how unevenly their visits are spaced: all of it is drawn from the real baskets; only the names and
prices are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from yutang.demo.assortment import CATEGORIES, FIRST_USUAL, PER_CATEGORY, PRICES_FEN
from yutang.demo.clock import DAY
from yutang.demo.source import local_seconds, source_file

MAX_LINES = 4
"""Larger baskets are the weekly grocery shop; a brand's own parcels are small."""
MAX_QUANTITY = 2


@dataclass(frozen=True)
class Shapes:
    """Real baskets as templates. Per basket: `start`, `size` into the lines, `clock` (seconds of
    the local day), `weekday` (Monday 0), `value_fen` at full price. Per line: `item` (index into
    the assortment), `quantity`. `gaps`: pauses between two shopping days of one household, as a
    multiple of that household's mean pause."""

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    clock: NDArray[np.int64]
    weekday: NDArray[np.int64]
    value_fen: NDArray[np.int64]
    item: NDArray[np.int64]
    quantity: NDArray[np.int64]
    gaps: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start)


def load_shapes() -> Shapes:
    """Read the templates; raises NotFound when the data package is not installed."""
    columns = ["household_id", "basket_id", "product_id", "quantity", "transaction_timestamp"]
    table = pq.read_table(source_file("transactions"), columns=columns)
    basket = table["basket_id"].to_numpy()
    order = np.argsort(basket, kind="stable")
    basket = basket[order]
    start = np.flatnonzero(np.r_[True, basket[1:] != basket[:-1]])
    size = np.diff(np.r_[start, len(basket)])
    seconds = local_seconds(table["transaction_timestamp"])[order][start]
    household = table["household_id"].to_numpy()[order][start]
    gaps = _relative_gaps(household, seconds // DAY)
    item = _items(table["product_id"].to_numpy())[order]
    quantity = np.clip(table["quantity"].to_numpy()[order], 1, MAX_QUANTITY)
    value = np.add.reduceat(PRICES_FEN[item] * quantity, start)
    small = size <= MAX_LINES
    return Shapes(
        start=start[small],
        size=size[small],
        clock=seconds[small] % DAY,
        weekday=(seconds[small] // DAY + 3) % 7,
        value_fen=value[small],
        item=item,
        quantity=quantity,
        gaps=gaps,
    )


def _relative_gaps(household: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pauses between shopping days over the household's mean pause, pooled over households."""
    visits = np.unique(household * 100_000 + day)
    who, when = visits // 100_000, visits % 100_000
    same = who[1:] == who[:-1]
    gap, owner = (when[1:] - when[:-1])[same].astype(np.float64), who[1:][same]
    _, index = np.unique(owner, return_inverse=True)
    mean = np.bincount(index, gap) / np.bincount(index)
    return np.asarray(gap / mean[index])


def _items(product: NDArray[np.int64]) -> NDArray[np.int64]:
    """Our item for each bought product: real categories, by popularity, are dealt out over our
    usual ten; within one of ours the best sellers come first and the tail shares the last items."""
    products, sold = np.unique(product, return_counts=True)
    catalogue = pq.read_table(source_file("products"), columns=["product_id", "product_category"])
    known = catalogue["product_id"].to_numpy()
    by_id = np.argsort(known)
    codes = catalogue["product_category"].combine_chunks().dictionary_encode().indices
    code = codes.fill_null(-1).to_numpy()[by_id] + 1
    place = np.clip(np.searchsorted(known[by_id], products), 0, len(known) - 1)
    category = np.where(known[by_id][place] == products, code[place], 0)
    rank = _ranks(np.bincount(category, sold))
    usual = len(CATEGORIES) - FIRST_USUAL
    ours = rank[category] % usual
    item = np.empty(len(products), np.int64)
    for c in range(usual):
        mine = np.flatnonzero(ours == c)
        place_in_category = _ranks(sold[mine]) // 40
        item[mine] = (FIRST_USUAL + c) * PER_CATEGORY + np.minimum(
            np.log2(place_in_category + 1).astype(np.int64), PER_CATEGORY - 1
        )
    return item[np.searchsorted(products, product)]


def _ranks(amount: NDArray[Any]) -> NDArray[np.int64]:
    """0 for the largest; ties by position."""
    ranks = np.empty(len(amount), np.int64)
    ranks[np.argsort(-amount, kind="stable")] = np.arange(len(amount))
    return ranks
