"""The event model against plain counting over lists of dicts, and examples one can read."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.histories import (
    ATTRIBUTES,
    DAY,
    HOUR,
    START,
    ZONE,
    exact_percentile,
    histories,
)
from tests.analysis.plain import labels_of
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence.calendar import local_time

FILTERS = (None, {"property": "amount", "op": ">", "value": 0})
COUNTED = ("times", "people", "times_per_person")
NUMERIC = ("sum", "average", "min", "max", "median", "percentile")

measures = st.one_of(
    st.builds(
        lambda event, stat, f: {"event": event, "measure": stat, "filter": f},
        st.sampled_from(["a", ["a", "b"], "*"]),
        st.sampled_from(COUNTED),
        st.sampled_from(FILTERS),
    ),
    st.builds(
        lambda event, stat, f: {
            "event": event, "measure": stat, "property": "amount", "percentile": 75, "filter": f,
        },
        st.sampled_from(["a", "*"]),
        st.sampled_from(NUMERIC),
        st.sampled_from(FILTERS),
    ),
    st.builds(
        lambda event, name: {"event": event, "measure": "distinct", "property": name},
        st.sampled_from(["a", "*"]),
        st.sampled_from(["amount", "place", "gift", "tags"]),
    ),
)  # fmt: skip
questions = st.fixed_dictionaries(
    {
        "measures": st.lists(measures, min_size=1, max_size=3),
        "unit": st.sampled_from(["hour", "day", "week", "month", "total"]),
        "filter": st.sampled_from([None, {"property": "customer.city", "op": "is_set"}]),
        "values": st.sampled_from(["multi", "single"]),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)
groups = st.lists(
    st.sampled_from(["place", "amount", "gift", "tags", "customer.city", "customer.flags"]),
    max_size=2,
    unique=True,
)


def asked(question, group=(), top=50):
    params = {k: v for k, v in question.items() if k != "range"}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return {**params, "group": list(group), "top": top}


def matching(facts, params, measure):
    """The measure's facts in range, in the order of the customer's history."""
    names = [measure["event"]] if isinstance(measure["event"], str) else measure["event"]
    return [
        row
        for row in sorted(facts.rows, key=lambda r: (r["customer"], r["time"], r["arrival"]))
        if (names == ["*"] or row["event"] in names)
        and (not measure.get("filter") or (row.get("amount") or 0) > 0)
        and (not params["filter"] or row["customer"] in ATTRIBUTES["city"])
        and params.get("from", "0000") <= day(row) <= params.get("to", "9999")
    ]


def day(row):
    return local_time(row["time"], ZONE).date().isoformat()


def period(row, unit):
    moment = local_time(row["time"], ZONE)
    if unit == "hour":
        return moment.strftime("%Y-%m-%d %H:00")
    if unit == "week":
        return (moment.date() - timedelta(days=moment.weekday())).isoformat()
    return {"day": moment.date().isoformat(), "month": moment.strftime("%Y-%m"), "total": ""}[unit]


def value(measure, rows, people=None):
    """A measure over facts; `people` where a customer may count in another group only."""
    stat = measure["measure"]
    who = {row["customer"] for row in rows} if people is None else people
    if stat == "times":
        return len(rows)
    if stat == "people":
        return len(who)
    if stat == "times_per_person":
        return len(rows) / len(who) if who else None
    found = [row[measure["property"]] for row in rows if row.get(measure["property"]) is not None]
    if stat == "distinct":
        if measure["property"] == "tags":
            found = [tag for tags in found for tag in tags]
        return len(set(found))
    if stat == "sum":
        return math.fsum(found)
    if not found:
        return None
    if stat == "average":
        return math.fsum(found) / len(found)
    if stat in ("min", "max"):
        return min(found) if stat == "min" else max(found)
    return exact_percentile(found, 50 if stat == "median" else measure["percentile"])


@settings(max_examples=30, deadline=None)
@given(histories(), questions)
def test_every_measure_is_what_counting_gives(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("event", shards, params)
    for i, measure in enumerate(params["measures"]):
        letter = "ABC"[i]
        rows = matching(facts, params, measure)
        assert result.tables["total"].rows[0][letter] == value(measure, rows)
        for shown in result.rows:
            name = shown.get("bucket", "")
            inside = [row for row in rows if period(row, params["unit"]) == name]
            assert shown[letter] == value(measure, inside), (letter, name)
        behind = analysis.people("event", shards, params, {"measure": letter})
        assert set(behind) == {row["customer"] for row in rows}
    if params["unit"] != "total":
        shown = {row["bucket"] for row in result.rows}
        everything = [r for m in params["measures"] for r in matching(facts, params, m)]
        assert {period(row, params["unit"]) for row in everything} <= shown


@settings(max_examples=30, deadline=None)
@given(histories(), questions, groups, st.sampled_from([1, 2, 50]))
def test_groups_and_their_totals_are_counted_not_added(history, question, names, top):
    facts, shards = history
    params = asked(question, names, top)
    if not names or params["unit"] == "hour":
        return
    result = analysis.run("event", shards, params)
    shown = [tuple(r[f"group_{i + 1}"] for i in range(len(names)))
             for r in result.tables["groups"].rows]  # fmt: skip
    assert shown == expected_groups(facts, params, names)
    other = ("(other)",) * len(names)
    for i, measure in enumerate(params["measures"]):
        letter, rows = "ABC"[i], matching(facts, params, measure)
        whole = result.tables["periods"].rows
        for place, label in enumerate(shown):

            def inside(row, label=label):
                found = labels_of(row, names, params["values"])
                return label in found or (label == other and any(f not in shown for f in found))

            mine = [row for row in rows if inside(row)]
            total = result.tables["groups"].rows[place][letter]
            assert total == value(measure, mine, first_only(rows, inside, params))
            for p, of_period in enumerate(whole):
                name = of_period.get("bucket", "")
                now = [row for row in rows if period(row, params["unit"]) == name]
                cell = result.rows[p * len(shown) + place][letter]
                mine_now = [row for row in now if inside(row)]
                assert cell == value(measure, mine_now, first_only(now, inside, params))
                assert of_period[letter] == value(measure, now)
            behind = analysis.people(
                "event", shards, params, {"measure": letter, "group": list(label)}
            )
            assert set(behind) == {row["customer"] for row in mine}


def first_only(rows, inside, params):
    """With `single`, the people whose first event is in the group; else None: all of them."""
    if params["values"] == "multi":
        return None
    first = {}
    for row in rows:
        first.setdefault(row["customer"], row)
    return {customer for customer, row in first.items() if inside(row)}


def expected_groups(facts, params, names):
    """Largest first by the first measure: by people if it counts people, else by events."""
    sizes = {}
    for i, measure in enumerate(params["measures"]):
        for row in matching(facts, params, measure):
            for label in labels_of(row, names, params["values"]):
                members = sizes.setdefault(label, [])
                if i == 0:
                    members.append(row["customer"])
    of_people = params["measures"][0]["measure"] == "people"
    ranked = sorted(
        sizes,
        key=lambda c: (-len(set(sizes[c]) if of_people else sizes[c]), [str(x) for x in c]),
    )
    kept = ranked[: params["top"]]
    return kept + ([("(other)",) * len(names)] if len(kept) < len(ranked) else [])


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def test_people_of_a_week_are_distinct_people_not_summed_days(shards_of):
    shards = shards_of(story([(1, day * DAY, "a", {}) for day in range(5)] + [(2, 0, "a", {})]))
    params = {"measures": [{"event": "a", "measure": "people"}]}
    days = analysis.run("event", shards, params)
    assert [row["A"] for row in days.rows] == [2, 1, 1, 1, 1]
    assert days.tables["total"].rows == [{"A": 2}]
    assert analysis.run("event", shards, {**params, "unit": "week"}).rows == [
        {"bucket": "2026-03-02", "A": 2}
    ]


def test_days_begin_at_local_midnight(shards_of):
    shards = shards_of(story([(1, DAY - 1, "a", {}), (1, DAY, "a", {})]))
    rows = analysis.run("event", shards, {"measures": [{"event": "a"}]}).rows
    assert rows == [{"bucket": "2026-03-02", "A": 1}, {"bucket": "2026-03-03", "A": 1}]


def test_a_formula_joins_measures_and_survives_a_zero(shards_of):
    shards = shards_of(
        story([(1, 0, "a", {}), (1, 1, "a", {}), (2, 2, "b", {}), (1, DAY, "b", {})])
    )
    params = {
        "measures": [{"event": "b"}, {"event": "a"}],
        "formulas": [{"formula": "A / B * 100", "name": "转化"}, {"formula": "-(A - 1.5)"}],
    }
    result = analysis.run("event", shards, params)
    assert [(row["F1"], row["F2"]) for row in result.rows] == [(50.0, 0.5), (None, 0.5)]
    assert result.columns[-2].zh == "转化"


def test_number_groups_take_given_or_found_buckets(shards_of):
    shards = shards_of(story([(c, c, "a", {"amount": float(c)}) for c in range(1, 9)]))
    params = {"measures": [{"event": "a"}], "unit": "total"}
    given_ = analysis.run(
        "event", shards, {**params, "group": [{"property": "amount", "buckets": [2, 7]}]}
    )
    assert [(r["group_1"], r["A"]) for r in given_.rows] == [("2 – 7", 5), ("≥ 7", 2), ("< 2", 1)]
    found = analysis.run(
        "event", shards, {**params, "group": [{"property": "amount", "buckets": 2}]}
    )
    assert [(r["group_1"], r["A"]) for r in found.rows] == [("< 4.5", 4), ("≥ 4.5", 4)]


def test_times_group_by_business_day(shards_of):
    due = [START + DAY - 1, START + DAY, START + DAY + HOUR, None]
    shards = shards_of(story([(1, i, "a", {"due": d}) for i, d in enumerate(due)]))
    params = {"measures": [{"event": "a"}], "unit": "total", "group": ["due"]}
    assert [(r["group_1"], r["A"]) for r in analysis.run("event", shards, params).rows] == [
        ("2026-03-03", 2),
        ("(none)", 1),
        ("2026-03-02", 1),
    ]


def test_the_same_period_last_year_stands_beside_by_place(shards_of):
    year = (date(2026, 3, 2) - date(2025, 3, 2)).days * DAY
    shards = shards_of(
        story([(1, 0, "a", {}), (1, -year, "a", {}), (2, -year, "a", {}), (1, DAY - year, "a", {})])
    )
    params = {"measures": [{"event": "a"}], "from": "2026-03-02", "to": "2026-03-03"}
    result = analysis.run("event", shards, {**params, "compare": "last_year"})
    assert result.rows == [
        {"bucket": "2026-03-02", "A": 1, "A_compared": 2},
        {"bucket": "2026-03-03", "A": 0, "A_compared": 1},
    ]
    span = {"from": "2025-03-02", "to": "2025-03-03"}
    assert analysis.run("event", shards, {**params, "compare": span}).rows == result.rows


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    rows = [(1 + i % 97, i * 1000, "ab"[i % 2], {"amount": i / 4, "place": "京沪"[i % 2]})
            for i in range(2_000)]  # fmt: skip
    shards = shards_of(story(rows))
    params = {
        "measures": [
            {"event": "a", "measure": "people"},
            *({"event": "*", "measure": m, "property": "amount"} for m in NUMERIC),
            {"event": "b", "measure": "distinct", "property": "amount"},
        ],
        "group": ["place"],
        "unit": "hour",
    }
    whole = analysis.run("event", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("event", shards, params, executor=executors.Threads(3))
    assert len(executors.cut(shards, workers=3)) > 5
    assert parts.rows == whole.rows
    assert parts.tables == whole.tables


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    params = {"measures": [{"event": "a"}, {"event": "a", "measure": "sum", "property": "amount"}]}
    result = analysis.run("event", shards, {**params, "unit": "total"})
    assert result.rows == [{"A": 0, "B": 0.0}]
    grouped = analysis.run("event", shards, {**params, "group": ["place"], "unit": "total"})
    assert grouped.rows == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"measures": []}, "measures"),
        ({"measures": [{"event": "a", "measure": "sum"}]}, "property"),
        ({"measures": [{"event": "a", "property": "amount"}]}, "property"),
        ({"measures": [{"event": "a", "measure": "sum", "property": "place"}]}, "measures[0]"),
        ({"measures": [{"event": "a", "measure": "distinct", "property": "no"}]}, "measures[0]"),
        ({"formulas": [{"formula": "A / C"}]}, "formulas[0]"),
        ({"formulas": [{"formula": "__import__('os')"}]}, "formulas[0]"),
        ({"formulas": [{"formula": "A +"}]}, "formulas[0]"),
        ({"formulas": [{"formula": "A ** 9"}]}, "formulas[0]"),
        ({"group": [{"property": "place", "buckets": 3}]}, "group[0]"),
        ({"group": [{"property": "amount", "buckets": [3, 1]}]}, "bucket edges"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
        ({"unit": "minute", "from": "2026-01-01", "to": "2026-03-01"}, "periods"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    shards = shards_of(story([(1, 0, "a", {})]))
    with pytest.raises(BadInput) as caught:
        analysis.run("event", shards, {"measures": [{"event": "a"}], **change})
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    shards = shards_of(story([(1, 0, "a", {})]))
    for cell in ({"measure": "B"}, {"bucket": "1999-01-01"}, {"group": ["x"]}):
        with pytest.raises(BadInput):
            analysis.people("event", shards, {"measures": [{"event": "a"}]}, cell)
