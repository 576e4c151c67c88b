"""The people behind a number: each metric's customers in a period."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.metrics import METRICS, REPURCHASE_WINDOW_DAYS
from yutang.customers import DOMAIN_CODES
from yutang.kit import clock
from yutang.measure.overview import Ground
from yutang.measure.period import Period
from yutang.measure.pond import flow_people, stock_people
from yutang.measure.totals import rows_between


def behind(ground: Ground, metric_id: str, period: Period, key: str = "") -> NDArray[np.uint32]:
    """Customers behind a metric in a period, sorted, some of them several times."""
    snapshot = ground.snapshot
    first, last = period.span
    if metric_id in ("pool_inflow", "pool_outflow"):
        return flow_people(snapshot, ground.pool, period, metric_id, key)
    if metric_id == "pool_stock":
        return stock_people(snapshot, ground.pool, last)
    if metric_id == "customers":
        return _seen_by(ground, last)
    sales = snapshot.sales
    if metric_id == "repurchase_rate":
        return _repeaters(ground, last)
    rows = rows_between(sales, first, last)
    rows = rows[sales.customer[rows] > 0]
    if metric_id != "gmv_net":
        rows = rows[sales.paid[rows]]
    if metric_id == "refund_rate":
        rows = rows[sales.refund_fen[rows] > 0]
    elif metric_id == "new_buyers":
        rows = rows[sales.first[rows]]
    elif metric_id == "returning_buyers":
        fresh = np.zeros(len(snapshot.people), bool)
        fresh[sales.customer[rows[sales.first[rows]]]] = True
        rows = rows[~fresh[sales.customer[rows]]]
    elif metric_id in ("repurchase_ratio", "items_ratio"):
        rows = rows[sales.domain[rows] == DOMAIN_CODES["private"]]
    elif metric_id == "private_share":
        rows = rows[sales.domain[rows] == DOMAIN_CODES["private"]]
        rows = rows[sales.inside[rows]] if ground.related else rows
    elif metric_id == "member_share":
        rows = rows[sales.inside[rows]]
    return sales.customer[rows]


def _seen_by(ground: Ground, last: int) -> NDArray[np.uint32]:
    people = ground.snapshot.people
    days = clock.day_numbers(people.first_seen_at, ground.zone)
    seen = people.alive & (people.first_seen_at > 0) & (days <= last)
    return np.flatnonzero(seen).astype(np.uint32)


def _repeaters(ground: Ground, last: int) -> NDArray[np.uint32]:
    """Customers with two purchase days in the window that ends on `last`."""
    sales = ground.snapshot.sales
    rows = rows_between(sales, last - REPURCHASE_WINDOW_DAYS + 1, last)
    rows = rows[sales.paid[rows] & (sales.customer[rows] > 0)]
    customer, day = sales.customer[rows], sales.day[rows]
    again = (customer[1:] == customer[:-1]) & (day[1:] != day[:-1])
    return np.asarray(customer[1:][again], np.uint32)


# Metrics whose people are the buyers, and metrics that count people themselves.
_BUYERS = {"gmv_paid", "orders", "buyers", "upt", "items_per_buyer", "arpb", "per_order",
           "identified_share"}  # fmt: skip
_OWN_COUNT = {"new_buyers", "returning_buyers", "customers", "pool_stock"}


def counts_of(
    ground: Ground, period: Period, values: Mapping[str, NDArray[np.float64]]
) -> dict[str, int]:
    """Distinct customers behind each metric; `values` of the whole period, in one bucket."""
    out: dict[str, int] = {}
    for metric in METRICS:
        if metric.id in _BUYERS or metric.id in _OWN_COUNT:
            name = "buyers" if metric.id in _BUYERS else metric.id
            out[metric.id] = int(np.nan_to_num(values[name][0]))
        elif metric.id == "repurchase_rate":
            out[metric.id] = ground.rolling.at(period.span[1])[1]
        else:
            out[metric.id] = _distinct(behind(ground, metric.id, period))
    return out


def _distinct(customer: NDArray[np.uint32]) -> int:
    """Distinct values of a sorted array."""
    return int((customer[1:] != customer[:-1]).sum()) + 1 if len(customer) else 0
