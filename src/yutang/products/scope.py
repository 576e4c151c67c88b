"""Which sales a question is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yutang.customers import DOMAIN_CODES
from yutang.errors import BadInput, NotFound
from yutang.products.goods import LEVELS, Goods, Ints, Level, Units


@dataclass(frozen=True)
class Scope:
    """Business days `first` to `last` (since 1970, inclusive), a domain ("" = all), a category (an
    id of a category unit, "" = all), and what a thing is (`level`). Raises BadInput."""

    first: int
    last: int
    domain: str = ""
    category: str = ""
    level: Level = "product"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise BadInput(
                "There is no level “%(name)s”.",
                hint="Choose product, spec or category.",
                name=str(self.level)[:40],
            )
        if self.domain and self.domain not in DOMAIN_CODES:
            raise BadInput(
                "There is no domain “%(name)s”.",
                hint="Choose private, public or store.",
                name=self.domain[:40],
            )

    @property
    def days(self) -> int:
        return self.last - self.first + 1


def units_of(goods: Goods, scope: Scope) -> Units:
    return goods.units[scope.level]


def unit_of(units: Units, key: str) -> int:
    """The number of a thing. Raises NotFound."""
    try:
        return units.keys.index(key)
    except ValueError:
        raise NotFound(
            "There is no such product.", hint="The list of products has them all."
        ) from None


def category_of(goods: Goods, scope: Scope) -> int:
    """The number of the scope's category; -1 = all. Raises NotFound."""
    return unit_of(goods.units["category"], scope.category) if scope.category else -1


def orders_in(goods: Goods, scope: Scope) -> np.ndarray:
    """Which orders (bool) lie in the days and the domain."""
    inside = (goods.day >= scope.first) & (goods.day <= scope.last)
    if scope.domain:
        inside &= goods.domain == DOMAIN_CODES[scope.domain]
    return inside


def lines_in(goods: Goods, scope: Scope, *, kept: bool = True) -> Ints:
    """Lines (places) in the days and the domain whose thing is known; kept: not given back in
    full. The category does not count here: a basket is a basket."""
    mask = orders_in(goods, scope)[goods.order] & (units_of(goods, scope).of_line >= 0)
    if kept:
        mask &= goods.kept
    return np.flatnonzero(mask)
