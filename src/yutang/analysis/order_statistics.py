"""Exact order statistics."""

from __future__ import annotations

import numpy as np


def percentiles(
    values: np.ndarray, percents: tuple[int, ...], zeros: int = 0
) -> list[float | None]:
    """Percentiles between the closest ranks (as a spreadsheet's PERCENTILE.INC).

    Rank and share are worked out in whole numbers, so whole values give exact results.
    zeros: so many values of 0 there are besides, where no value is below 0.

    >>> percentiles(np.array([40, 10, 20, 30]), (0, 50))
    [10.0, 25.0]
    >>> percentiles(np.array([]), (50,))
    [None]
    >>> percentiles(np.array([40]), (0, 50, 100), zeros=1)
    [0.0, 20.0, 40.0]
    """
    size = values.size + zeros
    if size == 0:
        return [None for _ in percents]
    ranks = [divmod((size - 1) * percent, 100) for percent in percents]
    wanted = {rank + step - zeros for rank, _ in ranks for step in (0, 1)}
    places = sorted(at for at in wanted if 0 <= at < values.size)
    part = np.partition(values, places) if places else values
    return [_between(part, rank - zeros, share) for rank, share in ranks]


def _between(part: np.ndarray, rank: int, share: int) -> float:
    """part: partitioned at the rank and the next one; below 0 they are of the zeros."""
    low = part[rank].item() if rank >= 0 else 0
    high = part[min(rank + 1, part.size - 1)].item() if rank >= -1 and part.size else low
    return float((low * 100 + (high - low) * share) / 100)
