"""The distribution model against plain counting, and examples one can read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.histories import (
    DAY,
    HOUR,
    START,
    ZONE,
    exact_percentile,
    histories,
    wide_events,
)
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
COUNTED = ("times", "days", "hours")
# Written down, not worked out: what automatic buckets are called.
OF_COUNTS = [(1, 2, "1"), (2, 3, "2"), (3, 5, "3 – 4"), (5, 10, "5 – 9"), (10, 20, "10 – 19"),
             (20, 50, "20 – 49")]  # fmt: skip
OF_NUMBERS = [(None, 0, "< 0"), (0, 1, "0 – 1"), (1, 2, "1 – 2"), (2, 5, "2 – 5"),
              (5, 10, "5 – 10"), (10, 20, "10 – 20"), (20, 50, "20 – 50")]  # fmt: skip
GIVEN = [(None, 0.5, "< 0.5"), (0.5, 2, "0.5 – 2"), (2, None, "≥ 2")]


@st.composite
def questions(draw):
    measure = draw(st.sampled_from([*COUNTED, "sum", "average", "min", "max"]))
    params = {
        "event": {
            "event": draw(st.sampled_from(["a", ["a", "b"], "*"])),
            "filter": draw(st.sampled_from(FILTERS)),
        },
        "measure": measure,
        "property": None if measure in COUNTED else "amount",
        "unit": draw(st.sampled_from(["day", "week", "month", "quarter", "total"])),
        "buckets": draw(st.sampled_from([None, None, [0.5, 2]])),
        "filter": draw(st.sampled_from(FILTERS)),
        "sample": draw(st.sampled_from([1, 1, 1, 2])),
        "values": draw(st.sampled_from(["multi", "single"])),
        "group": draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)),
        "top": draw(st.sampled_from([1, 2, 50])),
    }
    if draw(st.booleans()):
        params["from"], params["to"] = draw(
            st.sampled_from([("2026-03-01", "2026-03-03"), ("2026-02-27", "2026-05-01")])
        )
    return params


def value_of(rows, params):
    """A customer's value; None where he has none."""
    measure = params["measure"]
    if measure == "times":
        return float(len(rows))
    if measure in COUNTED:
        length = DAY if measure == "days" else HOUR
        return float(len({(row["time"] - START) // length for row in rows}))
    found = [row["amount"] for row in rows if row.get("amount") is not None]
    if not found:
        return None
    if measure == "average":
        return math.fsum(found) / len(found)
    return {"sum": math.fsum, "min": min, "max": max}[measure](found)


def inside(value, span):
    least, below, _ = span
    return (least is None or value >= least) and (below is None or value < below)


def spans_of(values, params):
    if params["buckets"]:
        known, automatic = GIVEN, False
    else:
        known, automatic = (OF_COUNTS if params["measure"] in COUNTED else OF_NUMBERS), True
    used = [i for i, span in enumerate(known) if any(inside(v, span) for v in values)]
    if not automatic:
        return known
    return known[min(used) : max(used) + 1] if used else []


def bucket_rows(head, values, spans, sample):
    return [
        {
            **head, "bucket": span[2], "least": span[0], "below": span[1],
            "people": sum(inside(v, span) for v in values) * sample,
            "share": rate(sum(inside(v, span) for v in values), len(values)),
        }
        for span in spans
    ]  # fmt: skip


def check(facts, shards, params):
    result = analysis.run("distribution", shards, params)
    unit, sample = params["unit"], params["sample"]
    shown, cells = by_group(done(facts, params), params, None if unit == "total" else unit)
    order = shown if params["group"] else [()]
    worth = {
        label: {
            key: value_of(rows, params)
            for key, rows in mine.items()
            if value_of(rows, params) is not None
        }
        for label, mine in cells.items()
    }
    spans = spans_of(list(worth[()].values()), params)
    days = {}
    for day in all_days(*asked_days(facts, params)):
        days.setdefault(0 if unit == "total" else period_number(day, unit), []).append(day)
    last = max((day_of(row) for row in facts.rows), default=None)
    expected, statistics = {}, {}
    for number, some in days.items():
        for label in worth:
            head = {} if unit == "total" else {"period": period_label(some[0], unit)}
            head |= {f"group_{i}": v for i, v in enumerate(label, 1)}
            values = [v for (_, p), v in worth[label].items() if p == number]
            expected[number, label] = bucket_rows(head, values, spans, sample)
            statistics[number, label] = {
                **head, "people": len(values) * sample, "sum": math.fsum(values) * sample,
                "average": rate(math.fsum(values), len(values)),
                **{f"p{p}": exact_percentile(values, p) for p in (25, 50, 75, 90)},
                "open": last is None or some[-1] >= last,
            }  # fmt: skip
    assert result.rows == [row for p in days for label in order for row in expected[p, label]]
    assert near(result.tables["periods"].rows, [statistics[p, ()] for p in days])
    if params["group"]:
        assert result.tables["all"].rows == [row for p in days for row in expected[p, ()]]
        found = [statistics[p, label] for p in days for label in order]
        assert near(result.tables["groups"].rows, found)
    check_totals(result, worth[()], spans, sample)
    check_people(shards, params, worth, order, days, spans)


def near(rows, expected):
    """Equal; averages of thirds may differ in the last digit."""
    assert len(rows) == len(expected)
    for row, other in zip(rows, expected, strict=True):
        assert row.keys() == other.keys()
        for key, value in row.items():
            same = pytest.approx(other[key], rel=1e-12) if isinstance(value, float) else other[key]
            assert value == same, key
    return True


def check_totals(result, worth, spans, sample):
    everybody = {customer for customer, _ in worth}
    expected = []
    for span in spans:
        people = {customer for (customer, _), value in worth.items() if inside(value, span)}
        expected.append((span[2], len(people) * sample, rate(len(people), len(everybody))))
    shown = [(r["bucket"], r["people"], r["share"]) for r in result.tables["total"].rows]
    assert shown == expected


def check_people(shards, params, worth, order, days, spans):
    for label in order:
        for number in (None, next(iter(days))):
            for span in (None, *spans):
                cell = {"group": list(label)}
                if number is not None and params["unit"] != "total":
                    cell["period"] = period_label(days[number][0], params["unit"])
                if span:
                    cell["bucket"] = span[2]
                expected = {
                    customer
                    for (customer, p), value in worth[label].items()
                    if (number is None or p == number) and (span is None or inside(value, span))
                }
                found = analysis.people("distribution", shards, params, cell)
                assert set(found) == expected, cell


@settings(max_examples=30, deadline=None)
@given(histories(wide_events), questions())
def test_a_distribution_is_what_counting_gives(history, params):
    check(*history, params)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(wide_events), questions())
def test_distribution_at_length(history, params):
    check(*history, params)


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START + t, "event": e, **p} for c, t, e, p in rows])
    return facts


def brief(result):
    return [(row["bucket"], row["people"]) for row in result.rows]


# One buys seven times, one twice on one day, two once.
SHOP = [
    *((1, d * DAY, "pay", {"amount": 30.0}) for d in range(7)),
    (2, 0, "pay", {"amount": 10.0}), (2, HOUR, "pay", {"amount": -4.0}),
    (3, DAY, "pay", {"amount": 139.0}), (4, 2 * DAY, "pay", {}),
]  # fmt: skip


def test_how_often_and_on_how_many_days(shards_of):
    shards = shards_of(story(SHOP))
    times = analysis.run("distribution", shards, {"event": "pay"})
    assert brief(times) == [("1", 2), ("2", 1), ("3 – 4", 0), ("5 – 9", 1)]
    assert times.rows[0]["share"] == 0.5
    days = analysis.run("distribution", shards, {"event": "pay", "measure": "days"})
    assert brief(days) == [("1", 3), ("2", 0), ("3 – 4", 0), ("5 – 9", 1)]


def test_the_last_moment_of_the_range_belongs_to_it(shards_of):
    shards = shards_of(story([(1, DAY - 1, "pay", {}), (2, DAY, "pay", {})]))
    day = {"from": "2026-03-02", "to": "2026-03-02"}
    for unit in ("total", "day"):
        assert brief(
            analysis.run("distribution", shards, {"event": "pay", "unit": unit, **day})
        ) == [("1", 1)]


def test_for_how_much(shards_of):
    shards = shards_of(story(SHOP))
    ask = {"event": "pay", "measure": "sum", "property": "amount"}
    result = analysis.run("distribution", shards, ask)
    assert brief(result) == [
        ("5 – 10", 1), ("10 – 20", 0), ("20 – 50", 0), ("50 – 100", 0), ("100 – 200", 1),
        ("200 – 500", 1),
    ]  # fmt: skip
    assert result.tables["periods"].rows[0]["p50"] == 139.0
    least = analysis.run("distribution", shards, {**ask, "measure": "min"})
    assert brief(least)[0] == ("< 0", 1)
    halves = analysis.run("distribution", shards, {**ask, "buckets": 2})
    assert brief(halves) == [("< 139", 1), ("≥ 139", 2)]


def test_over_time_the_total_counts_people_once_in_each_bucket(shards_of):
    ask = {"event": "pay", "unit": "day", "to": "2026-03-04"}
    result = analysis.run("distribution", shards_of(story(SHOP)), ask)
    assert [(row["period"][-2:], row["bucket"], row["people"]) for row in result.rows] == [
        ("02", "1", 1), ("02", "2", 1), ("03", "1", 2), ("03", "2", 0), ("04", "1", 2),
        ("04", "2", 0),
    ]  # fmt: skip
    total = [(row["bucket"], row["people"]) for row in result.tables["total"].rows]
    assert total == [("1", 3), ("2", 1)]


def test_no_facts_give_an_empty_answer(shards_of):
    shards = shards_of(MemoryFacts(ZONE))
    assert analysis.run("distribution", shards, {}).rows == []
    assert brief(analysis.run("distribution", shards, {"buckets": [2]})) == [("< 2", 0), ("≥ 2", 0)]
    assert analysis.run("distribution", shards, {"group": ["place"]}).rows == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"event": ""}, "event"),
        ({"measure": "sum"}, "property"),
        ({"property": "amount"}, "property"),
        ({"measure": "sum", "property": "place"}, "property"),
        ({"measure": "sum", "property": "no"}, "property"),
        ({"buckets": [2, 1]}, "bucket edges"),
        ({"buckets": 1}, "buckets"),
        ({"unit": "hour"}, "unit"),
        ({"group": [{"property": "place", "step": 1}]}, "step"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        analysis.run("distribution", shards_of(story(SHOP)), change)
    assert place in str(caught.value)


def test_an_unknown_cell_is_refused(shards_of):
    for cell in ({"bucket": "many"}, {"period": "1999"}, {"group": ["x"]}):
        with pytest.raises(BadInput):
            analysis.people("distribution", shards_of(story(SHOP)), {}, cell)
