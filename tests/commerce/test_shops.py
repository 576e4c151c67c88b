"""Shops: registered on first sight, confirmed by people; a new domain reaches the order events."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.small_brand import SmallBrand, open_brand_at, order, write_order_file
from yutang.commerce import Shops, note_domain, tell_domains
from yutang.errors import BadInput, NotFound
from yutang.ingest import changed_since, facts_version
from yutang.state.brand import meta


@pytest.fixture
def brand(tmp_path: Path) -> SmallBrand:
    made = open_brand_at(tmp_path / "home")
    orders = [
        order(1, "m1"),
        order(2, "m2", platform="pos", shop="s"),
        order(3, None, platform="pos", shop="s"),
        order(4, "m3", platform="pos", shop="t"),
    ]
    made.take("orders", write_order_file(tmp_path / "o.parquet", orders, []))
    with made.workspace.writer():
        made.orders.refresh()
    return made


def domains(brand: SmallBrand) -> dict[str, str]:
    rows = brand.orders.current().orders.to_pylist()
    return {row["order_id"]: row["domain"] for row in rows}


def tell(brand: SmallBrand) -> tuple[int, set[int]]:
    """(customers told, customers to be read again) of a round of the worker."""
    with brand.workspace.db.read() as connection:
        version = facts_version(connection)
    with brand.workspace.writer():
        told = tell_domains(brand.workspace, brand.orders)
        brand.orders.refresh()
    with brand.workspace.db.read() as connection:
        return told, set(changed_since(connection, version))


def test_a_shop_is_there_with_its_platforms_domain_when_its_orders_arrive(
    brand: SmallBrand,
) -> None:
    shops = Shops(brand.workspace, note_domain)
    assert [(one.platform, one.shop, one.domain, one.confirmed_by) for one in shops.list_()] == [
        ("pos", "s", "store", ""),
        ("pos", "t", "store", ""),
        ("tmall", "flagship", "public", ""),
    ]


def test_a_new_domain_is_told_to_the_customers_of_that_shop_alone(brand: SmallBrand) -> None:
    shops = Shops(brand.workspace, note_domain)
    store = shops.list_()[0]
    shops.set_(store.id, name="My shop", platform="pos", domain="private", by="ann")
    assert shops.get(store.id).confirmed_by == "ann"
    assert domains(brand)["T000002"] == "store"
    buyer = brand.identities.find("member_no", "m2")
    assert buyer is not None
    assert tell(brand) == (1, {buyer.customer_id})
    assert domains(brand) == {
        "T000001": "public", "T000002": "private", "T000003": "private", "T000004": "store",
    }  # fmt: skip
    assert tell(brand) == (0, set())


def test_a_new_name_is_told_to_nobody(brand: SmallBrand) -> None:
    shops = Shops(brand.workspace, note_domain)
    store = shops.list_()[0]
    shops.set_(store.id, name="New name", platform="pos", domain=store.domain, by="ann")
    with brand.workspace.db.read() as connection:
        assert (
            connection.execute(select(meta.c.key).where(meta.c.key == "shops_changed")).all() == []
        )
    assert tell(brand) == (0, set())


def test_two_shops_changed_before_the_worker_looked(brand: SmallBrand) -> None:
    shops = Shops(brand.workspace, note_domain)
    for one in shops.list_()[:2]:
        shops.set_(one.id, name=one.name, platform="pos", domain="private", by="ann")
    assert tell(brand)[0] == 2
    assert sorted(domains(brand).values()) == ["private"] * 3 + ["public"]


def test_orders_that_arrived_after_the_last_refresh_are_told_too(
    brand: SmallBrand, tmp_path: Path
) -> None:
    shops = Shops(brand.workspace, note_domain)
    late = [order(9, "m9", platform="pos", shop="s")]
    brand.take("orders", write_order_file(tmp_path / "late.parquet", late, []))
    store = shops.list_()[0]
    shops.set_(store.id, name="s", platform="pos", domain="private", by="ann")
    assert tell(brand)[0] == 2


def test_what_makes_no_sense_is_refused(brand: SmallBrand) -> None:
    shops = Shops(brand.workspace, note_domain)
    store = shops.list_()[0]
    with pytest.raises(BadInput):
        shops.set_(store.id, name="x", platform="pos", domain="moon", by="ann")
    with pytest.raises(BadInput):
        shops.set_(store.id, name=" ", platform="pos", domain="store", by="ann")
    with pytest.raises(BadInput):
        shops.set_(store.id, name="x", platform="moon", domain="store", by="ann")
    with pytest.raises(NotFound):
        shops.set_(99, name="x", platform="pos", domain="store", by="ann")
