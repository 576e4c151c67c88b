"""Questions and complaints by words: one text and many alike, and lists as people type them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.errors import BadInput
from yutang.groups import words
from yutang.groups.words import COMPLAINT, MOST_WORDS, QUESTION, TRADES, WordLists, clean, hits

LETTERS = st.text("坏了没 退款吗?？.*+()|[]AaＡ!-^", max_size=14)
LISTS = st.lists(LETTERS, max_size=5).map(clean)


@given(st.lists(st.one_of(st.none(), LETTERS), max_size=6), LISTS)
def test_many_texts_are_judged_like_one(texts: list, chosen: tuple[str, ...]) -> None:
    found = words.find(pa.array(texts, pa.string()), chosen)
    assert found.tolist() == [text is not None and bool(hits(text, chosen)) for text in texts]


@pytest.mark.parametrize(
    ("text", "question", "complaint"),
    [
        ("这个多少钱", True, False),
        ("什么时候发货？", True, False),
        ("有 货 嗎", True, False),
        ("收到啦，包装很好看", False, False),
        ("等了一周还不发货，再不发我要退款", False, True),
        ("能不能退 款？", True, True),
        ("坏了两瓶", False, True),
        ("HAVE YOU GOT IT?", True, False),
    ],
)
def test_the_delivered_words(text: str, question: bool, complaint: bool) -> None:
    assert bool(hits(text, QUESTION)) == question
    assert bool(hits(text, COMPLAINT)) == complaint


def test_a_phrase_takes_a_hit_back() -> None:
    chosen = clean(["坏了", "！没坏"])
    assert hits("没坏了", chosen) == []
    assert hits("没坏，可是盖子坏了", chosen) == ["坏了"]


def test_lists_are_kept_once_in_order_and_within_limits() -> None:
    assert clean(["  退款 ", "", "退款", "ＡＢ c", "!"]) == ("退款", "abc")
    with pytest.raises(BadInput, match="longer than"):
        clean(["长" * 41])
    with pytest.raises(BadInput, match="more than"):
        clean(str(n) for n in range(MOST_WORDS + 1))
    assert WordLists().mark != WordLists(complaint=("退款",)).mark


def test_delivered_lists_are_clean_and_short() -> None:
    for one in (QUESTION, COMPLAINT, *(words_ for _, words_ in TRADES.values())):
        assert clean(one) == tuple(one)
