"""The LTV model against its definition, and examples one can read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import ltv_oracle as oracle
from tests.analysis.histories import DAY, MINUTE, START, ZONE, by_customer, histories
from tests.analysis.test_event import labels_of
from tests.analysis.test_funnel import FILTERS, meets, passes, rules_of
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of
from yutang.sequence.source import NO_TIME, Attribute

JOINED = {1: START - DAY, 2: START + DAY // 2, 3: START + 2 * DAY}
AMOUNT = {"property": "amount"}
questions = st.fixed_dictionaries(
    {
        "start": st.sampled_from([{"event": "a"}, {"event": ["b", "x"], "filter": FILTERS[2]}]),
        "revenue": st.sampled_from(
            [
                [{"event": "*", **AMOUNT}],
                [{"event": ["a", "b"], **AMOUNT}, {"event": "x", **AMOUNT, "factor": -1}],
                [{"event": "a", **AMOUNT, "filter": FILTERS[1]}, {"event": "a", **AMOUNT}],
            ]
        ),
        "margin": st.sampled_from([1.0, 0.5]),
        "days": st.sampled_from([[1, 2, 3], [2], [1, 30]]),
        "unit": st.sampled_from(["total", "day", "week"]),
        "filter": st.sampled_from(FILTERS),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)


def asked(question, by_date=False, **more):
    params = {k: v for k, v in question.items() if k != "range"} | more
    if by_date:
        params = {k: v for k, v in params.items() if k != "start"} | {"date": "customer.joined"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params


def local(moment):
    return day_of(moment, ZONE)


def matches(row, one):
    return meets(row, {**one, "event": row["event"]} if one["event"] == "*" else one)


def starters_of(facts, params):
    """[(customer, start, his facts)]"""
    rules = rules_of({**params, "window": {"unit": "same_day"}, "order": None, "end": "extend"})
    found = []
    for customer, rows in by_customer(facts).items():
        mine = [row for row in rows if passes(row, params["filter"])]
        of_customer = params["filter"] == FILTERS[3]
        if of_customer and not mine:
            continue
        began = None
        if "date" in params:
            began = JOINED.get(customer)
            if began is None or not rules["lo"] <= began <= rules["hi"]:
                continue
        start = oracle.starter(
            mine,
            starts=lambda row: matches(row, params["start"])
            and rules["lo"] <= row["time"] <= rules["hi"],
            began=began, day_of=local,
        )  # fmt: skip
        if start:
            found.append((customer, start, mine))
    return found


def expected_rows(facts, params, starters):
    today = local(max(row["time"] for row in facts.rows)) if facts.rows else None

    def worth(row):
        return [
            (row["amount"], one.get("factor", 1))
            for one in params["revenue"]
            if matches(row, one) and row.get("amount") is not None
        ]

    rows = []
    for n in params["days"]:
        ended = [s for s in starters if oracle.has_ended(s[1], n, today)]
        money = [oracle.earned(s[2], s[1], n, worth=worth, day_of=local) for s in ended]
        revenue, payers = sum(total for total, _ in money), sum(paid for _, paid in money)
        rows.append(
            {
                "day": n, "starters": len(starters), "people": len(ended), "payers": payers,
                "revenue": revenue,
                "arpu": revenue / len(ended) if ended else None,
                "arppu": revenue / payers if payers else None,
                "ltv": revenue / len(ended) * params["margin"] if ended else None,
                "open": len(starters) - len(ended),
            }
        )  # fmt: skip
    return rows


def with_joined(shards):
    values = np.full(4, NO_TIME, np.int64)
    for customer, moment in JOINED.items():
        values[customer] = moment
    shards.attributes["joined"] = Attribute("time", values)


def cohort(start, unit):
    day = start[1]
    return (day - timedelta(days=day.weekday()) if unit == "week" else day).isoformat()


@settings(max_examples=40, deadline=None)
@given(histories(), questions, st.booleans())
def test_ltv_is_what_its_definition_says(history, question, by_date):
    facts, shards = history
    with_joined(shards)
    params = asked(question, by_date)
    result = analysis.run("ltv", shards, params)
    starters = starters_of(facts, params)
    whole = expected_rows(facts, params, starters)
    assert result.tables["total"].rows == whole
    if params["unit"] == "total":
        assert result.rows == whole
    else:
        shown = list(dict.fromkeys(row["period"] for row in result.rows))
        assert {cohort(s[1], params["unit"]) for s in starters} <= set(shown)
        for name in shown:
            inside = [s for s in starters if cohort(s[1], params["unit"]) == name]
            rows = [row for row in result.rows if row["period"] == name]
            plain = [{k: v for k, v in row.items() if k != "period"} for row in rows]
            assert plain == expected_rows(facts, params, inside)
            behind = analysis.people("ltv", shards, params, {"period": name})
            assert set(behind) == {customer for customer, *_ in inside}
    for row in whole:
        for state in ("starters", "people", "payers", "open"):
            cell = {"day": row["day"], "state": state}
            assert len(analysis.people("ltv", shards, params, cell)) == row[state]


@settings(max_examples=25, deadline=None)
@given(
    histories(),
    questions,
    st.lists(
        st.sampled_from(["place", "tags", "customer.city", "customer.flags"]),
        min_size=1,
        max_size=2,
        unique=True,
    ),
    st.sampled_from(["multi", "single"]),
    st.sampled_from([1, 50]),
)
def test_groups_hold_the_starters_their_values_say(history, question, names, values, top):
    facts, shards = history
    params = {**asked(question), "unit": "total", "group": names, "values": values, "top": top}
    result = analysis.run("ltv", shards, params)
    starters = starters_of(facts, params)
    members = {}
    for one in starters:
        for label in labels_of(one[1][2], names, values):
            members.setdefault(label, []).append(one)
    ranked = sorted(members, key=lambda c: (-len(members[c]), [str(x) for x in c]))
    kept, other = ranked[:top], ("(other)",) * len(names)
    keys = [f"group_{i + 1}" for i in range(len(names))]
    shown = list(dict.fromkeys(tuple(row[k] for k in keys) for row in result.rows))
    assert shown == kept + ([other] if len(kept) < len(ranked) else [])
    for label in shown:
        inside = members.get(label) or [
            s for s in starters if any(s in members[c] for c in ranked if c not in kept)
        ]
        rows = [row for row in result.rows if tuple(row[k] for k in keys) == label]
        plain = [{k: v for k, v in row.items() if k not in keys} for row in rows]
        assert plain == expected_rows(facts, params, inside)
        behind = analysis.people("ltv", shards, params, {"group": list(label)})
        assert set(behind) == {customer for customer, *_ in inside}


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(), questions, st.booleans())
def test_ltv_is_what_its_definition_says_many_times(history, question, by_date):
    facts, shards = history
    with_joined(shards)
    params = asked(question, by_date)
    whole = expected_rows(facts, params, starters_of(facts, params))
    assert analysis.run("ltv", shards, params).tables["total"].rows == whole


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append(
        [{"customer": c, "time": START + t, "event": e, **({"amount": float(a)} if a else {})}
         for c, t, e, a in rows]
    )  # fmt: skip
    return facts


ASK = {
    "start": {"event": "join"},
    "revenue": [{"event": "buy", "property": "amount"}],
    "days": [1, 2, 7],
}


def test_days_are_business_days_and_those_not_over_are_left_out(shards_of):
    shards = shards_of(
        story(
            [(1, 23 * 60 * MINUTE, "join", 0), (1, 23 * 60 * MINUTE, "buy", 10), (1, DAY, "buy", 5),
             (2, 2 * DAY, "join", 0), (2, 2 * DAY, "buy", 100), (1, 3 * DAY, "other", 0)]
        )
    )  # fmt: skip
    rows = analysis.run("ltv", shards, {**ASK, "margin": 0.5}).rows
    assert [(r["day"], r["people"], r["payers"], r["revenue"], r["open"]) for r in rows] == [
        (1, 2, 2, 110.0, 0),
        (2, 1, 1, 15.0, 1),
        (7, 0, 0, 0.0, 2),
    ]
    assert (rows[0]["arpu"], rows[0]["ltv"], rows[2]["ltv"]) == (55.0, 27.5, None)


def test_what_came_before_the_start_does_not_count(shards_of):
    shards = shards_of(story([(1, 0, "buy", 9), (1, MINUTE, "join", 0), (1, DAY * 9, "other", 0)]))
    assert [row["revenue"] for row in analysis.run("ltv", shards, ASK).rows] == [0, 0, 0]


def test_payback_is_the_first_day_that_covers_the_cost(shards_of):
    shards = shards_of(
        story(
            [(1, 0, "join", 0), (1, DAY, "buy", 30), (1, 4 * DAY, "buy", 30),
             (1, 20 * DAY, "other", 0)]
        )
    )  # fmt: skip
    result = analysis.run("ltv", shards, {**ASK, "cac": 50})
    assert result.tables["payback"].rows == [
        {"starters": 1, "cac": 50, "ltv": 60.0, "ltv_days": 7, "ltv_ratio": 1.2, "payback_day": 5}
    ]
    never = analysis.run("ltv", shards, {**ASK, "cac": 61}).tables["payback"].rows[0]
    assert never["payback_day"] is None


def test_costs_of_groups_are_shared_by_their_starters(shards_of):
    facts = story([(1, 0, "join", 0), (2, 0, "join", 0), (2, 1, "buy", 8), (1, 9 * DAY, "x", 0)])
    for row in facts.rows:
        row["place"] = "京"
    shards = shards_of(facts)
    params = {**ASK, "group": ["place"], "costs": {"京": 6}}
    row = analysis.run("ltv", shards, params).tables["payback"].rows[0]
    assert (row["group_1"], row["cac"], row["payback_day"]) == ("京", 3.0, 1)
    with pytest.raises(BadInput, match="there is no group '沪'"):
        analysis.run("ltv", shards, {**params, "costs": {"沪": 1}})


def test_no_facts_give_an_empty_curve(shards_of):
    result = analysis.run("ltv", shards_of(story([])), {**ASK, "unit": "day"})
    assert result.rows == []
    assert [row["people"] for row in result.tables["total"].rows] == [0, 0, 0]


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [
        (1 + i % 97, i * i % (30 * DAY), ("join", "buy")[i % 2], i % 2 * i) for i in range(2000)
    ]
    shards = shards_of(story(rows))
    params = {**ASK, "unit": "week", "cac": 3}
    whole = analysis.run("ltv", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("ltv", shards, params, executor=executors.Threads(3))
    assert (parts.rows, parts.tables) == (whole.rows, whole.tables)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": None}, "parameters: name a start event or a date attribute"),
        ({"date": "customer.x"}, "parameters: name a start event or a date attribute"),
        ({"start": None, "date": "customer.x"}, "date: there is no property 'customer.x'."),
        ({"start": None, "date": "due"}, "date: 'due' is no date attribute."),
        ({"revenue": [{"event": "buy"}]}, "“revenue.0.property” is missing."),
        ({"revenue": [{"event": "buy", "property": "place"}]}, "revenue[0]: 'place' is no number"),
        ({"days": [7, 3]}, "days: days are rising numbers from 1 to 730"),
        ({"margin": 1.5}, "“margin” is at most 1.0."),
        ({"costs": {"a": 1}}, "parameters: costs are by group"),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(shards_of, change, said):
    with pytest.raises(BadInput) as refused:
        analysis.run("ltv", shards_of(story([])), {**ASK, **change})
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("cell", [{"day": 5}, {"state": "odd"}, {"group": ["no"]}])
def test_cells_that_are_not_there_are_refused(shards_of, cell):
    with pytest.raises(BadInput):
        analysis.people("ltv", shards_of(story([(1, 0, "join", 0)])), ASK, cell)
