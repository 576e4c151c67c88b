"""Orders written down plainly, as current orders and as lists that a test can count by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
from hypothesis import strategies as st

from yutang.commerce import CurrentOrders
from yutang.commerce.current import LINE_COLUMNS, ORDER_COLUMNS

DAY_MS = 86_400_000
CATEGORY = {"a": "food", "b": "food", "c": "care", "d": None}


@dataclass(frozen=True)
class Line:
    """One line; amounts in fen."""

    item: str | None
    pieces: float = 1.0
    paid: int = 100
    refund: int = 0
    title: str | None = None
    sku: str | None = None
    spec: str | None = None
    category: str | None = ""

    @property
    def kind(self) -> str | None:
        return CATEGORY.get(self.item or "") if self.category == "" else self.category


@dataclass(frozen=True)
class Order:
    """customer 0 = unknown; hour: of the day, so that orders of a day have an order."""

    customer: int
    day: int
    lines: tuple[Line, ...] = ()
    domain: str = "private"
    paid: bool = True
    refund: int = 0
    hour: int = 1
    total: int | None = None

    @property
    def amount(self) -> int:
        return sum(line.paid for line in self.lines) if self.total is None else self.total

    @property
    def at(self) -> int:
        return self.day * DAY_MS + self.hour * 3_600_000


@dataclass
class Market:
    """Orders as the order book holds them: by customer, then moment."""

    orders: list[Order]
    book: CurrentOrders = field(init=False)

    def __post_init__(self) -> None:
        self.orders = sorted(self.orders, key=lambda one: (one.customer, one.at))
        heads: dict[str, list] = {name: [] for name in ORDER_COLUMNS}
        rows: dict[str, list] = {name: [] for name in LINE_COLUMNS}
        for number, one in enumerate(self.orders):
            shared = {
                "order": number, "customer": one.customer, "paid": one.paid, "paid_at": one.at,
                "platform": "p", "shop": "s", "domain": one.domain, "order_id": f"o{number}",
            }  # fmt: skip
            whole = {
                **shared, "status": "paid", "paid_fen": one.amount if one.paid else 0,
                "refund_fen": one.refund or sum(line.refund for line in one.lines),
                "refund_at": one.at, "quantity": 0.0, "freight_fen": 0, "first_commit": 1,
                "day": one.day,
            }  # fmt: skip
            for name, values in heads.items():
                values.append(whole.get(name))
            for place, line in enumerate(one.lines):
                told = {
                    **shared, "item_id": line.item, "sku_id": line.sku, "title": line.title,
                    "spec": line.spec, "category": line.kind, "quantity": line.pieces,
                    "item_paid_fen": line.paid, "refund_fen": line.refund, "first_commit": 1,
                    "line_id": str(place),
                }  # fmt: skip
                for name, values in rows.items():
                    values.append(told.get(name))
        tables = [
            pa.table({name: pa.array(values[name], kind) for name, kind in columns.items()})
            for values, columns in ((heads, ORDER_COLUMNS), (rows, LINE_COLUMNS))
        ]
        self.book = CurrentOrders(1, *tables)

    def sold(self, first: int = 0, last: int = 10**6, domain: str = "") -> list[tuple[Order, Line]]:
        """Lines that were bought and not given back in full, as the rules say in words."""
        found = []
        for one in self.orders:
            if not one.paid or not first <= one.day <= last or domain not in ("", one.domain):
                continue
            back = one.refund or sum(line.refund for line in one.lines)
            if back and back >= one.amount:
                continue
            priced = any(line.paid > 0 for line in one.lines)
            for line in one.lines:
                gift = priced and line.paid == 0
                if not gift and not (line.refund and line.refund >= line.paid):
                    found.append((one, line))
        return found


lines = st.builds(
    Line,
    item=st.sampled_from("abcd"),
    pieces=st.sampled_from([1.0, 2.0, 3.0]),
    paid=st.sampled_from([0, 100, 100, 250]),
    refund=st.sampled_from([0, 0, 0, 40, 100]),
)
orders = st.builds(
    Order,
    customer=st.integers(0, 4),
    day=st.integers(1, 40),
    lines=st.lists(lines, min_size=1, max_size=4).map(tuple),
    domain=st.sampled_from(["private", "public", "store"]),
    paid=st.sampled_from([True, True, True, False]),
    hour=st.integers(0, 22),
)
markets = st.lists(orders, max_size=25).map(Market)
