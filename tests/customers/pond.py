"""A made-up pond with everything in it that numbers can stumble over, through the real importers.

Shops of all three domains, refunds, cancellations, unpaid orders, walk-ins, gifts, weighed goods,
customers known by two identities, guides, groups, follows, silence and returns. The facts are kept
as plain Python lists beside the brand, so that tests can count them by hand.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.small_brand import NOW, SmallBrand, line, open_brand_at, order, write_order_file
from yutang.commerce import Shops
from yutang.customers import Customers
from yutang.kit.clock import DAY_MS
from yutang.measure import Measure
from yutang.sequence import ShardCache, build

ZONE = "Asia/Shanghai"
# The last fact; half an hour before a business day ends, so that zones matter.
LAST = int(datetime(2026, 8, 14, 23, 30, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
DAYS = 560
SHOPS = (("tmall", "flagship"), ("mini_program", "club"), ("pos", "store-1"), ("tmall", "outlet"))
CATEGORIES = ("cream", "bread", None)
GUIDES = ("G1", "G2", "G3")
CODES = (("C-CARD", "package_card", "tmall"), ("C-GIFT", "street_event", "offline"))


@dataclass
class Pond:
    """A brand, and the facts that were put into it."""

    brand: SmallBrand
    customers: Customers
    measure: Measure
    orders: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    events: list[dict[str, Any]]

    def customer(self, member: str) -> int:
        """The customer with this member number."""
        found = self.brand.identities.find("member_no", member)
        assert found is not None
        return found.customer_id


_shared: list[Pond] = []


def shared_pond(factory: pytest.TempPathFactory) -> Pond:
    """The one pond of a test run, for tests that only read."""
    if not _shared:
        _shared.append(make_pond(factory.mktemp("pond")))
    return _shared[0]


def make_pond(home: Path, *, seed: int = 7, people: int = 60, count: int = 420) -> Pond:
    """A pond of that many people and orders; the same seed makes the same pond."""
    draw = random.Random(seed)
    orders, lines = _orders(draw, people, count)
    events = _events(draw, people)
    return open_pond(home, orders, lines, events)


def open_pond(
    home: Path,
    orders: list[dict[str, Any]],
    lines: list[dict[str, Any]],
    events: list[dict[str, Any]],
) -> Pond:
    """A brand with exactly these facts, its caches made."""
    home.mkdir(parents=True, exist_ok=True)
    brand = open_brand_at(home / "home")
    if orders:
        brand.take("orders", write_order_file(home / "orders.parquet", orders, lines))
    if events:
        path = home / "events.ndjson"
        path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        brand.take("events", path)
    brand.orders.refresh()
    folder = brand.workspace.cache / "shards"
    build(brand.facts, folder)
    shards = ShardCache()
    customers = Customers(
        brand.workspace, brand.identities, brand.orders, lambda: shards.get(folder)
    )
    customers.refresh()
    measure = Measure(brand.workspace, customers, Shops(brand.workspace))
    return Pond(brand, customers, measure, orders, lines, events)


def event(name: str, at: int, member: str, **properties: Any) -> dict[str, Any]:
    """One line of an event file."""
    return {
        "event": name,
        "time": at,
        "identities": {"member_no": member},
        "properties": properties,
    }


def _orders(
    draw: random.Random, people: int, count: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    orders, lines = [], []
    for number in range(count):
        platform, shop = draw.choices(SHOPS, (5, 3, 2, 1))[0]
        at = LAST - draw.randrange(DAYS * DAY_MS) // 1000 * 1000
        member = None if draw.random() < 0.1 else f"m{int(people * draw.random() ** 2)}"
        paid = draw.randrange(500, 40_000)
        more: dict[str, Any] = {
            "platform": platform, "shop": shop, "created_at": at, "paid_at": at, "rank_at": at,
            "finished_at": at, "quantity": float(draw.randrange(0, 4)),
            "channel": draw.choice((None, "app", "live")),
        }  # fmt: skip
        fate = draw.random()
        if fate < 0.08:  # never paid
            more |= {"status": "created", "paid_at": None, "finished_at": None}
        elif fate < 0.2:
            more |= {"refund_fen": draw.randrange(1, paid)}
        elif fate < 0.25:  # a cancellation invoice: only negative lines
            paid = 0
            more |= {"lines_refund_fen": draw.randrange(100, 5_000), "status": None}
        orders.append(order(number, member, paid_fen=paid, **more))
        for ordinal in range(draw.randrange(0, 4)):
            lines.append(_line(draw, number, ordinal + 1, platform, shop, at))
    return orders, lines


def _line(
    draw: random.Random, number: int, ordinal: int, platform: str, shop: str, at: int
) -> dict[str, Any]:
    return line(
        number,
        ordinal,
        platform=platform,
        shop=shop,
        bought_at=at,
        category=draw.choice(CATEGORIES),
        quantity=draw.choice((1.0, 1.0, 2.0, 3.0, 0.75, 5_200.0, -1.0)),
        item_paid_fen=draw.choice((0, 990, 4_950)),
    )


def _events(draw: random.Random, people: int) -> list[dict[str, Any]]:
    found = []
    for number in range(people):
        member = f"m{number}"
        if draw.random() < 0.25:
            continue
        for _ in range(draw.randrange(1, 5)):
            at = LAST - draw.randrange(DAYS) * DAY_MS - draw.randrange(DAY_MS)
            found += _relation(draw, member, at)
        for _ in range(draw.randrange(0, 4)):
            at = LAST - draw.randrange(DAYS) * DAY_MS
            name = draw.choice(("content_read", "page_viewed", "message_sent", "$unknown"))
            found.append(event(name, at, member, guide=draw.choice(GUIDES)))
    found.append(event("page_viewed", LAST, "m0"))
    return [one for one in found if one["time"] <= LAST]


def _relation(draw: random.Random, member: str, at: int) -> list[dict[str, Any]]:
    kind = draw.choice(("contact", "contact", "group", "follow"))
    begin, end, key = {
        "contact": ("contact_added", "contact_deleted", "guide"),
        "group": ("group_joined", "group_left", "group"),
        "follow": ("followed", "unfollowed", "account"),
    }[kind]
    which = draw.choice(GUIDES) if kind == "contact" else f"{kind}-{draw.randrange(2)}"
    code, touchpoint, source = draw.choice(CODES)
    origin = {"channel_code": code, "touchpoint": touchpoint, "source": source}
    if kind == "group":
        origin = {}
    out = [event(begin, at, member, **{key: which}, **origin)]
    if draw.random() < 0.6:
        until = at + draw.randrange(1, 200) * DAY_MS
        keyed = {key: which} if draw.random() < 0.9 else {}
        out.append(event(end, until, member, **keyed))
        if kind == "contact" and draw.random() < 0.5:
            out.append(event("message_sent", until - 3 * DAY_MS, member, guide=which))
    return out


assert LAST < NOW
