"""The book of current orders, while events stream in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_brand import write_orders
from tests.tracking import event, open_tracked
from yutang.commerce import OrderBook


def test_events_of_those_who_never_bought_leave_the_book_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand = open_tracked(tmp_path / "home")
    brand.take("orders", write_orders(tmp_path / "o", count=30))
    before = brand.orders.refresh()

    def made(_self: OrderBook, _until: int | None) -> None:
        raise AssertionError("the book was made again")

    with monkeypatch.context() as idle:
        idle.setattr(OrderBook, "_make", made)
        brand.send(event(who="stranger"), event(who="m1"))
        brand.drain()
        after = brand.orders.refresh()
        assert after.version == brand.facts.version() == before.version + 1
        assert after.orders.equals(before.orders)
    brand.send(
        event("joined", act="bind", identities={"member_no": "m1", "login_id": "l1"}),
        event("joined", act="bind", identities={"member_no": "m2", "login_id": "l1"}),
    )
    brand.drain()
    joined = brand.orders.refresh()
    assert joined.version == before.version + 2
    assert len(set(joined.orders.column("customer").to_pylist())) < len(
        set(before.orders.column("customer").to_pylist())
    )
