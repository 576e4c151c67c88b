"""The vectorised rules against naive ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yutang.customers import rules
from yutang.customers.rules import (
    DORMANT_AFTER_DAYS,
    END_FLOWS,
    LOST_AFTER_DAYS,
    SILENT_MS,
    Acts,
    Flow,
    Relations,
    Role,
    Stage,
)
from yutang.kit.clock import DAY_MS

AS_OF = 1_000 * DAY_MS
KINDS, KEYS = 3, 2
# Times on a coarse grid, so that ties and exact ends of silence do happen.
MOMENTS = st.integers(0, 20).map(lambda n: AS_OF - n * SILENT_MS // 3)
EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3),
        MOMENTS,
        st.integers(0, KINDS - 1),
        st.integers(-1, KEYS - 1),
        st.booleans(),
    ),
    max_size=14,
)
ACTS = st.lists(st.tuples(st.integers(1, 3), MOMENTS), max_size=6)


def relations_of(events: list[tuple[int, int, int, int, bool]]) -> Relations:
    ordered = sorted(events, key=lambda event: event[:2])
    columns = list(zip(*ordered, strict=True)) or [()] * 5
    types = (np.uint32, np.int64, np.int8, np.int32, bool)
    return Relations(*(np.array(c, t) for c, t in zip(columns, types, strict=True)))


def acts_of(acts: list[tuple[int, int]]) -> Acts:
    who, when = (np.array(c, np.int64) for c in (zip(*acts, strict=True) if acts else ((), ())))
    return Acts(who.astype(np.uint32), when, when)


def naive_end(relations: Relations, row: int) -> int:
    if relations.is_end[row]:
        return -1
    for later in range(row + 1, len(relations)):
        same = (
            relations.is_end[later]
            and relations.customer[later] == relations.customer[row]
            and relations.kind[later] == relations.kind[row]
        )
        keys = {int(relations.key[later]), int(relations.key[row])}
        if same and (len(keys) == 1 or -1 in keys):
            return later
    return len(relations)


def naive_inside(
    relations: Relations, ends: np.ndarray, acts: list[tuple[int, int]], who: int, at: int
) -> bool:
    """In the pool just after everything of the moment `at` has happened."""
    live, acted = False, [t for c, t in acts if c == who]
    for row in range(len(relations)):
        if relations.customer[row] != who or relations.is_end[row]:
            continue
        begin = int(relations.time[row])
        acted.append(begin)
        end = int(relations.time[ends[row]]) if ends[row] < len(relations) else 2**62
        live |= begin <= at < end
    return live and any(t <= at < t + SILENT_MS for t in acted)


@given(EVENTS)
def test_a_relation_ends_with_the_next_fitting_end(events: list) -> None:
    relations = relations_of(events)
    expected = [naive_end(relations, row) for row in range(len(relations))]
    assert rules.ends_of(relations).tolist() == expected


@given(EVENTS, ACTS)
def test_the_pool_is_live_relation_and_not_silent_at_every_moment(events: list, acts: list) -> None:
    relations = relations_of(events)
    ends = rules.ends_of(relations)
    changes = rules.pool_changes(relations, ends, acts_of(acts), AS_OF)
    moments = sorted({AS_OF - n * SILENT_MS // 3 for n in range(21)})
    asked = [(who, at) for who in (1, 2, 3, 4) for at in moments]
    got = rules.inside_at(
        changes, np.array([a for a, _ in asked], np.uint32), np.array([b for _, b in asked])
    )
    expected = [naive_inside(relations, ends, acts, who, at) for who, at in asked]
    assert got.tolist() == expected


@given(EVENTS, ACTS)
def test_entries_and_exits_alternate_and_say_why(events: list, acts: list) -> None:
    relations = relations_of(events)
    ends = rules.ends_of(relations)
    changes = rules.pool_changes(relations, ends, acts_of(acts), AS_OF)
    assert (changes.time <= AS_OF).all()
    for who in (1, 2, 3):
        mine = np.flatnonzero(changes.customer == who)
        assert changes.step[mine].tolist() == [1, -1] * (len(mine) // 2) + [1] * (len(mine) % 2)
        assert (np.diff(changes.time[mine]) > 0).all()
        assert (changes.flow[mine[::2]] == Flow.NEW).tolist() == [
            i == 0 for i in range(len(mine[::2]))
        ]
        for place in mine[1::2]:
            at, row = int(changes.time[place]), int(changes.row[place])
            if changes.flow[place] == Flow.SILENT:
                assert row == -1
            else:
                assert relations.is_end[row]
                assert relations.time[row] == at
                assert changes.flow[place] == END_FLOWS[relations.kind[row]]
                assert not any(
                    relations.time[r] <= at < (relations.time[ends[r]] if ends[r] < len(relations)
                                               else 2**62)
                    for r in np.flatnonzero(~relations.is_end & (relations.customer == who))
                )  # fmt: skip


def test_silence_ends_membership_after_180_days_and_an_act_brings_back() -> None:
    relations = relations_of([(7, 0, 0, 1, False)])
    acts = acts_of([(7, SILENT_MS + 5 * DAY_MS)])
    changes = rules.pool_changes(relations, rules.ends_of(relations), acts, 300 * DAY_MS)
    assert changes.time.tolist() == [0, SILENT_MS, SILENT_MS + 5 * DAY_MS]
    assert changes.flow.tolist() == [Flow.NEW, Flow.SILENT, Flow.RETURNED]
    assert changes.row.tolist() == [0, -1, -1]


def test_a_deleted_contact_stays_in_the_pool_while_in_a_group() -> None:
    relations = relations_of([(7, 0, 0, 1, False), (7, 1, 1, 5, False), (7, 2, 0, 1, True)])
    changes = rules.pool_changes(relations, rules.ends_of(relations), acts_of([]), 10)
    assert changes.flow.tolist() == [Flow.NEW]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 800)), min_size=1, max_size=20))
def test_stages_follow_days_and_recency(cases: list[tuple[int, int]]) -> None:
    days = np.array([n for n, _ in cases], np.int32)
    last = np.array([AS_OF - ago * DAY_MS for _, ago in cases])

    def naive(n: int, ago: int) -> Stage:
        if n == 0:
            return Stage.NEVER
        if ago > LOST_AFTER_DAYS:
            return Stage.LOST
        if ago > DORMANT_AFTER_DAYS:
            return Stage.DORMANT
        return Stage.REPEAT if n > 1 else Stage.FIRST

    assert rules.stages(days, last, AS_OF).tolist() == [naive(n, ago) for n, ago in cases]


def test_the_furthest_role_counts_and_koc_only_while_related() -> None:
    lead = np.array([False, True, True, True, True])
    live = np.array([False, False, True, True, False])
    koc = np.array([False, False, False, True, True])
    expected = [Role.NONE, Role.LEAD, Role.FAN, Role.KOC, Role.LEAD]
    assert rules.roles(lead, live, koc).tolist() == expected


@given(
    st.lists(st.integers(-3, 3), max_size=30),
    st.booleans(),
    st.integers(0, 35),
    st.integers(1, 12),
)
def test_a_page_is_a_slice_of_the_sorted_list(
    values: list[int], descending: bool, offset: int, size: int
) -> None:
    ids = np.arange(1, len(values) + 1) * 3
    whole = sorted(zip(values, ids.tolist(), strict=True),
                   key=lambda pair: (-pair[0] if descending else pair[0], pair[1]))  # fmt: skip
    got = rules.page_rows(
        np.array(values, np.int64), ids, descending=descending, offset=offset, size=size
    )
    assert got.tolist() == [i for _, i in whole][offset : offset + size]


@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(0, 1), st.integers(0, 9)), max_size=12),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1), st.integers(0, 10)), max_size=8),
)
def test_the_latest_before_is_the_last_row_not_after_the_moment(rows: list, asked: list) -> None:
    def column(values: list, i: int, dtype: type) -> np.ndarray:
        return np.array([value[i] for value in values], dtype)

    got = rules.latest_before(
        *(column(rows, i, t) for i, t in enumerate((np.uint32, np.int32, np.int64))),
        *(column(asked, i, t) for i, t in enumerate((np.uint32, np.int32, np.int64))),
    )
    for (who, key, at), row in zip(asked, got.tolist(), strict=True):
        fits = [(t, i) for i, (c, k, t) in enumerate(rows) if (c, k) == (who, key) and t <= at]
        assert row == (max(fits)[1] if fits else -1)


def test_a_rhythm_needs_enough_narrow_gaps() -> None:
    regular = [(c, 0, d) for c in range(1, 41) for d in (0, 28, 60, 91)]
    scattered = [(c, 1, d) for c in range(1, 41) for d in (0, 1, 40, 41)]
    rare = [(1, 2, 0), (1, 2, 30)]
    rows = sorted(regular + scattered + rare)
    who, what, when = (np.array([row[i] for row in rows]) for i in range(3))
    category, low, middle, high, gaps = rules.rhythms(
        who.astype(np.uint32),
        what.astype(np.int32),
        when.astype(np.int32),
        least_gaps=50,
        widest_spread=0.8,
        shortest=3.0,
    )
    assert category.tolist() == [0]
    assert gaps.tolist() == [120]
    assert middle.tolist() == [31.0]
    assert (low[0], high[0]) == (28.0, 32.0)


def test_the_usual_gap_needs_three_days() -> None:
    assert rules.usual_gap_days(np.array([10, 40], np.int32)) is None
    assert rules.usual_gap_days(np.array([10, 40, 50], np.int32)) == 20.0
