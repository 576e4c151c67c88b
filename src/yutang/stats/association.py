"""Do two things go together more than chance would have it? Counts in, intervals out.

n baskets, of which a hold the first thing, b the second, ab both. Small counts give large lifts by
luck, so every figure has a bound: Wilson's for a share (Wilson 1927), the delta method's on the
logarithm for lift, Sokal and Rohlf's G for significance, Benjamini and Hochberg (1995) for many
pairs at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy
from scipy.stats import chi2

Floats = NDArray[np.float64]
Z95 = 1.959963984540054  # two-sided 95 %


def wilson(hits: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson's score interval of a share, by element; (0, 1) where n is 0.

    >>> low, high = wilson(8, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.4902, 0.9433)
    """
    x, total = np.asarray(hits, np.float64), np.asarray(n, np.float64)
    some = np.maximum(total, 1.0)
    p, zz = x / some, z * z
    middle = (p + zz / (2 * some)) / (1 + zz / some)
    half = z * np.sqrt(np.maximum(p * (1 - p), 0) / some + zz / (4 * some**2)) / (1 + zz / some)
    none = total <= 0
    # At the ends of the scale rounding may leave a last digit of the other side.
    low = np.where(none | (x <= 0), 0.0, np.clip(middle - half, 0, 1))
    high = np.where(none | (x >= total), 1.0, np.clip(middle + half, 0, 1))
    return low, high


def lift(ab: ArrayLike, a: ArrayLike, b: ArrayLike, n: ArrayLike) -> Floats:
    """P(ab) / (P(a) P(b)); 1 is chance. NaN where a or b is 0."""
    both, one, other, total = _floats(ab, a, b, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(both * total / (one * other), np.float64)


def lift_interval(
    ab: ArrayLike, a: ArrayLike, b: ArrayLike, n: ArrayLike, z: float = Z95
) -> tuple[Floats, Floats]:
    """Interval of lift: exp(ln lift ± z s), by the delta method over the four cells of a
    multinomial: s² = 1/ab − 1/a − 1/b − 1/n + 2 ab/(a b). (0, inf) where ab is 0."""
    both, one, other, total = _floats(ab, a, b, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(
            np.maximum(1 / both - 1 / one - 1 / other - 1 / total + 2 * both / (one * other), 0)
        )
        middle = both * total / (one * other)
        low, high = middle * np.exp(-z * spread), middle * np.exp(z * spread)
    seen = both > 0
    return np.where(seen, low, 0.0), np.where(seen, high, np.inf)


def g_test(ab: ArrayLike, a: ArrayLike, b: ArrayLike, n: ArrayLike) -> Floats:
    """One-sided p of "no more together than by chance": G = 2 Σ O ln(O/E) over the four cells, one
    degree of freedom, halved above chance."""
    both, one, other, total = _floats(ab, a, b, n)
    some = np.maximum(total, 1)
    g = np.zeros(np.broadcast_shapes(both.shape, one.shape, other.shape, total.shape))
    for seen, expected in (
        (both, one * other),
        (one - both, one * (total - other)),
        (other - both, (total - one) * other),
        (total - one - other + both, (total - one) * (total - other)),
    ):
        mean = expected / some
        g = g + xlogy(seen, np.where(mean > 0, seen / np.where(mean > 0, mean, 1), 1))
    half = chi2.sf(np.maximum(2 * g, 0), 1) / 2
    return np.asarray(np.where(both * total > one * other, half, 1 - half), np.float64)


def benjamini_hochberg(p: Floats) -> Floats:
    """q by test: the share of false finds to expect when all with a q up to this are believed.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    count = len(p)
    if not count:
        return np.empty(0)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * count / np.arange(1, count + 1)
    q = np.empty(count)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _floats(*values: ArrayLike) -> list[Floats]:
    return [np.asarray(value, np.float64) for value in values]
