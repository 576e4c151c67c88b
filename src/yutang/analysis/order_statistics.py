"""Exact order statistics."""

from __future__ import annotations

import numpy as np


def percentiles(values: np.ndarray, percents: tuple[int, ...]) -> list[float | None]:
    """Percentiles between the closest ranks (as a spreadsheet's PERCENTILE.INC).

    Rank and share are worked out in whole numbers, so whole values give exact results.

    >>> percentiles(np.array([40, 10, 20, 30]), (0, 50))
    [10.0, 25.0]
    >>> percentiles(np.array([]), (50,))
    [None]
    """
    if values.size == 0:
        return [None for _ in percents]
    ranks = [divmod((values.size - 1) * percent, 100) for percent in percents]
    wanted = {min(rank + step, values.size - 1) for rank, _ in ranks for step in (0, 1)}
    part = np.partition(values, sorted(wanted))
    return [_between(part, rank, share) for rank, share in ranks]


def _between(part: np.ndarray, rank: int, share: int) -> float:
    low, high = part[rank].item(), part[min(rank + 1, part.size - 1)].item()
    return float((low * 100 + (high - low) * share) / 100)
