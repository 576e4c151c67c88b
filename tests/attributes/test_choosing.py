"""Which of the things said of a person counts, and why."""

from __future__ import annotations

from typing import Any

from yutang.attributes.choosing import Attribute, Said, of_person
from yutang.attributes.rules import State


def said(identity: int, source: str, value: Any, time: int, kind: str = "set") -> Said:
    return Said(identity, "level", source, State(value, 0, time, kind))


def whys(one: Attribute) -> list[tuple[str, str]]:
    return [(verdict.source, verdict.why) for verdict in one.said]


def test_the_latest_wins_among_equals_and_a_trusted_source_before_all() -> None:
    found = [said(1, "web", "gold", 5), said(2, "pos", "silver", 3), said(1, "app", "iron", 9)]
    (one,) = of_person(found, {})
    assert one.value == "iron"
    assert whys(one) == [("app", "latest"), ("web", "older"), ("pos", "older")]
    (one,) = of_person(found, {"pos": 0, "web": 1})
    assert (one.value, one.source, one.time) == ("silver", "pos", 3)
    assert whys(one) == [("pos", "trusted"), ("app", "outranked"), ("web", "outranked")]
    assert [verdict.counts for verdict in one.said] == [True, False, False]


def test_a_source_that_speaks_of_two_identities_is_believed_where_it_spoke_last() -> None:
    found = [said(1, "pos", "gold", 5), said(2, "pos", "silver", 3), said(1, "app", "iron", 9)]
    (one,) = of_person(found, {"pos": 0})
    assert one.value == "gold"
    assert whys(one) == [("pos", "latest"), ("app", "outranked"), ("pos", "older")]


def test_who_speaks_alone_is_believed() -> None:
    assert whys(of_person([said(1, "web", "gold", 5)], {"pos": 0})[0]) == [("web", "alone")]


def test_sums_of_several_identities_add_up_and_lists_unite() -> None:
    sums = [said(1, "web", 2, 5, "sum"), said(2, "web", 0.5, 3, "sum"), said(3, "web", 9, 1)]
    (one,) = of_person(sums, {})
    assert one.value == 2.5
    assert whys(one) == [("web", "latest"), ("web", "added"), ("web", "older")]
    lists = [said(1, "web", ["b", "a"], 5, "list"), said(2, "web", ["a", "c"], 3, "list")]
    (one,) = of_person(lists, {})
    assert one.value == ["a", "c", "b"]
    assert whys(one) == [("web", "latest"), ("web", "united")]


def test_what_was_unset_is_nobodys() -> None:
    found = [said(1, "web", None, 5), said(2, "pos", "x", 1)]
    (one,) = of_person(found, {"web": 0})
    assert one.value == "x"
    assert whys(one) == [("pos", "alone")]
