"""Did a count grow, or is it noise? Two counts over two lengths of time.

Given their sum, the newer of two Poisson counts is binomial; its exact interval (Clopper and
Pearson 1934) is one of the ratio of rates (Przyborowski and Wilenski 1940). Counts of a shop vary
more than Poisson's: `overdispersion` says how much, and both counts are divided by it
(quasi-Poisson).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc
from scipy.stats import beta

Floats = NDArray[np.float64]


def rate_ratio(
    now: ArrayLike,
    before: ArrayLike,
    exposure: float = 1.0,
    *,
    spread: float = 1.0,
    level: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """(ratio, low, high) of the rates of two counts, by element.

    exposure: length of the newer time over that of the older; spread: how many times Poisson's
    variance. NaN, 0, inf where nothing was counted; inf where nothing was before.
    """
    x, y = np.asarray(now, np.float64), np.asarray(before, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(x + y > 0, x / y / exposure, np.nan)
    u, v = x / spread, y / spread
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(u > 0, beta.ppf(tail, np.maximum(u, 1e-9), v + 1), 0.0)
        high = np.where(v > 0, beta.ppf(1 - tail, u + 1, np.maximum(v, 1e-9)), 1.0)
        return ratio, low / (1 - low) / exposure, high / (1 - high) / exposure


def rate_ratio_p(
    now: ArrayLike, before: ArrayLike, exposure: float = 1.0, *, spread: float = 1.0
) -> Floats:
    """Two-sided exact p of "the rates are equal" (twice the smaller tail, at most 1)."""
    u = np.asarray(now, np.float64) / spread
    v = np.asarray(before, np.float64) / spread
    share = exposure / (1 + exposure)
    # Tails of the binomial as incomplete betas, so that divided counts need not be whole.
    at_least = np.where(u > 0, betainc(np.maximum(u, 1e-9), v + 1, share), 1.0)
    at_most = np.where(v > 0, betainc(np.maximum(v, 1e-9), u + 1, 1 - share), 1.0)
    return np.asarray(np.minimum(2 * np.minimum(at_least, at_most), 1.0), np.float64)


def overdispersion(counts: NDArray[np.float64], least: float = 1.0) -> float:
    """How many times Poisson's variance counts have, beyond what all rows share.

    counts: rows are things, columns equal stretches of time. Neighbouring columns are compared two
    by two (the oldest is left out of an odd number), so that slow growth is no noise: expected of
    a cell is row sum × column sum / sum of the two; Pearson's χ² over its degrees of freedom, of
    rows with `least` a column; at least 1.
    """
    kept = counts[counts.mean(axis=1) >= least] if counts.size else counts
    squares, freedom = 0.0, 0
    for place in range(kept.shape[1] % 2, kept.shape[1] - 1, 2):
        two = kept[:, place : place + 2]
        two = two[two.sum(axis=1) > 0]
        columns = two.sum(axis=0)
        if len(two) > 1 and (columns > 0).all():
            expected = two.sum(axis=1)[:, None] * columns[None, :] / columns.sum()
            squares += float(((two - expected) ** 2 / expected).sum())
            freedom += len(two) - 1
    return max(1.0, squares / freedom) if freedom else 1.0
