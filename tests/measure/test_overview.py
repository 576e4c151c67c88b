"""Every number against SQL over the order book, and against a pool counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.customers.pond import LAST, ZONE, Pond, event, open_pond
from tests.measure.naive import NaivePool
from tests.small_brand import line, order
from yutang.catalog.metrics import METRICS
from yutang.customers import Flow
from yutang.errors import NotFound
from yutang.kit import clock
from yutang.measure import Overview, Period

PERIODS = (
    ("all", None, None),
    ("this_month", None, None),
    ("last_month", None, None),
    ("last_90", None, None),
    ("this_year", None, None),
    ("custom", date(2025, 11, 3), date(2026, 2, 28)),
    ("custom", date(2026, 5, 5), date(2026, 5, 5)),
    ("custom", date(2020, 1, 1), date(2020, 1, 31)),
)


@pytest.fixture(scope="module")
def pool(pond: Pond) -> NaivePool:
    return NaivePool(pond)


@pytest.fixture(params=PERIODS, ids=lambda p: p[0] + (p[1].isoformat() if p[1] else ""))
def period(pond: Pond, request: pytest.FixtureRequest) -> Period:
    preset, first, last = request.param
    return pond.measure.period(preset, first=first, last=last)


SALES = """
WITH pieces AS (
  SELECT "order", item_paid_fen > 0 AS priced,
    CASE WHEN quantity <> floor(quantity) OR quantity > 1000 THEN 1 ELSE quantity END AS n
  FROM lines WHERE quantity > 0),
items AS (
  SELECT o."order", coalesce(
      nullif((SELECT sum(n) FROM pieces p WHERE p."order" = o."order" AND priced), 0),
      nullif((SELECT sum(n) FROM pieces p WHERE p."order" = o."order"), 0), o.quantity) AS items
  FROM orders o),
sales AS (
  SELECT o.*, i.items, DATE '1970-01-01' + o.day AS on_day,
    min(CASE WHEN paid AND customer > 0 THEN o.paid_at END) OVER (PARTITION BY customer) AS since
  FROM orders o JOIN items i USING ("order"))
SELECT
  sum(paid_fen) FILTER (paid) AS gmv_paid,
  sum(CASE WHEN paid THEN paid_fen ELSE 0 END - refund_fen)
    FILTER (paid OR paid_fen = 0) AS gmv_net,
  count(*) FILTER (paid) AS orders,
  count(DISTINCT customer) FILTER (paid AND customer > 0) AS buyers,
  count(DISTINCT customer) FILTER (paid AND customer > 0 AND since = paid_at) AS new_buyers,
  sum(items) FILTER (paid) AS items,
  sum(items) FILTER (paid AND customer > 0) AS known_items,
  sum(paid_fen) FILTER (paid AND customer > 0) AS known_paid,
  count(*) FILTER (paid AND customer > 0) AS known_orders,
  sum(refund_fen) FILTER (paid) AS refunds,
  count(*) FILTER (paid AND domain = 'private') AS private_orders,
  count(*) FILTER (paid AND domain = 'public') AS public_orders,
  sum(items) FILTER (paid AND domain = 'private') AS private_items,
  sum(items) FILTER (paid AND domain = 'public') AS public_items,
  count(*) FILTER (paid AND customer > 0 AND domain = 'private') AS private_known,
  count(*) FILTER (paid AND customer > 0 AND domain = 'public') AS public_known,
  count(DISTINCT customer) FILTER (paid AND customer > 0 AND domain = 'private') AS private_buyers,
  count(DISTINCT customer) FILTER (paid AND customer > 0 AND domain = 'public') AS public_buyers
FROM sales WHERE on_day BETWEEN ? AND ?
"""
REPURCHASE = """
SELECT count(*), count(*) FILTER (days >= 2) FROM (
  SELECT count(DISTINCT day) AS days FROM orders WHERE paid AND customer > 0
    AND DATE '1970-01-01' + day BETWEEN CAST(? AS DATE) - 364 AND ? GROUP BY customer)
"""


def asked(pond: Pond, period: Period) -> tuple[dict[str, float], tuple[int, int]]:
    """What SQL says of the period."""
    book = pond.brand.orders.current()
    with duckdb.connect() as db:
        db.register("orders", book.orders)
        db.register("lines", book.lines)
        row = db.execute(SALES, [period.first, period.last]).fetchone()
        names = [column[0] for column in db.description]
        again = db.execute(REPURCHASE, [period.last, period.last]).fetchone()
    return {k: float(v or 0) for k, v in zip(names, row, strict=True)}, again


def over(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def check(found: Overview, expected: dict[str, float | None]) -> None:
    for name, value in expected.items():
        got = found.number(name).value
        assert got == (None if value is None else pytest.approx(value, rel=1e-12)), name


@pytest.mark.slow
def test_money_and_people_equal_sql(pond: Pond, period: Period) -> None:
    q, (buyers, repeaters) = asked(pond, period)
    private = over(q["private_known"], q["private_buyers"])
    public = over(q["public_known"], q["public_buyers"])
    private_items = over(q["private_items"], q["private_orders"])
    public_items = over(q["public_items"], q["public_orders"])
    check(
        pond.measure.overview(period),
        {
            **{name: q[name] for name in ("gmv_paid", "gmv_net", "orders", "buyers", "new_buyers")},
            "returning_buyers": q["buyers"] - q["new_buyers"],
            "repurchase_rate": over(repeaters, buyers),
            "upt": over(q["items"], q["orders"]),
            "items_per_buyer": over(q["known_items"], q["buyers"]),
            "arpb": over(q["known_paid"], q["buyers"]),
            "per_order": over(q["gmv_paid"], q["orders"]),
            "refund_rate": over(q["refunds"], q["gmv_paid"]),
            "repurchase_ratio": private / public if private and public else None,
            "items_ratio": private_items / public_items if private_items and public_items else None,
            "identified_share": over(q["known_orders"], q["orders"]),
        },
    )


def test_the_pool_equals_a_count_by_hand(pond: Pond, pool: NaivePool, period: Period) -> None:
    found = pond.measure.overview(period)
    first, last = period.first.isoformat(), period.last.isoformat()
    entries, exits = pool.flows(first, last, LAST)
    begin = clock.start_of_day(period.first, ZONE)
    end = min(clock.start_of_day(period.last + timedelta(days=1), ZONE) - 1, LAST)
    before, after = (sum(pool.inside(who, at) for who in pool.customers) for at in (begin - 1, end))
    check(found, {"pool_stock": after, "pool_inflow": entries, "pool_outflow": exits})
    fall = found.pool
    assert (fall.measured, fall.before, fall.after) == (True, before, after)
    assert sum(flow.people for flow in fall.inflow) == entries
    assert sum(flow.people for flow in fall.outflow) == exits
    assert fall.before + entries - exits == fall.after


def test_private_share_counts_members_in_owned_shops_only(
    pond: Pond, pool: NaivePool, period: Period
) -> None:
    total = private = member = 0
    for row in pond.brand.orders.current().orders.to_pylist():
        day = clock.iso_of_day_number(row["day"])
        if not period.first.isoformat() <= day <= period.last.isoformat():
            continue
        if not row["paid"] and row["paid_fen"]:
            continue
        net = (row["paid_fen"] if row["paid"] else 0) - row["refund_fen"]
        total += net
        if row["customer"] and pool.inside(row["customer"], row["paid_at"]):
            member += net
            private += net if row["domain"] == "private" else 0
    check(
        pond.measure.overview(period),
        {"private_share": over(private, total), "member_share": over(member, total)},
    )


def test_without_a_private_shop_its_share_is_not_told(tmp_path: Path) -> None:
    """Zero would say that the private domain sells nothing; nobody has said which shop it is."""
    sold = open_pond(
        tmp_path, [order(1, "m1", paid_at=LAST, created_at=LAST)], [line(1, 1)],
        [event("contact_added", LAST - 1, "m1")],
    )  # fmt: skip
    number = sold.measure.overview(sold.measure.period("last_30")).number("private_share")
    assert number.value is None
    assert any("no private shop" in en for _, en in number.caveats)


def test_customers_are_all_seen_by_the_end(pond: Pond, period: Period) -> None:
    seen: dict[int, int] = {}
    for row in pond.brand.orders.current().orders.to_pylist():
        if row["customer"]:
            seen[row["customer"]] = min(row["paid_at"], seen.get(row["customer"], 2**62))
    for one in pond.events:
        who = pond.customer(one["identities"]["member_no"])
        seen[who] = min(one["time"], seen.get(who, 2**62))
    last = period.last.isoformat()
    expected = sum(clock.iso_day(at, ZONE) <= last for at in seen.values())
    assert pond.measure.overview(period).number("customers").value == expected


def test_the_people_behind_a_number_are_as_many_as_it_says(pond: Pond, period: Period) -> None:
    found = pond.measure.overview(period)
    for number in found.numbers:
        people = pond.measure.people(number.metric.id, period)
        assert len(people) == number.people, number.metric.id
        assert 0 not in people
    for name in ("buyers", "new_buyers", "returning_buyers", "pool_stock", "customers"):
        assert found.number(name).people == found.number(name).value
    parts = [pond.measure.people(name, period) for name in ("new_buyers", "returning_buyers")]
    assert parts[0] | parts[1] == pond.measure.people("buyers", period)
    assert not parts[0] & parts[1]


def test_each_bar_of_the_pool_leads_to_its_people(pond: Pond) -> None:
    period = pond.measure.period("all")
    fall = pond.measure.overview(period).pool
    for metric, flows in (("pool_inflow", fall.inflow), ("pool_outflow", fall.outflow)):
        bars = [pond.measure.people(f"{metric}:{flow.key}", period) for flow in flows]
        assert all(0 < len(bar) <= flow.people for bar, flow in zip(bars, flows, strict=True))
        assert set().union(*bars) == set(pond.measure.people(metric, period))


def test_the_trend_adds_up_to_the_period(pond: Pond, period: Period) -> None:
    found = pond.measure.overview(period)
    for name in ("gmv_paid", "gmv_net", "orders", "new_buyers", "pool_inflow", "pool_outflow"):
        number = found.number(name)
        assert sum(value or 0 for value in number.trend) == pytest.approx(number.value)
    assert found.number("pool_stock").trend[-1] == found.number("pool_stock").value
    assert found.number("repurchase_rate").trend[-1] == found.number("repurchase_rate").value
    assert sum(map(sum, found.trend.net_fen.values())) == found.number("gmv_net").value
    assert sum(map(sum, found.trend.paid_fen.values())) == found.number("gmv_paid").value
    assert len(found.trend.labels) == len(found.number("orders").trend)


def test_the_comparison_is_the_other_periods_own_value(pond: Pond) -> None:
    period = pond.measure.period("last_90")
    found = pond.measure.overview(period)
    assert found.compare is not None
    before = pond.measure.overview(found.compare)
    for number in found.numbers:
        assert number.compare == before.number(number.metric.id).value, number.metric.id
    orders = found.number("orders")
    assert orders.change == pytest.approx((orders.value - orders.compare) / orders.compare)
    rate = found.number("refund_rate")
    assert rate.change == pytest.approx(rate.value - rate.compare)
    assert found.trend.compare_paid_fen is not None
    assert sum(found.trend.compare_paid_fen) == found.number("gmv_paid").compare


def test_a_period_without_data_before_it_is_not_compared(pond: Pond) -> None:
    first = pond.measure.period("all").first
    found = pond.measure.overview(Period(first, first + timedelta(days=9)))
    assert found.number("orders").compare is None
    assert ("对比期没有数据", "no data in the compared period") in found.number("orders").caveats


def test_net_numbers_are_provisional_until_refunds_have_closed(pond: Pond) -> None:
    today = pond.measure.today()
    assert today == date(2026, 8, 14)
    young = pond.measure.overview(Period(today - timedelta(days=40), today - timedelta(days=29)))
    closed = pond.measure.overview(Period(today - timedelta(days=40), today - timedelta(days=30)))
    for name in ("gmv_net", "private_share", "member_share", "refund_rate"):
        assert young.number(name).provisional
        assert not closed.number(name).provisional
    assert not young.number("gmv_paid").provisional


def test_an_order_without_a_customer_is_money_but_nobody(pond: Pond) -> None:
    found = pond.measure.overview(pond.measure.period("all"))
    assert found.number("identified_share").value < 1
    assert any("没有客户身份" in zh for zh, _ in found.number("buyers").caveats)


def test_overviews_are_kept_until_the_facts_change(pond: Pond) -> None:
    period = pond.measure.period("last_30")
    first, second = (pond.measure.overview(period) for _ in range(2))
    assert first.numbers is second.numbers
    pond.customers.refresh(whole=True)
    third = pond.measure.overview(period)
    assert third.numbers is not first.numbers
    assert third.numbers == first.numbers


def test_unknown_metrics_are_refused_and_unknown_findings_are_nobody(pond: Pond) -> None:
    period = pond.measure.period("all")
    with pytest.raises(NotFound):
        pond.measure.people("lead_in_rate", period)
    assert not pond.measure.people("finding:fast_leavers:no-such-code", period)


def test_the_pond_has_everything_the_tests_are_about(pond: Pond) -> None:
    """A quiet pond would make the comparisons above say little."""
    snapshot = pond.customers.snapshot()
    assert set(np.unique(snapshot.pool.flow)) == {int(flow) for flow in Flow}
    assert set(np.unique(snapshot.sales.domain)) == {0, 1, 2}
    assert (~snapshot.sales.paid).any()
    assert (snapshot.sales.customer == 0).any()
    assert snapshot.sales.inside.any()
    assert not snapshot.sales.inside.all()
    assert {one.metric.id for one in pond.measure.overview(pond.measure.period("all")).numbers} == {
        metric.id for metric in METRICS
    }
