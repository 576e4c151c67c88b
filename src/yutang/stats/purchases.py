"""Purchase histories as the models of repeat buying see them, and how many have them.

x: on how many days after the first one somebody bought; recency (t_x in the papers): days from the
first to the last of them; age (T): days from the first to the end of observation. Days are whole;
the models count in weeks (days / 7, not rounded), as the published parameters do. Customers with
the same three numbers are one cell: the likelihood is exact and takes a tenth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAYS_PER_WEEK = 7.0
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Distinct histories. x, recency, age (int64, days), weight (int64, customers); xs, at: the
    distinct x, and the place of each cell's among them."""

    x: Ints
    recency: Ints
    age: Ints
    weight: Ints
    xs: Ints
    at: Ints

    @property
    def customers(self) -> int:
        return int(self.weight.sum())

    @property
    def weeks(self) -> tuple[Floats, Floats]:
        """recency and age in weeks."""
        return self.recency / DAYS_PER_WEEK, self.age / DAYS_PER_WEEK

    @property
    def by_x(self) -> Floats:
        """Customers by distinct x."""
        return np.asarray(np.bincount(self.at, self.weight, minlength=len(self.xs)), np.float64)


def cells_of(x: Ints, recency: Ints, age: Ints) -> tuple[Cells, Ints]:
    """Cells of histories (int64 by customer), and the cell of each customer.

    Raises ValueError for a history that cannot be: recency beyond age, or repeat days without time.
    """
    if len(x) and not (
        (x >= 0).all()
        and (recency >= 0).all()
        and (recency <= age).all()
        and ((x > 0) == (recency > 0)).all()
    ):
        raise ValueError("a history needs 0 <= recency <= age, and recency > 0 exactly where x > 0")
    span = int(age.max(initial=0)) + 1
    if (int(x.max(initial=0)) + 1) * span * span < 2**62:
        keys, at, weight = np.unique(
            (x * span + recency) * span + age, return_inverse=True, return_counts=True
        )
        cell = (keys // span // span, keys // span % span, keys % span)
    else:
        rows, at, weight = np.unique(
            np.column_stack([x, recency, age]), axis=0, return_inverse=True, return_counts=True
        )
        cell = (rows[:, 0], rows[:, 1], rows[:, 2])
    xs, at_x = np.unique(cell[0], return_inverse=True)
    return Cells(*cell, weight.astype(np.int64), xs, at_x.astype(np.int64)), at.astype(np.int64)


def histories(customer: Ints, day: Ints, until: int) -> tuple[Ints, Ints, Ints, Ints]:
    """(customers, x, recency, age), each int64 by distinct customer, rising, up to day `until`.

    customer, day: int64 by purchase, in any order; several of one customer and day are one.
    """
    inside = day <= until
    customer, day = customer[inside], day[inside]
    order = order_of(customer, day)
    if order is not None:
        customer, day = customer[order], day[order]
    fresh = np.ones(len(customer), bool)
    fresh[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    customer, day = customer[fresh], day[fresh]
    first = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]][: len(customer)])
    last = np.r_[first[1:], len(customer)][: len(first)] - 1
    x = last - first
    return customer[first], x, day[last] - day[first], until - day[first]


def order_of(customer: Ints, day: Ints) -> Ints | None:
    """The order by customer, then day; None where they stand so already, as facts mostly do."""
    same = customer[1:] == customer[:-1]
    if ((customer[1:] > customer[:-1]) | (same & (day[1:] >= day[:-1]))).all():
        return None
    return np.asarray(np.lexsort((day, customer)), np.int64)
