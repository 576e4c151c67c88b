"""The form model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import form_oracle as oracle
from tests.analysis.histories import START, ZONE, histories
from tests.analysis.sessions_oracle import is_inside, kept_groups
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence.source import Column

AMOUNT = {"property": "amount", "op": ">", "value": 0}
questions = st.fixed_dictionaries(
    {
        "form": st.sampled_from(["place", "note"]),
        "name": st.sampled_from(["place", "note"]),
        "shown": st.sampled_from([{"event": "a"}, {"event": "zzz"}]),
        "begun": st.sampled_from([{"event": "zzz"}, {"event": "b", "filter": AMOUNT}]),
        "field": st.sampled_from([{"event": "b"}, {"event": ["b", "x"]}]),
        "submitted": st.sampled_from([{"event": "c"}, {"event": "c", "filter": AMOUNT}]),
        "succeeded": st.sampled_from([{"event": "x"}, {"event": ["c", "x"], "filter": AMOUNT}]),
        "idle_minutes": st.sampled_from([1, 720, 1439, 10080]),
        "filter": st.sampled_from([None, None, {"property": "customer.city", "op": "is_set"}]),
    },
    optional={
        "empty": st.just("gift"),
        "seconds": st.just("amount"),
        "range": st.sampled_from([("2026-03-03", "2026-03-04"), ("2026-03-05",) * 2]),
    },
)
groups = st.lists(
    st.sampled_from(["gift", "tags", "customer.city", "customer.flags"]),
    min_size=1, max_size=2, unique=True,
)  # fmt: skip


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params | more


def check(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("form", shards, params)
    found = oracle.attempts(facts, params)
    assert result.rows == oracle.stage_rows(found)
    rows, behind = oracle.field_rows(found, params)
    assert result.tables["fields"].rows == rows
    for k in range(1, 5):
        far = [run for _, run in found if oracle.reached(run) >= k - 1]
        assert set(analysis.people("form", shards, params, {"step": k})) == oracle.people(far)
        stopped = [run for run in far if oracle.reached(run) == k - 1]
        cell = {"step": k, "state": "stopped"}
        assert set(analysis.people("form", shards, params, cell)) == oracle.people(stopped)
    for (form, field, state), people in behind.items():
        cell = {"form": form, "field": field, "state": state}
        assert set(analysis.people("form", shards, params, cell)) == people


@settings(max_examples=50, deadline=None)
@given(histories(), questions)
def test_forms_are_what_their_definition_says(history, question):
    check(history, question)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(histories(), questions)
def test_forms_are_what_their_definition_says_many_times(history, question):
    check(history, question)


@settings(max_examples=25, deadline=None)
@given(histories(), questions, groups, st.sampled_from([1, 2, 20]))
def test_each_group_is_counted_for_itself(history, question, names, top):
    facts, shards = history
    params = asked(question, group=names, top=top)
    found = oracle.attempts(facts, params)
    labels = kept_groups([run[0][1] for _, run in found], names, "multi", top)
    result = analysis.run("form", shards, params)
    rows = []
    for label in labels:
        mine = [o for o in found if is_inside(o[1][0][1], label, labels, names, "multi")]
        head = {f"group_{i + 1}": part for i, part in enumerate(label)}
        rows += [{**head, **row} for row in oracle.stage_rows(mine)]
        behind = analysis.people("form", shards, params, {"group": list(label)})
        assert set(behind) == oracle.people(run for _, run in mine)
    assert result.rows == rows
    assert result.tables["total"].rows == oracle.stage_rows(found)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.known += [Column("form", "string"), Column("field", "string"), Column("skip", "bool")]
    facts.append(
        [{"customer": c, "time": START + t * 1000, "event": e, "form": "开卡", **p}
         for c, t, e, p in rows]
    )  # fmt: skip
    return facts


def filled(customer, second, field, **more):
    return (customer, second, "field_filled", {"field": field, **more})


def test_where_people_stop_and_what_they_leave_blank(shards_of):
    rows = [
        (1, 0, "form_shown", {}), filled(1, 5, "手机"), filled(1, 9, "手机"),
        (1, 20, "form_submitted", {}), (1, 21, "form_succeeded", {}),
        (2, 0, "form_shown", {}), filled(2, 4, "手机"), filled(2, 10, "生日"),
        (3, 0, "form_shown", {}),
        (3, 60, "form_shown", {}), filled(3, 65, "生日", skip=True), (3, 70, "form_submitted", {}),
    ]  # fmt: skip
    result = analysis.run("form", shards_of(story(rows)), {"empty": "skip"})
    assert [(r["step"], r["attempts"], r["people"]) for r in result.rows] == [
        (1, 4, 3), (2, 3, 3), (3, 2, 2), (4, 1, 1),
    ]  # fmt: skip
    assert result.rows[2]["median_seconds"] == 15.0
    shown = ("field", "touched", "refilled", "seconds", "blank", "abandoned")
    assert [tuple(row[n] for n in shown) for row in result.tables["fields"].rows] == [
        ("手机", 2, 1, 13 / 3, 1, 0),
        ("生日", 2, 0, 5.5, 2, 1),
    ]


def test_events_of_one_instant_take_part_in_the_order_of_the_stages(shards_of):
    rows = [(1, 0, "form_submitted", {}), filled(1, 0, "手机"), (1, 0, "form_shown", {})]
    result = analysis.run("form", shards_of(story(rows)), {})
    assert [row["attempts"] for row in result.rows] == [1, 1, 1, 0]


def test_what_goes_on_after_a_pause_or_a_success_is_another_attempt(shards_of):
    rows = [
        (1, 0, "form_shown", {}), (1, 1, "form_succeeded", {}), (1, 2, "form_submitted", {}),
        (2, 0, "form_shown", {}), (2, 1801, "form_submitted", {}),
        (3, 0, "form_shown", {}), (3, 1800, "form_submitted", {}),
    ]  # fmt: skip
    result = analysis.run("form", shards_of(story(rows)), {})
    assert [row["attempts"] for row in result.rows] == [5, 4, 4, 1]


def test_no_facts_give_an_empty_answer(shards_of):
    for params in ({}, {"group": ["place"]}):
        result = analysis.run("form", shards_of(story([])), params)
        assert [row["attempts"] for row in result.rows] in ([0, 0, 0, 0], [])
        assert result.tables["fields"].rows == []


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    names = ("form_shown", "field_filled", "form_submitted", "form_succeeded")
    rows = [(1 + i % 97, (i * 7919) % 10**5, names[i % 4], {"field": "甲乙丙"[i % 3],
             "form": "fg"[i % 2]}) for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    params = {"group": ["field"], "idle_minutes": 300}
    whole = analysis.run("form", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("form", shards, params, executor=executors.Threads(3))
    assert parts.rows == whole.rows
    assert parts.tables == whole.tables


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"form": "nothing"}, "form"),
        ({"name": "amount"}, "name"),
        ({"empty": "amount"}, "empty"),
        ({"seconds": "field"}, "seconds"),
        ({"idle_minutes": 0}, "idle_minutes"),
        ({"field": {"event": "a", "filter": {"property": "no"}}}, "field.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("form", shards_of(story([(1, 0, "form_shown", {})])), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story([(1, 0, "form_shown", {}), filled(1, 1, "手机")]))
    odd = {"field": "手机", "form": "开卡", "state": "stopped"}
    for cell in (odd, {"step": 5}, {"state": "odd"}, {"field": "zzz", "form": "开卡"},
                 {"page": "x"}, {"group": ["x"]}):  # fmt: skip
        with pytest.raises(BadInput):
            analysis.people("form", shards, {}, cell)
