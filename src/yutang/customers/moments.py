"""Where every customer stood at a past moment, by the facts known now.

The newest moment counts all facts; its states are those of the snapshot's own arrays.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from yutang.customers import rules, views
from yutang.customers.buying import Buying, clocks_of, stages_of
from yutang.customers.snapshot import Snapshot, Spans
from yutang.kit import clock

# Axis → its codes, in the order of their numbers, with what they are called.
AXES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "stage": {code: words[1:] for code, words in rules.STAGES.items()},
    "role": {code: words[1:] for code, words in rules.ROLES.items()},
    "nes": views.NES,
    "aipl": views.AIPL,
    "five_a": views.FIVE_A,
}
NOBODY = 255  # not known yet at that moment, or merged or erased since


class Moments:
    """States of one snapshot's customers at any moment."""

    def __init__(self, snapshot: Snapshot, zone: str) -> None:
        self._snapshot = snapshot
        self._zone = zone
        self._buying = Buying(snapshot.days)

    def states(self, axis: str, moment: int) -> NDArray[np.uint8]:
        """State of each customer on an axis (uint8 by id; NOBODY) just before the instant `moment`
        (ms, the end of a business day), or as of the newest fact where that is earlier."""
        people = self._snapshot.people
        if moment > self._snapshot.as_of:
            out: NDArray[np.uint8] = np.array(getattr(people, axis), np.uint8)
            known = people.alive
        else:
            known = people.alive & (people.first_seen_at < moment)
            out = self._past(axis, moment, known)
        out[~known] = NOBODY
        return out

    def _past(self, axis: str, moment: int, known: NDArray[np.bool_]) -> NDArray[np.uint8]:
        if axis == "role":
            return self._roles(moment)
        if axis in ("stage", "nes"):
            return self._of_buyers(axis, moment)
        snapshot, rule = self._snapshot, self._snapshot.rule.rule
        flags = purchase_flags(snapshot, moment)
        last = moment - 1
        acted = within(snapshot.spans, ACTED, rule.interest_days, last, len(known))
        if axis == "aipl":
            return views.aipl(known, acted, *flags)
        return views.five_a(
            known,
            acted,
            within(snapshot.spans, ASKED, rule.interest_days, last, len(known)),
            flags[0],
            within(snapshot.spans, RECOMMENDED, rule.loyal_days, last, len(known)),
        )

    def _of_buyers(self, axis: str, moment: int) -> NDArray[np.uint8]:
        snapshot = self._snapshot
        last_day = int(clock.day_numbers(np.array([moment - 1]), self._zone)[0])
        buyers = self._buying.until(last_day)
        categories = len(snapshot.words.get("category", []))
        held = clocks_of(buyers, snapshot.intervals, snapshot.rule.rule, categories)
        last = moment - 1
        found = (
            stages_of(buyers, held, last)
            if axis == "stage"
            else views.nes(buyers.days, buyers.last_at, held.interval, last)
        )
        out = np.zeros(len(snapshot.people), np.uint8)
        out[buyers.customer] = found
        return out

    def _roles(self, moment: int) -> NDArray[np.uint8]:
        snapshot, last = self._snapshot, moment - 1
        people, ties = snapshot.people, snapshot.ties
        ends = np.append(ties.time, rules.FOREVER)[ties.end]
        held = ~ties.is_end & (ties.time <= last) & ((ends > last) | (ties.end == len(ties)))
        live = np.zeros(len(people), bool)
        live[ties.customer[held]] = True
        return rules.roles(people.lead_at <= last, live, people.koc_at <= last)


ACTED, ASKED, RECOMMENDED = range(3)  # Spans.kind


def within(spans: Spans, kind: int, days: int, moment: int, size: int) -> NDArray[np.bool_]:
    """Whose spans of a kind hold the moment: something of it in the last `days` (bool by id).
    The spans must have been made with the same number of days."""
    mine = spans.kind == kind
    mine &= (spans.first <= moment) & (moment <= spans.last + days * clock.DAY_MS)
    out = np.zeros(size, bool)
    out[spans.customer[mine]] = True
    return out


def purchase_flags(snapshot: Snapshot, moment: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who bought in the window of buyers before `moment`, and on two days in that of loyal ones."""
    days, rule = snapshot.days, snapshot.rule.rule
    return bought_within(
        days.customer, days.at, len(snapshot.people), moment - 1, rule.buyer_days, rule.loyal_days
    )


def bought_within(
    customer: NDArray[np.uint32],
    at: NDArray[np.int64],
    size: int,
    moment: int,
    buyer_days: int,
    loyal_days: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """From purchase days (one row each): bought in the last buyer_days up to the moment (bool by
    id), and on two days or more in the last loyal_days."""
    before = moment - at
    inside = before >= 0
    bought = np.zeros(size, bool)
    bought[customer[inside & (before <= buyer_days * clock.DAY_MS)]] = True
    often = np.bincount(customer[inside & (before <= loyal_days * clock.DAY_MS)], minlength=size)
    return bought, np.asarray(often >= 2, bool)
