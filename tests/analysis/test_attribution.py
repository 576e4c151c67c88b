"""The attribution model against its definition, and examples one can read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import attribution_oracle as oracle
from tests.analysis.histories import (
    DAY,
    HOUR,
    MINUTE,
    START,
    ZONE,
    by_customer,
    histories,
)
from tests.analysis.test_event import labels_of
from tests.analysis.test_funnel import FILTERS, WINDOWS, meets, passes, rules_of
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.analysis.credit import RULES
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of, day_start

TOUCHES = (
    [{"event": "a"}, {"event": "b"}],
    [{"event": ["b", "c"], "name": "bc"}, {"event": "x"}, {"event": "a", "name": "bc"}],
    [{"event": "a", "filter": FILTERS[1]}, {"event": ["a", "c"], "name": "rest"}],
)
questions = st.fixed_dictionaries(
    {
        "target": st.sampled_from(
            [{"event": "x"}, {"event": ["a", "x"]}, {"event": "c", "filter": FILTERS[1]}]
        ),
        "value": st.sampled_from([None, "amount"]),
        "touches": st.sampled_from(TOUCHES),
        "channel": st.sampled_from([None, "place", "tags", "customer.city"]),
        "look_back": st.sampled_from(WINDOWS),
        "hold": st.sampled_from([None, None, "gift", "amount"]),
        "direct": st.sampled_from(["out", "in"]),
        "direct_channels": st.sampled_from([["(none)", "a"], ["沪", "bc"]]),
        "reuse": st.booleans(),
        "nulls": st.booleans(),
        "filter": st.sampled_from(FILTERS),
        "half_life": st.just({"value": 12, "unit": "hour"}),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"} | more
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return {"model": "linear", "beside": list(RULES), **params}


def channel_of(row, params):
    if params["channel"] is None:
        touch = next(t for t in params["touches"] if meets(row, t))
        return touch.get("name") or touch["event"]
    return str(labels_of(row, [params["channel"]], "single")[0][0])


def stories(facts, params):
    """By hand, of each customer: (he, his facts, places of his touches in the range, converting
    paths, null paths)."""
    rules = rules_of({**params, "window": params["look_back"], "order": None, "end": "extend"})
    unit = params["look_back"]["unit"]

    def opening(moment):
        if unit == "same_day":
            return day_start(day_of(moment, ZONE), ZONE)
        return moment - (rules["until"](moment) - moment)

    for customer, rows in by_customer(facts).items():
        events = []
        for row in rows:
            mine = passes(row, params["filter"])
            events.append(
                {
                    "time": row["time"],
                    "target": mine and meets(row, params["target"]),
                    "touch": mine and any(meets(row, t) for t in params["touches"]),
                    "hold": row.get(params["hold"]) if params["hold"] else None,
                }
            )
        some, others = oracle.paths_of(
            events, lo=rules["lo"], hi=rules["hi"], opening=opening, reuse=params["reuse"],
            hold=bool(params["hold"]),
        )  # fmt: skip
        touched = [
            i
            for i, event in enumerate(events)
            if event["touch"]
            and (not params["hold"] or event["hold"] is not None)
            and rules["lo"] <= event["time"] <= rules["hi"]
        ]
        yield customer, rows, touched, some, others


def everything(facts, params):
    """touches {channel: [customers]}, converting and null paths."""
    touches, converting, null = {}, [], []
    for customer, rows, touched, some, others in stories(facts, params):
        for i in touched:
            touches.setdefault(channel_of(rows[i], params), []).append(customer)
        converting += [(customer, *path_of(rows, *one, params)) for one in some]
        null += [[channel_of(rows[i], params) for i in path] for path in others]
    return touches, converting, null


def path_of(rows, target, before, params):
    """(channels, ages, value) of a conversion."""
    channels = [channel_of(rows[i], params) for i in before]
    ages = [rows[target]["time"] - rows[i]["time"] for i in before]
    return channels, ages, rows[target].get("amount") or 0 if params["value"] else 0


def by_groups(facts, params):
    """[(label, (touches, converting, null paths))] in the order of the table."""
    names, values = params["group"], params["values"]
    pairs = []

    def those_of(customer, row):
        """Groups of a conversion; without one of a touch that led to none."""
        if row is not None:
            labels = labels_of(row, names, values)
        else:
            lost = {n: "(not reached)" for n in names if not n.startswith("customer.")}
            labels = labels_of({"customer": customer, **lost}, names, values)
        pairs.extend((label, customer) for label in labels)
        return labels

    parts = []  # (what, its groups, it)
    for customer, rows, touched, some, others in stories(facts, params):
        groups = {i: [] for i in touched}
        for target, before in some:
            mine = those_of(customer, rows[target])
            parts.append(("converting", mine, (customer, *path_of(rows, target, before, params))))
            for i in before:
                groups.setdefault(i, []).extend(mine)
        for i in touched:
            labels = groups[i] or those_of(customer, None)
            parts.append(("touch", labels, (channel_of(rows[i], params), customer)))
        for path in others:
            channels = [channel_of(rows[i], params) for i in path]
            parts.append(("null", those_of(customer, None), channels))
    people = {}
    for label, customer in pairs:
        people.setdefault(label, set()).add(customer)
    ranked = sorted(people, key=lambda c: (-len(people[c]), [str(x) for x in c]))
    kept = ranked[: params["top"]]
    kept += [label for label in ranked[params["top"] :] if "(not reached)" in label]
    other = ("(other)",) * len(names)
    found = {
        label: ({}, [], []) for label in (*kept, *([other] if len(ranked) > len(kept) else []))
    }
    for what, labels, it in parts:
        for label in {label if label in kept else other for label in labels}:
            touches, converting, null = found[label]
            if what == "touch":
                touches.setdefault(it[0], []).append(it[1])
            else:
                (converting if what == "converting" else null).append(it)
    return list(found.items())


def expected(params, converting, null):
    """{rule: {channel: [conversions, value]}}"""
    paths = [
        (channels or ["(direct)"], ages or [0], 1, value)
        for _, channels, ages, value in converting
        if channels or params["direct"] == "in"
    ]
    out = {}
    for rule in RULES[:-1]:
        out[rule] = oracle.credit(rule, paths, params["direct_channels"], 12 * HOUR)
    effects = oracle.removal_effects(
        [(channels, 1) for channels, *_ in paths],
        [(channels, 1) for channels in null] if params["nulls"] else [],
    )
    whole = sum(effects.values())
    money = sum(Fraction(value) for *_, value in paths)
    out["markov"] = {
        c: [e / whole * len(paths), e / whole * money] for c, e in effects.items() if whole
    }
    return out


def check(history, params):
    facts, shards = history
    result = analysis.run("attribution", shards, params)
    touches, converting, null = everything(facts, params)
    credit = expected(params, converting, null)
    rows = {row["channel"]: row for row in result.tables["models"].rows}
    for rule in RULES:
        for channel in set(rows) | set(credit[rule]):
            conversions, value = credit[rule].get(channel, (0, 0))
            assert rows[channel][f"{rule}_conversions"] == pytest.approx(float(conversions), 1e-9)
            assert rows[channel][f"{rule}_value"] == pytest.approx(float(value), 1e-9, 1e-9)
    for row in result.rows:
        mine = touches.get(row["channel"], [])
        assert (row["touches"], row["people"]) == (len(mine), len(set(mine)))
        assert row["conversions"] == rows[row["channel"]]["linear_conversions"]
        cell = {"channel": row["channel"]}
        assert set(analysis.people("attribution", shards, params, cell)) == set(mine)
        found = analysis.people("attribution", shards, params, {**cell, "state": "converted"})
        assert set(found) == {
            customer for customer, channels, *_ in converting
            if row["channel"] in channels or (row["channel"] == "(direct)" and not channels)
        }  # fmt: skip
    assert set(touches) <= set(rows)
    assert result.tables["total"].rows == [
        {
            "conversions": len(converting),
            "value": pytest.approx(sum(value for *_, value in converting)),
            "people": len({customer for customer, *_ in converting}),
            "direct": sum(not channels for _, channels, *_ in converting),
            "null_paths": len(null),
        }
    ]
    everybody = analysis.people("attribution", shards, params, {"state": "converted"})
    assert set(everybody) == {customer for customer, *_ in converting}


groupings = st.fixed_dictionaries(
    {
        "group": st.sampled_from(
            [["customer.flags"], ["place"], ["tags"], ["customer.city", "tags"]]
        ),
        "values": st.sampled_from(["multi", "single"]),
        "top": st.integers(1, 3),
    }
)


def check_groups(history, params):
    """Each group is the answer over its own touches, conversions and null paths."""
    facts, shards = history
    result = analysis.run("attribution", shards, params)
    names = [f"group_{i + 1}" for i in range(len(params["group"]))]
    groups = by_groups(facts, params)
    assert [tuple(row[n] for n in names) for row in result.tables["groups"].rows] == [
        label for label, _ in groups
    ]
    for (label, (touches, converting, null)), total in zip(
        groups, result.tables["groups"].rows, strict=True
    ):
        credit = expected(params, converting, null)
        inside = {"group": list(label)}
        beside = {
            row["channel"]: row
            for row in result.tables["models"].rows
            if tuple(row[n] for n in names) == label
        }
        for rule in RULES:
            assert set(credit[rule]) <= set(beside)
            for channel, row in beside.items():
                conversions, value = credit[rule].get(channel, (0, 0))
                assert row[f"{rule}_conversions"] == pytest.approx(float(conversions), 1e-9)
                assert row[f"{rule}_value"] == pytest.approx(float(value), 1e-9, 1e-9)
        rows = [row for row in result.rows if tuple(row[n] for n in names) == label]
        assert [row["channel"] for row in rows] == list(beside)
        for row in rows:
            mine = touches.get(row["channel"], [])
            assert (row["touches"], row["people"]) == (len(mine), len(set(mine)))
            cell = {**inside, "channel": row["channel"]}
            assert set(analysis.people("attribution", shards, params, cell)) == set(mine)
        assert set(touches) <= set(beside)
        assert (total["conversions"], total["null_paths"]) == (len(converting), len(null))
        assert total["direct"] == sum(not channels for _, channels, *_ in converting)
        assert total["value"] == pytest.approx(sum(value for *_, value in converting))
        buyers = analysis.people("attribution", shards, params, {**inside, "state": "converted"})
        assert set(buyers) == {customer for customer, *_ in converting}
    plain = {k: v for k, v in params.items() if k != "group"}
    assert result.tables["channels"].rows == analysis.run("attribution", shards, plain).rows


@settings(max_examples=25, deadline=None)
@given(histories(), questions, groupings)
def test_each_group_has_its_own_credit(history, question, grouping):
    check_groups(history, asked(question, **grouping))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(), questions, groupings)
def test_each_group_has_its_own_credit_many_times(history, question, grouping):
    check_groups(history, asked(question, **grouping))


@settings(max_examples=40, deadline=None)
@given(histories(), questions)
def test_credit_is_what_the_definition_says(history, question):
    check(history, asked(question))


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(histories(), questions)
def test_credit_is_what_the_definition_says_many_times(history, question):
    check(history, asked(question))


# -- examples one can read --------------------------------------------------------------------


def grouped(shards_of, rows, **params):
    """rows: (minute, event, tags) of one customer; groups are the conversions' tags."""
    facts = MemoryFacts(ZONE)
    facts.append(
        [
            {"customer": 1, "time": START + m * MINUTE, "event": e, "tags": tags}
            for m, e, tags in rows
        ]
    )
    asked = {"target": {"event": "buy"}, "touches": [{"event": "a"}], "group": ["tags"], **params}
    found = analysis.run("attribution", shards_of(facts), asked).rows
    return [(row["group_1"], row["touches"], row["conversions"]) for row in found]


def test_a_touch_of_two_conversions_counts_once_in_their_group(shards_of):
    rows = [(0, "a", None), (1, "buy", ["red"]), (2, "buy", ["red"])]
    assert grouped(shards_of, rows, reuse=True) == [("red", 1, 2.0)]


def test_a_conversion_whose_groups_are_all_folded_counts_once_in_the_rest(shards_of):
    rows = [(0, "a", None), (1, "buy", ["blue"]), (2, "a", None), (3, "buy", ["old", "red"])]
    assert grouped(shards_of, rows, top=1) == [("blue", 1, 1.0), ("(other)", 1, 1.0)]


def attribution(shards_of, story, **params):
    """story: [(minute, event)] of one customer, in stored order."""
    facts = MemoryFacts(ZONE)
    facts.append([{"customer": 1, "time": START + m * MINUTE, "event": e} for m, e in story])
    asked = {"target": {"event": "buy"}, "touches": [{"event": e} for e in "abc"], **params}
    return analysis.run("attribution", shards_of(facts), asked)


def credited(result):
    return {row["channel"]: row["conversions"] for row in result.rows if row["conversions"]}


PATH = [(0, "a"), (1, "b"), (2, "c"), (3, "buy")]


@pytest.mark.parametrize(
    ("model", "credit"),
    [
        ("first", {"a": 1}),
        ("last", {"c": 1}),
        ("linear", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        ("position", {"a": 0.4, "b": 0.2, "c": 0.4}),
        ("markov", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
    ],
)
def test_each_rule_shares_out_one_path(shards_of, model, credit):
    assert credited(attribution(shards_of, PATH, model=model)) == pytest.approx(credit)


def test_a_half_life_halves(shards_of):
    story = [(0, "a"), (60, "b"), (120, "c"), (120, "buy")]
    hour = {"value": 1, "unit": "hour"}
    result = attribution(shards_of, story, model="time_decay", half_life=hour)
    assert credited(result) == pytest.approx({"a": 0.25 / 1.75, "b": 0.5 / 1.75, "c": 1 / 1.75})


def test_a_very_old_path_still_shares_out_one_conversion(shards_of):
    story = [(0, "a"), (1, "b"), (300 * 24 * 60, "buy")]
    result = attribution(
        shards_of, story, model="time_decay", half_life={"value": 1, "unit": "minute"},
        look_back={"value": 365, "unit": "day"},
    )  # fmt: skip
    assert credited(result) == pytest.approx({"a": 1 / 3, "b": 2 / 3})


def test_the_last_touch_that_is_not_direct(shards_of):
    result = attribution(shards_of, PATH, model="last_non_direct", direct_channels=["c"])
    assert credited(result) == {"b": 1}


def test_touches_before_an_earlier_conversion_count_once_unless_reused(shards_of):
    story = [(0, "a"), (1, "buy"), (2, "b"), (3, "buy")]
    assert credited(attribution(shards_of, story, model="first")) == {"a": 1, "b": 1}
    assert credited(attribution(shards_of, story, model="first", reuse=True)) == {"a": 2}


def test_a_touch_of_the_same_instant_counts_however_it_was_stored(shards_of):
    assert credited(attribution(shards_of, [(1, "buy"), (1, "a")])) == {"a": 1}


def test_conversions_without_a_touch_are_direct(shards_of):
    story = [(0, "buy"), *[(m + 10, e) for m, e in PATH]]
    assert credited(attribution(shards_of, story)) == {"c": 1}
    assert credited(attribution(shards_of, story, direct="in")) == {"c": 1, "(direct)": 1}
    assert attribution(shards_of, story).tables["total"].rows[0]["direct"] == 1


def test_costs_give_the_price_of_a_conversion(shards_of):
    facts = MemoryFacts(ZONE)
    facts.append(
        [{"customer": 1, "time": START, "event": "a"},
         {"customer": 1, "time": START + 1, "event": "buy", "amount": 30.0}]
    )  # fmt: skip
    params = {
        "target": {"event": "buy"}, "value": "amount", "touches": [{"event": "a", "name": "扫码"}],
        "costs": {"扫码": 12.0},
    }  # fmt: skip
    assert analysis.run("attribution", shards_of(facts), params).rows == [
        {"channel": "扫码", "touches": 1, "people": 1, "conversions": 1.0, "value": 30.0,
         "cost": 12.0, "cpa": 12.0, "roas": 2.5, "roi": 1.5}
    ]  # fmt: skip


def test_no_facts_credit_nothing(shards_of):
    result = attribution(shards_of, [], model="markov", beside=list(RULES))
    assert result.rows == []
    assert result.tables["total"].rows[0]["conversions"] == 0


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    facts = MemoryFacts(ZONE)
    facts.append(
        [{"customer": 1 + i % 97, "time": START + i * i % (9 * DAY), "event": "abcx"[i % 7 % 4],
          "place": "京沪杭"[i % 3], "amount": i / 8} for i in range(2_000)]
    )  # fmt: skip
    shards = shards_of(facts)
    params = {
        "target": {"event": "x"}, "touches": [{"event": e} for e in "abc"], "channel": "place",
        "value": "amount", "model": "linear", "beside": list(RULES),
    }  # fmt: skip
    whole = analysis.run("attribution", shards, params)
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    parts = analysis.run("attribution", shards, params, executor=executors.Threads(3))
    for ours, theirs in zip(parts.tables["models"].rows, whole.tables["models"].rows, strict=True):
        assert ours.pop("channel") == theirs.pop("channel")
        assert ours == pytest.approx(theirs, rel=1e-12)
    assert parts.tables["total"] == whole.tables["total"]


GOOD = {"target": {"event": "buy"}, "touches": [{"event": "a"}]}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"target": {"event": "buy"}}, "“touches” is missing."),
        ({**GOOD, "touches": []}, "“touches” needs at least 1 entries."),
        ({**GOOD, "value": "place"}, "value: 'place' is no number of the event."),
        ({**GOOD, "value": "nothing"}, "value: there is no property"),
        ({**GOOD, "channel": "nothing"}, "group[0]: there is no property"),
        ({**GOOD, "costs": {"b": 1}}, "costs: there is no channel 'b'."),
        ({**GOOD, "model": "data-driven"}, "model: Input should be"),
        ({**GOOD, "half_life": {"unit": "same_day"}}, "half_life: a half-life has a length"),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(shards_of, params, said):
    with pytest.raises(BadInput) as refused:
        analysis.run("attribution", shards_of(MemoryFacts(ZONE)), params)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("cell", [{"channel": "no"}, {"state": "odd"}])
def test_cells_that_are_not_there_are_refused(shards_of, cell):
    with pytest.raises(BadInput):
        analysis.people("attribution", shards_of(MemoryFacts(ZONE)), GOOD, cell)
