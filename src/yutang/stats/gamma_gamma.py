"""Gamma-Gamma: what a purchase day is worth, where everybody spends around a mean of his own.

A purchase ~ gamma(p, rate), the rates of customers ~ gamma(q, v). How often and how much are taken
to be independent: `correlation` says whether they are. Fader, Hardie (2013), "The Gamma-Gamma Model
of Monetary Value". Only repeat purchases of more than nothing are fitted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from yutang.stats.fitting import Fit, fit

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
    return fit(NAMES, lambda p: log_likelihood(p, x, mean), len(x), starts)


def log_likelihood(params: Floats, x: Ints, mean: Floats) -> tuple[float, Floats]:
    """Of p, q, v, with its gradient by them."""
    p, q, v = params
    xs, counts = np.unique(x, return_counts=True)
    n = x.astype(float)
    log_sum = np.log(v + n * mean)
    gammas = gammaln(p * xs + q) - gammaln(p * xs)
    value = float(
        counts @ gammas + len(x) * (q * np.log(v) - gammaln(q))
        + ((p * n - 1) * np.log(mean) + p * n * np.log(n) - (p * n + q) * log_sum).sum()
    )  # fmt: skip
    high = digamma(p * xs + q)
    gradient = np.array(
        [
            counts @ (xs * (high - digamma(p * xs)))
            + (n * (np.log(mean) + np.log(n) - log_sum)).sum(),
            counts @ high + len(x) * (np.log(v) - digamma(q)) - log_sum.sum(),
            len(x) * q / v - ((p * n + q) / (v + n * mean)).sum(),
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
