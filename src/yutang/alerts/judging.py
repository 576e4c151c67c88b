"""Is a number worth a word? Pure: numbers in, verdict out.

Anomaly band: median ± k · scale over the same weekday's last n complete periods, where scale =
1.4826 · MAD (median absolute deviation; 1.4826 makes it a standard deviation where numbers are
normal). |x - median| / scale > 3.5 is the modified z-score rule of Iglewicz & Hoaglin (1993).
The scale has a floor, since a few equal numbers have MAD 0 and a short history a MAD that is small
by chance: counts swing at least by the root of their size (Poisson), rates by one point, other
numbers by 5 % of their size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from yutang.alerts.rule import LEAST_HISTORY, Rule
from yutang.kit.messages import mark

TO_SIGMA = 1.4826
RATE_FLOOR = 0.01  # one point
NUMBER_FLOOR = 0.05  # of its size

ABOVE = mark("%(name)s: %(value)s (%(period)s), above %(high)s.")
BELOW = mark("%(name)s: %(value)s (%(period)s), below %(low)s.")
BETWEEN = mark("%(name)s: %(value)s (%(period)s), between %(low)s and %(high)s.")
OUTSIDE = mark("%(name)s: %(value)s (%(period)s), not between %(low)s and %(high)s.")
CHANGED = mark("%(name)s: %(value)s (%(period)s), %(change)s against %(before)s earlier.")
UNUSUAL = mark("%(name)s: %(value)s (%(period)s); usual are %(low)s to %(high)s.")
CALM = mark("%(name)s is calm again: %(value)s (%(period)s).")
USUAL = mark("%(name)s: %(value)s (%(period)s), as usual.")
NO_VALUE = mark("The report has no such number for this period.")
NO_HISTORY = mark("There are %(n)s earlier numbers to compare with; it needs %(needs)s.")
NO_BASE = mark("Both numbers are below %(base)s: too small to speak of a change.")


@dataclass(frozen=True)
class Verdict:
    """state: calm, firing, or empty where nothing can be judged yet; `said`: why, a template.

    low, high: the bounds the number was held against; before: the earlier one.
    """

    state: Literal["calm", "firing", "empty"]
    said: str = ""
    low: float | None = None
    high: float | None = None
    before: float | None = None
    change: float | None = None  # percent, or the difference
    n: int = 0  # earlier numbers that were there


def judge(
    rule: Rule, value: float | None, earlier: Sequence[float | None], kind: str = "count"
) -> Verdict:
    """`earlier`: the numbers at `rule.reaches`; kind: of the column, for the scale's floor."""
    if value is None:
        return Verdict("empty", NO_VALUE)
    if rule.kind == "threshold":
        return _threshold(rule, value)
    known = [one for one in earlier if one is not None]
    if rule.kind == "change":
        return _change(rule, value, known)
    if len(known) < LEAST_HISTORY:
        return Verdict("empty", NO_HISTORY, n=len(known))
    low, high = band(known, rule.score, kind)
    up, down = value > high and rule.way != "down", value < low and rule.way != "up"
    middle = float(np.median(known))
    state: Literal["calm", "firing"] = "firing" if up or down else "calm"
    return Verdict(state, UNUSUAL, low, high, middle, n=len(known))


def band(earlier: Sequence[float], score: float, kind: str) -> tuple[float, float]:
    """What is usual: median ± score · scale; counts and rates do not go below 0, rates not above 1.

    >>> band([100, 104, 98, 101, 97, 102], 3.5, "number")
    (82.9125, 118.0875)
    """
    numbers = np.asarray(earlier, np.float64)
    middle = float(np.median(numbers))
    mad = float(np.median(np.abs(numbers - middle)))
    reach = score * max(TO_SIGMA * mad, floor_of(middle, kind))
    low, high = middle - reach, middle + reach
    if kind in ("count", "rate"):
        low = max(low, 0.0)
    return low, min(high, 1.0) if kind == "rate" else high


def floor_of(middle: float, kind: str) -> float:
    """The least a number swings by itself."""
    if kind == "count":
        return math.sqrt(max(abs(middle), 1.0))
    if kind == "rate":
        return RATE_FLOOR
    return NUMBER_FLOOR * abs(middle)


def _threshold(rule: Rule, value: float) -> Verdict:
    low = rule.low if rule.low is not None else -math.inf
    high = rule.high if rule.high is not None else math.inf
    fires, said = {
        "above": (value > high, ABOVE),
        "below": (value < low, BELOW),
        "between": (low <= value <= high, BETWEEN),
        "outside": (not low <= value <= high, OUTSIDE),
    }[rule.side]
    shown_low = None if rule.side == "above" else rule.low
    shown_high = None if rule.side == "below" else rule.high
    if not fires:
        return Verdict("calm", USUAL, shown_low, shown_high)
    return Verdict("firing", said, shown_low, shown_high)


def _change(rule: Rule, value: float, known: Sequence[float]) -> Verdict:
    if not known:
        return Verdict("empty", NO_HISTORY)
    before = known[0]
    if rule.measure == "percent":
        if max(abs(before), abs(value)) < rule.base or before == value == 0:
            return Verdict("calm", NO_BASE, before=before, n=1)
        change = (value - before) / abs(before) * 100 if before else math.copysign(math.inf, value)
        reach = rule.least / 100 * abs(before)
    else:
        change, reach = value - before, rule.least
    up = change >= rule.least and rule.way != "down"
    down = -change >= rule.least and rule.way != "up"
    low = before - reach if rule.way != "up" else None
    high = before + reach if rule.way != "down" else None
    told = change if math.isfinite(change) else None  # from nothing there is no percentage
    if not (up or down):
        return Verdict("calm", USUAL, low, high, before, told, 1)
    return Verdict("firing", CHANGED, low, high, before, told, 1)


def needed(rule: Rule) -> int:
    """How many earlier numbers the rule needs before it says anything."""
    return {"threshold": 0, "change": 1, "anomaly": LEAST_HISTORY}[rule.kind]
