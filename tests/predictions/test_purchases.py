from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.customers import Sales
from yutang.errors import BadInput
from yutang.predictions.purchases import day_number, from_sales, read_purchases, summed


def sales_of(rows):
    """Sales of (customer, business day, paid_fen, refund_fen)."""
    customer, day, paid, refund = np.array(rows, np.int64).T
    none = np.zeros(len(rows), np.int64)
    return Sales(
        customer=customer.astype(np.uint32), at=none, day=day.astype(np.int32), paid=paid > 0,
        paid_fen=paid, refund_fen=refund, items=none.astype(float), domain=none.astype(np.uint8),
        platform=none.astype(np.int32), shop=none.astype(np.int32), first=paid > 0, inside=paid > 0,
    )  # fmt: skip


_rows = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(-30, 50)), max_size=30)


@given(rows=_rows, until=st.integers(0, 9))
def test_days_are_summed(rows, until):
    columns = np.array(rows, np.int64).reshape(-1, 3)
    found = summed(columns[:, 0], columns[:, 1], columns[:, 2].astype(float), until)
    expected = {}
    for customer, day, value in rows:
        if day <= until:
            expected[customer, day] = expected.get((customer, day), 0) + value
    listed = [(*key, value) for key, value in sorted(expected.items()) if value >= 0]
    columns = (found.customer.tolist(), found.day.tolist(), found.value.tolist())
    assert list(zip(*columns, strict=True)) == listed


def test_what_was_given_back_in_full_is_no_purchase():
    sales = sales_of(
        # customer, day, paid_fen, refund_fen
        [(1, 10, 500, 0), (1, 10, 300, 300), (1, 12, 400, 400), (2, 11, 900, 100), (0, 9, 100, 0),
         (3, 11, 100, 0)]
    )  # fmt: skip
    alive = np.array([False, True, True, False])
    found = from_sales(sales, alive, 20)
    assert found.customer.tolist() == [1, 2]
    assert found.day.tolist() == [10, 11]
    assert found.value.tolist() == [5.0, 8.0]


def test_a_file_is_read_and_says_what_it_left_out():
    lines = [
        "date,customer,value,note",
        "2026-01-02,ann,10,x",
        '2026/1/3,ann,"1,200.5",',
        "20260104,ben,0,",
        "2026-13-01,ben,5,",
        "2026-01-05,,5,",
        "2026-01-05,ben,much,",
        "2026-01-09,ben,3,",
    ]
    found, wrong = read_purchases(lines)
    assert found.names == ["ann", "ben"]
    assert found.customer.tolist() == [0, 0, 1, 1]
    assert found.value.tolist() == [10, 1200.5, 0, 3]
    assert found.until == day_number(date(2026, 1, 9))
    assert wrong == [
        "Row 5: date “2026-13-01” is not like 2026-11-22.",
        "Row 6: customer is empty.",
        "Row 7: value “much” is no number.",
    ]
    earlier, _ = read_purchases(lines, date(2026, 1, 4))
    assert earlier.until == day_number(date(2026, 1, 4))
    assert len(earlier) == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "lacks the column “customer”"),
        (["customer,day,value"], "lacks the column “date”"),
        (["customer,date,value", "a,b,c"], "no row that can be read"),
        (["customer,date,value", "a,2026-01-01,inf"], "no row that can be read"),
    ],
)
def test_a_file_that_is_something_else(lines, said):
    with pytest.raises(BadInput) as refused:
        read_purchases(lines)
    assert said in str(refused.value)
