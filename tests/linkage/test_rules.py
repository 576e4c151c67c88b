"""Records, levels of agreement and scores."""

from __future__ import annotations

import doctest
from itertools import combinations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.linkage import LEVELS, documented, evaluated, fields
from yutang.linkage.evaluation import BANDS, bands_of
from yutang.linkage.fields import (
    BLOCKS,
    COLUMNS,
    FIRM,
    TRAINED_ON,
    UNKNOWN,
    phone_of,
    record_of,
    split_name,
)


def test_the_examples_hold():
    assert doctest.testmod(fields).failed == 0


@pytest.mark.parametrize(
    ("said", "record"),
    [
        ({"name": "王＊明"}, {"surname": "王"}),
        ({"name": "张*"}, {"surname": "张"}),
        ({"name": "a***n"}, {}),
        ({"name": "ＡＮＮ  Lee"}, {"surname": "lee", "given": "ann", "full_name": "lee ann"}),
        ({"surname": "Lee", "given": "A*"}, {"surname": "lee"}),
        ({"phone": "138****8000"}, {"phone_tail": "8000"}),
        ({"phone": "+86 13800138000"}, {"phone": "13800138000", "phone_tail": "8000"}),
        ({"phone": "12"}, {}),
        ({"email": "A.Lee@Shop.cn"}, {"email": "a.lee@shop.cn", "email_name": "a.lee"}),
        ({"email": "a***@shop.cn"}, {}),
        ({"birthday": "19710624"}, {"birthday": "1971-06-24"}),
        ({"birthday": "1996年3月5日"}, {"birthday": "1996-03-05"}),
        ({"birthday": "1970-01-01"}, {}),
        ({"birthday": "1996-13-05"}, {}),
        ({"city": "上海市", "address": "南京路*号"}, {"city": "上海"}),
        ({"gender": "女"}, {"gender": "f"}),
        ({"gender": "?"}, {}),
    ],
)
def test_values_come_into_one_form_and_masked_ones_stay_weak(said, record):
    assert record_of(said) == record


@given(
    st.dictionaries(
        st.sampled_from(("name", "surname", "given", "phone", "email", "birthday", "address")),
        st.text(max_size=24) | st.from_regex(r"1[3-9]\d\*{4}\d{4}", fullmatch=True),
    )
)
def test_nothing_masked_can_bring_two_records_together(said):
    made = record_of(said)
    assert set(made) <= set(COLUMNS)
    assert all(made.values())
    blocked = {column for block in BLOCKS for column in block}
    assert "phone_tail" not in blocked
    for column in blocked & set(made):
        assert not fields.MASK.search(made[column])


def test_names_of_two_characters_and_compound_ones():
    assert split_name("诸葛亮") == ("诸葛", "亮")
    assert split_name("李四") == ("李", "四")
    assert phone_of("0086138") == {"phone": "0086138", "phone_tail": "6138"}


def test_every_rule_names_columns_there_are_and_every_level_is_sql():
    for block in (*BLOCKS, *TRAINED_ON, *FIRM):
        assert set(block) <= set(COLUMNS)
    both = ", ".join(f"NULL::TEXT AS {c}_l, NULL::TEXT AS {c}_r" for c in COLUMNS)
    for field, levels in LEVELS.items():
        conditions = [condition for _, condition, _ in levels]
        conditions.append(UNKNOWN.get(field, f"{field}_l IS NULL"))
        for condition in conditions:
            duckdb.sql(f"SELECT ({condition})::BOOL FROM (SELECT {both})").fetchall()


def naive(probabilities, truth, threshold):
    right = sum(1 for p, v in probabilities.items() if v >= threshold and p in truth)
    wrong = sum(1 for p, v in probabilities.items() if v >= threshold and p not in truth)
    missed = sum(1 for p in truth if probabilities.get(p, 0) < threshold)
    return right, wrong, missed


_pairs = st.sampled_from(list(combinations(range(5), 2)))


@given(
    probabilities=st.dictionaries(_pairs, st.floats(0, 1)),
    truth=st.sets(_pairs),
    threshold=st.floats(0.01, 1),
)
def test_scores_are_what_their_names_say(probabilities, truth, threshold):
    (one,) = evaluated(probabilities, truth, [threshold])
    right, wrong, missed = naive(probabilities, truth, threshold)
    assert (one.right, one.wrong, one.missed) == (right, wrong, missed)
    if one.precision and one.recall:
        mean = 2 * one.precision * one.recall / (one.precision + one.recall)
        assert one.f1 == pytest.approx(mean)
    else:
        assert one.f1 is None


@given(st.lists(st.tuples(st.floats(0.5, 1), st.sampled_from(("joined", "apart")))))
def test_bands_hold_every_decision_once(decided):
    bands = bands_of(decided)
    assert [band.high for band in bands] == sorted(BANDS[1:], reverse=True)
    assert sum(band.joined + band.apart for band in bands) == len(decided)
    for band in bands:
        last = band.high == 1.0
        mine = [a for p, a in decided if band.low <= p and (p < band.high or last)]
        assert band.joined == mine.count("joined")
        assert band.precision == (mine.count("joined") / len(mine) if mine else None)


def test_the_documented_evaluation_is_whole():
    told = documented()
    assert set(told["sets"]) == {"fake_1000", "febrl_1"}
    for one in told["sets"].values():
        for score in one["scores"]:
            assert score["right"] + score["missed"] == one["pairs"]
            assert 0 <= score["recall"] <= 1
