"""The retention model against its definition (retention_oracle.py), and readable examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.histories import DAY, HOUR, START, ZONE, histories, wide_events
from tests.analysis.plain import FILTERS, period_label
from tests.analysis.retention_oracle import Expected
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

NAMES = st.sampled_from(["a", "b", ["a", "b"], "*"])
SOME = st.fixed_dictionaries({"event": NAMES, "filter": st.sampled_from(FILTERS)})


@st.composite
def questions(draw):
    params = {
        "start": draw(SOME),
        "return": draw(SOME),
        "unit": draw(st.sampled_from(["day", "week", "month"])),
        "mode": draw(st.sampled_from(["exact", "exact", "range", "later", "continuous", "churn"])),
        "cohorts": draw(st.sampled_from(["first", "every"])),
        "day_zero": draw(st.booleans()),
        "periods": draw(st.integers(1, 4)),
        "filter": draw(st.sampled_from(FILTERS)),
        "sample": draw(st.sampled_from([1, 1, 1, 2])),
        "values": draw(st.sampled_from(["multi", "single"])),
        "group": [],
        "top": 50,
    }
    if params["mode"] == "range":
        least = 0 if params["day_zero"] else 1
        params["ranges"] = draw(st.sampled_from([[(least, 1)], [(1, 2), (2, 7)], [(1, 1), (3, 8)]]))
    if draw(st.booleans()):
        params["measure"] = draw(
            st.sampled_from(
                [
                    {"event": "*", "measure": "sum", "property": "amount"},
                    {"event": "b", "measure": "times"},
                ]
            )
        )
    if draw(st.booleans()):
        params["from"], params["to"] = draw(
            st.sampled_from([("2026-03-01", "2026-03-03"), ("2026-02-27", "2026-05-01")])
        )
    return params


def scaled(rows, sample):
    names = ("size", "people", "value", "size_weighted", "people_weighted")
    return [{k: v * sample if k in names else v for k, v in row.items()} for row in rows]


def check(facts, shards, params):
    result = analysis.run("retention", shards, params)
    expected = Expected(facts, params)
    sample = params["sample"]
    groups = expected.groups if params["group"] else {(): expected.everybody}
    assert result.rows == scaled(expected.matrix(groups), sample)
    whole = {(): expected.everybody}
    assert result.tables["summary"].rows == scaled(expected.summary(whole), sample)
    if params["group"]:
        assert result.tables["groups"].rows == scaled(expected.summary(groups), sample)
        assert result.tables["total"].rows == scaled(expected.matrix(whole), sample)
    unit = params["unit"]
    for label, members in groups.items():
        for state in ("returned", "absent"):
            for cell in (None, *expected.cells):
                for cohort in (None, *sorted({m["cohort"] for m in members})):
                    if cell is None and state == "absent":
                        continue
                    asked = {"state": state}
                    if params["group"]:
                        asked["group"] = list(label)
                    if cell:
                        asked["n"] = cell[0]
                    if cohort is not None:
                        asked["cohort"] = period_label(expected.days[cohort], unit)
                    behind = analysis.people("retention", shards, params, asked)
                    assert set(behind) == expected.behind(
                        members=members, label=label, cohort=cohort, cell=cell, state=state
                    ), asked


@settings(max_examples=40, deadline=None)
@given(histories(wide_events), questions())
def test_retention_is_what_its_definition_says(history, params):
    check(*history, params)


@settings(max_examples=25, deadline=None)
@given(histories(wide_events), questions())
def test_the_usual_question_has_a_kernel_of_its_own(history, params):
    usual = {"mode": "exact", "cohorts": "first", "day_zero": False, "measure": None, "ranges": []}
    check(*history, {**params, **usual})


@settings(max_examples=25, deadline=None)
@given(
    histories(wide_events),
    questions(),
    st.lists(
        st.sampled_from(["place", "gift", "tags", "customer.city", "customer.flags"]),
        min_size=1, max_size=2, unique=True,
    ),
    st.sampled_from([1, 2, 50]),
)  # fmt: skip
def test_groups_are_counted_not_added(history, params, names, top):
    check(*history, {**params, "group": names, "top": top})


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    histories(wide_events),
    questions(),
    st.lists(
        st.sampled_from(["place", "amount", "tags", "customer.flags"]), max_size=2, unique=True
    ),
    st.sampled_from([1, 2, 50]),
)
def test_retention_at_length(history, params, names, top):
    check(*history, {**params, "group": names, "top": top})


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


ASK = {"start": {"event": "join"}, "return": {"event": "visit"}, "periods": 3}
# Three join on Monday, one on Tuesday; the last fact is on Thursday.
WEEK = [
    (1, 0, "join", {}),
    (2, HOUR, "join", {}),
    (3, 2 * HOUR, "join", {}),
    (1, DAY, "visit", {}),
    (2, DAY, "visit", {}),
    (1, 2 * DAY, "visit", {"amount": 5.0}),
    (4, DAY, "join", {}),
    (4, 3 * DAY, "visit", {"amount": 2.0}),
]


def cells(result):
    return {(row["cohort"][-2:], row["n"]): (row["people"], row["open"]) for row in result.rows}


def test_a_matrix_of_four_people(shards_of):
    shards = shards_of(story(WEEK))
    result = analysis.run("retention", shards, {**ASK, "to": "2026-03-03"})
    assert result.rows[0] == {
        "cohort": "2026-03-02", "size": 3, "n": 1, "people": 2, "rate": 2 / 3, "open": False,
    }  # fmt: skip
    # Thursday is not over; Friday has not begun and is not there.
    assert cells(result) == {
        ("02", 1): (2, False), ("02", 2): (1, False), ("02", 3): (0, True),
        ("03", 1): (0, False), ("03", 2): (1, True),
    }  # fmt: skip
    summary = result.tables["summary"].rows
    assert [(r["n"], r["size"], r["people"], r["cohorts"]) for r in summary] == [
        (1, 4, 2, 2),
        (2, 3, 1, 1),
        (3, 0, 0, 0),
    ]
    assert result.chart["kind"] == "matrix"
    assert result.chart["values"] == [[2 / 3, 1 / 3, 0.0], [0.0, 1.0, None]]
    assert result.chart["open"] == [[False, False, True], [False, True, False]]
    members = {"cohort": "2026-03-02", "n": 1, "measure": "size"}
    assert set(analysis.people("retention", shards, ASK, members)) == {1, 2, 3}
    assert "open_cells" in {caveat.code for caveat in result.caveats}


def test_the_modes(shards_of):
    shards = shards_of(story(WEEK))

    def monday(**change):
        rows = analysis.run("retention", shards, {**ASK, "to": "2026-03-02", **change}).rows
        return [row["people"] for row in rows]

    assert monday() == [2, 1, 0]
    assert monday(mode="later") == [2, 1, 0]
    assert monday(mode="continuous") == [2, 1, 0]
    assert monday(mode="churn") == [1, 1, 1]
    assert monday(mode="range", ranges=[(1, 2), (2, 3)]) == [2, 1]


def test_an_event_is_not_its_own_return(shards_of):
    ask = {"start": {"event": "a"}, "return": {"event": "a"}, "periods": 1, "day_zero": True}
    once = story([(1, 0, "a", {}), (1, DAY, "x", {})])
    assert analysis.run("retention", shards_of(once), ask).rows[0]["people"] == 0
    twice = story([(1, 0, "a", {}), (1, 0, "a", {}), (1, DAY, "x", {})])
    assert analysis.run("retention", shards_of(twice), ask).rows[0]["people"] == 1


def test_at_one_instant_the_stored_order_does_not_matter(shards_of):
    ask = {"start": {"event": "a"}, "return": {"event": "b"}, "periods": 1, "day_zero": True}
    for first, second in ("ab", "ba"):
        facts = story([(1, 0, first, {}), (1, 0, second, {}), (1, DAY, "x", {})])
        assert analysis.run("retention", shards_of(facts), ask).rows[0]["people"] == 1
    before = story([(1, 0, "b", {}), (1, 1, "a", {}), (1, DAY, "x", {})])
    assert analysis.run("retention", shards_of(before), ask).rows[0]["people"] == 0


def test_money_beside_the_people(shards_of):
    measure = {"event": "visit", "measure": "sum", "property": "amount"}
    result = analysis.run("retention", shards_of(story(WEEK)), {**ASK, "measure": measure})
    monday = [r for r in result.rows if r["cohort"] == "2026-03-02"]
    assert [(r["value"], r["value_per_person"]) for r in monday] == [(0, 0), (5, 5 / 3), (0, 0)]


def test_another_range_stands_beside_by_place(shards_of):
    ask = {**ASK, "from": "2026-03-03", "to": "2026-03-03", "periods": 1}
    row = analysis.run("retention", shards_of(story(WEEK)), {**ask, "compare": "previous"}).rows[0]
    assert (row["size"], row["people"]) == (1, 0)
    assert (row["size_compared"], row["people_compared"]) == (3, 2)


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    assert analysis.run("retention", shards, ASK).rows == []
    grouped = analysis.run("retention", shards, {**ASK, "group": ["place"], "from": "2026-03-01"})
    assert grouped.rows == []
    assert not analysis.people("retention", shards, ASK, {"n": 1})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"start": {"event": ""}}, "start.event"),
        ({"return": {"even": "a"}}, "return"),
        ({"mode": "range"}, "ranges"),
        ({"mode": "range", "ranges": [(0, 1)]}, "at least 1"),
        ({"mode": "range", "ranges": [(3, 2)]}, "n to m"),
        ({"mode": "range", "ranges": [(2, 3), (1, 3)]}, "rising"),
        ({"ranges": [(1, 2)]}, "ranges"),
        ({"periods": 0}, "periods"),
        ({"measure": {"event": "a"}}, "property"),
        ({"measure": {"event": "a", "property": "place"}}, "measure"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
        ({"return": {"event": "a", "filter": {"property": "no", "value": 1}}}, "return.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("retention", shards_of(story(WEEK)), {**ASK, **change})
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story(WEEK))
    for cell in ({"n": 9}, {"cohort": "1999-01-01"}, {"state": "gone"}, {"group": ["x"]}):
        with pytest.raises(BadInput):
            analysis.people("retention", shards, ASK, cell)
