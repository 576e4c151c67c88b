"""RFM against its definition, and examples one can read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import rfm_oracle as oracle
from tests.analysis.histories import DAY, START, ZONE, by_customer, histories
from tests.analysis.plain import kept_groups, labels_of
from tests.analysis.test_funnel import FILTERS, meets, passes, rules_of
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.analysis.rfm_table import LAYERS
from yutang.errors import BadInput
from yutang.sequence.calendar import day_of

AMOUNT = {"property": "amount"}
edges = st.sampled_from(
    [{"by": "average"}, {"by": "quantile", "value": 0.25}, {"by": "quantile"},
     {"by": "top", "value": 0.4}]
)  # fmt: skip
questions = st.fixed_dictionaries(
    {
        "orders": st.sampled_from([{"event": "a"}, {"event": ["a", "b"], "filter": FILTERS[2]}]),
        "recency": st.sampled_from([None, {"event": "x"}]),
        "frequency": st.sampled_from(["times", "days"]),
        "monetary": st.sampled_from(
            [
                [{"event": ["a", "b"], **AMOUNT}],
                [{"event": "a", **AMOUNT}, {"event": "c", **AMOUNT, "factor": -1}],
            ]
        ),
        "r": st.one_of(edges, st.just({"by": "fixed", "value": 1})),
        "f": st.one_of(edges, st.just({"by": "fixed", "value": 2})),
        "m": st.one_of(edges, st.just({"by": "fixed", "value": 1.5})),
        "filter": st.sampled_from(FILTERS),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)
SINCE = {
    "from": "2026-03-02", "to": "2026-03-03",
    "recency": [0.0], "frequency": [2.0], "monetary": [1.0],
}  # fmt: skip


def asked(question, **more):
    params = {k: v for k, v in question.items() if k != "range"} | more
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params


def local(moment):
    return day_of(moment, ZONE)


def spent_by(facts, params, span=None):
    """{customer: what he spent}"""
    span = span or {k: params[k] for k in ("from", "to") if k in params}
    rules = rules_of({**span, "window": {"unit": "same_day"}, "order": None, "end": "extend"})
    on = local(max([row["time"] for row in facts.rows], default=0))
    if "to" in span:
        on = date.fromisoformat(span["to"])
    found = {}
    for customer, rows in by_customer(facts).items():
        mine = [
            row
            for row in rows
            if passes(row, params["filter"]) and rules["lo"] <= row["time"] <= rules["hi"]
        ]
        one = oracle.spent(
            mine,
            orders=lambda row: meets(row, params["orders"]),
            recency=lambda row: meets(row, params["recency"] or params["orders"]),
            worth=lambda row: [
                (row.get("amount") or 0) * m.get("factor", 1)
                for m in params["monetary"]
                if meets(row, m)
            ],
            on=on, day_of=local, days=params["frequency"] == "days",
        )  # fmt: skip
        if one:
            found[customer] = one
    return found


def edges_by_hand(found, params):
    known = [one["r"] for one in found.values() if one["r"] is not None]
    m = params["m"]
    if m["by"] == "fixed":
        m = {**m, "value": m["value"] * 100}
    return (
        [oracle.edge(params["r"], known, True)],
        [oracle.edge(params["f"], [one["f"] for one in found.values()], False)],
        [oracle.edge(m, [one["fen"] for one in found.values()], False)],
    )


def check(history, params):
    facts, shards = history
    result = analysis.run("rfm", shards, params)
    found = spent_by(facts, params)
    by_hand = edges_by_hand(found, params)
    layers = {customer: oracle.layer(one, by_hand) for customer, one in found.items()}
    assert [row["segment"][:3] for row in result.rows] == list(oracle.ORDER)
    for row in result.rows:
        inside = [customer for customer in found if layers[customer] == row["segment"][:3]]
        assert row["people"] == len(inside)
        assert row["orders"] == sum(found[customer]["times"] for customer in inside)
        assert row["revenue_fen"] == sum(found[customer]["fen"] for customer in inside)
        behind = analysis.people("rfm", shards, params, {"segment": row["segment"]})
        assert set(behind) == set(inside)
    assert [row["edges"] for row in result.tables["edges"].rows] == [
        by_hand[0], by_hand[1], [edge / 100 for edge in by_hand[2]],
    ]  # fmt: skip
    return layers


@settings(max_examples=40, deadline=None)
@given(histories(), questions)
def test_layers_are_what_their_definition_says(history, question):
    facts, shards = history
    params = asked(question)
    layers = check(history, params)
    moved = {**params, "since": SINCE}
    span = {"from": SINCE["from"], "to": SINCE["to"]}
    old = {
        customer: oracle.layer(one, ([0], [2], [100]))
        for customer, one in spent_by(facts, params, span).items()
    }
    rows = analysis.run("rfm", shards, moved).tables["movement"].rows
    everybody = set(old) | set(layers)
    assert sum(row["people"] for row in rows) == len(everybody)
    for row in rows:
        cell = {"before": row["before"], "segment": row["segment"]}
        assert set(analysis.people("rfm", shards, moved, cell)) == {
            customer for customer in everybody
            if old.get(customer, "(new)") == row["before"][:3].replace("(ne", "(new)")
            and layers.get(customer, "(gone)") == row["segment"][:3].replace("(go", "(gone)")
        }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(histories(), questions, st.booleans())
def test_scores_are_what_their_definition_says(history, question, fixed):
    facts, shards = history
    params = asked(question, layers="scores", r={"by": "quantile"}, f={}, m={})
    if fixed:
        params["r"] = {"by": "fixed", "edges": [0, 1, 2, 3]}
    result = analysis.run("rfm", shards, params)
    found = spent_by(facts, params)
    known = [one["r"] for one in found.values() if one["r"] is not None]

    def four(values):
        return [oracle.quantile(values, p) if values else 0 for p in (20, 40, 60, 80)]

    by_hand = (
        [0, 1, 2, 3] if fixed else four(known),
        four([one["f"] for one in found.values()]),
        four([one["fen"] for one in found.values()]),
    )
    layers = [oracle.layer(one, by_hand) for one in found.values()]
    assert {row["segment"]: row["people"] for row in result.rows} == {
        code: layers.count(code) for code in layers
    }
    shown = [row["segment"] for row in result.rows]
    assert shown == sorted(shown, reverse=True)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(), questions)
def test_layers_are_what_their_definition_says_many_times(history, question):
    check(history, asked(question))


groupings = st.fixed_dictionaries(
    {
        "group": st.sampled_from(
            [["customer.city"], ["customer.flags"], ["customer.flags", "customer.age"]]
        ),
        "values": st.sampled_from(["multi", "single"]),
        "top": st.integers(1, 3),
    }
)


def check_groups(history, params):
    """Layers of each group are those of everybody, of the customers in it."""
    facts, shards = history
    found = spent_by(facts, params)
    by_hand = edges_by_hand(found, params)
    pairs = [
        (label, customer)
        for customer in found
        for label in labels_of({"customer": customer}, params["group"], params["values"])
    ]
    shown, fold = kept_groups(pairs, params["group"], params["top"])
    inside = {label: {c for one, c in pairs if fold(one) == label} for label in shown}
    expected = []
    for label in shown:
        for code in oracle.ORDER:
            mine = {c for c in inside[label] if oracle.layer(found[c], by_hand) == code}
            if mine:
                expected.append((label, code, mine))
    rows = analysis.run("rfm", shards, params).rows
    names = [f"group_{i + 1}" for i in range(len(params["group"]))]
    assert [(tuple(row[n] for n in names), row["segment"][:3]) for row in rows] == [
        (label, code) for label, code, _ in expected
    ]
    for row, (label, code, mine) in zip(rows, expected, strict=True):
        assert row["people"] == len(mine)
        assert row["share"] == len(mine) / len(inside[label])
        assert row["orders"] == sum(found[c]["times"] for c in mine)
        assert row["revenue_fen"] == sum(found[c]["fen"] for c in mine)
        cell = {"group": list(label), "segment": code}
        assert set(analysis.people("rfm", shards, params, cell)) == mine


@settings(max_examples=25, deadline=None)
@given(histories(), questions, groupings)
def test_groups_share_the_layers_of_all(history, question, grouping):
    check_groups(history, asked(question, **grouping))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(histories(), questions, groupings)
def test_groups_share_the_layers_of_all_many_times(history, question, grouping):
    check_groups(history, asked(question, **grouping))


# -- examples one can read --------------------------------------------------------------------


def story(rows):
    """rows: (customer, day, yuan)."""
    facts = MemoryFacts(ZONE)
    facts.append(
        [{"customer": c, "time": START + d * DAY, "event": "buy", "amount": a} for c, d, a in rows]
    )
    return facts


ASK = {"orders": {"event": "buy"}, "monetary": [{"event": "buy", "property": "amount"}]}
ROWS = [(1, 9, 50.0), (1, 8, 49.9), (2, 0, 300.0), (3, 9, 5.0)]


def test_the_average_divides(shards_of):
    result = analysis.run("rfm", shards_of(story(ROWS)), ASK)
    # recency 0, 9, 0: average 3; frequency 2, 1, 1; money 99.9, 300, 5: average 134.97
    people = {row["segment"]: (row["people"], row["revenue_fen"]) for row in result.rows}
    assert people["110 一般价值"] == (1, 9990)
    assert people["001 重要挽留"] == (1, 30000)
    assert people["100 一般发展"] == (1, 500)
    assert result.tables["edges"].rows[0] == {
        "dimension": "recency", "by": "average", "edges": [3.0], "on": "2026-03-11",
    }  # fmt: skip


def test_all_eight_layers_stand_in_the_order_of_their_rules(shards_of):
    rows = analysis.run("rfm", shards_of(story([])), ASK).rows
    assert [row["segment"] for row in rows] == [f"{code} {zh}" for code, (zh, _) in LAYERS.items()]
    assert {row["people"] for row in rows} == {0}


def test_an_old_run_is_made_again_from_its_edges(shards_of):
    shards = shards_of(story([*ROWS, (2, 12, 10.0)]))
    past = {**ASK, "to": "2026-03-11"}
    old = analysis.run("rfm", shards, past)
    stored = {row["dimension"]: row["edges"] for row in old.tables["edges"].rows}
    again = {**ASK, "to": "2026-03-11", "since": {"to": "2026-03-11", **stored}}
    moved = analysis.run("rfm", shards, again).tables["movement"].rows
    assert all(row["before"] == row["segment"] for row in moved)
    now = analysis.run("rfm", shards, {**ASK, "since": {"to": "2026-03-11", **stored}})
    codes = {(row["before"][:3], row["segment"][:3]) for row in now.tables["movement"].rows}
    assert ("001", "111") in codes  # customer 2 is back


def test_many_views_give_what_one_gives(shards_of, monkeypatch):
    from yutang.sequence import executors

    shards = shards_of(story([(1 + i % 97, i * i % 60, i / 8) for i in range(2_000)]))
    whole = analysis.run("rfm", shards, {**ASK, "layers": "scores"})
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    params = {**ASK, "layers": "scores"}
    parts = analysis.run("rfm", shards, params, executor=executors.Threads(3))
    assert (parts.rows, parts.tables) == (whole.rows, whole.tables)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"r": {"by": "top"}}, "r: top needs a share"),
        ({"r": {"by": "quantile", "value": 2}}, "r: a quantile or a share lies between 0 and 1"),
        ({"m": {"by": "fixed"}}, "m: a fixed edge has a value"),
        ({"m": {"by": "fixed", "edges": [1, 2, 3]}}, "m: scores have four rising edges"),
        ({"m": {"by": "fixed", "edges": [1, 2, 3, 4]}}, "parameters: m: four edges belong to"),
        ({"layers": "scores", "f": {"by": "average"}}, "parameters: f: scores take quantiles"),
        ({"layers": "scores", "since": SINCE}, "parameters: the last run had other layers"),
        ({"monetary": [{"event": "buy", "property": "place"}]}, "monetary[0]: 'place' is no"),
        ({"group": ["place"]}, "group[0]: 'place' belongs to events, not to customers."),
        ({"m": {"by": "fixed", "edges": [1, 2, 2, 1]}}, "m: scores have four rising edges"),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(shards_of, change, said):
    with pytest.raises(BadInput) as refused:
        analysis.run("rfm", shards_of(story([])), {**ASK, **change})
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("cell", [{"segment": "112"}, {"before": "111"}, {"group": ["no"]}])
def test_cells_that_are_not_there_are_refused(shards_of, cell):
    with pytest.raises(BadInput):
        analysis.people("rfm", shards_of(story(ROWS)), ASK, cell)
