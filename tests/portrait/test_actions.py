"""What to do next: each rule at its edges, and what it means to be left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.portrait import ACTIONS, Known, next_actions

CALM = Known(stage="repeat", role="fan", fatigue="light", in_pool=True, since_last=3)


def codes(known: Known) -> list[str]:
    return [one.code for one in next_actions(known)]


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({}, "seeding"),
        ({"refuses_marketing": True}, "leave"),
        ({"fatigue": "heavy", "received": 9}, "leave"),
        ({"complained": 14}, "service"),
        ({"complained": 15}, "seeding"),
        ({"birthday": 0}, "birthday"),
        ({"birthday": 7}, "birthday"),
        ({"birthday": 8}, "seeding"),
        ({"restock": ("面霜", date(2026, 3, 9), 3)}, "restock"),
        ({"open_coupon": ("满减", 30)}, "coupon_open"),
        ({"open_coupon": ("满减", 31)}, "seeding"),
        ({"stage": "first", "since_last": 7}, "thank"),
        ({"stage": "first", "since_last": 28, "interval": 40.0}, "second"),
        ({"stage": "first", "since_last": 27, "interval": 40.0}, "seeding"),
        ({"stage": "never", "since_last": None}, "first"),
        ({"stage": "never", "role": "none", "since_last": None}, "seeding"),
        ({"in_pool": False}, "invite"),
        ({"stage": "dormant", "since_last": 200}, "win_back"),
        ({"stage": "dormant", "since_last": 200, "in_pool": False}, "seeding"),
        ({"matrix": ("task", ("理由", "reason"))}, "task"),
    ],
)
def test_the_most_urgent_stands_first(changes, first):
    assert codes(replace(CALM, **changes))[0] == first


def test_who_is_left_alone_is_sent_nothing():
    known = replace(
        CALM, fatigue="heavy", birthday=1, complained=2, open_coupon=("x", 1),
        matrix=("coupon", ("", "")),
    )  # fmt: skip
    assert codes(known) == ["leave", "service"]
    assert codes(replace(CALM, birthday=1, matrix=("leave", ("少打扰", "less")))) == ["leave"]


@given(
    st.builds(
        Known,
        stage=st.sampled_from(["never", "first", "repeat", "dormant", "lost"]),
        role=st.sampled_from(["none", "lead", "fan", "koc"]),
        fatigue=st.sampled_from(["none", "light", "medium", "heavy"]),
        in_pool=st.booleans(),
        refuses_marketing=st.booleans(),
        since_last=st.none() | st.integers(0, 900),
        interval=st.none() | st.floats(1, 400),
        complained=st.none() | st.integers(0, 100),
        birthday=st.none() | st.integers(0, 365),
    )
)
def test_there_is_always_something_with_a_reason_in_both_languages(known):
    found = next_actions(known)
    assert found
    order = list(ACTIONS)
    assert [order.index(one.code) for one in found] == sorted(order.index(o.code) for o in found)
    assert all(all(one.reason) and all(one.label) for one in found)
