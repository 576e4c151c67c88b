"""Days on which customers bought, and what for: what the models of repeat buying are fitted on.

A purchase day of a brand is a business day with paid orders of more than was given back: an order
refunded in full is no purchase. In a file any day counts whose values do not sum to less than 0.
Several orders of a day are one purchase of their sum.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from yutang.customers import Sales
from yutang.errors import BadInput
from yutang.stats.purchases import order_of

EPOCH = date(1970, 1, 1)
COLUMNS = ("customer", "date", "value")
TOLD = 20  # rows that could not be read are named up to so many
_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")


@dataclass(frozen=True)
class Purchases:
    """By purchase day, sorted by customer, then day: customer int64, day int64 (since 1970-01-01),
    value float64 (yuan, or the unit of the file, not negative). until: the last day observed;
    names: what customers are called where they are numbered by place (of a file)."""

    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    value: NDArray[np.float64]
    until: int
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.day)

    def up_to(self, until: int) -> Purchases:
        """As it was known at the end of day `until`."""
        inside = self.day <= until
        return Purchases(
            self.customer[inside], self.day[inside], self.value[inside], until, self.names
        )


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def summed(
    customer: NDArray[np.int64],
    day: NDArray[np.int64],
    value: NDArray[np.float64],
    until: int,
    names: Sequence[str] = (),
) -> Purchases:
    """One row for each customer and day, of the values' sum, where that is not negative."""
    order = order_of(customer, day)
    if order is not None:
        customer, day, value = customer[order], day[order], value[order]
    fresh = np.ones(len(day), bool)
    fresh[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    first = np.flatnonzero(fresh)
    total = np.add.reduceat(value, first) if len(first) else value
    worth = (total >= 0) & (day[first] <= until)
    return Purchases(customer[first][worth], day[first][worth], total[worth], until, names)


def from_sales(sales: Sales, alive: NDArray[np.bool_], until: int) -> Purchases:
    """The purchases of a snapshot's customers who are there (bool by customer id)."""
    known = (sales.customer > 0) & alive[sales.customer]
    net = (sales.paid_fen - sales.refund_fen)[known] / 100
    customer, day = sales.customer[known].astype(np.int64), sales.day[known].astype(np.int64)
    found = summed(customer, day, net, until)
    paid = found.value > 0
    return Purchases(found.customer[paid], found.day[paid], found.value[paid], until)


def read_purchases(lines: Iterable[str], until: date | None = None) -> tuple[Purchases, list[str]]:
    """Purchases of a CSV with the columns customer, date, value, and what is wrong with the rows
    that were left out, one sentence each (at most TOLD of them).

    until: the last day observed, else the last one with a purchase. Raises BadInput where a column
    is missing or no row can be read.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise BadInput(
            "The file lacks the column “%(name)s”.",
            hint="Its first line names the columns customer, date and value.",
            name=missing[0],
        )
    known: dict[str, int] = {}
    rows: list[tuple[int, int, float]] = []
    wrong: list[str] = []
    for number, row in enumerate(reader, start=2):
        try:
            name = _text(row, "customer")
            day, value = _day(_text(row, "date")), _number(_text(row, "value"))
        except ValueError as error:
            if len(wrong) < TOLD:
                wrong.append(f"Row {number}: {error}.")
            continue
        rows.append((known.setdefault(name, len(known)), day, value))
    if not rows:
        raise BadInput("The file holds no row that can be read.", hint=" ".join(wrong[:3]))
    customer, days, values = (np.array(column) for column in zip(*rows, strict=True))
    last = day_number(until) if until is not None else int(days.max())
    return summed(customer, days, values.astype(float), last, list(known)), wrong


def _text(row: dict[str, str], name: str) -> str:
    found = (row.get(name) or "").strip()
    if not found:
        raise ValueError(f"{name} is empty")
    return found


def _day(text: str) -> int:
    for form in _FORMATS:
        try:
            return day_number(datetime.strptime(text[:10], form).date())
        except ValueError:
            continue
    raise ValueError(f"date “{text[:30]}” is not like 2026-11-22")


def _number(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"value “{text[:30]}” is no number")
    return value
