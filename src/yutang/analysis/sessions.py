"""What the models of visits share: how histories are cut into sessions.

A session is a run of a customer's events; it ends with a pause longer than `idle_minutes`. It is
cut over the whole history and belongs to the moment it begins at: one that began in the range is
whole even where it goes on after it. Events that the filter or `events` leaves out are not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from yutang.analysis.contract import Caveat, Context, RangeParams
from yutang.analysis.funnel import Events
from yutang.sequence.calendar import day_edges
from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter, both, compile_filter, split_filter
from yutang.sequence.kernels.sessions import cut_sessions
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.shard import ShardSet
from yutang.sequence.view import View

# A week: whoever pauses longer has not been on a visit.
_LONGEST_IDLE = 7 * 24 * 60
_MINUTE_MS = 60_000
_NO_DAYS = frozen(np.empty(0, np.int64))


class SessionParams(RangeParams):
    """How sessions are cut."""

    events: Events = Field(default=Events(event="*"), title="计入的事件 Events counted")
    idle_minutes: int = Field(
        30, ge=1, le=_LONGEST_IDLE, title="静默多久算离开（分钟） Idle minutes"
    )


@dataclass(frozen=True)
class Sessions:
    """Sessions of a view, int32 by session: first row, last row, events, customer's position."""

    first: np.ndarray
    last: np.ndarray
    depth: np.ndarray
    who: np.ndarray

    def take(self, chosen: np.ndarray) -> Sessions:
        """Those of them that are chosen (positions or bool)."""
        return Sessions(self.first[chosen], self.last[chosen], self.depth[chosen], self.who[chosen])


@dataclass(frozen=True)
class Cutter:
    """Cuts the sessions of a view. lo, hi: first and last moment at which they may begin."""

    bits: Bits
    of_customer: Filter | None
    sample: int
    idle: int
    days: np.ndarray
    lo: int
    hi: int

    def sessions(self, view: View) -> Sessions:
        keys, table = self.bits.of(view)
        keep = kept_customers(view, self.of_customer, self.sample)
        return Sessions(
            *cut_sessions(
                keys, table, view.time, view.offsets, keep, self.idle, self.days, self.lo, self.hi
            )
        )


def cutter(
    context: Context,
    params: SessionParams,
    edges: np.ndarray,
    *,
    start: Events | None = None,
    end: Events | None = None,
    by_day: bool = False,
    more: Sequence[tuple[str, Events | None]] = (),
) -> Cutter:
    """edges: of the range. start, end: events that cut. more: (place, events) of bits 3, 4 …,
    which count like `params.events` and cut nothing.

    Raises BadInput with the place.
    """
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    matchers = []
    for place, one in [("events", params.events), ("start", start), ("end", end), *more]:
        if one is None:
            matchers.append(Matcher(()))
            continue
        own = compile_filter(one.filter, shards, place=f"{place}.filter", today=context.today)
        matchers.append(Matcher(find_codes(shards, one.names), both(own, of_rows)))
    first, last = shards.span or (0, 0)
    return Cutter(
        bits=Bits(shards, matchers),
        of_customer=of_customer,
        sample=params.sample,
        idle=params.idle_minutes * _MINUTE_MS,
        days=frozen(day_edges(first, last, shards.zone)) if by_day else _NO_DAYS,
        lo=int(edges[0]),
        hi=int(edges[-1]) - 1,
    )


def never_occurred(shards: ShardSet, asked: Sequence[Events | None]) -> list[str]:
    """Names of events that are asked for and have never occurred."""
    used = {name for one in asked if one is not None for name in one.names}
    return sorted(name for name in used if name != "*" and name not in shards.event_codes)


def open_sessions(count: int) -> Caveat:
    """Sessions that may still go on."""
    return Caveat(
        "open_window",
        f"{count:,} 个会话到数据截止时还没结束，后面可能还会继续。",
        f"{count:,} sessions were still open at the last fact; they may yet go on.",
    )
