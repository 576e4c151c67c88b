"""What is a product, and what was sold of it."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given

from tests.products.market import Line, Market, Order, markets
from yutang.products import Goods, goods_of


def by_name(goods: Goods, level: str = "product") -> Counter:
    """Pieces of each thing, of what was kept."""
    units = goods.units[level]  # type: ignore[index]
    found: Counter = Counter()
    for thing, pieces, kept in zip(units.of_line, goods.pieces, goods.kept, strict=True):
        if kept:
            found[units.names[thing]] += pieces
    return found


@given(markets)
def test_what_is_sold_is_what_was_paid_and_kept(market: Market) -> None:
    expected: Counter = Counter()
    for order, line in market.sold():
        expected[line.item] += line.pieces
        assert order.paid
    assert by_name(goods_of(market.book)) == expected


@given(markets)
def test_orders_are_counted_through_for_each_customer(market: Market) -> None:
    goods = goods_of(market.book)
    seen: dict[int, int] = defaultdict(int)
    for customer, place in zip(goods.customer.tolist(), goods.place.tolist(), strict=True):
        if not customer or place < 0:
            continue
        assert place == seen[customer]
        seen[customer] += 1
    paid = Counter(one.customer for one in market.orders if one.paid and one.customer)
    assert seen == paid


def test_gifts_are_no_sale_but_a_file_without_amounts_is() -> None:
    goods = goods_of(
        Market(
            [
                Order(1, 3, (Line("a", paid=500), Line("g", paid=0))),
                Order(2, 3, (Line("b", 2, paid=0), Line("c", paid=0)), total=900),
                Order(3, 3, (Line("w", 0.735, paid=300),)),  # weighed: one
            ]
        ).book
    )
    assert by_name(goods) == {"a": 1, "b": 2, "c": 1, "w": 1}


def test_a_title_stands_where_there_is_no_number_or_where_the_brand_says_so() -> None:
    orders = [
        Order(1, 3, (Line("T1", title="Soap"), Line(None, title="Tea"))),
        Order(2, 4, (Line("Y9", title="Soap"), Line("", title="Tea"))),
    ]
    book = Market(orders).book
    assert sorted(goods_of(book).units["product"].names) == ["Soap", "Soap", "Tea"]
    assert by_name(goods_of(book, "title")) == {"Soap": 2, "Tea": 2}


def test_a_renamed_product_is_one_and_has_its_newest_name_and_category() -> None:
    goods = goods_of(
        Market(
            [
                Order(1, 9, (Line("i", title="New", category="B"),)),
                Order(2, 3, (Line("i", title="Old", category="A"),)),
                Order(2, 12, (Line("i", title=None, category=None),)),
            ]
        ).book
    )
    assert by_name(goods) == {"New": 3}
    assert by_name(goods, "category") == {"B": 3}
    assert goods.units["category"].names == ["B"]


def test_specs_belong_to_their_product() -> None:
    goods = goods_of(
        Market(
            [
                Order(
                    1, 3, (Line("i", title="Tea", sku="s1", spec="50 g"), Line("j", title="Cup"))
                ),
                Order(2, 3, (Line("i", title="Tea", sku="s2", spec="90 g"),)),
                Order(3, 3, (Line("i", title="Tea", sku="s1"), Line("k", title="Jar", spec="XL"))),
            ]
        ).book
    )
    assert by_name(goods, "spec") == {"Tea · 50 g": 2, "Tea · 90 g": 1, "Cup": 1, "Jar · XL": 1}
    specs, products = goods.units["spec"], goods.units["product"]
    for name, product in zip(specs.names, specs.product, strict=True):
        assert name.split(" · ")[0] == products.names[product]
    assert len(set(specs.keys) | set(products.keys)) == 4 + 1 + 1  # Cup is its own only spec


def test_ids_do_not_depend_on_what_else_was_sold() -> None:
    first = goods_of(Market([Order(1, 3, (Line("a"), Line("b")))]).book).units["product"]
    later = goods_of(Market([Order(1, 3, (Line("0"), Line("b"), Line("z")))]).book).units["product"]
    assert first.keys[first.names.index("b")] == later.keys[later.names.index("b")]


def test_what_an_order_gave_back_is_spread_over_its_lines() -> None:
    goods = goods_of(
        Market(
            [
                Order(
                    1, 3, (Line("a", paid=100), Line("b", paid=200), Line("c", paid=33)), refund=100
                ),
                Order(2, 3, (Line("a", paid=100, refund=60), Line("b", paid=100)), refund=100),
                Order(3, 3, (Line("a", paid=100),), refund=100),
            ]
        ).book
    )
    assert goods.refund_fen.tolist() == [30, 60, 10, 71, 29, 100]
    assert goods.kept.tolist() == [True] * 5 + [False]


def test_a_cancellation_gives_back_and_sells_nothing() -> None:
    cancelled = Order(1, 5, (Line("a", -2, paid=0, refund=200),), paid=False)
    goods = goods_of(Market([Order(1, 3, (Line("a", 2, paid=200),)), cancelled]).book)
    assert goods.refund_fen.tolist() == [0, 200]
    assert goods.pieces.tolist() == [2, 0]
    assert goods.place.tolist() == [0, -1]


def test_no_orders_are_no_goods() -> None:
    goods = goods_of(Market([]).book)
    assert goods.orders == 0
    assert [len(units) for units in goods.units.values()] == [0, 0, 0]
