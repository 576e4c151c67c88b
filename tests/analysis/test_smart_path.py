"""The smart path model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import smart_path_oracle as oracle
from tests.analysis.histories import DAY, MINUTE, START, ZONE, histories
from tests.analysis.sessions_oracle import is_inside, kept_groups
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

AMOUNT = {"property": "amount", "op": ">", "value": 0}
questions = st.fixed_dictionaries(
    {
        "target": st.sampled_from([{"event": "c"}, {"event": ["b", "x"], "filter": AMOUNT}]),
        "window": st.sampled_from([{"value": 12, "unit": "hour"}, {"value": 2, "unit": "day"}]),
        "steps": st.integers(1, 4),
        "repeats": st.sampled_from(["fold", "keep"]),
        "top": st.sampled_from([1, 2, 20]),
        "filter": st.sampled_from([None, None, AMOUNT]),
    },
    optional={
        "events": st.sampled_from([{"event": ["a", "b"]}, {"event": "*", "filter": AMOUNT}]),
        "property": st.sampled_from(["place", "gift"]),
        "range": st.sampled_from([("2026-03-03", "2026-03-04"), ("2026-03-05",) * 2]),
    },
)
groups = st.lists(
    st.sampled_from(["place", "tags", "customer.city", "customer.flags"]), max_size=2, unique=True
)


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params | more


def check(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("smart_path", shards, params)
    found = oracle.approaches(facts, params)
    keep = oracle.kept(found.values(), params["top"])
    assert result.rows == oracle.rows_of(found.values(), keep)
    done = sum(one[1] for one in found.values())
    assert result.tables["total"].rows == [
        {
            "people": done,
            "others": len(found) - done,
            "rate": done / len(found) if found else None,
        }
    ]
    for row in result.rows[:4]:
        for state, column in (("reached", "people"), ("others", "others")):
            cell = {"sequence": row["sequence"], "state": state}
            behind = analysis.people("smart_path", shards, params, cell)
            assert len(behind) == row[column]
            assert set(behind) <= {c for c, one in found.items() if one[1] == (state == "reached")}


@settings(max_examples=40, deadline=None)
@given(histories(), questions)
def test_smart_paths_are_what_their_definition_says(history, question):
    check(history, question)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(histories(), questions)
def test_smart_paths_are_what_their_definition_says_many_times(history, question):
    check(history, question)


@settings(max_examples=25, deadline=None)
@given(histories(), questions, groups)
def test_each_group_has_its_own_people(history, question, names):
    facts, shards = history
    params = asked(question, group=names)
    if not names:
        return
    found = oracle.approaches(facts, params)
    labels = kept_groups([one[3] for one in found.values()], names, "multi", params["top"])
    keep = oracle.kept(found.values(), params["top"])
    result = analysis.run("smart_path", shards, params)
    want = []
    for label in labels:
        mine = {c: f for c, f in found.items() if is_inside(f[3], label, labels, names, "multi")}
        head = {f"group_{i + 1}": part for i, part in enumerate(label)}
        want += [{**head, **row} for row in oracle.rows_of(mine.values(), keep)]
        behind = analysis.people("smart_path", shards, params, {"group": list(label)})
        assert set(behind) == {c for c, one in mine.items() if one[1]}
    assert result.rows == want
    assert result.tables["all"].rows == oracle.rows_of(found.values(), keep)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def walk(customer, text):
    return [(customer, i * MINUTE, event, {}) for i, event in enumerate(text)]


def test_two_ways_to_the_target_and_one_that_does_not_lead_there(shards_of):
    shards = shards_of(
        story(walk(1, "aabt") + walk(2, "abt") + walk(3, "bt") + walk(4, "b") + walk(5, "ab"))
    )
    result = analysis.run("smart_path", shards, {"target": {"event": "t"}})
    assert [(r["sequence"], r["people"], r["others"], r["lift"]) for r in result.rows] == [
        ("a → b", 2, 1, 4 / 3),
        ("b", 1, 1, 2 / 3),
    ]
    assert result.rows[0]["median_seconds"] == 150.0


def test_a_sequence_becomes_a_funnel_that_its_people_walk(shards_of):
    rows = [(c, i * MINUTE, e, {"place": "京"}) for c in (1, 2) for i, e in enumerate("abt")]
    shards = shards_of(story(rows))
    params = {"target": {"event": "t"}, "property": "place", "from": "2026-03-02",
              "to": "2026-03-02"}  # fmt: skip
    result = analysis.run("smart_path", shards, params)
    assert result.rows[0]["sequence"] == "a · 京 → b · 京"
    funnel = analysis.run("funnel", shards, result.chart["funnels"][0])
    assert [row["people"] for row in funnel.rows] == [2, 2, 2]


def test_an_earlier_target_ends_the_look_back(shards_of):
    shards = shards_of(story([(1, 0, "a", {}), (1, 1, "t", {}), (1, DAY, "b", {}),
                              (1, DAY + 1, "t", {})]))  # fmt: skip
    params = {"target": {"event": "t"}, "from": "2026-03-03", "to": "2026-03-03"}
    assert analysis.run("smart_path", shards, params).rows[0]["sequence"] == "b"


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    result = analysis.run("smart_path", shards, {"target": {"event": "t"}, "group": ["place"]})
    assert result.rows == []
    assert result.tables["total"].rows == [{"people": 0, "others": 0, "rate": None}]


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [(1 + i % 97, (i * 7919) % 10**8, "abcde"[i % 5], {"place": "京沪"[i % 2]})
            for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    params = {"target": {"event": "e"}, "property": "place", "group": ["place"], "steps": 2}
    whole = analysis.run("smart_path", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("smart_path", shards, params, executor=executors.Threads(3))
    assert parts.rows == whole.rows


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"target": None}, "target"),
        ({"steps": 11}, "steps"),
        ({"window": {"value": 53, "unit": "week"}}, "365"),
        ({"property": "amount"}, "property"),
        ({"target": {"event": "a", "filter": {"property": "no"}}}, "target.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    params = {"target": {"event": "t"}} | change
    with pytest.raises(BadInput) as caught:
        analysis.run("smart_path", shards_of(story(walk(1, "ab"))), params)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story(walk(1, "at")))
    for cell in ({"sequence": "zzz"}, {"state": "odd"}, {"step": 1}, {"group": ["x"]}):
        with pytest.raises(BadInput):
            analysis.people("smart_path", shards, {"target": {"event": "t"}}, cell)
