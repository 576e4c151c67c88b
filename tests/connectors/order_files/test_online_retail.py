"""The UCI Online Retail data, whose figures are known."""

import os
from pathlib import Path

import pyarrow.compute as pc
import pytest

from .made import convert_file

FILE = (
    Path(os.environ.get("YUTANG_SHARED", "../shared"))
    / "data/online_retail/online_retail.parquet"
)  # fmt: skip
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not here")


@pytest.fixture(scope="module")
def done():
    return convert_file(FILE)


@pytest.mark.slow
def test_every_line_order_and_customer_is_there(done):
    assert done.lines.num_rows == 541_909
    assert done.orders.num_rows == 25_900
    assert pc.count_distinct(done.orders["member_no"]).as_py() == 4_372
    assert done.errors.num_rows == 0


def test_lines_without_a_customer_are_kept(done):
    known = done.lines.select(["order_id"]).join(
        done.orders.select(["order_id", "member_no"]), "order_id"
    )
    assert known["member_no"].null_count == 135_080


def test_the_money_adds_up_but_for_the_rounding_of_each_order(done):
    paid = pc.sum(done.orders["lines_paid_fen"]).as_py()
    refunded = pc.sum(done.orders["lines_refund_fen"]).as_py()
    assert abs((paid - refunded) / 100 - 9_747_747.934) < 1


def test_cancellations_are_refunds_and_never_sales(done):
    cancelled = done.orders.filter(pc.starts_with(done.orders["order_id"], "C"))
    assert pc.sum(cancelled["lines_paid_fen"]).as_py() == 0
    assert pc.min(cancelled["lines_refund_fen"]).as_py() > 0
    lines = done.lines.filter(pc.starts_with(done.lines["order_id"], "C"))
    assert lines.num_rows == 9_288
    assert cancelled["closed_at"].null_count == 0


def test_repeated_identical_lines_keep_their_own_numbers(done):
    keys = done.lines.group_by(["order_id", "line_id"]).aggregate([])
    assert keys.num_rows == 541_909
    same = ["order_id", "item_id", "title", "quantity", "unit_price_fen", "bought_at"]
    assert 541_909 - done.lines.group_by(same).aggregate([]).num_rows >= 5_268
