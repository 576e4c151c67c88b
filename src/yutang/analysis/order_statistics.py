"""Exact order statistics."""

from __future__ import annotations

import numpy as np

from yutang.sequence.files import frozen
from yutang.sequence.kernels.selecting import BUCKETS, count_buckets, take_buckets

# Fewer are sorted in part before two passes over them are done.
_MANY = 20_000
# Differences and buckets per unit stay numbers within these (int64, float64).
_NARROWEST, _WIDEST = 1e-300, 2.0**62


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
    held = dict(zip(places, sorted_at(values, places), strict=True))
    return [_between(held, rank - zeros, values.size - 1, share) for rank, share in ranks]


def _between(held: dict[int, float], rank: int, last: int, share: int) -> float:
    """held: values by place, at the rank and the next one; places below 0 are of the zeros."""
    low = held[rank] if rank >= 0 else 0
    high = held[min(rank + 1, last)] if rank >= -1 and last >= 0 else low
    return float((low * 100 + (high - low) * share) / 100)


def sorted_at(values: np.ndarray, places: list[int]) -> list[float]:
    """What stands at these places (rising, inside) once the values are sorted; Python numbers.

    >>> sorted_at(np.array([40, 10, 20, 30]), [0, 3])
    [10, 40]
    """
    if values.size < _MANY or not places:
        return _sorted_at(values, places) if places else []
    low = values.min()
    span = float(values.max()) - float(low)
    if span == 0:
        return [low.item()] * len(places)
    if not _NARROWEST < span < _WIDEST:
        return _sorted_at(values, places)
    scale = BUCKETS / span
    values = frozen(values)
    counts = count_buckets(values, low, scale)
    ends = np.cumsum(counts)
    bucket = np.searchsorted(ends, places, side="right")
    wanted = np.zeros(BUCKETS, np.bool_)
    wanted[bucket] = True
    chosen = take_buckets(values, low, scale, frozen(wanted), int(counts[wanted].sum()))
    skipped = np.cumsum(np.where(wanted, 0, counts))  # values below that were not taken
    return _sorted_at(chosen, [int(p - skipped[b]) for p, b in zip(places, bucket, strict=True)])


def _sorted_at(values: np.ndarray, places: list[int]) -> list[float]:
    part = np.partition(values, places)
    return [part[place].item() for place in places]
