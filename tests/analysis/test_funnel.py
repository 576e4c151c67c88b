"""The funnel model against its definition (funnel_oracle.py), and examples one can read."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import funnel_oracle as oracle
from tests.analysis.histories import (
    ATTRIBUTES,
    DAY,
    HOUR,
    MINUTE,
    START,
    ZONE,
    by_customer,
    exact_percentile,
    histories,
)
from tests.analysis.plain import FILTERS, passes
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, day_start

EVER = 1 << 60
WINDOWS = (
    {"value": 1, "unit": "minute"},
    {"value": 12, "unit": "hour"},
    {"value": 1, "unit": "day"},
    {"value": 1, "unit": "week"},
    {"unit": "same_day"},
)


def meets(row, one):
    names = [one["event"]] if isinstance(one["event"], str) else one["event"]
    return row["event"] in names and passes(row, one.get("filter"))


@st.composite
def questions(draw):
    names = st.one_of(
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.sampled_from(["a", "b", "c", "x"]), min_size=1, max_size=2, unique=True),
    )
    plain = draw(st.booleans())  # distinct events without filters: the fast kernel
    count = draw(st.integers(2, 3 if plain else 4))
    steps = [{"event": name} for name in "abcx"[:count]]
    if not plain:
        steps = [{"event": draw(names), "filter": draw(st.sampled_from(FILTERS))} for _ in steps]
    params = {
        "steps": steps,
        "window": draw(st.sampled_from(WINDOWS)),
        "order": "ordered" if plain else draw(st.sampled_from(["ordered", "strict", "any"])),
        "end": draw(st.sampled_from(["extend", "truncate"])),
        "trend": None,
    }
    if draw(st.booleans()):
        params |= {"from": "2026-03-02", "to": draw(st.sampled_from(["2026-03-02", "2026-03-03"]))}
    if params["order"] != "any" and draw(st.booleans()):
        first = draw(st.integers(1, count - 1))
        params["exclusions"] = [
            {"event": "x", "filter": draw(st.sampled_from(FILTERS[:3])),
             "from": first, "to": draw(st.integers(first + 1, count))}
        ]  # fmt: skip
    params["filter"] = draw(st.sampled_from(FILTERS))
    params["hold"] = draw(st.sampled_from([None, None, "place", "amount", "gift"]))
    return params


def rules_of(params):
    lo, hi = -EVER, EVER
    if "from" in params:
        lo = day_start(date.fromisoformat(params["from"]), ZONE)
        hi = day_start(date.fromisoformat(params["to"]), ZONE) + DAY - 1
    window = params["window"]
    unit = window["unit"]
    if unit == "same_day":

        def until(start):
            return day_start(day_of(start, ZONE), ZONE) + DAY - 1

    else:
        length = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY}[unit]

        def until(start):
            return start + window["value"] * length

    return {
        "order": params["order"],
        "lo": lo,
        "hi": hi,
        "last": hi if params["end"] == "truncate" else EVER,
        "until": until,
        "exclusions": [(e["from"] - 1, e["to"] - 1) for e in params.get("exclusions", [])],
    }


def as_events(rows, params):
    return [
        {
            "time": row["time"],
            "steps": {i for i, step in enumerate(params["steps"]) if meets(row, step)}
            if passes(row, params["filter"])
            else set(),
            "bars": {i for i, e in enumerate(params.get("exclusions", [])) if meets(row, e)}
            if passes(row, params["filter"])
            else set(),
            "hold": row.get(params["hold"]) if params["hold"] else None,
        }
        for row in rows
    ]


def attempts_of(facts, params):
    """[(customer, times, rows)] of the best attempts."""
    found = []
    for customer, rows in by_customer(facts).items():
        attempt = oracle.best(
            as_events(rows, params), len(params["steps"]), hold=bool(params["hold"]),
            **rules_of(params),
        )  # fmt: skip
        if attempt:
            found.append((customer, attempt[0], [rows[i] for i in attempt[1]]))
    return found


def expected_rows(attempts, steps):
    rows = []
    for k in range(steps):
        reached = [times for _, times, _ in attempts if len(times) > k]
        waits = [t[k] - t[k - 1] for t in reached] if k else []
        total = [t[k] - t[0] for t in reached] if k else []
        before = rows[-1]["people"] if rows else len(reached)
        first = rows[0]["people"] if rows else len(reached)
        rows.append(
            {
                "step": k + 1,
                "people": len(reached),
                "rate_previous": len(reached) / before if before else None,
                "rate_first": len(reached) / first if first else None,
                "median_seconds": seconds(exact_percentile(waits, 50)),
                "p90_seconds": seconds(exact_percentile(waits, 90)),
                "first_median_seconds": seconds(exact_percentile(total, 50)),
                "first_p90_seconds": seconds(exact_percentile(total, 90)),
            }
        )
    return rows


def seconds(milliseconds):
    return None if milliseconds is None else milliseconds / 1000


def without_event(rows):
    return [{k: v for k, v in row.items() if k != "event"} for row in rows]


@settings(max_examples=40, deadline=None)
@given(histories(), questions())
def test_the_funnel_is_what_its_definition_says(history, params):
    facts, shards = history
    result = analysis.run("funnel", shards, params)
    attempts = attempts_of(facts, params)
    assert without_event(result.rows) == expected_rows(attempts, len(params["steps"]))
    for k in range(1, len(params["steps"]) + 1):
        reached = analysis.people("funnel", shards, params, {"step": k})
        assert set(reached) == {c for c, times, _ in attempts if len(times) >= k}
        stopped = analysis.people("funnel", shards, params, {"step": k, "state": "stopped"})
        assert set(stopped) == {c for c, times, _ in attempts if len(times) == k}


def labels_of(group, customer, rows):
    """The labels of one attempt for one dimension, by hand."""
    name = group["property"]
    if name.startswith("customer."):
        value = ATTRIBUTES[name.removeprefix("customer.")].get(customer)
    elif len(rows) < group["step"]:
        return ["(not reached)"]
    else:
        value = rows[group["step"] - 1].get(name)
    if isinstance(value, list):
        return sorted(set(value)) or ["(none)"]
    return ["(none)" if value is None else value]


@settings(max_examples=25, deadline=None)
@given(
    histories(),
    questions(),
    st.lists(
        st.one_of(
            st.builds(
                lambda p, s: {"property": p, "step": s},
                st.sampled_from(["place", "amount", "gift", "tags"]),
                st.integers(1, 2),
            ),
            st.sampled_from(
                [{"property": "customer.city"}, {"property": "customer.age"},
                 {"property": "customer.flags"}]
            ),
        ),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from([1, 2, 50]),
)  # fmt: skip
def test_groups_hold_the_attempts_their_values_say(history, params, groups, top):
    facts, shards = history
    result = analysis.run("funnel", shards, {**params, "group": groups, "top": top})
    attempts = attempts_of(facts, params)
    steps = len(params["steps"])
    assert without_event(result.tables["total"].rows) == expected_rows(attempts, steps)
    members = {}
    for attempt in attempts:
        combos = [()]
        for group in groups:
            found = labels_of(group, attempt[0], attempt[2])
            combos = [(*c, v) for c in combos for v in found]
        for combo in combos:
            members.setdefault(combo, []).append(attempt)
    names = [f"group_{i + 1}" for i in range(len(groups))]
    shown = {}
    for row in result.rows:
        shown.setdefault(tuple(row[n] for n in names), []).append(row)
    other = ("(other)",) * len(groups)
    ranked = sorted(members, key=lambda c: (-len(members[c]), [str(x) for x in c]))
    kept = ranked[:top] + [c for c in ranked[top:] if "(not reached)" in c]
    assert list(shown) == kept + ([other] if len(kept) < len(ranked) else [])
    for label, rows in shown.items():
        inside = members.get(label) or [
            a for a in attempts if any(a in members[c] for c in ranked if c not in kept)
        ]
        plain = [{k: v for k, v in row.items() if k not in names} for row in rows]
        assert without_event(plain) == expected_rows(inside, steps)
        found = analysis.people(
            "funnel", shards, {**params, "group": groups, "top": top},
            {"step": 1, "group": list(label)},
        )  # fmt: skip
        assert set(found) == {a[0] for a in inside}


@settings(max_examples=25, deadline=None)
@given(histories(), questions())
def test_counting_times_follows_its_rule(history, params):
    facts, shards = history
    params = {**params, "hold": None}
    result = analysis.run("funnel", shards, {**params, "count": "times"})
    attempts = []
    for rows in by_customer(facts).values():
        found = oracle.all_attempts(
            as_events(rows, params), len(params["steps"]), **rules_of(params)
        )
        attempts += [(0, times, None) for times, _ in found]
    assert without_event(result.rows) == expected_rows(attempts, len(params["steps"]))


@settings(max_examples=20, deadline=None)
@given(histories(), questions())
def test_counting_orders_counts_each_value_of_a_customer(history, params):
    facts, shards = history
    params = {**params, "hold": "place"}
    result = analysis.run("funnel", shards, {**params, "count": "orders"})
    attempts = []
    for customer, rows in by_customer(facts).items():
        for value in ("京", "沪"):
            history_of_value = oracle.blank_others(as_events(rows, params), value)
            attempt = oracle.best(
                history_of_value, len(params["steps"]), hold=False, **rules_of(params)
            )
            if attempt:
                attempts.append((customer, attempt[0], None))
    assert without_event(result.rows) == expected_rows(attempts, len(params["steps"]))


# -- examples one can read --------------------------------------------------------------------


def funnel(shards_of, story, **params):
    """story: [(minute, event)] of one customer, in stored order."""
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": 1, "time": START + m * MINUTE, "event": e} for m, e in story])
    steps = params.pop("steps", "abc")
    asked = {
        "steps": [{"event": e} for e in steps],
        "window": {"value": 10, "unit": "minute"},
        **params,
    }
    return analysis.run("funnel", shards_of(facts), asked)


def depth(result):
    return sum(row["people"] for row in result.rows)


def test_a_second_start_inside_the_window_converts(shards_of):
    result = funnel(shards_of, [(0, "a"), (8, "a"), (15, "b")], steps="ab")
    assert depth(result) == 2
    assert result.rows[1]["median_seconds"] == 7 * 60


def test_a_later_second_success_does_not_move_the_entry_day(shards_of):
    story = [(0, "a"), (1, "b"), (3_000, "a"), (3_001, "b")]
    trend = funnel(shards_of, story, steps="ab").tables["trend"].rows
    assert [(row["period"], row["people_2"]) for row in trend] == [("2026-03-02", 1)]


def test_events_of_one_instant_match_in_step_order(shards_of):
    assert depth(funnel(shards_of, [(5, "c"), (5, "b"), (5, "a")])) == 3


def test_one_event_serves_one_step_only(shards_of):
    assert depth(funnel(shards_of, [(5, "a")], steps="aa")) == 1
    assert depth(funnel(shards_of, [(5, "a"), (5, "a")], steps="aa")) == 2


def test_strict_lets_none_of_the_funnels_events_between(shards_of):
    story = [(0, "a"), (1, "b"), (2, "a"), (3, "c")]
    assert depth(funnel(shards_of, story, order="strict")) == 2
    assert depth(funnel(shards_of, story)) == 3
    elsewhere = [(0, "a"), (1, "b"), (2, "other"), (3, "c")]
    assert depth(funnel(shards_of, elsewhere, order="strict")) == 3


def test_any_order_counts_distinct_steps(shards_of):
    assert depth(funnel(shards_of, [(0, "c"), (1, "c"), (2, "a")], order="any")) == 2


def test_the_last_moment_of_the_window_belongs_to_it(shards_of):
    assert depth(funnel(shards_of, [(0, "a"), (10, "b")], steps="ab")) == 2
    assert depth(funnel(shards_of, [(0, "a"), (11, "b")], steps="ab")) == 1


def test_the_same_day_ends_at_local_midnight(shards_of):
    late, next_day = 24 * 60 - 1, 24 * 60
    window = {"unit": "same_day"}
    assert depth(funnel(shards_of, [(0, "a"), (late, "b")], steps="ab", window=window)) == 2
    assert depth(funnel(shards_of, [(late, "a"), (next_day, "b")], steps="ab", window=window)) == 1


def test_an_exclusion_between_two_steps_bars(shards_of):
    bars = [{"event": "x", "from": 1, "to": 2}]
    story = [(0, "a"), (1, "x"), (2, "b"), (3, "c")]
    assert depth(funnel(shards_of, story, exclusions=bars)) == 1
    again = [*story[:2], (2, "a"), (3, "b"), (4, "x"), (5, "c")]
    assert depth(funnel(shards_of, again, exclusions=bars)) == 3


def test_late_events_and_merges_join_one_history(shards_of):
    facts = MemoryFacts(ZONE)
    params = {"steps": [{"event": "a"}, {"event": "b"}]}
    facts.append([{"customer": 1, "time": START + MINUTE, "event": "b"}])
    assert depth(analysis.run("funnel", shards_of(facts), params)) == 0
    facts.append([{"customer": 2, "time": START, "event": "a"}])
    assert depth(analysis.run("funnel", shards_of(facts), params)) == 1
    facts.merge(2, 1)
    assert depth(analysis.run("funnel", shards_of(facts), params)) == 2


def test_an_open_window_is_said(shards_of):
    codes = {c.code for c in funnel(shards_of, [(0, "a"), (5, "other")], steps="ab").caveats}
    assert codes == {"open_window", "small_cohort", "unknown_event"}
    closed = funnel(shards_of, [(0, "a"), (0, "b"), (30, "c")])
    assert {c.code for c in closed.caveats} == {"small_cohort"}


def test_no_facts_at_all_give_zeros(shards_of):
    result = funnel(shards_of, [])
    assert [row["people"] for row in result.rows] == [0, 0, 0]
    assert result.rows[1]["rate_previous"] is None
    params = {"steps": [{"event": "a"}, {"event": "b"}]}
    assert not analysis.people("funnel", shards_of(MemoryFacts(ZONE)), params, {"step": 1})


def test_the_previous_period_stands_beside(shards_of):
    story = [(0, "a"), (1, "b"), (24 * 60, "a")]
    result = funnel(
        shards_of, story, steps="ab",
        **{"from": "2026-03-03", "to": "2026-03-03", "compare": "previous"},
    )  # fmt: skip
    assert [(r["people"], r["people_compared"]) for r in result.rows] == [(1, 1), (0, 1)]


def test_sampling_scales_up_and_says_so(shards_of):
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": c, "time": START, "event": "a"} for c in range(1, 2_001)])
    result = analysis.run(
        "funnel", shards_of(facts), {"steps": [{"event": "a"}, {"event": "b"}], "sample": 4}
    )
    people = result.rows[0]["people"]
    assert people % 4 == 0
    assert 1_700 < people < 2_300
    assert "sampled" in {c.code for c in result.caveats}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"steps": [{"event": "a"}]}, "steps"),
        ({"steps": [{"event": ""}, {"event": "b"}]}, "steps.0.event"),
        ({"window": {"value": 366, "unit": "day"}}, "window"),
        ({"order": "backwards"}, "order"),
        ({"order": "any", "exclusions": [{"event": "x"}]}, "exclusions need an order"),
        ({"exclusions": [{"event": "x", "from": 2, "to": 2}]}, "between two steps"),
        ({"from": "2026-03-03", "to": "2026-03-02"}, "before"),
        ({"compare": "previous"}, "needs"),
        ({"hold": "nowhere"}, "hold"),
        ({"group": ["nowhere"]}, "group[0]"),
        ({"filter": {"property": "nowhere"}}, "filter"),
        ({"stepz": 1}, "stepz"),
    ],
)
def test_a_wrong_question_is_refused_with_its_place(shards_of, change, place):
    with pytest.raises(BadInput) as caught:
        funnel(shards_of, [(0, "a")], **change)
    assert place in str(caught.value)


def test_strict_neighbours_are_those_of_the_sequence_by_time_and_step(shards_of):
    """Another way to say it, where no event serves two steps: runs in one sorted list."""
    rng = np.random.default_rng(11)
    for number in range(60):
        story = [(int(m), "abc"[int(k)]) for m, k in
                 zip(rng.integers(0, 4, 7), rng.integers(0, 3, 7), strict=True)]  # fmt: skip
        line = "".join(e for _, e in sorted(story))
        best = max(k for k in range(4) if "abc"[:k] in line)
        facts = MemoryFacts(ZONE)
        facts.append(
            [{"customer": number + 1, "time": START + m * MINUTE, "event": e} for m, e in story]
        )
        params = {"steps": [{"event": e} for e in "abc"], "order": "strict"}
        assert depth(analysis.run("funnel", shards_of(facts), params)) == best, line
