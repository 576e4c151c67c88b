"""The lists by event, against reading every row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequence.facts import MemoryFacts
from yutang.sequence import view as views
from yutang.sequence.building import build, refresh
from yutang.sequence.calendar import day_of
from yutang.sequence.executors import cut
from yutang.sequence.files import frozen
from yutang.sequence.filters import compile_filter
from yutang.sequence.kernels import picking
from yutang.sequence.matching import Matcher, find_codes, matched
from yutang.sequence.shard import open_shards
from yutang.sequence.view import merged

_DAY = 86_400_000
_ascending = st.lists(st.integers(0, 60), unique=True).map(sorted)


def _facts(seed: int, rows: int = 400) -> MemoryFacts:
    rng = np.random.default_rng(seed)
    facts = MemoryFacts()
    facts.append(
        [
            {
                "customer": int(rng.integers(1, 40)), "time": int(rng.integers(0, 9 * _DAY)),
                "event": str(rng.choice(list("abcd"), p=[0.7, 0.2, 0.08, 0.02])),
                "amount": float(rng.integers(0, 5)),
            }
            for _ in range(rows)
        ]
    )  # fmt: skip
    return facts


def _read(view, keep):
    """(row, customer, day) of the rows that `keep` names, by looking at each of them."""
    zone, first = view.shards.zone, day_of(int(view.shard.days[0]), view.shards.zone)
    return [
        (row, int(view.place[row]), (day_of(int(view.time[row]), zone) - first).days)
        for row in range(view.rows)
        if keep(row)
    ]


@pytest.mark.parametrize("events", ["a", "b", "d", "cd", "abcd", "x", "bx"])
@pytest.mark.parametrize("filtered", [False, True])
def test_the_rows_of_some_events_with_customer_and_day(tmp_path, events, filtered):
    facts = _facts(len(events))
    build(facts, tmp_path)
    facts.append([{"customer": 3, "time": 2 * _DAY, "event": "new", "amount": 1.0},
                  {"customer": 77, "time": 20 * _DAY, "event": "d", "amount": 3.0}])  # fmt: skip
    refresh(facts, tmp_path)
    shards = open_shards(tmp_path)
    assert len(shards.shards) == 2
    condition = {"property": "amount", "op": ">=", "value": 2} if filtered else None
    its_filter = compile_filter(condition, shards, place="filter", today=None)
    for names in (list(events), ["new"]):
        matcher = Matcher(find_codes(shards, names), its_filter)
        for view in cut(shards, most=70):
            amounts = view.values("amount")

            def asked(row, view=view, amounts=amounts, names=names):
                named = shards.event_names[view.code[row]] in names
                return named and (not filtered or amounts[row] >= 2)

            found = matched(view, matcher)
            assert list(zip(*(part.tolist() for part in found), strict=True)) == _read(view, asked)


def test_few_rows_are_merged_from_their_lists_and_many_are_looked_for(tmp_path, monkeypatch):
    build(_facts(5), tmp_path)
    shards = open_shards(tmp_path)
    (view,) = cut(shards)
    ways = []
    monkeypatch.setattr(views, "rows_with", lambda *a: ways.append("all") or picking.rows_with(*a))
    for names in ("cd", "ab", "abcd", "c", "", "d"):
        codes = find_codes(shards, list(names))
        found = view.rows_of(codes)
        assert found.tolist() == np.flatnonzero(np.isin(view.code, codes)).tolist()
        assert found.dtype == np.int64
    assert len(ways) == 2  # ab, abcd


@given(lists=st.lists(_ascending, max_size=4), first=st.integers(0, 3))
def test_lists_of_rows_are_merged(lists, first):
    apart = [[row * 4 + n for row in part] for n, part in enumerate(lists)]
    found = merged([frozen(np.array(part, np.uint32)) for part in apart], first)
    assert found.tolist() == sorted(row - first for part in apart for row in part)


@given(index=_ascending, rows=_ascending)
def test_rows_are_found_in_a_sparse_index(index, rows):
    at = int(np.searchsorted(index, rows[0])) if rows else 0
    found = picking.find_rows(
        frozen(np.array(index, np.uint32)), frozen(np.array(rows, np.int64)), at
    )
    assert found.tolist() == [index.index(row) if row in index else -1 for row in rows]


@pytest.mark.parametrize("few", [False, True])
def test_values_of_a_sparse_property_at_rows_near_and_far(tmp_path, few):
    rng = np.random.default_rng(1)
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": t, "event": "a", **({"amount": float(t)} if t % 7 == 0
                  else {})} for t in range(3_000)])  # fmt: skip
    build(facts, tmp_path)
    (view,) = cut(open_shards(tmp_path))
    file = view.shard.column("amount")
    assert file is not None
    assert file.index is not None
    rows = np.array([3, 2_800, 2_996]) if few else np.flatnonzero(rng.random(3_000) < 0.5)
    found = view.values_at("amount", rows)
    assert np.array_equal(found, np.where(rows % 7 == 0, rows, np.nan), equal_nan=True)
