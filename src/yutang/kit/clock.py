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
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Outside of it no time of a customer is meant, and zones have no rules.
EARLIEST, LATEST = 0, int((datetime(2100, 1, 1, tzinfo=UTC) - EPOCH) / timedelta(milliseconds=1))
SECONDS_BELOW = 100_000_000_000  # a time below this is Unix seconds, not milliseconds
DIGITS = 20  # more of them are no time, and Python refuses to read thousands


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def parse_time(value: object) -> int | None:
    """Unix seconds or milliseconds, or ISO 8601 (no zone = UTC), as UTC ms; None if unreadable."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        if value != value or abs(value) > 1e15:
            return None
        return round(value * 1000) if abs(value) < SECONDS_BELOW else int(value)
    if isinstance(value, datetime):
        stamp = value if value.tzinfo else value.replace(tzinfo=UTC)
        since = stamp - EPOCH
        return since.days * DAY_MS + since.seconds * 1000 + round(since.microseconds / 1000)
    if isinstance(value, str):
        text = value.strip()
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdigit():
            return parse_time(int(text)) if len(digits) <= DIGITS else None
        try:
            return parse_time(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            return None
    return None


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

    def offset(second: int) -> int:
        delta = datetime.fromtimestamp(second, info).utcoffset()
        assert delta is not None
        return int(delta.total_seconds() * 1000)

    starts, offsets = [-(2**62)], [offset(0)]
    step, end = 7 * 86_400, 4_102_444_800  # a week; 2100-01-01
    for at in range(0, end, step):
        if offset(at + step) != offsets[-1]:
            low, high = at, at + step  # the change lies after `low` and not after `high`
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            starts.append(high * 1000)
            offsets.append(offset(high))
    return np.array(starts, np.int64), np.array(offsets, np.int64)


def local_ms(ms: np.ndarray, zone: str) -> np.ndarray:
    """Instants (int64 ms, any shape) as ms since 1970 of the zone's own clock."""
    starts, offsets = _transitions(zone)
    local: np.ndarray = ms + offsets[np.searchsorted(starts, ms, side="right") - 1]
    return local


def day_numbers(ms: np.ndarray, zone: str) -> np.ndarray:
    """Business days since 1970 of instants (int64 ms, any shape) in the zone, as int32."""
    days: np.ndarray = np.floor_divide(local_ms(ms, zone), DAY_MS).astype(np.int32)
    return days


def iso_of_day_number(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(day))).isoformat()
