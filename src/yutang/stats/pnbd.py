"""Pareto/NBD: customers buy at random at their own rate and leave at a moment of their own.

Rate of buying ~ gamma(r, alpha), rate of leaving ~ gamma(s, beta). Times in weeks. Schmittlein,
Morrison, Colombo (1987); formulas as in Fader, Hardie (2005), notes on the Pareto/NBD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from yutang.stats.fitting import Fit, dot, fit
from yutang.stats.purchases import Cells

NAMES = ("r", "alpha", "s", "beta")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
_GONE = 34.0  # e^-34: beyond it the integrand adds nothing to 15 digits
_FAR = 2.0  # up to so many steps of v the few nodes give ten digits
_BLOCK = 8_192  # nodes at once: they stay near the processor, and BLAS in one thread
Floats = NDArray[np.float64]


def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre on 0 to 1: nodes, weights."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (places + 1) / 2, weights / 2


_FEW, _MANY = _rule(16), _rule(64)


def fit_pnbd(cells: Cells) -> Fit:
    """Maximum likelihood over the cells. Raises ValueError where there are none."""
    if not len(cells.x):
        raise ValueError("there is no purchase")
    return fit(NAMES, lambda p: log_likelihood(p, cells), cells.customers, _starts(cells))


def _starts(cells: Cells) -> tuple[tuple[float, ...], ...]:
    """Half again the rate of all customers' whole time, since some of it they were gone."""
    bought, weeks = float(cells.weight @ cells.x), float(cells.weight @ cells.weeks[1])
    alpha = min(max(0.5 * weeks / (1.5 * bought), 0.1), 1e3) if bought and weeks else 10.0
    return (0.5, alpha, 0.5, alpha), (1.0, 3.0, 1.0, 3.0)


def log_likelihood(params: Floats, cells: Cells) -> tuple[float, Floats]:
    """Of r, alpha, s, beta, with its gradient by them."""
    r, alpha, s, beta = params
    _, age = cells.weeks
    x, weight, by_x = cells.x.astype(float), cells.weight.astype(float), cells.by_x
    gammas = gammaln(r + cells.xs) - gammaln(r)
    left, size = _left(params, cells, moments=True), by_x.sum()
    log_a, log_b = np.log(alpha + age), np.log(beta + age)
    stays = -(r + x) * log_a - s * log_b
    leaves = np.log(s) + left.log
    with np.errstate(invalid="ignore"):  # a search that strays turns back from what is no number
        both = np.logaddexp(stays, leaves)
        of_stays, of_leaves = weight * np.exp(stays - both), weight * np.exp(leaves - both)
        value = by_x @ gammas + dot(weight, both) + size * (r * np.log(alpha) + s * np.log(beta))
        gradient = np.array(
            [
                by_x @ (digamma(r + cells.xs) - digamma(r)) + size * np.log(alpha)
                - dot(of_stays, log_a) - dot(of_leaves, left.log_buying),
                size * r / alpha
                - dot(of_stays, (r + x) / (alpha + age))
                - dot(of_leaves, (r + x) * left.per_buying),
                size * np.log(beta) + of_leaves.sum() / s
                - dot(of_stays, log_b) - dot(of_leaves, left.log_leaving),
                size * s / beta
                - dot(of_stays, s / (beta + age)) - (s + 1) * dot(of_leaves, left.per_leaving),
            ]
        )  # fmt: skip
    return float(value), gradient


def log_likelihoods(params: Floats, cells: Cells) -> Floats:
    """Of each cell's history, for one customer."""
    r, alpha, s, beta = params
    _, age = cells.weeks
    x = cells.x.astype(float)
    gammas = gammaln(r + cells.xs) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    stays = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    return np.asarray(gammas[cells.at] + np.logaddexp(stays, np.log(s) + _left(params, cells).log))


@dataclass(frozen=True)
class _Left:
    """Having left after the last purchase, by cell. log: of the integral of
    (alpha+y)^-(r+x) (beta+y)^-(s+1) from recency to age, -inf where they are equal. With y at
    random by that integrand, means of ln(alpha+y), 1/(alpha+y), ln(beta+y), 1/(beta+y): what the
    gradient is made of (0 where they were not asked for)."""

    log: Floats
    log_buying: Floats
    per_buying: Floats
    log_leaving: Floats
    per_leaving: Floats


def _left(params: Floats, cells: Cells, *, moments: bool = False) -> _Left:
    """By Gauss-Legendre over v = ln((m + y) / (m + t_x)), m the lesser of alpha and beta, from 0 to
    where the integrand is as good as gone: in v its logarithm is concave, falls as fast as at
    first or faster, and is smooth over steps of about 1, so that few nodes give all digits where v
    does not go far, and more where it does (tests hold both against quadrature of scipy). The
    closed form by hypergeometric functions loses digits where alpha and beta are far apart, and
    has no gradient."""
    r, alpha, s, beta = params
    recency, age = cells.weeks
    found = np.zeros((5, len(age)))
    found[0] = -np.inf
    power = r + cells.x
    low_a, low_b = alpha + recency, beta + recency
    base = np.minimum(low_a, low_b)
    fall = np.maximum(power * (base / low_a) + (s + 1) * (base / low_b) - 1, 1e-9)
    reach = np.minimum(np.log1p((age - recency) / base), _GONE / fall)
    some = recency < age
    for rule, inside in ((_FEW, some & (reach <= _FAR)), (_MANY, some & (reach > _FAR))):
        places, rows = np.flatnonzero(inside), _BLOCK // len(rule[0])
        for start in range(0, len(places), rows):
            at = places[start : start + rows]
            arrays = (recency[at], base[at], reach[at], power[at])
            found[:, at] = _integrated(params, rule, *arrays, moments=moments)
    return _Left(*found)


def _integrated(
    params: Floats,
    rule: tuple[Floats, Floats],
    recency: Floats,
    base: Floats,
    reach: Floats,
    power: Floats,
    *,
    moments: bool,
) -> Floats:
    """The five rows of `_Left` for a block of cells."""
    _, alpha, s, beta = params
    nodes, weights = rule
    v = reach[:, None] * nodes
    y = recency[:, None] + base[:, None] * np.expm1(v)
    of_a, of_b = alpha + y, beta + y
    log_a, log_b = np.log(of_a), np.log(of_b)
    logs = v - power[:, None] * log_a - (s + 1) * log_b
    most = logs.max(axis=1, keepdims=True)
    each = np.exp(logs - most)
    total = each @ weights
    log = np.log(total) + most[:, 0] + np.log(base * reach)
    if not moments:
        return np.vstack([log, np.zeros((4, len(log)))])
    means = [(each * one) @ weights / total for one in (log_a, 1 / of_a, log_b, 1 / of_b)]
    return np.vstack([log, *means])


def alive(params: Floats, cells: Cells) -> Floats:
    """Probability by cell that the customer has not left."""
    r, alpha, s, beta = params
    _, age = cells.weeks
    x = cells.x.astype(float)
    log_odds = (
        np.log(s) + _left(params, cells).log
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
