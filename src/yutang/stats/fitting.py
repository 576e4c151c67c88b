"""Maximum likelihood: parameters that are positive, found on their logarithms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# log-likelihood of the parameters, and its gradient by them.
Likelihood = Callable[[Floats], tuple[float, Floats]]
Cost = Callable[[Floats], tuple[float, Floats]]

# Beyond these two parameters only count by their ratio: everybody is as good as alike.
_LEAST, _MOST = 1e-5, 1e4
_LOWEST, _HIGHEST = float(np.log(_LEAST)), float(np.log(_MOST))
# A gradient of the mean log-likelihood below it moves no parameter's fifth digit.
_FLAT = 1e-7
_NUDGE = 1e-4  # of a logarithm: for the curvature at the start
_STRIDE = 1.5  # no step multiplies a parameter by more than e^1.5
_STEPS = 60
_ALONE = 8_192  # numbers up to which BLAS works in one thread


@dataclass(frozen=True)
class Fit:
    """Found parameters by name, their log-likelihood, how often it was asked for, and which
    parameters ran to the edge of what is allowed: there the model has one parameter too many for
    these data, and its numbers are not to be trusted."""

    params: dict[str, float]
    log_likelihood: float
    evaluations: int
    at_bound: tuple[str, ...]


def fit(
    names: Sequence[str], likelihood: Likelihood, count: float, starts: Sequence[Sequence[float]]
) -> Fit:
    """The parameters with the greatest likelihood. Another start is tried only where one ended
    nowhere or at an edge: from inside there is one summit.

    count: observations, so that the search sees means, whose size does not depend on how many
    there are. Raises ValueError where no start leads anywhere.
    """
    best: tuple[float, Floats] | None = None
    evaluations = 0

    def cost(log_params: Floats) -> tuple[float, Floats]:
        nonlocal evaluations
        evaluations += 1
        params = np.exp(log_params)
        value, gradient = likelihood(params)
        return -value / count, -gradient * params / count

    for start in starts:
        begin = np.log(np.array(start, np.float64))
        found = descend(cost, begin) or bounded(cost, begin)
        if np.isfinite(found[0]) and (best is None or found[0] < best[0]):
            best = found
            if not _edges(names, best[1]):
                break
    if best is None:
        raise ValueError("the likelihood is not finite anywhere the search went")
    params = dict(zip(names, np.exp(best[1]).tolist(), strict=True))
    return Fit(params, -best[0] * count, evaluations, _edges(names, best[1]))


def dot(a: Floats, b: Floats) -> float:
    """Sum of products. Long ones not by BLAS, which starts its threads for them: beside other work
    these wait for each other ten times as long as the sum takes."""
    return float(a @ b if len(a) < _ALONE else np.einsum("i,i->", a, b))


def descend(cost: Cost, at: Floats) -> tuple[float, Floats] | None:
    """Quasi-Newton (BFGS) from the curvature at the start: (cost, place) of a flat place inside of
    what is allowed, or None where the way leads to an edge or nowhere. A handful of parameters
    needs a dozen evaluations; scipy's general search spends as long on itself as on the likelihood.
    """
    value, slope = cost(at)
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        return None
    inverse = _inverse_curvature(cost, at, slope)
    if inverse is None:
        return None
    for _ in range(_STEPS):
        if np.abs(slope).max() < _FLAT:
            return value, at
        taken = _step(cost, at, value, slope, -inverse @ slope)
        if taken is None:
            return None
        new, value, new_slope = taken
        moved, turned = new - at, new_slope - slope
        along = float(moved @ turned)
        if along > 1e-14:  # BFGS: the curvature that was met on the way
            keep = np.eye(len(at)) - np.outer(moved, turned) / along
            inverse = keep @ inverse @ keep.T + np.outer(moved, moved) / along
        at, slope = new, new_slope
    return None


def _inverse_curvature(cost: Cost, at: Floats, slope: Floats) -> Floats | None:
    """Inverse of the second derivatives by differences of the gradient, made positive."""
    rows = np.array([cost(at + nudge)[1] - slope for nudge in np.eye(len(at)) * _NUDGE]) / _NUDGE
    if not np.isfinite(rows).all():
        return None
    sizes, ways = np.linalg.eigh((rows + rows.T) / 2)
    sizes = np.abs(sizes)
    return np.asarray((ways / np.maximum(sizes, max(1e-3 * sizes.max(), 1e-12))) @ ways.T)


def _step(
    cost: Cost, at: Floats, value: float, slope: Floats, way: Floats
) -> tuple[Floats, float, Floats] | None:
    """The first place along `way` that is lower by enough (Armijo); None where there is none, or
    where it lies at an edge."""
    far = np.abs(way).max()
    if not np.isfinite(far):
        return None
    if far > _STRIDE:
        way = way * (_STRIDE / far)
    fall, share = float(way @ slope), 1.0
    noise = 1e-13 * abs(value)  # of a sum over many cells
    for _ in range(30):
        new = at + share * way
        if new.min() <= _LOWEST or new.max() >= _HIGHEST:
            return None
        found, new_slope = cost(new)
        if np.isfinite(found) and np.isfinite(new_slope).all():
            if found <= value + 1e-4 * share * fall + noise:
                return new, found, new_slope
            rise = found - value - fall * share
            share *= min(max(-fall * share / (2 * rise), 0.1), 0.5)
        else:
            share *= 0.2
    return None


def bounded(cost: Cost, at: Floats) -> tuple[float, Floats]:
    """scipy's search within bounds: (cost, place), where some parameters may stand at an edge."""
    from scipy.optimize import minimize  # a fifth of a second that hardly any brand needs

    found = minimize(
        cost, at, jac=True, method="L-BFGS-B", bounds=[(_LOWEST, _HIGHEST)] * len(at),
        options={"maxiter": 500, "maxfun": 5_000, "ftol": 1e-13, "gtol": _FLAT},
    )  # fmt: skip
    return float(found.fun), np.asarray(found.x, np.float64)


def _edges(names: Sequence[str], log_params: Floats) -> tuple[str, ...]:
    """The parameters that stand at an edge of what is allowed."""
    near = np.minimum(log_params - _LOWEST, _HIGHEST - log_params) < 1e-3
    return tuple(name for name, is_near in zip(names, near, strict=True) if is_near)
