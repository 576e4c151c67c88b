"""Next category 下一品类: what the next purchase day holds after one with a thing.

A step is a purchase day of a customer and his next one. share = steps from → to ÷ steps from;
lift = share ÷ the share of all next days that hold `to` (1 = it is bought anyway). A day may hold
several things, so shares of a row add up to more than 1. Only steps that were taken count:
`returned` says how many of the days with `from` have a next one at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from yutang.errors import BadInput
from yutang.products.goods import Goods, Ints
from yutang.products.scope import Scope, unit_of
from yutang.products.visits import Visits, visits_of
from yutang.stats import association

LEAST = 10  # steps, below which a row is not listed
MOST_ROWS = 2_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepsQuestion:
    """first_only: only from the first purchase day of a customer to the second; least: steps a row
    needs; start: an id, only steps from it. Raises BadInput."""

    scope: Scope
    first_only: bool = False
    least: int = LEAST
    start: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.least <= 1_000_000:
            raise BadInput("A row needs at least 1 step.")


@dataclass(frozen=True)
class Transitions:
    """By row, most steps beyond chance first: a → b (numbers of things), both, of_a, of_b (steps),
    share and its lower bound, base, lift and its bounds, extra (steps surely beyond
    the usual), days (median between). steps: all of
    them; by thing (place of visits.things): visits, returned (share of its days with a next)."""

    question: StepsQuestion
    visits: Visits
    steps: int
    a: Ints
    b: Ints
    both: Ints
    of_a: Ints
    of_b: Ints
    share: Floats
    share_low: Floats
    base: Floats
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    extra: Floats
    q: Floats
    days: Floats
    left_out: int
    seen: Ints
    returned: Floats

    def __len__(self) -> int:
        return len(self.a)

    def returned_of(self, thing: int) -> float:
        """Share of the days with a thing after which its customer bought again."""
        place = np.flatnonzero(self.visits.things == thing)
        return float(self.returned[place[0]]) if len(place) else float("nan")


def steps_in(visits: Visits, question: StepsQuestion) -> Ints:
    """Steps whose first day lies in the scope."""
    steps = visits.steps
    inside = (visits.day[steps] >= question.scope.first) & (
        visits.day[steps + 1] <= question.scope.last
    )
    if question.first_only:
        inside &= visits.is_first[steps]
    return steps[inside]


def transitions_of(goods: Goods, question: StepsQuestion, *, most: int = MOST_ROWS) -> Transitions:
    """All steps of the scope; most: rows that are kept. Raises NotFound for an unknown start."""
    scope = question.scope
    visits = visits_of(goods, scope, until=scope.last)
    steps = steps_in(visits, question)
    before, after = visits.x[steps], visits.x[steps + 1]
    of_a, of_b = _sums(before), _sums(after)
    met = (before.T @ after).tocoo()
    a, b = met.coords[0].astype(np.int64), met.coords[1].astype(np.int64)
    both = met.data.astype(np.int64)
    kept = both >= question.least
    if question.start:
        kept &= visits.things[a] == unit_of(visits.units, question.start)
    a, b, both = a[kept], b[kept], both[kept]
    n = len(steps)
    low, high = association.lift_interval(both, of_a[a], of_b[b], n)
    extra = both - np.divide(both, low, out=np.full(len(low), np.inf), where=low > 0)
    q = association.benjamini_hochberg(association.g_test(both, of_a[a], of_b[b], n))
    order = np.lexsort((b, a, -both, -extra))
    left_out = max(0, len(order) - most)
    order = order[:most]
    a, b, both = a[order], b[order], both[order]
    low, high, extra, q = low[order], high[order], extra[order], q[order]
    gaps = visits.day[steps + 1] - visits.day[steps]
    seen = _days_in(visits, question)
    return Transitions(
        question=question, visits=visits, steps=n, a=visits.things[a], b=visits.things[b],
        both=both, of_a=of_a[a], of_b=of_b[b], share=both / np.maximum(of_a[a], 1),
        share_low=association.wilson(both, of_a[a])[0], base=of_b[b] / max(n, 1),
        lift=association.lift(both, of_a[a], of_b[b], n), lift_low=low, lift_high=high,
        extra=extra, q=q,
        days=_medians(before.tocsc(), after.tocsr(), a, b, gaps), left_out=left_out, seen=seen,
        returned=np.divide(of_a, seen, out=np.zeros(len(seen)), where=seen > 0),
    )  # fmt: skip


def did(goods: Goods, question: StepsQuestion, a: str, b: str) -> Ints:
    """Customers (sorted) who took this step."""
    visits = visits_of(goods, question.scope, until=question.scope.last)
    steps = steps_in(visits, question)
    first, second = (_place(visits, unit_of(visits.units, key)) for key in (a, b))
    if first < 0 or second < 0:
        return np.empty(0, np.int64)
    taken = (visits.x[steps][:, [first]].toarray()[:, 0] > 0) & (
        visits.x[steps + 1][:, [second]].toarray()[:, 0] > 0
    )
    return np.unique(visits.customer[steps[taken]])


def waiting(goods: Goods, question: StepsQuestion, a: str) -> Ints:
    """Customers (sorted) whose newest purchase day held a: where the next step is still open."""
    visits = visits_of(goods, question.scope, until=question.scope.last)
    place = _place(visits, unit_of(visits.units, a))
    if place < 0 or not len(visits):
        return np.empty(0, np.int64)
    last = np.flatnonzero(np.r_[visits.customer[1:] != visits.customer[:-1], True])
    last = last[visits.day[last] >= question.scope.first]
    if question.first_only:
        last = last[visits.is_first[last]]
    holds = visits.x[last][:, [place]].toarray()[:, 0] > 0
    return np.asarray(visits.customer[last[holds]], np.int64)


_FIGURES = (*("share", "share_low", "base", "lift", "lift_low", "lift_high", "extra", "q", "days"),)


def row_of(found: Transitions, place: int) -> dict[str, Any]:
    """One row as plain data."""
    units = found.visits.units
    a, b = int(found.a[place]), int(found.b[place])
    row: dict[str, Any] = {
        "a": units.keys[a], "a_name": units.names[a], "b": units.keys[b], "b_name": units.names[b],
    }  # fmt: skip
    for name in ("both", "of_a", "of_b"):
        row[name] = int(getattr(found, name)[place])
    for name in _FIGURES:
        row[name] = float(getattr(found, name)[place])
    return row


def _days_in(visits: Visits, question: StepsQuestion) -> Ints:
    """Purchase days in the scope by thing."""
    inside = visits.day >= question.scope.first
    if question.first_only:
        inside &= visits.is_first
    return _sums(visits.x[np.flatnonzero(inside)])


def _sums(x: Any) -> Ints:
    return np.asarray(x.sum(axis=0), np.int64).reshape(-1)


def _place(visits: Visits, thing: int) -> int:
    found = np.flatnonzero(visits.things == thing)
    return int(found[0]) if len(found) else -1


def _medians(before: csc_array, after: csr_array, a: Ints, b: Ints, gaps: Ints) -> Floats:
    """Median days of the steps of each row; one `a` after the other, all its `b` at once."""
    out = np.full(len(a), np.nan)
    wide = int(gaps.max(initial=0)) + 1
    for one in np.unique(a).tolist():
        steps = before.indices[before.indptr[one] : before.indptr[one + 1]]
        part = after[steps]
        days = np.repeat(gaps[steps], np.diff(part.indptr))
        key = np.sort(part.indices.astype(np.int64) * wide + days)
        mine = np.flatnonzero(a == one)
        first = np.searchsorted(key, b[mine] * wide)
        size = np.searchsorted(key, (b[mine] + 1) * wide) - first
        low, high = key[first + (size - 1) // 2] % wide, key[first + size // 2] % wide
        out[mine] = (low + high) / 2
    return out
