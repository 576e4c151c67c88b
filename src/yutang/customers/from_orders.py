"""The part of a snapshot that orders tell: sales, purchases of each customer, rhythms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.commerce import CurrentOrders
from yutang.customers import rules
from yutang.customers.buying import Days
from yutang.customers.snapshot import DOMAIN_CODES, People, Restocks, Sales, blank_people

# A line of more pieces was measured, not counted: fuel by the thousandth of a gallon, cloth by mm.
MOST_PIECES = 1_000
# A category has a rhythm when enough gaps were seen and the middle half of them is narrow; gaps
# of purchases at random (exponential) have a middle half of 1.6 medians.
RHYTHM_GAPS = 200
RHYTHM_SPREAD = 0.8
RHYTHM_SHORTEST_DAYS = 3.0


def column(table: pa.Table, name: str) -> NDArray[Any]:
    """A column without nulls as an array."""
    return np.asarray(table.column(name))


def codes(table: pa.Table, name: str) -> tuple[NDArray[np.int32], list[str]]:
    """Codes (-1 = null) and words of a text column."""
    values = table.column(name).combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # an empty table has no chunk
        values = pa.array([], pa.string())
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    return (
        np.asarray(coded.indices.fill_null(-1), np.int32),
        [str(word) for word in coded.dictionary.to_pylist()],
    )


def sales(book: CurrentOrders, words: dict[str, list[str]]) -> Sales:
    """Paid orders and cancellations; `inside` is filled in by the caller. Adds to `words`."""
    orders = book.orders
    paid, refund = column(orders, "paid").astype(bool), column(orders, "refund_fen")
    amount = np.where(paid, column(orders, "paid_fen"), 0)
    # An order never paid with money back is a cancellation invoice; other unpaid ones are no sale.
    rows = np.flatnonzero(paid | ((column(orders, "paid_fen") == 0) & (refund > 0)))
    columns: dict[str, NDArray[np.int32]] = {}
    for name in ("platform", "shop", "domain"):
        columns[name], words[name] = codes(orders, name)
    domain = np.array([DOMAIN_CODES[word] for word in words.pop("domain")], np.uint8)
    customer = column(orders, "customer")[rows]
    first = np.zeros(len(rows), bool)
    bought = np.flatnonzero(paid[rows] & (customer > 0))
    first[bought[starts(customer[bought])]] = True
    return Sales(
        customer=customer,
        at=column(orders, "paid_at")[rows],
        day=column(orders, "day")[rows],
        paid=paid[rows],
        paid_fen=amount[rows],
        refund_fen=refund[rows],
        items=_items(book)[rows],
        domain=domain[columns["domain"][rows]] if len(rows) else np.empty(0, np.uint8),
        platform=columns["platform"][rows],
        shop=columns["shop"][rows],
        first=first,
        inside=np.zeros(len(rows), bool),
    )


def pieces(quantity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Items of lines: what is weighed or measured is one item a line."""
    measured = (quantity != np.floor(quantity)) | (quantity > MOST_PIECES)
    return np.where(measured, 1.0, quantity)


def _items(book: CurrentOrders) -> NDArray[np.float64]:
    """Items of each order: of its priced lines (gifts are lines of 0 yuan), else of all its
    lines (a file without item amounts), else what the header says."""
    n = book.orders.num_rows
    order = column(book.lines, "order")
    quantity = pieces(np.maximum(column(book.lines, "quantity"), 0))
    priced = np.where(column(book.lines, "item_paid_fen") > 0, quantity, 0)
    of_priced = np.bincount(order, priced, minlength=n)
    of_all = np.bincount(order, quantity, minlength=n)
    header = column(book.orders, "quantity")
    out: NDArray[np.float64] = np.where(
        of_priced > 0, of_priced, np.where(of_all > 0, of_all, header)
    )
    return out


def purchases(sold: Sales, size: int) -> People:
    """What the sales say of each customer; the rest is filled in by the caller."""
    who, paid = sold.customer, sold.paid & (sold.customer > 0)
    mine = np.flatnonzero(paid)
    customer, day = who[mine], sold.day[mine]
    begin = starts(customer)
    ends = np.r_[begin[1:], len(mine)] - 1 if len(mine) else begin
    first_at, last_at = np.zeros(size, np.int64), np.zeros(size, np.int64)
    first_at[customer[begin]] = sold.at[mine][begin]
    last_at[customer[ends]] = sold.at[mine][ends]
    new_day = np.r_[True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])]
    domains = np.zeros(size, np.uint8)
    for code in DOMAIN_CODES.values():
        domains[np.unique(who[mine][sold.domain[mine] == code])] |= np.uint8(1 << code)

    def total(rows: NDArray[np.int64], values: NDArray[Any]) -> NDArray[np.float64]:
        sums = np.bincount(who[rows], values[rows].astype(np.float64), minlength=size)
        sums[0] = 0
        return np.asarray(sums, np.float64)

    everything = np.arange(len(who))
    # Sums of fen stay below 2^53, where float64 is exact.
    paid_fen = np.rint(total(mine, sold.paid_fen)).astype(np.int64)
    refunds = np.rint(total(everything, sold.refund_fen)).astype(np.int64)
    return replace(
        blank_people(size),
        orders=np.bincount(customer, minlength=size).astype(np.int32),
        purchase_days=np.bincount(customer[new_day[: len(mine)]], minlength=size).astype(np.int32),
        paid_fen=paid_fen,
        net_fen=paid_fen - refunds,
        items=total(mine, sold.items),
        first_order_at=first_at,
        last_order_at=last_at,
        domains=domains,
    )


def purchase_days(book: CurrentOrders) -> Days:
    """Distinct days with a paid order of each known customer, with the category that most was paid
    for (ties: the one that comes first in words["category"])."""
    orders = book.orders
    customer, day = column(orders, "customer"), column(orders, "day")
    rows = np.flatnonzero(column(orders, "paid").astype(bool) & (customer > 0))
    who, days = customer[rows], day[rows]
    fresh = np.ones(len(rows), bool)
    fresh[1:] = (who[1:] != who[:-1]) | (days[1:] != days[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(rows)) - 1 if len(rows) else first
    place = np.full(orders.num_rows, -1, np.int64)  # order → purchase day
    place[rows] = np.cumsum(fresh) - 1
    return Days(
        who[first].astype(np.uint32),
        days[first].astype(np.int32),
        column(orders, "paid_at")[rows][last],
        _main_category(book, place, len(first)),
    )


def _main_category(book: CurrentOrders, place: NDArray[np.int64], size: int) -> NDArray[np.int32]:
    lines = book.lines
    category, words = codes(lines, "category")
    order = column(lines, "order")
    at = place[order] if len(order) else np.empty(0, np.int64)
    rows = np.flatnonzero((at >= 0) & (category >= 0) & (column(lines, "quantity") > 0))
    keys, inverse = np.unique(at[rows] * max(len(words), 1) + category[rows], return_inverse=True)
    paid = np.bincount(inverse, column(lines, "item_paid_fen")[rows], minlength=len(keys))
    of, kind = np.divmod(keys, max(len(words), 1))
    best = np.lexsort((kind, -paid, of))
    best = best[starts(of[best])]
    out = np.full(size, -1, np.int32)
    out[of[best]] = kind[best]
    return out


def starts(sorted_values: NDArray[Any]) -> NDArray[np.int64]:
    """Positions where a new value begins."""
    if not len(sorted_values):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]])


def seen(book: CurrentOrders, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last moment of each customer in any order, paid or not; 0 = never."""
    customer, at = column(book.orders, "customer"), column(book.orders, "paid_at")
    dated = at > 0
    return _span(customer[dated], at[dated], size)


def _span(
    customer: NDArray[Any], at: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, last = np.full(size, rules.FOREVER, np.int64), np.zeros(size, np.int64)
    np.minimum.at(first, customer, at)
    np.maximum.at(last, customer, at)
    first[first == rules.FOREVER] = 0
    return first, last


def restocks(book: CurrentOrders, words: dict[str, list[str]]) -> Restocks:
    """Categories bought on a rhythm, and who bought each last when."""
    lines = book.lines
    category, words["category"] = codes(lines, "category")
    order = column(lines, "order")
    day = column(book.orders, "day")[order] if len(order) else np.empty(0, np.int32)
    customer = column(lines, "customer")
    rows = np.flatnonzero(
        column(lines, "paid").astype(bool)
        & (column(lines, "quantity") > 0)
        & (customer > 0)
        & (category >= 0)
    )
    by = rows[np.lexsort((day[rows], category[rows], customer[rows]))]
    found = rules.rhythms(
        customer[by],
        category[by],
        day[by],
        least_gaps=RHYTHM_GAPS,
        widest_spread=RHYTHM_SPREAD,
        shortest=RHYTHM_SHORTEST_DAYS,
    )
    kind, low, middle, high, gaps = found
    last = _last_of_runs(customer[by], category[by])
    kept = by[last][np.isin(category[by][last], kind)]
    return Restocks(customer[kept], category[kept], day[kept], kind, low, middle, high, gaps)


def buyers_by_category(book: CurrentOrders) -> dict[str, BitMap]:
    """Category → customers with a paid line of it that is no gift."""
    lines = book.lines
    category, texts = codes(lines, "category")
    customer = column(lines, "customer")
    paid = column(lines, "paid").astype(bool) & (column(lines, "quantity") > 0)
    rows = np.flatnonzero(paid & (customer > 0) & (category >= 0))
    order = rows[np.argsort(category[rows], kind="stable")]
    edges = np.searchsorted(category[order], np.arange(len(texts) + 1))
    found = {
        text: BitMap(np.unique(customer[order[edges[n] : edges[n + 1]]]))
        for n, text in enumerate(texts)
        if text
    }
    return {text: people for text, people in found.items() if people}


def _last_of_runs(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    if not len(a):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.r_[(a[1:] != a[:-1]) | (b[1:] != b[:-1]), True])
