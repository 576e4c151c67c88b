"""What will a customer buy next? A guess for each, and whether such guesses came true.

The chance that the next purchase day of a customer holds t, from his own days and from what others
bought next (a Dirichlet prior of weight κ):

    p(t) = (days of his with t + κ · T(t)) / (days of his + κ)
    T(t) = mean over the things f of his last day of (steps f → t + m · base(t)) / (steps f + m)

base(t) is the share of all next days with t, m = 20 steps. κ is chosen on an earlier stretch of
time than the one the guesses are tested on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from yutang.errors import BadInput
from yutang.products.goods import Ints
from yutang.products.visits import Visits
from yutang.stats import association

PRIOR_STEPS = 20.0
WEIGHTS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e9)  # 1e9: only what others bought
DEEPEST = 3
LEAST_TESTED = 50
MOST_TESTED = 60_000  # customers; more change no digit that is shown
_AT_ONCE = 20_000
Floats = NDArray[np.float64]
METHODS = ("model", "transitions", "same_again", "popular")


@dataclass(frozen=True)
class NextModel:
    """weight: κ; base: by candidate, share of next days with it; follows: candidates × candidates,
    T of a last day with f alone; steps: from each candidate."""

    visits: Visits
    weight: float
    base: Floats
    follows: Floats
    steps: Ints


@dataclass(frozen=True)
class Histories:
    """By customer (int64 ids, rising): days of his, days of his with each candidate, and the
    candidates of his last day (csr, customers × candidates)."""

    customers: Ints
    days: Ints
    held: csr_array
    last: csr_array


@dataclass(frozen=True)
class Hits:
    """Guesses of one method: tested customers; hits: how many had one of the first k guesses on
    their next day, by k - 1; expected: mean chance that it gave its first guess (model only)."""

    method: str
    tested: int
    hits: tuple[int, ...]
    expected: float | None = None

    def rate(self, k: int) -> float:
        return self.hits[k - 1] / max(self.tested, 1)

    def interval(self, k: int) -> tuple[float, float]:
        low, high = association.wilson(self.hits[k - 1], self.tested)
        return float(low), float(high)


@dataclass(frozen=True)
class NextHoldout:
    """Guesses made at the end of day `cutoff` of the next purchase up to `until`. by_method: of
    everybody tested; second: of those whose next purchase was their second."""

    cutoff: int
    until: int
    weight: float
    by_method: tuple[Hits, ...]
    second: tuple[Hits, ...]


def fitted_next(visits: Visits, weight: float) -> NextModel:
    """The model of these purchase days. Raises BadInput without steps."""
    steps = visits.steps
    if not len(steps):
        raise BadInput(
            "Nobody has bought on a second day yet.", hint="Import more orders, or wait for some."
        )
    before, after = visits.x[steps], visits.x[steps + 1]
    base = np.asarray(after.sum(axis=0), np.float64).reshape(-1) / len(steps)
    met = np.asarray((before.T @ after).todense(), np.float64)
    count = np.asarray(before.sum(axis=0), np.int64).reshape(-1)
    follows = (met + PRIOR_STEPS * base) / (count[:, None] + PRIOR_STEPS)
    return NextModel(visits, weight, base, follows, count)


def histories(visits: Visits) -> Histories:
    """Everybody who bought, as the model sees him."""
    first = np.flatnonzero(visits.is_first)
    sizes = np.diff(np.r_[first, len(visits)])
    who = np.repeat(np.arange(len(first)), sizes)
    gather = csr_array(
        (np.ones(len(who), np.int32), (who, np.arange(len(who)))), shape=(len(first), len(visits))
    )
    last = first + sizes - 1
    return Histories(visits.customer[first], sizes, (gather @ visits.x).tocsr(), visits.x[last])


def chances(model: NextModel, of: Histories, rows: Ints) -> tuple[Floats, Floats]:
    """(p, T): customers × candidates."""
    last = of.last[rows]
    many = np.asarray(last.sum(axis=1), np.float64).reshape(-1, 1)
    others = np.where(many > 0, (last @ model.follows) / np.maximum(many, 1), model.base[None, :])
    days = of.days[rows, None].astype(np.float64)
    own = np.asarray(of.held[rows].todense(), np.float64)
    return (own + model.weight * others) / (days + model.weight), others


def hold_out_next(visits: Visits, days: int) -> NextHoldout:
    """Guesses as they would have been made `days` before the end, and what was bought. κ is chosen
    on the stretch of as many days before. Raises BadInput where too few bought again."""
    cutoff = visits.until - days
    weight = choose_weight(visits.up_to(cutoff), days)
    known, of, target = _tested(visits, cutoff)
    model = fitted_next(known, weight)
    found = _race(model, of, target)
    once = np.flatnonzero(of.days == 1)
    second: tuple[Hits, ...] = ()
    if len(once) >= LEAST_TESTED:
        few = Histories(of.customers[once], of.days[once], of.held[once], of.last[once])
        second = _race(model, few, target[once])
    return NextHoldout(cutoff, visits.until, weight, found, second)


def choose_weight(visits: Visits, days: int) -> float:
    """The κ whose first guesses came true most often in the last `days`; 5 where too few can be
    tested."""
    try:
        known, of, target = _tested(visits, visits.until - days)
    except BadInput:
        return 5.0
    best, chosen, model = (-1, -1), 5.0, fitted_next(known, 5.0)
    for weight in WEIGHTS:
        hits = _hits(replace(model, weight=weight), of, target, "model").hits
        if (hits[0], hits[-1]) > best:
            best, chosen = (hits[0], hits[-1]), weight
    return chosen


def _tested(visits: Visits, cutoff: int) -> tuple[Visits, Histories, csr_array]:
    """What was known at the cutoff; those who bought after it; what their next day held."""
    known = visits.up_to(cutoff)
    later = np.flatnonzero(visits.day > cutoff)
    fresh = np.r_[True, visits.customer[later][1:] != visits.customer[later][:-1]][: len(later)]
    later = later[fresh]
    of = histories(known) if len(known) else None
    both = np.intersect1d(visits.customer[later], of.customers if of else [])
    if of is None or len(both) < LEAST_TESTED:
        raise BadInput(
            "Only %(n)s customers bought again in the last days; a test needs %(least)s.",
            hint="Choose more days, or wait for more repeat purchases.",
            n=len(both),
            least=LEAST_TESTED,
        )
    if len(both) > MOST_TESTED:
        both = both[:: -(-len(both) // MOST_TESTED)]
    place = np.searchsorted(of.customers, both)
    chosen = Histories(both, of.days[place], of.held[place], of.last[place])
    target = visits.x[later[np.searchsorted(visits.customer[later], both)]]
    return known, chosen, target


def _race(model: NextModel, of: Histories, target: csr_array) -> tuple[Hits, ...]:
    return tuple(_hits(model, of, target, method) for method in METHODS)


def _hits(model: NextModel, of: Histories, target: csr_array, method: str) -> Hits:
    hits, expected = np.zeros(DEEPEST, np.int64), 0.0
    count = len(of.customers)
    for start in range(0, count, _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, count))
        scores = _scores(model, of, rows, method)
        top = best_of(scores, DEEPEST)
        real = np.asarray(target[rows].todense())
        found = np.take_along_axis(real, top, axis=1) > 0
        hits[: found.shape[1]] += np.maximum.accumulate(found, axis=1).sum(axis=0)
        hits[found.shape[1] :] += int(found.any(axis=1).sum())
        expected += float(np.take_along_axis(scores, top[:, :1], axis=1).sum())
    told = expected / max(count, 1) if method == "model" else None
    return Hits(method, count, tuple(int(n) for n in hits), told)


def _scores(model: NextModel, of: Histories, rows: Ints, method: str) -> Floats:
    if method == "popular":
        return np.broadcast_to(model.base, (len(rows), len(model.base)))
    if method == "same_again":
        last = np.asarray(of.last[rows].todense(), np.float64)
        own = np.asarray(of.held[rows].todense(), np.float64)
        days = of.days[rows, None]
        # The last day's things first, the most frequent of his before others; then what is popular.
        return last * (2 + own / days) + model.base[None, :] * 1e-3
    p, others = chances(model, of, rows)
    return p if method == "model" else others


def best_of(scores: Floats, k: int) -> Ints:
    """Places of the k highest of each row, the highest first; of equal ones the first."""
    k = min(k, scores.shape[1])
    if scores.shape[1] <= 4 * k:
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    part = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    inner = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, inner, axis=1)


def suggest(model: NextModel, customer: int, k: int = DEEPEST) -> list[dict[str, Any]]:
    """The first k guesses for one customer, each with its chance and why: `again` (he bought it on
    n of his days), `follows` (after what he bought last others take it), else `popular`."""
    visits = model.visits
    start, stop = np.searchsorted(visits.customer, [customer, customer + 1]).tolist()
    if start == stop:
        return []
    mine = visits.x[np.arange(start, stop)]
    held = csr_array(np.asarray(mine.sum(axis=0)).reshape(1, -1))
    of = Histories(np.array([customer]), np.array([stop - start]), held, mine[[stop - start - 1]])
    p, others = chances(model, of, np.array([0]))
    own, last = held.toarray()[0], of.last.toarray()[0]
    units, found = visits.units, []
    for place in best_of(p, k)[0].tolist():
        number = int(visits.things[place])
        row: dict[str, Any] = {
            "id": units.keys[number], "name": units.names[number], "chance": float(p[0, place]),
            "days_with": int(own[place]), "days": stop - start, "base": float(model.base[place]),
        }  # fmt: skip
        froms = np.flatnonzero(last)
        leading = int(froms[np.argmax(model.follows[froms, place])]) if len(froms) else -1
        if own[place] >= model.weight * others[0, place]:
            row["reason"] = "again"
        elif leading >= 0 and model.follows[leading, place] > 1.1 * model.base[place]:
            after = int(visits.things[leading])
            row |= {"reason": "follows", "after": units.keys[after],
                    "after_name": units.names[after],
                    "share": float(model.follows[leading, place])}  # fmt: skip
        else:
            row["reason"] = "popular"
        found.append(row)
    return found
