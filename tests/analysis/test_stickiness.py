"""The stickiness model against plain counting, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.histories import DAY, START, ZONE, histories, wide_events
from tests.analysis.plain import (
    FILTERS,
    all_days,
    asked_days,
    day_of,
    period_label,
    period_number,
    rate,
)
from tests.analysis.tally_oracle import by_group, done
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput

GROUPS = ["place", "gift", "tags", "customer.city", "customer.flags"]


@st.composite
def questions(draw):
    unit, within = draw(
        st.sampled_from([("day", "week"), ("day", "month"), ("week", "month"), ("week", "quarter")])
    )
    params = {
        "event": {"event": draw(st.sampled_from(["a", ["a", "b"], "*"])),
                  "filter": draw(st.sampled_from(FILTERS))},
        "unit": unit,
        "within": within,
        "filter": draw(st.sampled_from(FILTERS)),
        "sample": draw(st.sampled_from([1, 1, 1, 2])),
        "values": draw(st.sampled_from(["multi", "single"])),
        "group": draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)),
        "top": draw(st.sampled_from([1, 2, 50])),
    }  # fmt: skip
    if draw(st.booleans()):
        params["from"], params["to"] = draw(
            st.sampled_from([("2026-03-01", "2026-03-03"), ("2026-02-27", "2026-05-01")])
        )
    return params


def units_of(days, params):
    """The units of some days of one period, in order."""
    return sorted({period_number(day, params["unit"]) for day in days})


def check(facts, shards, params):
    result = analysis.run("stickiness", shards, params)
    within, sample = params["within"], params["sample"]
    shown, cells = by_group(done(facts, params), params, within)
    days = {}
    for day in all_days(*asked_days(facts, params)):
        days.setdefault(period_number(day, within), []).append(day)
    last = max((day_of(row) for row in facts.rows), default=None)
    rows = {label: [] for label in cells}
    of_period = {label: [] for label in cells}
    for number, inside in days.items():
        name = period_label(inside[0], within)
        for label, mine in cells.items():
            head = {"period": name, **{f"group_{i}": v for i, v in enumerate(label, 1)}}
            active = [
                len(units_of([day_of(row) for row in facts_of], params))
                for (_, p), facts_of in mine.items()
                if p == number
            ]
            people = len(active)
            for k in range(1, len(units_of(inside, params)) + 1):
                least = sum(n >= k for n in active)
                rows[label].append(
                    {
                        **head, "active": k, "people": active.count(k) * sample,
                        "share": rate(active.count(k), people),
                        "people_at_least": least * sample, "share_at_least": rate(least, people),
                    }
                )  # fmt: skip
            begun = len(units_of([d for d in inside if last and d <= last], params))
            of_period[label].append(
                {
                    **head, "people": people * sample, "average_units": rate(sum(active), people),
                    "units": begun, "stickiness": rate(sum(active), people * begun),
                    "open": last is None or inside[-1] >= last,
                }
            )  # fmt: skip
    order = shown if params["group"] else [()]
    assert result.rows == interleaved(rows, order)
    assert result.tables["periods"].rows == of_period[()]
    if params["group"]:
        assert result.tables["all"].rows == rows[()]
        assert result.tables["groups"].rows == interleaved(of_period, order)
    check_units(result, cells[()], days, params)
    check_people(shards, params, cells, order, days)


def interleaved(by_label, order):
    """Rows of a period beside each other, group by group."""
    periods = list(dict.fromkeys(row["period"] for rows in by_label.values() for row in rows))
    return [
        row
        for name in periods
        for label in order
        for row in by_label[label]
        if row["period"] == name
    ]


def check_units(result, cells, days, params):
    sample, everybody = params["sample"], {customer for customer, _ in cells}
    assert result.tables["total"].rows == [{"people": len(everybody) * sample}]
    expected = []
    for number, inside in days.items():
        of_people = sum(p == number for _, p in cells)
        for unit in units_of(inside, params):
            there = {
                customer
                for (customer, p), rows in cells.items()
                if p == number
                and any(period_number(day_of(row), params["unit"]) == unit for row in rows)
            }
            day = next(d for d in inside if period_number(d, params["unit"]) == unit)
            expected.append(
                {
                    "period": period_label(day, params["unit"]), "people": len(there) * sample,
                    "of_people": of_people * sample, "share": rate(len(there), of_people),
                }
            )  # fmt: skip
    assert result.tables["units"].rows == expected


def check_people(shards, params, cells, order, days):
    for label in order:
        for number, inside in [(None, None), *days.items()]:
            for k in (None, 1, 2):
                if k == 2 and not any(len(units_of(some, params)) > 1 for some in days.values()):
                    continue
                for measure in ("people", "people_at_least"):
                    cell = {"measure": measure}
                    if label:
                        cell["group"] = list(label)
                    if number is not None:
                        cell["period"] = period_label(inside[0], params["within"])
                    if k:
                        cell["active"] = k
                    expected = set()
                    for (customer, p), rows in cells[label].items():
                        n = len(units_of([day_of(row) for row in rows], params))
                        fits = k is None or (n == k if measure == "people" else n >= k)
                        if (number is None or p == number) and fits:
                            expected.add(customer)
                    found = analysis.people("stickiness", shards, params, cell)
                    assert set(found) == expected, cell


@settings(max_examples=30, deadline=None)
@given(histories(wide_events), questions())
def test_stickiness_is_what_counting_gives(history, params):
    check(*history, params)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(wide_events), questions())
def test_stickiness_at_length(history, params):
    check(*history, params)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + d * DAY, "event": e} for c, d, e in rows])
    return facts


# March: one customer on three days, two on one day; the last fact is on 31 March.
MARCH = [
    (1, 0, "a"),
    (1, 0, "a"),
    (1, 1, "a"),
    (1, 9, "a"),
    (2, 0, "a"),
    (3, 29, "a"),
    (9, 29, "x"),
]


def test_a_month_of_three_people(shards_of):
    ask = {"event": "a", "from": "2026-03-01", "to": "2026-03-31"}
    result = analysis.run("stickiness", shards_of(story(MARCH)), ask)
    assert len(result.rows) == 31
    assert [(r["active"], r["people"], r["people_at_least"]) for r in result.rows[:4]] == [
        (1, 2, 3), (2, 0, 1), (3, 1, 1), (4, 0, 0),
    ]  # fmt: skip
    month = result.tables["periods"].rows[0]
    assert month["stickiness"] == 5 / (31 * 3)  # five active days of people in 31 days, of three
    assert month["open"]
    assert "open_period" in {caveat.code for caveat in result.caveats}


def test_a_week_across_two_months_counts_in_both(shards_of):
    facts = story([(1, 29, "a"), (1, 30, "a"), (2, 60, "a")])  # Tuesday 31 March, Wednesday
    ask = {"event": "a", "unit": "week", "to": "2026-04-30"}
    rows = analysis.run("stickiness", shards_of(facts), ask).rows
    assert [(r["period"], r["people"]) for r in rows if r["active"] == 1] == [
        ("2026-03", 1),
        ("2026-04", 1),
    ]


def test_a_single_group_is_that_of_the_first_event_of_each_period(shards_of):
    facts = MemoryFacts(ZONE)
    visits = [(0, "京"), (1, "沪"), (7, "沪"), (8, "京")]
    facts.append(
        [{"customer": 1, "time": START + d * DAY, "event": "a", "place": p} for d, p in visits]
    )
    ask = {"event": "a", "within": "week", "group": ["place"], "to": "2026-03-15"}
    shards = shards_of(facts)

    def people(**change):
        rows = analysis.run("stickiness", shards, {**ask, **change}).rows
        return {(r["period"][-2:], r["group_1"], r["active"]) for r in rows if r["people"]}

    assert people(values="single") == {("02", "京", 2), ("09", "沪", 2)}
    each = {(week, place, 1) for week in ("02", "09") for place in "京沪"}
    assert people(values="multi") == each


def test_no_facts_give_an_empty_answer(shards_of):
    result = analysis.run("stickiness", shards_of(MemoryFacts(ZONE)), {"group": ["place"]})
    assert result.rows == []
    assert result.tables["total"].rows == [{"people": 0}]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"event": {"event": ""}}, "event.event"),
        ({"unit": "week", "within": "week"}, "within"),
        ({"unit": "hour"}, "unit"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
        ({"event": {"event": "a", "filter": {"property": "no", "value": 1}}}, "event.filter"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("stickiness", shards_of(story(MARCH)), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    for cell in ({"active": 99}, {"active": "1"}, {"period": "1999-01"}, {"group": ["x"]}):
        with pytest.raises(BadInput):
            analysis.people("stickiness", shards_of(story(MARCH)), {}, cell)
