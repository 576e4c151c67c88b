"""What was sold, as arrays: orders, their lines, and what a product is.

A product is what carries one item number; without a number, what carries one title. A brand that
sells the same thing under other numbers on every platform says so (`identify` = title). A spec 规格
is a product with its SKU, or with what its spec field says. The category, brand and title of a
product are those of its newest line that has them, so that a renamed one is one. Gifts (lines of 0
yuan in an order that has priced ones) are no sale.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from yutang.commerce import CurrentOrders
from yutang.customers import DOMAIN_CODES, pieces

Identify = Literal["item", "title"]
Level = Literal["product", "spec", "category"]
LEVELS: tuple[Level, ...] = ("product", "spec", "category")
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
_BETWEEN = "\x1f"  # between product and spec: no file has it


@dataclass(frozen=True)
class Units:
    """Things of one level, numbered. keys: stable ids for addresses; names: what people call them;
    of_line: the thing of each line (int32, -1 = none); category: its category (number among the
    category units, -1 = none); product: number of its product (of specs; else itself)."""

    level: Level
    keys: list[str]
    names: list[str]
    of_line: Codes
    category: Codes
    product: Codes

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class Goods:
    """Sales of one facts version.

    By order, sorted by customer, then moment: customer uint32 (0 = unknown), day int32 (business
    day), at int64 (ms), domain uint8 (DOMAIN_CODES), place int32 (the how-manieth order of that
    customer, from 0; -1 = unknown customer). By line: order int32 (place in those), pieces float64
    (gifts left out, what is weighed is one), paid_fen, refund_fen int64, kept bool (not given back
    in full). Lines of cancellation invoices have 0 pieces and a refund.
    """

    version: int
    customer: NDArray[np.uint32]
    day: Codes
    at: Ints
    domain: NDArray[np.uint8]
    place: Codes
    order: Codes
    pieces: NDArray[np.float64]
    paid_fen: Ints
    refund_fen: Ints
    kept: NDArray[np.bool_]
    units: dict[Level, Units]

    @property
    def orders(self) -> int:
        return len(self.day)


def goods_of(book: CurrentOrders, identify: Identify = "item") -> Goods:
    """The sales of current orders: paid lines that were sold, and what was given back."""
    orders, lines = book.orders, book.lines
    paid = _column(orders, "paid").astype(bool)
    at = _column(orders, "paid_at")
    total, refund = _column(orders, "paid_fen"), _column(orders, "refund_fen")
    # As in a customer's sales: an order never paid with money back is a cancellation invoice.
    sale = paid & (at > 0)
    cancel = ~paid & (total == 0) & (refund > 0) & (at > 0)
    used = np.flatnonzero(sale | cancel)
    number = np.full(len(paid), -1, np.int32)
    number[used] = np.arange(len(used), dtype=np.int32)
    order = number[_column(lines, "order")] if lines.num_rows else np.empty(0, np.int32)
    sold, amount, back = _sold(lines, order, sale[used])
    kept = order >= 0
    rows = np.flatnonzero(kept & (sold > 0) | kept & (back > 0))
    given_back = (refund > 0) & (refund >= total)
    line_order = order[rows]
    told = np.where(sale, refund, 0)[used]
    back = back[rows] + _unplaced(line_order, amount[rows], back[rows], told)
    whole = given_back[used][line_order] | ((back >= amount[rows]) & (back > 0))
    domain, words = _codes(orders, "domain")
    coded = np.array([DOMAIN_CODES[word] for word in words], np.uint8)
    customer = _column(orders, "customer")[used].astype(np.uint32)
    return Goods(
        version=book.version,
        customer=customer,
        day=_column(orders, "day")[used].astype(np.int32),
        at=at[used],
        domain=coded[domain[used]] if len(used) else np.empty(0, np.uint8),
        place=_places(customer, sale[used]),
        order=line_order,
        pieces=sold[rows],
        paid_fen=np.where(sold[rows] > 0, amount[rows], 0),
        refund_fen=back,
        kept=(sold[rows] > 0) & ~whole,
        units=_units(lines, rows, identify),
    )


def _sold(
    lines: pa.Table, order: Codes, sale: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], Ints, Ints]:
    """Pieces (0 = no sale), amount and refund of each line."""
    amount, back = _column(lines, "item_paid_fen"), np.abs(_column(lines, "refund_fen"))
    quantity = pieces(np.maximum(_column(lines, "quantity"), 0))
    of_sale = np.zeros(len(order), bool)
    of_sale[order >= 0] = sale[order[order >= 0]]
    priced = of_sale & (amount > 0)
    # An order of a file without item amounts is sold by all its lines.
    has_price = np.zeros(len(sale), bool)
    has_price[order[priced]] = True
    unpriced = of_sale & (amount == 0) & ~_at(has_price, order)
    counted = np.where(priced | unpriced, quantity, 0.0)
    # A priced line without a quantity is one piece.
    counted = np.where(priced & (counted == 0), 1.0, counted)
    return counted, amount, back


def _unplaced(order: Codes, amount: Ints, back: Ints, refund: Ints) -> Ints:
    """What an order gave back beyond its lines, spread over them by what they cost (files tell most
    refunds of the order only); never more than was paid for them."""
    size = len(refund)
    paid = np.bincount(order, np.maximum(amount - back, 0), minlength=size)
    told = np.bincount(order, back, minlength=size)
    rest = np.minimum(np.maximum(refund - told, 0), paid)
    if not rest.any():
        return np.zeros(len(order), np.int64)
    # Rounding what has come together so far leaves no fen over.
    share = np.maximum(amount - back, 0).astype(np.float64)
    so_far = np.cumsum(share)
    begin = np.r_[0.0, np.cumsum(paid)[:-1]]
    scale = np.divide(rest, paid, out=np.zeros(size), where=paid > 0)[order]
    upper = np.rint((so_far - begin[order]) * scale)
    lower = np.rint((so_far - share - begin[order]) * scale)
    return np.asarray(upper - lower, np.int64)


def _at(values: NDArray[np.bool_], places: Codes) -> NDArray[np.bool_]:
    out = np.zeros(len(places), bool)
    inside = places >= 0
    out[inside] = values[places[inside]]
    return out


def _places(customer: NDArray[np.uint32], sale: NDArray[np.bool_]) -> Codes:
    """The how-manieth sale of its customer each order is; orders stand by customer, then time."""
    place = np.full(len(customer), -1, np.int32)
    rows = np.flatnonzero(sale & (customer > 0))
    if len(rows):
        who = customer[rows]
        first = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
        sizes = np.diff(np.r_[first, len(who)])
        place[rows] = np.arange(len(who)) - np.repeat(first, sizes)
    return place


def _units(lines: pa.Table, rows: Ints, identify: Identify) -> dict[Level, Units]:
    item, items = _codes(lines, "item_id", rows)
    title, titles = _codes(lines, "title", rows)
    sku, skus = _codes(lines, "sku_id", rows)
    spec, specs = _codes(lines, "spec", rows)
    category, categories = _codes(lines, "category", rows)
    if identify == "item":
        product = np.where(item >= 0, item, np.where(title >= 0, title + len(items), -1))
    else:
        product = np.where(title >= 0, title + len(items), item)
    at = _column(lines, "paid_at")[rows]
    product, keys_of = _dense(product)
    keys = [f"i:{items[k]}" if k < len(items) else f"t:{titles[k - len(items)]}" for k in keys_of]
    order = np.argsort(at, kind="stable")
    name, kind = (
        _newest(product, title, order, len(keys)),
        _newest(product, category, order, len(keys)),
    )
    # Numbered anew: categories that only a product's older lines carry are none any more.
    used, kind_dense = np.unique(kind[kind >= 0], return_inverse=True)
    kind[kind >= 0] = kind_dense
    names = [titles[n] if n >= 0 else key[2:] for n, key in zip(name, keys, strict=True)]
    words = [categories[k] for k in used]
    products = Units(
        "product", _ids(keys), names, product, kind, np.arange(len(keys), dtype=np.int32)
    )
    by_line = np.where(product >= 0, kind[product] if len(kind) else -1, -1).astype(np.int32)
    everything = np.arange(len(words), dtype=np.int32)
    kinds = Units(
        "category", _ids([f"c:{w}" for w in words]), words, by_line, everything, everything
    )
    specced = _specs(products, keys, np.where(sku >= 0, sku, np.where(spec >= 0, spec + len(skus),
                     -1)), [*skus, *specs], _spec_names(sku, skus, spec, specs))  # fmt: skip
    return {"product": products, "spec": specced, "category": kinds}


def _spec_names(sku: Codes, skus: list[str], spec: Codes, specs: list[str]) -> dict[int, str]:
    """SKU → what its spec field said on some line, where it said something."""
    both = (sku >= 0) & (spec >= 0)
    found, first = np.unique(sku[both], return_index=True)
    return {int(k): specs[s] for k, s in zip(found, spec[both][first], strict=True)}


def _specs(
    products: Units, keys: list[str], spec: NDArray[Any], words: list[str], said: dict[int, str]
) -> Units:
    """Products with their spec; a product without one is one spec of itself."""
    width = len(words) + 1
    whole = np.where(products.of_line >= 0, products.of_line.astype(np.int64) * width + spec + 1,
                     -1)  # fmt: skip
    of_line, codes = _dense(whole)
    product = (np.asarray(codes, np.int64) // width).astype(np.int32)
    part = np.asarray(codes, np.int64) % width - 1
    texts, names = [], []
    for p, s in zip(product.tolist(), part.tolist(), strict=True):
        texts.append(keys[p] if s < 0 else f"{keys[p]}{_BETWEEN}{words[s]}")
        label = "" if s < 0 else said.get(s, words[s])
        names.append(f"{products.names[p]} · {label}" if label else products.names[p])
    category = products.category[product] if len(product) else np.empty(0, np.int32)
    return Units("spec", _ids(texts), names, of_line, category, product)


def _dense(codes: NDArray[Any]) -> tuple[Codes, list[int]]:
    """Codes numbered from 0 in their order, -1 kept; and what each number was."""
    known = codes >= 0
    values, inverse = np.unique(codes[known], return_inverse=True)
    out = np.full(len(codes), -1, np.int32)
    out[known] = inverse
    return out, values.tolist()


def _newest(unit: Codes, value: Codes, by_time: Ints, size: int) -> Codes:
    """The value of the newest line of each unit that has one; -1 = none has."""
    rows = by_time[(value[by_time] >= 0) & (unit[by_time] >= 0)]
    out = np.full(size, -1, np.int32)
    out[unit[rows]] = value[rows]  # the last write of a place stands
    return out


def _ids(texts: list[str]) -> list[str]:
    """Short and stable: 64 bits of a hash; item numbers and titles may hold anything."""
    return [hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in texts]


def _column(table: pa.Table, name: str) -> NDArray[Any]:
    return np.asarray(table.column(name))


def _codes(table: pa.Table, name: str, rows: Ints | None = None) -> tuple[Codes, list[str]]:
    """Codes (-1 = nothing, or an empty text) and words of a text column."""
    values = table.column(name).combine_chunks()
    if isinstance(values, pa.ChunkedArray):  # an empty table has no chunk
        values = pa.array([], pa.string())
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1), np.int32)
    words = [str(word) for word in coded.dictionary.to_pylist()]
    empty = [i for i, word in enumerate(words) if not word.strip()]
    if empty:
        codes = np.where(np.isin(codes, empty), -1, codes).astype(np.int32)
    return (codes if rows is None else codes[rows]), words
