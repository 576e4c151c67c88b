"""BG/NBD: customers buy at random at their own rate, and after each purchase may be gone for good.

Rate of buying ~ gamma(r, alpha), chance of leaving after a purchase ~ beta(a, b). Times in weeks.
Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way. Somebody who bought once is alive
for certain in this model: he had no purchase to leave after.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, digamma, gammaln, hyp2f1

from yutang.stats.fitting import Fit, dot, fit
from yutang.stats.purchases import Cells

NAMES = ("r", "alpha", "a", "b")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
Floats = NDArray[np.float64]


def fit_bgnbd(cells: Cells) -> Fit:
    """Maximum likelihood over the cells. Raises ValueError where there are none."""
    if not len(cells.x):
        raise ValueError("there is no purchase")
    return fit(NAMES, lambda p: log_likelihood(p, cells), cells.customers, _starts(cells))


def _starts(cells: Cells) -> tuple[tuple[float, ...], ...]:
    """Twice the rate over everybody's whole time, since part of it they were gone."""
    bought, weeks = float(cells.weight @ cells.x), float(cells.weight @ cells.weeks[1])
    alpha = min(max(0.3 * weeks / (2 * bought), 0.1), 1e3) if bought and weeks else 5.0
    return (0.3, alpha, 0.7, 2.0), (1.0, 3.0, 1.0, 3.0)


def log_likelihood(params: Floats, cells: Cells) -> tuple[float, Floats]:
    """Of r, alpha, a, b, with its gradient by them."""
    r, alpha, a, b = params
    recency, age = cells.weeks
    x, weight, by_x = cells.x.astype(float), cells.weight.astype(float), cells.by_x
    xs = cells.xs.astype(float)
    gammas = (
        gammaln(r + xs) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + xs) - gammaln(b) - gammaln(a + b + xs)
    )  # fmt: skip
    repeat = x > 0
    # Still a customer, or gone after the last purchase: a sum of two terms, of which the second is
    # e^ratio of the first.
    log_age, log_last = np.log(alpha + age), np.log(alpha + recency)
    before = np.where(repeat, b + x - 1, 1.0)
    power = r + x
    ratio = np.where(repeat, np.log(a / before) + power * (log_age - log_last), -np.inf)
    less = np.exp(-np.abs(ratio))
    both = np.maximum(ratio, 0.0) + np.log1p(less) - power * log_age
    value = float(by_x @ gammas + dot(weight, both))
    of_gone = weight * np.where(ratio > 0, 1.0, less) / (1.0 + less)
    of_alive = weight - of_gone
    ab, abx = digamma(a + b), digamma(a + b + xs)
    gradient = np.array(
        [
            by_x @ (digamma(r + xs) - digamma(r) + np.log(alpha)) - dot(of_alive, log_age)
            - dot(of_gone, log_last),
            by_x.sum() * r / alpha - dot(of_alive, power / (alpha + age))
            - dot(of_gone, power / (alpha + recency)),
            by_x @ (ab - abx) + of_gone.sum() / a,
            by_x @ (ab - abx + digamma(b + xs) - digamma(b)) - dot(of_gone, repeat / before),
        ]
    )  # fmt: skip
    return value, gradient


def log_likelihoods(params: Floats, cells: Cells) -> Floats:
    """Of each cell's history, for one customer."""
    r, alpha, a, b = params
    recency, age = cells.weeks
    x = cells.x.astype(float)
    gammas = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    )  # fmt: skip
    return np.asarray(
        gammas - (r + x) * np.log(alpha + age) + np.log1p(_odds(params, x, recency, age))
    )


def _odds(params: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
    """Gone : alive."""
    r, alpha, a, b = params
    repeat = x > 0
    power = (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
    odds = a / np.where(repeat, b + x - 1, 1.0) * np.exp(np.minimum(power, 650.0))
    return np.asarray(np.where(repeat, odds, 0.0))


def alive(params: Floats, cells: Cells) -> Floats:
    """Probability by cell that the customer has not left."""
    recency, age = cells.weeks
    return 1.0 / (1.0 + _odds(params, cells.x.astype(float), recency, age))


def expected(params: Floats, cells: Cells, weeks: float) -> Floats:
    """Days with a purchase that a customer of each cell is expected to have in the next `weeks`."""
    _, age = cells.weeks
    found = _of_alive(params, cells.x.astype(float), age, np.full(len(age), float(weeks)))
    return np.asarray(found * alive(params, cells))


def expected_of_new(params: Floats, weeks: Floats) -> Floats:
    """Repeat purchase days a new customer is expected to have within each of `weeks`."""
    nothing = np.zeros(len(weeks))
    return _of_alive(params, nothing, nothing, np.asarray(weeks, np.float64))


def _of_alive(params: Floats, x: Floats, age: Floats, weeks: Floats) -> Floats:
    """Purchases expected within `weeks` of those who are there now.

    By the hypergeometric function; where its parameters are too large for it, by the mean of
    (1 - ((alpha + age) / (alpha + age + p weeks))^(r + x)) / p over the chance of leaving
    p ~ beta(a, b + x).
    """
    r, alpha, a, b = params
    a = _apart_from_one(a)
    with np.errstate(all="ignore"):
        hyper = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age + weeks))
        shrink = np.exp((r + x) * (np.log(alpha + age) - np.log(alpha + age + weeks)))
        found = np.asarray((a + b + x - 1) / (a - 1) * (1 - shrink * hyper))
    # Nobody is expected to buy more often than one who never leaves.
    most = (r + x) / (alpha + age) * weeks
    wrong = ~np.isfinite(found) | (found < 0) | (found > most * (1 + 1e-9))
    if wrong.any():
        leave = betaincinv(a, b + x[wrong, None], (_NODES + 1) / 2)
        gone = (r + x[wrong, None]) * np.log1p(leave * (weeks / (alpha + age))[wrong, None])
        few = leave < 1e-12
        each = np.where(few, most[wrong, None], -np.expm1(-gone) / np.where(few, 1.0, leave))
        found[wrong] = each @ (_WEIGHTS / 2)
    return found


def no_purchase(params: Floats, cells: Cells, weeks: float) -> Floats:
    """Probability by cell that nothing is bought in the next `weeks`.

    Exact: who is alive leaves only after a purchase, so the next one comes at his rate, which is
    gamma(r + x, alpha + age).
    """
    r, alpha = params[0], params[1]
    _, age = cells.weeks
    waits = np.exp((r + cells.x) * (np.log(alpha + age) - np.log(alpha + age + weeks)))
    return np.asarray(1 - alive(params, cells) * (1 - waits))


def median_wait(params: Floats, cells: Cells) -> Floats:
    """Weeks by cell from the end of observation until half of those who are alive have bought."""
    r, alpha = params[0], params[1]
    _, age = cells.weeks
    return np.asarray((alpha + age) * np.expm1(np.log(2.0) / (r + cells.x)))


def _apart_from_one(a: float) -> float:
    """The formulas have a pole at a = 1, where the limit is finite."""
    return a if abs(a - 1) > 1e-6 else 1 + 1e-6
