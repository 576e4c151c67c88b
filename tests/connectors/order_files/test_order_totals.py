"""Totals against a naive reading with the csv module and Decimal, on random files."""

import csv
import io
import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yutang.connectors.order_files import Mapping, convert, read_table

from .made import ZONE, ms, write

pytestmark = pytest.mark.slow

HEADER = ["单号", "店", "改", "付", "订单实付", "订单退款", "数量", "单价", "退款", "品名"]
MAPPING = Mapping(
    columns={
        "order_id": ("单号",),
        "shop": ("店",),
        "modified_at": ("改",),
        "paid_at": ("付",),
        "paid": ("订单实付",),
        "refund": ("订单退款",),
        "quantity": ("数量",),
        "unit_price": ("单价",),
        "item_refund": ("退款",),
        "title": ("品名",),
    },
    price_times_quantity=True,
)
SETTINGS = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

money = st.decimals(min_value=0, max_value=99999, places=3).map(str)
days = st.integers(1, 28).map(lambda day: f"2024-05-{day:02d} 10:00:00")
rows = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3", "A4"]),
        st.sampled_from(["甲", "乙"]),
        days,
        days,
        st.one_of(st.just(""), money),
        st.one_of(st.just(""), money),
        st.integers(-5, 9).map(str),
        money,
        st.one_of(st.just(""), money),
        st.sampled_from(["面膜", "精华", "面膜,大", '5"屏']),
    ),
    min_size=1,
    max_size=25,
)


def text_of(body):
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *body])
    return out.getvalue()


def fen(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def naive(text: str) -> dict:
    """Orders as a patient person would add them up."""
    orders = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        orders[row["店"], row["单号"]].append(row)
    result = {}
    for key, lines in orders.items():
        amounts = [Decimal(x["单价"]) * Decimal(x["数量"]) for x in lines]
        refunds = [Decimal(x["退款"]) for x in lines if x["退款"]]
        bought = [x["付"] for x, amount in zip(lines, amounts, strict=True) if amount >= 0]
        result[key] = {
            "paid_fen": newest(lines, "订单实付"),
            "refund_fen": newest(lines, "订单退款"),
            "lines_paid_fen": fen(sum((a for a in amounts if a > 0), Decimal(0))),
            "lines_refund_fen": fen(
                sum((-a for a in amounts if a < 0), Decimal(0)) + sum(refunds, Decimal(0))
            ),
            "rank_at": max(ms(x["改"]) for x in lines),
            "paid_at": min(map(ms, bought), default=None),
            "quantity": float(sum(max(0, int(x["数量"])) for x in lines)),
        }
    return result


def newest(lines, column):
    told = [(x["改"], Decimal(x[column])) for x in lines if x[column]]
    return fen(max(told)[1]) if told else None


def converted(tmp_path, body):
    raw = read_table(write(tmp_path, text_of(body)))
    done = convert(raw, MAPPING, shop=None, platform="pos", zone=ZONE)
    return done, {(x["shop"], x["order_id"]): x for x in done.orders.to_pylist()}


@SETTINGS
@given(rows)
def test_orders_equal_a_naive_reading(tmp_path, body):
    done, orders = converted(tmp_path, body)
    expected = naive(text_of(body))
    assert {
        key: {name: order[name] for name in expected[key]} for key, order in orders.items()
    } == (expected)
    assert done.lines.num_rows == len(body)
    assert done.lines["title"].to_pylist() == [row[9] for row in body]
    assert len({(x["shop"], x["order_id"], x["line_id"]) for x in done.lines.to_pylist()}) == len(
        body
    )


@SETTINGS
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_in_the_file_never_changes_a_total(tmp_path, body, chance):
    _, first = converted(tmp_path, body)
    shuffled = list(body)
    chance.shuffle(shuffled)
    _, second = converted(tmp_path, shuffled)
    for order in (*first.values(), *second.values()):
        del order["row"]
    assert first == second


def test_a_larger_file_equals_a_naive_reading(tmp_path):
    chance = random.Random(7)
    body = [
        (f"A{chance.randrange(400)}", chance.choice("甲乙丙"), "2024-05-01 10:00:00",
         "2024-05-01 10:00:00", "", "", str(chance.randrange(-3, 9)),
         f"{chance.randrange(100000) / 1000}", "", "面膜")
        for _ in range(5000)
    ]  # fmt: skip
    _, orders = converted(tmp_path, body)
    expected = naive(text_of(body))
    assert len(orders) == len(expected)
    for key, order in orders.items():
        assert order["lines_paid_fen"] == expected[key]["lines_paid_fen"]
        assert order["lines_refund_fen"] == expected[key]["lines_refund_fen"]
