"""How many baskets hold both of two things.

A basket is an order, or some days of a customer; a pair of one counts once a basket. Work grows
with the square of a basket's things, so things that too few baskets hold for any pair of theirs to
be listed are taken out first (nothing is lost by that: Agrawal and Srikant 1994), and baskets of
more than `most` different things are left out and counted as such (a warehouse's stock order says
nothing about taste).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Ints = NDArray[np.int64]
_BLOCK_CELLS = 4_000_000  # of a sparse product at once


@dataclass(frozen=True)
class Counts:
    """baskets: how many there are; left_out: of more things than allowed; of: baskets by thing; a,
    b, both: pairs a < b with at least `least` baskets, and in how many they are together."""

    baskets: int
    left_out: int
    of: Ints
    a: Ints
    b: Ints
    both: Ints


def distinct(basket: Ints, thing: Ints, things: int) -> tuple[Ints, Ints]:
    """Each (basket, thing) once, sorted by both."""
    if not len(basket):
        return basket, thing
    key = basket * things + thing
    if (key[1:] < key[:-1]).any():
        key = np.sort(key)
    key = key[np.r_[True, key[1:] != key[:-1]]]
    return key // things, key % things


def together(basket: Ints, thing: Ints, things: int, *, least: int, most: int) -> Counts:
    """Pairs in the same basket. basket, thing: int64 by line, from 0; things: how many."""
    basket, thing = distinct(basket, thing, things)
    basket, baskets, sizes = _numbered(basket)
    large = sizes > most
    inside = ~large[basket] if len(basket) else np.empty(0, bool)
    basket, thing = basket[inside], thing[inside]
    of = np.bincount(thing, minlength=things).astype(np.int64)
    a, b, both = _sparse(basket, thing, of, baskets, least)
    return Counts(baskets - int(large.sum()), int(large.sum()), of, a, b, both)


def stretches(customer: Ints, day: Ints, days: int) -> Ints:
    """Number rows (int64, from 0) by stretches of `days` + 1 days: a customer's first purchase
    opens one, the first purchase after its end the next. Stretches do not overlap, so that a table
    of "bought a, bought b" over them is a proper one."""
    span = int(day.max(initial=0)) + days + 2
    moment = customer * span + day
    order = np.argsort(moment, kind="stable")
    sorted_ = moment[order]
    opens = np.zeros(len(sorted_), bool)
    who = customer[order]
    front = np.flatnonzero(np.r_[True, who[1:] != who[:-1]]) if len(who) else order
    while len(front):
        opens[front] = True
        after = np.searchsorted(sorted_, sorted_[front] + days, side="right")
        inside = after < len(sorted_)
        front = after[inside][who[after[inside]] == who[front[inside]]]
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(opens) - 1
    return number


def _numbered(basket: Ints) -> tuple[Ints, int, Ints]:
    """Sorted baskets numbered from 0, how many, and the rows of each."""
    if not len(basket):
        return basket, 0, np.empty(0, np.int64)
    fresh = np.r_[True, basket[1:] != basket[:-1]]
    number = np.cumsum(fresh) - 1
    return number, int(number[-1]) + 1, np.bincount(number).astype(np.int64)


def _sparse(
    basket: Ints, thing: Ints, of: Ints, baskets: int, least: int
) -> tuple[Ints, Ints, Ints]:
    """The upper triangle of XᵀX, block of columns by block of columns."""
    often = np.flatnonzero(of >= max(least, 1))
    place = np.full(len(of), -1, np.int64)
    place[often] = np.arange(len(often))
    known = place[thing] >= 0 if len(thing) else np.empty(0, bool)
    basket, thing = basket[known], place[thing[known]]
    ones = np.ones(len(basket), np.int32)
    x = csr_array((ones, (basket, thing)), shape=(baskets, len(often)))
    xt = x.T.tocsr()
    size = max(1, _BLOCK_CELLS // max(len(often), 1))
    found: list[tuple[Ints, Ints, Ints]] = []
    for start in range(0, len(often), size):
        block = (xt[start : start + size] @ x).tocoo()
        rows, columns = block.coords[0].astype(np.int64) + start, block.coords[1].astype(np.int64)
        kept = (columns > rows) & (block.data >= least)
        found.append((rows[kept], columns[kept], block.data[kept].astype(np.int64)))
    a, b, both = _joined(found)
    order = np.lexsort((b, a))
    return often[a[order]], often[b[order]], both[order]


def _joined(parts: list[tuple[Ints, Ints, Ints]]) -> tuple[Ints, Ints, Ints]:
    if not parts:
        none = np.empty(0, np.int64)
        return none, none, none
    a, b, c = (np.concatenate(column) for column in zip(*parts, strict=True))
    return a, b, c
