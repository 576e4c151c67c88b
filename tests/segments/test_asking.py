"""A rule asked of everybody and asked of one person are the same rule."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segments.rules import LEAVES, leaf, tree, world
from yutang.errors import BadInput
from yutang.segments.asking import Asking, Masks
from yutang.segments.person import Person, is_in
from yutang.segments.tree import Share, read_rule, to_json

seeds = st.integers(0, 1 << 40)


@given(seeds)
def test_a_rule_is_the_same_after_being_stored(seed):
    node = read_rule(tree(Random(seed)))
    assert read_rule(to_json(node)) == node


def agree(ground, rule_tree):
    node = read_rule(rule_tree)
    mask = Asking(ground).mask(node)
    one_by_one = [is_in(ground, node, customer) for customer in range(ground.size)]
    assert mask.tolist() == one_by_one, rule_tree
    return int(mask.sum())


@pytest.mark.parametrize("kind", LEAVES)
@settings(max_examples=12)
@given(seeds)
def test_every_condition_is_the_same_for_one_and_for_all(kind, seed):
    ground, draw = world(seed), Random(seed)
    for _ in range(15):
        agree(ground, leaf(draw, kind))


@settings(max_examples=30)
@given(seeds)
def test_every_rule_is_the_same_for_one_and_for_all(seed):
    ground, draw = world(seed), Random(seed)
    for _ in range(5):
        agree(ground, tree(draw))


def test_the_worlds_are_worth_asking():
    """Most kinds of conditions are fulfilled by somebody, and not by everybody."""
    for kind in LEAVES:
        draw = Random(5)
        ground = world(5)
        counts = [Asking(ground).count(read_rule(leaf(draw, kind))) for _ in range(60)]
        some = sum(0 < count < ground.snapshot.people.alive.sum() for count in counts)
        assert some >= 10, kind


@settings(max_examples=15)
@given(seeds)
def test_what_was_answered_before_is_answered_the_same(seed):
    ground, draw, masks = world(seed), Random(seed), Masks()
    node = read_rule({"and": [tree(draw), {"or": [leaf(draw) for _ in range(6)]}]})
    asked = [Asking(ground, masks).mask(node) for _ in range(2)]
    assert (asked[0] == asked[1]).all()
    assert (asked[0] == Asking(ground).mask(node)).all()


@settings(max_examples=15)
@given(seeds)
def test_why_adds_up(seed):
    """A group holds as its parts say, down to the conditions."""
    ground, node = world(seed), read_rule(tree(Random(seed)))

    def check(why):
        if "and" in why.node:
            assert why.holds == all(part.holds for part in why.parts)
        elif "or" in why.node:
            assert why.holds == any(part.holds for part in why.parts)
        elif "not" in why.node:
            assert why.holds != why.parts[0].holds
        for part in why.parts:
            check(part)

    for customer in range(1, ground.size):
        check(Person(ground, customer).why(node))


def test_shares_are_everybody_once():
    from yutang.segments.asking import drawn

    everybody = np.arange(1, 100_001, dtype=np.uint32)
    parts = [
        drawn(everybody, Share(kind="share", rate=0.2, salt="autumn", part=i)) for i in range(5)
    ]
    assert (np.sum(parts, axis=0) == 1).all()
    assert all(abs(part.mean() - 0.2) < 0.01 for part in parts)
    other = drawn(everybody, Share(kind="share", rate=0.2, salt="spring"))
    assert abs((other & parts[0]).mean() - 0.04) < 0.005


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "object with conditions"),
        ({"and": []}, "and"),
        ({"kind": "evnt"}, "no condition of this kind"),
        ({"and": [{"kind": "event", "events": []}]}, "and[0].events"),
        ({"not": {"kind": "event", "events": ["a"], "measure": "sum"}}, "property"),
        ({"kind": "share", "rate": 0.5, "part": 2}, "everybody"),
        ({"kind": "event", "events": ["a"], "when": {"last": 3, "before_last": 3}}, "one way"),
        ({"kind": "event", "events": ["a"], "extra": 1}, "extra"),
    ],
)
def test_what_makes_no_sense_is_said(wrong, said):
    with pytest.raises(BadInput) as caught:
        read_rule(wrong)
    text = caught.value.message % caught.value.params
    assert said in text


def test_a_rule_nested_without_end_is_refused():
    deep = {"kind": "share", "rate": 0.5}
    for _ in range(40):
        deep = {"not": deep}
    with pytest.raises(BadInput):
        read_rule(deep)


def test_unknown_names_are_said():
    ground = world(1)
    for wrong in (
        {"kind": "attribute", "name": "shoe_size", "op": "=", "value": 1},
        {"kind": "attribute", "name": "age", "op": "contains", "value": "3"},
        {"kind": "event", "events": ["a"], "measure": "sum", "property": "place"},
        {"kind": "event", "events": ["a"], "measure": "sum", "property": "nothing"},
        {"kind": "event", "events": ["a"], "filter": {"property": "nothing", "value": 1}},
        {"kind": "anniversary", "attribute": "age"},
        {"kind": "event", "events": ["a"], "when": {"festival": {"month": 2, "day": 31}}},
    ):
        with pytest.raises(BadInput):
            Asking(ground).mask(read_rule(wrong))
