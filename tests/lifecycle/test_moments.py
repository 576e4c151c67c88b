"""States at past moments, against a naive reading of the raw facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import date, timedelta
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.customers.pond import LAST, ZONE, Pond
from tests.lifecycle.conftest import RULE
from yutang.catalog.events import BY_NAME
from yutang.customers import AXES, NOBODY, SOURCES, Moments, Snapshot
from yutang.customers.from_events import ASKS, NOT_ACTS, RECOMMENDS
from yutang.kit.clock import DAY_MS, iso_day, start_of_day
from yutang.lifecycle import Lifecycle
from yutang.lifecycle.periods import Between

pytestmark = pytest.mark.slow

END = date.fromisoformat(iso_day(LAST, ZONE))
DAYS_BACK = st.integers(-3, 600)


class Naive:
    """Reads the pond's facts customer by customer."""

    def __init__(self, pond: Pond) -> None:
        self.snapshot: Snapshot = pond.customers.snapshot()
        self.events: dict[int, list[dict[str, Any]]] = {}
        ids: dict[str, int] = {}
        for one in pond.events:
            member = one["identities"]["member_no"]
            ids.setdefault(member, pond.customer(member))
            self.events.setdefault(ids[member], []).append(one)
        sales = self.snapshot.sales
        self.bought: dict[int, list[int]] = {}
        for who, at, paid in zip(
            sales.customer.tolist(), sales.at.tolist(), sales.paid.tolist(), strict=True
        ):
            if paid and who:
                self.bought.setdefault(who, []).append(at)

    def did(self, who: int, names: Any, moment: int, days: int) -> bool:
        return any(
            one["event"] in names and 0 <= moment - 1 - one["time"] <= days * DAY_MS
            for one in self.events.get(who, ())
        )

    def acts(self, who: int) -> set[str]:
        names = {one["event"] for one in self.events.get(who, ())}
        return {
            name for name in names
            if name not in NOT_ACTS and (name not in BY_NAME or BY_NAME[name].group != "trade")
        }  # fmt: skip

    def limits(self, who: int, moment: int) -> tuple[float, int, int]:
        """His interval and limits as they were then, by today's table."""
        found, days = self.snapshot.intervals, self.snapshot.days
        rows = np.flatnonzero((days.customer == who) & (days.at < moment))
        category = int(days.category[rows[-1]])
        at = found.category.tolist().index(category) if category >= 0 else 0
        if found.gaps[at] < RULE.least_gaps:
            at = 0
        usual, slow = float(found.median[at]), float(found.slow[at])
        dormant = int(found.dormant_after[at])
        if len(rows) >= 3:
            own = median(np.diff(days.day[rows]).tolist())
            days_out = min(max(own * slow / usual, RULE.shortest_days), RULE.longest_days)
            usual, dormant = own, round(days_out)
        return usual, dormant, max(dormant + 1, round(dormant * RULE.lost_times))

    def state(self, axis: str, who: int, moment: int) -> str:
        times = [at for at in self.bought.get(who, ()) if at < moment]
        purchase_days = {iso_day(at, ZONE) for at in times}
        if axis in ("stage", "nes"):
            if not times:
                return "never" if axis == "stage" else "none"
            usual, dormant, lost = self.limits(who, moment)
            since = (moment - 1 - max(times)) / DAY_MS
            if axis == "nes":
                for step, times_ in (("s3", 3), ("s2", 2), ("s1", 1)):
                    if since > times_ * usual:
                        return step
                return "e0" if len(purchase_days) > 1 else "n"
            if since > lost:
                return "lost"
            if since > dormant:
                return "dormant"
            return "repeat" if len(purchase_days) > 1 else "first"
        recent = [at for at in times if moment - 1 - at <= RULE.buyer_days * DAY_MS]
        # A day counts by its last order.
        last_of_day: dict[str, int] = {}
        for at in sorted(self.bought.get(who, ())):
            last_of_day[iso_day(at, ZONE)] = at
        often = [at for at in last_of_day.values() if moment - 1 - at >= 0
                 and moment - 1 - at <= RULE.loyal_days * DAY_MS]  # fmt: skip
        acted = self.did(who, self.acts(who), moment, RULE.interest_days)
        if axis == "aipl":
            if len(often) >= 2:
                return "loyalty"
            return "purchase" if recent else "interest" if acted else "aware"
        if axis == "five_a":
            if recent and self.did(who, RECOMMENDS, moment, RULE.loyal_days):
                return "advocate"
            if recent:
                return "act"
            asked = self.did(who, ASKS, moment, RULE.interest_days)
            return "ask" if asked else "appeal" if acted else "aware"
        return self.role(who, moment)

    def role(self, who: int, moment: int) -> str:
        ties = self.snapshot.ties
        for row in np.flatnonzero((ties.customer == who) & ~ties.is_end & (ties.time < moment)):
            end = int(ties.end[row])
            if end == len(ties) or ties.time[end] >= moment:
                names = {"task_claimed"}
                claimed = any(
                    one["event"] in names and one["time"] < moment
                    for one in self.events.get(who, ())
                )
                return "koc" if claimed else "fan"
        return "lead"  # everybody here has a member number


@pytest.fixture(scope="session")
def naive(pond: Pond) -> Naive:
    return Naive(pond)


@pytest.fixture(scope="session")
def moments(pond: Pond) -> Moments:
    return Moments(pond.customers.snapshot(), ZONE)


@given(axis=st.sampled_from(sorted(AXES)), back=DAYS_BACK)
@settings(max_examples=60)
def test_a_state_of_the_past_is_what_the_facts_say(
    axis: str, back: int, naive: Naive, moments: Moments
) -> None:
    snapshot = naive.snapshot
    moment = start_of_day(END - timedelta(days=back) + timedelta(days=1), ZONE)
    found, codes = moments.states(axis, moment), list(AXES[axis])
    asked = min(moment, snapshot.as_of + 1)
    for who in np.flatnonzero(snapshot.people.alive).tolist():
        known = snapshot.people.first_seen_at[who] < asked
        assert (found[who] == NOBODY) == (not known)
        if known:
            assert codes[found[who]] == naive.state(axis, who, asked), (who, axis)


@pytest.mark.parametrize("axis", AXES)
def test_the_newest_moment_is_the_snapshot(axis: str, pond: Pond, moments: Moments) -> None:
    people = pond.customers.snapshot().people
    now = moments.states(axis, start_of_day(END + timedelta(days=1), ZONE))
    assert np.array_equal(now[people.alive], getattr(people, axis)[people.alive])
    assert (now[~people.alive] == NOBODY).all()


@given(axis=st.sampled_from(sorted(AXES)), first=DAYS_BACK, length=st.integers(0, 300))
@settings(max_examples=60)
def test_movements_sum_to_the_states_at_both_ends(
    axis: str, first: int, length: int, lifecycle: Lifecycle, moments: Moments
) -> None:
    start = END - timedelta(days=first)
    between = Between(start, start + timedelta(days=length))
    found = lifecycle.movements(axis, between)
    before, after = (moments.states(axis, at) for at in between.moments(ZONE))
    codes = list(AXES[axis])
    counts = [Counter(codes[s] for s in states if s != NOBODY) for states in (before, after)]
    for line in found.states():
        assert (line.before, line.after) == (counts[0][line.code], counts[1][line.code])
        assert line.before - line.left == line.after - line.entered == line.stayed
    assert found.came == int(((before == NOBODY) & (after != NOBODY)).sum())
    assert found.stayed + found.moved + found.came == sum(counts[1].values())
    for a, b, people in found.flows():
        members = lifecycle.movers(axis, between, a, b)
        assert len(members) == people
        for who in members:
            assert a == ("new" if before[who] == NOBODY else codes[before[who]])
            assert codes[after[who]] == b


def test_sizes_by_month_are_the_states_at_the_ends_of_months(lifecycle: Lifecycle) -> None:
    trend = lifecycle.trend("stage", 4)
    assert trend.days[-1] == END
    assert [day.isoformat() for day in trend.days[:-1]] == ["2026-05-31", "2026-06-30",
                                                            "2026-07-31"]  # fmt: skip
    last = lifecycle.movements("stage", Between(date(2026, 7, 1), date(2026, 7, 31)))
    assert trend.counts[-2].tolist() == [line.after for line in last.states()]
    assert dict(zip(trend.codes, trend.counts[-1].tolist(), strict=True)) == lifecycle.sizes()


def test_every_source_of_an_interval_was_tried(pond: Pond) -> None:
    """Else the tests above would hold for one kind of clock only."""
    people = pond.customers.snapshot().people
    codes = [list(SOURCES)[s] for s in np.unique(people.limit_source)]
    assert {"own", "category", "brand"} <= set(codes)


def test_arrays_are_by_customer(pond: Pond) -> None:
    people = pond.customers.snapshot().people
    assert {len(getattr(people, one.name)) for one in fields(people)} == {len(people)}
