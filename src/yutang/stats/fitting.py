"""Maximum likelihood: parameters that are positive, found on their logarithms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
# log-likelihood of the parameters, and its gradient by them (None: it is found by differences).
Likelihood = Callable[[Floats], tuple[float, Floats | None]]

# Beyond these two parameters only count by their ratio: everybody is as good as alike.
_LEAST, _MOST = 1e-5, 1e4
# When to stop: a gradient of the mean log-likelihood below 1e-7 moves no parameter's fifth digit;
# one that is taken by differences is not better than about 1e-6.
_EXACT = {"ftol": 1e-13, "gtol": 1e-7}
_ROUGH = {"ftol": 1e-12, "gtol": 1e-6}


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

    def cost(log_params: Floats) -> float | tuple[float, Floats]:
        nonlocal evaluations
        evaluations += 1
        params = np.exp(log_params)
        value, gradient = likelihood(params)
        if gradient is None:
            return -value / count
        return -value / count, -gradient * params / count

    bounds = [(np.log(_LEAST), np.log(_MOST))] * len(names)
    has_gradient = likelihood(np.array(starts[0], float))[1] is not None
    for start in starts:
        found = minimize(
            cost, np.log(start), jac=has_gradient, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 500, "maxfun": 5_000, **(_EXACT if has_gradient else _ROUGH)},
        )  # fmt: skip
        if np.isfinite(found.fun) and (best is None or found.fun < best[0]):
            best = float(found.fun), np.asarray(found.x, np.float64)
            if not _edges(names, best[1]):
                break
    if best is None:
        raise ValueError("the likelihood is not finite anywhere the search went")
    params = dict(zip(names, np.exp(best[1]).tolist(), strict=True))
    return Fit(params, -best[0] * count, evaluations, _edges(names, best[1]))


def _edges(names: Sequence[str], log_params: Floats) -> tuple[str, ...]:
    """The parameters that stand at an edge of what is allowed."""
    near = np.minimum(log_params - np.log(_LEAST), np.log(_MOST) - log_params) < 1e-3
    return tuple(name for name, is_near in zip(names, near, strict=True) if is_near)
