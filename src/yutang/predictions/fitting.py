"""A model of repeat buying fitted on purchases, and what it expects of each customer.

How often: BG/NBD or Pareto/NBD (stats/bgnbd.py, stats/pnbd.py). How much: Gamma-Gamma on the mean
value of repeat purchase days. A purchase means a day with purchases; times count in weeks inside
the models and in days outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yutang.errors import BadInput
from yutang.predictions.purchases import Purchases, day_of
from yutang.stats import bgnbd, gamma_gamma, pnbd
from yutang.stats.fitting import Fit
from yutang.stats.purchases import DAYS_PER_WEEK, Cells, cells_of, histories

Model = Literal["bgnbd", "pnbd"]
MODELS: tuple[Model, ...] = ("bgnbd", "pnbd")
HORIZONS = (30, 90, 365)  # days
LEAST_REPEATERS = 20  # fewer who bought again tell nothing of the others
_DAYS_PER_YEAR = 365.0
_DAYS_PER_STEP = 31  # value to come is discounted month by month

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """The functions of one model."""

    fit: Callable[[Cells], Fit]
    alive: Callable[[Floats, Cells], Floats]
    expected: Callable[[Floats, Cells, float], Floats]
    expected_of_new: Callable[[Floats, Floats], Floats]
    no_purchase: Callable[[Floats, Cells, float], Floats]
    median_wait: Callable[[Floats, Cells], Floats]


KINDS: dict[Model, Kind] = {
    "bgnbd": Kind(
        bgnbd.fit_bgnbd, bgnbd.alive, bgnbd.expected, bgnbd.expected_of_new, bgnbd.no_purchase,
        bgnbd.median_wait,
    ),
    "pnbd": Kind(
        pnbd.fit_pnbd, pnbd.alive, pnbd.expected, pnbd.expected_of_new, pnbd.no_purchase,
        pnbd.median_wait,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """By customer (int64 ids, rising). alive: probability that he has not left; orders, value: by
    horizon of HORIZONS, expected purchase days and what they are worth (margin and discount
    counted, NaN without a Gamma-Gamma fit); next_on: day on which half of those like him who are
    still there have bought (int64 since 1970); churn: probability that nothing is bought for 365
    days."""

    customers: Ints
    alive: Floats
    orders: dict[int, Floats]
    value: dict[int, Floats]
    next_on: Ints
    churn: Floats


@dataclass(frozen=True)
class Fitted:
    """A fitted model. customers, x, mean: by customer, repeat purchase days and their mean value
    (0 where there are none); at: his cell; spending: the Gamma-Gamma fit, None where too few bought
    again."""

    model: Model
    fit: Fit
    spending: Fit | None
    cells: Cells
    customers: Ints
    x: Ints
    mean: Floats
    at: Ints
    until: int
    names: Sequence[str]

    @property
    def params(self) -> Floats:
        return np.array(list(self.fit.params.values()))

    @property
    def until_on(self) -> date:
        return day_of(self.until)

    @property
    def correlation(self) -> float:
        """Of how often and how much, over those who bought again: Gamma-Gamma takes it for 0."""
        again = self.x > 0
        if again.sum() < 3 or not np.ptp(self.x[again]) or not np.ptp(self.mean[again]):
            return 0.0
        return float(np.corrcoef(self.x[again], self.mean[again])[0, 1])

    def scores(self, *, margin: float = 1.0, discount: float = 0.0) -> Scores:
        """What is expected of each customer.

        margin: share of a purchase's value that is earned; discount: a year, 0.1 = 10 %. Value to
        come is margin × expected value of a purchase day × purchase days expected in each month of
        the horizon, discounted to the middle of that month.
        """
        kind, cells, params = KINDS[self.model], self.cells, self.params
        spend = self.spend()
        orders, value = {}, {}
        for days in HORIZONS:
            known = np.zeros(len(cells.x))
            discounted = np.zeros(len(cells.x))
            steps = -(-days // _DAYS_PER_STEP)
            for step in range(1, steps + 1):
                so_far = kind.expected(params, cells, days * step / steps / DAYS_PER_WEEK)
                middle = days * (step - 0.5) / steps / _DAYS_PER_YEAR
                discounted += (so_far - known) / (1 + discount) ** middle
                known = so_far
            orders[days] = known[self.at]
            value[days] = margin * discounted[self.at] * spend
        wait = np.ceil(kind.median_wait(params, cells) * DAYS_PER_WEEK)[self.at]
        year = kind.no_purchase(params, cells, _DAYS_PER_YEAR / DAYS_PER_WEEK)
        return Scores(
            customers=self.customers,
            alive=kind.alive(params, cells)[self.at],
            orders=orders,
            value=value,
            next_on=self.until + np.minimum(wait, 36_500).astype(np.int64),
            churn=year[self.at],
        )

    def spend(self) -> Floats:
        """Expected value of a purchase day by customer; NaN without a Gamma-Gamma fit."""
        if self.spending is None:
            return np.full(len(self.customers), np.nan)
        params = np.array(list(self.spending.params.values()))
        return gamma_gamma.expected_value(params, self.x, self.mean)

    def to_json(self) -> dict[str, Any]:
        """Model, parameters and likelihoods, as the command line prints them."""
        spending = None
        if self.spending is not None:
            spending = {**self.spending.params, "log_likelihood": self.spending.log_likelihood}
        return {
            "model": self.model,
            "params": self.fit.params,
            "log_likelihood": self.fit.log_likelihood,
            "customers": len(self.customers),
            "gamma_gamma": spending,
            "cells": len(self.cells.x),
            "until": self.until_on.isoformat(),
            "at_bound": list(self.fit.at_bound),
        }


def fitted(purchases: Purchases, model: Model = "bgnbd") -> Fitted:
    """Fit on purchases. Raises BadInput where too few bought again."""
    customers, x, recency, age = histories(purchases.customer, purchases.day, purchases.until)
    repeaters = int((x > 0).sum())
    if repeaters < LEAST_REPEATERS:
        raise BadInput(
            "Only %(n)s customers bought on more than one day; a prediction needs %(least)s.",
            hint="Import more orders, or wait for more repeat purchases.",
            n=repeaters,
            least=LEAST_REPEATERS,
        )
    cells, at = cells_of(x, recency, age)
    mean = _repeat_mean(purchases, customers, x)
    again = (x > 0) & (mean > 0)
    try:
        fit = KINDS[model].fit(cells)
        spending = gamma_gamma.fit_gamma_gamma(x[again], mean[again])
    except ValueError as error:
        raise BadInput("The model cannot be fitted: %(why)s.", why=str(error)) from error
    return Fitted(
        model, fit, spending, cells, customers, x, mean, at, purchases.until, purchases.names
    )


def _repeat_mean(purchases: Purchases, customers: Ints, x: Ints) -> Floats:
    """Mean value of the purchase days after the first, by customer; 0 where there are none."""
    inside = purchases.day <= purchases.until
    who, value = purchases.customer[inside], purchases.value[inside]
    again = np.zeros(len(who), bool)
    again[1:] = who[1:] == who[:-1]
    place = np.searchsorted(customers, who[again])
    total = np.bincount(place, value[again], minlength=len(customers))
    return np.divide(total, x, out=np.zeros(len(customers)), where=x > 0)
