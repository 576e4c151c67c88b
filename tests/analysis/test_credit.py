"""The rules of credit over counted paths: published and hand-made numbers, then by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import attribution_oracle as oracle
from yutang.analysis.credit import find_rules
from yutang.analysis.path_file import RULES, credit_paths, read_paths
from yutang.errors import BadInput


def credited(lines, *rules, key="conversions", **options):
    rows = credit_paths(read_paths(lines), find_rules(rules), **options)
    return {row["channel"]: row[key] for row in rows}


def test_markov_is_the_removal_effect():
    lines = ["path,conversions,nulls", "C1 > C2 > C3,1,0", "C1,0,1", "C2 > C3,0,1"]
    effects = credited(lines, "markov", key="removal_effect")
    assert effects == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert credited(lines, "markov") == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})


def test_without_null_paths_only_the_order_matters():
    lines = ["path,conversions,nulls", "C1 > C2 > C3,1,0", "C1,0,1", "C2 > C3,0,1"]
    third = pytest.approx({"C1": 1 / 3, "C2": 1 / 3, "C3": 1 / 3})
    assert credited(lines, "markov", nulls=False) == third


def test_shapley_is_linear_over_distinct_channels():
    lines = ["path,conversions,value", "a,4,40", "a>b,6,60"]
    assert credited(lines, "shapley") == {"a": 7, "b": 3}
    assert credited(lines, "shapley", key="value") == {"a": 70, "b": 30}
    assert credited(["path,conversions", "a>b>a,1"], "linear_distinct") == {"a": 0.5, "b": 0.5}


def test_positions():
    lines = ["path,conversions", "A>B>C,1", "A>C,1"]
    assert credited(lines, "linear") == pytest.approx({"A": 5 / 6, "B": 1 / 3, "C": 5 / 6})
    assert credited(lines, "position") == pytest.approx({"A": 0.9, "B": 0.2, "C": 0.9})


def test_a_touch_of_the_same_channel_again_is_no_step():
    once = ["path,conversions,nulls", "a>b,3,1", "b,1,2"]
    again = ["path,conversions,nulls", "a>a>a>b>b,3,1", "b>b,1,2"]
    assert credited(again, "markov") == pytest.approx(credited(once, "markov"))


def test_the_names_other_tools_give_their_columns_are_understood():
    lines = ["path,total_conversions,total_conversion_value,total_null", "a > b,2,5.5,1"]
    assert credited(lines, "last", key="value") == {"a": 0, "b": 5.5}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcd"), min_size=1, max_size=5),
            st.integers(0, 3),
            st.sampled_from([0, 0.5, 2]),
            st.integers(0, 2),
        ),
        max_size=6,
    )
)
def test_every_rule_is_what_its_definition_says(paths):
    lines = ["path,conversions,value,nulls"]
    lines += [f"{' > '.join(path)},{n},{v},{z}" for path, n, v, z in paths]
    rows = credit_paths(read_paths(lines), RULES, direct=["d"])
    counted = [(path, [0] * len(path), n, v) for path, n, v, _ in paths]
    for rule in RULES[:-1]:
        by_hand = oracle.credit(rule, counted, {"d"})
        for row in [row for row in rows if row["model"] == rule]:
            conversions, value = by_hand.get(row["channel"], (0, 0))
            assert row["conversions"] == pytest.approx(float(conversions), 1e-9)
            assert row["value"] == pytest.approx(float(value), 1e-9)
    converting = [(path, n) for path, n, _, _ in paths if n]
    effects = oracle.removal_effects(converting, [(path, z) for path, *_, z in paths if z])
    whole = sum(effects.values())
    for row in [row for row in rows if row["model"] == "markov"]:
        effect = effects.get(row["channel"], 0)
        assert row["removal_effect"] == pytest.approx(float(effect), 1e-9, 1e-9)
        share = effect / whole if whole else 0
        conversions = share * sum(n for _, n, *_ in paths)
        assert row["conversions"] == pytest.approx(float(conversions), 1e-9, 1e-9)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "The file has no column path."),
        (["path,n", "a,1"], "The file has no column conversions."),
        (["path,conversions", "a>>b,1"], "Line 2: a channel of the path has no name."),
        (["path,conversions", "a,1", "b,x"], "Line 3: conversions is no number from 0 on: 'x'."),
        (["path,conversions", "a,-1"], "Line 2: conversions is no number"),
        (["path,conversions,nulls", "a,1,nan"], "Line 2: nulls is no number"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(lines, said):
    with pytest.raises(BadInput) as refused:
        read_paths(lines)
    assert str(refused.value).startswith(said)


def test_a_rule_that_needs_times_is_refused():
    with pytest.raises(BadInput, match="needs times"):
        credited(["path,conversions", "a,1"], "time_decay")
    with pytest.raises(BadInput, match="There is no rule 'magic'"):
        find_rules(["magic"])
