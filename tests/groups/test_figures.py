"""Figures and people of whole groups, made of facts one by one in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yutang.customers import Sales, Ties
from yutang.groups import build, checks, people
from yutang.groups import settings as setting
from yutang.groups.arrays import (
    BY_US,
    DISSOLVED,
    IS_COMPLAINT,
    IS_PRODUCT,
    IS_QUESTION,
    IS_TOLD,
    RAW,
    READ,
    SELF,
    Life,
    Made,
)
from yutang.groups.checks import Facts, judge
from yutang.groups.figures import Figures, figures
from yutang.groups.settings import Limit, Settings

DAY, HOUR = 86_400_000, 3_600_000
ZONE = "UTC"
TODAY = 40
AS_OF = TODAY * DAY + 20 * HOUR


@dataclass(frozen=True)
class Said:
    group: int
    who: int  # 0 = one of ours
    time: int
    flags: int


@dataclass(frozen=True)
class Told:
    """Facts: ties are (customer, time, group, is end), in any order."""

    ties: list[tuple[int, int, int, bool]]
    said: list[Said]


MOMENT = st.integers(0, TODAY * 24 + 19).map(lambda hour: hour * HOUR)


@st.composite
def facts(draw: st.DrawFn) -> Told:
    tie = st.tuples(st.integers(1, 4), MOMENT, st.integers(0, 1), st.booleans())
    said = st.builds(
        Said, group=st.integers(0, 1), who=st.integers(0, 4), time=MOMENT,
        flags=st.sampled_from([0, IS_TOLD, IS_TOLD | IS_QUESTION, IS_TOLD | IS_COMPLAINT,
                               IS_PRODUCT]),
    )  # fmt: skip
    return Told(
        draw(st.lists(tie, max_size=14, unique_by=lambda one: (one[0], one[1]))),
        draw(st.lists(said, max_size=25, unique_by=lambda one: (one.group, one.time))),
    )


def ties_of(told: Told) -> Ties:
    from yutang.customers.rules import Relations, ends_of

    rows = sorted(told.ties, key=lambda one: one[:2])
    customer = np.array([one[0] for one in rows], np.uint32)
    time = np.array([one[1] for one in rows], np.int64)
    key = np.array([one[2] for one in rows], np.int32)
    is_end = np.array([one[3] for one in rows], bool)
    kind = np.full(len(rows), 1, np.int8)
    ends = ends_of(Relations(customer, time, kind, key, is_end))
    nothing = np.full(len(rows), -1, np.int32)
    return Ties(customer, time, kind, key, is_end, ends, nothing, nothing, nothing,
                np.zeros(len(rows), bool))  # fmt: skip


def made_of(told: Told, lives: list[Life] | None = None, removed: set | None = None) -> Made:
    lives = lives or [Life("a"), Life("b")]
    code_of = {"a": 0, "b": 1}
    stays = build.stays_of(ties_of(told), ["a", "b"], code_of, lives, removed or set(), ZONE)
    raw = np.zeros(len(told.said), RAW)
    for i, one in enumerate(told.said):
        flags = one.flags & (IS_PRODUCT if not one.who else ~IS_PRODUCT)
        raw[i] = (one.who, one.time, one.group, 0, one.who == 0, flags)
    who = raw["identity"].astype(np.uint32)
    talk, cells, questions = build.spoken(raw, who, stays, ZONE)
    reads = build.reads_of(np.empty(0, READ), lives, [])
    return Made(1, 1, "", AS_OF, TODAY, lives, [], [], stays, talk, cells, questions, reads)


def naive_stays(told: Told) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """(group, customer) → (joined, left or 0), by walking through his events."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    since: dict[tuple[int, int], int] = {}
    for customer, time, group, is_end in sorted(told.ties, key=lambda one: one[:2]):
        key = (group, customer)
        if is_end and key in since:
            found.setdefault(key, []).append((since.pop(key), time))
        elif not is_end:
            since.setdefault(key, time)
    for key, time in since.items():
        found.setdefault(key, []).append((time, 0))
    return found


def on(time: int) -> int:
    return time // DAY


def wait_of(asked: int, until: int) -> int:
    """Working ms between 9 and 22, hour by hour (all times are whole hours)."""
    return sum(HOUR for hour in range(asked // HOUR, until // HOUR) if 9 <= hour % 24 < 22)


PERIOD = st.tuples(st.integers(0, TODAY), st.integers(0, 20)).map(
    lambda pair: (pair[0], min(TODAY, pair[0] + pair[1]))
)


@settings(max_examples=250)
@given(facts(), PERIOD)
def test_figures_are_those_of_a_walk_through_the_facts(told: Told, period: tuple[int, int]) -> None:
    first, last = period
    made, used = made_of(told), Settings(answer_hours=4)
    found = figures(made, first, last, used, ZONE)
    stays = naive_stays(told)

    def there(group: int, day: int) -> set[int]:
        return {
            who for (g, who), spans in stays.items() if g == group
            and any(on(joined) <= day and (not left or on(left) >= day) for joined, left in spans)
        }  # fmt: skip

    for group in range(2):
        spans = [one for (g, _), each in stays.items() if g == group for one in each]
        said = [one for one in told.said if one.group == group and first <= on(one.time) <= last]
        theirs = [one for one in said if one.who]
        assert found.members[group] == sum(not left for _, left in spans)
        assert found.start[group] == sum(
            on(joined) < first and (not left or on(left) >= first) for joined, left in spans
        )
        assert found.joined[group] == sum(first <= on(joined) <= last for joined, _ in spans)
        assert found.left[group] == sum(bool(left) and first <= on(left) <= last
                                        for _, left in spans)  # fmt: skip
        if not any(one.group == group for one in told.said):
            assert found.seen[group] == 0
            assert math.isnan(found.messages[group])
            assert math.isnan(found.silent[group])
            continue
        assert found.messages[group] == len(said)
        assert found.customer_messages[group] == len(theirs)
        assert found.products[group] == sum(not one.who and bool(one.flags & IS_PRODUCT)
                                            for one in said)  # fmt: skip
        days = range(first, last + 1)
        spoke = {day: {one.who for one in theirs if on(one.time) == day} & there(group, day)
                 for day in days}  # fmt: skip
        members = sum(len(there(group, day)) for day in days)
        if members:
            active = sum(len(one) for one in spoke.values()) / members
            assert found.active_day[group] == active
        weeks: dict[int, tuple[set[int], set[int]]] = {}
        for day in days:
            mine = weeks.setdefault((day + 3) // 7, (set(), set()))
            mine[0].update(spoke[day])
            mine[1].update(there(group, day))
        if sum(len(one[1]) for one in weeks.values()):
            assert found.active_week[group] == sum(len(one[0]) for one in weeks.values()) / sum(
                len(one[1]) for one in weeks.values()
            )
        still = {who for (g, who), each in stays.items() if g == group and not each[-1][1]}
        silent = still - {one.who for one in theirs}
        assert found.silent[group] == len(silent)
        listed = people.people(
            made, "silent", np.array([group]), first, last, used, no_sales(), ZONE
        )
        assert set(listed) == silent
        check_answers(told, found, group, first, last)


def check_answers(told: Told, found: Figures, group: int, first: int, last: int) -> None:
    mine = sorted((one for one in told.said if one.group == group), key=lambda one: one.time)
    if not any(one.who and one.flags & IS_TOLD for one in mine):
        assert math.isnan(found.questions[group])
        return
    waits, late, judged = [], 0, 0
    asked = [one for one in mine if one.who and one.flags & IS_QUESTION
             and first <= on(one.time) <= last]  # fmt: skip
    for one in asked:
        answer = next((o.time for o in mine if not o.who and o.time > one.time), None)
        wait = wait_of(one.time, AS_OF if answer is None else answer)
        too_late = wait > 4 * HOUR
        late += too_late
        judged += too_late or answer is not None
        if answer is not None:
            waits.append(wait / HOUR)
    assert (found.questions[group], found.unanswered[group], found.judged[group]) == (
        len(asked), late, judged,
    )  # fmt: skip
    if waits:
        waits.sort()
        assert found.response_p50[group] == waits[math.ceil(len(waits) * 0.5) - 1]
        assert found.response_p90[group] == waits[math.ceil(len(waits) * 0.9 - 1e-9) - 1]


def no_sales() -> Sales:
    return sales_of([])


def sales_of(rows: list[tuple[int, int]]) -> Sales:
    """Paid orders of (customer, time)."""
    rows = sorted(rows)
    n = len(rows)
    customer = np.array([one[0] for one in rows], np.uint32)
    fresh = np.r_[True, customer[1:] != customer[:-1]] if n else np.empty(0, bool)
    return Sales(
        customer, np.array([one[1] for one in rows], np.int64), np.zeros(n, np.int32),
        np.ones(n, bool), np.ones(n, np.int64), np.zeros(n, np.int64), np.ones(n),
        np.zeros(n, np.uint8), np.zeros(n, np.int32), np.zeros(n, np.int32), fresh,
        np.ones(n, bool),
    )  # fmt: skip


@settings(max_examples=100)
@given(facts(), st.lists(st.tuples(st.integers(1, 4), MOMENT), max_size=8, unique=True))
def test_what_joiners_buy(told: Told, orders: list[tuple[int, int]]) -> None:
    made, sales = made_of(told), sales_of(orders)
    found = people.joiners(made, None, 0, TODAY, sales)
    firsts = {who: min(time for other, time in orders if other == who) for who, _ in orders}
    old, bought, first = set(), set(), set()
    joins = 0
    for (_, who), spans in naive_stays(told).items():
        for joined, _left in spans:
            joins += 1
            if on(joined) + 30 > TODAY:
                continue
            old.add(who)
            mine = sorted(t for w, t in orders if w == who and joined <= t < joined + 30 * DAY)
            if mine:
                bought.add(who)
                if mine[0] == firsts[who]:
                    first.add(who)
    assert (found.joins, found.customers, found.bought, found.first) == (
        joins, len(old), len(bought), len(first),
    )  # fmt: skip


@settings(max_examples=60)
@given(facts())
def test_members_shared_with_other_groups(told: Told) -> None:
    now = {
        group: {who for (g, who), spans in naive_stays(told).items()
                if g == group and not spans[-1][1]}
        for group in (0, 1)
    }  # fmt: skip
    shared = len(now[0] & now[1])
    assert people.overlaps(made_of(told), 0) == ([(1, shared)] if shared else [])


def test_removed_by_us_and_dissolved_count_apart() -> None:
    told = Told(
        [(1, DAY, 0, False), (1, 5 * DAY, 0, True), (2, DAY, 0, False), (2, 6 * DAY, 0, True),
         (3, DAY, 0, False), (4, DAY, 1, False), (4, 9 * DAY, 1, True)],
        [],
    )  # fmt: skip
    lives = [Life("a", dissolved_at=8 * DAY), Life("b")]
    made = made_of(told, lives, {(0, 2, 6 * DAY)})
    assert made.stays.how.tolist() == [SELF, BY_US, DISSOLVED, SELF]
    found = figures(made, 0, TODAY, Settings(), ZONE)
    assert (found.left[0], found.removed[0], found.dissolved[0], found.members[0]) == (1, 1, 1, 0)
    assert found.leave_rate[0] == 1 / 3


def test_statistics_speak_where_messages_cannot_be_seen() -> None:
    raw = np.zeros(3, READ)
    raw["group"], raw["owner"], raw["day"] = [0, 0, -1], -1, [38, 38, 39]
    raw["arrival"] = [1, 2, 3]
    raw["owner"][2] = 0
    raw["members"], raw["active"], raw["messages"] = [100, 110, 50], [5, 11, 5], [7, 30, 9]
    raw["joined"], raw["left"] = [1, 2, 3], [0, 1, np.nan]
    lives = [Life("a"), Life("b", owner="G1")]
    reads = build.reads_of(raw, lives, ["G1"])
    # The newer reading of a day stands; what is given for an owner of one group is that group's.
    assert reads.group.tolist() == [0, 1]
    assert reads.members.tolist() == [110, 50]
    empty = made_of(Told([], []), lives)
    made = Made(**{**vars(empty), "reads": reads, "owners": ["G1"]})
    found = figures(made, 0, TODAY, Settings(), ZONE)
    assert found.seen.tolist() == [1, 1]
    assert found.messages.tolist() == [30, 9]
    assert found.active_day.tolist() == [0.1, 0.1]
    assert found.members.tolist() == [110, 50]
    assert np.isnan(found.questions).all()
    lines = build.reads_of(raw, [Life("a"), *(Life(k, owner="G1") for k in "bc")], ["G1"])
    assert lines.group.tolist() == [-1, 0]  # two groups: it is only the owner's


# --- checks -------------------------------------------------------------------------------------
def test_a_limit_itself_is_still_the_better_side() -> None:
    limit = Limit(0.1, 0.3, 1)
    levels = [checks.level_of(v, limit, more_is_better=False) for v in (0.1, 0.11, 0.3, 0.31)]
    assert levels == ["green", "amber", "amber", "red"]
    turned = Limit(0.2, 0.05, 1)
    levels = [checks.level_of(v, turned, more_is_better=True) for v in (0.2, 0.19, 0.05, 0.04)]
    assert levels == ["green", "amber", "amber", "red"]


def _busy(complaints: int, ours: int = 10) -> Figures:
    ties = [(who, 0, 0, False) for who in range(1, 5)]
    said = [
        Said(0, 1 + i % 4, (30 * 24 + i) * HOUR, IS_TOLD | (IS_COMPLAINT if i < complaints else 0))
        for i in range(100)
    ]
    said += [Said(0, 0, (30 * 24 + i) * HOUR + 1, 0) for i in range(ours)]
    return figures(made_of(Told(ties, said)), 30, TODAY, Settings(), ZONE)


def test_the_score_is_the_weights_of_what_is_fine() -> None:
    used = setting.changed(Settings(), least_members=1)
    health = judge(_busy(20), 0, Facts("benefit", True, None), used)
    by_id = {one.id: one for one in health.checks}
    assert (by_id["complaints"].level, by_id["complaints"].value) == ("red", 0.2)
    assert by_id["unanswered"].level == "unknown"  # no question was asked
    judged = [one for one in health.checks if one.level != "unknown"]
    worth = {"green": 1, "amber": 0.5, "red": 0}
    total = sum(one.limit.weight for one in judged)
    assert health.score == round(
        100 * sum(worth[one.level] * one.limit.weight for one in judged) / total
    )
    assert health.score >= used.amber_below
    assert health.level == "amber"  # with a red check it is never green
    assert [one.id for one in health.open] == ["complaints"]
    fine = judge(_busy(2), 0, Facts("benefit", True, None), used)
    assert fine.level == "green"


def test_a_service_group_may_hear_complaints_and_a_flash_group_must_end() -> None:
    used = setting.changed(Settings(), least_members=1)
    service = judge(_busy(60), 0, Facts("service", True, None), used)
    assert {one.id: one.level for one in service.checks}["complaints"] == "unknown"
    for overdue, level in (
        (-5, "green"),
        (0, "amber"),
        (1, "amber"),
        (2, "red"),
        (None, "unknown"),
    ):
        flash = judge(_busy(0), 0, Facts("flash", True, overdue), used)
        assert {one.id: one.level for one in flash.checks}["flash"] == level
    assert judge(_busy(0), 0, Facts("", False, None), used).score is None


def test_without_messages_what_needs_them_is_left_out() -> None:
    told = Told([(who, who * DAY, 0, False) for who in range(1, 5)], [])
    used = setting.changed(Settings(), least_members=1)
    health = judge(figures(made_of(told), 0, TODAY, used, ZONE), 0, Facts("", True, None), used)
    known = {one.id for one in health.checks if one.level != "unknown"}
    assert known == {"leaving", "full"}
    assert {one.why for one in health.checks if one.id == "active"} == {checks.UNSEEN}


def test_leaving_is_told_for_thirty_days() -> None:
    ties = [(who, 0, 0, False) for who in range(1, 5)] + [(1, 35 * DAY, 0, True)]
    found = figures(made_of(Told(ties, [])), 31, 40, Settings(), ZONE)
    assert found.leave_rate[0] == 0.25
    assert math.isclose(found.leave_30[0], 1 - 0.75**3)


def test_everything_has_its_words_and_a_default_that_fits() -> None:
    assert set(checks.ADVICE) == {one.id for one in setting.CHECKS}
    assert {one[2] for one in checks.ADVICE.values()} <= {*people.WHO, ""}
    setting.changed(Settings())
    assert setting.from_json(None) == Settings()
