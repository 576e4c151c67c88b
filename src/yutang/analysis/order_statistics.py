"""Exact order statistics."""

from __future__ import annotations

import numpy as np


def percentile(values: np.ndarray, percent: int) -> float | None:
    """The percentile between the closest ranks (as a spreadsheet's PERCENTILE.INC).

    Rank and share are worked out in whole numbers, so whole values give exact results.

    >>> percentile(np.array([40, 10, 20, 30]), 50)
    25.0
    >>> percentile(np.array([]), 50) is None
    True
    """
    if values.size == 0:
        return None
    rank, share = divmod((values.size - 1) * percent, 100)
    upper = min(rank + 1, values.size - 1)
    part = np.partition(values, (rank, upper))
    low, high = part[rank].item(), part[upper].item()
    return float((low * 100 + (high - low) * share) / 100)
