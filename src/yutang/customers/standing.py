"""Where each customer of a snapshot stands today: stage, NES, AIPL, 5A, value, fatigue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers import views
from yutang.customers.buying import Buying, Days, clocks_of, stages_of
from yutang.customers.from_events import Contact
from yutang.customers.intervals import Intervals
from yutang.customers.lifecycle_rule import LifecycleRule
from yutang.customers.moments import ACTED, ASKED, RECOMMENDED, bought_within, within
from yutang.customers.snapshot import People, Sales, Snapshot
from yutang.kit import clock


def placed(
    people: People,
    sales: Sales,
    days: Days,
    contact: Contact,
    rule: LifecycleRule,
    words: Sequence[str],
    *,
    as_of: int,
    zone: str,
) -> tuple[People, Intervals]:
    """People with the arrays that the rule tells, and the intervals they rest on. words: the
    categories; as_of: ms."""
    net = value_net(sales, people.last_order_at, rule, as_of)
    aipl, five_a = _steps(people.alive, days, contact, rule, as_of)
    people = replace(
        people,
        received=contact.received,
        last_interaction_at=contact.last_interaction_at,
        aipl=aipl,
        five_a=five_a,
    )
    return _told(people, net, days, rule, words, as_of, zone)


def told_again(snapshot: Snapshot, rule: LifecycleRule, zone: str) -> People:
    """The people of a snapshot as another rule tells them; AIPL and 5A stay as they are."""
    people, as_of = snapshot.people, snapshot.as_of
    net = value_net(snapshot.sales, people.last_order_at, rule, as_of)
    words = snapshot.words.get("category", [])
    return _told(people, net, snapshot.days, rule, words, as_of, zone)[0]


def _told(
    people: People,
    net: NDArray[np.int64],
    days: Days,
    rule: LifecycleRule,
    words: Sequence[str],
    as_of: int,
    zone: str,
) -> tuple[People, Intervals]:
    """Clocks, stage, NES, value, fatigue."""
    size, buying = len(people), Buying(days)
    today = int(clock.day_numbers(np.array([as_of]), zone)[0])
    found = buying.intervals(rule, today, list(words))
    buyers = buying.until()
    clocks = clocks_of(buyers, found, rule, len(words))

    def spread(values: NDArray[Any], none: int = 0) -> NDArray[Any]:
        out = np.full(size, none, values.dtype)
        out[buyers.customer] = values
        return out

    interval = spread(clocks.interval)
    told = replace(
        people,
        stage=spread(stages_of(buyers, clocks, as_of)),
        category=spread(buyers.category, -1),
        interval_days=interval,
        interval_source=spread(clocks.source),
        dormant_after=spread(clocks.dormant_after),
        lost_after=spread(clocks.lost_after),
        limit_source=spread(clocks.limit),
        value_net_fen=net,
        nes=views.nes(people.purchase_days, people.last_order_at, interval, as_of),
        value_tier=views.value_tiers(np.where(people.alive, net, 0), rule),
        fatigue=views.fatigues(people.received, rule),
    )
    return told, found


def _steps(
    known: NDArray[np.bool_], days: Days, contact: Contact, rule: LifecycleRule, as_of: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """AIPL and 5A."""
    size = len(known)
    acted, asked, recommended = (
        within(contact.spans, kind, window, as_of, size)
        for kind, window in (
            (ACTED, rule.interest_days),
            (ASKED, rule.interest_days),
            (RECOMMENDED, rule.loyal_days),
        )
    )
    bought, loyal = bought_within(
        days.customer, days.at, size, as_of, rule.buyer_days, rule.loyal_days
    )
    return (
        views.aipl(known, acted, bought, loyal),
        views.five_a(known, acted, asked, bought, recommended),
    )


def value_net(
    sales: Sales, last_order_at: NDArray[np.int64], rule: LifecycleRule, as_of: int
) -> NDArray[np.int64]:
    """Net fen (refunds booked to the day of payment) of each customer's window of value: VALUE_DAYS
    up to now, or up to his last purchase."""
    end = last_order_at[sales.customer] if rule.value_until == "last_purchase" else as_of
    rows = (sales.customer > 0) & (sales.at > end - views.VALUE_DAYS * clock.DAY_MS)
    net = (sales.paid_fen - sales.refund_fen)[rows].astype(np.float64)
    # Sums of fen stay below 2^53, where float64 is exact.
    sums = np.bincount(sales.customer[rows], net, minlength=len(last_order_at))
    return np.asarray(np.rint(sums), np.int64)
