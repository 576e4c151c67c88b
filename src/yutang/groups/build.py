"""Makes the arrays of groups out of messages, joins and leaves, and statistics. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers import Ties
from yutang.groups import rules
from yutang.groups.arrays import (
    BY_US,
    DISSOLVED,
    IS_COMPLAINT,
    IS_PRODUCT,
    IS_QUESTION,
    IS_TOLD,
    SELF,
    Cells,
    Life,
    Questions,
    Reads,
    Stays,
    Talk,
    empty_part,
)
from yutang.kit import clock

GROUP_TIE = 1  # customers.Ties.kind


def order_of(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Order of rows by the keys (whole numbers from 0), the first counting most; of equal rows the
    earlier first. As one packed number where they fit into one, which sorts three times faster."""
    if not len(keys[0]):
        return np.empty(0, np.int64)
    bits = [max(int(key.max()), 1).bit_length() for key in keys]
    if sum(bits) > 62 or min(int(key.min()) for key in keys) < 0:
        return np.asarray(np.lexsort(keys[::-1]), np.int64)
    packed = np.zeros(len(keys[0]), np.int64)
    for key, width in zip(keys, bits, strict=True):
        packed = (packed << width) + key
    return np.argsort(packed, kind="stable")


def stays_of(
    ties: Ties, names: Sequence[str], code_of: dict[str, int], lives: Sequence[Life],
    removed: set[tuple[int, int, int]], zone: str,
) -> Stays:  # fmt: skip
    """Stays of relation events. names: text of their group keys; removed: (group, customer, time)
    of those whom we took out. Whoever is in a dissolved group left when it was dissolved; two joins
    without leaving between them are one stay, which begins with the first."""
    rows = np.flatnonzero((ties.kind == GROUP_TIE) & ~ties.is_end & (ties.key >= 0))
    if not len(rows):
        return empty_part(Stays)  # type: ignore[no-any-return]
    codes = np.array([code_of[name] for name in names], np.int32)
    group, customer = codes[ties.key[rows]], ties.customer[rows]
    time, end = ties.time[rows], ties.end[rows]
    order = order_of(group, customer, time)
    group, customer, time, end = group[order], customer[order], time[order], end[order]
    first = rules.runs(group, customer, end)
    group, customer, time, end = group[first], customer[first], time[first], end[first]
    open_ = end >= len(ties)
    left = np.where(open_, 0, ties.time[np.minimum(end, len(ties) - 1)])
    how = np.full(len(group), SELF, np.uint8)
    if removed:
        times = np.array(sorted({at for _, _, at in removed}), np.int64)
        for i in np.flatnonzero(np.isin(left, times)).tolist():
            if (int(group[i]), int(customer[i]), int(left[i])) in removed:
                how[i] = BY_US
    dissolved = np.array([life.dissolved_at for life in lives], np.int64)[group]
    swept = (dissolved > 0) & (open_ | (left >= dissolved)) & (time <= dissolved)
    left[swept & open_], how[swept] = dissolved[swept & open_], DISSOLVED
    left = np.where(left > 0, np.maximum(left, time), 0)
    days = clock.day_numbers(np.stack([time, left]), zone)
    return Stays(
        group, customer.astype(np.uint32), time, left, days[0],
        np.where(left > 0, days[1], rules.STILL).astype(np.int32), how,
    )  # fmt: skip


def spoken(
    raw: NDArray[Any], customer: NDArray[np.uint32], stays: Stays, zone: str
) -> tuple[Talk, Cells, Questions]:
    """Talk, cells and questions of messages (arrays.RAW, any order) and who sent each."""
    order = order_of(raw["group"], raw["time"])
    group, time = raw["group"][order], raw["time"][order]
    ours, flags = raw["ours"][order], raw["flags"][order]
    who = np.where(ours, np.uint32(0), customer[order])
    day = clock.day_numbers(time, zone)
    return (
        _talk(group, who, day, ours, flags, stays),
        _cells(group, day, ours, flags),
        _questions(raw, order, group, time, day, who, ours, flags),
    )


def _talk(
    group: NDArray[Any], who: NDArray[Any], day: NDArray[Any], ours: NDArray[np.bool_],
    flags: NDArray[np.uint8], stays: Stays,
) -> Talk:  # fmt: skip
    known = np.flatnonzero(~ours & (who > 0))
    order = known[order_of(group[known], who[known], day[known])]
    group, who, day = group[order], who[order], day[order]
    first = rules.runs(group, who, day)
    count = np.diff(np.r_[first, len(group)]).astype(np.int32)
    complaints = _sum((flags[order] & IS_COMPLAINT) > 0, first)
    group, who, day = group[first], who[first], day[first]
    member = rules.was_member(
        stays.group, stays.customer, stays.joined, stays.left, group, who, day
    )
    return Talk(group, who, day, count, complaints, member)


def _cells(
    group: NDArray[Any], day: NDArray[Any], ours: NDArray[np.bool_], flags: NDArray[np.uint8]
) -> Cells:
    first = rules.runs(group, day)
    count = np.diff(np.r_[first, len(group)]).astype(np.int32)
    told = ~ours & ((flags & IS_TOLD) > 0)
    return Cells(
        group[first], day[first], count, _sum(~ours, first), _sum(told, first),
        _sum((flags & IS_COMPLAINT) > 0, first), _sum(ours, first),
        _sum((flags & IS_PRODUCT) > 0, first),
    )  # fmt: skip


def _questions(
    raw: NDArray[Any], order: NDArray[np.int64], group: NDArray[Any], time: NDArray[np.int64],
    day: NDArray[Any], who: NDArray[Any], ours: NDArray[np.bool_], flags: NDArray[np.uint8],
) -> Questions:  # fmt: skip
    asks = ~ours & ((flags & IS_QUESTION) > 0)
    rows = np.flatnonzero(asks)
    found = rules.answers(group, time, ours, asks)
    given = raw["answered"][order[rows]].astype(np.int64) * 1000
    answered = np.where(given > 0, time[rows] + given, found)
    return Questions(group[rows], who[rows], day[rows], time[rows], answered)


def _sum(values: NDArray[np.bool_], first: NDArray[np.int64]) -> NDArray[np.int32]:
    if not len(first):
        return np.empty(0, np.int32)
    return np.add.reduceat(values.astype(np.int32), first)


def reads_of(raw: NDArray[Any], lives: Sequence[Life], owners: Sequence[str]) -> Reads:
    """The newest statistics of each group (or owner) and day. What is given for an owner with one
    group only is that group's."""
    if not len(raw):
        return empty_part(Reads)  # type: ignore[no-any-return]
    mine: dict[str, list[int]] = {}
    for code, life in enumerate(lives):
        if life.owner and not life.dissolved_at:
            mine.setdefault(life.owner, []).append(code)
    only = np.array(
        [mine[name][0] if len(mine.get(name, ())) == 1 else -1 for name in [*owners, ""]], np.int32
    )
    raw = raw.copy()
    raw["group"] = np.where(raw["group"] < 0, only[raw["owner"]], raw["group"])
    place = np.where(raw["group"] >= 0, -1, raw["owner"])
    order = np.lexsort((raw["arrival"], raw["day"], place, raw["group"]))
    raw, place = raw[order], place[order]
    last = np.r_[rules.runs(raw["group"], place, raw["day"])[1:], len(raw)] - 1
    return Reads(
        *(raw[name][last] for name in
          ("group", "owner", "day", "members", "active", "messages", "joined", "left"))
    )  # fmt: skip
