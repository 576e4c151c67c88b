"""The activity model against its definition (activity_oracle.py), and readable examples."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.activity_oracle import STATES, Expected
from tests.analysis.histories import DAY, START, ZONE, histories, wide_events
from tests.analysis.plain import FILTERS
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

FLOWS = (
    ("outside", "new"),
    ("paused", "dormant"),
    ("new", "paused"),
    ("dormant", "returning"),
    ("continuing", "continuing"),
)
GROUPS = ["place", "gift", "tags", "customer.city", "customer.flags"]


@st.composite
def questions(draw):
    params = {
        "event": {
            "event": draw(st.sampled_from(["a", ["a", "b"], "*"])),
            "filter": draw(st.sampled_from(FILTERS)),
        },
        "times": draw(st.sampled_from([1, 1, 2])),
        "unit": draw(st.sampled_from(["day", "week", "month"])),
        "absence": draw(st.integers(1, 4)),
        "filter": draw(st.sampled_from(FILTERS)),
        "sample": draw(st.sampled_from([1, 1, 1, 2])),
        "values": draw(st.sampled_from(["multi", "single"])),
        "group": draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)),
        "top": draw(st.sampled_from([1, 2, 50])),
    }
    params["from"], params["to"] = draw(
        st.sampled_from([("2026-03-01", "2026-03-03"), ("2026-03-05", "2026-03-12")])
    )
    if draw(st.integers(0, 3)) == 0:
        del params["from"], params["to"]
    return params


def check(facts, shards, params):
    result = analysis.run("activity", shards, params)
    expected, sample = Expected(facts, params), params["sample"]
    order = expected.shown if params["group"] else [()]
    assert result.rows == [expected.row(label, p) for p in expected.periods for label in order]
    assert result.tables["flows"].rows == expected.flows()
    totals = [{k: len(v) * sample for k, v in expected.over_range(()).items()}]
    assert result.tables["total"].rows == totals
    if params["group"]:
        whole = [expected.row((), p) for p in expected.periods]
        assert result.tables["all"].rows == whole
        for label, row in zip(order, result.tables["groups"].rows, strict=True):
            found = {k: len(v) * sample for k, v in expected.over_range(label).items()}
            assert {k: row[k] for k in found} == found
    rows = result.tables.get("all", result.table).rows
    for before, after in pairwise(rows):
        assert after["stock"] == before["stock"] + after["net"]
    check_people(shards, params, expected, order)


def check_people(shards, params, expected, order):
    periods = {expected.periods[0], expected.periods[len(expected.periods) // 2],
               expected.periods[-1]}  # fmt: skip
    for label in order:
        where = {"group": list(label)} if label else {}

        def ask(where=where, **cell):
            return set(analysis.people("activity", shards, params, {**where, **cell}))

        for measure, customers in expected.over_range(label).items():
            assert ask(measure=measure) == customers
        for p in periods:
            name = expected.name(p)
            for state in STATES[1:]:
                assert ask(period=name, measure=state) == expected.people(label, p, state)
            assert ask(period=name, measure="outflow") == expected.lost(label, p)
            stock = expected.people(label, p, *STATES[1:5])
            assert ask(period=name, measure="stock") == stock
            for source, target in FLOWS:
                flow = expected.flow(label, p, source, target)
                assert ask(period=name, source=source, target=target) == flow


@settings(max_examples=30, deadline=None)
@given(histories(wide_events), questions())
def test_activity_is_what_its_definition_says(history, params):
    check(*history, params)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(wide_events), questions())
def test_activity_at_length(history, params):
    check(*history, params)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + d * DAY, "event": e} for c, d, e in rows])
    return facts


# One who comes each day, one who is away for two days, one who comes once.
POND = [(1, 0, "a"), (1, 1, "a"), (1, 2, "a"), (1, 3, "a"), (2, 0, "a"), (2, 3, "a"), (3, 1, "a"),
        (9, 4, "x")]  # fmt: skip


def test_a_pond_of_three(shards_of):
    shards = shards_of(story(POND))
    ask = {"event": "a", "unit": "day", "absence": 2, "to": "2026-03-05"}
    result = analysis.run("activity", shards, ask)
    names = ("new", "continuing", "returning", "paused", "dormant", "stock", "inflow", "outflow")
    assert [tuple(row[name] for name in names) for row in result.rows] == [
        (2, 0, 0, 0, 0, 2, 2, 0),
        (1, 1, 0, 1, 0, 3, 1, 0),
        (0, 1, 0, 1, 1, 2, 0, 1),
        (0, 1, 1, 0, 1, 2, 1, 1),
    ]
    assert result.tables["total"].rows == [{"active": 3, "new": 3, "returning": 1, "lost": 2}]
    assert result.chart["flows"]["links"][-1] == {
        "source": "source:dormant", "target": "target:returning", "value": 1,
    }  # fmt: skip
    assert set(analysis.people("activity", shards, ask, {"measure": "lost"})) == {2, 3}
    assert "no_past" in {caveat.code for caveat in result.caveats}


def test_history_before_the_range_counts_and_what_comes_after_does_not(shards_of):
    facts = story([(1, 0, "a"), (1, 7, "a"), (2, 7, "a"), (2, 14, "a")])
    ask = {"event": "a", "from": "2026-03-09", "to": "2026-03-15", "absence": 1}
    (row,) = analysis.run("activity", shards_of(facts), ask).rows
    assert (row["new"], row["continuing"], row["outflow"], row["open"]) == (1, 1, 0, False)


def test_a_group_is_a_history_of_its_own(shards_of):
    facts = MemoryFacts(ZONE)
    visits = [(0, "京"), (7, "沪"), (14, "京")]
    facts.append(
        [{"customer": 1, "time": START + d * DAY, "event": "a", "place": p} for d, p in visits]
    )
    ask = {"event": "a", "absence": 1, "group": ["place"], "to": "2026-03-22"}
    shards = shards_of(facts)

    def states(**change):
        rows = analysis.run("activity", shards, {**ask, **change}).rows
        names = ("new", "continuing", "returning", "dormant")
        return [(r["period"][-2:], r["group_1"], name) for r in rows for name in names if r[name]]

    assert states(values="single") == [
        ("02", "京", "new"), ("09", "京", "continuing"), ("16", "京", "continuing"),
    ]  # fmt: skip
    assert states() == [
        ("02", "京", "new"), ("09", "京", "dormant"), ("09", "沪", "new"),
        ("16", "京", "returning"), ("16", "沪", "dormant"),
    ]  # fmt: skip


def test_active_may_mean_several_times(shards_of):
    facts = story([(1, 0, "a"), (1, 1, "a"), (2, 0, "a")])
    (row,) = analysis.run("activity", shards_of(facts), {"event": "a", "times": 2}).rows
    assert row["active"] == 1


def test_no_facts_give_an_empty_answer(shards_of):
    ask = {"event": "a", "from": "2026-03-02", "to": "2026-03-08"}
    result = analysis.run("activity", shards_of(MemoryFacts(ZONE)), ask)
    assert [row["stock"] for row in result.rows] == [0]
    assert not analysis.people("activity", shards_of(MemoryFacts(ZONE)), ask, {})
    grouped = analysis.run("activity", shards_of(MemoryFacts(ZONE)), {**ask, "group": ["place"]})
    assert grouped.rows == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"event": []}, "event"),
        ({"times": 0}, "times"),
        ({"absence": 0}, "absence"),
        ({"unit": "hour"}, "unit"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
        ({"group": ["nothing"]}, "group[0]"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("activity", shards_of(story(POND)), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    for cell in (
        {"measure": "paused"},
        {"measure": "x"},
        {"period": "1999-01-01"},
        {"period": "2026-03-02", "source": "new"},
        {"period": "2026-03-02", "source": "new", "target": "x"},
        {"group": ["x"]},
    ):
        with pytest.raises(BadInput):
            analysis.people("activity", shards_of(story(POND)), {}, cell)
