"""The session model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import session_oracle as oracle
from tests.analysis.histories import DAY, HOUR, MINUTE, START, ZONE, histories
from tests.analysis.sessions_oracle import is_inside, kept_groups, sessions
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

AMOUNT = {"property": "amount", "op": ">", "value": 0}
questions = st.fixed_dictionaries(
    {
        "idle_minutes": st.sampled_from([1, 30, 720, 1439]),
        "unit": st.sampled_from(["day", "week", "month", "total"]),
        "values": st.sampled_from(["multi", "single"]),
        "split_days": st.booleans(),
        "filter": st.sampled_from([None, None, AMOUNT, {"property": "customer.city",
                                                        "op": "is_set"}]),
    },
    optional={
        "events": st.sampled_from([{"event": ["a", "b"]}, {"event": "*", "filter": AMOUNT}]),
        "start": st.sampled_from([{"event": "a"}, {"event": ["a", "x"], "filter": AMOUNT}]),
        "end": st.sampled_from([{"event": "c"}, {"event": "a"}]),
        "page": st.sampled_from(["place", "amount", "gift"]),
        "range": st.sampled_from([("2026-03-03", "2026-03-04"), ("2026-03-05",) * 2]),
    },
)  # fmt: skip
groups = st.lists(
    st.sampled_from(["place", "tags", "customer.city", "customer.flags"]), max_size=2, unique=True
)


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params | more


def expected(facts, params):
    return sessions(facts, params, [params.get("start"), params.get("end")])


def check(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("session", shards, params)
    found = expected(facts, params)
    unit, page = params["unit"], params.get("page")
    total = result.tables["total"].rows
    assert total == [oracle.numbers(found) | oracle.lengths(found)]
    shown = {row.get("period", "") for row in result.rows}
    assert {oracle.period(one[0]["time"], unit) for one in found} <= shown
    for row in result.rows:
        name = row.pop("period", "")
        now = [one for one in found if oracle.period(one[0]["time"], unit) == name]
        assert row == oracle.numbers(now)
        cell = {"period": name} if unit != "total" else {}
        behind = analysis.people("session", shards, params, cell)
        assert set(behind) == {one[0]["customer"] for one in now}
    for place, name in ((0, "entry"), (-1, "exit")):
        rows = result.tables[name].rows
        assert rows == oracle.ends(found, place, name, page)
        for row in rows[:2]:
            cell = {name: row[name], "bounce": True}
            assert len(analysis.people("session", shards, params, cell)) <= row["bounces"]
            cell = {name: row[name]}
            assert len(analysis.people("session", shards, params, cell)) == row["people"]
    assert sum(row["sessions"] for row in result.tables["depth"].rows) == len(found)
    assert result.tables["depth"].rows[0]["sessions"] == sum(len(one) == 1 for one in found)
    over = sum(oracle.length(one) >= HOUR for one in found)
    assert result.tables["length"].rows[-1]["sessions"] == over


@settings(max_examples=40, deadline=None)
@given(histories(), questions)
def test_sessions_are_what_their_definition_says(history, question):
    check(history, question)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(histories(), questions)
def test_sessions_are_what_their_definition_says_many_times(history, question):
    check(history, question)


@settings(max_examples=30, deadline=None)
@given(histories(), questions, groups, st.sampled_from([1, 2, 50]))
def test_groups_are_counted_not_added(history, question, names, top):
    facts, shards = history
    if not names:
        return
    params = asked(question, group=names, top=top)
    values, unit = params["values"], params["unit"]
    found = expected(facts, params)
    result = analysis.run("session", shards, params)
    labels = kept_groups([one[0] for one in found], names, values, top)
    rows = result.tables["groups"].rows
    assert [tuple(row[f"group_{i + 1}"] for i in range(len(names))) for row in rows] == labels
    whole = result.tables["periods"].rows
    for g, label in enumerate(labels):

        def inside(one, label=label):
            return is_inside(one[0], label, labels, names, values)

        mine = [one for one in found if inside(one)]
        want = oracle.numbers(mine, first_only(found, inside, values)) | oracle.lengths(mine)
        assert {k: v for k, v in rows[g].items() if not k.startswith("group_")} == want
        for place, name in ((0, "entry"), (-1, "exit")):
            ends = [
                {k: v for k, v in row.items() if not k.startswith("group_")}
                for row in result.tables[f"{name}_by_group"].rows
                if tuple(row[f"group_{i + 1}"] for i in range(len(names))) == label
            ]
            assert ends == oracle.ends(mine, place, name, params.get("page"))
        behind = analysis.people("session", shards, params, {"group": list(label)})
        assert set(behind) == {one[0]["customer"] for one in mine}
        for p, of_period in enumerate(whole):
            name = of_period.get("period", "")
            now = [one for one in found if oracle.period(one[0]["time"], unit) == name]
            want = oracle.numbers(
                [one for one in now if inside(one)], first_only(now, inside, values)
            )
            row = result.rows[p * len(labels) + g]
            assert {k: row[k] for k in want} == want


def first_only(found, inside, values):
    if values == "multi":
        return None
    first = {}
    for one in found:
        first.setdefault(one[0]["customer"], one)
    return {customer for customer, one in first.items() if inside(one)}


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def test_a_pause_of_exactly_the_idle_time_still_belongs(shards_of):
    shards = shards_of(
        story([(1, 0, "a", {}), (1, 30 * MINUTE, "b", {}), (1, 60 * MINUTE + 1, "c", {}),
               (2, 0, "a", {})])
    )  # fmt: skip
    row = analysis.run("session", shards, {"unit": "total"}).rows[0]
    assert row == {"sessions": 3, "people": 2, "sessions_per_person": 1.5, "depth": 4 / 3,
                   "bounce_rate": 2 / 3, "seconds": 600.0}  # fmt: skip


def test_a_visit_over_midnight_is_one_or_two_by_choice(shards_of):
    shards = shards_of(story([(1, DAY - MINUTE, "a", {}), (1, DAY, "b", {})]))
    assert [r["sessions"] for r in analysis.run("session", shards, {}).rows] == [1, 0]
    split = analysis.run("session", shards, {"split_days": True})
    assert [r["sessions"] for r in split.rows] == [1, 1]
    later = {"from": "2026-03-03", "to": "2026-03-03"}
    assert analysis.run("session", shards, later).rows[0]["sessions"] == 0


def test_a_sampled_answer_is_that_of_the_drawn_customers_scaled_up(shards_of):
    shards = shards_of(story([(c, c, "a", {}) for c in range(1, 200)]))
    params = {"unit": "total", "sample": 4}
    drawn = analysis.people("session", shards, params, {})
    row = analysis.run("session", shards, params).rows[0]
    assert 0 < len(drawn) < 199
    assert (row["sessions"], row["people"]) == (4 * len(drawn), 4 * len(drawn))


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [(1 + i % 97, (i * 7919) % 10**8, "abc"[i % 3], {"place": "京沪"[i % 2]})
            for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    params = {"group": ["place"], "page": "place", "idle_minutes": 600}
    whole = analysis.run("session", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("session", shards, params, executor=executors.Threads(3))
    assert parts.rows == whole.rows
    assert parts.tables == whole.tables


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    result = analysis.run("session", shards, {"unit": "total", "group": ["place"]})
    assert result.rows == []
    assert result.tables["total"].rows[0]["sessions"] == 0
    assert result.tables["entry"].rows == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"idle_minutes": 0}, "idle_minutes"),
        ({"page": "nothing"}, "page"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
        ({"group": ["nothing"]}, "group[0]"),
        ({"start": {"event": ""}}, "start"),
        ({"start": {"event": "a", "filter": {"property": "no"}}}, "start.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("session", shards_of(story([(1, 0, "a", {})])), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story([(1, 0, "a", {})]))
    for cell in ({"period": "1999-01-01"}, {"group": ["x"]}, {"step": 1}):
        with pytest.raises(BadInput):
            analysis.people("session", shards, {}, cell)
