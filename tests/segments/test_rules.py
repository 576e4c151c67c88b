"""Pure rules: the customer attribute, lists, what names a segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from yutang.customers import CustomerQuery
from yutang.errors import BadInput
from yutang.identity import lists
from yutang.segments import of_list, origins
from yutang.segments.rules import attribute_of, combined, used_in

IDS = st.sets(st.integers(1, 40))


@given(st.lists(IDS, min_size=1, max_size=5))
def test_the_attribute_lists_each_customers_segments(sets: list[set[int]]) -> None:
    found = attribute_of({10 + i: BitMap(one) for i, one in enumerate(sets)})
    assert found is not None
    assert found.offsets is not None
    for customer in range(found.offsets.size - 1):
        codes = found.values[found.offsets[customer] : found.offsets[customer + 1]]
        mine = {found.dictionary[code] for code in codes}
        assert mine == {str(10 + i) for i, one in enumerate(sets) if customer in one}
    assert found.offsets.size - 1 > max((max(one) for one in sets if one), default=0)
    assert found.values.dtype == np.int32
    assert found.closed


def test_without_segments_there_is_no_attribute() -> None:
    assert attribute_of({}) is None


def test_segments_are_combined_in_three_ways_only() -> None:
    assert combined("minus", BitMap([1, 2]), BitMap([2])) == BitMap([1])
    with pytest.raises(BadInput, match="intersection"):
        combined("xor", BitMap(), BitMap())


def find(values: list[str], kind: str) -> dict[str, set[int]]:
    known = {"m1": {1}, "m2": {2}, "twice": {1, 3}}
    return {value: known[value] for value in values if value in known}


def match(text: str, kind: str = "") -> lists.Matched:
    return lists.match(lists.read_lines(text), kind, find, lambda ids: ids & BitMap([1, 2, 7]))


def test_a_list_tells_which_lines_it_could_not_take() -> None:
    found = match("﻿m1,Li\nnobody\n\ntwice\nm2\tx\nm1\n")
    assert found.people == BitMap([1, 2])
    assert (found.given, found.unknown, found.several) == (5, (2,), (4,))
    kept = found.to_json()
    assert kept["unknown_lines"] == [2]
    assert "nobody" not in str(kept)


def test_customer_numbers_are_looked_up_among_those_there_are() -> None:
    found = match("#1\n7\n9\nx\n", "customer")
    assert (found.people, found.unknown) == (BitMap([1, 7]), (3, 4))


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("\n \n", "", "empty"),
        ("nobody", "", "None of the 1 lines"),
        ("m1", "horoscope", "no kind"),
        ("m1", "cookie", "no kind"),
        ("m1\n" * (lists.MOST_LINES + 1), "", "at most 100,000 lines"),
        ("x" * (lists.MOST_BYTES + 1), "", "8 MB"),
    ],
)
def test_a_list_that_cannot_be_taken_says_why(text: str, kind: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        match(text, kind)
    assert why in str(caught.value)


def test_files_of_spreadsheets_are_read() -> None:
    assert lists.read_file("会员号\nM1\n".encode("gb18030")) == "会员号\nM1\n"
    with pytest.raises(BadInput, match="no text"):
        lists.read_file(b"PK\x03\x04\x00\x00\x00")


def test_what_names_a_segment_is_found_wherever_it_stands() -> None:
    leaf = {"property": "customer.segments", "op": "not_in", "value": ["3", "4"]}
    asked = {
        "filter": {"or": [{"not": leaf}, {"property": "x", "op": "=", "value": "9"}]},
        "steps": [{"filter": {"property": "customer.segments", "op": "contains", "value": "5"}}],
        "compare": {"segment": "6", "against": None},
    }
    assert used_in(asked) == {"3", "4", "5", "6"}


def test_a_list_of_customers_keeps_its_filters_but_no_search() -> None:
    query = CustomerQuery(stage="repeat", orders_min=2, sort="-paid_fen", page=3)
    expected = {"kind": "customers", "query": {"stage": "repeat", "orders_min": 2}}
    assert of_list(query, None) == expected
    within = {"kind": "segment", "segment": 3}
    assert of_list(query, within) == {**expected, "within": within}
    assert of_list(CustomerQuery(), within) == within
    searched = of_list(CustomerQuery(search="13800138000"), within)
    assert searched == {"kind": "list"}
    assert not origins.can_refresh(searched)
    assert origins.parents({**expected, "within": within}) == {3}
