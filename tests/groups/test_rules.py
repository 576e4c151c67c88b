"""Rules of groups against plain Python, moment by moment and person by person."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yutang.groups import rules

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BASE = int(datetime(2026, 3, 27, tzinfo=UTC).timestamp() * 1000)  # clocks change on 29 March
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"])


def at(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


# --- waiting in working hours -------------------------------------------------------------------
@settings(max_examples=60)
@given(
    start=st.integers(0, 4 * 24 * 60), length=st.integers(0, 3 * 24 * 60), zone=ZONES,
    hours=st.sampled_from([(9, 22), (0, 24), (10, 18), (8, 9)]),
)  # fmt: skip
def test_waiting_counts_the_working_minutes(
    start: int, length: int, zone: str, hours: tuple[int, int]
) -> None:
    """Minute by minute on the zone's clock; only where no clock is changed meanwhile, since an hour
    that does not exist cannot be waited for."""
    opens, closes = hours
    begin, end = BASE + start * MINUTE, BASE + (start + length) * MINUTE
    info = ZoneInfo(zone)
    offsets = {datetime.fromtimestamp(t / 1000, info).utcoffset() for t in (begin, end)}
    if len(offsets) > 1:
        return
    naive = sum(
        opens <= datetime.fromtimestamp((begin + i * MINUTE) / 1000, info).hour < closes
        for i in range(length)
    )
    clock = rules.work_clock(at([begin, end]), zone, opens, closes)
    assert (clock[1] - clock[0]) // MINUTE == naive


def test_a_question_of_the_night_waits_from_the_morning_on() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    asked = datetime(2026, 5, 1, 23, 30, tzinfo=zone)
    answered = datetime(2026, 5, 2, 9, 20, tzinfo=zone)
    clock = rules.work_clock(
        at([int(one.timestamp() * 1000) for one in (asked, answered)]), "Asia/Shanghai", 9, 22
    )
    assert clock[1] - clock[0] == 20 * MINUTE


# --- answers ------------------------------------------------------------------------------------
MESSAGE = st.tuples(
    st.integers(0, 2), st.integers(0, 12), st.sampled_from(["ours", "asks", "chat"])
)


@given(st.lists(MESSAGE, max_size=30))
def test_the_next_message_of_ours_in_the_group_answers(messages: list) -> None:
    messages = sorted(messages, key=lambda one: one[:2])  # stable: arrival keeps its order
    group, time = at([one[0] for one in messages]), at([one[1] + 1 for one in messages])
    ours = np.array([one[2] == "ours" for one in messages], bool)
    asks = np.array([one[2] == "asks" for one in messages], bool)
    naive = []
    for i, (mine, _, kind) in enumerate(messages):
        if kind == "asks":
            later = [
                when + 1 for other, when, what in messages[i + 1 :]
                if other == mine and what == "ours"
            ]  # fmt: skip
            naive.append(later[0] if later else 0)
    assert rules.answers(group, time, ours, asks).tolist() == naive


# --- members and speakers over time -------------------------------------------------------------
@st.composite
def stays(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """(group, customer, joined, left) that do not overlap; somebody may come back on the day he
    left."""
    found = []
    for group in range(3):
        for customer in range(1, draw(st.integers(1, 5))):
            day = draw(st.integers(0, 12))
            for _ in range(draw(st.integers(0, 3))):
                left = day + draw(st.integers(0, 6))
                if draw(st.booleans()):
                    found.append((group, customer, day, int(rules.STILL)))
                    break
                found.append((group, customer, day, left))
                day = left + draw(st.integers(0, 4))
    return found


def columns(rows: list[tuple[int, ...]], width: int) -> list[np.ndarray]:
    return [at([row[i] for row in rows]) for i in range(width)]


PERIODS = st.tuples(st.integers(0, 20), st.integers(0, 25)).map(lambda p: (p[0], p[0] + p[1]))


def bins_of(first: int, last: int) -> list[tuple[rules.Bins, list[list[int]]]]:
    """Bins and, plainly, the days of each."""
    days = list(range(first, last + 1))
    weeks: dict[int, list[int]] = defaultdict(list)
    for day in days:
        monday = datetime(1970, 1, 1) + timedelta(days=day)
        weeks[day - monday.weekday()].append(day)
    return [
        (rules.days(first, last), [[day] for day in days]),
        (rules.weeks(first, last), list(weeks.values())),
        (rules.whole(first, last), [days]),
    ]


@settings(max_examples=150)
@given(stays(), PERIODS)
def test_members_of_each_day_week_and_period(rows: list, period: tuple[int, int]) -> None:
    for bins, plain in bins_of(*period):
        found = rules.present(*columns(rows, 4), bins, 3)
        naive = [
            [
                len({who for g, who, joined, left in rows
                     if g == group and any(joined <= day <= left for day in days)})
                for days in plain
            ]
            for group in range(3)
        ]  # fmt: skip
        assert found.tolist() == naive


TALK = st.sets(
    st.tuples(st.integers(0, 2), st.integers(1, 5), st.integers(0, 45)), max_size=40
).map(sorted)


@settings(max_examples=150)
@given(TALK, PERIODS)
def test_who_speaks_counts_once_a_day_week_or_period(rows: list, period: tuple[int, int]) -> None:
    for bins, plain in bins_of(*period):
        naive = [
            [len({who for g, who, day in rows if g == group and day in days}) for days in plain]
            for group in range(3)
        ]
        assert rules.speakers(*columns(rows, 3), bins, 3).tolist() == naive


@settings(max_examples=150)
@given(stays(), TALK)
def test_was_he_a_member_when_he_spoke(rows: list, talk: list) -> None:
    naive = [
        any(g == group and who == customer and joined <= day <= left
            for g, who, joined, left in rows)
        for group, customer, day in talk
    ]  # fmt: skip
    assert rules.was_member(*columns(rows, 4), *columns(talk, 3)).tolist() == naive


# --- quantiles, retention -----------------------------------------------------------------------
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50)), max_size=40),
    st.sampled_from([0.5, 0.9]),
)
def test_a_quantile_is_one_of_the_values(rows: list, share: float) -> None:
    group, value = columns(rows, 2)
    found = rules.quantiles(group, value, share, 3)
    for one in range(3):
        mine = sorted(v for g, v in rows if g == one)
        if not mine:
            assert np.isnan(found[one])
        else:
            enough = next(v for v in mine if sum(o <= v for o in mine) >= share * len(mine))
            assert found[one] == enough


@given(stays(), st.integers(0, 40), st.sampled_from([1, 7, 30]))
def test_who_is_still_there_after_days(rows: list, today: int, after: int) -> None:
    rows = [row for row in rows if row[2] <= today]
    old = [(joined, left) for _, _, joined, left in rows if joined + after <= today]
    still = [one for one in old if one[1] - one[0] >= after]
    joined, left = columns(rows, 4)[2:]
    assert rules.stayed(joined, left, after, today) == (len(still), len(old))
