"""RFM by hand, one customer at a time."""

from __future__ import annotations

import math
from fractions import Fraction

ORDER = ("111", "101", "011", "001", "110", "100", "010", "000")


def spent(rows, *, orders, recency, worth, on, day_of, days):
    """{"r", "f", "fen", "times"} of one customer's facts in the range, or None without an order."""
    bought = [row for row in rows if orders(row)]
    if not bought:
        return None
    last = [day_of(row["time"]) for row in rows if recency(row)]
    return {
        "r": (on - max(last)).days if last else None,
        "f": len({day_of(row["time"]) for row in bought}) if days else len(bought),
        "fen": sum(round(amount * 100) for row in rows for amount in worth(row)),
        "times": len(bought),
    }


def edge(spec, values, low_is_best):
    """One edge over all customers' values (fen for money)."""
    if spec["by"] == "fixed":
        return spec["value"]
    if not values:
        return 0
    if spec["by"] == "average":
        return float(Fraction(sum(values), len(values)))
    if spec["by"] == "top":
        best = sorted(values, reverse=not low_is_best)
        return best[math.ceil(spec["value"] * len(values)) - 1]
    return quantile(values, round(spec.get("value", 0.5) * 100))


def quantile(values, percent):
    ordered = sorted(values)
    rank = Fraction((len(ordered) - 1) * percent, 100)
    low, high = ordered[int(rank)], ordered[min(int(rank) + 1, len(ordered) - 1)]
    return float(low + (high - low) * (rank - int(rank)))


def layer(one, edges):
    """The code of a customer; edges: (r, f, m), lists of one or four."""
    r, f, m = edges
    scores = (
        0 if one["r"] is None else sum(one["r"] <= e for e in r),
        sum(one["f"] >= e for e in f),
        sum(one["fen"] >= e for e in m),
    )
    plus = 1 if len(r) > 1 else 0
    return "".join(str(score + plus) for score in scores)
