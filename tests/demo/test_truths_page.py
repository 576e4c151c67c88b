from pathlib import Path

from yutang.demo.truths import TRUTHS
from yutang.demo.truths_page import render

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "demo-truths.md"


def test_the_page_is_what_the_truths_say():
    assert PAGE.read_text(encoding="utf-8") == render()


def test_every_truth_is_on_the_page_in_both_languages():
    page = render()
    for truth in TRUTHS:
        assert all(title in page for title in truth.title)
        assert all(text in page for text in truth.find)
