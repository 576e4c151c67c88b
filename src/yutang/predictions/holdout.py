"""Does the model foretell? Fitted on the first part of the time, compared with the rest.

The sum over all customers is usually near; single customers are not: who bought a lot is expected
to buy on, and who bought once is nearly written off, though some of them come back. So three things
are shown: the curve of all repeat purchases, what groups by frequency did, and which share of the
purchases the customers named first made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.errors import BadInput
from yutang.predictions.fitting import KINDS, Fitted, Floats, Ints, Model, fitted
from yutang.predictions.purchases import Purchases, day_of
from yutang.stats.purchases import DAYS_PER_WEEK

MOST_SEEN = 7  # who bought again that often or more is one group
LEAST_DAYS = 28
_DEEPEST = 10


@dataclass(frozen=True)
class Holdout:
    """calibration: what was fitted up to its last day; the holdout runs from there to `until`.

    weeks: int64, the last day of each week from the first purchase on; expected_curve,
    actual_curve: repeat purchase days of the calibration's customers up to then, in sum. By
    customer: expected, actual in the holdout.
    """

    calibration: Fitted
    until: int
    weeks: Ints
    expected_curve: Floats
    actual_curve: Floats
    expected: Floats
    actual: Ints

    @property
    def ratio(self) -> float | None:
        """Expected purchases of the holdout over actual ones; 1 is right in sum."""
        total = int(self.actual.sum())
        return float(self.expected.sum()) / total if total else None

    def by_frequency(self) -> list[dict[str, Any]]:
        """Customers by repeat purchase days in the calibration: mean expected and actual."""
        group = np.minimum(self.calibration.x, MOST_SEEN)
        counts = np.bincount(group, minlength=MOST_SEEN + 1)
        expected = np.bincount(group, self.expected, minlength=MOST_SEEN + 1)
        actual = np.bincount(group, self.actual, minlength=MOST_SEEN + 1)
        return [
            {
                "repeat_days": n,
                "people": int(counts[n]),
                "expected": float(expected[n] / counts[n]),
                "actual": float(actual[n] / counts[n]),
            }
            for n in range(MOST_SEEN + 1)
            if counts[n]
        ]

    def by_decile(self) -> list[dict[str, Any]]:
        """Customers in ten parts, those first of whom most is expected: their share of the actual
        purchases, all parts up to here (capture), and of the most that any order could reach."""
        order = np.argsort(-self.expected, kind="stable")
        best = np.sort(self.actual)[::-1]
        total = max(int(self.actual.sum()), 1)
        cuts = np.rint(np.linspace(0, len(order), _DEEPEST + 1)).astype(int)
        found = []
        for n in range(_DEEPEST):
            part = order[cuts[n] : cuts[n + 1]]
            found.append(
                {
                    "decile": n + 1,
                    "people": len(part),
                    "expected": float(self.expected[part].sum()),
                    "actual": int(self.actual[part].sum()),
                    "capture": float(self.actual[order[: cuts[n + 1]]].sum() / total),
                    "best_capture": float(best[: cuts[n + 1]].sum() / total),
                }
            )
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "calibrated_until": self.calibration.until_on.isoformat(),
            "until": day_of(self.until).isoformat(),
            "expected": float(self.expected.sum()),
            "actual": int(self.actual.sum()),
            "ratio": self.ratio,
            "by_frequency": self.by_frequency(),
            "by_decile": self.by_decile(),
            "curve": [
                {"until": day_of(day).isoformat(), "expected": expected, "actual": actual}
                for day, expected, actual in zip(
                    self.weeks.tolist(),
                    self.expected_curve.tolist(),
                    self.actual_curve.tolist(),
                    strict=True,
                )
            ],
        }


def hold_out(
    purchases: Purchases, model: Model = "bgnbd", *, calibrated_until: int | None = None
) -> Holdout:
    """Fit on what was known at `calibrated_until` (else after two thirds of the time), and compare.

    Raises BadInput where there is too little time or too few bought again.
    """
    first = int(purchases.day.min()) if len(purchases) else purchases.until
    if calibrated_until is None:
        calibrated_until = first + (purchases.until - first) * 2 // 3
    if min(calibrated_until - first, purchases.until - calibrated_until) < LEAST_DAYS:
        raise BadInput(
            "There is too little time to test a prediction: it takes %(n)s days to learn from and "
            "%(n)s to compare with.",
            n=LEAST_DAYS,
        )
    known = fitted(purchases.up_to(calibrated_until), model)
    days = purchases.until - calibrated_until
    kind = KINDS[model]
    expected = kind.expected(known.params, known.cells, days / DAYS_PER_WEEK)[known.at]
    place = np.searchsorted(known.customers, purchases.customer)
    place = np.minimum(place, len(known.customers) - 1)
    ours = known.customers[place] == purchases.customer
    later = ours & (purchases.day > calibrated_until) & (purchases.day <= purchases.until)
    actual = np.bincount(place[later], minlength=len(known.customers)).astype(np.int64)
    weeks = np.arange(first + 6, purchases.until + 1, 7)
    begun = calibrated_until - known.cells.age[known.at]
    return Holdout(
        calibration=known,
        until=purchases.until,
        weeks=weeks,
        expected_curve=_expected_curve(known, begun, weeks),
        actual_curve=_actual_curve(purchases, ours, begun[place], weeks),
        expected=expected,
        actual=actual,
    )


def _expected_curve(known: Fitted, begun: Ints, weeks: Ints) -> Floats:
    """Repeat purchase days that all of them are expected to have by the end of each week, from the
    day of the first purchase of each alone."""
    starts, counts = np.unique(begun, return_counts=True)
    ages = (weeks[:, None] - starts[None, :]) / DAYS_PER_WEEK
    distinct, at = np.unique(np.maximum(ages, 0.0), return_inverse=True)
    found = KINDS[known.model].expected_of_new(known.params, distinct)
    return np.asarray(found[at].reshape(ages.shape) @ counts, np.float64)


def _actual_curve(purchases: Purchases, ours: np.ndarray, begun: Ints, weeks: Ints) -> Floats:
    again = np.sort(purchases.day[ours & (purchases.day > begun)])
    return np.searchsorted(again, weeks, side="right").astype(np.float64)
