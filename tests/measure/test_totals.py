"""Rolling repurchase and distinct buyers against naive counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yutang.customers import Sales
from yutang.customers.snapshot import empty_part
from yutang.measure.totals import rolling, rows_between, summed, totals

FIRST_DAY = 17_000
HISTORY = st.lists(
    st.tuples(
        st.integers(0, 4),  # customer, 0 = nobody
        st.integers(0, 12),  # day
        st.booleans(),  # paid
        st.integers(0, 2),  # domain
        st.integers(0, 9),  # amount
        st.booleans(),  # in the pool
    ),
    max_size=30,
)


def sales_of(history: list[tuple]) -> Sales:
    rows = sorted(history, key=lambda row: row[:2])
    who, day, paid, domain, fen, inside = (
        np.array([row[i] for row in rows], dtype)
        for i, dtype in enumerate((np.uint32, np.int32, bool, np.uint8, np.int64, bool))
    )
    return replace(
        empty_part(Sales),
        customer=who,
        at=day.astype(np.int64),
        day=day + np.int32(FIRST_DAY),
        paid=paid,
        paid_fen=np.where(paid, fen * 10, 0),
        refund_fen=fen,
        items=fen.astype(np.float64),
        domain=domain,
        first=np.zeros(len(rows), bool),
        inside=inside & (who > 0),
    )


@given(HISTORY, st.integers(1, 6))
def test_every_window_counts_its_own_buyers_and_repeaters(history: list, window: int) -> None:
    found = rolling(sales_of(history), window)
    for end in range(-2, 25):
        days: dict[int, set[int]] = {}
        for who, day, paid, *_ in history:
            if who and paid and end - window < day <= end:
                days.setdefault(who, set()).add(day)
        expected = (len(days), sum(len(mine) > 1 for mine in days.values()))
        assert found.at(FIRST_DAY + end) == expected


@given(HISTORY, st.integers(1, 4), st.integers(0, 12))
def test_totals_by_bucket_equal_sums_over_rows(history: list, step: int, last: int) -> None:
    sales = sales_of(history)
    rows = rows_between(sales, FIRST_DAY, FIRST_DAY + last)
    bucket = (sales.day[rows].astype(np.int64) - FIRST_DAY) // step
    buckets = last // step + 1
    found = totals(sales, rows, bucket, buckets)
    whole = summed(found, sales, rows)
    mine = [row for row in history if row[1] <= last]
    for b in range(buckets):
        check(found, b, [row for row in mine if row[1] // step == b])
    check(whole, 0, mine)


def check(found, b: int, rows: list[tuple]) -> None:
    paid = [row for row in rows if row[2]]
    known = [row for row in paid if row[0]]
    assert found.orders[b] == len(paid)
    assert found.known_orders[b] == len(known)
    assert found.paid_fen[b] == sum(row[4] * 10 for row in paid)
    assert found.net_fen[b] == sum(row[4] * 10 for row in paid) - sum(row[4] for row in rows)
    assert found.order_refund_fen[b] == sum(row[4] for row in paid)
    assert found.items[b] == sum(row[4] for row in paid)
    assert found.known_items[b] == sum(row[4] for row in known)
    assert found.buyers[b] == len({row[0] for row in known})
    inside = [row for row in rows if row[5] and row[0]]
    assert found.inside_net_fen[b] == sum((row[4] * 10 if row[2] else 0) - row[4] for row in inside)
    for domain in range(3):
        ours = [row for row in known if row[3] == domain]
        assert found.domain_buyers[domain][b] == len({row[0] for row in ours})
        assert found.domain_known_orders[domain][b] == len(ours)
