"""Gamma-Gamma: what a purchase day is worth, where everybody spends around a mean of his own.

A purchase ~ gamma(p, rate), the rates of customers ~ gamma(q, v). How often and how much are taken
to be independent: `correlation` says whether they are. Fader, Hardie (2013), "The Gamma-Gamma Model
of Monetary Value". Only repeat purchases of more than nothing are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from yutang.stats.fitting import Fit, dot, fit

NAMES = ("p", "q", "v")
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def fit_gamma_gamma(x: Ints, mean: Floats) -> Fit:
    """Maximum likelihood. x: repeat purchase days (positive), mean: mean value of them (positive).

    Raises ValueError where there are none.
    """
    if not len(x):
        raise ValueError("nobody bought again")
    scale = float(mean.mean())
    starts = ((5.0, 4.0, 3.0 * scale / 5), (1.0, 2.0, scale))
    sums = _Sums.of(x, mean)
    return fit(NAMES, lambda p: _log_likelihood(p, sums), len(x), starts)


@dataclass(frozen=True)
class _Sums:
    """What the likelihood needs of the data besides the parameters, worked out once. xs, counts:
    distinct x and how many have it; n, spent: x and x times the mean; log_mean, n_log_spent: sums
    of ln mean and of x ln(x mean)."""

    xs: Floats
    counts: Floats
    n: Floats
    spent: Floats
    log_mean: float
    n_log_spent: float

    @classmethod
    def of(cls, x: Ints, mean: Floats) -> _Sums:
        xs, counts = np.unique(x, return_counts=True)
        n = x.astype(np.float64)
        log_mean = np.log(mean)
        return cls(
            xs.astype(np.float64), counts.astype(np.float64), n, n * mean,
            float(log_mean.sum()), dot(n, log_mean + np.log(n)),
        )  # fmt: skip


def log_likelihood(params: Floats, x: Ints, mean: Floats) -> tuple[float, Floats]:
    """Of p, q, v, with its gradient by them."""
    return _log_likelihood(params, _Sums.of(x, mean))


def _log_likelihood(params: Floats, sums: _Sums) -> tuple[float, Floats]:
    p, q, v = params
    xs, counts, n = sums.xs, sums.counts, sums.n
    size = len(n)
    total = v + sums.spent
    log_total = np.log(total)
    n_log_total, sum_log_total = dot(n, log_total), float(log_total.sum())
    value = float(
        counts @ (gammaln(p * xs + q) - gammaln(p * xs)) + size * (q * np.log(v) - gammaln(q))
        + p * sums.n_log_spent - sums.log_mean - p * n_log_total - q * sum_log_total
    )  # fmt: skip
    high = digamma(p * xs + q)
    share = 1.0 / total
    gradient = np.array(
        [
            counts @ (xs * (high - digamma(p * xs))) + sums.n_log_spent - n_log_total,
            counts @ high + size * (np.log(v) - digamma(q)) - sum_log_total,
            size * q / v - p * dot(n, share) - q * float(share.sum()),
        ]
    )
    return value, gradient


def expected_value(params: Floats, x: Ints, mean: Floats) -> Floats:
    """Expected value of a purchase day by customer; who never bought again has the mean of all.

    x: repeat purchase days; mean: mean value of them (anything where x is 0). NaN where the mean of
    all is not finite (q <= 1) and nothing is known of the customer.
    """
    p, q, v = params
    bottom = p * x + q - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = p * (v + np.where(x > 0, x * mean, 0.0)) / bottom
    return np.asarray(np.where(bottom > 0, found, np.nan))


def population_mean(params: Floats) -> float:
    """Mean value of a purchase day over all customers; NaN where it is not finite."""
    p, q, v = params
    return float(p * v / (q - 1)) if q > 1 else float("nan")
