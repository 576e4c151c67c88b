"""The property model against plain counting, and examples one can read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import property_oracle as oracle
from tests.analysis.histories import ATTRIBUTES, DAY, by_customer, histories
from tests.analysis.test_event import story
from tests.analysis.test_funnel import FILTERS, passes, rules_of
from yutang import analysis
from yutang.errors import BadInput

STATS = ("sum", "average", "min", "max", "median", "percentile")
questions = st.fixed_dictionaries(
    {
        "group": st.lists(
            st.sampled_from(["customer.city", "customer.age", "customer.flags"]),
            max_size=3,
            unique=True,
        ),
        "values": st.sampled_from(["multi", "single"]),
        "top": st.sampled_from([1, 2, 50]),
        "filter": st.sampled_from(FILTERS),
    },
    optional={"range": st.sampled_from([("2026-03-02", "2026-03-03"), ("2026-03-04",) * 2])},
)
MEASURES = [{"measure": s, "property": "customer.age", "percentile": 75} for s in STATS]


def asked(question):
    params = {k: v for k, v in question.items() if k != "range"} | {"measures": MEASURES}
    if "range" in question:
        params |= dict(zip(("from", "to"), question["range"], strict=True))
    return params


def counted(facts, params):
    rules = rules_of({**params, "window": {"unit": "same_day"}, "order": None, "end": "extend"})
    return [
        customer
        for customer, rows in by_customer(facts).items()
        if any(
            passes(row, params["filter"]) and rules["lo"] <= row["time"] <= rules["hi"]
            for row in rows
        )
    ]


def expected_row(customers, everybody):
    ages = [ATTRIBUTES["age"][c] for c in customers if c in ATTRIBUTES["age"]]
    share = len(customers) / len(everybody) if everybody else None
    row = {"people": len(customers), "share": share}
    return row | {"ABCDEF"[i]: oracle.value(s, 75, ages) for i, s in enumerate(STATS)}


def expected_groups(everybody, names, params):
    """{label: customers} as shown, in order."""
    members = {}
    for customer in everybody:
        for label in oracle.combinations(customer, names, ATTRIBUTES, params["values"]):
            members.setdefault(label, []).append(customer)
    ranked = sorted(members, key=lambda c: (-len(members[c]), [str(x) for x in c]))
    kept = {label: members[label] for label in ranked[: params["top"]]}
    rest = {customer for label in ranked[params["top"] :] for customer in members[label]}
    return kept | ({("(other)",) * len(names): sorted(rest)} if rest else {})


def split(row):
    label = tuple(v for k, v in row.items() if k.startswith("group_"))
    return label, {k: v for k, v in row.items() if not k.startswith("group_")}


@settings(max_examples=60, deadline=None)
@given(histories(), questions)
def test_customers_are_what_counting_gives(history, question):
    facts, shards = history
    params = asked(question)
    result = analysis.run("property", shards, params)
    everybody = counted(facts, params)
    names = [name.removeprefix("customer.") for name in params["group"]]
    assert result.tables["total"].rows == [expected_row(everybody, everybody)]
    if not names:
        assert result.rows == result.tables["total"].rows
        return
    groups = expected_groups(everybody, names, params)
    assert [split(row) for row in result.rows] == [
        (label, expected_row(inside, everybody)) for label, inside in groups.items()
    ]
    for label, inside in groups.items():
        behind = analysis.people("property", shards, params, {"group": list(label)})
        assert set(behind) == set(inside)
    assert set(analysis.people("property", shards, params, {})) == set(everybody)
    for i, name in enumerate(names if len(names) > 1 else []):
        alone = expected_groups(everybody, [name], params)
        assert [split(row) for row in result.tables[f"by_{i + 1}"].rows] == [
            (label, expected_row(inside, everybody)) for label, inside in alone.items()
        ]


# -- examples one can read --------------------------------------------------------------------


def shards_with_cities(shards_of):
    import numpy as np

    from yutang.sequence.source import Attribute

    facts = story([(c, c * DAY, "a", {}) for c in range(1, 5)])
    facts.customer_attributes = {
        "city": Attribute("string", np.array([-1, 0, 0, 1, -1], np.int32), ("深圳", "成都")),
        "member": Attribute("bool", np.array([-1, 1, 0, 1, 1], np.int8)),
        "paid": Attribute("number", np.array([np.nan, 10.0, 20.0, np.nan, 5.0])),
    }
    return shards_of(facts)


def test_two_groups_make_a_cross_table(shards_of):
    params = {"group": ["customer.city", "customer.member"]}
    result = analysis.run("property", shards_with_cities(shards_of), params)
    assert result.chart == {
        "kind": "matrix",
        "categories": ["(none)", "成都", "深圳"],
        "columns": [True, False],
        "values": [[1, None], [1, None], [1, 1]],
    }
    assert [(r["group_1"], r["people"]) for r in result.tables["by_1"].rows] == [
        ("深圳", 2),
        ("(none)", 1),
        ("成都", 1),
    ]


def test_a_range_counts_those_who_did_something_in_it(shards_of):
    shards = shards_with_cities(shards_of)
    days = {"from": "2026-03-03", "to": "2026-03-04"}
    result = analysis.run("property", shards, {"group": ["customer.city"], **days})
    assert [(r["group_1"], r["people"], r["share"]) for r in result.rows] == [("深圳", 2, 1.0)]
    assert {caveat.code for caveat in result.caveats} == {"attributes_of_now"}


def test_a_measure_leaves_out_those_without_a_value(shards_of):
    measures = [{"measure": "average", "property": "customer.paid"}]
    params = {"group": ["customer.city"], "measures": measures}
    rows = analysis.run("property", shards_with_cities(shards_of), params).rows
    assert {row["group_1"]: row["A"] for row in rows} == {"深圳": 15.0, "成都": None, "(none)": 5.0}


def test_nobody_gives_an_empty_answer(shards_of):
    result = analysis.run("property", shards_of(story([])), {})
    assert result.rows == [{"people": 0, "share": None}]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"group": ["place"]}, "group[0]: 'place' belongs to events, not to customers."),
        ({"group": ["customer.no"]}, "group[0]: there is no property 'customer.no'."),
        ({"measures": [{"property": "customer.city"}]}, "measures[0]: customer.city is no number"),
        ({"group": ["customer.city"] * 4}, "“group” takes at most 3 entries."),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(shards_of, params, said):
    with pytest.raises(BadInput) as refused:
        analysis.run("property", shards_with_cities(shards_of), params)
    assert str(refused.value).startswith(said)


def test_a_group_that_is_not_there_is_refused(shards_of):
    shards, params = shards_with_cities(shards_of), {"group": ["customer.city"]}
    with pytest.raises(BadInput):
        analysis.people("property", shards, params, {"group": ["上海"]})
