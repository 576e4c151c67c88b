"""Purchase days of customers, one after the other, and what lay in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from yutang.products.cooccurrence import distinct
from yutang.products.goods import Goods, Ints, Units
from yutang.products.scope import Scope, category_of, lines_in, units_of

MOST_THINGS = 500  # candidates: beyond the most bought ones nothing can be learned of each


@dataclass(frozen=True)
class Visits:
    """By purchase day, sorted by customer, then day: customer, day int64. x: which of the
    candidates `things` (numbers of units, the most bought first) it held (int32 0 / 1). left_out:
    units that are no candidates; until: the last day known."""

    units: Units
    things: Ints
    left_out: int
    customer: Ints
    day: Ints
    x: csr_array
    until: int

    def __len__(self) -> int:
        return len(self.day)

    @property
    def steps(self) -> Ints:
        """Places that have a next purchase day: the next one stands behind it."""
        return np.flatnonzero(self.customer[1:] == self.customer[:-1])

    @property
    def is_first(self) -> np.ndarray:
        """Is it the first purchase day of its customer (bool)?"""
        first = np.r_[True, self.customer[1:] != self.customer[:-1]]
        return np.asarray(first[: len(self)], bool)

    def up_to(self, until: int) -> Visits:
        """As it was known at the end of a day; the candidates stay."""
        rows = np.flatnonzero(self.day <= until)
        return Visits(
            self.units, self.things, self.left_out, self.customer[rows], self.day[rows],
            self.x[rows], until,
        )  # fmt: skip


def visits_of(goods: Goods, scope: Scope, *, until: int, most: int = MOST_THINGS) -> Visits:
    """Purchase days up to `until` in the scope's domain (its first day does not count: what was
    somebody's first purchase does not depend on it); of its category, where it has one."""
    everything = Scope(0, until, scope.domain, "", scope.level)
    units, rows = units_of(goods, scope), lines_in(goods, everything)
    who = goods.customer[goods.order[rows]].astype(np.int64)
    rows, who = rows[who > 0], who[who > 0]
    thing = units.of_line[rows].astype(np.int64)
    day = goods.day[goods.order[rows]].astype(np.int64)
    # Orders stand by customer and moment, so days do, too.
    moment = who * (until + 2) + day
    fresh = np.r_[True, moment[1:] != moment[:-1]][: len(moment)]
    visit, thing = distinct(np.cumsum(fresh) - 1, thing, len(units))
    often = np.bincount(thing, minlength=len(units))
    allowed = np.ones(len(units), bool)
    if scope.category and scope.level != "category":
        allowed = units.category == category_of(goods, scope)
    ranked = np.argsort(-np.where(allowed, often, 0), kind="stable")
    ranked = ranked[(often[ranked] > 0) & allowed[ranked]]
    things = ranked[:most]
    place = np.full(len(units), -1, np.int64)
    place[things] = np.arange(len(things))
    known = place[thing] >= 0 if len(thing) else np.empty(0, bool)
    x = csr_array(
        (np.ones(int(known.sum()), np.int32), (visit[known], place[thing[known]])),
        shape=(int(fresh.sum()), len(things)),
    )
    x.sort_indices()
    left_out = len(ranked) - len(things)
    return Visits(units, things, left_out, who[fresh], day[fresh], x, until)
