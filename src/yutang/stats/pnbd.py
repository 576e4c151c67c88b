"""Pareto/NBD: customers buy at random at their own rate and leave at a moment of their own.

Rate of buying ~ gamma(r, alpha), rate of leaving ~ gamma(s, beta). Times in weeks. Schmittlein,
Morrison, Colombo (1987); formulas as in Fader, Hardie (2005), notes on the Pareto/NBD.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp2f1

from yutang.stats.fitting import Fit, fit
from yutang.stats.purchases import Cells

NAMES = ("r", "alpha", "s", "beta")
_STARTS = ((1.0, 3.0, 1.0, 3.0), (0.5, 10.0, 0.5, 10.0))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
Floats = NDArray[np.float64]


def fit_pnbd(cells: Cells) -> Fit:
    """Maximum likelihood over the cells; the gradient is taken by differences, since that of the
    hypergeometric function by its parameters has no closed form. Raises ValueError where there are
    no cells."""
    if not len(cells.x):
        raise ValueError("there is no purchase")
    return fit(NAMES, lambda p: (log_likelihood(p, cells), None), cells.customers, _STARTS)


def log_likelihood(params: Floats, cells: Cells) -> float:
    """Of r, alpha, s, beta."""
    return float(cells.weight @ log_likelihoods(params, cells))


def log_likelihoods(params: Floats, cells: Cells) -> Floats:
    """Of each cell's history, for one customer."""
    r, alpha, s, beta = params
    _, age = cells.weeks
    x = cells.x.astype(float)
    gammas = gammaln(r + cells.xs) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    gone = np.log(s) - np.log(r + s + x) + _log_a0(params, cells)
    with np.errstate(
        invalid="ignore"
    ):  # a search that strays: it turns back from what is no number
        return np.asarray(gammas[cells.at] + np.logaddexp(alive, gone))


def _log_a0(params: Floats, cells: Cells) -> Floats:
    """Logarithm of A0, (r + s + x) times the integral of (alpha+y)^-(r+x) (beta+y)^-(s+1) from
    recency to age; -inf where they are equal."""
    r, alpha, s, beta = params
    recency, age = cells.weeks
    x = cells.x.astype(float)
    great, gap = max(alpha, beta), abs(alpha - beta)
    second = s + 1 if alpha >= beta else r + x

    def part(t: Floats) -> Floats:
        value = hyp2f1(r + s + x, second, r + s + x + 1, gap / (great + t))
        return np.asarray(np.log(value) - (r + s + x) * np.log(great + t))

    with np.errstate(all="ignore"):
        low, high = part(recency), part(age)
        found = np.asarray(low + np.log(-np.expm1(high - low)))
    wrong = (recency < age) & ~(np.isfinite(found) & (high < low))
    if wrong.any():
        found[wrong] = _summed_log_a0(params, x[wrong], recency[wrong], age[wrong])
    found[recency == age] = -np.inf
    return found


def _summed_log_a0(params: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
    """The same integral by Gauss-Legendre, where the hypergeometric function gives out: over
    1 - exp(-k v) with v = ln((m + y) / (m + t_x)), m the lesser of alpha and beta, and k how fast
    the integrand falls at first. Where alpha = beta all of that is constant."""
    r, alpha, s, beta = params
    base = min(alpha, beta) + recency[:, None]
    of_alpha, of_beta = base / (alpha + recency)[:, None], base / (beta + recency)[:, None]
    power = (r + x)[:, None]
    fall = np.maximum(power * of_alpha + (s + 1) * of_beta - 1, 1e-9)
    reach = np.log1p((age - recency)[:, None] / base)
    share = -np.expm1(-fall * reach)
    v = np.minimum(-np.log1p(-share * (_NODES + 1) / 2) / fall, reach)
    grown = np.expm1(v)
    logs = (fall + 1) * v - power * np.log1p(grown * of_alpha) - (s + 1) * np.log1p(grown * of_beta)
    most = logs.max(axis=1, keepdims=True)
    total = np.log(np.exp(logs - most) @ (_WEIGHTS / 2)) + most[:, 0]
    first = -(r + x) * np.log(alpha + recency) - (s + 1) * np.log(beta + recency)
    return np.asarray(np.log(r + s + x) + first + total + np.log(base * share / fall)[:, 0])


def alive(params: Floats, cells: Cells) -> Floats:
    """Probability by cell that the customer has not left."""
    r, alpha, s, beta = params
    _, age = cells.weeks
    x = cells.x.astype(float)
    log_odds = (
        np.log(s) - np.log(r + s + x) + _log_a0(params, cells)
        + (r + x) * np.log(alpha + age) + s * np.log(beta + age)
    )  # fmt: skip
    return np.asarray(1 / (1 + np.exp(np.minimum(log_odds, 700.0))))


def expected(params: Floats, cells: Cells, weeks: float) -> Floats:
    """Days with a purchase that a customer of each cell is expected to have in the next `weeks`."""
    r, alpha, _, beta = params
    s = _apart_from_one(params[2])
    _, age = cells.weeks
    rate = (r + cells.x) * (beta + age) / ((alpha + age) * (s - 1))
    lasting = -np.expm1((s - 1) * (np.log(beta + age) - np.log(beta + age + weeks)))
    return np.asarray(rate * lasting * alive(params, cells))


def expected_of_new(params: Floats, weeks: Floats) -> Floats:
    """Repeat purchase days a new customer is expected to have within each of `weeks`."""
    r, alpha, _, beta = params
    s = _apart_from_one(params[2])
    return np.asarray(r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + weeks)) ** (s - 1)))


def no_purchase(params: Floats, cells: Cells, weeks: float) -> Floats:
    """Probability by cell that nothing is bought in the next `weeks`.

    Who is alive buys first at y, unless he has left by then; over gamma(r + x, alpha + age) and
    gamma(s, beta + age) the density at y has a closed form, which is summed by Gauss-Legendre.
    """
    r, alpha, s, beta = params
    _, age = cells.weeks
    x = cells.x.astype(float)
    # Nodes are set by ln(1 + y / (alpha + age)): the density is steep at first, flat later.
    total = np.zeros(len(x))
    reach = np.log1p(weeks / (alpha + age))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        u = reach * (node + 1) / 2
        y = (alpha + age) * np.expm1(u)
        log_density = (
            np.log(r + x) - (r + x) * u + s * (np.log(beta + age) - np.log(beta + age + y))
        )
        total += weight * np.exp(log_density)
    return np.asarray(1 - alive(params, cells) * total * reach / 2)


def median_wait(params: Floats, cells: Cells) -> Floats:
    """Weeks by cell until half of those who stay have bought."""
    r, alpha = params[0], params[1]
    _, age = cells.weeks
    return np.asarray((alpha + age) * np.expm1(np.log(2.0) / (r + cells.x)))


def _apart_from_one(s: float) -> float:
    """The formulas have a pole at s = 1, where the limit is finite."""
    return s if abs(s - 1) > 1e-6 else 1 + 1e-6
