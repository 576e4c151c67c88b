"""Rules of identity: what is a key, what may be shown, who is one person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.identity.rules import FAN_IN, Evidence, as_text, fan_in, settle, shown_as, strength_of


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("member_no", "  m1 ", "m1"),
        ("member_no", "", None),
        ("member_no", "   ", None),
        ("phone", "138 1111-2222", "13811112222"),
        ("phone", "+86 13811112222", "13811112222"),
        ("phone", "+4915112345678", "+4915112345678"),
        ("phone", "138****2222", None),
        ("email", " Ann@Example.COM ", "ann@example.com"),
        ("tmall_buyer", "张**", None),
        ("tmall_buyer", "t＊＊1", None),
        ("tmall_buyer", "$$abc", None),
    ],
)
def test_a_masked_or_empty_value_is_no_key(kind: str, value: str, key: str | None) -> None:
    assert as_text(kind, value) == key


def test_personal_values_are_shown_with_their_middle_hidden() -> None:
    assert shown_as("phone", "13811112222") == "138****2222"
    assert shown_as("email", "ann@example.com") == "a***@example.com"
    assert shown_as("member_no", "m1") == "m1"


def test_a_link_is_as_strong_as_its_weaker_end() -> None:
    assert strength_of("phone", "member_no") == "person"
    assert strength_of("phone", "openid") == "app"
    assert strength_of("cookie", "member_no") == "device"


Row = tuple[int, int, bool, int]  # a, b, firm, time


def settled(device: list[bool], links: list[Row], held: list[bool] | None = None):  # type: ignore[no-untyped-def]
    columns = list(zip(*links, strict=True)) if links else [[], [], [], []]
    return settle(
        np.array(device, bool),
        np.array(held or [False] * len(device), bool),
        Evidence(
            np.array(columns[0], np.int64),
            np.array(columns[1], np.int64),
            np.array(columns[2], bool),
            np.array(columns[3], np.int64),
        ),
        np.arange(len(device), dtype=np.uint64),
    )


def parts(label: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(label == one).tolist()) for one in np.unique(label)}


def test_a_device_follows_its_first_login_and_then_the_next() -> None:
    found = settled([False, False, True], [(0, 2, False, 20), (1, 2, False, 10)])
    assert parts(found.part) == {frozenset({1, 2}), frozenset({0})}
    assert (found.device.tolist(), found.since.tolist(), found.owner.tolist()) == ([2], [20], [0])


def test_devices_of_nobody_are_one_visitor() -> None:
    assert parts(settled([True, True], [(0, 1, False, 5)]).part) == {frozenset({0, 1})}


def test_a_device_with_a_twin_is_a_person_whom_no_other_device_joins() -> None:
    """0: login, 1: the same as a tracker's id, 2: another login that was aliased to it."""
    found = settled([False, True, False], [(0, 1, True, 0), (1, 2, False, 9)])
    assert parts(found.part) == {frozenset({0, 1}), frozenset({2})}


def test_a_shared_tablet_belongs_to_nobody() -> None:
    people = FAN_IN + 1
    links = [(i, people, False, i) for i in range(people)]
    found = settled([False] * people + [True], links)
    assert len(parts(found.part)) == people + 1
    assert found.crowded.tolist() == [people]


def test_an_identity_tied_to_many_of_one_kind_is_noticed() -> None:
    n = FAN_IN + 1
    links = Evidence(
        np.zeros(n, np.int64), np.arange(1, n + 1), np.ones(n, bool), np.zeros(n, np.int64)
    )
    kinds = np.array([0] + [1] * n)
    nobody = np.zeros(n + 1, bool)
    assert fan_in(links, kinds, nobody).tolist() == [[0, n]]
    assert fan_in(links, np.arange(n + 1), nobody).tolist() == []  # all of different kinds
    assert fan_in(links, kinds, ~nobody).tolist() == []


NODES = 9
LINK = st.tuples(
    st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.booleans(), st.integers(0, 6)
).filter(lambda row: row[0] != row[1])


def naive(device: list[bool], held: list[bool], links: list[Row]):  # type: ignore[no-untyped-def]
    """The same by the words of the rules: sets of people, then devices one by one."""
    alive = [row for row in links if not held[row[0]] and not held[row[1]]]
    people = _merge(range(len(device)), [(a, b) for a, b, firm, _ in alive if firm])
    person = {one: part for part in people for one in part}
    known = {i for i in range(len(device)) if any(not device[one] for one in person[i])}
    loose = [i for i in range(len(device)) if i not in known]
    among = [(a, b) for a, b, *_ in alive if a not in known and b not in known]
    later = set()
    owned: dict[frozenset[int], set[int]] = {}
    for group in _merge(loose, among):
        logins = sorted(
            (time, tie, tie)
            for a, b, _, time in alive
            for on, tie in ((a, b), (b, a))
            if on in group and tie in known
        )
        if not logins:
            owned[group] = set()
            continue
        first = person[logins[0][1]]
        owned[group] = first
        now, moment = first, logins[0][0]
        for time, _, who in logins:
            if time != moment and person[who] != now:
                later |= {(one, time, who) for one in group}
                now = person[who]
            moment = time
    result = {frozenset(part) for part in people if set(part) <= known}
    for group, owner in owned.items():
        mine = {part for part in result if set(part) & owner} if owner else set()
        result -= mine
        result.add(frozenset(group).union(*mine))
    return result, later


def _merge(nodes, pairs):  # type: ignore[no-untyped-def]
    sets = [{node} for node in nodes]
    for a, b in pairs:
        both = [s for s in sets if a in s or b in s]
        sets = [s for s in sets if s not in both] + [set().union(*both)]
    return [frozenset(s) for s in sets]


@given(
    st.lists(st.booleans(), min_size=NODES, max_size=NODES),
    st.lists(st.booleans(), min_size=NODES, max_size=NODES),
    st.lists(LINK, max_size=14),
)
def test_it_settles_as_the_rules_say(
    device: list[bool], held: list[bool], links: list[Row]
) -> None:
    held = [one and i % 3 == 0 for i, one in enumerate(held)]
    found = settled(device, links, held)
    expected, later = naive(device, held, links)
    assert parts(found.part) == expected
    rows = zip(found.device.tolist(), found.since.tolist(), found.owner.tolist(), strict=True)
    assert set(rows) == later
