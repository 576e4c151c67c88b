"""What one customer did and was sent, from his own events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.catalog.events import GROUPS, event_of
from yutang.kit.clock import DAY_MS
from yutang.sequence.shard import ShardSet
from yutang.sequence.view import View, view_of

MOST_LISTED = 12  # coupons, contents
_LATELY_DAYS = 30
_SHOWN = ("interaction", "reach", "visit")


@dataclass(frozen=True)
class Act:
    """One kind of event: how often ever and in the last 30 days, and when last (UTC ms)."""

    event: str
    label: tuple[str, str]
    group: str
    times: int
    lately: int
    last_at: int


@dataclass(frozen=True)
class Coupon:
    """A coupon granted; redeemed_at: None while it was not. Times UTC ms."""

    coupon: str
    granted_at: int
    redeemed_at: int | None


@dataclass(frozen=True)
class Read:
    """A content read: its kind ("" not known), how often, when last (UTC ms)."""

    content: str
    kind: str
    times: int
    last_at: int


@dataclass(frozen=True)
class Acts:
    """acts: newest first within interaction, reach and visit; invited: invitations he sent."""

    acts: tuple[Act, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    contents: tuple[Read, ...] = ()
    invited: int = 0

    def of(self, group: str) -> list[Act]:
        return [one for one in self.acts if one.group == group]

    @property
    def open_coupons(self) -> list[Coupon]:
        """Those that were not redeemed, newest first."""
        return [one for one in self.coupons if one.redeemed_at is None]


def acts_of(shards: ShardSet, customer: int, as_of: int) -> Acts:
    """What he did and was sent up to now; as_of: the newest fact (UTC ms)."""
    view = view_of(shards, customer)
    if view is None:
        return Acts()
    names = shards.event_names
    rows: dict[str, list[int]] = {}
    for row, code in enumerate(view.code.tolist()):
        rows.setdefault(names[code], []).append(row)
    acts = []
    for name, found in rows.items():
        known = event_of(name)
        if known.group in _SHOWN:
            times = view.time[found]
            lately = int((times > as_of - _LATELY_DAYS * DAY_MS).sum())
            acts.append(
                Act(name, (known.zh, known.en), known.group, len(found), lately, int(times[-1]))
            )
    order = list(GROUPS)
    acts.sort(key=lambda one: (order.index(one.group), -one.last_at))  # type: ignore[arg-type]
    return Acts(
        tuple(acts),
        tuple(_coupons(view, rows)),
        tuple(_contents(view, rows)),
        len(rows.get("invitation_sent", ())),
    )


def _texts(view: View, name: str, rows: list[int]) -> list[str]:
    """Texts of a property; "" where it is not there."""
    column = view.shards.columns.get(name)
    if column is None or column.type != "string" or not rows:
        return [""] * len(rows)
    codes = view.values_at(name, np.array(rows, np.int64))
    words = view.shards.dictionary(name)
    return [str(words[int(code)].as_py()) if code >= 0 else "" for code in codes]


def _coupons(view: View, rows: dict[str, list[int]]) -> list[Coupon]:
    """A redemption closes the earliest open grant of the same coupon before it."""
    granted = rows.get("coupon_granted", [])
    redeemed = rows.get("coupon_redeemed", [])
    waiting: dict[str, list[int]] = {}
    for row, name in zip(redeemed, _texts(view, "coupon", redeemed), strict=True):
        waiting.setdefault(name, []).append(int(view.time[row]))
    found = []
    for row, name in zip(granted, _texts(view, "coupon", granted), strict=True):
        at = int(view.time[row])
        later = [moment for moment in waiting.get(name, ()) if moment >= at]
        used = later[0] if later else None
        if used is not None:
            waiting[name].remove(used)
        found.append(Coupon(name, at, used))
    return sorted(found, key=lambda one: -one.granted_at)[:MOST_LISTED]


def _contents(view: View, rows: dict[str, list[int]]) -> list[Read]:
    read = rows.get("content_read", [])
    kinds = _texts(view, "content_type", read)
    by_id: dict[str, list[Any]] = {}
    for row, name, kind in zip(read, _texts(view, "content_id", read), kinds, strict=True):
        if name:
            one = by_id.setdefault(name, [kind, 0, 0])
            one[1], one[2] = one[1] + 1, int(view.time[row])
    found = [Read(name, kind, times, last) for name, (kind, times, last) in by_id.items()]
    return sorted(found, key=lambda one: -one.last_at)[:MOST_LISTED]
