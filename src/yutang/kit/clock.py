"""Time: instants are UTC milliseconds, business days belong to the brand's zone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

Clock = Callable[[], int]
DAY_MS = 86_400_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso_day(ms: int, zone: str) -> str:
    """The business day of an instant, as 2026-11-23."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date().isoformat()


def start_of_day(day: date, zone: str) -> int:
    """The first instant of a business day, in UTC ms."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@lru_cache(maxsize=8)
def _transitions(zone: str) -> tuple[np.ndarray, np.ndarray]:
    """(starts ms, offset ms) of every offset the zone has from 1970 to 2100, found by bisection."""
    info = ZoneInfo(zone)

    def offset(at: datetime) -> int:
        delta = at.astimezone(info).utcoffset()
        assert delta is not None
        return int(delta.total_seconds() * 1000)

    starts, offsets = [-(2**62)], [offset(datetime(1970, 1, 1, tzinfo=UTC))]
    step = timedelta(days=7)
    at, end = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + step
        if offset(following) != offsets[-1]:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            starts.append(round(high.timestamp()) * 1000)
            offsets.append(offset(high))
        at = following
    return np.array(starts, np.int64), np.array(offsets, np.int64)


def day_numbers(ms: np.ndarray, zone: str) -> np.ndarray:
    """Business days since 1970 of instants (int64 ms, any shape) in the zone, as int32."""
    starts, offsets = _transitions(zone)
    local = ms + offsets[np.searchsorted(starts, ms, side="right") - 1]
    return np.floor_divide(local, DAY_MS).astype(np.int32)


def iso_of_day_number(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(day))).isoformat()
