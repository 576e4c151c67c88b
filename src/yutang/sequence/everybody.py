"""Conditions over customer attributes, asked of customers themselves instead of their events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

import numpy as np
from pyroaring import BitMap

from yutang.errors import BadInput
from yutang.sequence.filters import compile_filter
from yutang.sequence.shard import ShardSet
from yutang.sequence.view import View


class _Everybody:
    """Stands for a view of which every customer is a row: attributes are all that is asked."""

    def __init__(self, customers: np.ndarray) -> None:
        self.customers = customers
        self.place = np.arange(customers.size)

    def of_customers(self, values: np.ndarray, absent: float | int) -> np.ndarray:
        out = np.full(self.customers.size, absent, values.dtype)
        known = self.customers < values.size
        out[known] = values[self.customers[known]]
        return out


def people_where(
    spec: Mapping[str, Any], shards: ShardSet, customers: np.ndarray, *, today: date
) -> BitMap:
    """Which of these customers (uint32) meet a filter over attributes (`filters`), also those
    without any event. Raises BadInput, also where it asks for events."""
    compiled = compile_filter(spec, shards, today=today)
    if compiled is None:
        raise BadInput("A condition is missing.")
    if not compiled.of_customer:
        raise BadInput(
            "Only what is known of a customer can be asked here, not what single events say.",
            hint="Choose properties that begin with “customer.”.",
        )
    everybody = cast(View, _Everybody(customers))
    holds = compiled.rows(everybody, np.arange(customers.size))
    return BitMap(customers[holds])
