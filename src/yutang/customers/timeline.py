"""A customer's story by business day: events from the shards, orders with their items.

Purchases are shown from the order book (what each order is now), so the events projected from it
are left out. Newest first; within one moment the later arrival first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from yutang.catalog.events import event_of
from yutang.catalog.platforms import DOMAINS, platform_of
from yutang.catalog.properties import label_of
from yutang.catalog.touchpoints import SOURCES, TOUCHPOINTS
from yutang.commerce import CurrentOrders
from yutang.customers.portrait import lines_of, orders_of
from yutang.kit.clock import iso_day
from yutang.sequence.shard import Shard, ShardSet

PROJECTED = {"order_paid", "order_refunded", "item_bought"}
MOST_LINES = 20  # items shown of one order; the rest is counted

# What a reader wants to know of an event, in this order; other properties are left out.
SHOWN = (
    "guide", "group", "account", "channel_code", "touchpoint", "source", "campaign", "campaign_id",
    "kind", "content_id", "content_type", "seconds", "coupon", "amount", "title", "item_id",
    "category", "price", "order_id", "page", "card", "experiment", "arm", "invitation", "inviter",
    "invitee",
)  # fmt: skip
MOST_DETAILS = 4

Detail = tuple[tuple[str, str], str | tuple[str, str]]


@dataclass(frozen=True)
class Item:
    """One line of an order."""

    title: str
    spec: str
    category: str
    quantity: float
    paid_fen: int


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `label` and the names of `details` are (zh, en) pairs; a detail's
    value is text, or such a pair where we have a word for it.

    An order has `items` (at most MOST_LINES of `item_count`), paid and refunded amounts.
    """

    at: int
    event: str
    label: tuple[str, str]
    group: str
    details: tuple[Detail, ...] = ()
    paid_fen: int | None = None
    refund_fen: int | None = None
    items: tuple[Item, ...] = ()
    item_count: int = 0


@dataclass(frozen=True)
class Day:
    """The entries of one business day (ISO date), newest first."""

    day: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Timeline:
    """One page. `before` is the cursor of the next older page, "" at the end; `has_events` is
    false while the analysis cache has not been built (then only orders are shown)."""

    days: tuple[Day, ...]
    before: str
    has_events: bool


@dataclass(frozen=True)
class _Mark:
    """Where an entry comes from: an order row, or a row of a shard. Sorts as it is shown."""

    at: int
    is_order: bool
    arrival: int
    row: int
    shard: Shard | None = None

    @property
    def key(self) -> tuple[int, int, int]:
        """Older first; an order after the events of its moment."""
        return (self.at, int(self.is_order), self.arrival)


def make_timeline(
    book: CurrentOrders,
    shards: ShardSet | None,
    customer: int,
    *,
    zone: str,
    groups: Collection[str] = (),
    before: str = "",
    limit: int = 50,
) -> Timeline:
    """A page of the timeline; `groups` of catalog.events keep only those kinds."""
    marks = _event_marks(shards, customer, groups) if shards is not None else []
    if not groups or "trade" in groups:
        marks += _order_marks(book, customer)
    if before:
        edge = _cursor(before)
        marks = [mark for mark in marks if mark.key < edge]
    marks.sort(key=lambda mark: mark.key, reverse=True)
    page = marks[:limit]
    told = _details(shards, page) if shards is not None else {}
    entries = [
        _order_entry(book, mark.row) if mark.is_order else _event_entry(shards, mark, told)
        for mark in page
    ]
    days: dict[str, list[Entry]] = {}
    for entry in entries:
        days.setdefault(iso_day(entry.at, zone), []).append(entry)
    return Timeline(
        tuple(Day(day, tuple(found)) for day, found in days.items()),
        ".".join(map(str, page[-1].key)) if len(marks) > len(page) and page else "",
        shards is not None,
    )


def _cursor(text: str) -> tuple[int, int, int]:
    """A cursor from an address; what does not fit starts from the newest."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return (2**63, 0, 0)
    at, is_order, arrival = (int(part) for part in parts)
    return (at, is_order, arrival)


def _event_marks(shards: ShardSet, customer: int, groups: Collection[str]) -> list[_Mark]:
    names = shards.event_names
    shown = np.array(
        [
            name not in PROJECTED and (not groups or event_of(name).group in groups)
            for name in names
        ],
        bool,
    )
    marks = []
    for shard in shards.shards:
        place = int(np.searchsorted(shard.customers, customer))
        if place == shard.customers.size or shard.customers[place] != customer:
            continue
        if shard.keep.size and not shard.keep[place]:
            continue
        first, end = int(shard.offsets[place]), int(shard.offsets[place + 1])
        rows = first + np.flatnonzero(shown[shard.code[first:end]])
        marks += [
            _Mark(int(at), False, int(arrival), int(row), shard)
            for at, arrival, row in zip(shard.time[rows], shard.arrival[rows], rows, strict=True)
        ]
    return marks


def _order_marks(book: CurrentOrders, customer: int) -> list[_Mark]:
    first, end = orders_of(book, customer)
    times = book.orders.column("paid_at").slice(first, end - first).to_pylist()
    return [_Mark(int(at), True, first + i, first + i) for i, at in enumerate(times)]


def _details(shards: ShardSet, page: list[_Mark]) -> dict[tuple[int, int], list[Detail]]:
    """What is shown of each event of the page, by shard (its id) and row."""
    found: dict[tuple[int, int], list[Detail]] = {}
    for shard in shards.shards:
        # The type of the stored row numbers: numpy would copy them all to compare with another.
        rows = np.array(sorted(m.row for m in page if m.shard is shard), np.uint32)
        if not len(rows):
            continue
        for name in SHOWN:
            file = shard.column(name)
            if file is None or file.type not in ("string", "number"):
                continue
            at, values, _ = file.take(rows)
            words = shards.dictionary(name) if file.type == "string" and len(at) else None
            for place, value in zip(at.tolist(), values.tolist(), strict=True):
                text = f"{value:.10g}" if words is None else _said(name, str(words[value]))
                found.setdefault((id(shard), int(rows[place])), []).append((label_of(name), text))
    return found


def _said(name: str, code: str) -> str | tuple[str, str]:
    """Our word for a value where we have one, else the value as it came."""
    if name == "touchpoint" and code in TOUCHPOINTS:
        return TOUCHPOINTS[code]
    return SOURCES[code] if name == "source" and code in SOURCES else code


def _event_entry(
    shards: ShardSet | None, mark: _Mark, told: dict[tuple[int, int], list[Detail]]
) -> Entry:
    assert shards is not None
    assert mark.shard is not None
    known = event_of(shards.event_names[int(mark.shard.code[mark.row])])
    details = told.get((id(mark.shard), mark.row), [])[:MOST_DETAILS]
    return Entry(mark.at, known.name, (known.zh, known.en), known.group, tuple(details))


_UNPAID = ("未支付订单", "unpaid order")
_CANCELLED = ("冲销", "cancellation")


def _order_entry(book: CurrentOrders, row: int) -> Entry:
    order = book.orders.slice(row, 1).to_pylist()[0]
    lines = lines_of(book, row, row + 1)
    items = tuple(
        Item(
            line["title"] or line["item_id"] or "",
            line["spec"] or "",
            line["category"] or "",
            line["quantity"],
            line["item_paid_fen"],
        )
        for line in lines.slice(0, MOST_LINES).to_pylist()
    )
    known = event_of("order_paid")
    label = (known.zh, known.en)
    if not order["paid"]:
        label = _CANCELLED if order["refund_fen"] > 0 else _UNPAID
    platform = platform_of(order["platform"])
    details: list[Detail] = [
        (label_of("platform"), (platform.zh, platform.en)),
        (label_of("shop"), order["shop"]),
        (label_of("domain"), DOMAINS[order["domain"]]),
        (label_of("order_id"), order["order_id"]),
    ]
    details += [
        (label_of(name), order[name])
        for name in ("channel", "store")
        # A till's file names the store as the shop, too: once is enough.
        if order[name] is not None and order[name] != order["shop"]
    ]
    return Entry(
        order["paid_at"],
        "order_paid",
        label,
        "trade",
        tuple(details),
        order["paid_fen"],
        order["refund_fen"],
        items,
        lines.num_rows,
    )
