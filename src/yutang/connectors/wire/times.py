"""Times that senders name: of an event (it must be one) and of sending (it may be nonsense)."""

from __future__ import annotations

from typing import Any

from yutang.connectors.wire.opening import Misshapen
from yutang.kit.clock import EARLIEST, LATEST, SECONDS_BELOW, parse_time


def time_of(column: str, value: Any) -> int | None:
    """UTC ms; None where no time is named. Raises Misshapen (`unreadable_time`,
    `time_out_of_range`), naming the column."""
    if type(value) is int and SECONDS_BELOW <= value < LATEST:
        return value
    if value is None:
        return None
    time = parse_time(value)
    if time is None:
        raise Misshapen(column, "unreadable_time", value)
    if not EARLIEST <= time < LATEST:
        raise Misshapen(column, "time_out_of_range", value)
    return time


def sent_at(value: Any) -> int | None:
    """UTC ms by the sender's clock; None where he did not tell, or no such time is."""
    if value is None:
        return None
    time = parse_time(value)
    return time if time is not None and EARLIEST <= time < LATEST else None
