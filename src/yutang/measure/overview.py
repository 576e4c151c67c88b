"""The numbers of the overview: values from totals, with what a reader must know beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.metrics import REFUNDS_CLOSE_DAYS, Metric
from yutang.customers import DOMAIN_CODES, Snapshot
from yutang.measure.detectors import Finding
from yutang.measure.period import Buckets, Period
from yutang.measure.pond import PoolDays, Waterfall, flows_by_bucket
from yutang.measure.totals import Counts, Rolling, Totals, rows_between, summed, totals

Words = tuple[str, str]
NET_METRICS = ("gmv_net", "private_share", "member_share", "refund_rate")
PEOPLE_METRICS = ("buyers", "new_buyers", "returning_buyers", "arpb", "items_per_buyer")
POOL_METRICS = ("pool_stock", "pool_inflow", "pool_outflow", "member_share")


@dataclass(frozen=True)
class Number:
    """One number. `value` None where nothing can be divided or nothing was measured.

    change: relative to `compare` for money and counts, the plain difference for rates, ratios and
    days; None where one of the two is missing. trend: one value a step of the overview's labels.
    people: how many customers stand behind the value (Measure.people gives them).
    """

    metric: Metric
    value: float | None
    compare: float | None
    change: float | None
    trend: tuple[float | None, ...]
    people: int
    provisional: bool
    caveats: tuple[Words, ...]


@dataclass(frozen=True)
class Trend:
    """Money by step (fen): by domain, and the whole of the compared period, step by step (None:
    not compared; shorter or longer than `labels` where that period is)."""

    labels: tuple[str, ...]
    paid_fen: dict[str, tuple[int, ...]]
    net_fen: dict[str, tuple[int, ...]]
    compare_paid_fen: tuple[int, ...] | None
    compare_net_fen: tuple[int, ...] | None
    new_buyers: tuple[int, ...]
    returning_buyers: tuple[int, ...]


@dataclass(frozen=True)
class Overview:
    """A page of numbers, all from one facts version. `as_of`: newest fact (UTC ms, 0 = none)."""

    period: Period
    compare: Period | None
    unit: str
    as_of: int
    facts_version: int
    empty: bool
    numbers: tuple[Number, ...]
    trend: Trend
    pool: Waterfall
    needs: tuple[Finding, ...]

    def number(self, metric_id: str) -> Number:
        """The number of this metric. Raises KeyError."""
        for one in self.numbers:
            if one.metric.id == metric_id:
                return one
        raise KeyError(metric_id)


@dataclass(frozen=True)
class Ground:
    """What is derived from a snapshot once: repurchase windows, pool by day, first days seen."""

    snapshot: Snapshot
    rolling: Rolling
    pool: PoolDays
    tie_day: NDArray[np.int32]
    seen_day: NDArray[np.int32]  # sorted first days of the living customers
    today: int  # business day of the newest fact
    zone: str

    @property
    def related(self) -> bool:
        """Is there any relation event?"""
        return len(self.snapshot.ties) > 0

    @cached_property
    def has_private(self) -> bool:
        """Was anything ever sold in a private shop? Before that its share cannot be told."""
        sales = self.snapshot.sales
        return bool((sales.paid & (sales.domain == DOMAIN_CODES["private"])).any())


def totals_of(ground: Ground, buckets: Buckets) -> tuple[Totals, Totals]:
    """Totals of the sales in these buckets, and of the whole of them."""
    sales = ground.snapshot.sales
    rows = rows_between(sales, int(buckets.starts[0]), buckets.end - 1)
    found = totals(sales, rows, buckets.of(sales.day[rows]), len(buckets))
    return found, summed(found, sales, rows)


def values_of(ground: Ground, buckets: Buckets, found: Totals) -> dict[str, Counts]:
    """Each metric by bucket (float64, NaN where it has no value)."""
    private, public = DOMAIN_CODES["private"], DOMAIN_CODES["public"]
    ends = buckets.last_days
    windows = np.array([ground.rolling.at(int(day)) for day in ends], np.float64).reshape(-1, 2)
    entries, exits = flows_by_bucket(ground.snapshot, ground.pool, buckets)
    orders_per_buyer = _over(found.domain_known_orders, found.domain_buyers)
    items_per_order = _over(found.domain_items, found.domain_orders)
    inside = found.domain_inside_net_fen if ground.related else found.domain_net_fen
    values = {
        "gmv_paid": found.paid_fen,
        "gmv_net": found.net_fen,
        "orders": found.orders,
        "buyers": found.buyers,
        "new_buyers": found.new_buyers,
        "returning_buyers": found.buyers - found.new_buyers,
        "repurchase_rate": _over(windows[:, 1], windows[:, 0]),
        "upt": _over(found.items, found.orders),
        "items_per_buyer": _over(found.known_items, found.buyers),
        "arpb": _over(found.known_paid_fen, found.buyers),
        "per_order": _over(found.paid_fen, found.orders),
        "private_share": _over(inside[private], found.net_fen),
        "member_share": _over(found.inside_net_fen, found.net_fen),
        "refund_rate": _over(found.order_refund_fen, found.paid_fen),
        "repurchase_ratio": _over(orders_per_buyer[private], orders_per_buyer[public]),
        "items_ratio": _over(items_per_order[private], items_per_order[public]),
        "pool_stock": ground.pool.at_end_of(ends).astype(np.float64),
        "pool_inflow": entries.astype(np.float64),
        "pool_outflow": exits.astype(np.float64),
        "customers": np.searchsorted(ground.seen_day, ends, side="right").astype(np.float64),
        "identified_share": _over(found.known_orders, found.orders),
    }
    untold = [] if ground.related else list(POOL_METRICS)
    if not ground.has_private:
        untold.append("private_share")
    for name in untold:
        values[name] = np.full(len(buckets), np.nan)
    return values


def _over(part: Counts, whole: Counts) -> Counts:
    """part ÷ whole, NaN where the whole is not above 0 (or more was refunded than sold)."""
    safe = np.where(whole > 0, whole, np.nan)
    return np.asarray(part / safe, np.float64)


def number_of(
    metric: Metric,
    value: float | None,
    compare: float | None,
    trend: Counts,
    *,
    people: int,
    provisional: bool,
    caveats: tuple[Words, ...],
) -> Number:
    """A number with its change."""
    change = None
    if value is not None and compare is not None:
        if metric.unit in ("fen", "count"):
            change = (value - compare) / compare if compare > 0 else None
        else:
            change = value - compare
    shown = tuple(None if np.isnan(one) else float(one) for one in trend)
    return Number(metric, value, compare, change, shown, people, provisional, caveats)


def plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def caveats_of(
    metric: Metric, ground: Ground, period: Period, found: Totals, compared: Words | None
) -> tuple[bool, tuple[Words, ...]]:
    """(provisional, what a reader must know) of a metric in a period of one bucket."""
    out: list[Words] = []
    provisional = metric.id in NET_METRICS and period.span[1] > ground.today - REFUNDS_CLOSE_DAYS
    if provisional:
        out.append(
            (
                f"暂定：支付未满 {REFUNDS_CLOSE_DAYS} 天，退款还会变化",
                f"provisional: refunds keep coming in for {REFUNDS_CLOSE_DAYS} days",
            )
        )
    unknown = found.orders[0] - found.known_orders[0]
    if unknown and metric.id in PEOPLE_METRICS:
        out.append(
            (
                f"{unknown:,.0f} 笔订单没有客户身份，没有算到人",
                f"{unknown:,.0f} orders have no known customer and are not tied to people",
            )
        )
    if metric.id in POOL_METRICS and not ground.related:
        out.append(
            (
                "还没有关系事件：接入企微加粉、进群、关注后才有",
                "no relation events yet: connect WeCom contacts, groups or follows",
            )
        )
    if metric.id == "private_share":
        out += _private_caveats(ground, found)
    if metric.id == "repurchase_ratio":
        out.append(
            ("未按人群匹配：私域客户本来就可能更爱复购", "unmatched: private buyers may differ")
        )
    if compared:
        out.append(compared)
    return provisional, tuple(out)


def _private_caveats(ground: Ground, found: Totals) -> list[Words]:
    if not ground.has_private:
        return [
            (
                "还没有私域店铺的订单：在“交易与权益”里确认哪家店是自己的，或导入它的订单",
                "no private shop has sold yet: confirm on the page of shops which one is yours, "
                "or import its orders",
            )
        ]
    if not ground.related:
        return [
            (
                "还没有关系数据：自有店铺的订单全部计入",
                "no relation data yet: all orders of owned shops count",
            )
        ]
    private = DOMAIN_CODES["private"]
    left_out = found.domain_net_fen[private][0] - found.domain_inside_net_fen[private][0]
    if not left_out:
        return []
    return [
        (
            f"自有店铺里不在鱼塘的客户成交 ¥{left_out / 100:,.2f}，没有计入",
            f"¥{left_out / 100:,.2f} in owned shops came from outside the pool and is left out",
        )
    ]


def trend_of(found: Totals, buckets: Buckets, compared: Totals | None) -> Trend:
    """The money and buyer series of a period."""

    def fen(values: Counts) -> tuple[int, ...]:
        return tuple(int(one) for one in np.rint(values))

    return Trend(
        labels=buckets.labels,
        paid_fen={name: fen(found.domain_paid_fen[code]) for name, code in DOMAIN_CODES.items()},
        net_fen={name: fen(found.domain_net_fen[code]) for name, code in DOMAIN_CODES.items()},
        compare_paid_fen=fen(compared.paid_fen) if compared is not None else None,
        compare_net_fen=fen(compared.net_fen) if compared is not None else None,
        new_buyers=fen(found.new_buyers),
        returning_buyers=fen(found.buyers - found.new_buyers),
    )
