"""Stages by intervals, movements and the matrix: seconds for 5 M customers and 2 M orders.

    python benchmarks/lifecycle.py [--customers 5000000] [--orders 2000000]

The purchases are made up: everybody who buys does so at a rate of his own in one of 40 categories.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from yutang.customers import Moments
from yutang.customers.buying import Days
from yutang.customers.from_events import Contact, no_contact
from yutang.customers.from_orders import purchases
from yutang.customers.lifecycle_rule import DEFAULT
from yutang.customers.snapshot import Sales, Snapshot, Spans, blank_people, empty_snapshot
from yutang.customers.standing import placed, told_again
from yutang.kit.clock import DAY_MS
from yutang.lifecycle import matrix, movements
from yutang.lifecycle.periods import Between, between

ZONE, CATEGORIES, HISTORY = "Asia/Shanghai", 40, 900
TODAY = 20_400  # 2025-11-08


def made_sales(customers: int, orders: int) -> tuple[Sales, Days]:
    """Orders of about a third of the customers, sorted as in a snapshot."""
    draw = np.random.default_rng(1)
    who = 1 + (draw.random(orders) ** 1.6 * customers).astype(np.uint32)
    day = TODAY - (draw.random(orders) * HISTORY).astype(np.int32)
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    at = day.astype(np.int64) * DAY_MS
    paid = draw.integers(1_000, 60_000, orders)
    zero = np.zeros(orders, np.int32)
    sales = Sales(
        who, at, day, np.ones(orders, bool), paid, np.zeros(orders, np.int64), zero * 1.0,
        zero.astype(np.uint8), zero, zero, zero.astype(bool), zero.astype(bool),
    )  # fmt: skip
    fresh = np.r_[True, (who[1:] != who[:-1]) | (day[1:] != day[:-1])]
    category = (who % CATEGORIES).astype(np.int32)
    return sales, Days(who[fresh], day[fresh], at[fresh], category[fresh])


def made_contact(customers: int) -> Contact:
    draw = np.random.default_rng(2)
    n = customers // 2
    who = np.sort(draw.integers(1, customers, n)).astype(np.uint32)
    first = (TODAY - draw.integers(0, HISTORY, n)) * np.int64(DAY_MS)
    spans = Spans(who, np.zeros(n, np.uint8), first, first + 5 * DAY_MS)
    blank = no_contact(customers + 1)
    return replace(blank, spans=spans, received=draw.poisson(2, customers + 1).astype(np.int32))


def timed(name: str, do: Callable[[], Any], times: dict[str, float]) -> Any:
    started = time.perf_counter()
    found = do()
    times[name] = round(time.perf_counter() - started, 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=5_000_000)
    parser.add_argument("--orders", type=int, default=2_000_000)
    asked = parser.parse_args()
    size, as_of = asked.customers + 1, TODAY * DAY_MS
    words = [f"c{n}" for n in range(CATEGORIES)]
    times: dict[str, float] = {}
    sales, days = made_sales(asked.customers, asked.orders)
    contact = made_contact(asked.customers)
    people = purchases(sales, size)
    seen = blank_people(size).first_seen_at + (TODAY - HISTORY) * np.int64(DAY_MS)
    people = replace(people, alive=np.arange(size) > 0, first_seen_at=seen)
    people, intervals = timed(
        "stages, NES, AIPL, 5A, value, fatigue of all",
        lambda: placed(people, sales, days, contact, DEFAULT.rule, words, as_of=as_of, zone=ZONE),
        times,
    )
    snapshot: Snapshot = replace(
        empty_snapshot(), version=1, as_of=as_of, people=people, sales=sales, days=days,
        intervals=intervals, spans=contact.spans, words={"category": words},
    )  # fmt: skip
    moments = timed("moments made ready", lambda: Moments(snapshot, ZONE), times)
    span: Between = between("last_month", date(1970, 1, 1) + timedelta(days=TODAY))
    for axis in ("stage", "role", "nes", "aipl"):
        before, after = span.moments(ZONE)

        def moved(axis: str = axis, before: int = before, after: int = after) -> Any:
            codes = list(range(8))
            states = moments.states(axis, before), moments.states(axis, after)
            return movements.counted(axis, span, [str(n) for n in codes], *states)

        found = timed(f"movements by {axis}", moved, times)
        assert int(found.counts.sum()) == asked.customers
    timed("preview of another rule", lambda: told_again(
        snapshot, replace(DEFAULT.rule, quantile=0.8), ZONE), times)  # fmt: skip
    timed("strategy matrix", lambda: matrix.counted(snapshot, matrix.DEFAULT), times)
    buyers = int((people.orders > 0).sum())
    print(json.dumps({**vars(asked), "buyers": buyers, "seconds": times}, indent=1))


if __name__ == "__main__":
    main()
