"""The path model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import path_oracle as oracle
from tests.analysis.histories import MINUTE, START, ZONE, histories
from tests.analysis.sessions_oracle import is_inside, kept_groups, sessions
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

AMOUNT = {"property": "amount", "op": ">", "value": 0}
questions = st.fixed_dictionaries(
    {
        "idle_minutes": st.sampled_from([1, 30, 720, 1439, 10080]),
        "repeats": st.sampled_from(["fold", "keep"]),
        "layers": st.integers(2, 5),
        "nodes": st.sampled_from([1, 2, 20]),
        "filter": st.sampled_from([None, None, AMOUNT]),
        "anchor": st.sampled_from(
            [{}, {"start": {"event": "a"}}, {"end": {"event": "b"}}, {"start": {"event": "*"}},
             {"end": {"event": ["a", "c"], "filter": AMOUNT}}]
        ),
    },
    optional={
        "events": st.sampled_from([{"event": ["a", "b", "c"]}, {"event": "*", "filter": AMOUNT}]),
        "property": st.sampled_from(["place", "note"]),
        "range": st.sampled_from([("2026-03-03", "2026-03-04"), ("2026-03-05",) * 2]),
    },
)  # fmt: skip
groups = st.lists(
    st.sampled_from(["place", "tags", "customer.city", "customer.flags"]), max_size=2, unique=True
)


def asked(question, **more):
    params = {k: v for k, v in question.items() if k not in ("range", "anchor")}
    params |= question["anchor"]
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params | more


def expected(facts, params):
    found = sessions(facts, params | {"start": None, "end": None},
                     [params.get("start"), params.get("end")])  # fmt: skip
    return oracle.followed([(one[0], oracle.path(one, params)) for one in found], params)


def customers(paths):
    return {first["customer"] for first, _ in paths}


def check(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("path", shards, params)
    paths = expected(facts, params)
    keep = oracle.kept(paths, params)
    assert result.rows == oracle.link_rows(paths, keep, params)
    assert result.tables["nodes"].rows == oracle.node_rows(paths, keep, params)
    assert result.tables["total"].rows == [
        {"people": len(customers(paths)), "sessions": len(paths)}
    ]
    assert set(analysis.people("path", shards, params, {})) == customers(paths)
    for row in result.rows[:6]:
        cell = {key: row[key] for key in ("layer", "source", "target")}
        assert len(analysis.people("path", shards, params, cell)) == row["people"]
    for row in result.tables["nodes"].rows[:6]:
        cell = {"layer": row["layer"], "node": row["node"]}
        assert len(analysis.people("path", shards, params, cell)) == row["people"]
        if row["node"] != "(other)":
            follow_one(shards, facts, params, row)


def follow_one(shards, facts, params, row):
    """Clicking a node leaves the paths that go through it."""
    params = params | {"follow": [{"layer": row["layer"], "node": row["node"]}]}
    result = analysis.run("path", shards, params)
    paths = expected(facts, params)
    assert result.rows == oracle.link_rows(paths, oracle.kept(paths, params), params)
    assert result.tables["total"].rows[0]["sessions"] == row["sessions"]


@settings(max_examples=40, deadline=None)
@given(histories(), questions)
def test_paths_are_what_their_definition_says(history, question):
    check(history, question)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(histories(), questions)
def test_paths_are_what_their_definition_says_many_times(history, question):
    check(history, question)


@settings(max_examples=25, deadline=None)
@given(histories(), questions, groups, st.sampled_from([1, 2, 20]))
def test_each_group_has_its_own_paths(history, question, names, top):
    facts, shards = history
    params = asked(question, group=names, top=top)
    if not names:
        return
    paths = expected(facts, params)
    everything = sessions(facts, params | {"start": None, "end": None},
                          [params.get("start"), params.get("end")])  # fmt: skip
    labels = kept_groups([one[0] for one in everything], names, "multi", top)
    result = analysis.run("path", shards, params)
    keep = oracle.kept(paths, params)
    want = []
    for label in labels:
        mine = [p for p in paths if is_inside(p[0], label, labels, names, "multi")]
        head = {f"group_{i + 1}": part for i, part in enumerate(label)}
        want += [{**head, **row} for row in oracle.link_rows(mine, keep, params)]
        behind = analysis.people("path", shards, params, {"group": list(label)})
        assert set(behind) == customers(mine)
    assert result.rows == want
    if paths:
        assert result.tables["all"].rows == oracle.link_rows(paths, keep, params)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def walk(customer, text, gap=MINUTE):
    return [(customer, i * gap, event, {}) for i, event in enumerate(text)]


def links(result):
    return [(r["layer"], r["source"], r["target"], r["people"]) for r in result.rows]


def test_what_comes_next_and_who_left(shards_of):
    shards = shards_of(story(walk(1, "xabb") + walk(2, "abc") + walk(3, "a")))
    result = analysis.run("path", shards, {"start": {"event": "a"}, "layers": 3})
    assert links(result) == [
        (1, "a", "b", 2),
        (1, "a", "(left)", 1),
        (2, "b", "(left)", 1),
        (2, "b", "c", 1),
    ]
    assert result.chart["kind"] == "sankey"
    assert [1, "a"] in result.chart["categories"]


def test_what_came_before(shards_of):
    shards = shards_of(story(walk(1, "xab") + walk(2, "ab") + walk(3, "b")))
    result = analysis.run("path", shards, {"end": {"event": "b"}, "layers": 3})
    assert links(result) == [
        (1, "a", "b", 2),
        (1, "(entered)", "b", 1),
        (2, "(entered)", "a", 1),
        (2, "x", "a", 1),
    ]


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    result = analysis.run("path", shards, {"start": {"event": "a"}, "group": ["place"]})
    assert result.rows == []
    assert result.tables["total"].rows == [{"people": 0, "sessions": 0}]
    assert "unknown_event" in {caveat.code for caveat in result.caveats}


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [(1 + i % 97, (i * 7919) % 10**8, "abcde"[i % 5], {"place": "京沪"[i % 2]})
            for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    params = {"property": "place", "nodes": 3, "idle_minutes": 900, "group": ["place"]}
    whole = analysis.run("path", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("path", shards, params, executor=executors.Threads(3))
    assert parts.rows == whole.rows
    assert parts.tables == whole.tables


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"start": {"event": "a"}, "end": {"event": "b"}}, "not both"),
        ({"layers": 1}, "layers"),
        ({"nodes": 51}, "nodes"),
        ({"property": "amount"}, "property"),
        ({"property": "nothing"}, "property"),
        ({"follow": [{"layer": 6, "node": "a"}]}, "follow"),
        ({"follow": [{"layer": 1, "node": "zzz"}]}, "follow[0]"),
        ({"events": {"event": "a", "filter": {"property": "no"}}}, "events.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("path", shards_of(story(walk(1, "ab"))), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story(walk(1, "ab")))
    for cell in ({"layer": 9, "node": "a"}, {"layer": 1, "source": "zzz"}, {"source": "a"},
                 {"layer": 1}, {"step": 1}, {"group": ["x"]}):  # fmt: skip
        with pytest.raises(BadInput):
            analysis.people("path", shards, {}, cell)
