"""Rules of identity: what is a key, what may be shown, who is one person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.identity.rules import as_text, join, shown_as


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
        ("tmall_buyer", "张**", None),
        ("tmall_buyer", "t＊＊1", None),
        ("tmall_buyer", "$$abc", None),
    ],
)
def test_a_masked_or_empty_value_is_no_key(kind: str, value: str, key: str | None) -> None:
    assert as_text(kind, value) == key


def test_a_phone_is_shown_with_its_middle_hidden() -> None:
    assert shown_as("phone", "13811112222") == "138****2222"
    assert shown_as("member_no", "m1") == "m1"


def test_new_identities_of_one_row_are_one_person() -> None:
    outcome = join({1: (0, False), 2: (0, False), 3: (0, False)}, [(1, 2)], set())
    assert outcome.customer_of[1] == outcome.customer_of[2] != outcome.customer_of[3]
    assert outcome.merged == {}


def test_the_oldest_customer_survives() -> None:
    nodes = {1: (7, True), 2: (3, True), 3: (0, False)}
    outcome = join(nodes, [(1, 3), (3, 2)], set())
    assert set(outcome.customer_of.values()) == {3}
    assert outcome.merged == {7: 3}


def test_a_device_stays_with_the_first_known_person() -> None:
    nodes = {1: (1, True), 2: (2, True), 9: (0, False)}
    outcome = join(nodes, [(1, 9), (2, 9)], {9})
    assert outcome.customer_of[9] == 1
    assert outcome.customer_of[2] == 2
    assert outcome.refused == [(2, 9)]


def test_an_unknown_visitor_becomes_the_person_who_logs_in() -> None:
    """The device's customer has only the device; the member is new."""
    outcome = join({9: (4, False), 1: (0, False)}, [(1, 9)], {9})
    assert outcome.customer_of == {9: 4, 1: 4}


def test_what_is_strong_joins_before_what_is_weak() -> None:
    nodes = {1: (1, True), 2: (2, True), 9: (0, False)}
    outcome = join(nodes, [(1, 9), (2, 9), (1, 2)], {9})
    assert outcome.refused == []
    assert set(outcome.customer_of.values()) == {1}


PEOPLE = st.integers(1, 8)
DEVICES = st.integers(11, 14)
LINKS = st.lists(st.tuples(PEOPLE, PEOPLE | DEVICES).filter(lambda p: p[0] != p[1]), max_size=20)


@given(LINKS)
def test_a_device_never_joins_two_known_people(links: list[tuple[int, int]]) -> None:
    ids = {one for pair in links for one in pair}
    devices = {one for one in ids if one > 10}
    outcome = join(dict.fromkeys(ids, (0, False)), links, devices)
    strong = join(
        dict.fromkeys(ids - devices, (0, False)),
        [pair for pair in links if not devices & set(pair)],
        set(),
    )
    for one in ids - devices:
        for other in ids - devices:
            together = outcome.customer_of[one] == outcome.customer_of[other]
            assert together == (strong.customer_of[one] == strong.customer_of[other])
