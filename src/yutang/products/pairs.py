"""Bought together 连带: which things lie in the same order, or are bought by the same customer.

support = both / baskets; confidence a → b = both / baskets with a; lift = confidence / share of
baskets with b. The list begins with the pairs that have most baskets beyond chance, counted from
the lower 95 % bound of lift (`extra` = both − both / that bound), so that five orders by luck do
not lead it. `q` is Benjamini and Hochberg's over the pairs listed; pairs with q up to 0.05 are
`sure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yutang.errors import BadInput
from yutang.products.cooccurrence import Counts, stretches, together
from yutang.products.goods import Goods, Ints
from yutang.products.scope import Scope, category_of, lines_in, unit_of, units_of
from yutang.stats import association

By = Literal["order", "customer"]
BYS: tuple[By, ...] = ("order", "customer")
LEAST = 10  # baskets with both, below which a pair is not listed
MOST_IN_ORDER = 100  # different things of an order; more is a stock order
MOST_OF_CUSTOMER = 400
MOST_DAYS = 366
SURE = 0.05
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairsQuestion:
    """by: what a basket is; days: of one customer, how long a stretch is that a purchase opens
    (0 = one day); least: baskets with both; thing: an id, only pairs with it. Raises BadInput."""

    scope: Scope
    by: By = "order"
    days: int = 30
    least: int = LEAST
    thing: str = ""

    def __post_init__(self) -> None:
        if self.by not in BYS:
            raise BadInput(
                "Pairs are counted by order or by customer, not by “%(name)s”.",
                name=str(self.by)[:40],
            )
        if not 0 <= self.days <= MOST_DAYS:
            raise BadInput("The days between two purchases are 0 to %(n)s.", n=MOST_DAYS)
        if not 2 <= self.least <= 1_000_000:
            raise BadInput("A pair needs at least 2 baskets with both.")


@dataclass(frozen=True)
class Pairs:
    """By pair, most beyond chance first: a, b (numbers of things), both, of_a, of_b (baskets), and
    what follows from them. baskets, left_out: see cooccurrence.Counts."""

    question: PairsQuestion
    baskets: int
    left_out: int
    a: Ints
    b: Ints
    both: Ints
    of_a: Ints
    of_b: Ints
    support: Floats
    confidence_ab: Floats
    confidence_ba: Floats
    confidence_ab_low: Floats
    confidence_ba_low: Floats
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    extra: Floats
    p: Floats
    q: Floats

    def __len__(self) -> int:
        return len(self.a)

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Together more than by chance, at 5 % of false finds over the list."""
        return np.asarray((self.q <= SURE) & (self.lift > 1))


def pairs_of(goods: Goods, question: PairsQuestion) -> Pairs:
    """All pairs that reach the least number of baskets. Raises NotFound for an unknown thing."""
    scope, units = question.scope, units_of(goods, question.scope)
    counts = counts_of(goods, question)
    kept = np.ones(len(counts.a), bool)
    if scope.category and scope.level != "category":
        kind = category_of(goods, scope)
        kept &= (units.category[counts.a] == kind) | (units.category[counts.b] == kind)
    if question.thing:
        thing = unit_of(units, question.thing)
        kept &= (counts.a == thing) | (counts.b == thing)
    a, b, both = counts.a[kept], counts.b[kept], counts.both[kept]
    return judged(question, counts, a, b, both)


def counts_of(goods: Goods, question: PairsQuestion) -> Counts:
    """Pairs and baskets of the question's scope, before any is left out by category or thing."""
    basket, thing, _ = _baskets(goods, question)
    most = MOST_IN_ORDER if question.by == "order" else MOST_OF_CUSTOMER
    things = len(units_of(goods, question.scope))
    return together(basket, thing, things, least=question.least, most=most)


def _baskets(goods: Goods, question: PairsQuestion) -> tuple[Ints, Ints, Ints]:
    """By line of the scope: its basket, its thing, its customer (0 = unknown)."""
    rows, units = lines_in(goods, question.scope), units_of(goods, question.scope)
    order = goods.order[rows]
    thing = units.of_line[rows].astype(np.int64)
    who = goods.customer[order].astype(np.int64)
    if question.by == "order":
        return order.astype(np.int64), thing, who
    known = who > 0
    day = goods.day[order[known]].astype(np.int64)
    return stretches(who[known], day, question.days), thing[known], who[known]


def judged(question: PairsQuestion, counts: Counts, a: Ints, b: Ints, both: Ints) -> Pairs:
    """What the counts of pairs say, sorted by what is surely beyond chance."""
    n, of_a, of_b = counts.baskets, counts.of[a], counts.of[b]
    low, high = association.lift_interval(both, of_a, of_b, n)
    extra = both - np.divide(both, low, out=np.full(len(low), np.inf), where=low > 0)
    order = np.lexsort((b, a, -low, -extra))
    a, b, both, of_a, of_b = (values[order] for values in (a, b, both, of_a, of_b))
    low, high, extra = (values[order] for values in (low, high, extra))
    p = association.g_test(both, of_a, of_b, n)
    return Pairs(
        question=question, baskets=n, left_out=counts.left_out, a=a, b=b, both=both, of_a=of_a,
        of_b=of_b, support=both / max(n, 1), confidence_ab=both / np.maximum(of_a, 1),
        confidence_ba=both / np.maximum(of_b, 1),
        confidence_ab_low=association.wilson(both, of_a)[0],
        confidence_ba_low=association.wilson(both, of_b)[0],
        lift=association.lift(both, of_a, of_b, n), lift_low=low, lift_high=high, extra=extra, p=p,
        q=association.benjamini_hochberg(p),
    )  # fmt: skip


def both_of(goods: Goods, question: PairsQuestion, a: str, b: str) -> Ints:
    """Customers (sorted) of the baskets with both."""
    units = units_of(goods, question.scope)
    basket, thing, who = _baskets(goods, question)
    first, second = (basket[thing == unit_of(units, key)] for key in (a, b))
    inside = np.isin(basket, np.intersect1d(first, second))
    found = np.unique(who[inside])
    return found[found > 0]


def only_of(goods: Goods, question: PairsQuestion, a: str, b: str) -> Ints:
    """Customers (sorted) who bought a, and never b in the scope: whom to offer it."""
    scope, units = question.scope, units_of(goods, question.scope)
    rows = lines_in(goods, scope)
    thing = units.of_line[rows]
    first, second = (
        _known(goods.customer[goods.order[rows[thing == unit_of(units, key)]]]) for key in (a, b)
    )
    return first[~np.isin(first, second)]


_FIGURES = (
    *("support", "confidence_ab", "confidence_ba", "confidence_ab_low", "confidence_ba_low"),
    *("lift", "lift_low", "lift_high", "extra", "p", "q"),
)


def row_of(pairs: Pairs, goods: Goods, place: int) -> dict[str, Any]:
    """One pair as plain data."""
    units = units_of(goods, pairs.question.scope)
    a, b = int(pairs.a[place]), int(pairs.b[place])
    found: dict[str, Any] = {
        "a": units.keys[a], "a_name": units.names[a], "b": units.keys[b], "b_name": units.names[b],
    }  # fmt: skip
    for name in ("both", "of_a", "of_b"):
        found[name] = int(getattr(pairs, name)[place])
    for name in _FIGURES:
        found[name] = float(getattr(pairs, name)[place])
    return {**found, "sure": bool(pairs.sure[place])}


def _known(customer: NDArray[np.uint32]) -> Ints:
    found = np.unique(customer).astype(np.int64)
    return found[found > 0]
