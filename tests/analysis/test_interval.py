"""The interval model against its definition, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import interval_oracle as oracle
from tests.analysis.histories import (
    DAY,
    HOUR,
    MINUTE,
    START,
    ZONE,
    by_customer,
    exact_percentile,
    histories,
)
from tests.analysis.test_event import labels_of
from tests.analysis.test_funnel import FILTERS, WINDOWS, meets, passes, rules_of
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence.matching import mix

some_events = st.builds(
    lambda event, spec: {"event": event, "filter": spec},
    st.sampled_from(["a", "b", ["a", "b"], ["b", "c"], "*"]),
    st.sampled_from(FILTERS[:3]),
)
questions = st.fixed_dictionaries(
    {
        "first": some_events,
        "next": st.one_of(st.none(), some_events),
        "limit": st.sampled_from(WINDOWS),
        "pair": st.sampled_from(["every", "nearest"]),
        "end": st.sampled_from(["extend", "truncate"]),
        "hold": st.sampled_from([None, None, "place", "amount", "gift"]),
        "filter": st.sampled_from(FILTERS),
        "buckets": st.sampled_from([2, 20, [60, 43_200], [86_400]]),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"} | more
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params


def intervals_of(facts, params):
    """[(customer, wait, the fact it began with)]"""
    rules = rules_of({**params, "window": params["limit"], "order": None})
    names = ("lo", "hi", "last", "until")
    found = []
    for customer, rows in by_customer(facts).items():
        if params.get("sample", 1) > 1 and int(mix_of(customer)) % params["sample"]:
            continue
        events = [
            {
                "time": row["time"],
                "begins": passes(row, params["filter"]) and matches(row, params["first"]),
                "ends": passes(row, params["filter"])
                and matches(row, params["next"] or params["first"]),
                "hold": row.get(params["hold"]) if params["hold"] else None,
            }
            for row in rows
        ]
        pairs = oracle.pairs(
            events, **{n: rules[n] for n in names},
            nearest=params["pair"] == "nearest", hold=bool(params["hold"]),
        )  # fmt: skip
        found += [(customer, wait, rows[i]) for i, wait in pairs]
    return found


def mix_of(customer):
    import numpy as np

    return mix(np.array([customer], np.uint32))[0]


def matches(row, one):
    everything = {**one, "event": row["event"]} if one["event"] == "*" else one
    return meets(row, everything)


def expected_row(found, scale=1):
    waits = [wait for _, wait, _ in found]
    names = ("min", "p10", "p25", "p50", "p75", "p90", "max")
    row = {"pairs": len(waits) * scale, "people": len({c for c, _, _ in found}) * scale}
    for name, percent in zip(names, (0, 10, 25, 50, 75, 90, 100), strict=True):
        value = exact_percentile(waits, percent)
        row[name] = None if value is None else value / 1000
    row["mean"] = sum(waits) / (len(waits) * 1000) if waits else None
    return row


@settings(max_examples=40, deadline=None)
@given(histories(), questions, st.sampled_from([1, 1, 2]))
def test_intervals_are_what_their_definition_says(history, question, sample):
    facts, shards = history
    params = asked(question, sample=sample)
    result = analysis.run("interval", shards, params)
    found = intervals_of(facts, params)
    assert result.rows == [expected_row(found, sample)]
    assert set(analysis.people("interval", shards, params, {})) == {c for c, _, _ in found}
    whole = result.tables["starts"].rows[0]
    assert whole["pairs"] == result.rows[0]["pairs"] <= whole["starts"]
    for place, bucket in enumerate(result.tables["histogram"].rows):
        inside = [
            (c, w) for c, w, _ in found
            if bucket["from_seconds"] * 1000 <= w < bucket["to_seconds"] * 1000
        ]  # fmt: skip
        assert bucket["pairs"] == len(inside) * sample
        behind = analysis.people("interval", shards, params, {"bucket": place})
        assert set(behind) == {c for c, _ in inside}
    assert sum(b["pairs"] for b in result.tables["histogram"].rows) == len(found) * sample


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(), questions)
def test_intervals_are_what_their_definition_says_many_times(history, question):
    facts, shards = history
    params = asked(question)
    assert analysis.run("interval", shards, params).rows == [
        expected_row(intervals_of(facts, params))
    ]


@settings(max_examples=25, deadline=None)
@given(
    histories(),
    questions,
    st.lists(
        st.sampled_from(["place", "amount", "tags", "customer.city", "customer.flags"]),
        min_size=1,
        max_size=2,
        unique=True,
    ),
    st.sampled_from(["multi", "single"]),
    st.sampled_from([1, 50]),
)
def test_groups_hold_the_intervals_that_began_there(history, question, names, values, top):
    facts, shards = history
    params = asked(question, group=names, values=values, top=top)
    result = analysis.run("interval", shards, params)
    found = intervals_of(facts, params)
    assert result.tables["total"].rows == [expected_row(found)]
    members = {}
    for one in found:
        for label in labels_of(one[2], names, values):
            members.setdefault(label, []).append(one)
    ranked = sorted(members, key=lambda c: (-len(members[c]), [str(x) for x in c]))
    kept = ranked[:top]
    other = ("(other)",) * len(names)
    shown = [tuple(row[f"group_{i + 1}"] for i in range(len(names))) for row in result.rows]
    assert shown == kept + ([other] if len(kept) < len(ranked) else [])
    for label, row in zip(shown, result.rows, strict=True):
        inside = members.get(label) or [
            one for one in found if any(one in members[c] for c in ranked if c not in kept)
        ]
        assert {k: v for k, v in row.items() if "group" not in k} == expected_row(inside)
        behind = analysis.people("interval", shards, params, {"group": list(label)})
        assert set(behind) == {c for c, _, _ in inside}


# -- examples one can read --------------------------------------------------------------------


def interval(shards_of, story, **params):
    """story: [(minute, event)] of one customer, in stored order."""
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": 1, "time": START + m * MINUTE, "event": e} for m, e in story])
    return analysis.run("interval", shards_of(facts), {"first": {"event": "a"}, **params})


TO_B = {"next": {"event": "b"}}


def waits(result):
    row = result.rows[0]
    return row["pairs"], row["min"], row["max"]


def test_from_each_order_to_the_next(shards_of):
    result = interval(shards_of, [(0, "a"), (10, "a"), (40, "a")])
    assert result.rows == [
        {"pairs": 2, "people": 1, "min": 600.0, "p10": 720.0, "p25": 900.0, "p50": 1200.0,
         "p75": 1500.0, "p90": 1680.0, "max": 1800.0, "mean": 1200.0}
    ]  # fmt: skip


def test_two_beginnings_may_share_an_end_unless_the_nearest_is_asked_for(shards_of):
    story = [(0, "a"), (5, "a"), (9, "b")]
    assert waits(interval(shards_of, story, **TO_B)) == (2, 240.0, 540.0)
    assert waits(interval(shards_of, story, **TO_B, pair="nearest")) == (1, 240.0, 240.0)


def test_an_end_of_the_same_instant_counts_however_it_was_stored(shards_of):
    assert waits(interval(shards_of, [(3, "b"), (3, "a")], **TO_B)) == (1, 0.0, 0.0)


def test_an_event_is_never_both_ends(shards_of):
    assert interval(shards_of, [(3, "a")]).rows[0]["pairs"] == 0
    assert waits(interval(shards_of, [(3, "a"), (3, "a")])) == (1, 0.0, 0.0)


def test_the_last_moment_of_the_limit_belongs_to_it(shards_of):
    limit = {"value": 10, "unit": "minute"}
    assert waits(interval(shards_of, [(0, "a"), (10, "b")], **TO_B, limit=limit))[0] == 1
    assert waits(interval(shards_of, [(0, "a"), (11, "b")], **TO_B, limit=limit))[0] == 0


def test_the_end_may_lie_after_the_range(shards_of):
    days = {"from": "2026-03-02", "to": "2026-03-02"}
    story = [(0, "a"), (24 * 60, "b"), (24 * 60 + 1, "a")]
    assert waits(interval(shards_of, story, **TO_B, **days))[0] == 1
    assert waits(interval(shards_of, story, **TO_B, **days, end="truncate"))[0] == 0


def test_beginnings_without_an_end_are_counted_and_open_ones_are_said(shards_of):
    result = interval(
        shards_of, [(0, "a"), (1, "b"), (100, "a")], **TO_B, limit={"value": 1, "unit": "hour"}
    )
    starts = {"starts": 2, "pairs": 1, "rate": 0.5, "open": 1}
    assert result.tables["starts"].rows == [starts]
    assert "open_window" in {caveat.code for caveat in result.caveats}


def test_buckets_are_found_in_widths_people_read(shards_of):
    result = interval(shards_of, [(0, "a"), (30, "a"), (30 + 60 * 9, "a")], buckets=10)
    assert result.chart["edges"][:3] == [0.0, 3600.0, 7200.0]
    assert result.chart["series"] == [{"name": [], "values": [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]}]


def test_late_events_and_merges_join_one_history(shards_of):
    facts = MemoryFacts(ZONE)
    params = {"first": {"event": "a"}, **TO_B}
    facts.append([{"customer": 1, "time": START + HOUR, "event": "b"}])
    facts.append([{"customer": 2, "time": START, "event": "a"}])
    assert analysis.run("interval", shards_of(facts), params).rows[0]["pairs"] == 0
    facts.merge(2, 1)
    assert analysis.run("interval", shards_of(facts), params).rows[0]["p50"] == 3600.0


def test_the_previous_period_stands_beside(shards_of):
    story = [(0, "a"), (1, "b"), (24 * 60, "a"), (24 * 60 + 3, "b")]
    days = {"from": "2026-03-03", "to": "2026-03-03", "compare": "previous"}
    row = interval(shards_of, story, **TO_B, **days).rows[0]
    assert (row["p50"], row["p50_compared"]) == (180.0, 60.0)


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    facts = MemoryFacts(ZONE)
    facts.append(
        [{"customer": 1 + i % 97, "time": START + i * i % (9 * DAY), "event": "ab"[i % 2]}
         for i in range(2_000)]
    )  # fmt: skip
    shards = shards_of(facts)
    params = {"first": {"event": "a"}, **TO_B}
    whole = analysis.run("interval", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("interval", shards, params, executor=executors.Threads(3))
    assert (parts.rows, parts.tables) == (whole.rows, whole.tables)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "“first” is missing."),
        ({"first": {"event": "a"}, "buckets": 1}, "buckets: from 2 to 100 buckets"),
        ({"first": {"event": "a"}, "buckets": [5, 5]}, "buckets: bucket edges are rising"),
        ({"first": {"event": "a"}, "hold": "tags"}, "hold: 'tags' is not an event property"),
        ({"first": {"event": "a", "filter": {"property": "no"}}}, "first.filter: there is no"),
        ({"first": {"event": "a"}, "group": [{"property": "place", "step": 1}]}, "parameters: "),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(shards_of, params, said):
    with pytest.raises(BadInput) as refused:
        analysis.run("interval", shards_of(MemoryFacts(ZONE)), params)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("cell", [{"bucket": 99}, {"bucket": "x"}, {"group": ["no"]}])
def test_cells_that_are_not_there_are_refused(shards_of, cell):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": 1, "time": START, "event": "a"}])
    with pytest.raises(BadInput):
        analysis.people("interval", shards_of(facts), {"first": {"event": "a"}}, cell)
