"""Sums and distinct counts of sales by bucket: vectorised, over columns sorted by customer.

Distinct buyers need no set: sales are sorted by customer and then by time, so buckets rise within
a customer, and a buyer is new to a bucket where customer or bucket changes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.metrics import REPURCHASE_WINDOW_DAYS
from yutang.customers import DOMAIN_CODES, Sales

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Totals:
    """Sums by bucket (float64; money in fen). `known` = of orders with a known customer;
    `domain_*` are by domain and bucket (3 × n, rows in the order of DOMAIN_CODES)."""

    order_refund_fen: Counts  # of paid orders only
    known_paid_fen: Counts
    known_orders: Counts
    known_items: Counts
    new_buyers: Counts
    domain_paid_fen: Counts
    domain_net_fen: Counts  # less refunds, those of cancellations without their order included
    domain_orders: Counts
    domain_items: Counts
    domain_known_orders: Counts
    domain_inside_net_fen: Counts  # from customers in the pool when they paid
    buyers: Counts
    domain_buyers: Counts

    @property
    def paid_fen(self) -> Counts:
        return np.asarray(self.domain_paid_fen.sum(axis=0), np.float64)

    @property
    def net_fen(self) -> Counts:
        return np.asarray(self.domain_net_fen.sum(axis=0), np.float64)

    @property
    def orders(self) -> Counts:
        return np.asarray(self.domain_orders.sum(axis=0), np.float64)

    @property
    def items(self) -> Counts:
        return np.asarray(self.domain_items.sum(axis=0), np.float64)

    @property
    def inside_net_fen(self) -> Counts:
        return np.asarray(self.domain_inside_net_fen.sum(axis=0), np.float64)


DISTINCT = ("buyers", "domain_buyers")


def rows_between(sales: Sales, first_day: int, last_day: int) -> NDArray[np.int64]:
    """Rows of sales on these business days, in their order."""
    return np.flatnonzero((sales.day >= first_day) & (sales.day <= last_day))


def totals(
    sales: Sales, rows: NDArray[np.int64], bucket: NDArray[np.int64], buckets: int
) -> Totals:
    """Totals of these rows; `bucket` says for each row where it counts (0 … buckets − 1)."""
    customer, paid = sales.customer[rows], sales.paid[rows]
    domain = sales.domain[rows].astype(np.int64)
    amount, refund = sales.paid_fen[rows], sales.refund_fen[rows]
    items = sales.items[rows] * paid
    net = amount - refund
    by_domain = domain * buckets + bucket
    # Nobody's sales (customer 0) stand first.
    known = slice(int(np.searchsorted(customer, np.uint32(0), side="right")), None)

    def add(values: NDArray[np.generic], part: slice = slice(None)) -> Counts:
        return _count(bucket[part], values[part], buckets)

    def add_domain(values: NDArray[np.generic], part: slice = slice(None)) -> Counts:
        size = len(DOMAIN_CODES) * buckets
        return _count(by_domain[part], values[part], size).reshape(-1, buckets)

    buyers, domain_buyers = _buyers(
        customer[known], paid[known], domain[known], bucket[known], buckets
    )
    return Totals(
        order_refund_fen=add(refund * paid),
        known_paid_fen=add(amount, known),
        known_orders=add(paid, known),
        known_items=add(items, known),
        new_buyers=add(sales.first[rows], known),
        domain_paid_fen=add_domain(amount),
        domain_net_fen=add_domain(net),
        domain_orders=add_domain(paid),
        domain_items=add_domain(items),
        domain_known_orders=add_domain(paid, known),
        domain_inside_net_fen=add_domain(net * sales.inside[rows], known),
        buyers=buyers,
        domain_buyers=domain_buyers,
    )


def summed(found: Totals, sales: Sales, rows: NDArray[np.int64]) -> Totals:
    """The same rows in one bucket: sums are added up, distinct buyers are counted again."""
    rows = rows[sales.customer[rows] > 0]
    once = np.zeros(len(rows), np.int64)
    buyers, domain_buyers = _buyers(
        sales.customer[rows], sales.paid[rows], sales.domain[rows], once, 1
    )
    sums = {
        field.name: np.atleast_1d(getattr(found, field.name).sum(axis=-1, keepdims=True))
        for field in fields(Totals)
        if field.name not in DISTINCT
    }
    return Totals(**sums, buyers=buyers, domain_buyers=domain_buyers)


def _buyers(
    customer: NDArray[np.uint32],
    paid: NDArray[np.bool_],
    domain: NDArray[np.generic],
    bucket: NDArray[np.int64],
    buckets: int,
) -> tuple[Counts, Counts]:
    """Distinct buyers by bucket, and by domain and bucket."""
    by_domain = []
    for code in DOMAIN_CODES.values():
        mine = paid & (domain == code)
        by_domain.append(_distinct(customer[mine], bucket[mine], buckets))
    return _distinct(customer[paid], bucket[paid], buckets), np.stack(by_domain)


def _count(at: NDArray[np.int64], weights: NDArray[np.generic] | None, size: int) -> Counts:
    # Sums of fen stay below 2^53, where float64 is exact.
    found = np.bincount(at, None if weights is None else weights.astype(np.float64), minlength=size)
    return np.asarray(found, np.float64)


def _distinct(customer: NDArray[np.uint32], bucket: NDArray[np.int64], buckets: int) -> Counts:
    """Distinct customers by bucket; rows sorted by customer, then bucket."""
    if not len(customer):
        return np.zeros(buckets)
    new = np.r_[True, (customer[1:] != customer[:-1]) | (bucket[1:] != bucket[:-1])]
    return np.bincount(bucket[new], minlength=buckets).astype(np.float64)


@dataclass(frozen=True)
class Rolling:
    """Buyers, and those who bought on two days or more, in the window that ends on each day.

    `first` is the day number of index 0.
    """

    first: int
    buyers: NDArray[np.int64]
    repeaters: NDArray[np.int64]

    def at(self, day: int) -> tuple[int, int]:
        """(buyers, repeaters) of the window that ends on `day`."""
        i = day - self.first
        if not 0 <= i < len(self.buyers):
            return (0, 0)
        return int(self.buyers[i]), int(self.repeaters[i])


def rolling(sales: Sales, window: int = REPURCHASE_WINDOW_DAYS) -> Rolling:
    """Repurchase of every window of `window` days at once.

    A purchase day d of a customer, with p and q his two purchase days before it, is his first in
    the windows that hold d but not p, and his second in those that hold p but not q. Both are
    ranges of window ends, so one pass of differences counts all windows.
    """
    rows = np.flatnonzero(sales.paid & (sales.customer > 0) & (sales.day > 0))
    customer, day = sales.customer[rows], sales.day[rows].astype(np.int64)
    if len(rows):
        new = np.r_[True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])]
        customer, day = customer[new], day[new]
    if not len(day):
        return Rolling(0, np.empty(0, np.int64), np.empty(0, np.int64))
    never = np.int64(-(2**40))
    before = np.r_[never, np.where(customer[1:] == customer[:-1], day[:-1], never)]
    earlier = np.r_[never, np.where(customer[1:] == customer[:-1], before[:-1], never)]
    first, size = int(day.min()), int(day.max() - day.min()) + window + 1
    buyers = _ranges(np.maximum(day, before + window), day + window, first, size)
    repeaters = _ranges(np.maximum(day, earlier + window), before + window, first, size)
    return Rolling(first, buyers, repeaters)


def _ranges(
    begin: NDArray[np.int64], end: NDArray[np.int64], first: int, size: int
) -> NDArray[np.int64]:
    """How many of the ranges [begin, end) hold each day from `first` on."""
    real = begin < end
    steps = np.bincount(begin[real] - first, minlength=size + 1).astype(np.int64)
    steps -= np.bincount(np.minimum(end[real] - first, size), minlength=size + 1)
    return np.cumsum(steps)[:size]
