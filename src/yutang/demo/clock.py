"""Simulated time: seconds since 1970 UTC, days of Asia/Shanghai (UTC+8, no summer time)."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from yutang.demo.truths import ENDS_ON, STARTS_ON

DAY = 86_400
HOUR = 3_600
_EAST = 8 * HOUR
NEVER = np.int64(2**62)
"""A moment after everything: not yet, or never."""


def midnight(day: date) -> int:
    """The second at which business day `day` begins."""
    return (day - date(1970, 1, 1)).days * DAY - _EAST


START = midnight(STARTS_ON)
END = midnight(ENDS_ON) + DAY
"""The simulated span is [START, END)."""


def day_start(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The second at which the business day of each moment begins."""
    return at - (at + _EAST) % DAY


def weekday(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Monday 0 … Sunday 6 (1970-01-01 was a Thursday)."""
    return ((at + _EAST) // DAY + 3) % 7
