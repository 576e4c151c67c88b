"""The property model by hand: customers, the combinations they belong to, their numbers."""

from __future__ import annotations

import math

from tests.analysis.histories import exact_percentile


def combinations(customer, names, attributes, values):
    """All label tuples of a customer."""
    combos = [()]
    for name in names:
        found = attributes[name].get(customer)
        several = [found]
        if isinstance(found, list):
            several = found[:1] if values == "single" else sorted(set(found))
        several = ["(none)" if one is None else one for one in several or [None]]
        combos = [(*combo, one) for combo in combos for one in several]
    return combos


def value(stat, percent, numbers):
    if stat == "sum":
        return math.fsum(numbers)
    if not numbers:
        return None
    if stat == "average":
        return math.fsum(numbers) / len(numbers)
    if stat in ("median", "percentile"):
        return exact_percentile(numbers, 50 if stat == "median" else percent)
    return min(numbers) if stat == "min" else max(numbers)
