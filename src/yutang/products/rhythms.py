"""When will who need it again? 补货: the next purchase of a thing by its own buyer.

Somebody who bought a thing on two days or more has a rhythm of his own, but few gaps to tell it by,
so it is drawn towards that of all buyers of the thing. On logarithms, y = ln(days between two
purchases) of customer i lies around θᵢ with variance σ², and θᵢ around μ with variance τ² (both
estimated per thing by analysis of variance); of n gaps with median ỹᵢ the estimate is

    θ̂ᵢ = B ỹᵢ + (1 − B) μ,    B = n τ² / (n τ² + σ²)

(normal-normal empirical Bayes, Efron and Morris 1975; the median instead of the mean, so that one
holiday does not count for much). Expected day = last purchase + exp(θ̂ᵢ + r₅₀ s), interval with
r₁₀ and r₉₀, where s² = σ² + (1 − B) τ² and r are quantiles of the standardised errors that the same
rule makes on everybody's latest known gap (split conformal): the interval needs no normal law.

A thing with few gaps takes μ, σ, τ of its category, then of everything. How many pieces were bought
counts where it is seen to: ln(pieces) enters with a slope β found inside customers, kept only where
its lower 95 % bound is above 0.1 and the errors on latest gaps become smaller.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yutang.errors import BadInput
from yutang.products.goods import Codes, Ints

LEAST_GAPS = 50  # of a thing, to have a rhythm of its own; below it that of its category
LEAST_RESIDUALS = 100
LEAST_SLOPE = 0.1
_QUANTILES = (0.1, 0.5, 0.9)  # the interval means to hold 80 %
_NORMAL = (-1.2816, 0.0, 1.2816)  # of a normal law, where too few errors were seen
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bought:
    """Purchase days of customers and things, sorted by customer, thing, day: customer, thing, day
    int64, pieces float64 (of that day)."""

    customer: Ints
    thing: Ints
    day: Ints
    pieces: Floats

    def __len__(self) -> int:
        return len(self.day)

    def up_to(self, until: int) -> Bought:
        rows = self.day <= until
        return Bought(self.customer[rows], self.thing[rows], self.day[rows], self.pieces[rows])


@dataclass(frozen=True)
class Rhythms:
    """By group (a thing; then its category; then everything): mu, within (σ²), between (τ²), slope
    (β, 0 = pieces do not count), middle (median gap, days), quantiles of standardised errors (3),
    gaps seen. of: the group of each thing."""

    mu: Floats
    within: Floats
    between: Floats
    slope: Floats
    middle: Floats
    errors: Floats
    gaps: Ints
    of: Ints


@dataclass(frozen=True)
class Gaps:
    """By gap: pair (number of customer × thing), thing, y = ln days, x = ln pieces before it."""

    pair: Ints
    thing: Ints
    y: Floats
    x: Floats


def gaps_of(bought: Bought) -> tuple[Gaps, Ints, Ints]:
    """All gaps; and of each pair its first row and how many days it has."""
    fresh = np.ones(len(bought), bool)
    fresh[1:] = (bought.customer[1:] != bought.customer[:-1]) | (
        bought.thing[1:] != bought.thing[:-1]
    )
    pair = np.cumsum(fresh) - 1
    first = np.flatnonzero(fresh)
    sizes = np.diff(np.r_[first, len(bought)])
    rows = np.flatnonzero(~fresh)
    y = np.log((bought.day[rows] - bought.day[rows - 1]).astype(np.float64))
    x = np.log(bought.pieces[rows - 1])
    return Gaps(pair[rows], bought.thing[rows], y, x), first, sizes


def rhythms_of(bought: Bought, category: Codes) -> Rhythms:
    """The rhythm of every thing. category: of each thing (-1 = none). Raises BadInput where fewer
    than LEAST_GAPS gaps were seen in all."""
    gaps, _, _ = gaps_of(bought)
    if len(gaps.y) < LEAST_GAPS:
        raise BadInput(
            "Only %(n)s repeat purchases of the same thing are known; a rhythm needs %(least)s.",
            hint="Import more orders, or look at categories instead of products.",
            n=len(gaps.y),
            least=LEAST_GAPS,
        )
    things = len(category)
    kinds = int(category.max(initial=-1)) + 1
    everything = things + kinds
    parent = np.where(category >= 0, things + category.astype(np.int64), everything)
    of = np.arange(things)
    of = np.where(np.bincount(gaps.thing, minlength=things) >= LEAST_GAPS, of, parent)
    per_kind = np.bincount(parent[gaps.thing], minlength=everything + 1)
    of = np.where((of >= things) & (per_kind[of] < LEAST_GAPS), everything, of)
    # A category's rhythm is made of all gaps of its things, also of those with one of their own.
    empty = np.zeros(everything + 1)
    made = Rhythms(
        mu=empty, within=empty, between=empty, slope=empty, middle=empty,
        errors=np.zeros((everything + 1, 3)), gaps=np.zeros(everything + 1, np.int64), of=of,
    )  # fmt: skip
    for group in (np.arange(things), parent, np.full(things, everything)):
        made = _fill(made, gaps, group)
    return made


def _fill(made: Rhythms, gaps: Gaps, group: Ints) -> Rhythms:
    """Estimate the rhythms of the groups that things fall into."""
    size = len(made.mu)
    of = group[gaps.thing]
    none, slope = np.zeros(size), _slopes(gaps, of, size)
    plain, cleared = (_spread(made, gaps, of, beta) for beta in (none, slope))
    at, before, _ = _latest_errors(plain, gaps, of)
    _, after, _ = _latest_errors(cleared, gaps, of)
    better = _means(np.abs(after), at, size) < _means(np.abs(before), at, size)
    final = _spread(made, gaps, of, np.where(better, slope, 0.0))
    at, _, standard = _latest_errors(final, gaps, of)
    groups, middle, _ = medians(of, np.exp(gaps.y))
    final.middle[groups] = middle
    counted = np.bincount(of, minlength=size)
    mine = counted > 0

    def put(new: Floats, old: Floats) -> Floats:
        return np.where(mine, new, old)

    return Rhythms(
        mu=put(final.mu, made.mu), within=put(final.within, made.within),
        between=put(final.between, made.between), slope=put(final.slope, made.slope),
        middle=put(final.middle, made.middle),
        errors=np.where(mine[:, None], _quantiles(at, standard, size), made.errors),
        gaps=np.where(mine, counted, made.gaps), of=made.of,
    )  # fmt: skip


def _spread(made: Rhythms, gaps: Gaps, of: Ints, slope: Floats) -> Rhythms:
    """μ, σ², τ² of each group by one-way analysis of variance over its pairs."""
    pair, y, size = gaps.pair, gaps.y - slope[of] * gaps.x, len(made.mu)
    n = np.bincount(of, minlength=size).astype(np.float64)
    mu = _means(y, of, size)
    pairs = int(pair[-1]) + 1 if len(pair) else 0
    per = np.bincount(pair, minlength=pairs).astype(np.float64)
    mean = np.bincount(pair, y, minlength=pairs) / np.maximum(per, 1)
    group = np.zeros(pairs, np.int64)
    group[pair] = of
    some = per > 0
    inner = np.bincount(of, (y - mean[pair]) ** 2, minlength=size)
    outer = np.bincount(group[some], (per * (mean - mu[group]) ** 2)[some], minlength=size)
    k = np.bincount(group[some], minlength=size).astype(np.float64)
    squares = np.bincount(group[some], (per**2)[some], minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(n > k, inner / np.maximum(n - k, 1), outer / np.maximum(n - 1, 1))
        typical = (n - squares / n) / np.maximum(k - 1, 1)
        between = (outer / np.maximum(k - 1, 1) - within) / typical
    between = np.where((k > 1) & (n > k), np.nan_to_num(np.maximum(between, 0)), 0.0)
    # The prior is about customers: each pair counts once.
    centre = np.bincount(group[some], mean[some], minlength=size) / np.maximum(k, 1)
    within = np.maximum(within, 1e-6)
    empty = np.zeros(size)
    return replace(made, mu=centre, within=within, between=between, slope=slope, middle=empty)


def _slopes(gaps: Gaps, of: Ints, size: int) -> Floats:
    """β of ln days on ln pieces inside pairs, by group; 0 where its lower bound is too low."""
    pairs = int(gaps.pair[-1]) + 1 if len(gaps.pair) else 0
    per = np.maximum(np.bincount(gaps.pair, minlength=pairs), 1)
    middle_x, middle_y = (
        np.bincount(gaps.pair, v, minlength=pairs) / per for v in (gaps.x, gaps.y)
    )
    x, y = gaps.x - middle_x[gaps.pair], gaps.y - middle_y[gaps.pair]
    xx, xy, yy = (np.bincount(of, v, minlength=size) for v in (x * x, x * y, y * y))
    n = np.bincount(of, minlength=size)
    group = np.zeros(pairs, np.int64)
    group[gaps.pair] = of
    seen = np.bincount(gaps.pair, minlength=pairs) > 0
    freedom = n - np.bincount(group[seen], minlength=size) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = xy / xx
        error = np.sqrt(np.maximum(yy - beta * xy, 0) / np.maximum(freedom, 1) / xx)
        sure = (xx > 0) & (freedom >= LEAST_GAPS) & (beta - 1.96 * error > LEAST_SLOPE)
    return np.where(sure, np.minimum(np.nan_to_num(beta), 1.0), 0.0)


def _latest_errors(made: Rhythms, gaps: Gaps, of: Ints) -> tuple[Ints, Floats, Floats]:
    """Of the latest gap of each pair with two or more, guessed from those before: its group, the
    error on the logarithm, and the error in units of s."""
    if not len(gaps.y):
        return of, gaps.y, gaps.y
    z = gaps.y - made.slope[of] * gaps.x
    is_last = np.r_[gaps.pair[1:] != gaps.pair[:-1], True]
    is_first = np.r_[True, gaps.pair[1:] != gaps.pair[:-1]]
    last = np.flatnonzero(is_last & ~is_first)
    known = np.flatnonzero(~is_last)
    ids, centre, n = medians(gaps.pair[known], z[known])
    at = np.searchsorted(ids, gaps.pair[last])
    group = of[last]
    theta, spread, _ = shrunk(made, group, centre[at], n[at])
    error = z[last] - theta
    return group, error, error / spread


def shrunk(made: Rhythms, group: Ints, centre: Floats, n: Floats) -> tuple[Floats, Floats, Floats]:
    """(θ̂, s, B) of pairs of a group with n gaps around `centre`, on the logarithm."""
    within, between = made.within[group], made.between[group]
    weight = n * between / (n * between + within)
    theta = weight * centre + (1 - weight) * made.mu[group]
    return theta, np.sqrt(within + (1 - weight) * between), weight


def medians(group: Ints, values: Floats) -> tuple[Ints, Floats, Floats]:
    """(group, median, how many) of each group; groups come sorted."""
    order = np.lexsort((values, group))
    group, values = group[order], values[order]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]][: len(group)])
    sizes = np.diff(np.r_[first, len(group)])
    low, high = first + (sizes - 1) // 2, first + sizes // 2
    return group[first], (values[low] + values[high]) / 2, sizes.astype(np.float64)


def _means(values: Floats, group: Ints, size: int) -> Floats:
    count = np.maximum(np.bincount(group, minlength=size), 1)
    return np.asarray(np.bincount(group, values, minlength=size) / count, np.float64)


def _quantiles(group: Ints, standard: Floats, size: int) -> Floats:
    """Quantiles of the standardised errors by group; those of all where a group has few."""
    if len(standard) < LEAST_RESIDUALS:
        whole = np.array(_NORMAL)
    else:
        whole = np.quantile(standard, _QUANTILES)
    out = np.tile(whole, (size, 1))
    order = np.lexsort((standard, group))
    values, of = standard[order], group[order]
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]][: len(of)])
    sizes = np.diff(np.r_[first, len(of)])
    enough = sizes >= LEAST_RESIDUALS
    for column, share in enumerate(_QUANTILES):
        place = share * (sizes - 1)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, sizes - 1)
        value = values[first + low] * (1 - (place - low)) + values[first + high] * (place - low)
        out[of[first][enough], column] = value[enough]
    return out
