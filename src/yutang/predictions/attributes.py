"""What a model expects, as customer attributes that any analysis and segment can use."""

from __future__ import annotations

import numpy as np
from pyroaring import BitMap

from yutang.predictions.fitting import Scores
from yutang.predictions.purchases import day_of
from yutang.sequence.calendar import day_start
from yutang.sequence.source import NO_TIME, Attribute

NAMES = ("alive", "orders_90d", "value_365d", "next_order_at", "churn_365d")


def attributes_of(scores: Scores, refusing: BitMap, zone: str) -> dict[str, Attribute]:
    """By NAMES: probability that he is still there; purchase days expected in 90 days; value to
    come in 365 days, in yuan; start of the day by which half of those like him have bought (UTC
    ms); probability that nothing is bought in 365 days. Who refuses profiling, or has not bought,
    has none."""
    if not len(scores.customers):
        return {}
    told = ~np.isin(scores.customers, np.array(refusing.to_array(), np.int64))
    who = scores.customers[told]
    size = int(scores.customers[-1]) + 1

    def number(values: np.ndarray) -> Attribute:
        dense = np.full(size, np.nan)
        dense[who] = values[told]
        return Attribute("number", dense)

    days, place = np.unique(scores.next_on, return_inverse=True)
    starts = np.array([day_start(day_of(day), zone) for day in days.tolist()], np.int64)
    moments = np.full(size, NO_TIME, np.int64)
    moments[who] = starts[place][told]
    return {
        "alive": number(scores.alive),
        "orders_90d": number(scores.orders[90]),
        "value_365d": number(scores.value[365]),
        "next_order_at": Attribute("time", moments),
        "churn_365d": number(scores.churn),
    }
